//! A PDF that is itself the answer: handed over while it is made.

use std::{collections::VecDeque, pin::Pin, time::Instant};

use bytes::Bytes;
use futures_util::{Stream, stream};
use tokio::{sync::mpsc, time::timeout_at};

use super::{
    engine::Made,
    failure::{Failure, SourceFailure},
};
use crate::{error::Error, storage::Content};

/// How much is made before the answer begins: until then, what fails is told as a problem.
const HEAD_BYTES: usize = 1024 * 1024;

type Outcome = Pin<Box<dyn Future<Output = Result<(Made, Vec<SourceFailure>), Failure>> + Send>>;

/// The bytes of a PDF, the first MiB of them at hand.
pub struct Answer {
    head: VecDeque<Bytes>,
    /// `None` where the head is all.
    rest: Option<Rest>,
}

struct Rest {
    content: mpsc::Receiver<Content>,
    /// The conversion, which goes on while this is polled; `None` once it has ended well.
    outcome: Option<Outcome>,
    deadline: tokio::time::Instant,
}

impl Answer {
    pub(super) async fn begin(
        content: mpsc::Receiver<Content>,
        outcome: impl Future<Output = Result<(Made, Vec<SourceFailure>), Failure>> + Send + 'static,
        deadline: Instant,
    ) -> Result<Self, Failure> {
        let mut rest = Rest { content, outcome: Some(Box::pin(outcome)), deadline: deadline.into() };
        let (mut head, mut bytes) = (VecDeque::new(), 0);
        while bytes < HEAD_BYTES {
            match rest.next().await? {
                Some(piece) => {
                    bytes += piece.len();
                    head.push_back(piece);
                }
                None => return Ok(Self { head, rest: None }),
            }
        }
        Ok(Self { head, rest: Some(rest) })
    }

    /// The length, where all of it is at hand.
    pub fn length(&self) -> Option<usize> {
        self.rest.is_none().then(|| self.head.iter().map(Bytes::len).sum())
    }

    /// The bytes. An error is the last item; what came before it is no PDF.
    pub fn into_stream(self) -> impl Stream<Item = Result<Bytes, Failure>> + Send {
        stream::try_unfold(self, async |mut answer| {
            if let Some(piece) = answer.head.pop_front() {
                return Ok(Some((piece, answer)));
            }
            let Some(rest) = &mut answer.rest else { return Ok(None) };
            Ok(rest.next().await?.map(|piece| (piece, answer)))
        })
    }
}

impl Rest {
    async fn next(&mut self) -> Result<Option<Bytes>, Failure> {
        let deadline = self.deadline;
        // A piece that is ready is handed over whatever the time is, so the time is looked at first.
        if self.outcome.is_some() && deadline <= tokio::time::Instant::now() {
            return Err(Error::NotTaken.into());
        }
        timeout_at(deadline, self.next_piece()).await.unwrap_or(Err(Error::NotTaken.into()))
    }

    async fn next_piece(&mut self) -> Result<Option<Bytes>, Failure> {
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
