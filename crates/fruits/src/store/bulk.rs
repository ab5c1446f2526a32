//! Many fruits on their way into a catalogue at once.

use crate::{
    Error,
    domain::NewFruit,
    settings::{Location, Migrate},
    store::{postgres, sqlite},
};

/// One transaction that adds any number of fruits. Dropped without [`commit`](Self::commit), it leaves nothing.
#[derive(Debug)]
pub enum BulkAdd {
    /// Into a file that this process holds, so that nobody serves it meanwhile.
    Sqlite(sqlite::BulkAdd),
    /// Into a database, beside the servers that it has.
    Postgres(postgres::BulkAdd),
}

/// A fruit that was not added.
#[derive(Debug)]
pub struct Refused {
    /// Its place among those that it was handed over with.
    pub index: usize,
    /// Why not.
    pub error: Error,
}

impl BulkAdd {
    /// Begins to add to the catalogue. One whose schema is behind, as that of a file which is missing, is brought up to
    /// date or refused.
    pub async fn begin(location: &Location, migrate: Migrate) -> anyhow::Result<Self> {
        match location {
            Location::Sqlite(path) => sqlite::BulkAdd::begin(path, migrate).map(Self::Sqlite),
            Location::Postgres(target) => {
                postgres::BulkAdd::begin((**target).clone(), migrate).await.map(Self::Postgres)
            }
        }
    }

    /// Adds each of these fruits that can be added, and says which could not. After an error nothing more can
    /// be added, and nothing was.
    pub async fn add(&mut self, fruits: &[NewFruit]) -> Result<Vec<Refused>, Error> {
        match self {
            Self::Sqlite(sqlite) => sqlite.add(fruits),
            Self::Postgres(postgres) => postgres.add(fruits).await,
        }
    }

    /// Keeps what was added. When this answers `Ok`, all of it is on the disk.
    pub async fn commit(self) -> Result<(), Error> {
        match self {
            Self::Sqlite(sqlite) => sqlite.commit(),
            Self::Postgres(postgres) => postgres.commit().await,
        }
    }
}
