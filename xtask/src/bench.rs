//! `cargo xtask bench`: each service measured in one run beside what bounds it. `bench/README.md` has results.

mod checked;
pub(crate) mod engine;
mod fruits;
mod load;
mod pgbench;
mod postgres;
mod press;
mod rounds;
mod running;

use std::{fs, path::Path, time::Duration};

use anyhow::{Context, Result, ensure};

use crate::process::{self, cargo, command, read, target};

/// What to measure.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// What to measure; all of it when not given.
    subject: Option<Subject>,
    /// Measure how cost grows with the number of fruits and of processes instead, and write bench/results.
    #[arg(long)]
    growth: bool,
    /// One short round of everything, to try the benchmark itself: its numbers mean nothing.
    #[arg(long)]
    quick: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Subject {
    /// Adds and reads per second.
    Fruits,
    /// Conversions per second.
    Press,
    /// Conversions on the command line, beside other converters.
    Engine,
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
            args.subject.is_none_or(|subject| subject == Subject::Fruits),
            "--growth is about fruits: nothing else keeps what grows"
        );
        return fruits::growth(args.quick);
    }
    if cfg!(debug_assertions) {
        return run_optimized();
    }
    let effort = if args.quick { QUICK } else { FULL };
    let is_wanted = |subject| args.subject.is_none_or(|wanted| wanted == subject);
    if is_wanted(Subject::Fruits) {
        fruits::run(effort)?;
    }
    if is_wanted(Subject::Press) {
        press::run(effort, args.quick)?;
    }
    if is_wanted(Subject::Engine) {
        engine::run(effort, args.quick)?;
    }
    Ok(())
}

/// Runs the same command of a program that is optimised: what is measured shares the processors with it, and is held against what
/// it does itself.
fn run_optimized() -> Result<()> {
    process::run(cargo().args(["build", "--release", "--locked", "--package", "xtask"]))?;
    process::run(command(target().join("release/xtask")).args(std::env::args_os().skip(1)))
}

/// The day that results are of.
fn today() -> Result<String> {
    Ok(read(command("date").args(["-u", "+%Y-%m-%d"]))?.trim().to_owned())
}

/// Puts tables where the last ones are, between the marks of this name.
pub(crate) fn publish(readme: &Path, name: &str, tables: &str) -> Result<()> {
    let text = fs::read_to_string(readme).with_context(|| format!("cannot read {}", readme.display()))?;
    let replaced = replace(&text, name, tables)
        .with_context(|| format!("{} has no place for the results of {name}", readme.display()))?;
    fs::write(readme, replaced).with_context(|| format!("cannot write {}", readme.display()))
}

fn replace(text: &str, name: &str, tables: &str) -> Option<String> {
    // The mark goes on with the command that writes.
    let begin = format!("<!-- {name}: begin; ");
    let end = format!("<!-- {name}: end -->\n");
    let (before, rest) = text.split_once(&begin)?;
    let (command, rest) = rest.split_once('\n')?;
    let (_, after) = rest.split_once(&end)?;
    Some(format!("{before}{begin}{command}\n\n{tables}\n{end}{after}"))
}

/// Whether a target was reached, for a table.
fn met(met: bool) -> &'static str {
    if met { "met" } else { "missed" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::root;

    #[test]
    fn what_was_published_is_replaced_and_nothing_else() {
        let readme = fs::read_to_string(root().join("bench/README.md")).unwrap();
        for name in ["press", "engine"] {
            let once = replace(&readme, name, "| one |\n").expect("the page has a place for it");
            let twice = replace(&once, name, "| two |\n").unwrap();
            assert_eq!(twice, once.replace("| one |", "| two |"));
            assert_eq!(replace(&twice, name, "| one |\n").unwrap(), once);
        }
        assert_eq!(replace(&readme, "nothing", ""), None);
        assert_eq!(replace("<!-- press: end -->\n", "press", ""), None);
    }
}
