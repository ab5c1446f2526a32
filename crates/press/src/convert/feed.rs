//! From the network to the engine: the source's bytes, read ahead before there is a place to convert them.
//!
//! A place is scarce and a source may be slow, so the two are kept apart. Most images are here whole before
//! their conversion takes a place, which then never waits for the network. A longer source goes on arriving
//! while its place is held, and keeps it as long as it likes while nobody else wants it. Once others wait, it
//! is held to the pace of an ordinary line, so that slow sources, however many, cannot keep fast ones out.

use std::{pin::pin, time::Duration};

use bytes::{Bytes, BytesMut};
use tokio::{
    sync::mpsc,
    time::{Instant, timeout},
};

use super::{admission::Admission, pipe::Piece};
use crate::{
    error::{Error, Slow},
    fetch::{Body, Pace, Window},
};

/// What is read of a source before it gets a place: the whole of most images that web pages show. Times
/// `FETCHES_MAX` it must fit into memory.
pub(super) const AHEAD_BYTES_MAX: usize = 512 * 1024;
/// How long a source that holds a place may be waited for before it is judged.
const CROWDED_WINDOW: Duration = Duration::from_secs(1);
/// What is due in that time while others wait: two megabits, which the slowest lines of hosts exceed.
const CROWDED_BYTES_MIN: u64 = 256 * 1024;

/// A source that has begun to arrive.
#[derive(Debug)]
pub(super) struct Feed {
    ahead: Bytes,
    /// `None` where [`Feed::ahead`] is all.
    rest: Option<Body>,
}

impl Feed {
    /// Reads ahead.
    pub(super) async fn open(mut body: Body) -> Result<Self, Error> {
        let mut ahead = BytesMut::new();
        while ahead.len() < AHEAD_BYTES_MAX {
            match body.chunk().await? {
                Some(bytes) => ahead.extend_from_slice(&bytes),
                None => return Ok(Self { ahead: ahead.freeze(), rest: None }),
            }
        }
        Ok(Self { ahead: ahead.freeze(), rest: Some(body) })
    }

    /// Hands the bytes to the engine until either has enough.
    pub(super) async fn run(self, pieces: mpsc::Sender<Piece>, admission: &Admission) -> Result<(), Error> {
        let mut piece = Piece::Data(self.ahead);
        let mut rest = self.rest.map(|body| Rest::new(body, admission));
        loop {
            let end = matches!(piece, Piece::End);
            // The engine has all it needs, or has failed: what else the source sends does not matter.
            if pieces.send(piece).await.is_err() || end {
                return Ok(());
            }
            piece = match &mut rest {
                None => Piece::End,
                Some(rest) => tokio::select! {
                    biased;
                    () = pieces.closed() => return Ok(()),
                    piece = rest.next() => piece?,
                },
            };
        }
    }
}

/// The part of a source that arrives while its place is held.
struct Rest<'a> {
    body: Body,
    pace: Pace,
    admission: &'a Admission,
}

impl<'a> Rest<'a> {
    fn new(body: Body, admission: &'a Admission) -> Self {
        Self { body, pace: Pace::new(CROWDED_WINDOW, CROWDED_BYTES_MIN), admission }
    }

    async fn next(&mut self) -> Result<Piece, Error> {
        let mut chunk = pin!(self.body.chunk());
        loop {
            let start = Instant::now();
            let arrived = timeout(self.pace.left(), &mut chunk).await;
            if let Ok(Ok(Some(bytes))) = &arrived {
                self.pace.arrived(bytes.len() as u64);
            }
            if self.pace.waited(start.elapsed()) == Window::Missed && self.admission.is_crowded() {
                let (bytes_min, window) = (CROWDED_BYTES_MIN, CROWDED_WINDOW);
                return Err(Error::TooSlow(Slow::Crowded { bytes_min, window }));
            }
            if let Ok(chunk) = arrived {
                return Ok(chunk?.map_or(Piece::End, Piece::Data));
            }
        }
    }
}
