//! Which crate may see which, and what each published binary may carry.

use std::{collections::BTreeSet, fs, path::Path, process::Command};

use serde_json::Value;

fn cargo(args: &[&str]) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the workspace's root");
    let output = Command::new("cargo").current_dir(root).args(args).output().expect("cargo starts");
    assert!(output.status.success(), "cargo {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("cargo prints UTF-8")
}

/// The crates that the binary with these features is linked from, each as `name version`.
fn shipped(features: &str) -> BTreeSet<(String, String)> {
    let tree = cargo(&[
        "tree",
        "--locked",
        "--offline",
        "--package=fruitpress",
        "--no-default-features",
        &format!("--features={features}"),
        "--edges=normal",
        "--prefix=none",
        "--format={p}",
    ]);
    let crates = tree.lines().filter_map(|line| {
        let mut words = line.split(' ');
        Some((words.next()?.to_owned(), words.next()?.trim_start_matches('v').to_owned()))
    });
    crates.collect()
}

#[track_caller]
fn check(features: &str, carried: &[&str], left_out: &[&str]) {
    let shipped: BTreeSet<_> = shipped(features).into_iter().map(|(name, _)| name).collect();
    for name in carried {
        assert!(shipped.contains(*name), "{features}: {name} is not carried, so this test looks at nothing");
    }
    for name in left_out {
        assert!(!shipped.contains(*name), "{features}: {name} must not be carried");
    }
}

const ANOTHER_TLS: [&str; 3] = ["ring", "openssl-sys", "native-tls"];
const DATABASES: [&str; 5] = ["rusqlite", "libsqlite3-sys", "tokio-postgres", "deadpool", "sqlx"];
const CONVERSION: [&str; 4] = ["pdf-engine", "object_store", "fdeflate", "png"];

#[test]
fn a_decoder_never_ships_with_the_catalogue() {
    check(
        "fruits",
        &["fruits", "rusqlite", "tokio-postgres", "chassis"],
        &[["press"].as_slice(), &CONVERSION].concat(),
    );
}

#[test]
fn a_database_driver_never_ships_with_the_converter() {
    check("press", &["press", "pdf-engine", "object_store"], &[["fruits"].as_slice(), &DATABASES].concat());
}

#[test]
fn there_is_one_tls_library() {
    for features in ["fruits", "press", "fruits,press"] {
        check(features, &["aws-lc-rs", "rustls"], &ANOTHER_TLS);
    }
}

/// The crates of the workspace, each with those of them it names, for whatever use.
fn named_by() -> Vec<(String, BTreeSet<String>)> {
    let metadata: Value =
        serde_json::from_str(&cargo(&["metadata", "--no-deps", "--format-version=1"])).expect("is JSON");
    let packages = metadata["packages"].as_array().expect("there are packages");
    let name = |value: &Value| value["name"].as_str().expect("has a name").to_owned();
    let ours: BTreeSet<_> = packages.iter().map(name).collect();
    let named = |package: &Value| {
        let dependencies = package["dependencies"].as_array().expect("has dependencies");
        dependencies.iter().map(name).filter(|dependency| ours.contains(dependency)).collect()
    };
    packages.iter().map(|package| (name(package), named(package))).collect()
}

#[test]
fn the_crates_see_each_other_in_one_direction() {
    let allowed = |name: &str| -> &[&str] {
        match name {
            "av1" | "chassis" | "xtask" => &[],
            "pdf-engine" => &["av1"],
            "fruits" => &["chassis"],
            "press" => &["chassis", "pdf-engine"],
            "fruitpress" => &["chassis", "fruits", "pdf-engine", "press"],
            other => panic!("{other} is new: say here what it may see"),
        }
    };
    let crates = named_by();
    assert!(crates.iter().any(|(name, named)| name == "fruitpress" && named.contains("chassis")));
    for (name, named) in crates {
        for other in named {
            assert!(allowed(&name).contains(&other.as_str()), "{name} must not depend on {other}");
        }
    }
}

#[test]
fn every_shipped_crate_has_its_licence_in_the_page() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the workspace's root");
    let page = fs::read_to_string(root.join("THIRD-PARTY.md")).expect("THIRD-PARTY.md is there");
    let ours: BTreeSet<_> = named_by().into_iter().map(|(name, _)| name).collect();
    let missing: Vec<_> = shipped("fruits,press")
        .into_iter()
        .filter(|(name, version)| !ours.contains(name) && !page.contains(&format!("[{name} {version}]")))
        .collect();
    assert!(missing.is_empty(), "run `cargo xtask third-party`: the page lacks {missing:?}");
}
