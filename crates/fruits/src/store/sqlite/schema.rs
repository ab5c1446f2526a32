//! Whether a file has the tables that its migrations made.
//!
//! The ledger of migrations says what was done once. Another program may have undone it since: a catalogue without
//! its table would be opened, found sound, and fail at every request.

use std::collections::BTreeSet;

use anyhow::bail;
use rusqlite::Connection;

use super::migrations;

const COLUMNS: &str = "SELECT tables.name, columns.name
    FROM sqlite_schema AS tables, pragma_table_info(tables.name) AS columns
    WHERE tables.type = 'table'";

/// Refuses a database of this version that lacks a table or a column. What it has besides is none of our business.
pub(super) fn verify(connection: &Connection, version: u32) -> anyhow::Result<()> {
    let found = columns(connection)?;
    for (table, column) in columns(&migrations::model(version)?)? {
        if !found.iter().any(|(name, _)| *name == table) {
            bail!("it is damaged: its table {table} is missing; restore a backup");
        }
        if !found.contains(&(table.clone(), column.clone())) {
            bail!("it is damaged: the column {column} of its table {table} is missing; restore a backup");
        }
    }
    Ok(())
}

/// Each column, after the name of its table.
fn columns(connection: &Connection) -> rusqlite::Result<BTreeSet<(String, String)>> {
    connection.prepare(COLUMNS)?.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}
