//! How an API's description shows problems: each by an example that is made the way the real one is.

use std::{collections::BTreeMap, time::Duration};

use http::{HeaderName, HeaderValue, header};
use serde_json::Value;
use utoipa::openapi::{
    Content, Header, HeaderBuilder, Object, Ref, RefOr, Response, ResponseBuilder, Type,
    example::{Example, ExampleBuilder},
};

use super::{MEDIA_TYPE, Problem, kind};

/// What a client may do with the headers of a refusal: each as it is sent, as it is written, and what it says.
const HEADERS: [(HeaderName, &str, &str); 6] = [
    (header::ACCEPT, "Accept", "The media type that is taken"),
    (HeaderName::from_static("accept-patch"), "Accept-Patch", "The media type that a change is taken in"),
    (header::ACCEPT_ENCODING, "Accept-Encoding", "The content coding that is taken"),
    (header::ALLOW, "Allow", "The methods that the path takes"),
    (header::RETRY_AFTER, "Retry-After", "After how many seconds it is worth another try"),
    (header::WWW_AUTHENTICATE, "WWW-Authenticate", "Which token would do, as RFC 6750 has it"),
];

/// One of each kind that any endpoint can answer, whatever it does: what is refused before a request reaches it, and what ends one
/// that was under way.
pub fn common() -> [Problem; 7] {
    [
        kind::MALFORMED_REQUEST.because("The request has no Host header; HTTP/1.1 requires one."),
        kind::MISDIRECTED_REQUEST.because("This service does not answer for the host \"example.org\"."),
        kind::URI_TOO_LONG.because("The request's URI is longer than any that is served here."),
        kind::HEADER_TOO_LARGE.because(
            "The request's header, its URI among it, may have 65536 bytes and 100 fields; this one has more.",
        ),
        Problem::internal(std::io::Error::other("as an example")),
        kind::UNAVAILABLE
            .because("The service is shutting down; the work was not done in the time that was left.")
            .retry_after(Duration::from_secs(5)),
        kind::TIMED_OUT.because("The request took longer than 60000 ms."),
    ]
}

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
    let mut response =
        ResponseBuilder::new().description(titles.join("; ")).content(MEDIA_TYPE, content.build());
    let sent: Vec<_> = problems.iter().flat_map(|problem| &problem.headers).collect();
    for (name, shown, description) in HEADERS {
        if let Some((_, value)) = sent.iter().find(|(sent, _)| sent == name) {
            response = response.header(shown, header(description, value));
        }
    }
    response.build()
}

fn header(description: &str, value: &HeaderValue) -> Header {
    let text = Object::builder().schema_type(Type::String).build();
    let example = String::from_utf8_lossy(value.as_bytes()).into_owned();
    HeaderBuilder::new()
        .schema(Some(text))
        .description(Some(description))
        .example(Some(example.into()))
        .build()
}

fn example(problem: &Problem) -> Example {
    let value = serde_json::to_value(problem.body()).unwrap_or(Value::Null);
    ExampleBuilder::new().summary(problem.kind().title).value(Some(value)).build()
}
