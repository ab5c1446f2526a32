//! Headers that keep browsers from doing more with an answer than it is for.

use axum::{extract::Request, middleware::Next, response::Response};
use http::{HeaderName, HeaderValue, header};

use crate::address::Scheme;

/// What an API's answer may load or be framed by: nothing. Pages that need more set their own.
const API_POLICY: HeaderValue = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
const HSTS: HeaderValue = HeaderValue::from_static("max-age=31536000");
const NOSNIFF: HeaderValue = HeaderValue::from_static("nosniff");
const NO_REFERRER: HeaderValue = HeaderValue::from_static("no-referrer");

/// Adds them where the handler has not set its own; `Strict-Transport-Security` only where the client came by
/// https, because over http browsers must ignore it (RFC 6797 section 7.2).
pub(super) async fn secure(request: Request, next: Next) -> Response {
    let https = request.extensions().get::<Scheme>() == Some(&Scheme::Https);
    let mut response = next.run(request).await;
    let mut add = |name: HeaderName, value: HeaderValue| {
        response.headers_mut().entry(name).or_insert(value);
    };
    add(header::X_CONTENT_TYPE_OPTIONS, NOSNIFF);
    add(header::REFERRER_POLICY, NO_REFERRER);
    add(header::CONTENT_SECURITY_POLICY, API_POLICY);
    if https {
        add(header::STRICT_TRANSPORT_SECURITY, HSTS);
    }
    response
}
