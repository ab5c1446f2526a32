//! How far a long command has come, on one line of a terminal.

use std::{
    io::{self, IsTerminal, Write},
    time::{Duration, Instant},
};

/// How often the line changes.
const PERIOD: Duration = Duration::from_millis(200);
/// Back to the start of the line, and away with what stands there.
const CLEAR: &str = "\r\x1b[2K";

/// A line on standard error, where that is a terminal, and nothing anywhere else.
pub(super) struct Progress {
    #[cfg(feature = "fruits")]
    started: Instant,
    /// When it was last written; `None` where there is no terminal.
    written: Option<Instant>,
    shown: bool,
}

impl Progress {
    pub(super) fn start() -> Self {
        let started = Instant::now();
        Self {
            #[cfg(feature = "fruits")]
            started,
            written: io::stderr().is_terminal().then_some(started),
            shown: false,
        }
    }

    /// So many rows are done.
    #[cfg(feature = "fruits")]
    pub(super) fn rows(&mut self, rows: u64) {
        let rate = self.rate(rows);
        self.show(|| format!("{rows} rows, {rate} rows/s"));
    }

    /// Writes the line anew, where it is time to.
    pub(super) fn show(&mut self, line: impl FnOnce() -> String) {
        if self.written.is_some_and(|written| written.elapsed() >= PERIOD) {
            self.written = Some(Instant::now());
            self.shown = true;
            write(&format!("{CLEAR}{}", line()));
        }
    }

    /// Takes the line away: something else is to be written.
    pub(super) fn clear(&mut self) {
        if self.shown {
            self.shown = false;
            write(CLEAR);
        }
    }

    /// How long it took until now, and how fast that was, for the line that stays.
    #[cfg(feature = "fruits")]
    pub(super) fn summary(&self, rows: u64) -> String {
        format!("in {:.1} s ({} a second)", self.started.elapsed().as_secs_f64(), self.rate(rows))
    }

    #[cfg(feature = "fruits")]
    fn rate(&self, rows: u64) -> u64 {
        let micros = self.started.elapsed().as_micros().max(1);
        u64::try_from(u128::from(rows) * 1_000_000 / micros).unwrap_or(u64::MAX)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.clear();
    }
}

/// A closed terminal leaves nobody to tell.
fn write(text: &str) {
    let mut terminal = io::stderr().lock();
    let _ = terminal.write_all(text.as_bytes()).and_then(|()| terminal.flush());
}
