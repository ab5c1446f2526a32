//! A catalogue that is read as it was at one moment.

use std::num::NonZeroUsize;

use crate::{
    Error,
    domain::{Cursor, Page, Selection},
    settings::Location,
    store::{postgres, sqlite},
};

/// The state that a catalogue had when it was first read from, however long the reading takes. It changes nothing,
/// and works beside servers of the catalogue.
#[derive(Debug)]
pub enum Snapshot {
    /// Of a file.
    Sqlite(sqlite::Snapshot),
    /// Of a database.
    Postgres(postgres::Snapshot),
}

impl Snapshot {
    /// Opens the catalogue, which must be there.
    pub async fn open(location: &Location) -> anyhow::Result<Self> {
        match location {
            Location::Sqlite(path) => sqlite::Snapshot::open(path).map(Self::Sqlite),
            Location::Postgres(target) => {
                postgres::Snapshot::open((**target).clone()).await.map(Self::Postgres)
            }
        }
    }

    /// The next fruits of a list, as [`Store::page`](super::Store::page) gives them.
    pub async fn page(
        &mut self,
        selection: &Selection,
        after: Option<&Cursor>,
        fruits_max: NonZeroUsize,
    ) -> Result<Page, Error> {
        match self {
            Self::Sqlite(sqlite) => sqlite.page(selection, after, fruits_max),
            Self::Postgres(postgres) => postgres.page(selection, after, fruits_max).await,
        }
    }
}
