//! Which catalogue a command is about.

use std::path::PathBuf;

use fruits::settings::{InvalidUrl, Location};

/// Finds the catalogue as `serve` does.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub(crate) struct Catalogue {
    /// The folder of the catalogue's file, where `DATABASE_URL` names no other.
    #[arg(long, env = "DATA_DIR", default_value = "data")]
    data_dir: PathBuf,

    #[command(flatten)]
    settings: fruits::Settings,
}

impl Catalogue {
    pub(super) fn location(&self) -> Result<Location, InvalidUrl> {
        self.settings.location(&self.data_dir)
    }

    pub(super) async fn migrate(&self) -> anyhow::Result<fruits::Migrated> {
        fruits::migrate(&self.settings, &self.data_dir).await
    }
}
