//! Every statement that the catalogue runs while it serves.

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use crate::domain::{Color, Folded, Fruit, FruitId, FruitName, IdempotencyKey, NewFruit, Once, Revision};

const FRUIT_BY_ID: &str = "SELECT id, fruit, color, revision FROM fruits WHERE id = ?1";
/// Without an id SQLite gives one more than the largest that was ever given.
const INSERT_FRUIT: &str =
    "INSERT INTO fruits (id, fruit, color, fruit_folded, color_folded) VALUES (?1, ?2, ?3, ?4, ?5)";
/// Rows that another program wrote, or an earlier release: both folded texts are set together, or neither. Along the
/// index, so that a file without such rows opens at once, and one with millions is not looked through for each lot.
const UNFOLDED_FRUITS: &str = "SELECT id, fruit, color, revision FROM fruits INDEXED BY fruits_by_fruit
    WHERE fruit_folded IS NULL LIMIT 1000";
const UPDATE_FRUIT: &str = "UPDATE fruits
    SET fruit = ?2, color = ?3, revision = ?4, fruit_folded = ?5, color_folded = ?6 WHERE id = ?1";
const DELETE_FRUIT: &str = "DELETE FROM fruits WHERE id = ?1";
const KEPT_ANSWER: &str = "SELECT request, answer FROM idempotency_keys
    WHERE key = ?1 AND kept_at > unixepoch() - ?2";
const KEEP_ANSWER: &str = "INSERT OR REPLACE INTO idempotency_keys (key, request, answer, kept_at)
    VALUES (?1, ?2, ?3, unixepoch())";
/// A few with each that is kept: the table shrinks faster than it grows, and no write has to wait for a long one.
const FORGET_ANSWERS: &str = "DELETE FROM idempotency_keys WHERE key IN
    (SELECT key FROM idempotency_keys WHERE kept_at <= unixepoch() - ?1 ORDER BY kept_at LIMIT 100)";
/// How long answers are kept: a client that has not heard for a day looks before it tries again.
const ANSWERS_KEPT_SECONDS: i64 = 24 * 3600;
const BEGIN_CHANGE: &str = "SAVEPOINT change";
const KEEP_CHANGE: &str = "RELEASE change";
const UNDO_CHANGE: &str = "ROLLBACK TO change; RELEASE change";
/// Takes the place of a writer at once, and not at the first row.
const BEGIN_WRITING: &str = "BEGIN IMMEDIATE";
const BEGIN_READING: &str = "BEGIN DEFERRED";
const COMMIT: &str = "COMMIT";
const ROLL_BACK: &str = "ROLLBACK";
const COUNT_FRUITS: &str = "SELECT count(*) FROM fruits";
/// Those that a statement made, and not a constraint, and that nothing but speed depends on.
const INDEXES: &str = "SELECT name, sql FROM sqlite_schema
    WHERE type = 'index' AND tbl_name = 'fruits' AND sql NOT LIKE 'CREATE UNIQUE%' ORDER BY name";
const FOLD_LOG: &str = "PRAGMA wal_checkpoint(TRUNCATE)";
const FOLD_FRUIT: &str = "UPDATE fruits SET fruit_folded = ?2, color_folded = ?3 WHERE id = ?1";
/// Goes through all that an add does, and leaves nothing: without the ids that it may not give, and undone.
const REHEARSE_INSERT: &str = "SAVEPOINT rehearsal;
    INSERT OR IGNORE INTO fruits (fruit, color) VALUES ('rehearsal', 'rehearsal');
    ROLLBACK TO rehearsal; RELEASE rehearsal";
const FORGET_PAGES: &str = "PRAGMA shrink_memory";
const DATA_VERSION: &str = "PRAGMA data_version";

pub(super) fn fruit_by_id(connection: &Connection, id: FruitId) -> rusqlite::Result<Option<Fruit>> {
    connection.prepare_cached(FRUIT_BY_ID)?.query_row([id.get()], fruit).optional()
}

/// Answers the id of the new row.
pub(super) fn insert_fruit(connection: &Connection, fruit: &NewFruit) -> rusqlite::Result<i64> {
    let id = fruit.id.map(FruitId::get);
    let (name, color) = (fruit.fruit.as_str(), fruit.color.as_str());
    let (name_folded, color_folded) = (Folded::new(name), Folded::new(color));
    connection.prepare_cached(INSERT_FRUIT)?.insert(params![
        id,
        name,
        color,
        name_folded.as_str(),
        color_folded.as_str()
    ])
}

/// Writes the fruit over the one with its id.
pub(super) fn update_fruit(connection: &Connection, fruit: &Fruit) -> rusqlite::Result<()> {
    let (name, color) = (fruit.fruit.as_str(), fruit.color.as_str());
    let (name_folded, color_folded) = (Folded::new(name), Folded::new(color));
    let revision = fruit.revision.get();
    connection.prepare_cached(UPDATE_FRUIT)?.execute(params![
        fruit.id.get(),
        name,
        color,
        revision,
        name_folded.as_str(),
        color_folded.as_str()
    ])?;
    Ok(())
}

/// Deletes the fruit; a trigger retires its id.
pub(super) fn delete_fruit(connection: &Connection, id: FruitId) -> rusqlite::Result<()> {
    connection.prepare_cached(DELETE_FRUIT)?.execute([id.get()])?;
    Ok(())
}

/// The digest of the request that was made under this key, and the fruits it was answered.
pub(super) fn kept_answer(
    connection: &Connection,
    key: &IdempotencyKey,
) -> rusqlite::Result<Option<(Vec<u8>, String)>> {
    let answer = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
    connection
        .prepare_cached(KEPT_ANSWER)?
        .query_row(params![key.as_str(), ANSWERS_KEPT_SECONDS], answer)
        .optional()
}

/// Keeps what the request was answered, and forgets some of what is old.
pub(super) fn keep_answer(connection: &Connection, once: &Once, answer: &str) -> rusqlite::Result<()> {
    connection.prepare_cached(FORGET_ANSWERS)?.execute([ANSWERS_KEPT_SECONDS])?;
    connection.prepare_cached(KEEP_ANSWER)?.execute(params![once.key.as_str(), once.request, answer])?;
    Ok(())
}

/// Runs `change` within the transaction: it is undone alone if it fails.
pub(super) fn undone_if_refused<T, E>(
    connection: &Connection,
    change: impl FnOnce() -> rusqlite::Result<Result<T, E>>,
) -> rusqlite::Result<Result<T, E>> {
    connection.execute_batch(BEGIN_CHANGE)?;
    let outcome = change()?;
    connection.execute_batch(if outcome.is_ok() { KEEP_CHANGE } else { UNDO_CHANGE })?;
    Ok(outcome)
}

/// Begins a transaction that the connection's end takes back, unless it is committed before. No other connection writes
/// until it ends.
pub(super) fn begin_writing(connection: &Connection) -> rusqlite::Result<()> {
    connection.prepare_cached(BEGIN_WRITING)?.execute([]).map(drop)
}

/// Begins a transaction that sees one state, that of its first read.
pub(super) fn begin_reading(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(BEGIN_READING)
}

/// Ends the transaction and keeps what it wrote.
pub(super) fn commit(connection: &Connection) -> rusqlite::Result<()> {
    connection.prepare_cached(COMMIT)?.execute([]).map(drop)
}

/// Ends the transaction without a trace.
pub(super) fn roll_back(connection: &Connection) -> rusqlite::Result<()> {
    connection.prepare_cached(ROLL_BACK)?.execute([]).map(drop)
}

/// How many fruits there are.
pub(super) fn count_fruits(connection: &Connection) -> rusqlite::Result<u64> {
    let count: i64 = connection.query_row(COUNT_FRUITS, [], |row| row.get(0))?;
    Ok(count.unsigned_abs())
}

/// Drops the indexes of the fruits, and answers the statements that make them anew.
pub(super) fn drop_indexes(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut indexes = connection.prepare(INDEXES)?;
    let indexes = indexes.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get(1)?)))?;
    let indexes: Vec<(String, String)> = indexes.collect::<Result<_, _>>()?;
    for (name, _) in &indexes {
        connection.execute_batch(&format!("DROP INDEX \"{}\"", name.replace('"', "\"\"")))?;
    }
    Ok(indexes.into_iter().map(|(_, sql)| sql).collect())
}

/// Makes an index as it was made before.
pub(super) fn create_index(connection: &Connection, sql: &str) -> rusqlite::Result<()> {
    connection.execute_batch(sql)
}

/// Brings what stands in the log into the file, and cuts the log to nothing.
pub(super) fn fold_log(connection: &Connection) -> rusqlite::Result<()> {
    connection.query_row(FOLD_LOG, [], |_| Ok(()))
}

/// Gives each row its folded texts that has none.
pub(super) fn fold_fruits(connection: &Connection) -> rusqlite::Result<()> {
    loop {
        let fruits: Vec<Fruit> =
            connection.prepare_cached(UNFOLDED_FRUITS)?.query_map([], fruit)?.collect::<Result<_, _>>()?;
        if fruits.is_empty() {
            return Ok(());
        }
        for Fruit { id, fruit, color, .. } in fruits {
            let (fruit, color) = (Folded::new(fruit.as_str()), Folded::new(color.as_str()));
            connection.prepare_cached(FOLD_FRUIT)?.execute(params![
                id.get(),
                fruit.as_str(),
                color.as_str()
            ])?;
        }
    }
}

/// What was read from a disk that failed is read anew.
pub(super) fn forget_pages(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(FORGET_PAGES)
}

/// Within a transaction: whether adds work, without adding anything. The disk is met by its commit.
pub(super) fn rehearse(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(REHEARSE_INSERT)?;
    // What was undone is not written. This is, though it changes nothing.
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    connection.pragma_update(None, "user_version", version)
}

/// Changes whenever another connection has committed since this one last asked.
pub(super) fn data_version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.prepare_cached(DATA_VERSION)?.query_row([], |row| row.get(0))
}

/// Columns in the order of the selects above. What does not parse was not written by this service.
pub(super) fn fruit(row: &Row<'_>) -> rusqlite::Result<Fruit> {
    let id = row.get(0)?;
    Ok(Fruit {
        id: FruitId::new(id).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(0, id))?,
        fruit: FruitName::stored(row.get(1)?),
        color: Color::stored(row.get(2)?),
        revision: Revision::stored(row.get(3)?),
    })
}
