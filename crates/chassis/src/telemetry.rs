//! What the process tells the outside about itself: log lines, error reports, traces.

mod json;
mod panic_hook;
pub(crate) mod sentry;
pub(crate) mod trace;

#[cfg(test)]
pub(crate) use json::tests::logged;

use std::io::IsTerminal;

use anyhow::Context;
use tracing_subscriber::{Layer, layer::SubscriberExt, util::SubscriberInitExt};

use crate::{Settings, settings::LogFormat};

/// Keeps telemetry going; dropped, it sends what is still waiting. Keep it until the process ends.
#[must_use = "telemetry ends when it is dropped"]
pub struct TelemetryGuard {
    sentry: Option<sentry::Guard>,
    traces: Option<trace::Guard>,
}

impl Drop for TelemetryGuard {
    fn drop(&mut self) {
        drop(self.traces.take());
        drop(self.sentry.take());
    }
}

/// Starts logging, and error reports and traces where they are set. Once a process, on the main thread, before the
/// asynchronous runtime starts: its threads take over the main thread's reporter, and the trace exporter brings a
/// blocking client that must not be made inside a runtime.
pub fn init_telemetry(settings: &Settings) -> anyhow::Result<TelemetryGuard> {
    // A second call in one process, as in tests, finds it installed already.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let sentry = settings.telemetry.sentry_dsn.clone().map(sentry::start).transpose()?;
    let (traces, tracer) = settings.telemetry.otlp_endpoint.as_ref().map(trace::start).transpose()?.unzip();
    let filter = settings.log.log_level.filter();
    let lines = match settings.log.format() {
        LogFormat::Json => json::layer(settings.log.project_id.is_some(), std::io::stderr).boxed(),
        LogFormat::Pretty => tracing_subscriber::fmt::layer()
            .with_ansi(std::io::stderr().is_terminal())
            .with_writer(std::io::stderr)
            .boxed(),
    };
    tracing_subscriber::registry()
        .with(lines.with_filter(filter))
        .with(tracer.map(trace::layer))
        .with(sentry.is_some().then(sentry::layer))
        .try_init()
        .context("logging is set up already")?;
    panic_hook::install();
    Ok(TelemetryGuard { sentry, traces })
}
