//! The schema, step by step.
//!
//! Steps are only ever appended. A step that was released is never edited: its checksum is kept beside its
//! number, and a file that was built by other steps than ours is refused rather than guessed at.

use anyhow::{Context as _, ensure};
use rusqlite::{Connection, Transaction, TransactionBehavior, params};

use super::{schema, statements};
use crate::store::Migrated;

/// One step, as the file of its name says it.
struct Step {
    name: &'static str,
    sql: &'static str,
}

const STEPS: &[Step] = &[
    Step { name: "fruits", sql: include_str!("../../../migrations/sqlite/0001_fruits.sql") },
    Step { name: "folded", sql: include_str!("../../../migrations/sqlite/0002_folded.sql") },
    Step { name: "revisions", sql: include_str!("../../../migrations/sqlite/0003_revisions.sql") },
    Step { name: "idempotency", sql: include_str!("../../../migrations/sqlite/0004_idempotency.sql") },
];

const CREATE_LEDGER: &str = "CREATE TABLE IF NOT EXISTS migrations (
    version INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    checksum INTEGER NOT NULL,
    applied_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ'))
) STRICT";
const LEDGER_EXISTS: &str =
    "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'migrations')";
const READ_LEDGER: &str = "SELECT version, name, checksum FROM migrations ORDER BY version";
const APPEND_TO_LEDGER: &str = "INSERT INTO migrations (version, name, checksum) VALUES (?1, ?2, ?3)";

/// The version of the schema that this program works with.
pub fn latest() -> u32 {
    number(STEPS.len())
}

/// Applies the steps that are missing, all or none.
pub(super) fn run(connection: &mut Connection) -> anyhow::Result<Migrated> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let from = applied(&transaction)?;
    schema::verify(&transaction, from)?;
    transaction.execute_batch(CREATE_LEDGER)?;
    for version in from + 1..=latest() {
        apply(&transaction, version)?;
    }
    statements::fold_fruits(&transaction)?;
    transaction.commit()?;
    Ok(Migrated { from, to: latest() })
}

/// How many steps were applied; an error if they are not ours.
pub(super) fn applied(connection: &Connection) -> anyhow::Result<u32> {
    if !connection.query_row(LEDGER_EXISTS, [], |row| row.get(0))? {
        return Ok(0);
    }
    let mut statement = connection.prepare(READ_LEDGER)?;
    let mut rows = statement.query([])?;
    let mut version = 0;
    while let Some(row) = rows.next()? {
        version += 1;
        verify(version, row.get(0)?, &row.get::<_, String>(1)?, row.get(2)?)?;
    }
    Ok(version)
}

/// An empty database with the schema of this version, in memory.
pub(super) fn model(version: u32) -> anyhow::Result<Connection> {
    let connection = Connection::open_in_memory()?;
    for version in 1..=version {
        connection.execute_batch(step(version).context("no such migration")?.sql)?;
    }
    Ok(connection)
}

fn apply(transaction: &Transaction<'_>, version: u32) -> anyhow::Result<()> {
    let step = step(version).context("no such migration")?;
    transaction
        .execute_batch(step.sql)
        .with_context(|| format!("migration {version} ({}) failed", step.name))?;
    transaction
        .execute(APPEND_TO_LEDGER, params![version, step.name, crc32fast::hash(step.sql.as_bytes())])?;
    Ok(())
}

fn verify(expected: u32, version: u32, name: &str, checksum: u32) -> anyhow::Result<()> {
    ensure!(version == expected, "its migration {expected} is missing");
    let step = step(version).with_context(|| {
        format!(
            "its schema is newer than this program: it has migration {version} ({name}), this program knows \
             {}; run the newer program",
            latest()
        )
    })?;
    ensure!(
        name == step.name && checksum == crc32fast::hash(step.sql.as_bytes()),
        "its migration {version} ({name}) is not this program's: the file was made by another build"
    );
    Ok(())
}

fn step(version: u32) -> Option<&'static Step> {
    STEPS.get(usize::try_from(version).ok()?.checked_sub(1)?)
}

fn number(steps: usize) -> u32 {
    u32::try_from(steps).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What was released stays as it is: a new step gets a new line here, no line is ever changed.
    #[test]
    fn released_steps_are_never_edited() {
        let released = [
            ("fruits", 1_425_149_662),
            ("folded", 2_120_758_680),
            ("revisions", 1_501_837_104),
            ("idempotency", 278_580_497),
        ];
        let steps: Vec<_> =
            STEPS.iter().map(|step| (step.name, crc32fast::hash(step.sql.as_bytes()))).collect();
        assert_eq!(steps, released);
    }
}
