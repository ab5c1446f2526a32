//! What the API's description says of problems: those of an endpoint, and those that any can answer.

use std::{collections::BTreeMap, iter};

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
    problem::responses(&own.iter().cloned().chain(common()).collect::<Vec<_>>())
}

/// The same of an endpoint that changes the catalogue, which a token may be wanted for.
pub(super) fn describe_change(own: &[Problem]) -> Responses {
    let strangers = Write::SCOPE.refusals();
    describe(&own.iter().cloned().chain(strangers).collect::<Vec<_>>())
}

fn common() -> impl Iterator<Item = Problem> {
    let parameter = kind::MALFORMED_REQUEST
        .because("There is no query parameter \"limt\" here; this path takes none.")
        .at("?limt");
    iter::once(parameter).chain(problem::common())
}
