//! The README's offline example, run as it stands but for its ports, which may be taken.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Stdio},
};

use crate::support::{folder, free_port, write_png};

#[test]
fn the_offline_example_works() {
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md")).unwrap();
    let (_, rest) = readme.split_once("<!-- example: offline").expect("the README has the example");
    let (_, rest) = rest.split_once("```sh\n").unwrap();
    let (example, _) = rest.split_once("```").unwrap();

    let folder = folder();
    fs::create_dir(folder.path().join("pictures")).unwrap();
    write_png(&folder.path().join("pictures/picture.png"), 90, 60);
    let (ours, theirs) = (free_port(), free_port());
    let example = example.replace("8080", &ours.to_string()).replace("8000", &theirs.to_string());
    // `cargo run --release` is the binary; the test has it built already.
    let bin = folder.path().join("bin");
    fs::create_dir(&bin).unwrap();
    let cargo = bin.join("cargo");
    fs::write(
        &cargo,
        format!("#!/bin/sh\n[ \"$*\" = 'run --release' ] && exec {}\n", env!("CARGO_BIN_EXE_fruitpress")),
    )
    .unwrap();
    fs::set_permissions(&cargo, fs::Permissions::from_mode(0o755)).unwrap();

    let path = format!("{}:{}", bin.display(), std::env::var_os("PATH").unwrap().to_string_lossy());
    let script = format!("set -euo pipefail\ntrap 'kill $(jobs -p)' EXIT\n{example}");
    let output = Command::new("bash")
        .args(["-c", &script])
        .current_dir(folder.path())
        .env_clear()
        .env("PATH", path)
        .env("PORT", ours.to_string())
        .env("METRICS_PORT", "off")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stdout));
    let pdf = fs::read(folder.path().join("picture.pdf")).unwrap();
    assert!(pdf.starts_with(b"%PDF-1.7") && pdf.ends_with(b"%%EOF\n"));
}
