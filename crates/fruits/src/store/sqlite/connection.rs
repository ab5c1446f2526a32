//! Connections to the file, each set up for its use, and a look at the file without touching it.

use std::{io, path::Path, time::Duration};

use anyhow::{Context as _, bail, ensure};
use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::{
    hold::{self, Hold},
    migrations, schema,
};

/// How long a statement waits for another program's lock, such as that of a backup or of `sqlite3`.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// A log that grew past this in a burst is cut down to it when it is next reused.
const LOG_BYTES_MAX: i64 = 16 << 20;

/// `FRUI`: tells a catalogue from any other SQLite file.
const APPLICATION_ID: i32 = 0x4652_5549;

/// Looks at the structure of the file and stops at the first thing that is wrong.
const FIRST_DAMAGE: &str = "PRAGMA quick_check(1)";

const NO_DATABASE: &str = "it is not a SQLite database; it was not touched";

/// What stands at the place of a catalogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Inspection {
    /// Nothing yet.
    Missing,
    /// A catalogue with this version of the schema; 0 before its first migration.
    Catalogue {
        /// The last migration that was applied.
        schema: u32,
    },
}

/// The one connection that writes.
pub(super) fn open_writer(hold: &Hold) -> anyhow::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(hold.path(), flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    // Before anything is written: what is not ours stays as it is.
    let fresh = is_fresh(&connection, hold.path())?;
    ensure!(!connection.is_readonly(rusqlite::MAIN_DB)?, "this user may not write to it");
    let journal: String = connection
        .pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0))
        .context("cannot switch to write-ahead logging")?;
    ensure!(journal == "wal", "the file system cannot keep a write-ahead log (journal mode is {journal})");
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update_and_check(None, "journal_size_limit", LOG_BYTES_MAX, |_| Ok(()))?;
    let synchronous: i64 = connection.pragma_query_value(None, "synchronous", |row| row.get(0))?;
    ensure!(synchronous == 2, "SQLite refused synchronous=FULL");
    if fresh {
        connection.pragma_update(None, "application_id", APPLICATION_ID)?;
    }
    Ok(connection)
}

/// A connection that reads. It sees what was committed before each of its statements began.
pub(super) fn open_reader(hold: &Hold) -> anyhow::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(hold.path(), flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    Ok(connection)
}

/// A connection that reads a catalogue of this release's schema, whether or not a server has it open. It may write to
/// the log's files, but not to the catalogue: whoever closes a log as the last one folds it in and takes it away.
pub(super) fn open_beside(path: &Path) -> anyhow::Result<Connection> {
    match path.metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => bail!("there is none"),
        Err(error) => return Err(error).context("it cannot be reached"),
        Ok(metadata) => hold::ensure_own_file(&metadata)?,
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "query_only", true)?;
    let (fresh, latest) = (is_fresh(&connection, path)?, migrations::latest());
    let schema = if fresh { 0 } else { migrations::applied(&connection)? };
    ensure!(
        schema == latest,
        "its schema is at version {schema} and this program reads {latest}: run `fruitpress migrate` first"
    );
    schema::verify(&connection, schema)?;
    Ok(connection)
}

/// Looks at the file, with a quick check of its structure, and changes nothing: no file is made, no log is
/// folded back. It works beside a running server.
pub fn inspect(path: &Path) -> anyhow::Result<Inspection> {
    match path.metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Inspection::Missing),
        Err(error) => return Err(error).context("it cannot be reached"),
        Ok(metadata) => hold::ensure_own_file(&metadata)?,
    }
    let connection = open_untouched(path)?;
    if is_fresh(&connection, path)? {
        return Ok(Inspection::Catalogue { schema: 0 });
    }
    let verdict: String = connection.query_row(FIRST_DAMAGE, [], |row| row.get(0)).map_err(explain)?;
    // A verdict has lines of its own, the first of which names the database.
    let damage = verdict.lines().last().unwrap_or_default();
    ensure!(verdict == "ok", "it is damaged: {damage}; restore a backup");
    let schema = migrations::applied(&connection)?;
    schema::verify(&connection, schema)?;
    Ok(Inspection::Catalogue { schema })
}

/// Even a connection that only reads makes the log's files where there are none. Without a log there is none
/// to read either, and SQLite can be told that the file is all there is.
fn open_untouched(path: &Path) -> anyhow::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    let connection = if Path::new(&log).exists() {
        Connection::open_with_flags(path, flags)?
    } else {
        let path = path.to_str().context("its path is not UTF-8")?;
        let path = path.replace('%', "%25").replace('?', "%3f").replace('#', "%23");
        let uri = format!("file:{path}?immutable=1");
        Connection::open_with_flags(uri, flags | OpenFlags::SQLITE_OPEN_URI)?
    };
    connection.busy_timeout(BUSY_TIMEOUT)?;
    Ok(connection)
}

/// Whether the database is still empty; an error if it belongs to something else.
fn is_fresh(connection: &Connection, path: &Path) -> anyhow::Result<bool> {
    // SQLite takes a file of one byte for an empty one and would write over it.
    ensure!(path.metadata()?.len() != 1, NO_DATABASE);
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).map_err(explain)?;
    let application: i32 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    match (application, tables) {
        (APPLICATION_ID, _) => Ok(tables == 0),
        (0, 0) => Ok(true),
        _ => bail!("it is another program's database; it was not touched"),
    }
}

/// What SQLite's first look at a file says, in words for an operator.
fn explain(error: rusqlite::Error) -> anyhow::Error {
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => anyhow::Error::new(error).context(NO_DATABASE),
        Some(ErrorCode::DatabaseCorrupt) => {
            anyhow::Error::new(error).context("it is a damaged SQLite database; restore a backup")
        }
        _ => anyhow::Error::new(error).context("it cannot be read"),
    }
}
