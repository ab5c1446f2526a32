//! The signals that end the process.

use tokio::signal::unix::{SignalKind, signal};

/// The status of a process that a second Ctrl-C ended, as shells have it: 128 and the signal's number.
const INTERRUPTED: i32 = 130;

/// Waits for SIGTERM or SIGINT, the signals to stop. From then on another SIGINT ends the process at once: someone
/// at a terminal does not want to wait for the drain. Another SIGTERM changes nothing: supervisors repeat it, and mean
/// the drain that is under way; the one that ends it is SIGKILL.
pub async fn shutdown_signal() {
    let (Ok(mut terminate), Ok(mut interrupt)) =
        (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        tracing::error!("signals cannot be handled; the process can only be killed");
        return std::future::pending().await;
    };
    let name = tokio::select! {
        _ = terminate.recv() => "SIGTERM",
        _ = interrupt.recv() => "SIGINT",
    };
    tracing::info!(signal = name, "asked to stop");
    tokio::spawn(async move {
        interrupt.recv().await;
        std::process::exit(INTERRUPTED);
    });
}
