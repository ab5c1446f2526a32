//! How long a request may take to its answer's header.

use std::convert::Infallible;

use axum::response::Response;
use futures_util::FutureExt;

use super::request_body::{BodyFault, ClientKeepsUsWaiting};
use crate::{Problem, problem::kind, settings::Limits};

/// Ends a request after `REQUEST_TIMEOUT_MS`: with 408 if it still waits for the client's own body, with 504 if
/// the work took too long. The work is dropped where it stands.
pub(super) fn timeout(
    limits: &Limits,
    waiting: Option<ClientKeepsUsWaiting>,
    work: impl Future<Output = Result<Response, Infallible>>,
) -> impl Future<Output = Result<Response, Problem>> {
    let limit = limits.request_timeout();
    tokio::time::timeout(limit, work).map(move |ended| match ended {
        Ok(Ok(response)) => Ok(response),
        Err(_) if waiting.is_some_and(|waiting| waiting.now()) => Err(BodyFault::Slow.problem()),
        Err(_) => Err(kind::TIMED_OUT
            .because(format!("The work was not done within {} ms and has been stopped.", limit.as_millis()))),
    })
}
