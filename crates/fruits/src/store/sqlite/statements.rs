//! Every statement that the catalogue runs while it serves.

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use crate::domain::{Color, Fruit, FruitId, FruitName, NewFruit};

const FRUIT_BY_ID: &str = "SELECT id, fruit, color FROM fruits WHERE id = ?1";
const FRUITS_AFTER: &str = "SELECT id, fruit, color FROM fruits WHERE id > ?1 ORDER BY id LIMIT ?2";
/// Without an id SQLite gives one more than the largest that was ever given.
const INSERT_FRUIT: &str = "INSERT INTO fruits (id, fruit, color) VALUES (?1, ?2, ?3)";
const DATA_VERSION: &str = "PRAGMA data_version";

pub(super) fn fruit_by_id(connection: &Connection, id: FruitId) -> rusqlite::Result<Option<Fruit>> {
    connection.prepare_cached(FRUIT_BY_ID)?.query_row([id.get()], fruit).optional()
}

pub(super) fn fruits_after(
    connection: &Connection,
    after: Option<FruitId>,
    fruits_max: usize,
) -> rusqlite::Result<Vec<Fruit>> {
    let after = after.map_or(0, FruitId::get);
    let fruits_max = i64::try_from(fruits_max).unwrap_or(i64::MAX);
    connection.prepare_cached(FRUITS_AFTER)?.query_map([after, fruits_max], fruit)?.collect()
}

/// Answers the id of the new row.
pub(super) fn insert_fruit(connection: &Connection, fruit: &NewFruit) -> rusqlite::Result<i64> {
    let id = fruit.id.map(FruitId::get);
    connection.prepare_cached(INSERT_FRUIT)?.insert(params![id, fruit.fruit.as_str(), fruit.color.as_str()])
}

/// Changes whenever another connection has committed since this one last asked.
pub(super) fn data_version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.prepare_cached(DATA_VERSION)?.query_row([], |row| row.get(0))
}

/// Columns in the order of the selects above. What does not parse was not written by this service.
fn fruit(row: &Row<'_>) -> rusqlite::Result<Fruit> {
    let id = row.get(0)?;
    Ok(Fruit {
        id: FruitId::new(id).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(0, id))?,
        fruit: FruitName::stored(row.get(1)?),
        color: Color::stored(row.get(2)?),
    })
}
