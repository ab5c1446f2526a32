//! `GET /fruits`

use std::sync::Arc;

use axum::{extract::State, response::Response};
use chassis::{Problem, Streamed, problem::kind};
use http::{HeaderValue, header};
use utoipa::IntoResponses;

use super::{
    Catalogue,
    conditions::{self, Conditions},
    list_query::{ListParameters, ListQuery},
    listing::{self, Listing},
    refusals::{self, Responses},
    rendered::json,
};
use crate::{domain::Fruit, store::Version};

/// List fruits
///
/// Without parameters: every fruit of the catalogue, ordered by id. Parameters select, order and page. A list of
/// many thousands is read while it is sent: it holds every fruit that was added before the request, and may hold
/// some that were added since. Sorted by a text it may have a fruit twice, or not at all, whose text is changed
/// meanwhile; by id it never does.
///
/// Where the catalogue is kept in PostgreSQL, a list has no `ETag` and is never answered 304.
#[utoipa::path(
    get,
    path = "/fruits",
    tag = "fruits",
    params(
        ListParameters,
        (
            "If-None-Match" = Option<String>,
            Header,
            description = "The entity tag of an earlier answer to the same list",
            nullable = false,
            pattern = r#"^(\*|(W/)?"[ !#-~]*"( *, *(W/)?"[ !#-~]*")*)$"#,
            example = "W/\"5c1f-7\""
        )
    ),
    responses(
        (
            status = OK,
            description = "The fruits that were asked for, in the order that was asked for",
            body = Vec<Fruit>,
            headers(
                ("Link" = String, description = "Where `limit` left fruits out: the next page, as \
                    `</fruits?limit=2&after=2>; rel=\"next\"`"),
                ("ETag" = String, description = "The state of the catalogue: weak, and the same until it changes. Not \
                    where it is kept in PostgreSQL")
            ),
            example = json!([
                {"id": 1, "fruit": "apple", "color": "red"},
                {"id": 2, "fruit": "banana", "color": "yellow"}
            ])
        ),
        (status = NOT_MODIFIED, description = "Nothing has changed since the answer that `If-None-Match` names"),
        Refusals,
    )
)]
pub(super) async fn list_fruits(
    State(catalogue): State<Arc<Catalogue>>,
    query: ListQuery,
    conditions: Conditions,
    streamed: Streamed,
) -> Result<Response, Problem> {
    // Asked before anything is read: what is sent, or kept, under a version is never older than it.
    let version = catalogue.store.version().await?;
    let tag = version.map(|version| format!("{:x}-{version}", catalogue.process));
    if let Some(tag) = tag.as_ref().filter(|tag| conditions.has(tag)) {
        return Ok(conditions::not_modified(weak(tag)));
    }
    let mut answer = list(catalogue, query, version, streamed).await?;
    if let Some(tag) = tag {
        answer.headers_mut().insert(header::ETAG, weak(&tag));
    }
    Ok(answer)
}

async fn list(
    catalogue: Arc<Catalogue>,
    query: ListQuery,
    version: Option<Version>,
    streamed: Streamed,
) -> Result<Response, Problem> {
    if let Some(limit) = query.limit {
        let (fruits, more) =
            listing::read_page(&catalogue, &query.selection, query.after.clone(), limit).await?;
        let mut answer = json(listing::array(&fruits));
        if let Some(last) = fruits.last().filter(|_| more) {
            answer.headers_mut().insert(header::LINK, query.link_behind(last));
        }
        return Ok(answer);
    }
    let version = version.filter(|_| query.is_everything());
    if let Some(list) = version.and_then(|version| catalogue.list_cache.get(version)) {
        return Ok(json(list));
    }
    let ListQuery { selection, after, .. } = query;
    Ok(json(Listing::new(catalogue, selection, after, version).body(streamed).await?))
}

/// Weak, since a long list is read while it is sent, and may hold what was added meanwhile.
fn weak(tag: &str) -> HeaderValue {
    HeaderValue::try_from(format!("W/\"{tag}\"")).unwrap_or(HeaderValue::from_static("W/\"\""))
}

struct Refusals;

impl IntoResponses for Refusals {
    fn responses() -> Responses {
        refusals::describe(&[kind::MALFORMED_REQUEST
            .because("The query parameter limit must be a whole number from 1 to 1000, in plain digits.")
            .at("?limit")])
    }
}
