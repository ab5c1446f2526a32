//! Programs from npm: one folder for each list of pinned packages, made again only when the list changes.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

use crate::process::{command, read, root, run, tools};

/// What a list is made of. The last keeps the names of registries out of the lock file.
const FILES: [&str; 3] = ["package.json", "package-lock.json", ".npmrc"];

/// The packages of `xtask/npm/NAME` in `target/tools/NAME`; gives its `node_modules`.
///
/// The lock file and node's version are kept beside the packages once all are in: an interrupted installation,
/// another list or another node makes the folder anew. Scripts of packages are not run.
pub(crate) fn packages(name: &str) -> Result<PathBuf> {
    let list = root().join("xtask/npm").join(name);
    let wanted = stamp(&list)?;
    let folder = tools().join(name);
    let modules = folder.join("node_modules");
    let stamp = folder.join("complete");
    if fs::read_to_string(&stamp).is_ok_and(|made| made == wanted) && modules.exists() {
        return Ok(modules);
    }
    fs::create_dir_all(&folder).context("could not make the folder of tools")?;
    for file in FILES {
        fs::copy(list.join(file), folder.join(file)).with_context(|| format!("could not copy {file}"))?;
    }
    run(command("npm")
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel", "error", "--prefix"])
        .arg(&folder))?;
    fs::write(&stamp, wanted).context("could not note that the packages are complete")?;
    Ok(modules)
}

fn stamp(list: &Path) -> Result<String> {
    let version = read(command("node").arg("--version"))?;
    let lock = list.join("package-lock.json");
    let lock = fs::read_to_string(&lock).with_context(|| format!("could not read {}", lock.display()))?;
    Ok(version + &lock)
}
