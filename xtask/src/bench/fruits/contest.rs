//! Who does what how often a second, in rounds that take turns.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};

use super::{
    catalogue::{self, LISTED},
    disk,
    servers::Servers,
};
use crate::{
    bench::{
        Effort,
        load::{self, CONNECTIONS, Request},
        pgbench,
        rounds::Rounds,
    },
    http::get,
};

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Measure {
    /// One fruit is read.
    Get,
    /// All [`LISTED`] fruits are read.
    List,
    /// One fruit is added, and on the disk when that is answered.
    Add,
}

/// Who does it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Contender {
    /// The catalogue on SQLite, with warnings alone in its log.
    Sqlite,
    /// The same with a line for each request, as by default.
    SqliteLogging,
    /// The catalogue on PostgreSQL.
    Postgres,
    /// A handler that has the answer already.
    Bare,
    /// A thread that writes a page and waits for the disk, for each add.
    Disk,
    /// PostgreSQL's own client with the same statement.
    Pgbench,
    /// A service in Python on the same PostgreSQL.
    Peer,
}

/// In each round, in this order: who is compared is measured one behind the other.
const ROUND: &[(Measure, &[Contender])] = &[
    (
        Measure::Get,
        &[
            Contender::Bare,
            Contender::Sqlite,
            Contender::SqliteLogging,
            Contender::Pgbench,
            Contender::Postgres,
            Contender::Peer,
        ],
    ),
    (Measure::List, &[Contender::Bare, Contender::Sqlite, Contender::Postgres, Contender::Peer]),
    (
        Measure::Add,
        &[Contender::Disk, Contender::Sqlite, Contender::Pgbench, Contender::Postgres, Contender::Peer],
    ),
];

/// What came of it.
pub(super) struct Contest(BTreeMap<(Measure, Contender), Rounds>);

impl Contest {
    pub(super) fn run(servers: &Servers, effort: Effort) -> Result<Self> {
        let mut contest = Self(BTreeMap::new());
        for round in 1..=effort.rounds {
            println!("round {round} of {}", effort.rounds);
            for (measure, contenders) in ROUND {
                for contender in *contenders {
                    let rate = rate(servers, *measure, *contender, effort)?;
                    contest.0.entry((*measure, *contender)).or_default().push(rate);
                }
            }
        }
        servers.check()?;
        Ok(contest)
    }

    /// What this contender reached; nothing where it took no part.
    pub(super) fn rounds(&self, measure: Measure, contender: Contender) -> Rounds {
        self.0.get(&(measure, contender)).cloned().unwrap_or_default()
    }
}

fn rate(servers: &Servers, measure: Measure, contender: Contender, effort: Effort) -> Result<f64> {
    match (contender, measure) {
        (Contender::Disk, _) => disk::syncs_a_second(servers.folder(), effort.time),
        (Contender::Pgbench, Measure::Add) => pgbench::transactions_a_second(
            servers.database(measure),
            "add.sql",
            &["fruit=apple", "color=red"],
            effort.time,
        ),
        (Contender::Pgbench, _) => {
            pgbench::transactions_a_second(servers.database(measure), "get.sql", &["id=1"], effort.time)
        }
        _ => served(servers, measure, contender, effort),
    }
}

/// Answers that a service gave a second.
fn served(servers: &Servers, measure: Measure, contender: Contender, effort: Effort) -> Result<f64> {
    let address = servers.address(contender, measure)?;
    let busy = |path, request| load::busy(address, path, request, CONNECTIONS, effort.time);
    match measure {
        Measure::Get => Ok(busy("/fruits/1", Request::Same)?.rate()),
        Measure::List => {
            let counted = busy("/fruits", Request::Same)?;
            counted.ensure_bodies(get(address, "/fruits")?.body.len())?;
            Ok(counted.rate())
        }
        Measure::Add => {
            let before = catalogue::next_id(address)?;
            let counted = busy("/fruits", Request::Add)?;
            // Who answers 201 without adding is fast.
            let added = catalogue::next_id(address)? - before - 1;
            ensure!(
                added >= u64::from(counted.requests()),
                "{added} fruits were added where {} were answered",
                counted.requests()
            );
            Ok(counted.rate())
        }
    }
}

impl Measure {
    /// As a table names it.
    pub(super) fn title(self) -> String {
        match self {
            Self::Get => "get one".to_owned(),
            Self::List => format!("list of {}", crate::bench::rounds::figure(f64::from(LISTED))),
            Self::Add => "add".to_owned(),
        }
    }
}

impl Contender {
    /// As a table names it.
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::SqliteLogging => "SQLite, each request logged",
            Self::Postgres => "PostgreSQL",
            Self::Bare => "bare axum",
            Self::Disk => "one write and wait each",
            Self::Pgbench => "pgbench",
            Self::Peer => "FastAPI",
        }
    }
}
