//! A panic in a handler fails its request, not the connection.

use std::panic::AssertUnwindSafe;

use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;

use crate::Problem;

/// In an answer's extensions: it stands for a panic, which the panic hook has logged and reported already.
#[derive(Debug, Clone, Copy)]
pub(super) struct Panicked;

/// Answers 500 where the work panics.
pub(super) fn caught(
    work: impl Future<Output = Result<Response, Problem>>,
) -> impl Future<Output = Response> {
    // Nothing that is shared outlives the request half-changed: the standard locks poison, and the rest is the
    // handlers' own duty as after any error.
    AssertUnwindSafe(work).catch_unwind().map(|ended| match ended {
        Ok(answer) => answer.into_response(),
        Err(payload) => {
            let mut response =
                Problem::internal(anyhow::anyhow!("panicked: {}", message(&*payload))).into_response();
            response.extensions_mut().insert(Panicked);
            response
        }
    })
}

/// The panic's message, where it is text.
pub(crate) fn message(payload: &(dyn std::any::Any + Send)) -> &str {
    payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
}
