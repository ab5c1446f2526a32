//! One binary, two services: a fruit catalogue and an image-to-PDF API.
//!
//! It only parses the command line and chooses; each subcommand is a file in `command`.

mod cli;
mod command;
#[cfg(test)]
mod documents;
mod services;
mod settings;

use std::process::ExitCode;

/// The allocator of the published images and of the benchmarks alike: conversions and requests allocate on
/// many threads at once, where the static C library's own allocator takes turns.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let command = match cli::parse(std::env::args_os()) {
        Ok(command) => command,
        Err(refused) => return refused.report(),
    };
    match command.run() {
        Ok(code) => code,
        Err(error) => {
            command::complain(&format!("{error:#}"));
            command::status(&error)
        }
    }
}
