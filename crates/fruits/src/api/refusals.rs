//! How the API's description shows problems: each by an example that is made the way the real one is.

use std::collections::BTreeMap;

use chassis::{
    Problem,
    problem::{Body, TYPE_BASE, kind},
};
use serde_json::Value;
use utoipa::openapi::{
    Content, Ref, RefOr, Response, ResponseBuilder,
    example::{Example, ExampleBuilder},
};

use super::access::WRITE;

/// Responses by their status.
pub(super) type Responses = BTreeMap<String, RefOr<Response>>;

/// Describes these problems and those that any endpoint can answer. Problems of one status share a response.
pub(super) fn describe(own: &[Problem]) -> Responses {
    let mut by_status: BTreeMap<u16, Vec<&Problem>> = BTreeMap::new();
    let common = common();
    for problem in own.iter().chain(&common) {
        by_status.entry(problem.kind().status.as_u16()).or_default().push(problem);
    }
    by_status.into_iter().map(|(status, problems)| (status.to_string(), response(&problems).into())).collect()
}

/// The same of an endpoint that changes the catalogue, which a token may be wanted for.
pub(super) fn describe_change(own: &[Problem]) -> Responses {
    let strangers = WRITE.refusals();
    describe(&own.iter().cloned().chain(strangers).collect::<Vec<_>>())
}

fn common() -> [Problem; 5] {
    [
        kind::MALFORMED_REQUEST
            .because("There is no query parameter \"limt\" here; this path takes none.")
            .at("?limt"),
        kind::MISDIRECTED_REQUEST.because("This service does not answer for the host \"example.org\"."),
        Problem::internal(std::fmt::Error),
        kind::UNAVAILABLE.because("The service cannot take this request now; try again."),
        kind::TIMED_OUT.because("The request took longer than 30000 ms."),
    ]
}

fn response(problems: &[&Problem]) -> Response {
    let mut titles: Vec<&str> = problems.iter().map(|problem| problem.kind().title).collect();
    titles.dedup();
    let examples = problems.iter().enumerate().map(|(index, problem)| {
        let name = format!("{} {}", problem.kind().slug, index + 1);
        (name, RefOr::T(example(problem)))
    });
    let content = Content::builder()
        .schema(Some(Ref::from_schema_name("Problem")))
        .examples_from_iter(examples)
        .build();
    ResponseBuilder::new().description(titles.join("; ")).content("application/problem+json", content).build()
}

fn example(problem: &Problem) -> Example {
    let kind = problem.kind();
    let body = Body {
        kind: format!("{TYPE_BASE}{}", kind.slug),
        title: kind.title,
        status: kind.status.as_u16(),
        detail: problem.detail(),
        errors: problem.errors(),
    };
    ExampleBuilder::new()
        .summary(kind.title)
        .value(Some(serde_json::to_value(body).unwrap_or(Value::Null)))
        .build()
}
