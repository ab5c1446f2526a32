//! `cargo xtask third-party`: THIRD-PARTY.md, the licence of everything that is shipped, by cargo-about.

use std::fs;

use anyhow::{Context, Result, ensure};

use crate::{
    deny,
    process::{self, cargo, command, root},
};

/// What to do with the page.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Change nothing: fail when the page is not what would be written.
    #[arg(long)]
    check: bool,
}

/// Writes the page, or checks it.
pub(crate) fn run(args: &Args) -> Result<()> {
    let about = deny::install("cargo-about", "0.9.3", &["cli"])?;
    // Without the network from here on, so that the page is the same with and without one: it comes from the
    // crates' own files alone.
    process::run(cargo().args(["fetch", "--locked"]))?;
    let page = process::read(command(about).args([
        "generate",
        "--frozen",
        "--fail",
        "--manifest-path",
        "crates/fruitpress/Cargo.toml",
        "--config",
        "about.toml",
        "about.hbs",
    ]))?;
    let file = root().join("THIRD-PARTY.md");
    if args.check {
        let written = fs::read_to_string(&file).context("could not read THIRD-PARTY.md")?;
        ensure!(written == page, "THIRD-PARTY.md is not up to date: run `cargo xtask third-party`");
        return Ok(());
    }
    fs::write(&file, page).context("could not write THIRD-PARTY.md")
}
