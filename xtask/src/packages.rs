//! Debian packages: installed where that can be done, named where it cannot.

use std::process::Command;

use anyhow::{Result, bail, ensure};

use crate::process::{command, is_installed, read, run};

/// Installs Debian packages as root, or fails with the one command that a person can run.
pub(crate) fn install(packages: &[&str]) -> Result<()> {
    let list = packages.join(" ");
    ensure!(
        is_installed("apt-get"),
        "this system has no apt-get: install what Debian calls {list} with its own package manager"
    );
    if !is_root() {
        bail!("run this first: sudo apt-get update && sudo apt-get install --yes {list}");
    }
    // A fresh Debian has no lists of packages; one that reaches no mirror may still have old ones.
    if let Err(error) = run(apt_get().arg("update")) {
        println!("{error:#}: going on with the lists that are there");
    }
    run(apt_get().args(["install", "--yes", "--no-install-recommends"]).args(packages))
}

/// Whether this program runs as root.
pub(crate) fn is_root() -> bool {
    read(command("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}

fn apt_get() -> Command {
    let mut apt_get = command("apt-get");
    apt_get.arg("--quiet").env("DEBIAN_FRONTEND", "noninteractive");
    apt_get
}
