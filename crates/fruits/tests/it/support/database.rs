//! A database of its own for each test, on the server of PostgreSQL that they share.

use std::{
    path::Path,
    sync::atomic::{AtomicU32, Ordering},
    thread,
};

use fruits::{
    Settings, Store,
    settings::{Location, PostgresSettings},
    store::postgres::Target,
};
use tokio::runtime::Runtime;
use tokio_postgres::{Client, Config, NoTls, SimpleQueryMessage};

use super::cluster::{self, Cluster};

/// A database that a catalogue can be made in.
pub(crate) struct Database<'a> {
    cluster: &'a Cluster,
    name: String,
}

impl Database<'static> {
    /// On the server that the tests share.
    pub(crate) fn new() -> Self {
        Self::on(&cluster::SHARED)
    }
}

impl<'a> Database<'a> {
    /// On a server of the test's own.
    pub(crate) fn on(cluster: &'a Cluster) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("test_{}", COUNT.fetch_add(1, Ordering::Relaxed));
        Self::existing(cluster, "postgres").execute(&format!("CREATE DATABASE {name}"));
        Self { cluster, name }
    }

    /// One that is there already.
    pub(crate) fn existing(cluster: &'a Cluster, name: &str) -> Self {
        Self { cluster, name: name.to_owned() }
    }

    pub(crate) fn cluster(&self) -> &Cluster {
        self.cluster
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn url(&self) -> String {
        self.cluster.url(&self.name)
    }

    /// The settings of a server on this database, but for these.
    pub(crate) fn settings(&self, postgres: PostgresSettings) -> Settings {
        Settings { database_url: self.url().parse().ok(), postgres, ..Settings::default() }
    }

    pub(crate) fn target(&self) -> Target {
        target(&self.settings(PostgresSettings::default()))
    }

    pub(crate) fn open(&self) -> Store {
        Store::open(&Location::Postgres(Box::new(self.target()))).expect("a catalogue")
    }

    /// Makes the catalogue with this many fruits, quickly.
    pub(crate) fn fill(&self, fruits: u32) {
        self.migrate();
        self.execute(&format!(
            "INSERT INTO fruits (fruit, color, fruit_folded, color_folded)
             SELECT 'fruit ' || n, 'red', 'fruit ' || n, 'red' FROM generate_series(1, {fruits}) AS n"
        ));
    }

    pub(crate) fn migrate(&self) {
        let location = Location::Postgres(Box::new(self.target()));
        on_a_thread(async move || Store::migrate(&location).await.expect("a migration"));
    }

    /// Runs statements as another program would.
    pub(crate) fn execute(&self, sql: &str) {
        self.rows(sql);
    }

    /// What a statement answers: the first column of each row, as a text.
    pub(crate) fn rows(&self, sql: &str) -> Vec<String> {
        let (config, sql) = (self.config(), sql.to_owned());
        on_a_thread(async move || {
            let (client, connection) = config.connect(NoTls).await.expect("a connection");
            tokio::spawn(connection);
            let rows = client.simple_query(&sql).await.expect("another program's statements");
            let first = |message: &SimpleQueryMessage| match message {
                SimpleQueryMessage::Row(row) => row.get(0).map(ToOwned::to_owned),
                _ => None,
            };
            rows.iter().filter_map(first).collect()
        })
    }

    /// Another program's connection. The test is on a runtime.
    pub(crate) async fn connect(&self) -> Client {
        self.try_connect().await.expect("a connection")
    }

    /// Another program's connection, if it gets one.
    pub(crate) async fn try_connect(&self) -> Result<Client, tokio_postgres::Error> {
        let (client, connection) = self.config().connect(NoTls).await?;
        tokio::spawn(connection);
        Ok(client)
    }

    fn config(&self) -> Config {
        let mut config = self.cluster.config();
        config.dbname(&self.name);
        config
    }
}

/// What these settings name.
pub(crate) fn target(settings: &Settings) -> Target {
    match settings.location(Path::new("")).expect("a location") {
        Location::Postgres(target) => *target,
        Location::Sqlite(path) => panic!("{} is no database", path.display()),
    }
}

/// On a runtime of its own, whether the test is on one or not.
fn on_a_thread<T: Send + 'static>(work: impl AsyncFnOnce() -> T + Send + 'static) -> T {
    let work = move || Runtime::new().expect("a runtime").block_on(work());
    thread::spawn(work).join().expect("no panic")
}
