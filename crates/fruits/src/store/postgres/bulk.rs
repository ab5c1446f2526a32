//! Many fruits in one transaction, beside the servers of the catalogue.

use anyhow::Context as _;
use tokio_postgres::error::SqlState;

use super::{
    Target, change, connection::Connection, connector::Connector, fault::Fault, rows::NewRows, session,
    statements,
};
use crate::{
    Error,
    domain::{FruitId, NewFruit},
    settings::Migrate,
    store::Refused,
};

/// How often fruits without ids are tried, where servers move the sequence of ids at the same time.
const ATTEMPTS_MAX: u32 = 5;
const BEGIN: &str = "BEGIN";
const COMMIT: &str = "COMMIT";
const BEGIN_RUN: &str = "SAVEPOINT run";
const KEEP_RUN: &str = "RELEASE run";
const UNDO_RUN: &str = "ROLLBACK TO run";

/// A transaction on a connection of its own, which takes it back when it is dropped before the commit.
#[derive(Debug)]
pub struct BulkAdd {
    connection: Connection,
}

impl BulkAdd {
    /// Begins to add to a catalogue whose schema is there, or may be brought up to date.
    pub async fn begin(target: Target, migrate: Migrate) -> anyhow::Result<Self> {
        let shown = target.to_string();
        let begin = async {
            let connection = Connector::new(target, migrate).connect().await?;
            session::take_time(&connection).await?;
            connection.run_for_long(BEGIN).await?;
            Ok::<_, Error>(Self { connection })
        };
        begin.await.with_context(|| format!("cannot add to the catalogue {shown}"))
    }

    /// Adds each of these fruits that can be added, and says which could not.
    pub async fn add(&mut self, fruits: &[NewFruit]) -> Result<Vec<Refused>, Error> {
        let mut refused = Vec::new();
        let mut index = 0;
        for run in fruits.chunk_by(|one, next| one.id.is_some() == next.id.is_some()) {
            if run[0].id.is_some() {
                self.add_chosen(run, index, &mut refused).await?;
            } else if let Err(fault) = self.add_run(run).await {
                if !fault.is(&SqlState::SEQUENCE_GENERATOR_LIMIT_EXCEEDED) {
                    return Err(fault.into());
                }
                let places = index..index + run.len();
                refused.extend(places.map(|index| Refused { index, error: Error::IdsExhausted }));
            }
            index += run.len();
        }
        Ok(refused)
    }

    /// Keeps what was added.
    pub async fn commit(self) -> Result<(), Error> {
        let committed = self.connection.run_for_long(COMMIT).await;
        Ok(committed.map_err(Fault::while_committing)?)
    }

    /// Fruits that follow each other and want ids of their own.
    async fn add_chosen(
        &self,
        run: &[NewFruit],
        begin: usize,
        refused: &mut Vec<Refused>,
    ) -> Result<(), Fault> {
        let rows = NewRows::chosen(run);
        let free = self.connection.query(statements::INSERT_CHOSEN_FRUITS, &rows.with_ids()).await?;
        let free = free.iter().map(|row| Ok(row.try_get(0)?)).collect::<Result<Vec<i64>, Fault>>()?;
        let mut free: std::collections::HashSet<i64> = free.into_iter().collect();
        if let Some(last) = free.iter().max() {
            self.connection.query(statements::ADVANCE_IDS, &[last]).await?;
        }
        for (place, id) in run.iter().enumerate().filter_map(|(place, fruit)| Some((place, fruit.id?))) {
            if !free.remove(&FruitId::get(id)) {
                refused.push(Refused { index: begin + place, error: Error::IdTaken(id) });
            }
        }
        Ok(())
    }

    /// Fruits that follow each other and are given ids. What is refused leaves the transaction as it was.
    async fn add_run(&self, run: &[NewFruit]) -> Result<(), Fault> {
        let rows = NewRows::of(run);
        let mut attempt = 1;
        loop {
            self.connection.run_for_long(BEGIN_RUN).await?;
            let Err(fault) = self.connection.query(statements::INSERT_FRUITS, &rows.without_ids()).await
            else {
                return self.connection.run_for_long(KEEP_RUN).await;
            };
            if !fault.leaves_sound() {
                return Err(fault);
            }
            self.connection.run_for_long(UNDO_RUN).await?;
            if attempt == ATTEMPTS_MAX || !change::is_collision_of_ids(&fault) {
                return Err(fault);
            }
            change::catch_up(&self.connection).await?;
            attempt += 1;
        }
    }
}
