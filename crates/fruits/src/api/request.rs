//! What the endpoints take from the request's line.

use axum::extract::FromRequestParts;
use chassis::{Problem, problem::kind};
use http::request::Parts;
use serde::{Deserialize, Deserializer, de::Error as _};
use utoipa::IntoParams;

use crate::domain::FruitId;

/// As much of an unknown parameter's name as the answer repeats.
const NAME_CHARACTERS_MAX: usize = 40;

/// No query: a parameter that is not known is refused, so that a typo is not silently the full list.
#[derive(Debug)]
pub(super) struct NoQuery;

impl<S: Sync> FromRequestParts<S> for NoQuery {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let first =
            parts.uri.query().and_then(|query| query.split('&').find(|parameter| !parameter.is_empty()));
        match first {
            None => Ok(Self),
            Some(parameter) => {
                let name = parameter.split('=').next().unwrap_or_default();
                Err(unknown_parameter(name, "this path takes none"))
            }
        }
    }
}

/// The refusal of a parameter that the path does not take; `taken` says which it does.
pub(super) fn unknown_parameter(name: &str, taken: &str) -> Problem {
    let name: String = name.chars().take(NAME_CHARACTERS_MAX).collect();
    kind::MALFORMED_REQUEST
        .because(format!("There is no query parameter {name:?} here; {taken}."))
        .at(format!("?{name}"))
}

/// Which fruit a path is about.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "describes the request to its readers; `IdInPath` parses it")]
pub(super) struct IdParameter {
    /// The fruit's id, in plain digits.
    #[param(minimum = 1, maximum = 9_007_199_254_740_991_u64, example = 1)]
    id: i64,
}

/// A fruit's id as a segment of the path.
#[derive(Debug)]
pub(super) struct IdInPath(pub(super) FruitId);

impl<'de> Deserialize<'de> for IdInPath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse()
            .map(Self)
            .map_err(|error| D::Error::custom(format!("a fruit's id {error}, in plain digits")))
    }
}
