//! The request's body, as far as the limits let it arrive.

use std::error::Error;

use axum::body::{Body, Bytes};
use http::{HeaderMap, HeaderValue, header};
use http_body_util::BodyExt;

use crate::{
    Problem,
    middleware::request_body::BodyFault,
    problem::{kind, shortened},
};

/// The whole body. The middleware around it sets the limits; this maps what they refuse: 413 when it is too
/// large, 408 when it stands still, 400 when the connection breaks in the middle.
pub async fn read_body(body: Body) -> Result<Bytes, Problem> {
    match body.collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) => Err(body_problem(&error)),
    }
}

/// A body that is packed would have to be unpacked within a limit of its own, which no client has asked for yet.
pub fn require_no_coding(headers: &HeaderMap) -> Result<(), Problem> {
    for value in headers.get_all(header::CONTENT_ENCODING) {
        let text = String::from_utf8_lossy(value.as_bytes());
        if text.split(',').all(|coding| coding.trim().eq_ignore_ascii_case("identity")) {
            continue;
        }
        let refused = kind::UNSUPPORTED_MEDIA_TYPE.because(format!(
            "The request's Content-Encoding is {:?}; send the body as it is, without Content-Encoding.",
            shortened(text.chars())
        ));
        // RFC 9110 section 15.5.16: this tells it from a refused media type.
        return Err(refused.header(header::ACCEPT_ENCODING, HeaderValue::from_static("identity")));
    }
    Ok(())
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
