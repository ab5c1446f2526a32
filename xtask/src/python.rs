//! Python environments: one folder for each list of pinned packages, made again only when the list changes.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

use crate::{
    packages,
    process::{command, read, root, run, succeeds, tools},
};

/// Whether there is a Python that can make environments: Debian has the `venv` module without the `ensurepip`
/// that it needs.
pub(crate) fn is_complete() -> bool {
    succeeds(command("python3").args(["-c", "import venv, ensurepip"]))
}

/// The environment `target/tools/NAME` with the packages of `xtask/python/REQUIREMENTS`; gives its `bin` folder.
///
/// The list and the interpreter's version are kept beside the packages once all are in: an interrupted
/// installation, another list or another Python makes the environment anew.
pub(crate) fn environment(name: &str, requirements: &str) -> Result<PathBuf> {
    if !is_complete() {
        println!("missing: a Python with venv, for {requirements}");
        packages::install(&["python3", "python3-venv"])?;
    }
    let list = root().join("xtask/python").join(requirements);
    let wanted = stamp(&list)?;
    let folder = tools().join(name);
    let bin = folder.join("bin");
    let stamp = folder.join("complete");
    if fs::read_to_string(&stamp).is_ok_and(|made| made == wanted) && bin.join("python").exists() {
        return Ok(bin);
    }
    fs::create_dir_all(tools()).context("could not make the folder of tools")?;
    run(command("python3").args(["-m", "venv", "--clear"]).arg(&folder))?;
    run(command(bin.join("python"))
        .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary", ":all:"])
        .arg("--requirement")
        .arg(&list))?;
    fs::write(&stamp, wanted).context("could not note that the environment is complete")?;
    Ok(bin)
}

fn stamp(list: &Path) -> Result<String> {
    let version = read(command("python3").arg("--version"))?;
    let list = fs::read_to_string(list).with_context(|| format!("could not read {}", list.display()))?;
    Ok(version + &list)
}
