//! The catalogue beside what bounds it: a bare axum handler that answers the same bytes, the waits that the disk
//! can do, PostgreSQL's own benchmark, and a service of the same purpose in Python.

mod catalogue;
mod chart;
mod contest;
mod disk;
mod footprint;
mod growth;
mod reading;
mod servers;
mod verdicts;

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

use self::{contest::Contest, servers::Servers};
use super::{Effort, load, postgres::Cluster};
use crate::process::{self, cargo, root, target};

/// Builds the release binaries, measures and prints tables.
pub(super) fn run(effort: Effort) -> Result<()> {
    load::prepare()?;
    build(&["--package", "fruitpress"])?;
    build(&["--package", "fruits", "--example", "bare_axum"])?;
    let folder = Folder::new()?;
    let cluster = Cluster::start(folder.path())?;
    let servers = Servers::start(folder.path(), &cluster)?;
    let contest = Contest::run(&servers, effort)?;
    drop(servers);
    let footprints = footprint::measure(folder.path(), &cluster, effort)?;

    println!("\n{}\n", cluster.describe()?);
    verdicts::print_rates(&contest, effort);
    verdicts::print_footprints(&footprints);
    Ok(())
}

/// Builds the release binary, measures how cost grows, and writes tables and a chart.
pub(super) fn growth(quick: bool) -> Result<()> {
    load::prepare()?;
    build(&["--package", "fruitpress"])?;
    let folder = Folder::new()?;
    let cluster = Cluster::start(folder.path())?;
    let growth = growth::measure(folder.path(), &cluster, quick)?;

    println!("\n{}\n", cluster.describe()?);
    // What a quick run measures is no result.
    let results = if quick { target().join("bench-results") } else { root().join("bench/results") };
    growth.write(&results)
}

fn build(what: &[&str]) -> Result<()> {
    process::run(cargo().args(["build", "--release", "--locked"]).args(what))
}

/// A folder for what a run keeps. It lies where cargo builds: a temporary one may be in memory, where nothing waits
/// for a disk. What an interrupted run left is gone when the next one begins.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Result<Self> {
        let folder = target().join("bench-fruits");
        if folder.exists() {
            fs::remove_dir_all(&folder).context("what the last run left cannot be removed")?;
        }
        fs::create_dir_all(&folder).context("no folder for the measurement")?;
        Ok(Self(folder))
    }

    fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
