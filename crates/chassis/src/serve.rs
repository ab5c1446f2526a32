//! The HTTP server: connections, how many there may be, and how long each may keep its place.

mod activity;
mod connection;
mod refusal;

use std::{io, sync::Arc, time::Duration};

use axum::Router;
use tokio::{
    net::TcpListener,
    sync::{OwnedSemaphorePermit, Semaphore, watch},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::metrics::Metrics;
use connection::Connection;

/// Open files or memory ran out: accepting again at once would only spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// What connections are held to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ConnectionLimits {
    /// How many there may be; the system queues further ones.
    pub(crate) connections_max: u32,
    /// From a connection's or a header's first moment to its header's end.
    pub(crate) header_timeout: Duration,
    /// Between two requests, and without progress of an answer.
    pub(crate) idle_timeout: Duration,
    /// From the end of the grace time, for the answers that say so.
    pub(crate) last_answers_timeout: Duration,
}

/// One listener being served.
pub(crate) struct Server {
    connections: TaskTracker,
    stop: CancellationToken,
    cut: CancellationToken,
}

impl Server {
    /// Serves the router on the listener from now on. `cut` is cancelled when the grace time of its drain is over;
    /// `metrics` count what is refused before it reaches the router.
    pub(crate) fn start(
        listener: TcpListener,
        router: Router,
        limits: ConnectionLimits,
        cut: CancellationToken,
        metrics: Option<Arc<Metrics>>,
    ) -> Self {
        let server = Self { connections: TaskTracker::new(), stop: CancellationToken::new(), cut };
        let acceptor = Acceptor {
            router,
            limits,
            places: Arc::new(Semaphore::new(limits.connections_max as usize)),
            crowded: watch::channel(()).0,
            connections: server.connections.clone(),
            stop: server.stop.clone(),
            cut: server.cut.clone(),
            metrics,
        };
        server.connections.spawn(acceptor.accept(listener));
        server
    }

    /// Stops accepting, lets requests finish for `grace`, cuts the rest; says how many connections that were. What has
    /// no answer yet gets one, as long as `last_answers_timeout` lasts.
    pub(crate) async fn drain(self, grace: Duration) -> usize {
        self.stop.cancel();
        self.connections.close();
        if tokio::time::timeout(grace, self.connections.wait()).await.is_ok() {
            return 0;
        }
        let left = self.connections.len();
        self.cut.cancel();
        self.connections.wait().await;
        left
    }
}

struct Acceptor {
    router: Router,
    limits: ConnectionLimits,
    places: Arc<Semaphore>,
    /// Told when a client waits for a place: connections between two requests then make room.
    crowded: watch::Sender<()>,
    connections: TaskTracker,
    stop: CancellationToken,
    cut: CancellationToken,
    metrics: Option<Arc<Metrics>>,
}

impl Acceptor {
    async fn accept(self, listener: TcpListener) {
        let stop = self.stop.clone();
        // Dropping the listener with the loop is what ends accepting.
        let _ = stop.run_until_cancelled(self.accept_all(listener)).await;
    }

    async fn accept_all(&self, listener: TcpListener) {
        loop {
            let accepted = listener.accept().await;
            let (stream, peer) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    self.pause_after(&error).await;
                    continue;
                }
            };
            let place = self.place().await;
            // An answer's last packet must not wait for the client's acknowledgement.
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%error, "a connection broke before its first request");
                continue;
            }
            let connection = Connection {
                router: self.router.clone(),
                limits: self.limits,
                peer,
                crowded: self.crowded.subscribe(),
                stop: self.stop.clone(),
                cut: self.cut.clone(),
                metrics: self.metrics.clone(),
            };
            self.connections.spawn(async move {
                connection.serve(stream).await;
                drop(place);
            });
        }
    }

    async fn place(&self) -> Option<OwnedSemaphorePermit> {
        if let Ok(place) = Arc::clone(&self.places).try_acquire_owned() {
            return Some(place);
        }
        self.crowded.send_replace(());
        // It fails only once the semaphore is closed, which nothing does.
        Arc::clone(&self.places).acquire_owned().await.ok()
    }

    async fn pause_after(&self, error: &io::Error) {
        use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
        if matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted) {
            return;
        }
        tracing::error!(%error, "cannot accept connections; trying again");
        tokio::time::sleep(ACCEPT_PAUSE).await;
    }
}
