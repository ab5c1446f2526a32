//! Signals that ask the program to end.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// What a terminal, a supervisor or a closed connection sends, from the first call of [`listen`](Self::listen) on:
/// the program does not end by itself any more.
pub(super) struct Interrupts([(SignalKind, io::Result<Signal>); 3]);

impl Interrupts {
    /// Within a runtime.
    pub(super) fn listen() -> Self {
        let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
        Self(kinds.map(|kind| (kind, signal(kind))))
    }

    /// Waits for one of them, and answers the status of a process that it ended, as shells have it.
    pub(super) async fn status(&mut self) -> u8 {
        let [one, two, three] = &mut self.0;
        let kind = tokio::select! {
            kind = received(one) => kind,
            kind = received(two) => kind,
            kind = received(three) => kind,
        };
        u8::try_from(128 + kind.as_raw_value()).unwrap_or(u8::MAX)
    }
}

/// Waits for a signal; for ever where it cannot be handled, and then it ends the process by itself.
async fn received((kind, signal): &mut (SignalKind, io::Result<Signal>)) -> SignalKind {
    match signal {
        Ok(signal) => {
            signal.recv().await;
            *kind
        }
        Err(_) => std::future::pending().await,
    }
}
