//! Which catalogue a command is about.

use std::path::PathBuf;

use fruits::settings::{DatabaseUrl, InvalidUrl, Location, PostgresSettings};

/// Finds the catalogue as `serve` does, without the settings that concern a server alone.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub(crate) struct Catalogue {
    /// The folder of the catalogue's file, where `DATABASE_URL` names no other.
    #[arg(long, env = "DATA_DIR", default_value = "data")]
    data_dir: PathBuf,

    /// Where the catalogue is kept, as `serve` has it: `sqlite:PATH`, or `postgres://USER:PASSWORD@HOST:PORT/DATABASE`.
    /// Unset, it is `sqlite:DATA_DIR/fruits.db`
    #[arg(long, env = "DATABASE_URL", value_name = "URL", hide_env_values = true)]
    database_url: Option<DatabaseUrl>,

    #[command(flatten)]
    postgres: PostgresSettings,
}

impl Catalogue {
    pub(super) fn location(&self) -> Result<Location, InvalidUrl> {
        self.settings().location(&self.data_dir)
    }

    pub(super) async fn migrate(&self) -> anyhow::Result<fruits::Migrated> {
        fruits::migrate(&self.settings(), &self.data_dir).await
    }

    pub(super) fn settings(&self) -> fruits::Settings {
        fruits::Settings {
            database_url: self.database_url.clone(),
            postgres: self.postgres.clone(),
            ..fruits::Settings::default()
        }
    }
}
