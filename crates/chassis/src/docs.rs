//! What the services say about themselves: the API's description.

mod description;

use axum::Router;

use crate::Service;
pub use description::openapi;

/// `/openapi.json` and the pages that show it.
pub(crate) fn router(services: &[Service]) -> anyhow::Result<Router> {
    let description = openapi(services);
    let json = bytes::Bytes::from(description.to_pretty_json()?);
    Ok(Router::new().route(
        "/openapi.json",
        axum::routing::get(move || {
            std::future::ready(([(http::header::CONTENT_TYPE, "application/json")], json.clone()))
        }),
    ))
}
