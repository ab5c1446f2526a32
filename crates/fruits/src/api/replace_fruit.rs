//! `PUT /fruits/{id}`

use std::sync::Arc;

use axum::{extract::State, response::Response};
use chassis::{
    Problem,
    extract::{Allowed, Path},
};
use http::StatusCode;

use super::{
    Catalogue,
    access::Write,
    add_fruit::AddFruit,
    body::JsonBody,
    change_fruit::Refusals,
    conditions::{ChangeConditions, Conditions},
    request::{IdInPath, IdParameter, NoQuery},
};
use crate::domain::{Change, Fruit};

/// Replace a fruit
///
/// The fruit becomes what the body says. There must be one with this id: a fruit is only made by `POST /fruits`.
#[utoipa::path(
    put,
    path = "/fruits/{id}",
    tag = "fruits",
    security((), ("token" = ["fruits:write"])),
    params(
        IdParameter,
        ChangeConditions
    ),
    request_body(content = AddFruit, example = json!({"fruit": "apple", "color": "green"})),
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
pub(super) async fn replace_fruit(
    State(catalogue): State<Arc<Catalogue>>,
    _caller: Allowed<Write>,
    Path(IdInPath(id)): Path<IdInPath>,
    _query: NoQuery,
    conditions: Conditions,
    body: JsonBody,
) -> Result<Response, Problem> {
    let edit = body.replacement(id)?;
    let precondition = conditions.of_fruit();
    let fruit = catalogue.change_one(Change::Edit { id, edit, precondition }).await?;
    Ok(super::conditions::tagged(StatusCode::OK, &fruit))
}
