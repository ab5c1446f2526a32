//! The name of one request, for finding it in logs and reports.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::{HeaderMap, HeaderName, HeaderValue, request::Parts};

use crate::Problem;

pub(crate) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Longest id that is taken from a client.
const LENGTH_MAX: usize = 64;

/// The request's id: the client's `X-Request-Id`, kept only if it is 1 to 64 of `[A-Za-z0-9-]` so that it can
/// be written anywhere, or a new UUID. In the request's extensions, and in every answer's header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(Arc<str>);

impl RequestId {
    /// The id itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) fn of(headers: &HeaderMap) -> Self {
        let mut given = headers.get_all(&X_REQUEST_ID).iter();
        // Two ids would be none: which one did the client mean?
        match (given.next().and_then(|value| value.to_str().ok()), given.next()) {
            (Some(id), None) if is_kept(id) => Self(id.into()),
            _ => Self(uuid::Uuid::new_v4().to_string().into()),
        }
    }

    pub(super) fn header(&self) -> HeaderValue {
        HeaderValue::from_str(&self.0).unwrap_or(HeaderValue::from_static(""))
    }
}

fn is_kept(id: &str) -> bool {
    (1..=LENGTH_MAX).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

impl<S: Send + Sync> FromRequestParts<S> for RequestId {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let unknown = || Problem::internal(anyhow::anyhow!("no request id: not served by the chassis"));
        parts.extensions.get::<Self>().cloned().ok_or_else(unknown)
    }
}
