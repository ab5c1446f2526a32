//! `fruitpress openapi`: the API description, as the running service would answer it.

use std::{collections::BTreeSet, process::ExitCode};

use super::say;
use crate::services::ServiceName;

/// Prints the OpenAPI document of the named services, or of all that this binary carries.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The services to describe; all that this binary carries when none is named.
    #[arg(value_enum, value_name = "SERVICE")]
    services: Vec<ServiceName>,
}

impl Args {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let named: BTreeSet<ServiceName> = if self.services.is_empty() {
            ServiceName::all().collect()
        } else {
            self.services.into_iter().collect()
        };
        let document = chassis::openapi(named.into_iter().map(ServiceName::described));
        say(&(document.to_pretty_json()? + "\n"))?;
        Ok(ExitCode::SUCCESS)
    }
}
