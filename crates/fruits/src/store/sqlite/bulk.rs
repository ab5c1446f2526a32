//! Many fruits in one transaction, by a process that has the file to itself.

use std::path::Path;

use anyhow::Context as _;
use rusqlite::Connection;

use super::{hold::Hold, migrations, place::Place, said_once, statements, take, take_migrated, writer};
use crate::{Error, domain::NewFruit, settings::Migrate, store::Refused};

/// Pages that are kept in memory: a row's places in the indexes by name and by color are anywhere, and each that is not
/// in memory has to be read, and is written to the log once more.
const CACHE_KIB: i64 = 128 << 10;

/// A transaction on a file that this process holds.
///
/// Once as many fruits have been added as were there, the indexes are left out and made anew in the end: sorting all
/// rows at once takes half as long as finding the place of each in trees that outgrow the cache. The connection is dropped, which takes back what was not
/// committed, before the file is let go of.
#[derive(Debug)]
pub struct BulkAdd {
    connection: Connection,
    place: Place,
    /// How many fruits may still be added to the indexes one by one.
    indexed_one_by_one: u64,
    /// The statements that make the indexes that were left out.
    left_out: Vec<String>,
    _hold: Hold,
}

impl BulkAdd {
    /// Takes hold of the file. One that is missing is made, and a schema that is behind is brought up to date, where
    /// that may be done; or else neither is touched.
    pub fn begin(path: &Path, migrate: Migrate) -> anyhow::Result<Self> {
        begin(path, migrate)
            .map_err(said_once)
            .with_context(|| format!("cannot add to the catalogue {}", path.display()))
    }

    /// Adds each of these fruits that can be added, and says which could not.
    pub fn add(&mut self, fruits: &[NewFruit]) -> Result<Vec<Refused>, Error> {
        if self.left_out.is_empty() && self.indexed_one_by_one == 0 {
            self.left_out = statements::drop_indexes(&self.connection)?;
        }
        self.indexed_one_by_one = self.indexed_one_by_one.saturating_sub(fruits.len() as u64);
        let mut refused = Vec::new();
        for (index, fruit) in fruits.iter().enumerate() {
            if let Err(error) = writer::insert(&self.connection, fruit)? {
                refused.push(Refused { index, error });
            }
        }
        Ok(refused)
    }

    /// Keeps what was added, and folds the log, which is as long as that, into the file.
    pub fn commit(self) -> Result<(), Error> {
        self.place.check()?;
        for index in &self.left_out {
            statements::create_index(&self.connection, index)?;
        }
        statements::commit(&self.connection)?;
        self.place.check()?;
        // What cannot be folded in now, while another program reads, is at the next start.
        let _ = statements::fold_log(&self.connection);
        Ok(())
    }
}

fn begin(path: &Path, migrate: Migrate) -> anyhow::Result<BulkAdd> {
    let (hold, connection) = match migrate {
        Migrate::Auto => {
            let (hold, mut connection) = take(path)?;
            migrations::run(&mut connection)?;
            (hold, connection)
        }
        Migrate::Off => take_migrated(path)?,
    };
    // SQLite counts kibibytes where the number is negative.
    connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
    // Where what is sorted waits, if there is more than fits into memory: there is room where the catalogue is, and
    // in a container perhaps nowhere else.
    if let Some(folder) = hold.path().parent().and_then(Path::to_str) {
        connection.pragma_update(None, "temp_store_directory", folder)?;
    }
    statements::begin_writing(&connection)?;
    let indexed_one_by_one = statements::count_fruits(&connection)?;
    let place = Place::of(hold.path())?;
    Ok(BulkAdd { connection, place, indexed_one_by_one, left_out: Vec::new(), _hold: hold })
}
