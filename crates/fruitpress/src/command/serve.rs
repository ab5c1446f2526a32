//! `fruitpress serve`: runs the services until it is told to stop.

use std::process::ExitCode;

use anyhow::Context;

use super::block_on;
use crate::settings::Settings;

/// Runs the services: all that this binary carries, or those that are named, on one port.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) settings: Settings,
}

impl Args {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let settings = self.settings;
        // Before the runtime: error reports and traces leave on threads of their own.
        let telemetry = chassis::init_telemetry(&settings.chassis)?;
        let served = block_on(async {
            let shutdown = chassis::shutdown_signal();
            let mut services = Vec::new();
            for name in settings.services() {
                services.push(name.build(&settings).await.with_context(|| format!("{name} cannot start"))?);
            }
            chassis::run(settings.chassis, services, shutdown).await
        });
        drop(telemetry);
        served.map(|()| ExitCode::SUCCESS)
    }
}
