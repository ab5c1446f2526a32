//! How a connection comes about, and when it is not even tried.
//!
//! Each is looked at before it is used: whether the server is one that we know, takes writes and has the schema. So a
//! database that is not ready is found out by whoever connects, and a connection that is there may be trusted.

use std::{
    future::Future,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use anyhow::Context as _;
use tokio_postgres::{Client, Config, NoTls, config::SslMode, error::SqlState};

use super::{
    Host, Target, connection::Connection, credentials::Keys, fault, migrations, session, tls::Trust,
};
use crate::{Error, Migrated, settings::Migrate, store::Failure};

/// After a connection failed, others fail at once for this long, and then one at a time tries again.
const PAUSE: Duration = Duration::from_millis(250);
/// How long the client waits behind the time that the server itself gives a statement.
const ANSWER_GRACE: Duration = Duration::from_millis(500);
/// A peer that is silent this long is asked whether it is there, this often, and given up after so many times.
const KEEPALIVE_IDLE: Duration = Duration::from_secs(5);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(1);
const KEEPALIVE_RETRIES: u32 = 3;
/// What was sent and is not acknowledged for this long is lost, and the connection with it.
const UNACKNOWLEDGED_MAX: Duration = Duration::from_secs(5);

/// Makes connections to one database.
#[derive(Debug)]
pub(super) struct Connector {
    target: Target,
    migrate: Migrate,
    keys: Keys,
    trust: Trust,
    /// The last failure, while no connection has succeeded since.
    failing: Mutex<Option<(Error, Instant)>>,
    /// Held by the one that tries while others fail.
    attempt: tokio::sync::Mutex<()>,
}

impl Connector {
    pub(super) fn new(target: Target, migrate: Migrate) -> Self {
        let keys = Keys::new(target.credentials.clone());
        let trust = Trust::new(target.tls.clone());
        Self {
            target,
            migrate,
            keys,
            trust,
            failing: Mutex::default(),
            attempt: tokio::sync::Mutex::default(),
        }
    }

    pub(super) fn target(&self) -> &Target {
        &self.target
    }

    /// A connection that serves: to a server that takes writes, with a schema that is not behind.
    pub(super) async fn connect(&self) -> Result<Connection, Error> {
        let last = self.failing().clone();
        let _attempt = match last {
            None => None,
            Some((error, at)) => match self.attempt.try_lock() {
                Ok(attempt) if at.elapsed() >= PAUSE => Some(attempt),
                _ => return Err(error),
            },
        };
        // On the heap: it is rare, and large beside the requests that it would be a part of.
        let outcome = Box::pin(self.connect_to_serve()).await;
        *self.failing() = outcome.as_ref().err().map(|error| (error.clone(), Instant::now()));
        outcome
    }

    async fn connect_to_serve(&self) -> Result<Connection, Error> {
        let fit = async {
            let connection = self.session().await.map_err(unavailable)?;
            session::facts(&connection).await?.verify().map_err(unavailable)?;
            migrations::applied(&connection).await.map(|_| connection)
        };
        match (self.within_time(fit).await, self.migrate) {
            (Err(Error::SchemaBehind { .. }), Migrate::Auto) => {
                self.migrate().await.map_err(unavailable)?.log(&self.target);
                self.within_time(async { self.session().await.map_err(unavailable) }).await
            }
            (outcome, _) => outcome,
        }
    }

    /// Brings the schema up to date.
    pub(super) async fn migrate(&self) -> anyhow::Result<Migrated> {
        migrations::run(&self.connect_to_look().await?).await
    }

    /// A connection to whatever is there.
    pub(super) async fn connect_to_look(&self) -> anyhow::Result<Connection> {
        Ok(self.within_time(async { self.session().await.map_err(unavailable) }).await?)
    }

    async fn within_time(
        &self,
        connect: impl Future<Output = Result<Connection, Error>>,
    ) -> Result<Connection, Error> {
        let timeout = self.target.limits.connect_timeout;
        tokio::time::timeout(timeout, connect).await.unwrap_or_else(|_| {
            Err(unavailable(anyhow::anyhow!("no connection within {} ms", timeout.as_millis())))
        })
    }

    /// A connection whose session is set up.
    async fn session(&self) -> anyhow::Result<Connection> {
        let mut config = self.config();
        if let Some(password) = self.keys.password().await? {
            config.password(password.reveal());
        }
        let (client, driver) = match self.trust.connector()? {
            None => config.connect(NoTls).await.map(|(client, connection)| (client, drive(connection))),
            Some(tls) => config.connect(tls).await.map(|(client, connection)| (client, drive(connection))),
        }
        .map_err(|error| self.not_connected(&error))?;
        self.set_up(client, driver).await
    }

    async fn set_up(
        &self,
        client: Client,
        driver: tokio::task::JoinHandle<()>,
    ) -> anyhow::Result<Connection> {
        let timeout = self.target.limits.statement_timeout;
        let connection = Connection::new(client, driver, timeout + ANSWER_GRACE);
        session::set_up(&connection, timeout)
            .await
            .map_err(Error::from)
            .context("cannot set up the session")?;
        Ok(connection)
    }

    fn not_connected(&self, error: &tokio_postgres::Error) -> anyhow::Error {
        let refused = [SqlState::INVALID_PASSWORD, SqlState::INVALID_AUTHORIZATION_SPECIFICATION];
        if error.code().is_some_and(|code| refused.contains(code)) {
            self.keys.refused();
        }
        anyhow::Error::new(fault::failure(error))
    }

    fn config(&self) -> Config {
        let Target { host, port, user, database, application_name, options, tls, limits, .. } = &self.target;
        let mut config = Config::new();
        match host {
            Host::Name(name) => config.host(name),
            Host::Socket(folder) => config.host_path(folder),
        };
        config
            .port(*port)
            .user(user)
            .dbname(database)
            .application_name(application_name.as_deref().unwrap_or("fruitpress"))
            .ssl_mode(if *tls == super::Tls::Disabled { SslMode::Disable } else { SslMode::Require })
            .connect_timeout(limits.connect_timeout)
            .keepalives_idle(KEEPALIVE_IDLE)
            .keepalives_interval(KEEPALIVE_INTERVAL)
            .keepalives_retries(KEEPALIVE_RETRIES)
            .tcp_user_timeout(UNACKNOWLEDGED_MAX);
        if let Some(options) = options {
            config.options(options);
        }
        config
    }

    /// Why connections fail, while none has succeeded since.
    pub(super) fn last_failure(&self) -> Option<Error> {
        self.failing().as_ref().map(|(error, _)| error.clone())
    }

    fn failing(&self) -> MutexGuard<'_, Option<(Error, Instant)>> {
        self.failing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn unavailable(error: anyhow::Error) -> Error {
    Error::Unavailable(Failure::new(format!("{error:#}")))
}

/// Passes messages until the connection ends. How it ended is told to whoever waited for an answer.
fn drive<S, T>(connection: tokio_postgres::Connection<S, T>) -> tokio::task::JoinHandle<()>
where
    tokio_postgres::Connection<S, T>: Future<Output = Result<(), tokio_postgres::Error>> + Send + 'static,
{
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(reason = %fault::failure(&error), "a connection to the database ended");
        }
    })
}
