//! `scripts/publish.sh`, `scripts/join.sh` and `scripts/retag.sh`: under which names an image is published, whole, in parts, or again.

use crate::sandbox::{Sandbox, printed, said};

/// A history with releases and a candidate, and a cargo that prints what it is asked for.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::with_scripts(&["publish.sh", "join.sh", "retag.sh", "tags.sh"]);
    sandbox.write_program("bin/cargo", "#!/bin/sh\nprintf '%s\\n' \"$*\"\n");
    sandbox.write(
        "Cargo.toml",
        "[workspace.package]\nversion = \"1.10.0\"\n[dependencies]\na = { version = \"7\" }\n",
    );
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
    let expected = "--version 1.10.0+c0ffee --push r/press:c0ffee";
    check(&["press", "r/press", "c0ffee"], expected);
    check(&["press", "r/press", "c0ffee", ""], expected);
    check(&["press", "r/press", "c0ffee", "refs/heads/main"], expected);
}

#[test]
fn only_a_version_is_a_release() {
    for tag in ["v9", "vNext", "v1.2", "1.10.0", "v1.2.3.4", "v1.2.3 ", "main", "v1.2.3/../latest"] {
        check(&["press", "r/press", "c0ffee", tag], "--version 1.10.0+c0ffee --push r/press:c0ffee");
    }
}

#[test]
fn latest_is_the_newest_release() {
    check(
        &["press", "r/press", "c0ffee", "v1.10.0"],
        "--version 1.10.0+c0ffee --push r/press:c0ffee --push r/press:1.10.0 --push r/press:latest",
    );
    check(
        &["press", "r/press", "c0ffee", "v1.9.0"],
        "--version 1.10.0+c0ffee --push r/press:c0ffee --push r/press:1.9.0",
    );
    check(
        &["press", "r/press", "c0ffee", "v1.11.0-rc.1"],
        "--version 1.10.0+c0ffee --push r/press:c0ffee --push r/press:1.11.0-rc.1",
    );
}

#[test]
fn a_registry_takes_no_capitals() {
    check(
        &["press", "ghcr.io/Owner/Name/press", "c0ffee"],
        "--version 1.10.0+c0ffee --push ghcr.io/owner/name/press:c0ffee",
    );
}

#[test]
fn a_part_is_published_under_its_commit_and_architecture_alone() {
    check(
        &["--part", "arm64", "press", "r/press", "c0ffee", "v1.10.0"],
        "--version 1.10.0+c0ffee --push r/press:c0ffee-arm64",
    );
    check(
        &["--part", "amd64", "press", "r/press", "c0ffee", "refs/heads/main"],
        "--version 1.10.0+c0ffee --push r/press:c0ffee-amd64",
    );
}

/// A registry with one image under the commit's name, whose parts the file `parts` has; without that file there is none.
const DOCKER: &str = r#"#!/bin/sh
echo "$*" >> log
case "$*" in
  *"imagetools create"*) echo noise ;;
  *"inspect --raw"*) jq --null-input '{manifests: [$ARGS.positional[] | {digest: .}]}' --args $(cat parts) ;;
  *inspect*)
    [ -e parts ] || { cat complaint >&2; exit 1; }
    echo sha256:d19e57
    ;;
esac
"#;

/// Signed by whom the file `signer` names.
const COSIGN: &str = r#"#!/bin/sh
echo "cosign $1 $2" >> log
case "$*" in *"--certificate-identity $(cat signer)") ;; *) exit 1 ;; esac
"#;

const SIGNER: &str = "https://github.com/owner/name/.github/workflows/publish.yml@refs/heads/main";

/// What the script ends with, prints and says, and what was asked of the registry.
fn registry(
    script: &str,
    args: &[&str],
    parts: Option<&str>,
    signer: &str,
) -> (Option<i32>, String, String, String) {
    let sandbox = sandbox();
    sandbox.write_program("bin/docker", DOCKER);
    sandbox.write_program("bin/cosign", COSIGN);
    sandbox.write("signer", signer);
    sandbox.write("complaint", "ERROR: ghcr.io/owner/press:c0ffee: not found\n");
    if let Some(parts) = parts {
        sandbox.write("parts", parts);
    }
    let output = sandbox
        .script(script, args)
        .current_dir(sandbox.path(""))
        .env("SIGNER", SIGNER)
        .output()
        .expect("the script starts");
    let log = std::fs::read_to_string(sandbox.path("log")).expect("docker was called");
    (output.status.code(), printed(&output), said(&output), log)
}

#[test]
fn parts_become_one_image_with_every_name() {
    let arguments = ["sha256:a\nsha256:b", "ghcr.io/Owner/press", "c0ffee", "v1.10.0"];
    let (status, printed, said, log) = registry("join.sh", &arguments, Some("sha256:b sha256:a"), "");
    assert_eq!((status, printed.as_str()), (Some(0), "sha256:d19e57\n"), "{said}");
    assert_eq!(
        log,
        "buildx imagetools create --tag ghcr.io/owner/press:c0ffee --tag ghcr.io/owner/press:1.10.0 \
         --tag ghcr.io/owner/press:latest ghcr.io/owner/press@sha256:a ghcr.io/owner/press@sha256:b\n\
         buildx imagetools inspect --format {{.Manifest.Digest}} ghcr.io/owner/press:c0ffee\n\
         buildx imagetools inspect --raw ghcr.io/owner/press@sha256:d19e57\n"
    );
}

/// The name leads to what another run of the same commit pushed meanwhile: that was not tried here, and is not signed here.
#[test]
fn a_name_that_was_moved_meanwhile_has_no_digest() {
    for parts in ["sha256:a sha256:c", "sha256:a", "sha256:a sha256:b sha256:c"] {
        let arguments = ["sha256:a sha256:b", "ghcr.io/owner/press", "c0ffee"];
        let (status, printed, said, _) = registry("join.sh", &arguments, Some(parts), "");
        assert_eq!((status, printed.as_str()), (Some(1), ""), "{parts}: {said}");
        assert!(said.contains("is not made of what was tried"), "{parts}: {said}");
    }
}

const RELEASE: [&str; 4] = ["sha256:a sha256:b", "ghcr.io/Owner/press", "c0ffee", "v1.10.0"];

#[test]
fn a_release_is_the_image_that_main_published() {
    let (status, printed, said, log) = registry("retag.sh", &RELEASE, Some("sha256:b sha256:a"), SIGNER);
    assert_eq!((status, printed.as_str()), (Some(0), "sha256:d19e57\n"), "{said}");
    assert!(!said.contains("::warning::"), "{said}");
    assert!(
        log.ends_with(
            "buildx imagetools create --tag ghcr.io/owner/press:1.10.0 --tag ghcr.io/owner/press:latest \
             ghcr.io/owner/press@sha256:d19e57\n"
        ),
        "{log}"
    );

    let (status, printed, said, _) = registry("retag.sh", &RELEASE, Some("sha256:a sha256:c"), SIGNER);
    assert_eq!((status, printed.as_str()), (Some(0), "sha256:d19e57\n"), "{said}");
    assert!(said.contains("::warning::built again"), "{said}");
}

#[test]
fn what_main_did_not_sign_gets_no_name() {
    let other = SIGNER.replace("refs/heads/main", "refs/heads/other");
    let (status, printed, said, log) = registry("retag.sh", &RELEASE, Some("sha256:a sha256:b"), &other);
    assert_eq!((status, printed.as_str()), (Some(1), ""), "{said}");
    assert!(said.contains("is not signed by") && !log.contains("create"), "{said}{log}");
}

#[test]
fn a_commit_that_main_did_not_publish_is_told_from_a_registry_that_is_ill() {
    let (status, printed, said, log) = registry("retag.sh", &RELEASE, None, SIGNER);
    assert_eq!((status, printed.as_str()), (Some(3), ""), "{said}");
    assert!(!log.contains("create"), "{log}");

    let sandbox = sandbox();
    sandbox.write_program("bin/docker", DOCKER);
    sandbox.write("complaint", "ERROR: unexpected status 503\n");
    let output = sandbox.script("retag.sh", &RELEASE).current_dir(sandbox.path("")).output().expect("starts");
    assert_eq!(output.status.code(), Some(1), "{}", crate::sandbox::said(&output));
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
