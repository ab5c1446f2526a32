//! What the endpoints take from a request's body: one fruit, several, or changes to one.

use axum::{
    body::{Body, Bytes, HttpBody as _},
    extract::{FromRequest, Request},
};
use bytes::BytesMut;
use chassis::{
    Problem,
    extract::{Fields, NoFields, body_problem, read_body},
    problem::{FieldError, kind},
};
use futures_util::StreamExt as _;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use serde_json::{Map, Value, value::RawValue};

use crate::{
    domain::{Color, Edit, FruitId, FruitName, NewFruit},
    fields,
};

/// The most fruits that one request may add: they are one write, which others wait for.
pub(super) const ITEMS_MAX: usize = 1000;
/// The largest body of a caller without a token: several times as much as the longest texts have in their longest form.
const ANONYMOUS_BODY_BYTES_MAX: usize = 16 << 10;
/// Field errors that one answer lists.
const ERRORS_MAX: usize = 20;
const MERGE_PATCH: &str = "application/merge-patch+json";

/// A body that says it is JSON, read to its end.
#[derive(Debug)]
pub(super) struct JsonBody(Bytes);

/// A body that says it is a JSON merge patch (RFC 7396), read to its end.
#[derive(Debug)]
pub(super) struct MergePatch(JsonBody);

/// One fruit to add, or several.
#[derive(Debug)]
pub(super) enum Added {
    One(NewFruit),
    Several(Vec<NewFruit>),
}

impl JsonBody {
    /// The body of a caller who may add one fruit. No more of it is read than that needs, and nothing where its length
    /// is known to be more; where it is an array, which its first character tells, it is refused so.
    pub(super) async fn of_one(request: Request, refusal: Problem) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        require_json(parts.headers).await?;
        if body.size_hint().lower() > ANONYMOUS_BODY_BYTES_MAX as u64 {
            return Err(too_large_of_anonymous());
        }
        let (mut pieces, mut read) = (body.into_data_stream(), BytesMut::new());
        while let Some(piece) = pieces.next().await {
            read.extend_from_slice(&piece.map_err(|error| body_problem(&error))?);
            if is_array(&read) {
                return Err(refusal);
            }
            if read.len() > ANONYMOUS_BODY_BYTES_MAX {
                return Err(too_large_of_anonymous());
            }
        }
        Ok(Self(read.freeze()))
    }

    /// The bytes as they came.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The fruit, or the fruits, to add.
    pub(super) fn added(&self) -> Result<Added, Problem> {
        if !is_array(&self.0) {
            let fields = Fields::from_json(&self.0).map_err(|error| match error {
                NoFields::NotAnObject(other) => {
                    invalid("", format!("The body must be a JSON object, or an array of them, not {other}."))
                }
                other => other.into(),
            })?;
            return Ok(Added::One(fields::new_fruit(fields)?));
        }
        let items: Vec<&RawValue> = serde_json::from_slice(&self.0).map_err(|error| {
            kind::MALFORMED_REQUEST.because(format!("The body is not valid JSON: {error}."))
        })?;
        if items.is_empty() || items.len() > ITEMS_MAX {
            return Err(invalid(
                "",
                format!("The body must have 1 to {ITEMS_MAX} fruits, not {}.", items.len()),
            ));
        }
        let (mut fruits, mut errors, mut more) = (Vec::with_capacity(items.len()), Vec::new(), false);
        for (index, item) in items.into_iter().enumerate() {
            // Each is read as if it were a body of its own, and what is wrong with it is told with its place.
            let fields = Fields::from_json(item.get().as_bytes()).map_err(Problem::from);
            match fields.and_then(fields::new_fruit) {
                Ok(fruit) => fruits.push(fruit),
                Err(problem) if problem.errors().is_empty() => return Err(problem),
                Err(problem) => {
                    more = problem.has_more_errors();
                    errors.extend(problem.errors().iter().map(|error| FieldError {
                        pointer: format!("/{index}{}", error.pointer),
                        detail: error.detail.clone(),
                    }));
                }
            }
            more |= errors.len() > ERRORS_MAX;
            if more {
                errors.truncate(ERRORS_MAX);
                return Err(Problem::more_invalid_fields(errors));
            }
        }
        if errors.is_empty() { Ok(Added::Several(fruits)) } else { Err(Problem::invalid_fields(errors)) }
    }

    /// The whole of the fruit with this id, which the body may repeat.
    pub(super) fn replacement(&self, id: FruitId) -> Result<Edit, Problem> {
        let mut fields = Fields::from_json(&self.0)?;
        let same_id = fields.optional("id", same_id(id));
        let fruit = fields.required("fruit", |text: String| FruitName::parse(&text));
        let color = fields.required("color", |text: String| Color::parse(&text));
        let (_, fruit, color) = fields.finish((same_id, fruit, color))?;
        Ok(Edit { fruit: Some(fruit), color: Some(color) })
    }
}

impl MergePatch {
    /// What it makes of the fruit with this id.
    pub(super) fn edit(&self, id: FruitId) -> Result<Edit, Problem> {
        let mut fields = Fields::from_json(&self.0.0)?;
        // In a merge patch null means to remove the field, and a fruit has none that it can do without.
        let members: Map<String, Value> = serde_json::from_slice(&self.0.0).unwrap_or_default();
        let removed: Vec<FieldError> = ["id", "fruit", "color"]
            .into_iter()
            .filter(|name| members.get(*name) == Some(&Value::Null))
            .map(|name| FieldError {
                pointer: format!("/{name}"),
                detail: "cannot be removed, which is what null asks for".to_owned(),
            })
            .collect();
        if !removed.is_empty() {
            return Err(Problem::invalid_fields(removed));
        }
        let same_id = fields.optional("id", same_id(id));
        let fruit = fields.optional("fruit", |text: String| FruitName::parse(&text));
        let color = fields.optional("color", |text: String| Color::parse(&text));
        let (_, fruit, color) = fields.finish((same_id, fruit, color))?;
        Ok(Edit { fruit, color })
    }
}

impl<S: Send + Sync> FromRequest<S> for JsonBody {
    type Rejection = Problem;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        // What the headers say is judged before the body is waited for.
        require_json(parts.headers).await?;
        read_body(body).await.map(Self)
    }
}

impl<S: Send + Sync> FromRequest<S> for MergePatch {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let content_type = request.headers().get(header::CONTENT_TYPE);
        let essence =
            content_type.and_then(|value| value.to_str().ok()).and_then(|text| text.split(';').next());
        if !essence.is_some_and(|essence| essence.trim().eq_ignore_ascii_case(MERGE_PATCH)) {
            return Err(no_merge_patch());
        }
        JsonBody::from_request(request, state).await.map(Self)
    }
}

/// The refusal of a patch in another format; `Accept-Patch` says which is read (RFC 5789).
pub(super) fn no_merge_patch() -> Problem {
    kind::UNSUPPORTED_MEDIA_TYPE
        .because(format!("A change must be a JSON merge patch; send it with Content-Type: {MERGE_PATCH}."))
        .header(HeaderName::from_static("accept-patch"), HeaderValue::from_static(MERGE_PATCH))
}

/// A fruit keeps its id: the body may name it, so that what was got can be sent back, but no other.
fn same_id(id: FruitId) -> impl FnOnce(Value) -> Result<FruitId, String> {
    move |value| match fields::id(value) {
        Ok(given) if given == id => Ok(given),
        _ => Err(format!("must be {id}, as in the path, or left out: a fruit keeps its id")),
    }
}

/// The refusal of what is too long for a caller without a token.
fn too_large_of_anonymous() -> Problem {
    kind::BODY_TOO_LARGE.because(format!(
        "Without a token the request's body may have {ANONYMOUS_BODY_BYTES_MAX} bytes; this one has more."
    ))
}

fn invalid(pointer: &str, detail: String) -> Problem {
    Problem::invalid_fields(vec![FieldError { pointer: pointer.to_owned(), detail }])
}

/// Whether a body is an array, as far as it has been read.
fn is_array(body: &[u8]) -> bool {
    body.trim_ascii_start().first() == Some(&b'[')
}

/// Refuses headers that do not say JSON.
async fn require_json(headers: HeaderMap) -> Result<(), Problem> {
    let mut request = Request::new(Body::from("{}"));
    *request.headers_mut() = headers;
    Fields::from_request(request, &()).await.map(drop)
}
