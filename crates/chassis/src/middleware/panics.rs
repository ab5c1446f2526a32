//! A panic in a handler fails its request, not the connection.

use std::panic::AssertUnwindSafe;

use axum::{
    extract::Request,
    middleware::Next,
    response::{IntoResponse, Response},
};
use futures_util::FutureExt;

use crate::Problem;

/// In an answer's extensions: it stands for a panic, which the panic hook has logged and reported already.
#[derive(Debug, Clone, Copy)]
pub(super) struct Panicked;

/// Answers 500 where the rest of the stack panics.
pub(super) async fn catch(request: Request, next: Next) -> Response {
    // Nothing that is shared outlives the request half-changed: the standard locks poison, and the rest is the
    // handlers' own duty as after any error.
    match AssertUnwindSafe(next.run(request)).catch_unwind().await {
        Ok(response) => response,
        Err(payload) => {
            let mut response =
                Problem::internal(anyhow::anyhow!("panicked: {}", message(&*payload))).into_response();
            response.extensions_mut().insert(Panicked);
            response
        }
    }
}

/// The panic's message, where it is text.
pub(crate) fn message(payload: &(dyn std::any::Any + Send)) -> &str {
    payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
}
