//! From a source to the engine: its bytes, read ahead before there is a place to convert them.
//!
//! A place is scarce and a source may be slow, so the two are kept apart. Most images are here whole before
//! their conversion takes a place, which then never waits for the network. A longer source goes on arriving
//! while its place is held, and keeps it as long as it likes while nobody else wants it. Once others wait, it
//! is held to the pace of an ordinary line, so that slow sources, however many, cannot keep fast ones out.

use std::{pin::pin, time::Duration};

use bytes::Bytes;
use tokio::{
    sync::{OwnedSemaphorePermit, mpsc},
    time::{Instant, timeout},
};

use super::{admission::Admission, budget::RETRY_AFTER, pipe::Piece, source::Incoming};
use crate::{
    error::{Error, Slow},
    fetch::{Pace, Window},
};

/// What is read of a source before it gets a place: the whole of most images that web pages show. Times
/// `FETCHES_MAX` it must fit into memory.
pub(super) const AHEAD_BYTES_MAX: usize = 512 * 1024;
/// What is read of a source that says that it is longer: it shows that it arrives, and the rest has to come while a
/// place is held in any case. Hundreds of large ones may wait.
const BEGINNING_BYTES: usize = 64 * 1024;
/// How long a source that holds a place may be waited for before it is judged.
pub(super) const CROWDED_WINDOW: Duration = Duration::from_secs(1);
/// What is due in that time while others wait: two megabits, which the slowest lines of hosts exceed.
const CROWDED_BYTES_MIN: u64 = 256 * 1024;

/// A source that was waited for: it has begun to arrive, or will not.
pub(super) struct Feed {
    ahead: Bytes,
    rest: Rest,
    /// Leave to hold what was read ahead.
    leave: Option<OwnedSemaphorePermit>,
}

/// What comes behind that.
enum Rest {
    /// The rest of the source.
    More(Incoming),
    /// Nothing: it is here whole. An upload goes on with its next image.
    End(Incoming),
    /// Nothing more: it failed.
    Failed(Error, Option<Incoming>),
}

impl Feed {
    /// Reads ahead.
    pub(super) async fn open(mut incoming: Incoming) -> Self {
        let mut ahead = Vec::new();
        let whole_fits = incoming.stated_bytes() <= AHEAD_BYTES_MAX as u64;
        let enough = if whole_fits { AHEAD_BYTES_MAX } else { BEGINNING_BYTES };
        let rest = loop {
            if ahead.len() >= enough {
                break Rest::More(incoming);
            }
            match incoming.chunk().await {
                Ok(Some(bytes)) => append(&mut ahead, &bytes),
                Ok(None) => break Rest::End(incoming),
                Err(error) => break Rest::Failed(error, Some(incoming)),
            }
        };
        Self { ahead: ahead.into(), rest, leave: None }
    }

    /// A source of which nothing came.
    pub(super) fn failed(error: Error) -> Self {
        Self { ahead: Bytes::new(), rest: Rest::Failed(error, None), leave: None }
    }

    /// The same, with leave to stay in memory until its turn.
    pub(super) fn with_leave(self, leave: Option<OwnedSemaphorePermit>) -> Self {
        Self { leave, ..self }
    }

    /// Whether the source is known to be no good.
    pub(super) fn has_failed(&self) -> bool {
        matches!(self.rest, Rest::Failed(..))
    }

    /// Why, where it is.
    pub(super) fn into_failure(self) -> Option<Error> {
        match self.rest {
            Rest::Failed(error, _) => Some(error),
            _ => None,
        }
    }

    /// Hands the bytes to the engine until either has enough; an upload comes back for its next image.
    pub(super) async fn run(
        self,
        pieces: mpsc::Sender<Piece>,
        admission: &Admission,
    ) -> (Result<(), Error>, Option<Incoming>) {
        drop(self.leave);
        let more = match self.rest {
            Rest::Failed(error, incoming) => return (Err(error), incoming),
            Rest::End(incoming) => {
                // The engine may have all it needs, or have failed: what else there is does not matter.
                if pieces.send(Piece::Data(self.ahead)).await.is_ok() {
                    let _ = pieces.send(Piece::End).await;
                }
                return (Ok(()), Some(incoming));
            }
            Rest::More(incoming) => incoming,
        };
        let mut held = Held { incoming: more, pace: Pace::new(CROWDED_WINDOW, CROWDED_BYTES_MIN), admission };
        let result = held.hand_over(self.ahead, &pieces).await;
        (result, Some(held.incoming))
    }
}

/// The part of a source that arrives while its place is held.
struct Held<'a> {
    incoming: Incoming,
    pace: Pace,
    admission: &'a Admission,
}

impl Held<'_> {
    async fn hand_over(&mut self, ahead: Bytes, pieces: &mpsc::Sender<Piece>) -> Result<(), Error> {
        let mut piece = Piece::Data(ahead);
        loop {
            let end = matches!(piece, Piece::End);
            if pieces.send(piece).await.is_err() || end {
                return Ok(());
            }
            piece = tokio::select! {
                biased;
                () = pieces.closed() => return Ok(()),
                piece = self.next() => piece?,
            };
        }
    }

    async fn next(&mut self) -> Result<Piece, Error> {
        let slow = match self.incoming {
            Incoming::Fetched(_) => crowded(),
            // Its client may send it again, with a better line or at a better time.
            Incoming::Uploaded(_) => Error::Busy { retry_after: RETRY_AFTER },
        };
        let mut chunk = pin!(self.incoming.chunk());
        loop {
            let start = Instant::now();
            let arrived = timeout(self.pace.left(), &mut chunk).await;
            if let Ok(Ok(Some(bytes))) = &arrived {
                self.pace.arrived(bytes.len() as u64);
            }
            if self.pace.waited(start.elapsed()) == Window::Missed && self.admission.is_crowded() {
                return Err(slow);
            }
            if let Ok(chunk) = arrived {
                return Ok(chunk?.map_or(Piece::End, Piece::Data));
            }
        }
    }
}

/// Doubles the room where there is none, but not past what is read ahead: hundreds of these wait at one time.
fn append(ahead: &mut Vec<u8>, bytes: &[u8]) {
    let length = ahead.len() + bytes.len();
    if length > ahead.capacity() {
        let room = (2 * ahead.capacity()).min(AHEAD_BYTES_MAX).max(length);
        ahead.reserve_exact(room - ahead.len());
    }
    ahead.extend_from_slice(bytes);
}

/// It held a place that others waited for.
pub(super) fn crowded() -> Error {
    Error::TooSlow(Slow::Crowded { bytes_min: CROWDED_BYTES_MIN, window: CROWDED_WINDOW })
}
