//! The connections that requests take turns with: for lists, and for whatever changes something.

use std::{fmt, sync::Arc, time::Duration};

use deadpool::{
    Runtime,
    managed::{self, Metrics, Object, PoolError, RecycleError, RecycleResult, TimeoutType, Timeouts},
};

use super::{connection::Connection, connector::Connector};
use crate::{Error, store::Failure};

/// A connection while a request has it. One that is not sound afterwards is closed and not handed out again.
pub(super) type Pooled = Object<Manager>;

/// Hands out connections, and makes one when all that there are, are in use.
#[derive(Clone)]
pub(super) struct Pool(managed::Pool<Manager>);

impl fmt::Debug for Pool {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Pool")
    }
}

/// Makes connections and looks at those that come back.
pub(super) struct Manager(Arc<Connector>);

impl managed::Manager for Manager {
    type Type = Connection;
    type Error = Error;

    async fn create(&self) -> Result<Connection, Error> {
        self.0.connect().await
    }

    async fn recycle(&self, connection: &mut Connection, _metrics: &Metrics) -> RecycleResult<Error> {
        if connection.is_sound() { Ok(()) } else { Err(RecycleError::message("not sound")) }
    }
}

impl Pool {
    pub(super) fn new(connector: Arc<Connector>, connections_max: usize) -> anyhow::Result<Self> {
        let queue_timeout = connector.target().limits.queue_timeout;
        let pool = managed::Pool::builder(Manager(connector))
            .max_size(connections_max)
            .wait_timeout(Some(queue_timeout))
            .runtime(Runtime::Tokio1)
            .build()?;
        Ok(Self(pool))
    }

    /// A connection, as soon as there is one.
    pub(super) async fn connection(&self) -> Result<Pooled, Error> {
        self.0.get().await.map_err(refused)
    }

    /// Whether there is a connection, in use or not, or one can be made. One that is made stays for whoever comes next.
    pub(super) async fn ready(&self) -> Result<(), Error> {
        self.0.retain(|connection, _| connection.is_sound());
        if self.0.status().size > 0 {
            return Ok(());
        }
        let without_waiting = Timeouts { wait: Some(Duration::ZERO), ..self.0.timeouts() };
        match self.0.timeout_get(&without_waiting).await {
            // Others came first and have all of them: that is load.
            Ok(_) | Err(PoolError::Timeout(TimeoutType::Wait)) => Ok(()),
            Err(error) => Err(refused(error)),
        }
    }
}

fn refused(error: PoolError<Error>) -> Error {
    match error {
        PoolError::Backend(error) => error,
        PoolError::Timeout(TimeoutType::Wait) => {
            Error::Unavailable(Failure::new("all connections were in use, for as long as a request waits"))
        }
        other => Error::Unavailable(Failure::new(other.to_string())),
    }
}
