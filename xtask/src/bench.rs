//! `cargo xtask bench`: each service measured in one run beside what bounds it. `bench/README.md` has results.

mod fruits;
mod load;
mod press;

use anyhow::Result;

/// What to measure.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The service to measure; both when not given.
    service: Option<Service>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Service {
    /// Adds and reads per second.
    Fruits,
    /// Conversions per second.
    Press,
}

/// Measures and prints tables.
pub(crate) fn run(args: &Args) -> Result<()> {
    if args.service != Some(Service::Press) {
        fruits::run()?;
    }
    if args.service != Some(Service::Fruits) {
        press::run()?;
    }
    Ok(())
}
