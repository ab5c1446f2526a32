//! Where fruits are kept.
//!
//! The kinds of store are known and few, so this is a closed enum and no trait: one suite of tests holds each
//! to the same behaviour, and the handlers know of none in particular.

mod bulk;
mod snapshot;
pub mod sqlite;

use std::{fmt, num::NonZeroUsize};

use crate::{
    Error,
    domain::{Change, Cursor, Fruit, FruitId, NewFruit, Page, Selection},
    settings::Location,
};

pub use bulk::{BulkAdd, Refused};
pub use snapshot::Snapshot;
pub use sqlite::Sqlite;

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
}

impl Store {
    /// Opens the catalogue, makes it when it is missing, and brings its schema up to date.
    pub fn open(location: &Location) -> anyhow::Result<Self> {
        match location {
            Location::Sqlite(path) => Ok(Self::Sqlite(Sqlite::open(path)?)),
        }
    }

    /// Adds a fruit. When this answers `Ok`, the fruit is on the disk and stays.
    pub async fn add(&self, fruit: NewFruit) -> Result<Fruit, Error> {
        match self {
            Self::Sqlite(sqlite) => sqlite.add(fruit).await,
        }
    }

    /// Makes a change, as a whole or not at all. When this answers `Ok` it is on the disk. The answer has the
    /// fruits that it was about: as they are now, or as they were before they were deleted.
    pub async fn change(&self, change: Change) -> Result<Vec<Fruit>, Error> {
        match self {
            Self::Sqlite(sqlite) => sqlite.change(change).await,
        }
    }

    /// The fruit with this id, if there is one.
    #[expect(clippy::unused_async, reason = "a store behind a network has to wait here")]
    pub async fn get(&self, id: FruitId) -> Result<Option<Fruit>, Error> {
        match self {
            Self::Sqlite(sqlite) => sqlite.get(id),
        }
    }

    /// At most `fruits_max` of the selected fruits, those behind `after` or from the first on. A page may have
    /// fewer, even none, and still be followed by another: a store looks at a bounded number of rows at a time.
    ///
    /// Each page is the state at its own moment: whoever reads page after page sees once every fruit that was
    /// there all the while, and holds nothing between two pages, however long they take.
    #[expect(clippy::unused_async, reason = "a store behind a network has to wait here")]
    pub async fn page(
        &self,
        selection: &Selection,
        after: Option<&Cursor>,
        fruits_max: NonZeroUsize,
    ) -> Result<Page, Error> {
        match self {
            Self::Sqlite(sqlite) => sqlite.page(selection, after, fruits_max),
        }
    }

    /// The state now, where the store can tell it for less than a page costs.
    #[expect(clippy::unused_async, reason = "a store behind a network has to wait here")]
    pub async fn version(&self) -> Result<Option<Version>, Error> {
        match self {
            Self::Sqlite(sqlite) => sqlite.version().map(Some),
        }
    }

    /// Whether the store can be read and written.
    pub async fn ready(&self) -> Result<(), Error> {
        self.page(&Selection::default(), None, NonZeroUsize::MIN).await?;
        match self {
            Self::Sqlite(sqlite) => sqlite.writes(),
        }
    }
}
