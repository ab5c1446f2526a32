//! What Prometheus reads, under the names of the OpenTelemetry semantic conventions for HTTP (1.44).

use std::{
    fmt,
    hash::{Hash, Hasher},
    sync::{Arc, atomic::AtomicI64},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use axum::{
    Router,
    extract::{MatchedPath, State},
    response::{IntoResponse, Response},
    routing::get,
};
use http::{HeaderValue, Method, StatusCode, header};
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric, LabelSetEncoder, text::encode},
    metrics::{
        family::{Family, MetricConstructor},
        gauge::{self, ConstGauge},
        histogram::Histogram,
        info::Info,
    },
    registry::{Registry, Unit},
};

use crate::{Gauge, Problem, address::Scheme, app::Context};

/// The conventions' advice for http.server.request.duration, in seconds.
const BUCKETS: [f64; 14] = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];

const CONTENT_TYPE: HeaderValue =
    HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");

/// The metrics of one process.
pub(crate) struct Metrics {
    registry: Registry,
    duration: Family<Labels, Histogram, NewHistogram>,
    in_flight: gauge::Gauge<i64, AtomicI64>,
}

#[derive(Clone)]
struct NewHistogram;

impl MetricConstructor<Histogram> for NewHistogram {
    fn new_metric(&self) -> Histogram {
        Histogram::new(BUCKETS)
    }
}

/// How one request ended.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Labels {
    pub(crate) method: &'static str,
    /// Paths that match no route share the absence of this label, so that a scan of random paths makes one series
    /// and not thousands.
    pub(crate) route: Option<Route>,
    pub(crate) outcome: Outcome,
    pub(crate) scheme: Scheme,
}

/// A route by its template, such as `/fruits/{id}`; shared with the router.
#[derive(Debug, Clone)]
pub(crate) struct Route(pub(crate) MatchedPath);

impl Route {
    pub(crate) fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl PartialEq for Route {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Route {}

impl Hash for Route {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.as_str().hash(hasher);
    }
}

/// Whether there was an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Outcome {
    /// The request was answered with this status.
    Answered(StatusCode),
    /// The client went away before.
    Abandoned,
    /// The grace time of the stopping process ended before.
    Cut,
}

impl EncodeLabelSet for Labels {
    fn encode(&self, encoder: &mut LabelSetEncoder<'_>) -> Result<(), fmt::Error> {
        let label =
            |encoder: &mut LabelSetEncoder<'_>, name: &str, value: &str| (name, value).encode_pair(encoder);
        label(encoder, "http_request_method", self.method)?;
        if let Some(route) = &self.route {
            label(encoder, "http_route", route.as_str())?;
        }
        match self.outcome {
            Outcome::Answered(status) => {
                label(encoder, "http_response_status_code", status.as_str())?;
                if status.is_server_error() {
                    label(encoder, "error_type", status.as_str())?;
                }
            }
            Outcome::Abandoned => label(encoder, "error_type", "client_disconnected")?,
            Outcome::Cut => label(encoder, "error_type", "shutdown")?,
        }
        label(encoder, "url_scheme", self.scheme.as_str())
    }
}

trait EncodePair {
    fn encode_pair(&self, encoder: &mut LabelSetEncoder<'_>) -> fmt::Result;
}

impl EncodePair for (&str, &str) {
    fn encode_pair(&self, encoder: &mut LabelSetEncoder<'_>) -> fmt::Result {
        prometheus_client::encoding::EncodeLabel::encode(self, encoder.encode_label())
    }
}

impl Metrics {
    /// Those of the process, and what services tell of themselves.
    pub(crate) fn new(gauges: Vec<Gauge>) -> Self {
        let mut registry = Registry::default();
        let duration = Family::new_with_constructor(NewHistogram);
        registry.register_with_unit(
            "http_server_request_duration",
            "Time from a request's header to its answer's header",
            Unit::Seconds,
            duration.clone(),
        );
        let in_flight = gauge::Gauge::default();
        registry.register(
            "http_server_active_requests",
            "Requests that are being worked on",
            in_flight.clone(),
        );
        registry.register("build", "What runs here", Info::new(vec![("version", env!("CARGO_PKG_VERSION"))]));
        let started = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        registry.register_with_unit(
            "process_start_time",
            "When the process started, since 1970",
            Unit::Seconds,
            ConstGauge::new(started.as_secs_f64()),
        );
        registry.register_collector(Box::new(Gauges(gauges)));
        Self { registry, duration, in_flight }
    }

    pub(crate) fn begin(&self) {
        self.in_flight.inc();
    }

    /// What was no request was refused by the HTTP library itself, in no time worth counting.
    pub(crate) fn refused(&self, status: StatusCode) {
        let labels = Labels {
            method: OTHER_METHOD,
            route: None,
            outcome: Outcome::Answered(status),
            scheme: Scheme::Http,
        };
        self.duration.get_or_create(&labels).observe(0.0);
    }

    pub(crate) fn end(&self, labels: &Labels, duration: Duration) {
        self.in_flight.dec();
        self.duration.get_or_create(labels).observe(duration.as_secs_f64());
    }
}

/// Read at each scrape.
#[derive(Debug)]
struct Gauges(Vec<Gauge>);

impl Collector for Gauges {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        for Gauge { name, help, read } in &self.0 {
            let gauge = ConstGauge::new(read());
            // With the full stop that the registry puts behind its own.
            let metric = encoder.encode_descriptor(name, &format!("{help}."), None, gauge.metric_type())?;
            gauge.encode(metric)?;
        }
        Ok(())
    }
}

const OTHER_METHOD: &str = "_OTHER";

/// Methods as labels; what a client makes up is one of them, or it could fill the memory with series.
pub(crate) fn method_label(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        "CONNECT" => "CONNECT",
        "TRACE" => "TRACE",
        "QUERY" => "QUERY",
        _ => OTHER_METHOD,
    }
}

/// `/metrics`.
pub(crate) fn router(context: &Arc<Context>) -> Router {
    Router::new().route("/metrics", get(exposition)).with_state(Arc::clone(context))
}

async fn exposition(State(context): State<Arc<Context>>) -> Result<Response, Problem> {
    let mut text = String::new();
    encode(&mut text, &context.metrics.registry).map_err(Problem::internal)?;
    Ok(([(header::CONTENT_TYPE, CONTENT_TYPE)], text).into_response())
}
