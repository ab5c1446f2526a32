//! `scripts/build.sh`: what compilers are told, so that no folder is named in what they make.

use std::process::Output;

use crate::sandbox::{Sandbox, printed, said};

/// Says where it builds into, or how it was called.
const CARGO: &str = r#"#!/bin/sh
case "$1" in
  metadata) echo '{"packages":[],"target_directory":"TARGET","version":1}' ;;
  *) printf '%s\n' "$*" "${RUSTFLAGS}" "${CFLAGS}" "${CXXFLAGS}" "${SOURCE_DATE_EPOCH}" ;;
esac
"#;

fn build(target: &str, variables: &[(&str, &str)]) -> (Sandbox, Output) {
    let sandbox = Sandbox::with_script("build.sh");
    sandbox.write_program("bin/cargo", &CARGO.replace("TARGET", target));
    sandbox.write_program("bin/rustc", "#!/bin/sh\necho /sysroot\n");
    sandbox.write_program("bin/uname", "#!/bin/sh\necho aarch64\n");
    let mut script = sandbox.script("build.sh", &["--no-default-features", "--features", "press"]);
    let output = script.envs(variables.iter().copied()).output().expect("the script starts");
    (sandbox, output)
}

#[test]
fn no_folder_has_the_name_that_it_has_here() {
    let (sandbox, output) = build("/elsewhere/target", &[("HOME", "/home/me"), ("CFLAGS", "-O1")]);
    assert!(output.status.success(), "{}", said(&output));
    let source = sandbox.path("").canonicalize().expect("is there");
    // The last one that fits counts: a target inside the source is no part of it.
    let pairs = [
        format!("{}=/source", source.display()),
        "/elsewhere/target=/target".to_owned(),
        "/home/me/.cargo=/cargo".to_owned(),
        "/sysroot/lib/rustlib/src/rust=/rust".to_owned(),
    ];
    let each = |flag: &str| pairs.each_ref().map(|pair| format!(" {flag}={pair}")).concat();
    let expected = format!(
        "build --release --locked --package fruitpress --target aarch64-unknown-linux-gnu --no-default-features \
         --features press\n-C target-feature=+crt-static{}\n-O1{c}\n{c}\n0\n",
        each("--remap-path-prefix"),
        c = each("-ffile-prefix-map"),
    );
    assert_eq!(printed(&output), expected);
}

#[test]
fn the_home_of_cargo_may_be_elsewhere() {
    let (_sandbox, output) = build("/target", &[("CARGO_HOME", "/opt/cargo/")]);
    assert!(output.status.success(), "{}", said(&output));
    assert!(printed(&output).contains(" --remap-path-prefix=/opt/cargo=/cargo "), "{}", printed(&output));
}

#[test]
fn a_path_that_flags_cannot_hold_is_refused() {
    let (_sandbox, output) = build("/my target", &[("HOME", "/home/me")]);
    assert_eq!((output.status.code(), printed(&output)), (Some(1), String::new()));
    assert!(said(&output).contains("no path with a space in it"), "{}", said(&output));
}
