//! The name of one request, for finding it in logs and reports.

use axum::extract::FromRequestParts;
use http::{HeaderMap, HeaderName, HeaderValue, request::Parts};
use uuid::{Uuid, fmt::Hyphenated};

use super::Arrival;
use crate::Problem;

pub(crate) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Longest id that is taken from a client.
const LENGTH_MAX: usize = 64;

/// The request's id: the client's `X-Request-Id`, kept only if it is 1 to 64 of `[A-Za-z0-9-]` so that it can
/// be written anywhere, or a new UUID. In every answer's header.
#[derive(Debug, Clone, PartialEq, Eq)]
// As it is sent: a client's own id is shared with its request, not copied.
pub struct RequestId(HeaderValue);

impl RequestId {
    /// The id itself.
    pub fn as_str(&self) -> &str {
        self.0.to_str().unwrap_or_default()
    }

    pub(super) fn of(headers: &HeaderMap) -> Self {
        let mut given = headers.get_all(&X_REQUEST_ID).iter();
        // Two ids would be none: which one did the client mean?
        match (given.next(), given.next()) {
            (Some(id), None) if is_kept(id.as_bytes()) => Self(id.clone()),
            _ => Self::random(),
        }
    }

    fn random() -> Self {
        let mut buffer = [0; Hyphenated::LENGTH];
        let text = Uuid::new_v4().hyphenated().encode_lower(&mut buffer);
        Self(HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static("")))
    }

    pub(super) fn header(&self) -> HeaderValue {
        self.0.clone()
    }
}

fn is_kept(id: &[u8]) -> bool {
    (1..=LENGTH_MAX).contains(&id.len())
        && id.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
}

impl<S: Send + Sync> FromRequestParts<S> for RequestId {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        Arrival::in_parts(parts).map(|arrival| arrival.id.clone())
    }
}
