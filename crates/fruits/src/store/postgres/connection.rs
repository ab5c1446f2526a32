//! One connection: its session, its prepared statements, and how long it is waited for.

use std::{
    collections::HashMap,
    future::{Future, IntoFuture as _},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures_util::future::try_join;
use tokio::task::JoinHandle;
use tokio_postgres::{Client, Row, Statement, types::ToSql};

use super::fault::Fault;

/// One thing that a statement is given.
pub(super) type Parameter<'a> = &'a (dyn ToSql + Sync);
/// All that a statement is given.
pub(super) type Parameters<'a> = &'a [Parameter<'a>];

/// A connection. Dropping it closes it; what is under way and not committed by then is not done.
pub(super) struct Connection {
    client: Client,
    /// By their text.
    statements: Mutex<HashMap<String, Statement>>,
    statement_timeout: Duration,
    /// In the middle of a transaction, or of an answer that nobody waits for any more.
    is_busy: AtomicBool,
    driver: JoinHandle<()>,
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Connection")
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

impl Connection {
    /// One whose other half is driven by this task.
    pub(super) fn new(client: Client, driver: JoinHandle<()>, statement_timeout: Duration) -> Self {
        let is_busy = AtomicBool::new(false);
        Self { client, statements: Mutex::default(), statement_timeout, is_busy, driver }
    }

    /// Whether a request may have it.
    pub(super) fn is_sound(&self) -> bool {
        !self.client.is_closed() && !self.is_busy.load(Ordering::Relaxed)
    }

    /// Whether it is gone.
    pub(super) fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    /// The statement, prepared on this connection.
    pub(super) async fn prepare(&self, sql: &str) -> Result<Statement, Fault> {
        if let Some(statement) = self.statements().get(sql) {
            return Ok(statement.clone());
        }
        let statement = self.within(self.client.prepare(sql)).await?;
        self.statements().insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }

    /// Runs one statement, which is a transaction of its own unless one is open.
    pub(super) async fn query(&self, sql: &str, parameters: Parameters<'_>) -> Result<Vec<Row>, Fault> {
        let statement = self.prepare(sql).await?;
        self.within(self.client.query(&statement, parameters)).await
    }

    /// Runs a statement that was prepared here and answers its first row, if there is one.
    pub(super) async fn query_first(
        &self,
        statement: &Statement,
        parameters: Parameters<'_>,
    ) -> Result<Option<Row>, Fault> {
        self.within(self.client.query_opt(statement, parameters)).await
    }

    /// Runs statements without parameters and without waiting for any time in particular.
    pub(super) async fn run_for_long(&self, sql: &str) -> Result<(), Fault> {
        Ok(self.client.batch_execute(sql).await?)
    }

    /// Begins a transaction with its first statement, in one go.
    pub(super) async fn begin(
        &self,
        sql: &str,
        parameters: Parameters<'_>,
    ) -> Result<(Transaction<'_>, Vec<Row>), Fault> {
        let statement = self.prepare(sql).await?;
        self.is_busy.store(true, Ordering::Relaxed);
        let transaction = Transaction { connection: self };
        let both = try_join(self.client.batch_execute("BEGIN"), self.client.query(&statement, parameters));
        match self.within(both).await {
            Ok(((), rows)) => Ok((transaction, rows)),
            Err(fault) => Err(transaction.undone_after(fault).await),
        }
    }

    /// What the driver answers, unless it takes too long. The server is told to give up earlier; this is for one
    /// that does not even say so.
    async fn within<T>(
        &self,
        work: impl Future<Output = Result<T, tokio_postgres::Error>>,
    ) -> Result<T, Fault> {
        match tokio::time::timeout(self.statement_timeout, work.into_future()).await {
            Ok(outcome) => Ok(outcome?),
            Err(_) => Err(Fault::Silent(self.statement_timeout)),
        }
    }

    fn statements(&self) -> MutexGuard<'_, HashMap<String, Statement>> {
        self.statements.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An open transaction. One that is dropped leaves its connection unusable, which undoes it.
pub(super) struct Transaction<'a> {
    connection: &'a Connection,
}

impl Transaction<'_> {
    pub(super) async fn query(&self, sql: &str, parameters: Parameters<'_>) -> Result<Vec<Row>, Fault> {
        self.connection.query(sql, parameters).await
    }

    /// Ends it with a last statement, in one go.
    pub(super) async fn commit_with(self, sql: &str, parameters: Parameters<'_>) -> Result<Vec<Row>, Fault> {
        let connection = self.connection;
        let statement = match connection.prepare(sql).await {
            Ok(statement) => statement,
            Err(fault) => return Err(self.undone_after(fault).await),
        };
        let client = &connection.client;
        // Not until the first failure: behind a statement that was refused, COMMIT undoes, and has to be waited for.
        let last = client.query(&statement, parameters);
        let both = async {
            let (last, end) = futures_util::future::join(last, client.batch_execute("COMMIT")).await;
            Ok((last, end))
        };
        let (last, end) = connection.within(both).await.map_err(Fault::while_committing)?;
        let rows = last.map_err(|error| Fault::from(error).while_committing());
        let end = end.map_err(|error| Fault::from(error).while_committing());
        // The server said how both ended, so it has none open.
        if !matches!((&rows, &end), (Err(Fault::Unknown(_)), _) | (_, Err(Fault::Unknown(_)))) {
            connection.is_busy.store(false, Ordering::Relaxed);
        }
        let rows = rows?;
        end?;
        Ok(rows)
    }

    /// Ends it.
    pub(super) async fn commit(self) -> Result<(), Fault> {
        let connection = self.connection;
        let end = connection.within(connection.client.batch_execute("COMMIT")).await;
        end.map_err(Fault::while_committing)?;
        connection.is_busy.store(false, Ordering::Relaxed);
        Ok(())
    }

    /// Ends it without a trace.
    pub(super) async fn undo(self) -> Result<(), Fault> {
        self.connection.within(self.connection.client.batch_execute("ROLLBACK")).await?;
        self.connection.is_busy.store(false, Ordering::Relaxed);
        Ok(())
    }

    /// Ends it after this fault. Where that fails too, the connection stays unusable, and the first fault counts.
    pub(super) async fn undone_after(self, fault: Fault) -> Fault {
        if fault.leaves_sound() {
            let _ = self.undo().await;
        }
        fault
    }
}
