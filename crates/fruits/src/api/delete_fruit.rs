//! `DELETE /fruits/{id}`

use std::sync::Arc;

use axum::extract::State;
use chassis::{
    Problem,
    extract::{Allowed, Path},
    problem::kind,
};
use http::StatusCode;
use utoipa::IntoResponses;

use super::{
    Catalogue,
    access::Write,
    conditions::{ChangeConditions, Conditions},
    refusals::{self, Responses},
    request::{IdInPath, IdParameter, NoQuery},
};
use crate::{
    Error,
    domain::{Change, FruitId, InvalidId},
    error::STORAGE_FULL,
};

/// Delete a fruit
///
/// It is gone, and its id is never used again. Deleting it again is 404.
#[utoipa::path(
    delete,
    path = "/fruits/{id}",
    tag = "fruits",
    security((), ("token" = ["fruits:write"])),
    params(
        IdParameter,
        ChangeConditions
    ),
    responses((status = NO_CONTENT, description = "The fruit is gone"), Refusals)
)]
pub(super) async fn delete_fruit(
    State(catalogue): State<Arc<Catalogue>>,
    _caller: Allowed<Write>,
    Path(IdInPath(id)): Path<IdInPath>,
    _query: NoQuery,
    conditions: Conditions,
) -> Result<StatusCode, Problem> {
    catalogue.change_one(Change::Delete { id, precondition: conditions.of_fruit() }).await?;
    Ok(StatusCode::NO_CONTENT)
}

struct Refusals;

impl IntoResponses for Refusals {
    fn responses() -> Responses {
        refusals::describe_change(&[
            kind::MALFORMED_REQUEST
                .because(format!("The path is not acceptable: a fruit's id {InvalidId}, in plain digits.")),
            Error::NotFound(FruitId::MAX).into(),
            Error::PreconditionFailed(FruitId::MIN).into(),
            STORAGE_FULL.because("There is no room left on the disk. Nothing was deleted; try again later."),
        ])
    }
}
