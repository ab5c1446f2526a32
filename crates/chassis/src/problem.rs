//! The one shape of every failure: `application/problem+json`, RFC 9457.
//!
//! What the client reads (`detail`, `errors`) and what the log reads (`cause`) are different fields, so that
//! a 5xx cannot carry internal text by accident. A problem is logged once, by the middleware that sees the
//! response: [`Cause`] travels there in the response's extensions.

mod description;

use std::{borrow::Cow, sync::Arc, time::Duration};

use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;

pub use description::{common, responses};

/// Where the kinds of problem are explained, one heading each.
pub const TYPE_BASE: &str = concat!(env!("CARGO_PKG_REPOSITORY"), "/blob/main/docs/problems.md#");

pub(crate) const MEDIA_TYPE: &str = "application/problem+json";

/// Characters of what a client sent that an answer repeats; a hostile name could fill the whole body.
const REPEATED_CHARACTERS_MAX: usize = 100;

/// A kind of problem: what stays the same from one occurrence to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    /// The fragment of the `type` URI, stable for ever: clients branch on it.
    pub slug: &'static str,
    /// The HTTP status it is answered with.
    pub status: StatusCode,
    /// A short summary that is the same for each occurrence.
    pub title: &'static str,
}

impl Kind {
    /// A kind; services declare theirs as constants beside the error that maps to them.
    pub const fn new(slug: &'static str, status: StatusCode, title: &'static str) -> Self {
        Self { slug, status, title }
    }

    /// One occurrence of this kind, with what the client should read.
    pub fn because(self, detail: impl Into<Cow<'static, str>>) -> Problem {
        Problem {
            kind: self,
            detail: detail.into(),
            errors: Box::default(),
            has_more_errors: false,
            headers: Vec::new(),
            cause: None,
        }
    }
}

/// The kinds that any service can answer.
pub mod kind {
    use super::{Kind, StatusCode};

    macro_rules! kinds {
        ($($(#[$doc:meta])* $name:ident = $slug:literal, $status:ident, $title:literal;)*) => {
            $($(#[$doc])* pub const $name: Kind = Kind::new($slug, StatusCode::$status, $title);)*
            /// Every kind above, for the page that explains them.
            pub const ALL: &[Kind] = &[$($name),*];
        };
    }

    kinds! {
        /// The request is not well-formed: its syntax, its encoding, its path or query.
        MALFORMED_REQUEST = "malformed-request", BAD_REQUEST, "Malformed request";
        /// The request needs a token, or another one; `WWW-Authenticate` says which.
        UNAUTHORIZED = "unauthorized", UNAUTHORIZED, "Unauthorized";
        /// The request's token may not do this.
        FORBIDDEN = "forbidden", FORBIDDEN, "Forbidden";
        /// No such path, or no such resource.
        NOT_FOUND = "not-found", NOT_FOUND, "Not found";
        /// The path exists, the method does not; `Allow` says which do.
        METHOD_NOT_ALLOWED = "method-not-allowed", METHOD_NOT_ALLOWED, "Method not allowed";
        /// The client took longer to send its request than the server waits.
        REQUEST_TIMEOUT = "request-timeout", REQUEST_TIMEOUT, "Request timeout";
        /// The state of the resource forbids it.
        CONFLICT = "conflict", CONFLICT, "Conflict";
        /// The resource is not in the state that the request's conditions demand.
        PRECONDITION_FAILED = "precondition-failed", PRECONDITION_FAILED, "Precondition failed";
        /// The request's own body is larger than `BODY_BYTES_MAX`.
        BODY_TOO_LARGE = "body-too-large", PAYLOAD_TOO_LARGE, "Request body too large";
        /// The body is of another media type than the endpoint reads.
        UNSUPPORTED_MEDIA_TYPE = "unsupported-media-type", UNSUPPORTED_MEDIA_TYPE, "Unsupported media type";
        /// The request's URI is longer than the server reads.
        URI_TOO_LONG = "uri-too-long", URI_TOO_LONG, "URI too long";
        /// The request's header is larger than the server reads.
        HEADER_TOO_LARGE = "header-too-large", REQUEST_HEADER_FIELDS_TOO_LARGE, "Request header too large";
        /// The request was understood; a field's value is not acceptable.
        INVALID_FIELDS = "invalid-fields", UNPROCESSABLE_ENTITY, "Invalid fields";
        /// The `Host` is none that this service answers for.
        MISDIRECTED_REQUEST = "misdirected-request", MISDIRECTED_REQUEST, "Misdirected request";
        /// The client asks more often than it may; `Retry-After` says when to go on.
        TOO_MANY_REQUESTS = "too-many-requests", TOO_MANY_REQUESTS, "Too many requests";
        /// Something failed inside; the log knows it by the request id.
        INTERNAL = "internal-error", INTERNAL_SERVER_ERROR, "Internal error";
        /// The service cannot take this request now; `Retry-After` says when to try again.
        UNAVAILABLE = "service-unavailable", SERVICE_UNAVAILABLE, "Service unavailable";
        /// The request took longer than `REQUEST_TIMEOUT_MS`.
        TIMED_OUT = "timed-out", GATEWAY_TIMEOUT, "Timed out";
    }
}

/// What is wrong with one field of the request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldError {
    /// JSON Pointer (RFC 6901) to the field in the request's body, or `?name` for a query parameter.
    #[schema(example = "/fruit")]
    pub pointer: String,
    /// What is wrong with it and what would be right.
    #[schema(example = "must not be empty")]
    pub detail: String,
}

/// What a client sent, as far as an answer repeats it: whole where it is short, else its beginning and `…`.
pub fn shortened(sent: impl IntoIterator<Item = char>) -> String {
    let mut characters = sent.into_iter();
    let mut text: String = characters.by_ref().take(REPEATED_CHARACTERS_MAX).collect();
    if characters.next().is_some() {
        text.push('…');
    }
    text
}

/// One failure, on its way to a client.
#[derive(Debug, Clone)]
pub struct Problem {
    kind: Kind,
    detail: Cow<'static, str>,
    errors: Box<[FieldError]>,
    has_more_errors: bool,
    headers: Vec<(HeaderName, HeaderValue)>,
    cause: Option<Cause>,
}

/// The wire form of a [`Problem`], `application/problem+json`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct Body<'a> {
    /// A URI that names the kind of problem and stays the same: branch on this.
    #[serde(rename = "type")]
    #[schema(example = "https://github.com/fruitpress/fruitpress/blob/main/docs/problems.md#invalid-fields")]
    pub kind: String,
    /// The kind in words.
    #[schema(example = "Invalid fields")]
    pub title: &'a str,
    /// The HTTP status code.
    #[schema(example = 422)]
    pub status: u16,
    /// What happened this time and what to do about it.
    #[schema(example = "1 field is not acceptable")]
    pub detail: &'a str,
    /// For fields: each one that is wrong.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    #[schema(required = false)]
    pub errors: &'a [FieldError],
}

/// What the log reads and the client never sees: the error behind a problem, with its sources.
#[derive(Debug, Clone)]
pub struct Cause(pub Arc<anyhow::Error>);

impl Problem {
    /// An internal error: the client reads a fixed sentence, the log reads `cause`.
    pub fn internal(cause: impl Into<anyhow::Error>) -> Self {
        kind::INTERNAL
            .because("Something failed on our side. Try again; if it persists, report the X-Request-Id of this answer.")
            .caused_by(cause)
    }

    /// Field errors, each with the pointer to its field.
    pub fn invalid_fields(errors: Vec<FieldError>) -> Self {
        let detail = match errors.as_slice() {
            [one] if one.pointer.is_empty() => one.detail.clone(),
            [one] => format!("{}: {}", one.pointer, one.detail),
            many => format!("{} fields are not acceptable", many.len()),
        };
        let mut problem = kind::INVALID_FIELDS.because(detail);
        problem.errors = errors.into_boxed_slice();
        problem
    }

    /// As [`Problem::invalid_fields`], where these are the first of more.
    pub fn more_invalid_fields(errors: Vec<FieldError>) -> Self {
        let listed = errors.len();
        let mut problem = kind::INVALID_FIELDS
            .because(format!("More than {listed} fields are not acceptable; the first {listed} are listed"));
        problem.errors = errors.into_boxed_slice();
        problem.has_more_errors = true;
        problem
    }

    /// The same problem at one field of the request's body.
    #[must_use]
    pub fn at(self, pointer: impl Into<String>) -> Self {
        let detail = self.detail.clone().into_owned();
        self.with_error(FieldError { pointer: pointer.into(), detail })
    }

    /// The same problem with one more field that is wrong.
    #[must_use]
    pub fn with_error(mut self, error: FieldError) -> Self {
        let mut errors = std::mem::take(&mut self.errors).into_vec();
        errors.push(error);
        self.errors = errors.into_boxed_slice();
        self
    }

    /// Keeps what the log should say; the client never reads it.
    #[must_use]
    pub fn caused_by(mut self, cause: impl Into<anyhow::Error>) -> Self {
        self.cause = Some(Cause(Arc::new(cause.into())));
        self
    }

    /// Adds `Retry-After`, rounded up to whole seconds, at least one.
    #[must_use]
    pub fn retry_after(self, after: Duration) -> Self {
        let seconds = after.as_millis().div_ceil(1000).max(1);
        let seconds = u64::try_from(seconds).unwrap_or(u64::MAX);
        self.header(header::RETRY_AFTER, HeaderValue::from(seconds))
    }

    /// Adds a header to the answer.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// Which kind of problem this is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The wire form.
    fn body(&self) -> Body<'_> {
        Body {
            kind: format!("{TYPE_BASE}{}", self.kind.slug),
            title: self.kind.title,
            status: self.kind.status.as_u16(),
            detail: &self.detail,
            errors: &self.errors,
        }
    }

    /// The wire form, written.
    pub(crate) fn to_json(&self) -> Vec<u8> {
        // Strings and integers alone: there is nothing in it that could fail to serialise.
        serde_json::to_vec(&self.body()).unwrap_or_default()
    }

    /// What the log reads.
    pub(crate) fn cause(&self) -> Option<&Cause> {
        self.cause.as_ref()
    }

    /// What the client reads.
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// Whether more fields are wrong than [`errors`](Self::errors) lists.
    pub fn has_more_errors(&self) -> bool {
        self.has_more_errors
    }

    /// The fields that are wrong.
    pub fn errors(&self) -> &[FieldError] {
        &self.errors
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.kind.status, self.to_json()).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        for (name, value) in self.headers {
            headers.insert(name, value);
        }
        if let Some(cause) = self.cause {
            response.extensions_mut().insert(cause);
        }
        response
    }
}
