//! `cargo xtask bench`: each service measured in one run beside what bounds it. `bench/README.md` has results.

mod checked;
mod fruits;
mod load;
mod pgbench;
mod postgres;
mod press;
mod rounds;
mod running;

use std::time::Duration;

use anyhow::{Result, ensure};

/// What to measure.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The service to measure; both when not given.
    service: Option<Service>,
    /// Measure how cost grows with the number of fruits and of processes instead, and write bench/results.
    #[arg(long)]
    growth: bool,
    /// One short round of everything, to try the benchmark itself: its numbers mean nothing.
    #[arg(long)]
    quick: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Service {
    /// Adds and reads per second.
    Fruits,
    /// Conversions per second.
    Press,
}

/// How much is measured.
#[derive(Debug, Clone, Copy)]
struct Effort {
    /// Rounds of every measurement, taken in turn, so that a slow minute of the machine meets all of them.
    rounds: usize,
    /// How long each measurement of a round takes.
    time: Duration,
}

const FULL: Effort = Effort { rounds: 5, time: Duration::from_secs(3) };
const QUICK: Effort = Effort { rounds: 1, time: Duration::from_secs(1) };

/// Measures and prints tables.
pub(crate) fn run(args: &Args) -> Result<()> {
    if args.growth {
        ensure!(
            args.service != Some(Service::Press),
            "--growth is about fruits: press keeps nothing that grows"
        );
        return fruits::growth(args.quick);
    }
    let effort = if args.quick { QUICK } else { FULL };
    if args.service != Some(Service::Press) {
        fruits::run(effort)?;
    }
    if args.service != Some(Service::Fruits) {
        press::run(effort, args.quick)?;
    }
    Ok(())
}
