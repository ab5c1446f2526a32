//! How a session is set up, and what it is asked about its server.

use std::time::Duration;

use anyhow::ensure;

use super::{connection::Connection, fault::Fault};
use crate::Error;

/// The oldest release that is known to work; older ones get no fixes any more from those who make it.
const VERSION_MIN: i32 = 14;

/// What the operator, the role or the database may have set otherwise.
///
/// A 201 says that the fruit is on the disk, so a commit has to wait for it; what waits longer, for a standby, stays.
/// The statements count on seeing what was committed before each of them. The planner is to take the index that gives
/// a list its order, also where the table is so small, or its statistics so old, that it would rather sort. What a
/// process that was cut off has left open is closed soon.
const SET_UP: &str = "SELECT
    set_config('statement_timeout', $1, false),
    set_config('idle_in_transaction_session_timeout', '10s', false),
    set_config('default_transaction_isolation', 'read committed', false),
    set_config('default_transaction_deferrable', 'off', false),
    set_config('enable_seqscan', 'off', false),
    set_config('enable_bitmapscan', 'off', false),
    set_config('enable_sort', 'off', false),
    set_config('jit', 'off', false),
    CASE current_setting('synchronous_commit')
        WHEN 'off' THEN set_config('synchronous_commit', 'on', false) END";

/// For work of an operator's, which takes as long as it must.
const TAKE_TIME: &str =
    "SET statement_timeout = 0; SET lock_timeout = 0; SET idle_in_transaction_session_timeout = 0";

const FACTS: &str = "SELECT
    current_setting('server_version_num')::int / 10000,
    current_setting('server_version'),
    current_setting('server_encoding'),
    current_setting('transaction_read_only') = 'on'";

pub(super) async fn set_up(connection: &Connection, statement_timeout: Duration) -> Result<(), Fault> {
    connection.query(SET_UP, &[&format!("{}ms", statement_timeout.as_millis())]).await?;
    Ok(())
}

/// Lets the session's statements and transactions take as long as they must.
pub(super) async fn take_time(connection: &Connection) -> Result<(), Fault> {
    connection.run_for_long(TAKE_TIME).await
}

/// What matters of a server.
#[derive(Debug)]
pub(super) struct Facts {
    version: i32,
    /// The version as the server shows it.
    pub(super) shown_version: String,
    encoding: String,
    is_read_only: bool,
}

/// Asks the server.
pub(super) async fn facts(connection: &Connection) -> Result<Facts, Error> {
    let rows = connection.query(FACTS, &[]).await?;
    let row = rows.first().ok_or(Error::Stopped)?;
    let facts = || {
        Ok(Facts {
            version: row.try_get(0)?,
            shown_version: row.try_get(1)?,
            encoding: row.try_get(2)?,
            is_read_only: row.try_get(3)?,
        })
    };
    Ok(facts().map_err(|error: tokio_postgres::Error| Fault::from(error))?)
}

impl Facts {
    /// Whether a catalogue can be served from it.
    pub(super) fn verify(&self) -> anyhow::Result<()> {
        ensure!(
            self.version >= VERSION_MIN,
            "it is PostgreSQL {}; {VERSION_MIN} is the oldest that is supported",
            self.shown_version
        );
        ensure!(
            self.encoding == "UTF8",
            "its encoding is {}; a catalogue needs one of UTF8, which CREATE DATABASE … ENCODING 'UTF8' makes",
            self.encoding
        );
        ensure!(
            !self.is_read_only,
            "it takes no writes: it is a standby, or the database or role is set to default_transaction_read_only"
        );
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(version: i32, encoding: &str, is_read_only: bool, expected: Option<&str>) {
        let shown_version = format!("{version}.1");
        let facts = Facts { version, shown_version, encoding: encoding.to_owned(), is_read_only };
        let said = facts.verify().err().map(|error| error.to_string());
        assert_eq!(said.is_some(), expected.is_some(), "{said:?}");
        assert!(expected.is_none_or(|words| said.is_some_and(|said| said.contains(words))));
    }

    #[test]
    fn a_server_has_to_be_one_that_serves() {
        check(14, "UTF8", false, None);
        check(18, "UTF8", false, None);
        check(13, "UTF8", false, Some("14 is the oldest"));
        check(15, "SQL_ASCII", false, Some("SQL_ASCII"));
        check(15, "UTF8", true, Some("takes no writes"));
    }
}
