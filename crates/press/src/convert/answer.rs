//! A PDF that is itself the answer: handed over while it is made.
//!
//! Its beginning is kept until it is likely to be whole, and until the request has been read: many clients send all of
//! a body before they take any of the answer, and would wait for this side as it waits for them. What is kept comes out
//! of the budget that conversions share.

use std::{
    collections::VecDeque,
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use futures_util::{Stream, stream};
use tokio::{
    sync::mpsc,
    time::{Instant, timeout},
};
use tokio_util::task::AbortOnDropHandle;

use super::{
    admission::Admission,
    budget::{RETRY_AFTER, Share},
    engine::Made,
    failure::{Failure, SourceFailure},
};
use crate::{
    error::Error,
    fetch::{Pace, Window},
    storage::Content,
};

/// How much is made before the answer begins: until then, what fails is told as a problem.
const HEAD_BYTES: u64 = 1024 * 1024;
/// Pieces that wait to be taken.
const PIECES_WAITING: usize = 4;
/// How long a client that keeps a place may be waited for before it is judged.
const TAKEN_WINDOW: Duration = Duration::from_secs(5);
/// What is due in that time while others wait for the place: two megabits a second, as of sources.
const TAKEN_BYTES_MIN: u64 = 5 * 256 * 1024;

type Outcome = Pin<Box<dyn Future<Output = Result<(Made, Vec<SourceFailure>), Failure>> + Send>>;
type Pieces = mpsc::Receiver<Result<Bytes, Failure>>;

/// Until when an answer is kept back.
pub(super) struct Kept {
    /// Set once the request has been read.
    pub(super) request_is_read: Arc<AtomicBool>,
    /// Whether it is kept to its end.
    pub(super) whole: bool,
    /// What it is kept in.
    pub(super) share: Share,
}

impl Kept {
    fn goes_on(&self, bytes: u64) -> bool {
        self.whole || bytes < HEAD_BYTES || !self.request_is_read.load(Ordering::Relaxed)
    }
}

/// The bytes of a PDF, its beginning at hand.
pub struct Answer {
    pieces: Pieces,
    /// The length, where all of it was at hand.
    length: Option<usize>,
    _driver: AbortOnDropHandle<()>,
}

/// What is on its way to the client.
struct Way {
    head: VecDeque<Bytes>,
    /// What the head takes of the budget.
    share: Share,
    /// `None` where the head is all.
    rest: Option<Rest>,
}

/// A conversion, and what comes of it.
struct Rest {
    content: mpsc::Receiver<Content>,
    /// The conversion, which goes on while this is polled; `None` once it has ended well.
    outcome: Option<Outcome>,
}

impl Answer {
    pub(super) async fn begin(
        content: mpsc::Receiver<Content>,
        outcome: impl Future<Output = Result<(Made, Vec<SourceFailure>), Failure>> + Send + 'static,
        kept: Kept,
        admission: Arc<Admission>,
    ) -> Result<Self, Failure> {
        let mut rest = Rest { content, outcome: Some(Box::pin(outcome)) };
        let (mut head, mut bytes) = (VecDeque::new(), 0);
        let is_whole = loop {
            if !kept.goes_on(bytes) {
                break false;
            }
            let Some(piece) = rest.next().await? else { break true };
            let length = piece.len() as u64;
            // The first MiB is every conversion's, as are its pipes.
            if bytes + length > HEAD_BYTES && !kept.share.keep(length) {
                return Err(Error::Busy { retry_after: RETRY_AFTER }.into());
            }
            bytes += length;
            head.push_back(piece);
        };
        let length = is_whole.then(|| head.iter().map(Bytes::len).sum());
        let way = Way { head, share: kept.share, rest: (!is_whole).then_some(rest) };
        let (taken, pieces) = mpsc::channel(PIECES_WAITING);
        let driver = AbortOnDropHandle::new(tokio::spawn(hand_over(way, taken, admission)));
        Ok(Self { pieces, length, _driver: driver })
    }

    /// The length, where all of it is at hand.
    pub fn length(&self) -> Option<usize> {
        self.length
    }

    /// The bytes. An error is the last item; what came before it is no PDF.
    pub fn into_stream(self) -> impl Stream<Item = Result<Bytes, Failure>> + Send {
        stream::try_unfold(self, async |mut answer| {
            Ok(answer.pieces.recv().await.transpose()?.map(|piece| (piece, answer)))
        })
    }
}

/// Goes on whether anybody takes the pieces or not, so that a client that takes none keeps its place, and the memory that
/// its answer takes, only while nobody else wants them.
async fn hand_over(mut way: Way, taken: mpsc::Sender<Result<Bytes, Failure>>, admission: Arc<Admission>) {
    let mut pace = Pace::new(TAKEN_WINDOW, TAKEN_BYTES_MIN);
    let failure = loop {
        let piece = match way.next().await {
            Ok(Some(piece)) => piece,
            Ok(None) => return,
            Err(failure) => break failure,
        };
        let holds = way.holds();
        let is_in_the_way = || holds && admission.is_crowded();
        match hand_over_piece(piece, &taken, &mut pace, is_in_the_way).await {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => break error.into(),
        }
    };
    // What it holds is free before the client hears of it, which may be never.
    drop(way);
    let _ = taken.send(Err(failure)).await;
}

/// Waits until the piece is taken; false where nobody will take it.
async fn hand_over_piece(
    piece: Bytes,
    taken: &mpsc::Sender<Result<Bytes, Failure>>,
    pace: &mut Pace,
    is_in_the_way: impl Fn() -> bool,
) -> Result<bool, Error> {
    let length = piece.len() as u64;
    let mut sending = pin!(taken.send(Ok(piece)));
    loop {
        let start = Instant::now();
        let sent = timeout(pace.left(), &mut sending).await;
        if matches!(sent, Ok(Ok(()))) {
            pace.arrived(length);
        }
        if pace.waited(start.elapsed()) == Window::Missed && is_in_the_way() {
            return Err(Error::NotTaken);
        }
        if let Ok(sent) = sent {
            return Ok(sent.is_ok());
        }
    }
}

impl Way {
    async fn next(&mut self) -> Result<Option<Bytes>, Failure> {
        if let Some(piece) = self.head.pop_front() {
            self.share.let_go(piece.len() as u64);
            return Ok(Some(piece));
        }
        match &mut self.rest {
            Some(rest) => rest.next().await,
            None => Ok(None),
        }
    }

    /// Whether others may wait for what it holds.
    fn holds(&self) -> bool {
        self.rest.is_some() || self.share.holds()
    }
}

impl Rest {
    async fn next(&mut self) -> Result<Option<Bytes>, Failure> {
        loop {
            let Some(outcome) = &mut self.outcome else {
                return Ok(self.content.recv().await.and_then(data));
            };
            tokio::select! {
                biased;
                piece = self.content.recv() => {
                    if let Some(piece) = piece.and_then(data) {
                        return Ok(Some(piece));
                    }
                    // The engine has ended, well or not: that is told by the outcome alone.
                    outcome.await?;
                    self.outcome = None;
                    return Ok(None);
                }
                ended = outcome.as_mut() => {
                    ended?;
                    self.outcome = None;
                }
            }
        }
    }
}

fn data(content: Content) -> Option<Bytes> {
    match content {
        Content::Data(bytes) => Some(bytes),
        Content::End => None,
    }
}
