//! The body of a source: counted as it arrives and as it is unpacked, paced, and never trusted to be as long as it says.

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Body as _, Incoming};

use super::{
    Limits,
    coding::{Broken, Coding, Decoder},
    connection::Connection,
    pace::{Pace, Window},
    patience::Patience,
};
use crate::error::{Answer, Error, Slow};

/// The bytes of a source, in the order they arrive. Dropping it closes the connection.
#[derive(Debug)]
pub struct Body {
    incoming: Incoming,
    _connection: Connection,
    patience: Patience,
    pace: Pace,
    trickle: Slow,
    limit_bytes: u64,
    left_bytes: u64,
    packed: Option<Packed>,
}

/// What is unpacked on its way.
#[derive(Debug)]
struct Packed {
    decoder: Decoder,
    /// Arrived, and not yet taken by the decoder.
    arrived: Bytes,
    /// Of what comes out: packed bytes are counted beside it, as they arrive.
    left_bytes: u64,
}

impl Body {
    pub(super) fn new(
        incoming: Incoming,
        coding: Option<Coding>,
        connection: Connection,
        patience: Patience,
        limits: &Limits,
    ) -> Result<Self, Error> {
        let limit_bytes = limits.source_bytes_max;
        if incoming.size_hint().lower() > limit_bytes {
            return Err(Error::SourceTooLarge { limit_bytes });
        }
        let (window, bytes_min) = (limits.window, limits.window_bytes_min);
        let pace = Pace::new(window, bytes_min);
        let trickle = Slow::Trickle { bytes_min, window };
        let left_bytes = limit_bytes;
        let packed = coding.map(|coding| Packed {
            decoder: Decoder::new(coding),
            arrived: Bytes::new(),
            left_bytes: limit_bytes,
        });
        Ok(Self {
            incoming,
            _connection: connection,
            patience,
            pace,
            trickle,
            limit_bytes,
            left_bytes,
            packed,
        })
    }

    /// How long the source says that it is, or 0 where it does not, or where what is said is another length than what
    /// comes out.
    pub fn stated_bytes(&self) -> u64 {
        if self.packed.is_some() { 0 } else { self.incoming.size_hint().lower() }
    }

    /// The next bytes; `None` once the source said that this was all.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Error> {
        loop {
            let needs_more =
                self.packed.as_ref().is_none_or(|it| it.arrived.is_empty() && it.decoder.is_hungry());
            let arrived = if needs_more { self.arrived().await? } else { None };
            let Some(packed) = &mut self.packed else { return Ok(arrived) };
            match arrived {
                Some(bytes) => packed.arrived = bytes,
                None if needs_more => {
                    packed.decoder.finish().map_err(broken)?;
                    return Ok(None);
                }
                None => {}
            }
            let bytes = packed.decoder.decode(&mut packed.arrived).map_err(broken)?;
            let left_bytes = packed.left_bytes.checked_sub(bytes.len() as u64);
            packed.left_bytes = left_bytes.ok_or(Error::SourceTooLarge { limit_bytes: self.limit_bytes })?;
            if !bytes.is_empty() {
                return Ok(Some(bytes));
            }
        }
    }

    /// The next bytes as they were sent.
    async fn arrived(&mut self) -> Result<Option<Bytes>, Error> {
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
            if self.pace.waited(waited) == Window::Missed {
                return Err(Error::TooSlow(self.trickle));
            }
            match frame {
                Some(frame) => return Ok(frame),
                None if self.patience.is_exhausted() => return Err(self.patience.exhausted()),
                None => {}
            }
        }
    }
}

fn broken(Broken(what): Broken) -> Error {
    Error::Answered(Answer::BrokenCoding(what))
}
