//! The catalogue in a database of PostgreSQL, which several servers share.
//!
//! Every read goes to the database: nothing is kept here that another server could make stale. There are two ways to
//! it. Reads by id share one connection, on which many are under way at once; lists and changes take turns with the
//! others. A database that is away, behind or not writable is no reason to stop: requests are told so at once, and
//! connections are tried again until they work.

mod adds;
mod azure;
mod bulk;
mod change;
mod connection;
mod connector;
mod credentials;
mod fault;
pub(crate) mod inspection;
mod list;
mod migrations;
mod pool;
mod reader;
mod rows;
mod session;
mod snapshot;
mod statements;
mod target;
mod tls;

use std::{num::NonZeroUsize, sync::Arc};

use anyhow::Context as _;
use deadpool::managed::Object;

use self::{adds::Adds, connector::Connector, pool::Pool, reader::Reader};
use crate::{
    Error, Migrated,
    domain::{Change, Cursor, Fruit, FruitId, NewFruit, Page, Selection},
    settings::Migrate,
};

pub use self::{
    azure::Identity,
    bulk::BulkAdd,
    credentials::Credentials,
    snapshot::Snapshot,
    target::{Host, Limits, Secret, Target, Tls},
};

/// A catalogue in a database of PostgreSQL.
#[derive(Debug)]
pub struct Postgres {
    reader: Reader,
    pool: Pool,
    adds: Adds,
}

impl Postgres {
    /// The catalogue there. It need not be there yet: who asks for something is told when it is not. Must be called on
    /// a runtime.
    pub fn open(target: Target, migrate: Migrate) -> anyhow::Result<Self> {
        let limits = target.limits;
        let connector = Arc::new(Connector::new(target, migrate));
        // One connection is the reader's.
        let pool = Pool::new(Arc::clone(&connector), limits.connections_max.saturating_sub(1).max(1))?;
        Ok(Self { reader: Reader::new(connector), adds: Adds::start(&pool, limits), pool })
    }

    /// Brings the schema of the database up to date and says from where to where.
    pub async fn migrate(target: Target) -> anyhow::Result<Migrated> {
        let shown = target.to_string();
        let connector = Connector::new(target, Migrate::Auto);
        connector.migrate().await.with_context(|| format!("cannot migrate the catalogue {shown}"))
    }

    /// Adds a fruit and answers once it is on the server's disk.
    pub async fn add(&self, fruit: NewFruit) -> Result<Fruit, Error> {
        let added = self.change(Change::Add(vec![fruit])).await?;
        added.into_iter().next().ok_or(Error::Stopped)
    }

    /// Makes a change and answers once it is on the server's disk.
    pub async fn change(&self, change: Change) -> Result<Vec<Fruit>, Error> {
        match change {
            Change::Add(mut fruits) if fruits.len() == 1 && fruits[0].id.is_none() => {
                Ok(vec![self.adds.add(fruits.remove(0)).await?])
            }
            change => Ok(change::make(&self.pool, &change).await?),
        }
    }

    /// The fruit with this id.
    pub async fn get(&self, id: FruitId) -> Result<Option<Fruit>, Error> {
        self.reader.get(id).await
    }

    /// The next fruits of a list.
    pub async fn page(
        &self,
        selection: &Selection,
        after: Option<&Cursor>,
        fruits_max: NonZeroUsize,
    ) -> Result<Page, Error> {
        let mut attempt = 1;
        loop {
            let connection = self.pool.connection().await?;
            let fault = match list::page(&connection, selection, after, fruits_max).await {
                Ok(page) => return Ok(page),
                Err(fault) => fault,
            };
            if !fault.leaves_sound() {
                drop(Object::take(connection));
            }
            if attempt == PAGE_ATTEMPTS_MAX || !fault.may_pass() {
                return Err(fault.into());
            }
            attempt += 1;
        }
    }

    /// Whether the database answers, takes writes, has the schema, grants the rights on it, and has a connection for
    /// either way to it.
    pub async fn ready(&self) -> Result<(), Error> {
        self.reader.ready().await?;
        self.pool.ready().await
    }
}

/// How often a page is asked for: once more on a new connection where one turned out to be gone.
const PAGE_ATTEMPTS_MAX: u32 = 2;
