//! `POST /fruits`

use std::sync::Arc;

use axum::{
    Json,
    extract::{FromRequest as _, Request, State},
    response::{IntoResponse, Response},
};
use chassis::{
    Problem,
    problem::{FieldError, kind},
};
use http::{StatusCode, header};
use serde::{Deserialize, Serialize};
use utoipa::{IntoResponses, ToSchema};

use super::{
    Catalogue,
    access::MayAdd,
    body::{Added, JsonBody},
    conditions,
    idempotency::Key,
    refusals::{self, Responses},
    request::NoQuery,
};
use crate::{
    Error,
    domain::{Change, Fruit, FruitId, InvalidLabel},
    error::STORAGE_FULL,
};

/// A fruit to be added. Spaces around a text are cut off and it is normalised to Unicode NFC; what is left is
/// 1 to 100 characters without control characters, of which at least one is visible.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"fruit": "apple", "color": "red"}))]
#[expect(dead_code, reason = "describes the body to its readers; the handler parses the fields one by one")]
pub(super) struct AddFruit {
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

/// One fruit, or several.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "describes the body to its readers")]
enum AddFruits {
    /// One fruit.
    One(AddFruit),
    /// Several at once.
    Several(AddSeveral),
}

/// 1 to 1000 fruits, of which all are added or none.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(min_items = 1, max_items = 1000)]
#[expect(dead_code, reason = "describes the body to its readers")]
struct AddSeveral(Vec<AddFruit>);

/// What was added: one fruit, or several in the order of the request.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "describes the answer to its readers")]
enum AddedFruits {
    One(Fruit),
    Several(Vec<Fruit>),
}

/// Add a fruit
///
/// Or several, as an array of 1 to 1000: all of them or none. The same fruit may be added twice and has two ids then. Once this answers 201, the fruit is on the disk and
/// every later read sees it.
///
/// Where the operator has set `API_TOKENS_FILE`, this needs a token; with `ALLOW_ANONYMOUS_ADD` too, one fruit may be
/// added without, in a body of at most 16384 bytes. A token that is sent must be known all the same.
#[utoipa::path(
    post,
    path = "/fruits",
    tag = "fruits",
    security((), ("token" = ["fruits:write"])),
    params((
        "Idempotency-Key" = Option<String>,
        Header,
        description = "A name for this request, such as a UUID, of 1 to 255 visible characters. Sent again with the \
            same body within a day, it is answered as it was and adds nothing.",
        nullable = false,
        min_length = 1,
        max_length = 255,
        pattern = "^[!-~]+$",
        example = "8e03978e-40d5-43e8-bc93-6894a57f9324"
    )),
    request_body(content = AddFruits, examples(
        ("a fruit" = (value = json!({"fruit": "apple", "color": "red"}))),
        ("with an id" = (value = json!({"id": 7, "fruit": "pear", "color": "green"}))),
        ("several" = (value = json!([{"fruit": "fig", "color": "blue"}, {"fruit": "plum", "color": "blue"}])))
    )),
    responses(
        (
            status = CREATED,
            description = "The fruit as it was added",
            body = AddedFruits,
            headers(
                ("Location" = String, description = "Of one fruit: its path, such as `/fruits/1`"),
                ("ETag" = String, description = "Of one fruit: its entity tag, `\"1\"`")
            ),
            examples(
                ("a fruit" = (value = json!({"id": 1, "fruit": "apple", "color": "red"}))),
                ("several" = (value = json!([
                    {"id": 2, "fruit": "fig", "color": "blue"},
                    {"id": 3, "fruit": "plum", "color": "blue"}
                ])))
            )
        ),
        Refusals,
    )
)]
pub(super) async fn add_fruit(
    State(catalogue): State<Arc<Catalogue>>,
    caller: MayAdd,
    _query: NoQuery,
    key: Key,
    request: Request,
) -> Result<Response, Problem> {
    let body = match caller {
        MayAdd::Several => JsonBody::from_request(request, &()).await?,
        MayAdd::One(refusal) => JsonBody::of_one(request, refusal).await?,
    };
    let added = body.added()?;
    let (once, _flight) = key.take(&catalogue.in_flight, body.bytes())?.unzip();
    let change = |fruits| match once {
        Some(once) => Change::AddOnce(once, fruits),
        None => Change::Add(fruits),
    };
    match added {
        Added::One(fruit) => {
            let fruit = catalogue.change_one(change(vec![fruit])).await?;
            let location = [(header::LOCATION, format!("/fruits/{}", fruit.id))];
            Ok((location, conditions::tagged(StatusCode::CREATED, &fruit)).into_response())
        }
        Added::Several(fruits) => {
            let alone = fruits.len() == 1;
            let fruits = catalogue.store.change(change(fruits)).await.map_err(|error| match error {
                // Also in an array of one, what is wrong is wrong with its first.
                Error::IdTaken(_) if alone => Error::Item { index: 0, error: Box::new(error) },
                other => other,
            })?;
            Ok((StatusCode::CREATED, Json(fruits)).into_response())
        }
    }
}

struct Refusals;

impl IntoResponses for Refusals {
    fn responses() -> Responses {
        let empty = FieldError { pointer: "/fruit".into(), detail: InvalidLabel::Empty.to_string() };
        refusals::describe_change(&[
            kind::MALFORMED_REQUEST.because("The body is not valid JSON: expected value at line 1 column 1."),
            kind::REQUEST_TIMEOUT.because("The request's body stood still for too long."),
            Error::IdTaken(FruitId::MIN).into(),
            Error::IdsExhausted.into(),
            Error::KeyInUse.into(),
            Error::KeyReused.into(),
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
