//! The history holds no secret: what was committed once can be read for ever.

use std::path::Path;

use anyhow::Result;

use crate::{
    checker::{in_environment, must_find, plant},
    process::{command, read, run},
};

/// Looks for secrets in every commit, and first for one in a file.
pub(super) fn check(bin: &Path, folder: &Path) -> Result<()> {
    // Put together here, so that this file is not found guilty itself.
    let key = ["AKIA", "2JZ7VYQ4", "XW3NRB5T"].concat();
    plant(folder, "settings", &format!("aws_access_key_id = {key}\n"))?;
    let gitleaks = |what: &str| {
        let mut command = in_environment(bin, "gitleaks");
        command.args([what, "--no-banner", "--no-color", "--redact", "--verbose"]);
        command
    };
    must_find(gitleaks("dir").arg(folder), &["aws-access-token"])?;

    if read(command("git").args(["rev-parse", "--is-inside-work-tree"])).is_err() {
        println!("a copy of the source without its history: its files are looked through instead");
        return run(gitleaks("dir").arg("."));
    }
    run(gitleaks("git").arg("."))
}
