//! From the command line and the environment to a [`Command`], with every fault told at once.
//!
//! Two rules stand before clap's own. An environment variable that is set and empty counts as unset, as
//! compose files and deployment templates produce them. And a value that cannot be parsed does not hide the
//! next one: it is noted, its variable is set aside, and the rest is parsed again.

use std::{ffi::OsString, process::ExitCode};

use clap::{
    CommandFactory, FromArgMatches, Parser, Subcommand,
    builder::{Resettable, ValueParser},
    error::{ContextKind, ContextValue, ErrorKind},
};

use crate::command::{check, completions, healthcheck, openapi, serve};
#[cfg(feature = "press")]
use crate::command::{convert, inspect};
#[cfg(feature = "fruits")]
use crate::command::{export, import, migrate};

/// One binary, two services: a fruit catalogue and an image-to-PDF API.
///
/// Without a subcommand it serves everything it carries.
#[derive(Debug, Parser)]
#[command(name = "fruitpress", version, max_term_width = 110, override_usage = "fruitpress [COMMAND]")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

/// What to do; each has a file in [`crate::command`].
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Serve(serve::Args),
    #[cfg(feature = "press")]
    Convert(convert::Args),
    #[cfg(feature = "press")]
    Inspect(inspect::Args),
    #[cfg(feature = "fruits")]
    Migrate(migrate::Args),
    #[cfg(feature = "fruits")]
    Import(import::Args),
    #[cfg(feature = "fruits")]
    Export(export::Args),
    Check(check::Args),
    Openapi(openapi::Args),
    Healthcheck(healthcheck::Args),
    Completions(completions::Args),
}

/// Why the command line was not taken.
#[derive(Debug)]
pub(crate) enum Refused {
    /// Help, version, or a command line that is itself wrong: clap's own words and exit status.
    Clap(clap::Error),
    /// Settings that are wrong or missing, all of them, a line each.
    Settings(Vec<String>),
}

impl Refused {
    /// Says it and gives the exit status: 0 for help and version, 2 for a wrong command line, 1 for settings.
    pub(crate) fn report(&self) -> ExitCode {
        match self {
            Self::Clap(error) => {
                // Nothing can be done about a closed terminal.
                let _ = error.print();
                if error.use_stderr() { ExitCode::from(2) } else { ExitCode::SUCCESS }
            }
            Self::Settings(faults) => {
                for fault in faults {
                    crate::command::complain(fault);
                }
                ExitCode::FAILURE
            }
        }
    }
}

/// The command that these arguments and the environment ask for.
pub(crate) fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Command, Refused> {
    let mut args: Vec<OsString> = args.into_iter().collect();
    if args.len() <= 1 {
        args.push("serve".into());
    }
    let mut clap = without_empty_variables(Cli::command());
    let mut faults = Vec::new();
    for variable in variables_that_are_no_text(&clap, &args) {
        faults.push(format!("{variable}: is not valid UTF-8"));
        clap = without_variable(clap, &variable);
    }
    let matches = loop {
        match clap.try_get_matches_from_mut(&args) {
            Ok(matches) => break matches,
            Err(error) => match variable_at_fault(&clap, &args, &error) {
                Some((variable, secret)) => {
                    faults.push(format!("{variable}: {}", cause(&error, secret)));
                    clap = without_variable(clap, &variable);
                }
                None => return Err(Refused::Clap(error)),
            },
        }
    };
    let command = Cli::from_arg_matches(&matches).map_err(Refused::Clap)?.command;
    if let Some((name, of_subcommand)) = matches.subcommand() {
        let known = clap.find_subcommand(name).map(clap::Command::get_arguments).into_iter().flatten();
        faults.extend(command.faults(known, of_subcommand));
    }
    if faults.is_empty() { Ok(command) } else { Err(Refused::Settings(faults)) }
}

/// The command line as clap sees it, for completions and for the table of settings.
pub(crate) fn definition() -> clap::Command {
    Cli::command()
}

/// Every argument of every subcommand, changed.
fn map_arguments(clap: clap::Command, change: impl Fn(clap::Arg) -> clap::Arg) -> clap::Command {
    clap.mut_subcommands(|subcommand| subcommand.mut_args(&change))
}

fn without_empty_variables(clap: clap::Command) -> clap::Command {
    map_arguments(clap, |argument| {
        let empty = argument.get_env().and_then(std::env::var_os).is_some_and(|value| value.is_empty());
        if empty { argument.env(Resettable::Reset) } else { argument }
    })
}

fn without_variable(clap: clap::Command, variable: &str) -> clap::Command {
    map_arguments(clap, |argument| {
        if argument.get_env().is_some_and(|name| name == variable) {
            argument.env(Resettable::Reset)
        } else {
            argument
        }
    })
}

/// Variables of the subcommand whose values are not UTF-8 and are no paths either: clap refuses them without
/// saying which.
fn variables_that_are_no_text(clap: &clap::Command, args: &[OsString]) -> Vec<String> {
    let subcommand = args.get(1).and_then(|name| clap.find_subcommand(name));
    subcommand
        .map(clap::Command::get_arguments)
        .into_iter()
        .flatten()
        .filter(|argument| argument.get_value_parser().type_id() != ValueParser::path_buf().type_id())
        .filter_map(|argument| argument.get_env()?.to_str())
        .filter(|variable| std::env::var_os(variable).is_some_and(|value| value.to_str().is_none()))
        .map(str::to_owned)
        .collect()
}

/// The environment variable whose value clap refused, and whether the value is a secret; `None` where the fault
/// is on the command line itself.
fn variable_at_fault(clap: &clap::Command, args: &[OsString], error: &clap::Error) -> Option<(String, bool)> {
    if !matches!(error.kind(), ErrorKind::InvalidValue | ErrorKind::ValueValidation | ErrorKind::InvalidUtf8)
    {
        return None;
    }
    let Some(ContextValue::String(refused)) = error.get(ContextKind::InvalidArg) else { return None };
    let subcommand = clap.find_subcommand(args.get(1)?)?;
    let argument = subcommand.get_arguments().find(|argument| argument.to_string() == *refused)?;
    let typed = argument.get_long().is_some_and(|long| {
        let flag = format!("--{long}");
        args.iter().filter_map(|arg| arg.to_str()).any(|arg| arg.split('=').next() == Some(&flag))
    });
    let variable = argument.get_env()?.to_str()?;
    let from_environment = !typed && std::env::var_os(variable).is_some();
    from_environment.then(|| (variable.to_owned(), argument.is_hide_env_values_set()))
}

/// What is wrong with the value, without clap's frame around it: its first line, less the word `error`. Of a
/// secret, only what its parser says: clap's line repeats the value.
fn cause(error: &clap::Error, secret: bool) -> String {
    if secret {
        let parser = std::error::Error::source(error);
        return parser.map_or_else(|| "has an invalid value".to_owned(), ToString::to_string);
    }
    let rendered = error.to_string();
    let lines: Vec<&str> =
        rendered.lines().take_while(|line| !line.trim().is_empty()).map(str::trim).collect();
    lines.join(" ").trim_start_matches("error: ").to_owned()
}
