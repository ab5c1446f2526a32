//! Path parameters.

use axum::extract::{FromRequestParts, path::ErrorKind, rejection::PathRejection};
use http::request::Parts;
use serde::de::DeserializeOwned;

use crate::{
    Problem,
    problem::{kind, shortened},
};

/// The path's parameters, as axum's `Path`; one that does not parse is 400.
#[derive(Debug, Clone, Copy)]
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match axum::extract::Path::from_request_parts(parts, state).await {
            Ok(axum::extract::Path(value)) => Ok(Self(value)),
            Err(rejection) => Err(problem(rejection)),
        }
    }
}

fn problem(rejection: PathRejection) -> Problem {
    let PathRejection::FailedToDeserializePathParams(failure) = rejection else {
        return Problem::internal(rejection);
    };
    let sent = |value: &str| shortened(value.chars());
    let detail = match failure.kind() {
        ErrorKind::ParseErrorAtKey { key, value, expected_type } => {
            format!("The path's {key} is {:?}, which is not a valid {expected_type}.", sent(value))
        }
        ErrorKind::DeserializeError { key, value, message } => {
            format!("The path's {key} is {:?}: {message}.", sent(value))
        }
        ErrorKind::InvalidUtf8InPathParam { key } => format!("The path's {key} is not UTF-8 once decoded."),
        ErrorKind::ParseErrorAtIndex { value, expected_type, .. }
        | ErrorKind::ParseError { value, expected_type } => {
            format!("The path has {:?} where a valid {expected_type} belongs.", sent(value))
        }
        ErrorKind::Message(message) => format!("The path is not acceptable: {message}."),
        // What is left is a route and a handler that do not fit each other.
        _ => return Problem::internal(failure),
    };
    kind::MALFORMED_REQUEST.because(detail)
}
