//! From settings to a served process and back: bind, serve, drain.

use std::{
    future::Future,
    net::SocketAddr,
    pin::{Pin, pin},
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::Context;
use futures_util::future::{MaybeDone, join_all, maybe_done, poll_immediate};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::{
    Service, Settings,
    app::{App, app},
    serve::{ConnectionLimits, Server},
};

/// Connections to the metrics listener at one time: a few scrapers and probes.
const OPS_CONNECTIONS_MAX: u32 = 64;
/// What connections get after the grace time to send the answers that say so, and services, from the same moment on, to
/// finish their work. Cloud Run gives 10 seconds in all, of which the grace time takes 8 and telemetry needs the rest.
const LAST_ANSWERS_TIMEOUT: Duration = Duration::from_millis(300);
const FINISH_TIMEOUT: Duration = Duration::from_secs(1);

/// Where it listens; tests hand in listeners on port 0.
pub struct Listeners {
    /// For the world.
    pub public: TcpListener,
    /// For metrics and health, if anywhere.
    pub ops: Option<TcpListener>,
}

impl Listeners {
    /// Binds both listeners of the settings.
    pub async fn bind(settings: &Settings) -> anyhow::Result<Self> {
        let public = bind(settings.bind.api_address(), "HOST and PORT").await?;
        let ops = match settings.bind.metrics_address() {
            Some(address) => {
                Some(bind(address, "METRICS_HOST and METRICS_PORT; METRICS_PORT=off needs none").await?)
            }
            None => None,
        };
        Ok(Self { public, ops })
    }
}

async fn bind(address: SocketAddr, settings: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address)
        .await
        .with_context(|| format!("cannot listen on {address} (set by {settings})"))
}

/// Binds the listeners and serves on them until `shutdown`; then drains. Returns when the last request is done or
/// the grace time is over.
pub async fn run(
    settings: Settings,
    services: Vec<Service>,
    shutdown: impl Future<Output = ()>,
) -> anyhow::Result<()> {
    let mut shutdown = pin!(maybe_done(shutdown));
    watch(shutdown.as_mut()).await;
    let app = app(&settings, services)?;
    let listeners = Listeners::bind(&settings).await?;
    serve(listeners, &settings, app, shutdown).await
}

/// As [`run`], on listeners that are bound already.
pub async fn run_on(
    listeners: Listeners,
    settings: Settings,
    services: Vec<Service>,
    shutdown: impl Future<Output = ()>,
) -> anyhow::Result<()> {
    let mut shutdown = pin!(maybe_done(shutdown));
    watch(shutdown.as_mut()).await;
    let app = app(&settings, services)?;
    serve(listeners, &settings, app, shutdown).await
}

/// Lets the future set itself up, so that a signal that comes while the service starts is not lost.
async fn watch<F: Future<Output = ()>>(shutdown: Pin<&mut MaybeDone<F>>) {
    // Ready or not, it is asked again once everything is served.
    let _ = poll_immediate(shutdown).await;
}

async fn serve(
    listeners: Listeners,
    settings: &Settings,
    app: App,
    shutdown: impl Future<Output = ()>,
) -> anyhow::Result<()> {
    let limits = ConnectionLimits {
        connections_max: settings.limits.connections_max,
        header_timeout: settings.limits.header_timeout(),
        idle_timeout: settings.limits.idle_timeout(),
        last_answers_timeout: LAST_ANSWERS_TIMEOUT,
    };
    tracing::info!(url = %format_args!("http://{}", listeners.public.local_addr()?), "listening");
    let public = Server::start(
        listeners.public,
        app.public,
        limits,
        app.context.cut.clone(),
        Some(Arc::clone(&app.context.metrics)),
    );
    let ops = match listeners.ops {
        Some(listener) => {
            tracing::info!(url = %format_args!("http://{}/metrics", listener.local_addr()?), "metrics listening");
            let limits = ConnectionLimits {
                connections_max: OPS_CONNECTIONS_MAX,
                last_answers_timeout: Duration::ZERO,
                ..limits
            };
            Some(Server::start(listener, app.ops, limits, CancellationToken::new(), None))
        }
        None => None,
    };
    shutdown.await;

    app.health.drain();
    tokio::time::sleep(settings.shutdown.drain_delay()).await;
    let grace = settings.shutdown.grace();
    let started = Instant::now();
    let cut = public.drain(grace).await;
    if let Some(ops) = ops {
        // Watched until the end; a scrape is not worth waiting for.
        ops.drain(Duration::ZERO).await;
    }
    if cut > 0 {
        tracing::warn!(connections = cut, "grace time is over: connections were cut");
    }
    let beyond_grace = started.elapsed().saturating_sub(grace);
    let left = FINISH_TIMEOUT.saturating_sub(beyond_grace);
    if tokio::time::timeout(left, join_all(app.finish)).await.is_err() {
        tracing::warn!("not everything was finished in time: what cut requests left may still be there");
    }
    tracing::info!("stopped");
    Ok(())
}
