//! The request's body, as far as the limits let it arrive.

use std::error::Error;

use axum::body::{Body, Bytes};
use http_body_util::BodyExt;

use crate::{Problem, middleware::request_body::BodyFault, problem::kind};

/// The whole body. The middleware around it sets the limits; this maps what they refuse: 413 when it is too
/// large, 408 when it stands still, 400 when the connection breaks in the middle.
pub async fn read_body(body: Body) -> Result<Bytes, Problem> {
    match body.collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) => Err(body_problem(&error)),
    }
}

/// Why a body could not be read, for those who read one piece by piece.
pub fn body_problem(error: &axum::Error) -> Problem {
    let mut source: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = source {
        if let Some(fault) = error.downcast_ref::<BodyFault>() {
            return fault.problem();
        }
        source = error.source();
    }
    kind::MALFORMED_REQUEST.because("The request's body broke off before its end.")
}
