//! Error reports to Sentry: failed requests and panics, with the request's id.
//!
//! A report holds the error and its sources, the method, the route's template and the status. It never holds
//! bodies, query strings, headers, cookies or addresses.

use std::{
    future::Future,
    sync::{Arc, mpsc},
    time::Duration,
};

use anyhow::Context;
use http::StatusCode;
use sentry::{
    Client, ClientOptions, Hub, Level, Scope, SentryFutureExt,
    integrations::{
        backtrace::{ProcessStacktraceIntegration, current_stacktrace},
        contexts::ContextIntegration,
        tracing::{BreadcrumbLayer, ErrorLayer},
    },
    protocol::{Event, Exception, Mechanism},
    transports::ReqwestHttpTransportOptions,
    types::Dsn,
};
use tokio::sync::oneshot;
use tracing::Metadata;
use tracing_subscriber::{Layer, filter::filter_fn, registry::LookupSpan};

use crate::{middleware::RequestId, problem::Cause};

/// The target of the line that each request gets; reports of requests are made from their answers.
pub(crate) const ACCESS_TARGET: &str = "chassis::access";
/// The target of the line that a panic gets; the hook reports it itself.
pub(super) const PANIC_TARGET: &str = "chassis::panic";

/// An answer waits this long for its report to leave.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(2);

/// The reporter of the process.
pub(super) struct Guard(Arc<Client>);

impl Guard {
    /// From now on the calling thread's lines become no reports. A client that is being closed holds a lock that even
    /// a breadcrumb waits for.
    pub(super) fn unbind(&self) {
        let hub = Hub::current();
        // Another thread's hub is not ours to empty.
        if hub.client().is_some_and(|client| Arc::ptr_eq(&client, &self.0)) {
            hub.bind_client(None);
        }
    }

    /// Sends what is waiting, then ends; whether all of it left. It takes longer than the timeout where a request
    /// is under way, which the library waits for.
    pub(super) fn close(self, timeout: Duration) -> bool {
        self.0.close(Some(timeout))
    }
}

/// Makes the client of this process and binds it to the calling thread, from which later threads take it.
pub(super) fn start(dsn: Dsn) -> anyhow::Result<Guard> {
    let http = reqwest::Client::builder()
        .timeout(FLUSH_TIMEOUT * 2)
        .build()
        .context("no client for SENTRY_DSN: are the CA certificates installed?")?;
    let mut options = ClientOptions::new()
        .release(env!("CARGO_PKG_VERSION"))
        .send_default_pii(false)
        // The default ones bring a panic hook that blocks the panicking thread until its report is out.
        .default_integrations(false)
        .add_integration(ProcessStacktraceIntegration::new())
        .add_integration(ContextIntegration::new())
        .shutdown_timeout(FLUSH_TIMEOUT);
    options.dsn = Some(dsn);
    options.transport = Some(Arc::new(OverHttp(http)));
    let client = Arc::new(Client::with_options(options));
    Hub::current().bind_client(Some(Arc::clone(&client)));
    Ok(Guard(client))
}

/// Sends through a client that is known to work; the library would panic where it cannot make one.
struct OverHttp(reqwest::Client);

impl sentry::TransportFactory for OverHttp {
    fn create_transport_with_options(&self, options: sentry::TransportOptions) -> Arc<dyn sentry::Transport> {
        Arc::new(ReqwestHttpTransportOptions::from(options).with_client(self.0.clone()).build())
    }
}

/// Turns errors that are logged outside requests into reports, and what leads to them into breadcrumbs. The lines of
/// requests and panics are left out: their reports are made elsewhere, with more in them.
pub(super) fn layer<S>() -> impl Layer<S>
where
    S: tracing::Subscriber + for<'a> LookupSpan<'a>,
{
    let foreign = |metadata: &Metadata<'_>| {
        metadata.is_event() && !matches!(metadata.target(), ACCESS_TARGET | PANIC_TARGET)
    };
    let errors = ErrorLayer::new().with_filter(filter_fn(move |metadata| {
        foreign(metadata) && *metadata.level() == tracing::Level::ERROR
    }));
    let crumbs = BreadcrumbLayer::new().with_filter(filter_fn(move |metadata| {
        foreign(metadata) && matches!(*metadata.level(), tracing::Level::WARN | tracing::Level::INFO)
    }));
    errors.and_then(crumbs)
}

/// A request that was answered with a 5xx.
pub(crate) struct Failure<'a> {
    pub(crate) request_id: &'a RequestId,
    pub(crate) method: &'static str,
    pub(crate) route: Option<&'a str>,
    pub(crate) status: StatusCode,
    pub(crate) cause: Option<&'a Cause>,
}

/// Reports failed requests to the client of the process.
pub(crate) struct Reporter {
    client: Arc<Client>,
    flusher: mpsc::Sender<oneshot::Sender<()>>,
}

impl Reporter {
    /// For the client that is current, if there is one.
    pub(crate) fn current() -> Option<Self> {
        let client = Hub::current().client().filter(|client| client.is_enabled())?;
        let (flusher, waiting) = mpsc::channel::<oneshot::Sender<()>>();
        let flushed = Arc::clone(&client);
        // Flushing blocks: one thread does it for all requests that wait, however many fail at a time.
        std::thread::Builder::new()
            .name("sentry-flush".to_owned())
            .spawn(move || {
                while let Ok(first) = waiting.recv() {
                    let together: Vec<_> = std::iter::once(first).chain(waiting.try_iter()).collect();
                    flushed.flush(Some(FLUSH_TIMEOUT));
                    for request in together {
                        // The request may have gone; its report has left all the same.
                        let _ = request.send(());
                    }
                }
            })
            .ok()?;
        Some(Self { client, flusher })
    }

    /// Runs a request so that what is reported from inside it, a panic among it, carries its id.
    pub(crate) async fn scoped<F: Future>(&self, id: &RequestId, work: F) -> F::Output {
        let mut scope = Scope::default();
        scope.set_tag("request_id", id.as_str());
        let hub = Hub::new(Some(Arc::clone(&self.client)), Arc::new(scope));
        work.bind_hub(Arc::new(hub)).await
    }

    /// Queues the report of a failed request.
    pub(crate) fn report(&self, failure: &Failure<'_>) {
        let name = format!("{} {}", failure.method, failure.route.unwrap_or("(no route)"));
        let mut event = match failure.cause {
            Some(Cause(error)) => sentry::event_from_error::<dyn std::error::Error>(error.as_ref().as_ref()),
            None => {
                Event { message: Some(format!("{name} was answered {}", failure.status)), ..Event::default() }
            }
        };
        event.level = Level::Error;
        event.transaction = Some(name);
        for (tag, value) in [
            ("request_id", failure.request_id.as_str()),
            ("http.response.status_code", failure.status.as_str()),
        ] {
            event.tags.insert(tag.to_owned(), value.to_owned());
        }
        self.client.capture_event(event, None);
    }

    /// Waits until what is queued has left, or for [`FLUSH_TIMEOUT`].
    pub(crate) async fn flush(&self) {
        let (done, flushed) = oneshot::channel();
        if self.flusher.send(done).is_ok() && tokio::time::timeout(FLUSH_TIMEOUT, flushed).await.is_err() {
            tracing::warn!("an error report did not leave in time");
        }
    }
}

/// Queues the report of a panic, to the client and with the tags of the request that panics.
pub(super) fn report_panic(message: &str) {
    let hub = Hub::current();
    if hub.client().is_none() {
        return;
    }
    hub.capture_event(Event {
        level: Level::Fatal,
        exception: vec![Exception {
            ty: "panic".to_owned(),
            value: Some(message.to_owned()),
            stacktrace: current_stacktrace(),
            mechanism: Some(Mechanism {
                ty: "panic".to_owned(),
                handled: Some(false),
                ..Mechanism::default()
            }),
            ..Exception::default()
        }]
        .into(),
        ..Event::default()
    });
}
