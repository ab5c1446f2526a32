//! `GET /fruits/{id}`

use std::sync::Arc;

use axum::{Json, extract::State};
use chassis::{Problem, extract::Path, problem::kind};
use utoipa::IntoResponses;

use super::{
    Catalogue,
    refusals::{self, Responses},
    request::{IdInPath, NoQuery},
};
use crate::domain::{Fruit, FruitId};

/// Get one fruit
///
/// The fruit with this id.
#[utoipa::path(
    get,
    path = "/fruits/{id}",
    tag = "fruits",
    params((
        "id" = i64,
        Path,
        description = "The fruit's id, in plain digits",
        minimum = 1,
        maximum = 9_007_199_254_740_991_u64,
        example = 1
    )),
    responses(
        (status = OK, description = "The fruit", body = Fruit, example = json!({"id": 1, "fruit": "apple", "color": "red"})),
        Refusals,
    )
)]
pub(super) async fn get_fruit(
    State(catalogue): State<Arc<Catalogue>>,
    Path(IdInPath(id)): Path<IdInPath>,
    _query: NoQuery,
) -> Result<Json<Fruit>, Problem> {
    catalogue.store.get(id).await?.map(Json).ok_or_else(|| not_found(id))
}

fn not_found(id: FruitId) -> Problem {
    kind::NOT_FOUND.because(format!("There is no fruit with the id {id}."))
}

struct Refusals;

impl IntoResponses for Refusals {
    fn responses() -> Responses {
        refusals::describe(
            &[kind::MALFORMED_REQUEST.because(
                "The path is not acceptable: a fruit's id must be a whole number from 1 to 9007199254740991, in \
                 plain digits.",
            ), not_found(FruitId::MAX)],
        )
    }
}
