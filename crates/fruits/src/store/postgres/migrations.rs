//! The schema, step by step.
//!
//! Steps are only ever appended, each in a transaction, and each leaves the previous release working: while a
//! deployment rolls on, both serve from one database. So a schema that is newer than this program is served, as long
//! as its first steps are this program's own.

use anyhow::{Context as _, ensure};
use tokio_postgres::Row;

use super::{connection::Connection, fault::Fault, session};
use crate::{
    Error,
    store::{Failure, Migrated},
};

/// One step, as the file of its name says it.
struct Step {
    name: &'static str,
    sql: &'static str,
}

const STEPS: &[Step] = &[
    Step { name: "fruits", sql: include_str!("../../../migrations/postgres/0001_fruits.sql") },
    Step { name: "retired_ids", sql: include_str!("../../../migrations/postgres/0002_retired_ids.sql") },
    Step { name: "idempotency", sql: include_str!("../../../migrations/postgres/0003_idempotency.sql") },
];

const LEDGER_EXISTS: &str = "SELECT to_regclass('fruits_migrations') IS NOT NULL";
const READ_LEDGER: &str = "SELECT version, name, checksum FROM fruits_migrations ORDER BY version";
const CREATE_LEDGER: &str = "CREATE TABLE fruits_migrations (
    version integer PRIMARY KEY,
    name text NOT NULL,
    checksum bigint NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
)";
const APPEND_TO_LEDGER: &str = "INSERT INTO fruits_migrations (version, name, checksum) VALUES ($1, $2, $3)";
/// Whoever comes second waits here, and then finds nothing left to do. The number is any that nobody else takes.
const TAKE_TURN: &str = "SELECT pg_advisory_lock(5067303519418606413)";

/// A step that was applied, as the ledger has it.
struct Applied {
    version: i32,
    name: String,
    checksum: i64,
}

/// The version of the schema that this program works with.
pub(super) fn latest() -> u32 {
    u32::try_from(STEPS.len()).unwrap_or(u32::MAX)
}

/// Applies the steps that are missing, all or none, however many processes do so at the same time.
pub(super) async fn run(connection: &Connection) -> anyhow::Result<Migrated> {
    session::facts(connection).await?.verify()?;
    session::take_time(connection).await.map_err(Error::from)?;
    for sql in [TAKE_TURN, "BEGIN"] {
        connection.run_for_long(sql).await.map_err(Error::from)?;
    }
    let migrated = apply_missing(connection).await?;
    connection.run_for_long("COMMIT").await.map_err(Error::from).context("cannot commit the migration")?;
    Ok(migrated)
}

async fn apply_missing(connection: &Connection) -> anyhow::Result<Migrated> {
    let ledger = ledger(connection).await.map_err(Error::from)?;
    let from = version(&ledger)?;
    if ledger.is_empty() {
        connection
            .run_for_long(CREATE_LEDGER)
            .await
            .map_err(Error::from)
            .context("cannot make the ledger")?;
    }
    for (step, version) in STEPS.iter().zip(1..).skip(ledger.len()) {
        let failed = || format!("migration {version} ({}) failed", step.name);
        connection.run_for_long(step.sql).await.map_err(Error::from).with_context(failed)?;
        let entry = connection.query(APPEND_TO_LEDGER, &[&version, &step.name, &checksum(step)]).await;
        entry.map_err(Error::from).with_context(failed)?;
    }
    Ok(Migrated { from, to: from.max(latest()) })
}

/// The version of the schema that is there; an error if it is behind, or not ours.
pub(super) async fn applied(connection: &Connection) -> Result<u32, Error> {
    let found = version(&ledger(connection).await?)
        .map_err(|error| Error::Unavailable(Failure::new(format!("{error:#}"))))?;
    let needed = latest();
    if found < needed { Err(Error::SchemaBehind { found, needed }) } else { Ok(found) }
}

async fn ledger(connection: &Connection) -> Result<Vec<Applied>, Fault> {
    let exists = connection.query(LEDGER_EXISTS, &[]).await?;
    if !exists.first().map_or(Ok(false), |row| row.try_get(0))? {
        return Ok(Vec::new());
    }
    let applied = |row: &Row| {
        Ok(Applied { version: row.try_get(0)?, name: row.try_get(1)?, checksum: row.try_get(2)? })
    };
    connection.query(READ_LEDGER, &[]).await?.iter().map(applied).collect()
}

/// How many steps were applied; an error if the first of them are not ours.
fn version(ledger: &[Applied]) -> anyhow::Result<u32> {
    for (applied, expected) in ledger.iter().zip(1..) {
        ensure!(applied.version == expected, "the migration {expected} of the schema is missing");
    }
    for (applied, step) in ledger.iter().zip(STEPS) {
        ensure!(
            applied.name == step.name && applied.checksum == checksum(step),
            "the migration {} ({}) of the schema is not this program's: it was made by another build",
            applied.version,
            applied.name
        );
    }
    Ok(u32::try_from(ledger.len()).unwrap_or(u32::MAX))
}

fn checksum(step: &Step) -> i64 {
    crc32fast::hash(step.sql.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What was released stays as it is: a new step gets a new line here, no line is ever changed.
    #[test]
    fn released_steps_are_never_edited() {
        let released =
            [("fruits", 3_732_657_870), ("retired_ids", 2_710_272_145), ("idempotency", 3_010_171_362)];
        let steps: Vec<_> = STEPS.iter().map(|step| (step.name, checksum(step))).collect();
        assert_eq!(steps, released);
    }

    fn ours() -> Vec<Applied> {
        let applied = |(step, version): (&Step, i32)| Applied {
            version,
            name: step.name.to_owned(),
            checksum: checksum(step),
        };
        STEPS.iter().zip(1..).map(applied).collect()
    }

    #[test]
    fn a_schema_is_ours_as_far_as_we_know_it() {
        assert_eq!(version(&[]).unwrap(), 0);
        assert_eq!(version(&ours()).unwrap(), latest());
        let mut newer = ours();
        newer.push(Applied { version: 4, name: "of the next release".to_owned(), checksum: 7 });
        assert_eq!(version(&newer).unwrap(), 4);
        newer[3].version = 5;
        assert!(version(&newer).unwrap_err().to_string().contains("migration 4 of the schema is missing"));
        for change in [|step: &mut Applied| step.checksum += 1, |step: &mut Applied| step.name.push('x')] {
            let mut edited = ours();
            change(&mut edited[1]);
            assert!(version(&edited).unwrap_err().to_string().contains("made by another build"));
        }
    }
}
