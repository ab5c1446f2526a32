//! `POST /fruits`

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use chassis::{
    Problem,
    extract::Fields,
    problem::{FieldError, kind},
};
use http::{StatusCode, header};
use serde::Deserialize;
use serde_json::Value;
use utoipa::{IntoResponses, ToSchema};

use super::{
    Catalogue,
    refusals::{self, Responses},
    request::NoQuery,
};
use crate::{
    Error,
    domain::{Color, Fruit, FruitId, FruitName, InvalidId, InvalidLabel, NewFruit},
    error::STORAGE_FULL,
};

/// A fruit to be added. Spaces around a text are cut off and it is normalised to Unicode NFC; what is left is
/// 1 to 100 characters without control characters, of which at least one is visible.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"fruit": "apple", "color": "red"}))]
#[expect(dead_code, reason = "describes the body to its readers; the handler parses the fields one by one")]
struct AddFruit {
    /// The id it shall have, if it is free. Left out, the catalogue gives the next.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_u64)]
    id: Option<i64>,
    /// Its name.
    #[schema(min_length = 1, max_length = 100)]
    fruit: String,
    /// Its color.
    #[schema(min_length = 1, max_length = 100)]
    color: String,
}

/// Add a fruit
///
/// The same fruit may be added twice and has two ids then. Once this answers 201, the fruit is on the disk and
/// every later read sees it.
#[utoipa::path(
    post,
    path = "/fruits",
    tag = "fruits",
    request_body(content = AddFruit, examples(
        ("a fruit" = (value = json!({"fruit": "apple", "color": "red"}))),
        ("with an id" = (value = json!({"id": 7, "fruit": "pear", "color": "green"})))
    )),
    responses(
        (
            status = CREATED,
            description = "The fruit as it was added",
            body = Fruit,
            headers(("Location" = String, description = "The fruit's path, such as `/fruits/1`")),
            example = json!({"id": 1, "fruit": "apple", "color": "red"})
        ),
        Refusals,
    )
)]
pub(super) async fn add_fruit(
    State(catalogue): State<Arc<Catalogue>>,
    _query: NoQuery,
    fields: Fields,
) -> Result<Response, Problem> {
    let fruit = catalogue.store.add(new_fruit(fields)?).await?;
    let location = [(header::LOCATION, format!("/fruits/{}", fruit.id))];
    Ok((StatusCode::CREATED, location, Json(fruit)).into_response())
}

fn new_fruit(mut fields: Fields) -> Result<NewFruit, Problem> {
    let id = fields.optional("id", |value: Value| match value {
        Value::Number(number) => FruitId::from_json(&number),
        _ => Err(InvalidId),
    });
    let fruit = fields.required("fruit", |text: String| FruitName::parse(&text));
    let color = fields.required("color", |text: String| Color::parse(&text));
    let (id, fruit, color) = fields.finish((id, fruit, color))?;
    Ok(NewFruit { id, fruit, color })
}

struct Refusals;

impl IntoResponses for Refusals {
    fn responses() -> Responses {
        let empty = FieldError { pointer: "/fruit".into(), detail: InvalidLabel::Empty.to_string() };
        refusals::describe(&[
            kind::MALFORMED_REQUEST.because("The body is not valid JSON: expected value at line 1 column 1."),
            kind::REQUEST_TIMEOUT.because("The request's body stood still for too long."),
            Error::IdTaken(FruitId::MIN).into(),
            Error::IdsExhausted.into(),
            kind::BODY_TOO_LARGE.because("The request's body is larger than 1048576 bytes."),
            kind::UNSUPPORTED_MEDIA_TYPE.because(
                "The request has no Content-Type; send JSON in UTF-8 with Content-Type: application/json.",
            ),
            Problem::invalid_fields(vec![empty]),
            STORAGE_FULL
                .because("There is no room left to keep the fruit. It was not added; try again later."),
        ])
    }
}
