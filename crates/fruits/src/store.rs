//! Where fruits are kept.
//!
//! The kinds of store are known and few, so this is a closed enum and no trait: one suite of tests holds each
//! to the same behaviour, and the handlers know of none in particular.

mod answers;
mod bulk;
mod failure;
pub mod postgres;
mod snapshot;
pub mod sqlite;

use std::{fmt, num::NonZeroUsize};

use crate::{
    Error,
    domain::{Change, Cursor, Fruit, FruitId, NewFruit, Page, Selection},
    settings::{Location, Migrate},
};

pub use self::{
    bulk::{BulkAdd, Refused},
    failure::Failure,
    postgres::Postgres,
    snapshot::Snapshot,
    sqlite::Sqlite,
};

/// What a migration did: from which version of the schema to which. Equal ones mean there was nothing to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Migrated {
    /// The version that was found, 0 where there was none.
    pub from: u32,
    /// The version that is there now.
    pub to: u32,
}

impl Migrated {
    /// Says so in the log, where there was something to do.
    fn log(self, catalogue: &dyn fmt::Display) {
        if self.from != self.to {
            tracing::info!(%catalogue, schema.from = self.from, schema.to = self.to, "migrated the catalogue");
        }
    }
}

/// The state of a store at some moment: two equal ones mean that nothing was committed between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// By what this process knows, while it alone can write.
    Known(u64),
    /// By what the file says.
    Asked(i64),
}

/// What tells it from others of the same opened store.
impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(number) => number.fmt(formatter),
            Self::Asked(number) => write!(formatter, "f{number}"),
        }
    }
}

/// A catalogue, wherever it is kept.
#[derive(Debug)]
pub enum Store {
    /// In one file, held by this process.
    Sqlite(Sqlite),
    /// In a database that several servers share.
    Postgres(Postgres),
}

impl Store {
    /// Opens the catalogue and brings its schema up to date. A file is made when it is missing; a database is
    /// connected to when it is first asked. Must be called on a runtime where it is a database.
    pub fn open(location: &Location) -> anyhow::Result<Self> {
        Self::open_as(location, Migrate::Auto)
    }

    /// The same where the schema may be someone else's to bring up to date.
    pub fn open_as(location: &Location, migrate: Migrate) -> anyhow::Result<Self> {
        match (location, migrate) {
            (Location::Sqlite(path), Migrate::Auto) => Ok(Self::Sqlite(Sqlite::open(path)?)),
            (Location::Sqlite(path), Migrate::Off) => Ok(Self::Sqlite(Sqlite::open_unmigrated(path)?)),
            (Location::Postgres(target), _) => {
                Ok(Self::Postgres(Postgres::open((**target).clone(), migrate)?))
            }
        }
    }

    /// Brings the schema of the catalogue up to date and says from where to where; a file is made when it is missing.
    pub async fn migrate(location: &Location) -> anyhow::Result<Migrated> {
        match location {
            Location::Sqlite(path) => Sqlite::migrate(path),
            Location::Postgres(target) => Postgres::migrate((**target).clone()).await,
        }
    }

    /// Adds a fruit. When this answers `Ok`, the fruit is on the disk and stays.
    pub async fn add(&self, fruit: NewFruit) -> Result<Fruit, Error> {
        match self {
            Self::Sqlite(sqlite) => sqlite.add(fruit).await,
            Self::Postgres(postgres) => postgres.add(fruit).await,
        }
    }

    /// Makes a change, as a whole or not at all. When this answers `Ok` it is on the disk. The answer has the
    /// fruits that it was about: as they are now, or as they were before they were deleted.
    pub async fn change(&self, change: Change) -> Result<Vec<Fruit>, Error> {
        match self {
            Self::Sqlite(sqlite) => sqlite.change(change).await,
            Self::Postgres(postgres) => postgres.change(change).await,
        }
    }

    /// The fruit with this id, if there is one.
    pub async fn get(&self, id: FruitId) -> Result<Option<Fruit>, Error> {
        match self {
            Self::Sqlite(sqlite) => sqlite.get(id),
            Self::Postgres(postgres) => postgres.get(id).await,
        }
    }

    /// At most `fruits_max` of the selected fruits, those behind `after` or from the first on. A page may have
    /// fewer, even none, and still be followed by another: a store looks at a bounded number of rows at a time.
    ///
    /// Each page is the state at its own moment: whoever reads page after page sees once every fruit that was
    /// there all the while, and holds nothing between two pages, however long they take.
    pub async fn page(
        &self,
        selection: &Selection,
        after: Option<&Cursor>,
        fruits_max: NonZeroUsize,
    ) -> Result<Page, Error> {
        match self {
            Self::Sqlite(sqlite) => sqlite.page(selection, after, fruits_max),
            Self::Postgres(postgres) => postgres.page(selection, after, fruits_max).await,
        }
    }

    /// The state now, where the store can tell it for less than a page costs.
    #[expect(clippy::unused_async, reason = "every question to a store may have to wait")]
    pub async fn version(&self) -> Result<Option<Version>, Error> {
        match self {
            Self::Sqlite(sqlite) => sqlite.version().map(Some),
            Self::Postgres(_) => Ok(None),
        }
    }

    /// Whether the store can be read and written.
    pub async fn ready(&self) -> Result<(), Error> {
        match self {
            Self::Sqlite(sqlite) => {
                sqlite.page(&Selection::default(), None, NonZeroUsize::MIN)?;
                sqlite.writes()
            }
            Self::Postgres(postgres) => postgres.ready().await,
        }
    }
}
