//! `fruitpress migrate`: brings the catalogue's schema up to date.

use std::{path::PathBuf, process::ExitCode};

use super::{block_on, say};

/// Brings the catalogue's database to the schema of this release; a file is made when it is missing.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The folder of the catalogue's file, where `DATABASE_URL` names no other; made when missing.
    #[arg(long, env = "DATA_DIR", default_value = "data")]
    data_dir: PathBuf,

    #[command(flatten)]
    fruits: fruits::Settings,
}

impl Args {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let migrated = block_on(fruits::migrate(&self.fruits, &self.data_dir))?;
        say(&if migrated.from == migrated.to {
            format!("the schema is at version {} already\n", migrated.to)
        } else {
            format!("the schema went from version {} to {}\n", migrated.from, migrated.to)
        })?;
        Ok(ExitCode::SUCCESS)
    }
}
