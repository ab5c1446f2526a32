//! How long a request may take to its answer's header.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::request_body::{BodyFault, ClientKeepsUsWaiting};
use crate::{app::Context, problem::kind};

/// Ends a request after `REQUEST_TIMEOUT_MS`: with 408 if it still waits for the client's own body, with 504 if
/// the work took too long. The work is dropped where it stands.
pub(super) async fn timeout(State(context): State<Arc<Context>>, request: Request, next: Next) -> Response {
    let limit = context.limits.request_timeout();
    let waiting = request.extensions().get::<ClientKeepsUsWaiting>().cloned();
    match tokio::time::timeout(limit, next.run(request)).await {
        Ok(response) => response,
        Err(_) if waiting.is_some_and(|waiting| waiting.now()) => BodyFault::Slow.problem().into_response(),
        Err(_) => kind::TIMED_OUT
            .because(format!("The work was not done within {} ms and has been stopped.", limit.as_millis()))
            .into_response(),
    }
}
