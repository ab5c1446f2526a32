//! A list on its way out.
//!
//! It is read and sent page by page, as fast as the client takes it: an answer needs the memory of one page, and a
//! client that stops reading holds nothing of the store. The whole list, where it is small enough, is kept and
//! sent again for as long as the store says that nothing was committed since.

use std::{
    num::NonZeroUsize,
    sync::{Arc, Mutex, PoisonError},
};

use axum::body::{Body, Bytes};
use chassis::Streamed;
use futures_util::stream::{self, StreamExt as _};

use super::{Catalogue, rendered};
use crate::{
    Error,
    domain::{Cursor, Fruit, Selection},
    store::Version,
};

/// How many fruits are read at once: about 25 kB of JSON, and a quarter of a millisecond on the thread that
/// serves other requests too.
const PAGE_FRUITS: NonZeroUsize = NonZeroUsize::new(512).expect("not zero");

/// The largest list that is kept: about 25,000 fruits.
const LIST_CACHE_BYTES_MAX: usize = 1 << 20;

/// The whole list as it was at some version, if it is small enough.
#[derive(Default)]
pub(super) struct ListCache(Mutex<Option<(Version, Bytes)>>);

impl ListCache {
    pub(super) fn get(&self, version: Version) -> Option<Bytes> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.as_ref().filter(|(of, _)| *of == version).map(|(_, list)| list.clone())
    }

    fn put(&self, version: Version, list: Bytes) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((version, list));
    }
}

/// At most `limit` fruits, and whether there are more.
pub(super) async fn read_page(
    catalogue: &Catalogue,
    selection: &Selection,
    mut after: Option<Cursor>,
    limit: NonZeroUsize,
) -> Result<(Vec<Fruit>, bool), Error> {
    let mut fruits = Vec::new();
    // One more than may be sent shows whether there are more.
    while let Some(missing) = NonZeroUsize::new((limit.get() + 1).saturating_sub(fruits.len())) {
        let page = catalogue.store.page(selection, after.as_ref(), missing).await?;
        fruits.extend(page.fruits);
        after = page.next;
        if after.is_none() {
            break;
        }
        // Few rows fit: others have their turn before the next ones are looked at.
        tokio::task::yield_now().await;
    }
    let more = fruits.len() > limit.get();
    fruits.truncate(limit.get());
    Ok((fruits, more))
}

/// The fruits as a JSON array.
pub(super) fn array(fruits: &[Fruit]) -> Bytes {
    let mut body = vec![b'['];
    rendered::write_all(fruits, &mut body);
    body.push(b']');
    body.into()
}

/// A list without a limit.
pub(super) struct Listing {
    catalogue: Arc<Catalogue>,
    selection: Selection,
    /// Where the next page begins.
    after: Option<Cursor>,
    sent: Sent,
    /// What was sent so far, and the version to keep it under, while it may still be worth it.
    kept: Option<(Version, Vec<u8>)>,
}

/// How far the array has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sent {
    Nothing,
    Bracket,
    Fruits,
    Everything,
}

impl Listing {
    /// The list is kept under `keep`, if it says so and is small enough.
    pub(super) fn new(
        catalogue: Arc<Catalogue>,
        selection: Selection,
        after: Option<Cursor>,
        keep: Option<Version>,
    ) -> Self {
        let kept = keep.map(|version| (version, Vec::new()));
        Self { catalogue, selection, after, sent: Sent::Nothing, kept }
    }

    /// The list as a body. An error before its first page is the caller's to answer; after it, the connection
    /// breaks off, so that half a list never looks whole.
    pub(super) async fn body(mut self, streamed: Streamed) -> Result<Body, Error> {
        let first = self.next().await?.unwrap_or_default();
        if self.sent == Sent::Everything {
            return Ok(first.into());
        }
        let rest = stream::try_unfold(self, async |mut listing| {
            let page = listing.next().await?;
            Ok::<_, Error>(page.map(|page| (page, listing)))
        });
        Ok(streamed.body(stream::iter([Ok(first)]).chain(rest)))
    }

    /// The next piece of the JSON array. The first comes at once, even if no fruit was found by then.
    async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        let mut piece = Vec::new();
        while piece.is_empty() && self.sent != Sent::Everything {
            let page = self.catalogue.store.page(&self.selection, self.after.as_ref(), PAGE_FRUITS).await?;
            match self.sent {
                Sent::Nothing => piece.push(b'['),
                Sent::Fruits if !page.fruits.is_empty() => piece.push(b','),
                _ => {}
            }
            rendered::write_all(&page.fruits, &mut piece);
            self.sent = if page.next.is_none() {
                piece.push(b']');
                Sent::Everything
            } else if page.fruits.is_empty() && self.sent != Sent::Fruits {
                Sent::Bracket
            } else {
                Sent::Fruits
            };
            self.after = page.next;
            if piece.is_empty() {
                tokio::task::yield_now().await;
            }
        }
        let piece = Bytes::from(piece);
        self.keep(&piece);
        Ok(Some(piece).filter(|piece| !piece.is_empty()))
    }

    fn keep(&mut self, piece: &Bytes) {
        let Some((_, kept)) = &mut self.kept else { return };
        if kept.len() + piece.len() > LIST_CACHE_BYTES_MAX {
            self.kept = None;
            return;
        }
        kept.extend_from_slice(piece);
        if self.sent == Sent::Everything
            && let Some((version, kept)) = self.kept.take()
        {
            self.catalogue.list_cache.put(version, kept.into());
        }
    }
}
