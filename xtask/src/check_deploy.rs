//! `cargo xtask check-deploy`: what is deployed and how, before any cloud sees it: Terraform and its tests, the chart
//! rendered in several ways, the image's recipe, the pipelines, and the history's secrets.
//!
//! Nothing is asked of a cloud. Each checker first has to find a planted mistake.

mod chart;
mod scanners;
mod secrets;
mod terraform;

use anyhow::{Context, Result, ensure};

use crate::{check_pipelines, python};

/// How strict to be.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Fail where a check has to be skipped, instead of saying so.
    #[arg(long)]
    no_skip: bool,
    /// What runs Terraform where its registry cannot be reached: `PROGRAM FOLDER validate` and `PROGRAM FOLDER test`.
    #[arg(long, env = "TERRAFORM_TEST", value_name = "PROGRAM")]
    terraform_test: Option<String>,
}

/// Runs every checker, says all that any of them finds, and ends with what was skipped.
pub(crate) fn run(args: &Args) -> Result<()> {
    let bin = python::environment("deploy", "deploy-requirements.txt")?;
    scanners::install_trivy(&bin)?;
    // checkov passes over what lies in a hidden folder, which this would be by default.
    let folder =
        tempfile::Builder::new().prefix("check-deploy-").tempdir().context("no folder to check in")?;
    let path = |name: &str| folder.path().join(name);

    let mut found = Vec::new();
    let mut keep = |checked: Result<()>| found.extend(checked.err().map(|error| format!("{error:#}")));
    keep(check_pipelines::run());
    let manifests = path("manifests");
    let chart = chart::check(&bin, &path("chart"), &manifests);
    let is_rendered = chart.is_ok();
    keep(chart);
    // What was not rendered cannot be scanned, and is an error already.
    if is_rendered {
        keep(scanners::run(&bin, &path("scanned"), &manifests));
    }
    keep(secrets::check(&bin, &path("secrets")));
    // A variable that is set and empty counts as unset, as in the services.
    let program = args.terraform_test.as_deref().filter(|program| !program.is_empty());
    let skipped = match terraform::check(program, &path("terraform")) {
        Ok(skipped) => skipped,
        Err(error) => {
            keep(Err(error));
            None
        }
    };

    ensure!(found.is_empty(), "{}", found.join("\n"));
    if let Some(reason) = skipped {
        ensure!(!args.no_skip, "skipped: Terraform's checks: {reason}");
        println!("skipped: Terraform's checks: {reason}");
    }
    Ok(())
}
