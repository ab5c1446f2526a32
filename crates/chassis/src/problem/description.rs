//! How an API's description shows problems: each by an example that is made the way the real one is.

use std::collections::BTreeMap;

use serde_json::Value;
use utoipa::openapi::{
    Content, Ref, RefOr, Response, ResponseBuilder,
    example::{Example, ExampleBuilder},
};

use super::{MEDIA_TYPE, Problem};

/// The answers that these problems are, by their status. Problems of one status share an answer, whose examples are
/// numbered where a kind has several.
pub fn responses<'a>(problems: impl IntoIterator<Item = &'a Problem>) -> BTreeMap<String, RefOr<Response>> {
    let mut by_status: BTreeMap<u16, Vec<&Problem>> = BTreeMap::new();
    for problem in problems {
        by_status.entry(problem.kind().status.as_u16()).or_default().push(problem);
    }
    by_status.into_iter().map(|(status, problems)| (status.to_string(), response(&problems).into())).collect()
}

fn response(problems: &[&Problem]) -> Response {
    let mut titles: Vec<&str> = Vec::new();
    let mut examples = Vec::new();
    for (index, problem) in problems.iter().enumerate() {
        let kind = problem.kind();
        if !titles.contains(&kind.title) {
            titles.push(kind.title);
        }
        let earlier = problems[..index].iter().filter(|other| other.kind() == kind).count();
        let name = if earlier == 0 { kind.slug.to_owned() } else { format!("{} {}", kind.slug, earlier + 1) };
        examples.push((name, RefOr::T(example(problem))));
    }
    let content =
        Content::builder().schema(Some(Ref::from_schema_name("Problem"))).examples_from_iter(examples);
    ResponseBuilder::new().description(titles.join("; ")).content(MEDIA_TYPE, content.build()).build()
}

fn example(problem: &Problem) -> Example {
    let value = serde_json::to_value(problem.body()).unwrap_or(Value::Null);
    ExampleBuilder::new().summary(problem.kind().title).value(Some(value)).build()
}
