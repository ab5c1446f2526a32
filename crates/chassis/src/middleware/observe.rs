//! What is written down about every request: its id, span, log line, metrics and failure report.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    extract::{MatchedPath, Request},
    response::Response,
};
use futures_util::{FutureExt, future::Either};
use http::StatusCode;
use tracing::{Instrument, Span};

use super::{Arrival, PROBES, panics::Panicked, request_id::X_REQUEST_ID};
use crate::{
    metrics::{Labels, Outcome, Route, method_label},
    problem::Cause,
    telemetry::{
        request,
        sentry::{self, Failure, Reporter},
        trace,
    },
};

/// Follows one request to its answer and writes down how it went; dropped before, it says that the client went
/// away.
pub(super) struct Watch<'a> {
    arrival: &'a Arc<Arrival>,
    /// For the trace exporter alone; disabled where there is none.
    span: Span,
    started: Instant,
    labels: Labels,
    probe: bool,
}

impl<'a> Watch<'a> {
    pub(super) fn begin(arrival: &'a Arc<Arrival>, request: &Request) -> Self {
        arrival.context.metrics.begin();
        let labels = Labels {
            method: method_label(request.method()),
            route: request.extensions().get::<MatchedPath>().cloned().map(Route),
            outcome: Outcome::Abandoned,
            scheme: arrival.scheme,
        };
        let span = if trace::enabled() { trace::span(arrival, &labels) } else { Span::none() };
        let probe = PROBES.contains(&request.uri().path());
        Self { arrival, span, started: Instant::now(), labels, probe }
    }

    /// Does the work so that its log lines, its spans and the reports from inside it belong to the request.
    pub(super) fn during<'w, W>(&'w self, work: W) -> impl Future<Output = Response> + Send + 'w
    where
        W: Future<Output = Response> + Send + 'w,
    {
        let work = request::during(Arc::clone(self.arrival), work);
        let reporter = self.arrival.context.reporter.as_ref();
        if self.span.is_none() && reporter.is_none() {
            return Either::Left(work);
        }
        let work = work.instrument(self.span.clone());
        // Boxed, so that a request without them does not carry the room for them.
        Either::Right(match reporter {
            Some(reporter) => reporter.scoped(&self.arrival.id, work).boxed(),
            None => work.boxed(),
        })
    }

    /// Names the answer and writes down that there is one. The answer to a failure leaves only after its report
    /// has: Cloud Run takes the processor away once the answer is out.
    ///
    /// It is borrowed for change only because a body cannot be shared between threads.
    pub(super) async fn answered(mut self, response: &mut Response) {
        response.headers_mut().insert(X_REQUEST_ID, self.arrival.id.header());
        let status = response.status();
        self.labels.outcome = Outcome::Answered(status);
        let cause = response.extensions().get::<Cause>();
        self.write_down(cause);
        let panicked = response.extensions().get::<Panicked>().is_some();
        match &self.arrival.context.reporter {
            Some(reporter) if status.is_server_error() && !self.probe => {
                self.report(reporter, status, cause, panicked).await;
            }
            _ => {}
        }
    }

    fn write_down(&self, cause: Option<&Cause>) {
        let duration = self.started.elapsed();
        request::at_once(self.arrival, || self.log(duration, cause));
        trace::end(&self.span, self.labels.outcome);
        self.arrival.context.metrics.end(&self.labels, duration);
    }
}

impl Watch<'_> {
    /// One line a request. The path is the route's template and the query is left out: both carry what clients
    /// send.
    fn log(&self, duration: Duration, cause: Option<&Cause>) {
        let (message, status) = match self.labels.outcome {
            Outcome::Answered(status) => ("request answered", Some(status.as_u16())),
            Outcome::Abandoned => ("client went away before its answer", None),
            Outcome::Cut => ("cut before its answer: the grace time is over", None),
        };
        macro_rules! line {
            ($level:ident) => {
                tracing::event!(
                    target: sentry::ACCESS_TARGET,
                    tracing::Level::$level,
                    "http.request.method" = self.labels.method,
                    "http.route" = self.labels.route.as_ref().map(Route::as_str),
                    "http.response.status_code" = status,
                    "client.address" = %self.arrival.client.0,
                    duration_ms = duration.as_secs_f64() * 1000.0,
                    error = cause.map(|cause| format!("{:#}", cause.0)),
                    "{message}"
                )
            };
        }
        match self.labels.outcome {
            Outcome::Answered(StatusCode::INTERNAL_SERVER_ERROR) => line!(ERROR),
            _ if self.probe => line!(DEBUG),
            Outcome::Answered(status) if status.is_server_error() => line!(WARN),
            Outcome::Cut => line!(WARN),
            _ => line!(INFO),
        }
    }

    async fn report(&self, reporter: &Reporter, status: StatusCode, cause: Option<&Cause>, panicked: bool) {
        // A panic has been reported where it happened.
        if !panicked {
            reporter.report(&Failure {
                request_id: &self.arrival.id,
                method: self.labels.method,
                route: self.labels.route.as_ref().map(Route::as_str),
                status,
                cause,
            });
        }
        reporter.flush().await;
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        if self.labels.outcome == Outcome::Abandoned {
            if self.arrival.context.cut.is_cancelled() {
                self.labels.outcome = Outcome::Cut;
            }
            self.write_down(None);
        }
    }
}
