//! The subcommands, a file each.

#[cfg(feature = "fruits")]
mod catalogue;
pub(crate) mod check;
pub(crate) mod completions;
#[cfg(feature = "press")]
pub(crate) mod convert;
#[cfg(feature = "fruits")]
pub(crate) mod export;
pub(crate) mod healthcheck;
#[cfg(feature = "fruits")]
pub(crate) mod import;
#[cfg(feature = "press")]
pub(crate) mod inspect;
mod interrupt;
#[cfg(feature = "fruits")]
pub(crate) mod migrate;
#[cfg(feature = "press")]
mod misuse;
pub(crate) mod openapi;
mod output;
#[cfg(feature = "press")]
mod parallel;
#[cfg(any(feature = "fruits", feature = "press"))]
mod progress;
pub(crate) mod serve;

use std::{future::Future, io::Write, path::Path, process::ExitCode};

use anyhow::Context;
use clap::ArgMatches;
#[cfg(feature = "fruits")]
use fruits::transfer::Format;

use crate::cli::Command;

impl Command {
    /// What is wrong with the settings of this command taken together, a line each.
    pub(crate) fn faults<'a>(
        &self,
        known: impl Iterator<Item = &'a clap::Arg>,
        matches: &ArgMatches,
    ) -> Vec<String> {
        match self {
            Self::Serve(args) => args.settings.faults(known, matches),
            Self::Check(args) => args.settings.faults(known, matches),
            _ => Vec::new(),
        }
    }

    /// Does it.
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        match self {
            Self::Serve(args) => args.run(),
            #[cfg(feature = "press")]
            Self::Convert(args) => args.run(),
            #[cfg(feature = "press")]
            Self::Inspect(args) => args.run(),
            #[cfg(feature = "fruits")]
            Self::Migrate(args) => args.run(),
            #[cfg(feature = "fruits")]
            Self::Import(args) => args.run(),
            #[cfg(feature = "fruits")]
            Self::Export(args) => args.run(),
            Self::Check(args) => args.run(),
            Self::Openapi(args) => args.run(),
            Self::Healthcheck(args) => Ok(args.run()),
            Self::Completions(args) => args.run(),
        }
    }
}

/// A line on standard error, named as command-line tools name theirs.
pub(crate) fn complain(message: &str) {
    // A closed standard error leaves nobody to tell.
    let _ = writeln!(std::io::stderr(), "fruitpress: {}", printable(message));
}

/// The status that an error ends the program with.
pub(crate) fn status(error: &anyhow::Error) -> ExitCode {
    #[cfg(feature = "press")]
    if error.is::<misuse::Misused>() {
        // As the parser of the command line has it.
        return ExitCode::from(2);
    }
    let _ = error;
    ExitCode::FAILURE
}

/// A line for a terminal: the name of a file may hold what would move its cursor, or look like another line.
fn printable(line: &str) -> String {
    let mut printable = String::with_capacity(line.len());
    for letter in line.chars() {
        if letter.is_control() {
            printable.extend(letter.escape_default());
        } else {
            printable.push(letter);
        }
    }
    printable
}

/// Text on standard output. A reader that went away (`| head`) is no failure.
fn say(text: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(error).context("writing to standard output failed")
        }
        _ => Ok(()),
    }
}

/// Whether the path stands for standard input or output.
fn is_dash(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// The format that was asked for, or that the file's name tells.
#[cfg(feature = "fruits")]
fn format(asked: Option<Format>, file: &Path) -> anyhow::Result<Format> {
    asked.or_else(|| Format::of(file)).with_context(|| {
        format!(
            "{}: which format is it? Give --format json, ndjson or csv, or a name that ends in one of these",
            file.display()
        )
    })
}

/// Runs `work` on a runtime with a worker a core.
fn block_on<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("the asynchronous runtime could not start")?
        .block_on(async {
            interrupt::outlive_file_size_limit();
            work.await
        })
}
