//! `cargo xtask deny`: what the workspace depends on, judged by `deny.toml`.

use std::path::PathBuf;

use anyhow::Result;

use crate::process::{self, cargo, command, tools};

/// What to judge.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Ask for known vulnerabilities too: their database is fetched from GitHub.
    #[arg(long)]
    advisories: bool,
}

/// Bans, licences and sources, and advisories if told to.
pub(crate) fn run(args: &Args) -> Result<()> {
    let mut deny = command(install("cargo-deny", "0.20.2", &[])?);
    deny.args(["--locked", "check", "bans", "licenses", "sources"]);
    if args.advisories {
        deny.arg("advisories");
    }
    process::run(&mut deny)
}

/// The program of a crate, at this version and with these features beside its own choice, built into `target/tools`
/// when it isn't there.
pub(crate) fn install(name: &str, version: &str, features: &[&str]) -> Result<PathBuf> {
    let program = tools().join("bin").join(name);
    let is_there =
        process::read(command(&program).arg("--version")).is_ok_and(|said| said.trim().ends_with(version));
    if !is_there {
        println!("{name} {version} is built once into {}: this takes minutes", tools().display());
        let mut install = cargo();
        install.args(["install", "--locked", "--root"]).arg(tools());
        install.args(features.iter().flat_map(|feature| ["--features", feature]));
        process::run(install.arg(format!("{name}@{version}")))?;
    }
    Ok(program)
}
