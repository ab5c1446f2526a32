//! `cargo xtask test`: every test, with the foreign tools that some need.
//!
//! Tests that need a tool stand in modules named after it: `foreign` (readers and decoders that aren't ours),
//! `browser`, `corpus`, `postgres`, `azurite`, `schemathesis`, `seaweedfs`, `tmpfs`. Such a test fails when its tool is
//! missing, so a module whose tool cannot be had is left out here, by name, and counted as skipped.

mod needs;
mod tally;

use std::{
    ffi::OsString,
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail, ensure};

use self::{needs::Module, tally::Tally};
use crate::{npm, process::cargo, python};

/// How to run the tests.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Install nothing: tests whose tools are missing are reported as skipped.
    #[arg(long)]
    no_install: bool,
    /// A folder of images; every one is converted and compared. Without it those tests are skipped.
    #[arg(long, env = "IMAGE_CORPUS", value_name = "DIR")]
    image_corpus: Option<OsString>,
    /// Only tests whose path contains one of these, and other options of the test harness.
    #[arg(last = true, value_name = "FILTER")]
    filter: Vec<String>,
}

/// Sees that the tools are there, runs the tests and ends with `N passed, N failed, N skipped`.
pub(crate) fn run(args: &Args) -> Result<()> {
    let mut cargo = cargo();
    cargo.args(["test", "--workspace", "--locked", "--no-fail-fast", "--"]);
    let skipped = prepare(args, &mut cargo)?;
    for (module, reason) in &skipped {
        println!("skipped: tests in modules named `{}`: {reason}", module.name());
        cargo.args(["--skip", &format!("{}::", module.name())]);
    }
    cargo.args(&args.filter);

    let (tally, succeeded) = count(&mut cargo)?;
    println!();
    for (module, reason) in &skipped {
        println!("skipped: tests in modules named `{}`: {reason}", module.name());
    }
    // A filter of the caller's leaves tests out on purpose: those are not skipped.
    let skipped = tally.ignored + if args.filter.is_empty() { tally.left_out } else { 0 };
    println!("{} passed, {} failed, {skipped} skipped", tally.passed, tally.failed);
    ensure!(succeeded, "some tests failed, did not build or did not end by themselves: see above");
    ensure!(tally.passed > 0, "no test ran");
    Ok(())
}

/// Gives the tests their tools; what cannot be had comes back with the reason.
fn prepare(args: &Args, tests: &mut Command) -> Result<Vec<(Module, String)>> {
    let mut skipped = Vec::new();
    let mut missing = needs::missing();
    if !missing.is_empty() && !args.no_install {
        needs::install(&missing)?;
        missing = needs::missing();
    }
    if let Some(need) = missing.iter().find(|need| need.modules.is_empty()) {
        bail!("too many tests need {}, of the package {}, to go on without it", need.program, need.package);
    }
    for module in [
        Module::Foreign,
        Module::Browser,
        Module::Postgres,
        Module::Azurite,
        Module::Schemathesis,
        Module::Seaweedfs,
    ] {
        let lacks: Vec<_> =
            missing.iter().filter(|need| need.modules.contains(&module)).map(|need| need.program).collect();
        if !lacks.is_empty() {
            skipped.push((module, format!("missing: {}", lacks.join(", "))));
        }
    }
    if !needs::can_mount() {
        skipped.push((Module::Tmpfs, "`unshare --map-root-user --mount` may mount nothing here".to_owned()));
    }
    let can_run =
        |wanted: Module, skipped: &[(Module, String)]| !skipped.iter().any(|(module, _)| *module == wanted);
    if can_run(Module::Foreign, &skipped) {
        let bin = python::environment("python", "requirements.txt")?;
        tests.env("FRUITPRESS_PYTHON", bin.join("python"));
    }
    if can_run(Module::Schemathesis, &skipped) {
        let bin = python::environment("schemathesis", "schemathesis-requirements.txt")?;
        tests.env("FRUITPRESS_SCHEMATHESIS", bin.join("schemathesis"));
    }
    if can_run(Module::Seaweedfs, &skipped) {
        let bin = python::environment("seaweedfs", "seaweedfs-requirements.txt")?;
        tests.env("FRUITPRESS_SEAWEEDFS", bin.join("weed"));
    }
    if can_run(Module::Azurite, &skipped) {
        let modules = npm::packages("azurite")?;
        tests.env("FRUITPRESS_AZURITE", modules.join("azurite/dist/src/blob/main.js"));
    }
    // A variable that is set and empty counts as unset, as in the services.
    match args.image_corpus.as_ref().filter(|folder| !folder.is_empty()) {
        Some(folder) => {
            let folder = Path::new(folder);
            let folder = folder
                .canonicalize()
                .with_context(|| format!("IMAGE_CORPUS: cannot open {}", folder.display()))?;
            tests.env("IMAGE_CORPUS", folder);
        }
        None => skipped.push((Module::Corpus, "IMAGE_CORPUS=DIR cargo xtask test runs them".to_owned())),
    }
    Ok(skipped)
}

/// Runs the tests, passes their output on and counts from it.
fn count(tests: &mut Command) -> Result<(Tally, bool)> {
    let mut child = tests.stdout(Stdio::piped()).spawn().context("could not start cargo test")?;
    let output = child.stdout.take().context("cargo test has no standard output")?;
    let mut tally = Tally::default();
    for line in BufReader::new(output).split(b'\n') {
        let line =
            String::from_utf8_lossy(&line.context("could not read what cargo test prints")?).into_owned();
        println!("{line}");
        tally.add_line(&line);
    }
    let status = child.wait().context("could not wait for cargo test")?;
    Ok((tally, status.success()))
}
