//! Where a panic is written down: a log line with its place, and an error report.

use std::{
    backtrace::{Backtrace, BacktraceStatus},
    panic::PanicHookInfo,
};

use super::sentry;
use crate::middleware::panic_message;

/// Replaces the standard hook, which would write lines to standard error that no log reader can parse.
pub(super) fn install() {
    std::panic::set_hook(Box::new(on_panic));
}

/// Logs and reports, never blocks: the report is flushed by whoever answers the request.
fn on_panic(info: &PanicHookInfo<'_>) {
    let message = panic_message(info.payload());
    let location = info.location().map(ToString::to_string);
    // Only with RUST_BACKTRACE, as the standard hook does.
    let backtrace = Backtrace::capture();
    let backtrace = (backtrace.status() == BacktraceStatus::Captured).then(|| backtrace.to_string());
    tracing::error!(target: sentry::PANIC_TARGET, location, backtrace, "panicked: {message}");
    sentry::report_panic(message);
}
