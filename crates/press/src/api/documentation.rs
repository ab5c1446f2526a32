//! The failures of an operation in its description, made from the very problems that are answered.

use std::collections::BTreeMap;

use chassis::problem::{Body, Problem, TYPE_BASE};
use utoipa::openapi::{
    ContentBuilder, Ref, RefOr, ResponseBuilder, Responses,
    example::{Example, ExampleBuilder},
};

/// Adds one response a status, with an example a problem.
pub(super) fn add_problems(responses: &mut Responses, problems: impl IntoIterator<Item = Problem>) {
    let mut by_status: BTreeMap<u16, Vec<Problem>> = BTreeMap::new();
    for problem in problems {
        by_status.entry(problem.kind().status.as_u16()).or_default().push(problem);
    }
    for (status, problems) in by_status {
        let titles: Vec<&str> = problems.iter().map(|problem| problem.kind().title).collect();
        let content = ContentBuilder::new()
            .schema(Some(Ref::from_schema_name("Problem")))
            .examples_from_iter(problems.iter().map(example))
            .build();
        let response = ResponseBuilder::new()
            .description(titles.join(", or "))
            .content("application/problem+json", content)
            .build();
        responses.responses.insert(status.to_string(), RefOr::T(response));
    }
}

fn example(problem: &Problem) -> (&'static str, RefOr<Example>) {
    let kind = problem.kind();
    let body = Body {
        kind: format!("{TYPE_BASE}{}", kind.slug),
        title: kind.title,
        status: kind.status.as_u16(),
        detail: problem.detail(),
        errors: problem.errors(),
    };
    let value = serde_json::to_value(&body).unwrap_or_default();
    (kind.slug, RefOr::T(ExampleBuilder::new().summary(kind.title).value(Some(value)).build()))
}
