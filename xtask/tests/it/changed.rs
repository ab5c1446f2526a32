//! `scripts/changed.sh`: which service a push deploys.

use std::process::Command;

use crate::sandbox::{Sandbox, printed, said};

/// A workspace with a first commit.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::with_script("changed.sh");
    sandbox.write("Cargo.lock", "1");
    sandbox.git(&["init", "--quiet"]);
    commit(&sandbox);
    sandbox
}

fn commit(sandbox: &Sandbox) {
    sandbox.git(&["add", "."]);
    sandbox.git(&["commit", "--quiet", "--message", "a commit"]);
}

fn ask(sandbox: &Sandbox, args: &[&str]) -> String {
    let output = sandbox.script("changed.sh", args).output().expect("the script starts");
    assert!(output.status.success(), "{args:?}: {}", said(&output));
    printed(&output).trim().to_owned()
}

#[test]
fn a_service_changes_with_what_it_is_made_of() {
    for (path, fruits, press) in [
        ("crates/fruits/src/lib.rs", "true", "false"),
        ("crates/press/src/lib.rs", "false", "true"),
        ("crates/pdf-engine/src/jpeg/mod.rs", "false", "true"),
        ("crates/chassis/src/lib.rs", "true", "true"),
        ("crates/fruitpress/src/main.rs", "true", "true"),
        ("Cargo.lock", "true", "true"),
        ("Dockerfile", "true", "true"),
        (".cargo/config.toml", "true", "true"),
        ("scripts/build.sh", "true", "true"),
        ("scripts/deploy-press.sh", "false", "true"),
        ("scripts/traffic.sh", "true", "true"),
        ("crates/press/tests/it/main.rs", "false", "false"),
        ("README.md", "false", "false"),
        ("deploy/helm/fruitpress/values.yaml", "true", "false"),
        ("deploy/gcp/service.tf", "false", "false"),
    ] {
        let sandbox = sandbox();
        sandbox.write(path, "changed");
        commit(&sandbox);
        for (service, expected) in [("fruits", fruits), ("press", press)] {
            assert_eq!(ask(&sandbox, &[service, "HEAD~1", "HEAD"]), expected, "{service} after {path}");
            assert_eq!(ask(&sandbox, &[service, "HEAD", "HEAD"]), "false", "{service} after nothing");
        }
    }
}

#[test]
fn what_a_service_runs_on_changes_with_its_folder() {
    for (path, gcp, azure) in [
        ("deploy/gcp/service.tf", "true", "false"),
        ("deploy/azure/container-apps.tf", "false", "true"),
        ("deploy/helm/fruitpress/values.yaml", "false", "false"),
        ("crates/press/src/lib.rs", "false", "false"),
    ] {
        let sandbox = sandbox();
        sandbox.write(path, "changed");
        commit(&sandbox);
        for (platform, expected) in [("gcp", gcp), ("azure", azure)] {
            assert_eq!(ask(&sandbox, &[platform, "HEAD~1", "HEAD"]), expected, "{platform} after {path}");
        }
    }
}

/// A push whose pipeline failed goes live with the next one, whatever that changes itself.
#[test]
fn what_was_pushed_and_not_deployed_is_a_change_still() {
    let sandbox = sandbox();
    sandbox.write("crates/press/src/lib.rs", "its pipeline fails");
    commit(&sandbox);
    sandbox.write("README.md", "a push of words alone");
    commit(&sandbox);
    assert_eq!(ask(&sandbox, &["press", "HEAD~1", "HEAD"]), "false", "of this push alone");
    assert_eq!(ask(&sandbox, &["press", "HEAD~2", "HEAD"]), "true", "since what was deployed");
}

#[test]
fn what_is_not_known_counts_as_changed() {
    let sandbox = sandbox();
    for before in ["0000000000000000000000000000000000000000", "c0ffee", ""] {
        assert_eq!(ask(&sandbox, &["press", before, "HEAD"]), "true", "{before:?}");
    }
}

#[test]
fn an_unknown_service_is_an_error() {
    let sandbox = sandbox();
    for args in [&[][..], &["press"], &["pears", "HEAD", "HEAD"], &["press", "HEAD", "HEAD", "HEAD"]] {
        let output = sandbox.script("changed.sh", args).output().expect("the script starts");
        assert_eq!(output.status.code(), Some(1), "{args:?}");
        assert!(said(&output).starts_with("usage: "), "{args:?}");
    }
}

/// A crate that a service comes to depend on is not forgotten.
#[test]
fn the_script_names_every_crate_of_each_service() {
    let script =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../scripts/changed.sh")).unwrap();
    for service in ["fruits", "press"] {
        let tree = Command::new("cargo")
            .args(["tree", "--offline", "--locked", "--package", "fruitpress", "--no-default-features"])
            .args(["--features", service, "--edges", "normal,build", "--prefix", "none", "--format", "{p}"])
            .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
            .output()
            .expect("cargo starts");
        assert!(tree.status.success(), "{}", said(&tree));
        let line = script
            .lines()
            .find(|line| line.trim_start().starts_with(&format!("{service}) crates=")))
            .expect("the script knows the service");
        let named: Vec<_> = line.split('\'').nth(1).expect("in quotes").split(' ').collect();
        for package in printed(&tree).lines().filter(|package| package.contains("/crates/")) {
            let name = package.split(' ').next().expect("has a name");
            assert!(named.contains(&name), "{service} is made of {name}, which {line:?} does not name");
        }
    }
}
