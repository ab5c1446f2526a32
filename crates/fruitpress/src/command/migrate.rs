//! `fruitpress migrate`: brings the catalogue's schema up to date.

use std::process::ExitCode;

use super::{block_on, catalogue::Catalogue, say};

/// Brings the catalogue's database to the schema of this release; a file is made when it is missing.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    catalogue: Catalogue,
}

impl Args {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let migrated = block_on(self.catalogue.migrate())?;
        say(&if migrated.from == migrated.to {
            format!("the schema is at version {} already\n", migrated.to)
        } else {
            format!("the schema went from version {} to {}\n", migrated.from, migrated.to)
        })?;
        Ok(ExitCode::SUCCESS)
    }
}
