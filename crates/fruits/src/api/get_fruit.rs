//! `GET /fruits/{id}`

use std::sync::Arc;

use axum::{extract::State, response::Response};
use chassis::{Problem, extract::Path, problem::kind};
use http::StatusCode;
use utoipa::IntoResponses;

use super::{
    Catalogue,
    conditions::{self, Conditions, ReadConditions},
    refusals::{self, Responses},
    request::{IdInPath, IdParameter, NoQuery},
};
use crate::{
    Error,
    domain::{Fruit, FruitId, Precondition},
};

/// Get one fruit
///
/// The fruit with this id.
#[utoipa::path(
    get,
    path = "/fruits/{id}",
    tag = "fruits",
    params(
        IdParameter,
        ReadConditions
    ),
    responses(
        (
            status = OK,
            description = "The fruit",
            body = Fruit,
            headers(("ETag" = String, description = "Its entity tag, such as `\"1\"`: the same as long as it is")),
            example = json!({"id": 1, "fruit": "apple", "color": "red"})
        ),
        (status = NOT_MODIFIED, description = "The fruit is still what `If-None-Match` names"),
        Refusals,
    )
)]
pub(super) async fn get_fruit(
    State(catalogue): State<Arc<Catalogue>>,
    Path(IdInPath(id)): Path<IdInPath>,
    _query: NoQuery,
    conditions: Conditions,
) -> Result<Response, Problem> {
    let fruit = catalogue.store.get(id).await?.ok_or(Error::NotFound(id))?;
    let Precondition { matches, matches_none } = conditions.of_fruit();
    if matches.is_some_and(|wanted| !wanted.contain(fruit.revision)) {
        return Err(Error::PreconditionFailed(id).into());
    }
    if matches_none.is_some_and(|known| known.contain(fruit.revision)) {
        return Ok(conditions::not_modified(conditions::tag(&fruit)));
    }
    Ok(conditions::tagged(StatusCode::OK, &fruit))
}

struct Refusals;

impl IntoResponses for Refusals {
    fn responses() -> Responses {
        refusals::describe(
            &[kind::MALFORMED_REQUEST.because(
                "The path is not acceptable: a fruit's id must be a whole number from 1 to 9007199254740991, in \
                 plain digits.",
            ), Error::NotFound(FruitId::MAX).into(), Error::PreconditionFailed(FruitId::MIN).into()],
        )
    }
}
