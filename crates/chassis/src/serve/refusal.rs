//! What the HTTP library refuses by itself, because it is no request: a garbled request line, a header that is too
//! large, two lengths that contradict each other.
//!
//! No service sees that, and the library's answer has no body. It is written on a connection that owes no answer,
//! which is how it is recognised on its way out and replaced by a problem like all others.

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use http::StatusCode;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use uuid::Uuid;

use super::{
    activity::Activity,
    connection::{FIELDS_MAX, HEADER_BYTES_MAX},
};
use crate::{
    Problem,
    metrics::Metrics,
    problem::{self, kind},
    telemetry::sentry::ACCESS_TARGET,
};

/// A socket that completes the library's own refusals.
pub(super) struct RefusingIo<T> {
    io: T,
    activity: Activity,
    peer: SocketAddr,
    metrics: Option<Arc<Metrics>>,
    /// Whether bytes were written since all of them were last known to be out.
    wrote: bool,
    /// What is left to be written of a refusal.
    unsent: Vec<u8>,
}

impl<T> RefusingIo<T> {
    pub(super) fn new(io: T, activity: Activity, peer: SocketAddr, metrics: Option<Arc<Metrics>>) -> Self {
        Self { io, activity, peer, metrics, wrote: false, unsent: Vec::new() }
    }

    /// Takes the library's refusal, if that is what these bytes are.
    fn takes(&mut self, bytes: &[u8]) -> bool {
        // An answer to a request may look like one, down to the last byte.
        if !bytes.starts_with(b"HTTP/1.") || self.activity.owes_answers() {
            return false;
        }
        let id = Uuid::new_v4().to_string();
        let Some((status, refusal)) = complete(bytes, &id) else { return false };
        tracing::event!(
            target: ACCESS_TARGET,
            tracing::Level::INFO,
            "request.id" = id,
            "http.response.status_code" = status.as_u16(),
            "client.address" = %self.peer.ip(),
            "refused what is no HTTP request"
        );
        if let Some(metrics) = &self.metrics {
            metrics.refused(status);
        }
        self.unsent = refusal;
        true
    }
}

impl<T: AsyncWrite + Unpin> RefusingIo<T> {
    fn poll_send(&mut self, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.unsent.is_empty() {
            let sent = ready!(Pin::new(&mut self.io).poll_write(task, &self.unsent))?;
            if sent == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.unsent.drain(..sent);
        }
        Poll::Ready(Ok(()))
    }
}

/// The library's refusal with a problem as its body; `None` for anything else.
fn complete(head: &[u8], id: &str) -> Option<(StatusCode, Vec<u8>)> {
    let text = std::str::from_utf8(head).ok()?.strip_suffix("\r\n\r\n")?;
    let (line, fields) = text.split_once("\r\n")?;
    let status: StatusCode = line.split(' ').nth(1)?.parse().ok()?;
    let problem = problem(status)?;
    let (before, after) = fields.split_once("content-length: 0\r\n")?;
    let body = problem.to_json();
    let mut refusal = format!(
        "{line}\r\n{before}content-type: {}\r\ncontent-length: {}\r\nx-request-id: {id}\r\n{after}\r\n\r\n",
        problem::MEDIA_TYPE,
        body.len(),
    )
    .into_bytes();
    refusal.extend(body);
    Some((status, refusal))
}

fn problem(status: StatusCode) -> Option<Problem> {
    Some(match status {
        StatusCode::BAD_REQUEST => kind::MALFORMED_REQUEST
            .because("This is no HTTP request: its request line or one of its header lines is malformed."),
        StatusCode::URI_TOO_LONG => {
            kind::URI_TOO_LONG.because("The request's URI is longer than any that is served here.")
        }
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => kind::HEADER_TOO_LARGE.because(format!(
            "The request's header, its URI among it, may have {HEADER_BYTES_MAX} bytes and {FIELDS_MAX} fields; this one has more."
        )),
        _ => return None,
    })
}

impl<T: AsyncRead + Unpin> AsyncRead for RefusingIo<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(task, buffer)
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for RefusingIo<T> {
    fn poll_write(mut self: Pin<&mut Self>, task: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        ready!(self.poll_send(task))?;
        if self.takes(bytes) {
            return Poll::Ready(Ok(bytes.len()));
        }
        self.wrote = true;
        Pin::new(&mut self.io).poll_write(task, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        // A refusal has no body, so it is one slice.
        if let [bytes] = slices {
            return self.poll_write(task, bytes);
        }
        ready!(self.poll_send(task))?;
        self.wrote = true;
        Pin::new(&mut self.io).poll_write_vectored(task, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_send(task))?;
        ready!(Pin::new(&mut self.io).poll_flush(task))?;
        // The library flushes the socket only when it holds nothing back itself.
        if std::mem::take(&mut self.wrote) {
            self.activity.flushed();
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_send(task))?;
        Pin::new(&mut self.io).poll_shutdown(task)
    }
}
