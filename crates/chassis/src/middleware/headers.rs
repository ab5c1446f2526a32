//! Headers that keep browsers from doing more with an answer than it is for.

use axum::response::Response;
use http::{HeaderValue, header};

use crate::address::Scheme;

/// What an API's answer may load or be framed by: nothing. Pages that need more set their own.
const API_POLICY: HeaderValue = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
const HSTS: HeaderValue = HeaderValue::from_static("max-age=31536000");
const NOSNIFF: HeaderValue = HeaderValue::from_static("nosniff");
const NO_REFERRER: HeaderValue = HeaderValue::from_static("no-referrer");

/// Adds them where the handler has not set its own; `Strict-Transport-Security` only where the client came by
/// https, because over http browsers must ignore it (RFC 6797 section 7.2).
pub(super) fn secure(response: &mut Response, scheme: Scheme) {
    let headers = response.headers_mut();
    headers.entry(header::X_CONTENT_TYPE_OPTIONS).or_insert(NOSNIFF);
    headers.entry(header::REFERRER_POLICY).or_insert(NO_REFERRER);
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(API_POLICY);
    if scheme == Scheme::Https {
        headers.entry(header::STRICT_TRANSPORT_SECURITY).or_insert(HSTS);
    }
}
