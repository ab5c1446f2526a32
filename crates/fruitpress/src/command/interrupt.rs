//! Signals that ask the program to end, or would end it.

use std::{fs, io};

use tokio::signal::unix::{Signal, SignalKind, signal};

/// SIGXFSZ on Linux and the BSDs: a file was to grow beyond the limit of the process.
const FILE_SIZE_SIGNAL: i32 = 25;

/// From now on such a write fails with an error that names the limit, instead of the process with a signal that names
/// nothing. Within a runtime.
pub(super) fn outlive_file_size_limit() {
    // Handled by being registered, and for good: the library never takes a handler back.
    let _ = signal(SignalKind::from_raw(FILE_SIZE_SIGNAL));
}

/// What a terminal, a supervisor or a closed connection sends, from the first call of [`listen`](Self::listen) on:
/// the program does not end by itself any more.
pub(super) struct Interrupts([(SignalKind, io::Result<Signal>); 4]);

impl Interrupts {
    /// Within a runtime. What whoever started the program had it ignore, as `nohup` does, stays ignored.
    pub(super) fn listen() -> Self {
        let kinds =
            [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup(), SignalKind::quit()];
        let ignored = ignored();
        Self(kinds.map(|kind| {
            let is_ignored = ignored >> (kind.as_raw_value() - 1) & 1 == 1;
            let listening = if is_ignored { Err(io::Error::other("ignored")) } else { signal(kind) };
            (kind, listening)
        }))
    }

    /// Waits for one of them, and answers the status of a process that it ended, as shells have it.
    pub(super) async fn status(&mut self) -> u8 {
        let [one, two, three, four] = &mut self.0;
        let kind = tokio::select! {
            kind = received(one) => kind,
            kind = received(two) => kind,
            kind = received(three) => kind,
            kind = received(four) => kind,
        };
        u8::try_from(128 + kind.as_raw_value()).unwrap_or(u8::MAX)
    }
}

/// The signals that the process ignores, a bit each from 1 on: `SigIgn` of proc(5). Where the kernel does not tell, none.
fn ignored() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let field = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    field.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}

/// Waits for a signal; for ever where it is not handled: then it ends the process by itself, or is ignored.
async fn received((kind, signal): &mut (SignalKind, io::Result<Signal>)) -> SignalKind {
    match signal {
        Ok(signal) => {
            signal.recv().await;
            *kind
        }
        Err(_) => std::future::pending().await,
    }
}
