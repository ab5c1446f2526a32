//! The body of a source: counted, paced, and never trusted to be as long as it says.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Body as _, Incoming};

use super::{Limits, connection::Connection, patience::Patience};
use crate::error::{Error, Slow};

/// The bytes of a source, in the order they arrive. Dropping it closes the connection.
#[derive(Debug)]
pub struct Body {
    incoming: Incoming,
    _connection: Connection,
    patience: Patience,
    pace: Pace,
    limit_bytes: u64,
    left_bytes: u64,
}

impl Body {
    pub(super) fn new(
        incoming: Incoming,
        connection: Connection,
        patience: Patience,
        limits: &Limits,
    ) -> Result<Self, Error> {
        let limit_bytes = limits.source_bytes_max;
        if incoming.size_hint().lower() > limit_bytes {
            return Err(Error::SourceTooLarge { limit_bytes });
        }
        let pace = Pace::new(limits.window, limits.window_bytes_min);
        Ok(Self { incoming, _connection: connection, patience, pace, limit_bytes, left_bytes: limit_bytes })
    }

    /// The next bytes; `None` once the source said that this was all.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Error> {
        loop {
            let Some(frame) = self.frame().await? else { return Ok(None) };
            let frame = frame.map_err(|error| Error::BrokenOff(error.into()))?;
            let Ok(bytes) = frame.into_data() else { continue };
            let length = bytes.len() as u64;
            self.left_bytes = self
                .left_bytes
                .checked_sub(length)
                .ok_or(Error::SourceTooLarge { limit_bytes: self.limit_bytes })?;
            self.pace.arrived(length);
            if !bytes.is_empty() {
                return Ok(Some(bytes));
            }
        }
    }

    async fn frame(&mut self) -> Result<Option<Result<hyper::body::Frame<Bytes>, hyper::Error>>, Error> {
        loop {
            let (frame, waited) = self.patience.spend_at_most(self.pace.left(), self.incoming.frame()).await;
            self.pace.waited(waited)?;
            match frame {
                Some(frame) => return Ok(frame),
                None if self.patience.is_exhausted() => return Err(self.patience.exhausted()),
                None => {}
            }
        }
    }
}

/// The least throughput: in each window of waiting, so many bytes are due.
#[derive(Debug)]
struct Pace {
    window: Duration,
    bytes_min: u64,
    waited: Duration,
    bytes: u64,
}

impl Pace {
    fn new(window: Duration, bytes_min: u64) -> Self {
        Self { window, bytes_min, waited: Duration::ZERO, bytes: 0 }
    }

    fn left(&self) -> Duration {
        self.window.saturating_sub(self.waited)
    }

    fn arrived(&mut self, bytes: u64) {
        self.bytes += bytes;
    }

    fn waited(&mut self, waited: Duration) -> Result<(), Error> {
        self.waited += waited;
        if self.waited < self.window {
            return Ok(());
        }
        if self.bytes < self.bytes_min {
            let (bytes_min, window) = (self.bytes_min, self.window);
            return Err(Error::TooSlow(Slow::Trickle { bytes_min, window }));
        }
        *self = Self::new(self.window, self.bytes_min);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_with_enough_bytes_opens_the_next_one() {
        let second = Duration::from_secs(1);
        let mut pace = Pace::new(2 * second, 100);
        pace.arrived(100);
        assert!(pace.waited(second).is_ok());
        assert_eq!(pace.left(), second);
        assert!(pace.waited(second).is_ok());
        assert_eq!(pace.left(), 2 * second);
        pace.arrived(99);
        let error = pace.waited(2 * second).unwrap_err();
        assert_eq!(error.to_string(), "the source was too slow: it sent fewer than 100 bytes in 2000 ms");
    }
}
