//! Answers that are made while they are sent.
//!
//! Their status line is out before it is known whether they will be whole. The request is over for the middleware by
//! then, so what such an answer logs would carry no request id, and its failure would be in no report.

use std::{convert::Infallible, sync::Arc};

use axum::{
    body::{Body, Bytes},
    extract::{FromRequestParts, MatchedPath},
};
use futures_util::{Stream, StreamExt, stream};
use http::{StatusCode, request::Parts};

use crate::{
    metrics::method_label,
    middleware::Arrival,
    problem::Problem,
    telemetry::{
        request,
        sentry::{self, Failure},
    },
};

/// The request that an answer is streamed for; a handler takes it as an argument.
pub struct Streamed {
    /// None where a router is called without the middleware.
    arrival: Option<Arc<Arrival>>,
    method: &'static str,
    route: Option<MatchedPath>,
}

/// The answer is cut off here. Why stands in the log and in the report.
#[derive(Debug, thiserror::Error)]
#[error("the answer broke off")]
struct BrokeOff;

impl Streamed {
    /// The body that these pieces make. They are made on behalf of the request, as its log lines say. An error breaks
    /// the connection off, once it has been logged and, where the fault is ours, reported as that of a failed request
    /// is.
    pub fn body<E: Into<Problem> + Send>(
        self,
        pieces: impl Stream<Item = Result<Bytes, E>> + Send + 'static,
    ) -> Body {
        let pieces = Box::pin(pieces);
        Body::from_stream(stream::try_unfold((self, pieces), async |(request, mut pieces)| {
            match request.during(pieces.next()).await {
                Some(Ok(piece)) => Ok(Some((piece, (request, pieces)))),
                Some(Err(error)) => {
                    request.during(request.broke_off(error.into())).await;
                    Err(BrokeOff)
                }
                None => Ok(None),
            }
        }))
    }

    async fn during<F: Future>(&self, work: F) -> F::Output {
        match &self.arrival {
            Some(arrival) => request::during(Arc::clone(arrival), work).await,
            None => work.await,
        }
    }

    /// The report leaves before the connection is broken off, as that of a failed request leaves before its answer.
    async fn broke_off(&self, problem: Problem) {
        let route = self.route.as_ref().map(MatchedPath::as_str);
        let cause = match problem.cause() {
            Some(cause) if problem.kind().status.is_server_error() => cause,
            _ => {
                tracing::event!(
                    target: sentry::ACCESS_TARGET,
                    tracing::Level::INFO,
                    "http.request.method" = self.method,
                    "http.route" = route,
                    reason = problem.detail(),
                    "answer broke off"
                );
                return;
            }
        };
        tracing::event!(
            target: sentry::ACCESS_TARGET,
            tracing::Level::ERROR,
            "http.request.method" = self.method,
            "http.route" = route,
            error = format!("{:#}", cause.0),
            "answer broke off"
        );
        let Some(arrival) = &self.arrival else { return };
        let Some(reporter) = &arrival.context.reporter else { return };
        reporter.report(&Failure {
            request_id: &arrival.id,
            method: self.method,
            route,
            status: StatusCode::OK,
            cause: Some(cause),
        });
        reporter.flush().await;
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Streamed {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(Self {
            arrival: parts.extensions.get().cloned(),
            method: method_label(&parts.method),
            route: parts.extensions.get().cloned(),
        })
    }
}
