//! `GET /fruits`
//!
//! The list is read and sent page by page, as fast as the client takes it: an answer needs the memory of one
//! page, and a client that stops reading holds nothing of the store. A list that is small enough is kept and
//! sent again for as long as the store says that nothing was committed since.

use std::sync::{Arc, Mutex, PoisonError};

use axum::{
    body::{Body, Bytes},
    extract::State,
    response::{IntoResponse, Response},
};
use chassis::Problem;
use futures_util::stream;
use http::{HeaderValue, header};
use utoipa::IntoResponses;

use super::{
    Catalogue,
    refusals::{self, Responses},
    request::NoQuery,
};
use crate::{
    Error,
    domain::{Fruit, FruitId},
    store::Version,
};

/// How many fruits are read at once: about 25 kB of JSON, and a quarter of a millisecond on the thread that
/// serves other requests too.
const PAGE_FRUITS: usize = 512;

/// The largest list that is kept: about 25,000 fruits.
const LIST_CACHE_BYTES_MAX: usize = 1 << 20;

/// The whole list as it was at some version, if it is small enough.
#[derive(Default)]
pub(super) struct ListCache(Mutex<Option<(Version, Bytes)>>);

/// List all fruits
///
/// Every fruit of the catalogue, ordered by id. A list of many thousands is read while it is sent: it holds
/// every fruit that was added before the request, and may hold some that were added since.
#[utoipa::path(
    get,
    path = "/fruits",
    tag = "fruits",
    responses(
        (
            status = OK,
            description = "All fruits, ordered by id",
            body = Vec<Fruit>,
            example = json!([
                {"id": 1, "fruit": "apple", "color": "red"},
                {"id": 2, "fruit": "banana", "color": "yellow"}
            ])
        ),
        Refusals,
    )
)]
pub(super) async fn list_fruits(
    State(catalogue): State<Arc<Catalogue>>,
    _query: NoQuery,
) -> Result<Response, Problem> {
    // Asked before the first page is read: what is kept under a version is never older than it.
    let version = catalogue.store.version().await?;
    if let Some(list) = version.and_then(|version| catalogue.list_cache.get(version)) {
        return Ok(json(list.into()));
    }
    let mut listing = Listing::new(catalogue, version);
    let first = listing.next().await?.unwrap_or_default();
    if listing.finished() {
        return Ok(json(first.into()));
    }
    let rest = stream::try_unfold(listing, async |mut listing| {
        let page = listing.next().await.inspect_err(|error| {
            // The status line is out already: the connection breaks off, and only the log knows why.
            tracing::error!(error = error as &dyn std::error::Error, "a list broke off");
        })?;
        Ok::<_, Error>(page.map(|page| (page, listing)))
    });
    let pages = stream::StreamExt::chain(stream::iter([Ok(first)]), rest);
    Ok(json(Body::from_stream(pages)))
}

fn json(body: Body) -> Response {
    ([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], body).into_response()
}

/// A list on its way out.
struct Listing {
    catalogue: Arc<Catalogue>,
    version: Option<Version>,
    /// Where the next page begins; `None` once the last one was read.
    position: Option<Position>,
    /// What was sent so far, while it may still be worth keeping.
    kept: Option<Vec<u8>>,
}

enum Position {
    Start,
    After(FruitId),
}

impl Listing {
    fn new(catalogue: Arc<Catalogue>, version: Option<Version>) -> Self {
        let kept = version.map(|_| Vec::new());
        Self { catalogue, version, position: Some(Position::Start), kept }
    }

    fn finished(&self) -> bool {
        self.position.is_none()
    }

    /// The next piece of the JSON array, the first with its `[`, the last with its `]`.
    async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        let (after, opening) = match self.position {
            None => return Ok(None),
            Some(Position::Start) => (None, b'['),
            Some(Position::After(id)) => (Some(id), b','),
        };
        let fruits = self.catalogue.store.page(after, PAGE_FRUITS).await?;
        let mut page = render(&fruits, opening);
        self.position = match fruits.last() {
            Some(last) if fruits.len() == PAGE_FRUITS => Some(Position::After(last.id)),
            _ => None,
        };
        if self.finished() {
            if page.is_empty() && after.is_none() {
                page.push(opening);
            }
            page.push(b']');
        }
        let page = Bytes::from(page);
        self.keep(&page);
        Ok(Some(page))
    }

    fn keep(&mut self, page: &Bytes) {
        let Some(kept) = &mut self.kept else { return };
        if kept.len() + page.len() > LIST_CACHE_BYTES_MAX {
            self.kept = None;
            return;
        }
        kept.extend_from_slice(page);
        if self.finished()
            && let (Some(kept), Some(version)) = (self.kept.take(), self.version)
        {
            self.catalogue.list_cache.put(version, kept.into());
        }
    }
}

/// The fruits as members of an array, `opening` before the first and a comma before each other.
fn render(fruits: &[Fruit], opening: u8) -> Vec<u8> {
    let mut page = Vec::with_capacity(fruits.len() * 48);
    for (index, fruit) in fruits.iter().enumerate() {
        page.push(if index == 0 { opening } else { b',' });
        // Numbers and strings alone, into memory: there is nothing that could fail.
        let _ = serde_json::to_writer(&mut page, fruit);
    }
    page
}

impl ListCache {
    fn get(&self, version: Version) -> Option<Bytes> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.as_ref().filter(|(of, _)| *of == version).map(|(_, list)| list.clone())
    }

    fn put(&self, version: Version, list: Bytes) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((version, list));
    }
}

struct Refusals;

impl IntoResponses for Refusals {
    fn responses() -> Responses {
        refusals::describe(&[])
    }
}
