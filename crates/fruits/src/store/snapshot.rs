//! A catalogue that is read as it was at one moment.

use std::num::NonZeroUsize;

use crate::{
    Error,
    domain::{Cursor, Page, Selection},
    settings::Location,
    store::sqlite,
};

/// The state that a catalogue had when it was first read from, however long the reading takes. It changes nothing,
/// and works beside servers of the catalogue.
#[derive(Debug)]
pub enum Snapshot {
    /// Of a file.
    Sqlite(sqlite::Snapshot),
}

impl Snapshot {
    /// Opens the catalogue, which must be there.
    #[expect(clippy::unused_async, reason = "a store behind a network has to wait here")]
    pub async fn open(location: &Location) -> anyhow::Result<Self> {
        match location {
            Location::Sqlite(path) => sqlite::Snapshot::open(path).map(Self::Sqlite),
        }
    }

    /// The next fruits of a list, as [`Store::page`](super::Store::page) gives them.
    #[expect(clippy::unused_async, reason = "a store behind a network has to wait here")]
    pub async fn page(
        &mut self,
        selection: &Selection,
        after: Option<&Cursor>,
        fruits_max: NonZeroUsize,
    ) -> Result<Page, Error> {
        match self {
            Self::Sqlite(sqlite) => sqlite.page(selection, after, fruits_max),
        }
    }
}
