//! Many fruits in one transaction, by a process that has the file to itself.

use std::path::Path;

use anyhow::Context as _;
use rusqlite::Connection;

use super::{hold::Hold, migrations, place::Place, said_once, statements, take, writer};
use crate::{Error, domain::NewFruit, store::Refused};

/// Pages that are kept in memory: a row's places in the indexes by name and by color are anywhere, and each that is not
/// in memory has to be read, and is written to the log once more.
const CACHE_KIB: i64 = 128 << 10;

/// A transaction on a file that this process holds. The connection is dropped, which takes back what was not
/// committed, before the file is let go of.
#[derive(Debug)]
pub struct BulkAdd {
    connection: Connection,
    place: Place,
    _hold: Hold,
}

impl BulkAdd {
    /// Takes hold of the file, makes it when it is missing, and brings its schema up to date.
    pub fn begin(path: &Path) -> anyhow::Result<Self> {
        begin(path)
            .map_err(said_once)
            .with_context(|| format!("cannot add to the catalogue {}", path.display()))
    }

    /// Adds each of these fruits that can be added, and says which could not.
    pub fn add(&mut self, fruits: &[NewFruit]) -> Result<Vec<Refused>, Error> {
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
        statements::commit(&self.connection)?;
        self.place.check()?;
        // What cannot be folded in now, while another program reads, is at the next start.
        let _ = statements::fold_log(&self.connection);
        Ok(())
    }
}

fn begin(path: &Path) -> anyhow::Result<BulkAdd> {
    let (hold, mut connection) = take(path)?;
    migrations::run(&mut connection)?;
    // SQLite counts kibibytes where the number is negative.
    connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
    statements::begin_writing(&connection)?;
    Ok(BulkAdd { connection, place: Place::of(hold.path())?, _hold: hold })
}
