//! What the process tells the outside about itself: log lines, error reports, traces.

mod json;
mod panic_hook;
mod pretty;
pub(crate) mod request;
pub(crate) mod sentry;
pub(crate) mod trace;

#[cfg(test)]
pub(crate) use json::tests::logged;

use std::{
    io::IsTerminal,
    sync::mpsc,
    time::{Duration, Instant},
};

use anyhow::Context;
use tracing_subscriber::{Layer, layer::SubscriberExt, util::SubscriberInitExt};

use crate::{Settings, settings::LogFormat};

/// What error reports and traces get together to leave, once the process has nothing else to do. Cloud Run gives 10
/// seconds in all, of which the requests' grace time takes 8 by default and the services' finish may take another.
const CLOSING_TIMEOUT: Duration = Duration::from_millis(800);

/// Keeps telemetry going; dropped, it sends what is still waiting, for 0.8 seconds at most. Keep it until the
/// process ends.
#[must_use = "telemetry ends when it is dropped"]
pub struct TelemetryGuard {
    sentry: Option<sentry::Guard>,
    traces: Option<trace::Guard>,
}

impl Drop for TelemetryGuard {
    fn drop(&mut self) {
        let mut closing: Vec<Closing> = Vec::new();
        if let Some(traces) = self.traces.take() {
            closing.push(("traces", Box::new(move || traces.close(CLOSING_TIMEOUT))));
        }
        if let Some(sentry) = self.sentry.take() {
            sentry.unbind();
            closing.push(("error reports", Box::new(move || sentry.close(CLOSING_TIMEOUT))));
        }
        for name in close_all(closing, CLOSING_TIMEOUT) {
            tracing::warn!("the last {name} did not leave in time");
        }
    }
}

/// What is to be closed, and whether all of it left.
type Closing = (&'static str, Box<dyn FnOnce() -> bool + Send>);

/// Closes all at the same time and waits until one deadline; the names of those that did not finish. Their threads
/// are left behind: both libraries keep to a timeout only as long as no request of theirs is under way.
fn close_all(closing: Vec<Closing>, timeout: Duration) -> Vec<&'static str> {
    let deadline = Instant::now() + timeout;
    let mut open: Vec<_> = closing.iter().map(|(name, _)| *name).collect();
    let (done, closed) = mpsc::channel();
    for (name, close) in closing {
        let done = done.clone();
        // A thread that cannot be had counts as one that did not finish.
        let _ = std::thread::Builder::new().name("telemetry-close".to_owned()).spawn(move || {
            if close() {
                // Past the deadline nobody listens.
                let _ = done.send(name);
            }
        });
    }
    drop(done);
    while let Ok(name) = closed.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
        open.retain(|other| *other != name);
    }
    open
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
            .with_timer(pretty::TimeAndRequest)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn takes(milliseconds: u64, left: bool) -> Box<dyn FnOnce() -> bool + Send> {
        Box::new(move || {
            std::thread::sleep(Duration::from_millis(milliseconds));
            left
        })
    }

    #[test]
    fn closing_is_over_at_one_deadline() {
        let timeout = Duration::from_millis(600);
        let bound = Duration::from_millis(1200);
        let check = |closing, expected: &[&str], shortest_ms| {
            let started = Instant::now();
            assert_eq!(close_all(closing, timeout), expected);
            let time = started.elapsed();
            assert!(time >= Duration::from_millis(shortest_ms) && time < bound, "{time:?}");
        };
        check(vec![], &[], 0);
        // One after the other they would take twice as long.
        check(vec![("a", takes(400, true)), ("b", takes(400, true))], &[], 400);
        check(vec![("a", takes(60_000, true)), ("b", takes(0, true))], &["a"], 600);
        check(vec![("a", takes(60_000, true)), ("b", takes(60_000, true))], &["a", "b"], 600);
        check(vec![("a", takes(0, false))], &["a"], 0);
    }
}
