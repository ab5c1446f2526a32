//! `scripts/publish.sh`: under which names an image is published.

use crate::sandbox::{Sandbox, printed, said};

/// A history with releases and a candidate, and a cargo that prints what it is asked for.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::with_script("publish.sh");
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
fn too_few_words_are_an_error() {
    let sandbox = sandbox();
    for args in [&[][..], &["press"], &["press", "r/press"], &["press", "r", "c", "t", "more"]] {
        let output = sandbox.script("publish.sh", args).output().expect("the script starts");
        assert_eq!(output.status.code(), Some(1), "{args:?}");
        assert!(said(&output).starts_with("usage: "), "{args:?}");
    }
}
