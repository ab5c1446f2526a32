//! The least throughput of a source, counted over the time that is spent waiting for it.

use std::time::Duration;

/// In each window of waiting, so many bytes are due.
#[derive(Debug)]
pub(crate) struct Pace {
    window: Duration,
    bytes_min: u64,
    waited: Duration,
    bytes: u64,
}

/// How a window stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Window {
    /// It is not over.
    Open,
    /// It is over, and what was due had come.
    Kept,
    /// It is over, and less had come than was due.
    Missed,
}

impl Pace {
    pub(crate) fn new(window: Duration, bytes_min: u64) -> Self {
        Self { window, bytes_min, waited: Duration::ZERO, bytes: 0 }
    }

    /// The waiting time that is left of this window.
    pub(crate) fn left(&self) -> Duration {
        self.window.saturating_sub(self.waited)
    }

    pub(crate) fn arrived(&mut self, bytes: u64) {
        self.bytes += bytes;
    }

    /// Counts waiting time; at the end of a window the next one opens.
    pub(crate) fn waited(&mut self, waited: Duration) -> Window {
        self.waited += waited;
        if self.waited < self.window {
            return Window::Open;
        }
        let kept = self.bytes >= self.bytes_min;
        *self = Self::new(self.window, self.bytes_min);
        if kept { Window::Kept } else { Window::Missed }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_ends_kept_or_missed_and_opens_the_next_one() {
        let second = Duration::from_secs(1);
        let mut pace = Pace::new(2 * second, 100);
        pace.arrived(100);
        assert_eq!(pace.waited(second), Window::Open);
        assert_eq!(pace.left(), second);
        assert_eq!(pace.waited(second), Window::Kept);
        assert_eq!(pace.left(), 2 * second);
        pace.arrived(99);
        assert_eq!(pace.waited(2 * second), Window::Missed);
        pace.arrived(1);
        assert_eq!(pace.waited(2 * second), Window::Missed);
    }
}
