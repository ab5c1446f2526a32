//! `PATCH /fruits/{id}`

use std::sync::Arc;

use axum::{extract::State, response::Response};
use chassis::{
    Problem,
    extract::{Allowed, Path},
    problem::{FieldError, kind},
};
use http::StatusCode;
use serde::Deserialize;
use utoipa::{IntoResponses, ToSchema};

use super::{
    Catalogue,
    access::Write,
    body::{self, MergePatch},
    conditions::{self, ChangeConditions, Conditions},
    refusals::{self, Responses},
    request::{IdInPath, IdParameter, NoQuery},
};
use crate::{
    Error,
    domain::{Change, Fruit, FruitId, InvalidLabel},
    error::STORAGE_FULL,
};

/// What is to change of a fruit, a JSON merge patch (RFC 7396); what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"color": "green"}))]
#[expect(dead_code, reason = "describes the body to its readers; the handler parses the fields one by one")]
pub(super) struct ChangeFruit {
    /// Its id, which stays: if it is named, then as in the path.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_u64, nullable = false)]
    id: Option<i64>,
    /// Its new name.
    #[schema(min_length = 1, max_length = 100, nullable = false)]
    fruit: Option<String>,
    /// Its new color.
    #[schema(min_length = 1, max_length = 100, nullable = false)]
    color: Option<String>,
}

/// Change a fruit
///
/// What the body names becomes what it says; the rest stays. What changes nothing leaves the entity tag as it is.
#[utoipa::path(
    patch,
    path = "/fruits/{id}",
    tag = "fruits",
    security((), ("token" = ["fruits:write"])),
    params(
        IdParameter,
        ChangeConditions
    ),
    request_body(content = ChangeFruit, content_type = "application/merge-patch+json", example = json!({"color": "green"})),
    responses(
        (
            status = OK,
            description = "The fruit as it is now",
            body = Fruit,
            headers(("ETag" = String, description = "Its new entity tag, such as `\"2\"`")),
            example = json!({"id": 1, "fruit": "apple", "color": "green"})
        ),
        Refusals,
    )
)]
pub(super) async fn change_fruit(
    State(catalogue): State<Arc<Catalogue>>,
    _caller: Allowed<Write>,
    Path(IdInPath(id)): Path<IdInPath>,
    _query: NoQuery,
    conditions: Conditions,
    patch: MergePatch,
) -> Result<Response, Problem> {
    let edit = patch.edit(id)?;
    let precondition = conditions.of_fruit();
    let fruit = catalogue.change_one(Change::Edit { id, edit, precondition }).await?;
    Ok(conditions::tagged(StatusCode::OK, &fruit))
}

/// What a change of one fruit is refused with.
pub(super) struct Refusals;

impl IntoResponses for Refusals {
    fn responses() -> Responses {
        let empty = FieldError { pointer: "/color".into(), detail: InvalidLabel::Empty.to_string() };
        refusals::describe_change(&[
            kind::MALFORMED_REQUEST.because("The body is not valid JSON: expected value at line 1 column 1."),
            Error::NotFound(FruitId::MAX).into(),
            kind::REQUEST_TIMEOUT.because("The request's body stood still for too long."),
            Error::PreconditionFailed(FruitId::MIN).into(),
            kind::BODY_TOO_LARGE.because("The request's body is larger than 1048576 bytes."),
            body::no_merge_patch(),
            Problem::invalid_fields(vec![empty]),
            STORAGE_FULL
                .because("There is no room left to keep the fruit. It was not changed; try again later."),
        ])
    }
}
