//! What happens to every request on the public listener, and in which order.

mod admit;
mod compression;
mod cors;
mod headers;
mod observe;
mod panics;
pub(crate) mod request_body;
mod request_id;
mod timeout;
pub(crate) mod uri;

use std::sync::Arc;

use axum::{
    Router,
    middleware::{from_fn, from_fn_with_state},
};
use tower::ServiceBuilder;

use crate::app::Context;
pub(crate) use panics::message as panic_message;
pub use request_id::RequestId;

/// The paths of health probes: they carry any Host and are no news in the log.
pub(crate) const PROBES: [&str; 3] = ["/ping", "/livez", "/readyz"];

/// Wraps the routes, fallbacks included, in the whole stack. The first layer sees a request first and its answer
/// last:
///
/// 1. `observe` gives the request its id, span, log line and metrics, and reports failures; being outermost it
///    sees every answer that the others make.
/// 2. `headers` adds the security headers, to refusals too.
/// 3. `panics` turns a panic of anything inside into a 500.
/// 4. `admit` refuses malformed paths and hosts that are not served, before anything is spent on them.
/// 5. `cors` answers preflights and lets pages of `CORS_ORIGINS` read answers.
/// 6. `compression` packs what is worth it.
/// 7. `request_body` bounds the body's size and its stalls, at every read.
/// 8. `timeout` bounds the time to the answer's header; it asks `request_body` whose fault it was.
pub(crate) fn stack(routes: Router, context: &Arc<Context>) -> Router {
    routes.layer(
        ServiceBuilder::new()
            .layer(from_fn_with_state(Arc::clone(context), observe::observe))
            .layer(from_fn(headers::secure))
            .layer(from_fn(panics::catch))
            .layer(from_fn_with_state(Arc::clone(context), admit::admit))
            .option_layer(cors::layer(&context.hosts.cors_origins))
            .layer(compression::layer())
            .layer(from_fn_with_state(Arc::clone(context), request_body::limit))
            .layer(from_fn_with_state(Arc::clone(context), timeout::timeout)),
    )
}
