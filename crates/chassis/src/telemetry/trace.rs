//! Traces: the context that a request brings, and their export to an OpenTelemetry collector.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use anyhow::Context as _;
use http::{HeaderMap, HeaderName};
use opentelemetry::{
    Context, KeyValue,
    trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState, TracerProvider},
};
use opentelemetry_otlp::{SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::{Resource, trace::SdkTracerProvider};
use tracing::Span;
use tracing_opentelemetry::{OpenTelemetryLayer, OpenTelemetrySpanExt};
use tracing_subscriber::{Layer, filter::filter_fn, registry::LookupSpan};
use url::Url;

use crate::{
    metrics::{Labels, Outcome, Route},
    middleware::Arrival,
};

// As names and not as texts, which would be parsed for each request.
static TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
static X_CLOUD_TRACE_CONTEXT: HeaderName = HeaderName::from_static("x-cloud-trace-context");

const EXPORT_TIMEOUT: Duration = Duration::from_secs(3);

static ENABLED: AtomicBool = AtomicBool::new(false);

/// Whether spans are exported.
pub(crate) fn enabled() -> bool {
    ENABLED.load(Ordering::Relaxed)
}

/// The trace that a request belongs to, from `traceparent` (W3C) or `X-Cloud-Trace-Context` (Google).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TraceContext {
    trace_id: u128,
    span_id: u64,
    sampled: bool,
}

impl TraceContext {
    pub(crate) fn of(headers: &HeaderMap) -> Option<Self> {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        text(&TRACEPARENT)
            .and_then(parse_traceparent)
            .or_else(|| text(&X_CLOUD_TRACE_CONTEXT).and_then(parse_cloud))
    }

    /// The trace's name in Google's Cloud Logging.
    pub(crate) fn cloud_name(&self, project: &str) -> String {
        format!("projects/{project}/traces/{:032x}", self.trace_id)
    }

    fn remote(self) -> SpanContext {
        SpanContext::new(
            TraceId::from_bytes(self.trace_id.to_be_bytes()),
            SpanId::from_bytes(self.span_id.to_be_bytes()),
            if self.sampled { TraceFlags::SAMPLED } else { TraceFlags::default() },
            true,
            TraceState::default(),
        )
    }
}

/// `00-<32 hex>-<16 hex>-<2 hex>`; later versions may append more (Trace Context section 3.2).
fn parse_traceparent(text: &str) -> Option<TraceContext> {
    let mut parts = text.split('-');
    let (version, trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    if hex(version, 2)? == 0xff || (version == "00" && parts.next().is_some()) {
        return None;
    }
    let trace_id = hex(trace, 32).filter(|id| *id != 0)?;
    let span_id = u64::try_from(hex(span, 16)?).ok().filter(|id| *id != 0)?;
    Some(TraceContext { trace_id, span_id, sampled: hex(flags, 2)? & 1 == 1 })
}

/// `<32 hex>/<span id in decimal>;o=<0 or 1>`, the last two optional.
fn parse_cloud(text: &str) -> Option<TraceContext> {
    let (ids, options) = text.split_once(';').unwrap_or((text, ""));
    let (trace, span) = ids.split_once('/').unwrap_or((ids, "0"));
    let trace_id = hex(trace, 32).filter(|id| *id != 0)?;
    Some(TraceContext { trace_id, span_id: span.parse().ok()?, sampled: options == "o=1" })
}

fn hex(text: &str, length: usize) -> Option<u128> {
    let lower = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    let fits = text.len() == length && text.bytes().all(lower);
    fits.then(|| u128::from_str_radix(text, 16).ok()).flatten()
}

/// The span of a request, with its parent and its name. At the level of errors, so that any filter lets it through.
pub(crate) fn span(arrival: &Arrival, labels: &Labels) -> Span {
    let route = labels.route.as_ref().map(Route::as_str);
    let span = tracing::error_span!(
        "request",
        "otel.kind" = "server",
        "otel.name" = match route {
            Some(route) => format!("{} {route}", labels.method),
            None => labels.method.to_owned(),
        },
        "otel.status_code" = tracing::field::Empty,
    );
    if let Some(remote) = arrival.trace {
        // It fails only for a span that has started already, or that no layer takes.
        let _ = span.set_parent(Context::new().with_remote_span_context(remote.remote()));
    }
    span.set_attribute("request.id", arrival.id.as_str().to_owned());
    span.set_attribute("http.request.method", labels.method);
    span.set_attribute("url.scheme", labels.scheme.as_str());
    if let Some(route) = route {
        span.set_attribute("http.route", route.to_owned());
    }
    span
}

/// Says on a request's span, if it has one, how it ended.
pub(crate) fn end(span: &Span, outcome: Outcome) {
    if span.is_none() {
        return;
    }
    match outcome {
        Outcome::Answered(status) => {
            span.set_attribute("http.response.status_code", i64::from(status.as_u16()));
            if status.is_server_error() {
                span.set_attribute("error.type", status.as_str().to_owned());
                span.record("otel.status_code", "ERROR");
            }
        }
        Outcome::Abandoned => span.set_attribute("error.type", "client_disconnected"),
        Outcome::Cut => span.set_attribute("error.type", "shutdown"),
    }
}

/// The exporter of the process.
pub(super) struct Guard(SdkTracerProvider);

impl Guard {
    /// Sends what is waiting, then ends; whether it did in time.
    pub(super) fn close(self, timeout: Duration) -> bool {
        ENABLED.store(false, Ordering::Relaxed);
        self.0.shutdown_with_timeout(timeout).is_ok()
    }
}

/// Starts the exporter to this collector, on a thread of its own.
pub(super) fn start(endpoint: &Url) -> anyhow::Result<(Guard, opentelemetry_sdk::trace::SdkTracer)> {
    // The variable holds the base; the signal's path is appended (OTLP exporter specification, "Endpoint URLs").
    let traces = format!("{}/v1/traces", endpoint.as_str().trim_end_matches('/'));
    let http = reqwest::blocking::Client::builder()
        .timeout(EXPORT_TIMEOUT)
        .build()
        .context("no client for OTEL_EXPORTER_OTLP_ENDPOINT: are the CA certificates installed?")?;
    let exporter = SpanExporter::builder()
        .with_http()
        .with_endpoint(traces)
        .with_timeout(EXPORT_TIMEOUT)
        .with_http_client(http)
        .build()
        .context("OTEL_EXPORTER_OTLP_ENDPOINT cannot be used")?;
    // OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES, if set, win over these.
    let resource = Resource::builder()
        .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
        .build();
    let provider = SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource).build();
    let tracer = provider.tracer("chassis");
    ENABLED.store(true, Ordering::Relaxed);
    Ok((Guard(provider), tracer))
}

/// Exports our own spans; those of the exporter's client would feed on themselves.
pub(super) fn layer<S>(tracer: opentelemetry_sdk::trace::SdkTracer) -> impl Layer<S>
where
    S: tracing::Subscriber + for<'a> LookupSpan<'a>,
{
    const OWN_MACHINERY: [&str; 6] = ["hyper", "reqwest", "h2", "rustls", "opentelemetry", "tower"];
    OpenTelemetryLayer::new(tracer).with_filter(filter_fn(|metadata| {
        metadata.is_span() && !OWN_MACHINERY.iter().any(|prefix| metadata.target().starts_with(prefix))
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trace_contexts_are_read_from_either_header() {
        let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
        let parent = format!("00-{trace}-00f067aa0ba902b7-01");
        let expected = TraceContext {
            trace_id: 0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736,
            span_id: 0x00f0_67aa_0ba9_02b7,
            sampled: true,
        };
        assert_eq!(parse_traceparent(&parent), Some(expected));
        assert_eq!(parse_traceparent(&format!("cc-{trace}-00f067aa0ba902b7-01-later")), Some(expected));
        for bad in [
            "",
            "00",
            &format!("ff-{trace}-00f067aa0ba902b7-01"),
            &format!("00-{trace}-00f067aa0ba902b7-01-more"),
            &format!("00-{}-00f067aa0ba902b7-01", "0".repeat(32)),
            &format!("00-{trace}-{}-01", "0".repeat(16)),
            &format!("00-{}-00f067aa0ba902b7-01", trace.to_uppercase()),
            &format!("00-{trace}-00f067aa0ba902b7"),
        ] {
            assert_eq!(parse_traceparent(bad), None, "{bad}");
        }
        assert_eq!(parse_cloud(&format!("{trace}/1;o=1")), Some(TraceContext { span_id: 1, ..expected }));
        assert_eq!(parse_cloud(trace), Some(TraceContext { span_id: 0, sampled: false, ..expected }));
        assert_eq!(parse_cloud("x/1;o=1"), None);
        assert_eq!(expected.cloud_name("p"), format!("projects/p/traces/{trace}"));
    }
}
