//! What the API's description says of problems: those of an endpoint, and those that any can answer.

use std::{collections::BTreeMap, time::Duration};

use chassis::{
    Problem,
    extract::Permission as _,
    problem::{self, kind},
};
use utoipa::openapi::{RefOr, Response};

use super::access::Write;

/// Responses by their status.
pub(super) type Responses = BTreeMap<String, RefOr<Response>>;

/// Describes these problems and those that any endpoint can answer. Problems of one status share a response.
pub(super) fn describe(own: &[Problem]) -> Responses {
    problem::responses(own.iter().chain(&common()))
}

/// The same of an endpoint that changes the catalogue, which a token may be wanted for.
pub(super) fn describe_change(own: &[Problem]) -> Responses {
    let strangers = Write::SCOPE.refusals();
    describe(&own.iter().cloned().chain(strangers).collect::<Vec<_>>())
}

fn common() -> [Problem; 5] {
    [
        kind::MALFORMED_REQUEST
            .because("There is no query parameter \"limt\" here; this path takes none.")
            .at("?limt"),
        kind::MISDIRECTED_REQUEST.because("This service does not answer for the host \"example.org\"."),
        Problem::internal(std::fmt::Error),
        kind::UNAVAILABLE
            .because("The service cannot take this request now; try again.")
            .retry_after(Duration::from_secs(1)),
        kind::TIMED_OUT.because("The request took longer than 30000 ms."),
    ]
}
