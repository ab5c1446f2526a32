//! `scripts/publish.sh` and `scripts/join.sh`: under which names an image is published, whole or in parts.

use crate::sandbox::{Sandbox, printed, said};

/// A history with releases and a candidate, and a cargo that prints what it is asked for.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::with_scripts(&["publish.sh", "join.sh", "tags.sh"]);
    sandbox.write_program("bin/cargo", "#!/bin/sh\nprintf '%s\\n' \"$*\"\n");
    sandbox.git(&["init", "--quiet"]);
    sandbox.git(&["commit", "--quiet", "--allow-empty", "--message", "a commit"]);
    for tag in ["v1.9.0", "v1.10.0", "v1.11.0-rc.1", "vNext", "v9"] {
        sandbox.git(&["tag", tag]);
    }
    sandbox
}

#[track_caller]
fn check(args: &[&str], expected: &str) {
    let sandbox = sandbox();
    let output =
        sandbox.script("publish.sh", args).current_dir(sandbox.path("")).output().expect("the script starts");
    assert!(output.status.success(), "{args:?}: {}", said(&output));
    assert_eq!(printed(&output), format!("xtask image --service press {expected}\n"), "{args:?}");
}

#[test]
fn a_commit_is_published_under_its_name_alone() {
    let expected = "--version 0.0.0-c0ffee --push r/press:c0ffee";
    check(&["press", "r/press", "c0ffee"], expected);
    check(&["press", "r/press", "c0ffee", ""], expected);
    check(&["press", "r/press", "c0ffee", "refs/heads/main"], expected);
}

#[test]
fn only_a_version_is_a_release() {
    for tag in ["v9", "vNext", "v1.2", "1.10.0", "v1.2.3.4", "v1.2.3 ", "main", "v1.2.3/../latest"] {
        check(&["press", "r/press", "c0ffee", tag], "--version 0.0.0-c0ffee --push r/press:c0ffee");
    }
}

#[test]
fn latest_is_the_newest_release() {
    check(
        &["press", "r/press", "c0ffee", "v1.10.0"],
        "--version 1.10.0 --push r/press:c0ffee --push r/press:1.10.0 --push r/press:latest",
    );
    check(
        &["press", "r/press", "c0ffee", "v1.9.0"],
        "--version 1.9.0 --push r/press:c0ffee --push r/press:1.9.0",
    );
    check(
        &["press", "r/press", "c0ffee", "v1.11.0-rc.1"],
        "--version 1.11.0-rc.1 --push r/press:c0ffee --push r/press:1.11.0-rc.1",
    );
}

#[test]
fn a_registry_takes_no_capitals() {
    check(
        &["press", "ghcr.io/Owner/Name/press", "c0ffee"],
        "--version 0.0.0-c0ffee --push ghcr.io/owner/name/press:c0ffee",
    );
}

#[test]
fn a_part_is_published_under_its_commit_and_architecture_alone() {
    check(
        &["--part", "arm64", "press", "r/press", "c0ffee", "v1.10.0"],
        "--version 1.10.0 --push r/press:c0ffee-arm64",
    );
    check(
        &["--part", "amd64", "press", "r/press", "c0ffee", "refs/heads/main"],
        "--version 0.0.0-c0ffee --push r/press:c0ffee-amd64",
    );
}

#[test]
fn parts_become_one_image_with_every_name() {
    let sandbox = sandbox();
    sandbox.write_program(
        "bin/docker",
        "#!/bin/sh\necho \"$*\" >> log\ncase $3 in inspect) echo sha256:d19e57 ;; *) echo noise ;; esac\n",
    );
    let arguments = ["sha256:a sha256:b", "ghcr.io/Owner/press", "c0ffee", "v1.10.0"];
    let output =
        sandbox.script("join.sh", &arguments).current_dir(sandbox.path("")).output().expect("starts");
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(printed(&output), "sha256:d19e57\n");
    let log = std::fs::read_to_string(sandbox.path("log")).expect("docker was called");
    assert_eq!(
        log,
        "buildx imagetools create --tag ghcr.io/owner/press:c0ffee --tag ghcr.io/owner/press:1.10.0 \
         --tag ghcr.io/owner/press:latest ghcr.io/owner/press@sha256:a ghcr.io/owner/press@sha256:b\n\
         buildx imagetools inspect --format {{.Manifest.Digest}} ghcr.io/owner/press:c0ffee\n"
    );
}

#[test]
fn parts_that_cannot_be_joined_have_no_digest() {
    let sandbox = sandbox();
    sandbox.write_program("bin/docker", "#!/bin/sh\nexit 7\n");
    let arguments = ["sha256:a", "r/press", "c0ffee"];
    let output =
        sandbox.script("join.sh", &arguments).current_dir(sandbox.path("")).output().expect("starts");
    assert_eq!((output.status.code(), printed(&output)), (Some(7), String::new()));
}

#[test]
fn too_few_words_are_an_error() {
    let sandbox = sandbox();
    for args in [
        &[][..],
        &["press"],
        &["press", "r/press"],
        &["press", "r", "c", "t", "more"],
        &["--part"],
        &["--part", "amd64", "press", "r"],
    ] {
        let output = sandbox.script("publish.sh", args).output().expect("the script starts");
        assert_eq!(output.status.code(), Some(1), "{args:?}");
        assert!(said(&output).starts_with("usage: "), "{args:?}");
    }
}
