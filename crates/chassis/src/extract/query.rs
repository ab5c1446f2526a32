//! Query parameters.

use axum::extract::FromRequestParts;
use http::request::Parts;
use serde::de::DeserializeOwned;

use crate::{
    Problem,
    middleware::uri::decodes,
    problem::{kind, shortened},
};

/// The query's parameters, as axum's `Query`; what does not parse is 400. Give `T` serde's
/// `deny_unknown_fields`, so that a misspelt parameter is not silently ignored.
#[derive(Debug, Clone, Copy)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        if !parts.uri.query().is_none_or(decodes) {
            return Err(refusal(
                "it has a % that is not followed by two hexadecimal digits, or is not UTF-8",
            ));
        }
        match axum::extract::Query::try_from_uri(&parts.uri) {
            Ok(axum::extract::Query(value)) => Ok(Self(value)),
            Err(rejection) => {
                // The rejection's own text begins with words about deserialising; its source says what is wrong.
                let reason = std::error::Error::source(&rejection)
                    .map_or_else(|| rejection.body_text(), ToString::to_string);
                // It repeats names as they were sent.
                Err(refusal(&shortened(reason.chars())))
            }
        }
    }
}

fn refusal(reason: &str) -> Problem {
    kind::MALFORMED_REQUEST.because(format!("The query is not acceptable: {reason}."))
}
