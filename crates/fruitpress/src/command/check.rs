//! `fruitpress check`: would a server with these settings work?

use std::{fmt::Write, process::ExitCode};

use super::{block_on, say};
use crate::settings::Settings;

/// Checks the settings, then each dependency without changing it, a line each; exit status 0 or 1.
///
/// It takes the arguments and variables of `serve`. Faults of the settings come first, all at once.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) settings: Settings,
}

impl Args {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let settings = self.settings;
        let findings = block_on(async {
            let mut findings = Vec::new();
            for name in settings.services() {
                findings.extend(name.check(&settings).await);
            }
            Ok(findings)
        })?;
        let mut lines = String::from("ok    settings\n");
        for finding in &findings {
            // Writing to a string cannot fail.
            let _ = match &finding.outcome {
                Ok(said) => writeln!(lines, "ok    {}: {said}", finding.dependency),
                Err(error) => writeln!(lines, "FAIL  {}: {error:#}", finding.dependency),
            };
        }
        say(&lines)?;
        let failed = findings.iter().any(|finding| finding.outcome.is_err());
        Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }
}
