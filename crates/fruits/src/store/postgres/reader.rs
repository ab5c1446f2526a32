//! Reads by id: all of them over one connection.
//!
//! A read is one small statement, so many of them under way on one connection are faster than a connection for each:
//! they travel together, and the server never waits for the next. Nothing else goes this way, for what takes longer
//! would hold up all that come behind it.

use std::sync::{Arc, PoisonError, RwLock};

use tokio_postgres::Statement;

use super::{connection::Connection, connector::Connector, fault::Fault, migrations, statements};
use crate::{
    Error,
    domain::{Fruit, FruitId},
    store::Failure,
};

/// How often a read is sent. What was sent when a connection broke off is asked again on the next one.
const ATTEMPTS_MAX: usize = 2;

/// The connection, which is made anew when it is lost.
#[derive(Debug)]
pub(super) struct Reader {
    connector: Arc<Connector>,
    line: RwLock<Option<Arc<Line>>>,
    /// Held by the one that makes it.
    making: tokio::sync::Mutex<()>,
}

/// A connection with its statements prepared.
struct Line {
    connection: Connection,
    fruit_by_id: Statement,
    ready: Statement,
    missing_rights: Statement,
}

impl std::fmt::Debug for Line {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Line")
    }
}

impl Reader {
    pub(super) fn new(connector: Arc<Connector>) -> Self {
        Self { connector, line: RwLock::default(), making: tokio::sync::Mutex::default() }
    }

    /// The fruit with this id.
    pub(super) async fn get(&self, id: FruitId) -> Result<Option<Fruit>, Error> {
        let mut attempt = 1;
        loop {
            let line = self.line().await?;
            let outcome = line.connection.query_first(&line.fruit_by_id, &[&id.get()]).await;
            let fault = match outcome.map(|row| row.as_ref().map(statements::fruit).transpose()) {
                Ok(Ok(fruit)) => return Ok(fruit),
                Ok(Err(error)) => Fault::from(error),
                Err(fault) => fault,
            };
            if !fault.leaves_sound() {
                self.give_up(&line);
            }
            if attempt == ATTEMPTS_MAX || !fault.may_pass() {
                return Err(fault.into());
            }
            attempt += 1;
        }
    }

    /// Whether the server takes writes, has the schema and grants the rights on it. Says so also where the connection
    /// was made before any of them was lost.
    pub(super) async fn ready(&self) -> Result<(), Error> {
        let mut attempt = 1;
        let (line, row) = loop {
            let line = self.line().await?;
            match line.connection.query_first(&line.ready, &[]).await {
                Ok(row) => break (line, row.ok_or(Error::Stopped)?),
                Err(fault) => {
                    // Whatever it was, a new connection finds out what is wrong, or that nothing is.
                    self.give_up(&line);
                    if attempt == ATTEMPTS_MAX || !fault.may_pass() {
                        return Err(fault.into());
                    }
                }
            }
            attempt += 1;
        };
        let (is_read_only, steps): (bool, i64) =
            (row.try_get(0).map_err(Fault::from)?, row.try_get(1).map_err(Fault::from)?);
        let (found, needed) = (u32::try_from(steps).unwrap_or(u32::MAX), migrations::latest());
        if is_read_only || found < needed {
            self.give_up(&line);
        }
        if is_read_only {
            return Err(Error::Unavailable(Failure::new("the database takes no writes")));
        }
        if found < needed {
            return Err(Error::SchemaBehind { found, needed });
        }
        let rights = line.connection.query_first(&line.missing_rights, &[]).await?.ok_or(Error::Stopped)?;
        match rights.try_get::<_, Option<String>>(0).map_err(Fault::from)? {
            Some(missing) => Err(Error::Unavailable(Failure::new(format!("the role lacks {missing}")))),
            None => Ok(()),
        }
    }

    /// The connection that is there, or the next one. Those who come together wait for one attempt, unless the last
    /// one failed: how long the next one takes is the worry of whoever makes it.
    async fn line(&self) -> Result<Arc<Line>, Error> {
        if let Some(line) = self.last() {
            return Ok(line);
        }
        let _making = match (self.making.try_lock(), self.connector.last_failure()) {
            (Ok(making), _) => making,
            (Err(_), Some(error)) => return Err(error),
            (Err(_), None) => self.making.lock().await,
        };
        if let Some(line) = self.last() {
            return Ok(line);
        }
        let connection = self.connector.connect().await?;
        let fruit_by_id = connection.prepare(statements::FRUIT_BY_ID).await?;
        let ready = connection.prepare(statements::READY).await?;
        let missing_rights = connection.prepare(statements::MISSING_RIGHTS).await?;
        let line = Arc::new(Line { connection, fruit_by_id, ready, missing_rights });
        *self.line.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&line));
        Ok(line)
    }

    fn last(&self) -> Option<Arc<Line>> {
        let line = self.line.read().unwrap_or_else(PoisonError::into_inner);
        line.as_ref().filter(|line| !line.connection.is_closed()).cloned()
    }

    /// From now on a new one is made, unless that has happened already.
    fn give_up(&self, line: &Arc<Line>) {
        let mut last = self.line.write().unwrap_or_else(PoisonError::into_inner);
        if last.as_ref().is_some_and(|last| Arc::ptr_eq(last, line)) {
            *last = None;
        }
    }
}
