//! What a connection is doing, and until when it may go on doing it.
//!
//! The HTTP library's own header timeout covers neither the choice of protocol, which waits for the first byte
//! for ever, nor a client that takes none of its answer. So the server keeps the clock itself, for both
//! protocols alike: it sees bytes pass, requests begin and answers end.

use std::{
    io,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use axum::body::{Body, Bytes, HttpBody};
use http::Version;
use http_body::{Frame, SizeHint};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::Instant,
};

use super::ConnectionLimits;

/// Shared by a connection's socket, its requests and its watchdog.
#[derive(Debug, Clone)]
pub(super) struct Activity(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    phase: Phase,
    /// When the phase began, or last made progress where progress counts, unless `moved`.
    since: Instant,
    /// Whether `since` is to be set again. A request moves several times in one turn of its connection, and asking the
    /// clock each time is not cheap.
    moved: bool,
    header_timeout: Duration,
    idle_timeout: Duration,
    http2: bool,
    /// Whether bytes of answers may still be waiting inside the library.
    owes_answers: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// No request yet: what there is of a header is due `header_timeout` after the connection.
    Fresh,
    /// Between two requests.
    Idle,
    /// Bytes of a further header have come.
    Header,
    /// Requests are worked on; `answering` of them have their answer's header out.
    Busy { requests: usize, answering: usize },
}

impl Activity {
    pub(super) fn new(limits: ConnectionLimits) -> Self {
        Self(Arc::new(Mutex::new(State {
            phase: Phase::Fresh,
            since: Instant::now(),
            moved: false,
            header_timeout: limits.header_timeout,
            idle_timeout: limits.idle_timeout,
            http2: false,
            owes_answers: false,
        })))
    }

    /// When the connection is to be closed if nothing happens; none while a handler works, whose time is
    /// limited elsewhere. To be asked at the end of each turn of the connection: what happened in it counts from
    /// then.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let mut state = self.state();
        if std::mem::take(&mut state.moved) {
            state.since = Instant::now();
        }
        match state.phase {
            Phase::Fresh | Phase::Header => Some(state.since + state.header_timeout),
            Phase::Idle => Some(state.since + state.idle_timeout),
            Phase::Busy { requests, answering } if requests == answering => {
                Some(state.since + state.idle_timeout)
            }
            Phase::Busy { .. } => None,
        }
    }

    /// Whether no request has begun on it yet.
    pub(super) fn is_fresh(&self) -> bool {
        self.state().phase == Phase::Fresh
    }

    /// Whether a request is worked on or answered.
    pub(super) fn is_busy(&self) -> bool {
        matches!(self.state().phase, Phase::Busy { .. })
    }

    /// A request has begun; it ends when what is returned is dropped.
    pub(super) fn begin(&self, version: Version) -> InFlight {
        let mut state = self.state();
        state.http2 = version == Version::HTTP_2;
        state.owes_answers = true;
        let (requests, answering) = match state.phase {
            Phase::Busy { requests, answering } => (requests, answering),
            _ => (0, 0),
        };
        state.phase = Phase::Busy { requests: requests + 1, answering };
        InFlight { activity: self.clone(), answering: false }
    }

    /// Whether what is written next may belong to the answer to a request.
    pub(super) fn owes_answers(&self) -> bool {
        self.state().owes_answers
    }

    /// Everything that the library had to write is out.
    pub(super) fn flushed(&self) {
        let mut state = self.state();
        if !matches!(state.phase, Phase::Busy { .. }) {
            state.owes_answers = false;
        }
    }

    fn read_bytes(&self) {
        let mut state = self.state();
        // Between two HTTP/2 requests, bytes are as likely a ping as a header.
        if state.phase == Phase::Idle && !state.http2 {
            state.phase = Phase::Header;
            state.moved = true;
        }
    }

    fn wrote_bytes(&self) {
        let mut state = self.state();
        // An HTTP/2 client that takes no answer can still make us write answers to its pings.
        if matches!(state.phase, Phase::Idle | Phase::Busy { .. }) && !state.http2 {
            state.moved = true;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing that holds it can panic half-way.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One request, from its header to its answer's last byte.
pub(super) struct InFlight {
    activity: Activity,
    answering: bool,
}

impl InFlight {
    /// The answer's header is ready.
    fn answer(&mut self) {
        let mut state = self.activity.state();
        if let Phase::Busy { answering, .. } = &mut state.phase {
            *answering += 1;
            self.answering = true;
        }
        state.moved = true;
    }

    fn progress(&self) {
        self.activity.state().moved = true;
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        let mut state = self.activity.state();
        if let Phase::Busy { requests, answering } = state.phase {
            let answering = answering - usize::from(self.answering);
            state.phase = match requests - 1 {
                0 => Phase::Idle,
                requests => Phase::Busy { requests, answering },
            };
        }
        state.moved = true;
    }
}

/// An answer's body that keeps its request in flight until it is gone.
pub(super) struct WatchedBody {
    body: Body,
    in_flight: InFlight,
}

impl WatchedBody {
    pub(super) fn new(body: Body, mut in_flight: InFlight) -> Self {
        in_flight.answer();
        Self { body, in_flight }
    }
}

impl HttpBody for WatchedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(task);
        if frame.is_ready() {
            self.in_flight.progress();
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A socket that tells its connection when bytes pass.
pub(super) struct WatchedIo<T> {
    io: T,
    activity: Activity,
}

impl<T> WatchedIo<T> {
    pub(super) fn new(io: T, activity: Activity) -> Self {
        Self { io, activity }
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for WatchedIo<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.io).poll_read(task, buffer);
        if buffer.filled().len() > before {
            self.activity.read_bytes();
        }
        read
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for WatchedIo<T> {
    fn poll_write(mut self: Pin<&mut Self>, task: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.io).poll_write(task, bytes);
        self.note(&written);
        written
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.io).poll_write_vectored(task, slices);
        self.note(&written);
        written
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(task)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(task)
    }
}

impl<T> WatchedIo<T> {
    fn note(&self, written: &Poll<io::Result<usize>>) {
        if matches!(written, Poll::Ready(Ok(1..))) {
            self.activity.wrote_bytes();
        }
    }
}
