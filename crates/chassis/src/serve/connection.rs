//! One connection, from accept to close.

use std::{
    convert::Infallible, future::poll_fn, net::SocketAddr, pin::pin, sync::Arc, task::Poll, time::Duration,
};

use axum::{
    Router,
    body::{Body, HttpBody},
};
use futures_util::{
    StreamExt,
    stream::{self, BoxStream, SelectAll},
};
use http::{Request, Response};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto,
};
use tokio::{net::TcpStream, sync::watch, time::Instant};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use super::{
    ConnectionLimits,
    activity::{Activity, WatchedBody, WatchedIo},
    refusal::RefusingIo,
};
use crate::{address::Peer, metrics::Metrics};

/// Bytes of a request's header; more is answered 431.
pub(super) const HEADER_BYTES_MAX: u32 = 64 * 1024;
/// Fields of it: what the library takes unless it is told otherwise, for which it needs no memory of its own.
pub(super) const FIELDS_MAX: u32 = 100;
/// Requests at one time on one HTTP/2 connection.
const STREAMS_MAX: u32 = 128;
/// How often a silent HTTP/2 peer is asked whether it is still there, and how long it has for its answer.
const PING_INTERVAL: Duration = Duration::from_secs(20);
const PING_TIMEOUT: Duration = Duration::from_secs(10);

pub(super) struct Connection {
    pub(super) router: Router,
    pub(super) limits: ConnectionLimits,
    pub(super) peer: SocketAddr,
    pub(super) crowded: watch::Receiver<()>,
    pub(super) stop: CancellationToken,
    pub(super) cut: CancellationToken,
    pub(super) metrics: Option<Arc<Metrics>>,
}

/// Why the watchdog looked up.
enum Event {
    Closed,
    Overdue,
    Told(Order),
}

/// What the server tells its connections.
enum Order {
    /// End after the request that is worked on.
    Stop,
    /// The same where there is none: others wait for a place.
    Crowded,
    /// End, once it is answered that the server stops.
    Cut,
}

impl Connection {
    /// Serves requests until the client closes, a limit is reached, or the server stops.
    pub(super) async fn serve(self, stream: TcpStream) {
        let activity = Activity::new(self.limits);
        let io = TokioIo::new(RefusingIo::new(
            WatchedIo::new(stream, activity.clone()),
            activity.clone(),
            self.peer,
            self.metrics.clone(),
        ));
        let builder = protocols();
        let (router, peer, watched) = (self.router.clone(), self.peer, activity.clone());
        let service = service_fn(move |request| answer(router.clone(), peer, watched.clone(), request));
        let mut connection = pin!(builder.serve_connection(io, service));
        let mut alarm = pin!(tokio::time::sleep_until(Instant::now() + self.limits.header_timeout));
        let mut orders = self.orders();
        let mut closing = false;
        let mut end: Option<Instant> = None;
        loop {
            // The alarm is only ever moved back when it rings, and forward when something is due earlier: in the
            // common case a request costs no timer at all.
            let served = poll_fn(|task| {
                if let Poll::Ready(result) = connection.as_mut().poll(task) {
                    if let Err(error) = result {
                        tracing::debug!(%error, "connection ended");
                    }
                    return Poll::Ready(Event::Closed);
                }
                if let Some(due) = activity.deadline().filter(|due| *due < alarm.deadline()) {
                    alarm.as_mut().reset(due);
                }
                alarm.as_mut().poll(task).map(|()| Event::Overdue)
            });
            let event = tokio::select! {
                biased;
                event = served => event,
                Some(order) = orders.next() => Event::Told(order),
            };
            match event {
                Event::Closed => return,
                Event::Told(Order::Cut) if !activity.is_busy() => return,
                Event::Told(Order::Cut) => {
                    let last = Instant::now() + self.limits.last_answers_timeout;
                    end = Some(last);
                    alarm.as_mut().reset(last);
                }
                Event::Overdue => match earlier(activity.deadline(), end) {
                    Some(due) if due <= Instant::now() => {
                        tracing::debug!("connection was silent or stalled for too long");
                        return;
                    }
                    due => alarm
                        .as_mut()
                        .reset(due.unwrap_or_else(|| Instant::now() + self.limits.header_timeout)),
                },
                // Nothing of it is known to be a request.
                Event::Told(Order::Stop) if activity.is_fresh() => return,
                Event::Told(Order::Crowded) if activity.is_fresh() => {}
                Event::Told(Order::Stop | Order::Crowded) if closing => {}
                Event::Told(Order::Stop | Order::Crowded) => {
                    closing = true;
                    connection.as_mut().graceful_shutdown();
                }
            }
        }
    }

    /// What the server tells. `SelectAll` looks at a source only when that has woken it: looking takes a lock that all
    /// connections share, and they would look at every turn.
    fn orders(&self) -> SelectAll<BoxStream<'static, Order>> {
        let told = |token: &CancellationToken, order: fn() -> Order| {
            let token = token.clone();
            stream::once(async move { token.cancelled().await }).map(move |()| order()).boxed()
        };
        let crowded = stream::unfold(self.crowded.clone(), async |mut crowded| {
            crowded.changed().await.ok()?;
            Some((Order::Crowded, crowded))
        });
        stream::select_all([
            told(&self.cut, || Order::Cut),
            told(&self.stop, || Order::Stop),
            crowded.boxed(),
        ])
    }
}

fn earlier(one: Option<Instant>, other: Option<Instant>) -> Option<Instant> {
    one.into_iter().chain(other).min()
}

/// HTTP/1.1, and HTTP/2 without TLS for clients that know beforehand, as balancers do.
fn protocols() -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    // The watchdog's clock stands in for the library's.
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(None)
        .max_buf_size(HEADER_BYTES_MAX as usize);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS_MAX)
        .max_header_list_size(HEADER_BYTES_MAX)
        .keep_alive_interval(PING_INTERVAL)
        .keep_alive_timeout(PING_TIMEOUT);
    builder
}

async fn answer(
    router: Router,
    peer: SocketAddr,
    activity: Activity,
    request: Request<Incoming>,
) -> Result<Response<WatchedBody>, Infallible> {
    let in_flight = activity.begin(request.version());
    // Nearly all requests have none, and this one needs no memory.
    let mut request = request.map(|body| if body.is_end_stream() { Body::empty() } else { Body::new(body) });
    request.extensions_mut().insert(Peer(peer));
    let response = router.oneshot(request).await?;
    Ok(response.map(|body| WatchedBody::new(body, in_flight)))
}
