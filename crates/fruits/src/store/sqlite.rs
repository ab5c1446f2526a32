//! The catalogue in one SQLite file.
//!
//! Reads run in place, on the thread that asks: a point read takes a few microseconds, less than handing it to
//! another thread would. Writes go through one thread that puts all that wait into one transaction. The file
//! is this process's own while it is open: nobody else writes to it, so fruits that were read are kept in memory. No
//! reader keeps a transaction open between two calls, so the write-ahead log is always free to be folded back into the
//! file.

mod bulk;
mod connection;
mod failure;
mod health;
mod hold;
mod list;
mod memory;
pub mod migrations;
mod place;
mod readers;
mod schema;
mod snapshot;
mod standing;
mod statements;
mod writer;

use std::{
    num::NonZeroUsize,
    path::Path,
    sync::{Arc, Mutex},
};

use anyhow::{Context as _, ensure};
use rusqlite::Connection;

use self::{health::Health, hold::Hold, memory::Memory, readers::Readers, writer::Writer};
use crate::{
    Error, Migrated,
    domain::{Change, Cursor, Fruit, FruitId, NewFruit, Page, Selection},
    store::Version,
};

pub use self::{
    bulk::BulkAdd,
    connection::{Inspection, inspect},
    snapshot::Snapshot,
};
pub(crate) use self::{failure::said_once, hold::holder};

/// A catalogue in a SQLite file. Dropping it ends the writer, folds the log into the file and lets go of it.
///
/// The fields are dropped in this order, and the order matters: the log is folded back by the last connection,
/// which must be the writer's, and the file is let go of after that.
#[derive(Debug)]
pub struct Sqlite {
    readers: Readers,
    /// Asked for nothing but the version: SQLite counts it by connection.
    version: Mutex<Connection>,
    memory: Arc<Memory>,
    writer: Writer,
    _hold: Hold,
}

/// The limits of a [`Sqlite`].
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// How many writes may wait; one more is told to try again. At the slowest disk's pace, about 100 commits
    /// a second, this many wait for less than a second.
    pub queue_writes_max: usize,
    /// How many writes one transaction takes: bounds how long the first of them waits for the last.
    pub group_writes_max: usize,
    /// How many fruits are kept in memory, of 800 bytes of text at most: by default 15 MB, a tenth of that where names
    /// are short. With none, other programs may write to the file between two of our transactions.
    pub memory_fruits_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { queue_writes_max: 4096, group_writes_max: 512, memory_fruits_max: 16_384 }
    }
}

impl Sqlite {
    /// Opens the file, makes it when it is missing, and brings its schema up to date.
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        Self::open_with(path, Limits::default())
    }

    /// The same with limits of one's own.
    pub fn open_with(path: &Path, limits: Limits) -> anyhow::Result<Self> {
        let opened = take(path).and_then(|(hold, mut connection)| {
            let migrated = migrations::run(&mut connection)?;
            migrated.log(&path.display());
            open(hold, connection, limits)
        });
        opened.map_err(said_once).with_context(|| cannot_open(path))
    }

    /// Opens the file as it is. One whose schema is behind is refused: it is this process's own while it is open, so
    /// nobody else could bring it up to date, and it would never become ready.
    pub fn open_unmigrated(path: &Path) -> anyhow::Result<Self> {
        let opened =
            take_migrated(path).and_then(|(hold, connection)| open(hold, connection, Limits::default()));
        opened.map_err(said_once).with_context(|| cannot_open(path))
    }

    /// Brings the schema of the file up to date and says from where to where.
    pub fn migrate(path: &Path) -> anyhow::Result<Migrated> {
        let migrate = || {
            let (_hold, mut connection) = take(path)?;
            migrations::run(&mut connection)
        };
        migrate()
            .map_err(said_once)
            .with_context(|| format!("cannot migrate the catalogue {}", path.display()))
    }

    /// Adds a fruit and answers once it is on the disk.
    pub async fn add(&self, fruit: NewFruit) -> Result<Fruit, Error> {
        let added = self.writer.change(Change::Add(vec![fruit])).await?;
        added.into_iter().next().ok_or(Error::Stopped)
    }

    /// Makes a change and answers once it is on the disk.
    pub async fn change(&self, change: Change) -> Result<Vec<Fruit>, Error> {
        self.writer.change(change).await
    }

    /// The fruit with this id.
    pub fn get(&self, id: FruitId) -> Result<Option<Fruit>, Error> {
        if let Some(fruit) = self.memory.get(id) {
            return Ok(Some(fruit));
        }
        // Asked before the file is: what is kept was read while nothing was committed.
        let lull = self.memory.lull();
        let fruit = self.readers.read(|connection| statements::fruit_by_id(connection, id))?;
        if let (Some(lull), Some(fruit)) = (lull, &fruit) {
            self.memory.put(lull, fruit);
        }
        Ok(fruit)
    }

    /// The next fruits of a list.
    pub fn page(
        &self,
        selection: &Selection,
        after: Option<&Cursor>,
        fruits_max: NonZeroUsize,
    ) -> Result<Page, Error> {
        Ok(self.readers.read(|connection| list::page(connection, selection, after, fruits_max))?)
    }

    /// The state now; the file is asked only while something is committed, or another program writes.
    pub fn version(&self) -> Result<Version, Error> {
        if let Some(lull) = self.memory.lull() {
            return Ok(Version::Known(lull.number()));
        }
        Ok(Version::Asked(statements::data_version(&readers::lock(&self.version))?))
    }

    /// Whether a write would do, as far as can be told without one: the writer runs, the file is where it was
    /// opened, and the last write to it did not fail for a reason that stays.
    pub fn writes(&self) -> Result<(), Error> {
        self.writer.ready()
    }

    /// How many transactions have been committed since the file was opened.
    pub fn commits(&self) -> u64 {
        self.writer.commits()
    }
}

/// Takes hold of the file and opens it for writing, once it has turned out to be a catalogue or to become one.
fn take(path: &Path) -> anyhow::Result<(Hold, Connection)> {
    let mut hold = Hold::take(path)?;
    let connection = connection::open_writer(&hold)?;
    hold.keep();
    Ok((hold, connection))
}

/// The same for a file whose schema is up to date. One that is behind, or missing, is refused as it is.
fn take_migrated(path: &Path) -> anyhow::Result<(Hold, Connection)> {
    // Before it could be made.
    ensure!(path.try_exists()?, behind(0));
    let (hold, connection) = take(path)?;
    let found = migrations::applied(&connection)?;
    ensure!(found == migrations::latest(), behind(found));
    schema::verify(&connection, found)?;
    Ok((hold, connection))
}

fn open(hold: Hold, connection: Connection, limits: Limits) -> anyhow::Result<Sqlite> {
    let memory = Arc::new(Memory::new(limits.memory_fruits_max));
    Ok(Sqlite {
        readers: Readers::open(&hold)?,
        version: Mutex::new(connection::open_reader(&hold)?),
        writer: Writer::start(connection, Arc::clone(&memory), Health::new(hold.path())?, limits)?,
        memory,
        _hold: hold,
    })
}

/// Why a file with this version of the schema is not used as it is.
pub(crate) fn behind(found: u32) -> String {
    format!(
        "its schema is at version {found}, this program needs {}, and MIGRATE=off: run `fruitpress migrate` first",
        migrations::latest()
    )
}

fn cannot_open(path: &Path) -> String {
    format!("cannot open the catalogue {}", path.display())
}
