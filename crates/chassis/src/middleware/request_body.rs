//! How large a request's body may be and how long it may stand still.
//!
//! The limits hold at every read, whatever the header says. A body that no handler reads to its end is read and
//! thrown away for a short while: closing a socket with unread bytes resets it, and the reset can overtake the
//! answer, so that the client sees a broken connection instead of the problem.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context as TaskContext, Poll, ready},
    time::Duration,
};

use axum::{
    body::{Body, Bytes, HttpBody},
    extract::Request,
};
use http::{HeaderMap, HeaderValue, header};
use http_body::{Frame, SizeHint};
use http_body_util::BodyExt;
use tokio::time::Sleep;

use crate::{Problem, app::Context, problem::kind};

/// What is thrown away at most behind an answer, and for how long.
const DRAINED_BYTES_MAX: usize = 64 * 1024 * 1024;
const DRAINED_FOR_MAX: Duration = Duration::from_secs(2);

/// Why a body could not be read.
#[derive(Debug, Clone, Copy, thiserror::Error)]
pub(crate) enum BodyFault {
    /// It has more bytes than `BODY_BYTES_MAX`, or than its service allows.
    #[error("the request's body is larger than {limit_bytes} bytes")]
    TooLarge {
        /// The limit.
        limit_bytes: u64,
    },
    /// The client sent nothing of it for too long, or not all of it in the request's time.
    #[error("the request's body came too slowly")]
    Slow,
}

impl BodyFault {
    pub(crate) fn problem(self) -> Problem {
        match self {
            Self::TooLarge { limit_bytes } => kind::BODY_TOO_LARGE
                .because(format!("The request's body may have {limit_bytes} bytes; this one has more.")),
            // RFC 9110 section 15.5.9: the connection is of no more use.
            Self::Slow => kind::REQUEST_TIMEOUT
                .because("The request's body did not arrive in time; send it without pauses.")
                .header(header::CONNECTION, HeaderValue::from_static("close")),
        }
    }
}

/// Whether a request's handler waits for the client at this moment.
#[derive(Debug, Clone, Default)]
pub(super) struct ClientKeepsUsWaiting(Arc<AtomicBool>);

impl ClientKeepsUsWaiting {
    pub(super) fn now(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Refuses a body whose length is known to be too large; wraps the others, and tells who waits for whom.
pub(super) fn limit(
    context: &Context,
    request: &mut Request,
) -> Result<Option<ClientKeepsUsWaiting>, Problem> {
    if request.body().is_end_stream() {
        return Ok(None);
    }
    let limit_bytes = context.body_bytes_max(request);
    let known_length = request.body().size_hint().lower();
    let waiting = ClientKeepsUsWaiting::default();
    let body = LimitedBody {
        drain: !expects_continue(request.headers()),
        inner: std::mem::take(request.body_mut()),
        unread_bytes_max: limit_bytes,
        limit_bytes,
        stall_timeout: context.limits.body_stall_timeout(),
        stalled: None,
        waiting: waiting.clone(),
    };
    if known_length > limit_bytes {
        return Err(BodyFault::TooLarge { limit_bytes }.problem());
    }
    *request.body_mut() = Body::new(body);
    Ok(Some(waiting))
}

/// Such a client sends its body only once the server begins to read it, so there is nothing to throw away.
fn expects_continue(headers: &HeaderMap) -> bool {
    headers.contains_key(header::EXPECT)
}

struct LimitedBody {
    inner: Body,
    unread_bytes_max: u64,
    limit_bytes: u64,
    stall_timeout: Duration,
    stalled: Option<Pin<Box<Sleep>>>,
    waiting: ClientKeepsUsWaiting,
    /// Whether to throw away what is left of it when it is dropped.
    drain: bool,
}

impl LimitedBody {
    fn poll_stall(&mut self, task: &mut TaskContext<'_>) -> Poll<()> {
        let timeout = self.stall_timeout;
        self.stalled.get_or_insert_with(|| Box::pin(tokio::time::sleep(timeout))).as_mut().poll(task)
    }

    fn take(&mut self, frame: Frame<Bytes>) -> Result<Frame<Bytes>, BodyFault> {
        let length = frame.data_ref().map_or(0, |data| data.len() as u64);
        match self.unread_bytes_max.checked_sub(length) {
            Some(left) => {
                self.unread_bytes_max = left;
                Ok(frame)
            }
            None => Err(BodyFault::TooLarge { limit_bytes: self.limit_bytes }),
        }
    }
}

impl HttpBody for LimitedBody {
    type Data = Bytes;
    type Error = axum::BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        task: &mut TaskContext<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::BoxError>>> {
        // Once a handler reads, the client is sending, asked or not.
        self.drain = true;
        let Poll::Ready(frame) = Pin::new(&mut self.inner).poll_frame(task) else {
            self.waiting.0.store(true, Ordering::Relaxed);
            ready!(self.poll_stall(task));
            self.drain = false;
            return Poll::Ready(Some(Err(BodyFault::Slow.into())));
        };
        self.waiting.0.store(false, Ordering::Relaxed);
        self.stalled = None;
        Poll::Ready(match frame {
            Some(Ok(frame)) => Some(self.take(frame).map_err(Into::into)),
            Some(Err(error)) => {
                self.drain = false;
                Some(Err(error.into()))
            }
            None => None,
        })
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

impl Drop for LimitedBody {
    fn drop(&mut self) {
        if !self.drain || self.inner.is_end_stream() {
            return;
        }
        let rest = std::mem::take(&mut self.inner);
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(tokio::time::timeout(DRAINED_FOR_MAX, throw_away(rest)));
        }
    }
}

async fn throw_away(mut body: Body) {
    let mut left = DRAINED_BYTES_MAX;
    while let Some(Ok(frame)) = body.frame().await {
        let length = frame.data_ref().map_or(0, Bytes::len);
        match left.checked_sub(length) {
            Some(rest) => left = rest,
            None => return,
        }
    }
}
