//! What is written down about every request: its id, span, log line, metrics and failure report.

use std::{sync::Arc, time::Instant};

use axum::{
    extract::{MatchedPath, Request, State},
    middleware::Next,
    response::Response,
};
use http::StatusCode;
use tracing::{Instrument, Span};

use super::{PROBES, RequestId, panics::Panicked, request_id::X_REQUEST_ID};
use crate::{
    address::{self, ClientAddress, Peer, Scheme},
    app::Context,
    metrics::{Labels, Outcome, method_label},
    problem::Cause,
    telemetry::{
        sentry::{self, Failure},
        trace::{self, TraceContext},
    },
};

/// Names the request, follows it to its answer, and writes down how it went. The answer to a failure leaves only
/// after its report has: Cloud Run takes the processor away once the answer is out.
pub(super) async fn observe(
    State(context): State<Arc<Context>>,
    mut request: Request,
    next: Next,
) -> Response {
    let seen = Seen::new(&context, &mut request);
    let id = seen.id.clone();
    let span = seen.span(&context, &request);
    let watch = Watch { context: &context, seen: Some(seen), span: span.clone() };
    let work = next.run(request).instrument(span);
    let mut response = match &context.reporter {
        Some(reporter) => reporter.scoped(&id, work).await,
        None => work.await,
    };
    watch.answered(&mut response).await;
    response.headers_mut().insert(X_REQUEST_ID, id.header());
    response
}

/// What is known when a request arrives.
struct Seen {
    started: Instant,
    id: RequestId,
    client: ClientAddress,
    scheme: Scheme,
    method: &'static str,
    route: Option<String>,
    probe: bool,
}

impl Seen {
    fn new(context: &Context, request: &mut Request) -> Self {
        let hops = context.hosts.trusted_proxy_hops;
        let peer = request.extensions().get::<Peer>().copied();
        let seen = Self {
            started: Instant::now(),
            id: RequestId::of(request.headers()),
            client: address::client_address(request.headers(), peer, hops),
            scheme: address::scheme(request.headers(), hops),
            method: method_label(request.method()),
            route: request.extensions().get::<MatchedPath>().map(|route| route.as_str().to_owned()),
            probe: PROBES.contains(&request.uri().path()),
        };
        let extensions = request.extensions_mut();
        extensions.insert(seen.id.clone());
        extensions.insert(seen.client);
        extensions.insert(seen.scheme);
        context.metrics.begin();
        seen
    }

    /// At the level of errors, so that the id is on every line that any level lets through.
    fn span(&self, context: &Context, request: &Request) -> Span {
        let remote = TraceContext::of(request.headers());
        let cloud_trace = context
            .project_id
            .as_deref()
            .zip(remote.as_ref())
            .map(|(project, remote)| remote.cloud_name(project));
        let span = tracing::error_span!(
            "request",
            "request.id" = self.id.as_str(),
            "logging.googleapis.com/trace" = cloud_trace,
            "otel.kind" = "server",
            "otel.name" = tracing::field::Empty,
            "otel.status_code" = tracing::field::Empty,
        );
        if trace::enabled() {
            trace::begin(&span, remote, self.method, self.route.as_deref(), self.scheme.as_str());
        }
        span
    }
}

/// Follows one request; dropped before the answer, it says that the client went away.
struct Watch<'a> {
    context: &'a Context,
    seen: Option<Seen>,
    span: Span,
}

impl Watch<'_> {
    /// The answer is borrowed for change only because a body cannot be shared between threads.
    async fn answered(mut self, response: &mut Response) {
        let Some(seen) = self.seen.take() else { return };
        let status = response.status();
        self.write_down(&seen, Outcome::Answered(status), response.extensions().get::<Cause>());
        let panicked = response.extensions().get::<Panicked>().is_some();
        if let Some(reporter) =
            self.context.reporter.as_ref().filter(|_| status.is_server_error() && !seen.probe)
        {
            if !panicked {
                reporter.report(&Failure {
                    request_id: &seen.id,
                    method: seen.method,
                    route: seen.route.as_deref(),
                    status,
                    cause: response.extensions().get::<Cause>(),
                });
            }
            reporter.flush().await;
        }
    }

    fn write_down(&self, seen: &Seen, outcome: Outcome, cause: Option<&Cause>) {
        let duration = seen.started.elapsed();
        let _entered = self.span.enter();
        log(seen, outcome, duration.as_secs_f64() * 1000.0, cause);
        if trace::enabled() {
            trace::end(&self.span, outcome);
        }
        let labels = Labels { method: seen.method, route: seen.route.clone(), outcome, scheme: seen.scheme };
        self.context.metrics.end(&labels, duration);
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        if let Some(seen) = self.seen.take() {
            self.write_down(&seen, Outcome::Abandoned, None);
        }
    }
}

/// One line a request. The path is the route's template and the query is left out: both carry what clients send.
fn log(seen: &Seen, outcome: Outcome, duration_ms: f64, cause: Option<&Cause>) {
    let (message, status) = match outcome {
        Outcome::Answered(status) => ("request answered", Some(status.as_u16())),
        Outcome::Abandoned => ("client went away before its answer", None),
    };
    macro_rules! line {
        ($level:ident) => {
            tracing::event!(
                target: sentry::ACCESS_TARGET,
                tracing::Level::$level,
                "http.request.method" = seen.method,
                "http.route" = seen.route.as_deref(),
                "http.response.status_code" = status,
                "client.address" = %seen.client.0,
                duration_ms,
                error = cause.map(|cause| format!("{:#}", cause.0)),
                "{message}"
            )
        };
    }
    match outcome {
        Outcome::Answered(StatusCode::INTERNAL_SERVER_ERROR) => line!(ERROR),
        _ if seen.probe => line!(DEBUG),
        Outcome::Answered(status) if status.is_server_error() => line!(WARN),
        _ => line!(INFO),
    }
}
