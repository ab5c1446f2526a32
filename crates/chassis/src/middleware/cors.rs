//! Which web pages of other origins may call the API.

use std::time::Duration;

use http::{HeaderName, Method, header};
use tower_http::cors::{AllowOrigin, CorsLayer};

use super::request_id::X_REQUEST_ID;
use crate::settings::CorsOrigin;

/// Browsers keep a preflight's answer this long; Chromium caps it at two hours.
const PREFLIGHT_AGE: Duration = Duration::from_secs(7200);

/// The layer for `CORS_ORIGINS`; none when no origin is set, which is what browsers take for a refusal.
/// Credentials are never allowed: the API knows no cookies.
pub(super) fn layer(origins: &[CorsOrigin]) -> Option<CorsLayer> {
    if origins.is_empty() {
        return None;
    }
    let exact = origins.iter().map(|origin| match origin {
        CorsOrigin::Any => None,
        CorsOrigin::Exact(value) => Some(value.clone()),
    });
    let origins = exact.collect::<Option<Vec<_>>>().map_or_else(AllowOrigin::any, AllowOrigin::list);
    Some(
        CorsLayer::new()
            .allow_origin(origins)
            .allow_methods([
                Method::GET,
                Method::HEAD,
                Method::POST,
                Method::PUT,
                Method::PATCH,
                Method::DELETE,
            ])
            .allow_headers([
                header::ACCEPT,
                header::AUTHORIZATION,
                header::CONTENT_TYPE,
                header::IF_MATCH,
                header::IF_NONE_MATCH,
                header::RANGE,
                HeaderName::from_static("idempotency-key"),
                X_REQUEST_ID,
            ])
            .expose_headers([
                header::ALLOW,
                header::CONTENT_RANGE,
                header::ETAG,
                header::LINK,
                header::LOCATION,
                header::RETRY_AFTER,
                X_REQUEST_ID,
            ])
            .max_age(PREFLIGHT_AGE),
    )
}
