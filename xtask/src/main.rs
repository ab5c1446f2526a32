//! `cargo xtask …`: what a contributor runs. One file a subcommand.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command-line tool speaks to its caller")]

mod bench;
mod check_deploy;
mod check_pipelines;
mod checker;
mod conformance;
mod deny;
mod fuzz;
mod http;
mod image;
mod lint;
mod npm;
mod packages;
mod process;
mod python;
mod sample;
mod source;
mod store;
mod test;
mod third_party;

use std::{path::PathBuf, process::ExitCode};

use clap::Parser;

/// What a contributor runs.
#[derive(Debug, Parser)]
#[command(bin_name = "cargo xtask", max_term_width = 100)]
enum Task {
    /// Run all tests, with the foreign tools they need.
    Test(test::Args),
    /// Check the formatting, and lint each set of features that is published.
    Lint,
    /// Check what the workspace depends on: bans, licences, sources.
    Deny(deny::Args),
    /// Write THIRD-PARTY.md, the licences of everything that is shipped.
    ThirdParty(third_party::Args),
    /// Build both container images, check their size, and run them.
    Image(image::Args),
    /// Measure a service or the engine in one run beside what bounds it.
    Bench(bench::Args),
    /// Convert every file of a folder, and have the PDFs judged by programs that are not ours.
    Conformance(conformance::Args),
    /// Look for inputs that the engine does not bear: each fuzz target for a while.
    Fuzz(fuzz::Args),
    /// Copy a PNG's data and check them, as `bench engine` has it done.
    #[command(hide = true)]
    CheckedCopy {
        /// The PNG.
        from: PathBuf,
        /// Where its compressed data go.
        to: PathBuf,
    },
    /// Check the pipelines, the Dockerfile, compose.yaml and the shell scripts.
    CheckPipelines,
    /// Check what is deployed, and how: Terraform, the chart, the pipelines, secrets in the history.
    CheckDeploy(check_deploy::Args),
}

fn main() -> ExitCode {
    match run(&Task::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // What failed and why, without the way there: a backtrace of this program helps nobody.
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: &Task) -> anyhow::Result<()> {
    match task {
        Task::Test(args) => test::run(args),
        Task::Lint => lint::run(),
        Task::Deny(args) => deny::run(args),
        Task::ThirdParty(args) => third_party::run(args),
        Task::Image(args) => image::run(args),
        Task::Bench(args) => bench::run(args),
        Task::CheckedCopy { from, to } => bench::engine::checked_copy(from, to),
        Task::Fuzz(args) => fuzz::run(args),
        Task::Conformance(args) => conformance::run(args),
        Task::CheckPipelines => check_pipelines::run(),
        Task::CheckDeploy(args) => check_deploy::run(args),
    }
}
