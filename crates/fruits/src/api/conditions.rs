//! Conditional requests (RFC 9110, section 13): `ETag`, `If-Match`, `If-None-Match`.
//!
//! A fruit's entity tag is its revision, `"3"`, and strong. A list's is that of the whole store's state, and weak.

use axum::{
    extract::FromRequestParts,
    response::{IntoResponse, Response},
};
use chassis::{Problem, problem::kind};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header, request::Parts};
use utoipa::IntoParams;

use super::rendered;
use crate::domain::{Fruit, Precondition, Revision, Revisions};

/// In which state a fruit must be to be changed.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "describes the request to its readers; extractors parse it")]
pub(super) struct ChangeConditions {
    /// Do it only if the fruit has one of these entity tags; otherwise 412.
    #[param(
        rename = "If-Match",
        example = "\"1\"",
        nullable = false,
        pattern = r#"^(\*|(W/)?"[ !#-~]*"( *, *(W/)?"[ !#-~]*")*)$"#
    )]
    if_match: Option<String>,
    /// Do it only if the fruit has none of these entity tags; otherwise 412.
    #[param(
        rename = "If-None-Match",
        example = "\"1\"",
        nullable = false,
        pattern = r#"^(\*|(W/)?"[ !#-~]*"( *, *(W/)?"[ !#-~]*")*)$"#
    )]
    if_none_match: Option<String>,
}

/// Which states of the fruit the client has, or wants.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "describes the request to its readers; extractors parse it")]
pub(super) struct ReadConditions {
    /// Entity tags that the client has: if the fruit's is one of them, the answer is 304 without a body.
    #[param(
        rename = "If-None-Match",
        example = "\"1\"",
        nullable = false,
        pattern = r#"^(\*|(W/)?"[ !#-~]*"( *, *(W/)?"[ !#-~]*")*)$"#
    )]
    if_none_match: Option<String>,
    /// Answer only if the fruit has one of these entity tags; otherwise 412.
    #[param(
        rename = "If-Match",
        example = "\"1\"",
        nullable = false,
        pattern = r#"^(\*|(W/)?"[ !#-~]*"( *, *(W/)?"[ !#-~]*")*)$"#
    )]
    if_match: Option<String>,
}

/// What the request's headers say about the state that they expect.
#[derive(Debug)]
pub(super) struct Conditions {
    if_match: Option<Tags>,
    if_none_match: Option<Tags>,
}

#[derive(Debug, PartialEq, Eq)]
enum Tags {
    Any,
    These(Vec<Tag>),
}

#[derive(Debug, PartialEq, Eq)]
struct Tag {
    weak: bool,
    opaque: String,
}

impl Conditions {
    /// The same for one fruit. `If-Match` compares strongly: a weak tag is never the same.
    pub(super) fn of_fruit(&self) -> Precondition {
        let revisions = |tags: &Tags, weak_too: bool| match tags {
            Tags::Any => Revisions::Any,
            Tags::These(tags) => Revisions::OneOf(
                tags.iter().filter(|tag| weak_too || !tag.weak).filter_map(Tag::revision).collect(),
            ),
        };
        Precondition {
            matches: self.if_match.as_ref().map(|tags| revisions(tags, false)),
            matches_none: self.if_none_match.as_ref().map(|tags| revisions(tags, true)),
        }
    }

    /// Whether the client has what this weak tag stands for.
    pub(super) fn has(&self, opaque: &str) -> bool {
        match &self.if_none_match {
            None => false,
            Some(Tags::Any) => true,
            Some(Tags::These(tags)) => tags.iter().any(|tag| tag.opaque == opaque),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Conditions {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        Ok(Self {
            if_match: tags(&parts.headers, &header::IF_MATCH)?,
            if_none_match: tags(&parts.headers, &header::IF_NONE_MATCH)?,
        })
    }
}

impl Tag {
    fn revision(&self) -> Option<Revision> {
        let plain = self.opaque.bytes().all(|byte| byte.is_ascii_digit()) && !self.opaque.starts_with('0');
        self.opaque.parse().ok().filter(|_| plain).map(Revision::stored)
    }
}

/// A fruit with its tag.
pub(super) fn tagged(status: StatusCode, fruit: &Fruit) -> Response {
    let mut answer = rendered::one(fruit);
    *answer.status_mut() = status;
    answer.headers_mut().insert(header::ETAG, tag(fruit));
    answer
}

/// What is answered to a client that has the fruit.
pub(super) fn not_modified(tag: HeaderValue) -> Response {
    (StatusCode::NOT_MODIFIED, [(header::ETAG, tag)]).into_response()
}

/// The fruit's tag.
pub(super) fn tag(fruit: &Fruit) -> HeaderValue {
    // Most fruits never change.
    if fruit.revision == Revision::FIRST {
        return HeaderValue::from_static("\"1\"");
    }
    // Digits between quotes.
    HeaderValue::try_from(format!("\"{}\"", fruit.revision.get())).unwrap_or(HeaderValue::from_static("\"\""))
}

fn tags(headers: &HeaderMap, name: &HeaderName) -> Result<Option<Tags>, Problem> {
    let mut values = headers.get_all(name).iter().peekable();
    if values.peek().is_none() {
        return Ok(None);
    }
    let text: Vec<&str> = values.filter_map(|value| value.to_str().ok()).collect();
    parse(&text.join(",")).map(Some).ok_or_else(|| {
        kind::MALFORMED_REQUEST.because(format!(
            "The header {name} must be * or entity tags, such as \"3\", with commas between them."
        ))
    })
}

/// `*`, or entity tags with commas between them.
fn parse(text: &str) -> Option<Tags> {
    let mut rest = text.trim();
    if rest == "*" {
        return Some(Tags::Any);
    }
    let mut tags = Vec::new();
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        if rest.is_empty() {
            return (!tags.is_empty()).then_some(Tags::These(tags));
        }
        let weak = rest.starts_with("W/");
        let quoted = rest.strip_prefix("W/").unwrap_or(rest).strip_prefix('"')?;
        let (opaque, behind) = quoted.split_once('"')?;
        tags.push(Tag { weak, opaque: opaque.to_owned() });
        rest = behind.trim_start();
        if !(rest.is_empty() || rest.starts_with(',')) {
            return None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_quoted_and_stand_in_lists() {
        let tag = |weak, opaque: &str| Tag { weak, opaque: opaque.to_owned() };
        for (text, expected) in [
            ("*", Some(Tags::Any)),
            (" \"1\" ", Some(Tags::These(vec![tag(false, "1")]))),
            (
                "\"1\",W/\"a,b\" , \"\"",
                Some(Tags::These(vec![tag(false, "1"), tag(true, "a,b"), tag(false, "")])),
            ),
            (",\"1\",,", Some(Tags::These(vec![tag(false, "1")]))),
            ("", None),
            (",", None),
            ("1", None),
            ("\"1", None),
            ("\"1\" \"2\"", None),
            ("w/\"1\"", None),
            ("*,\"1\"", None),
        ] {
            assert_eq!(parse(text), expected, "{text}");
        }
    }

    #[test]
    fn only_plain_digits_are_a_revision() {
        for opaque in ["", "0", "01", "+1", "-1", "1.0", "99999999999999999999", "abc"] {
            assert_eq!(Tag { weak: false, opaque: opaque.to_owned() }.revision(), None, "{opaque}");
        }
    }
}
