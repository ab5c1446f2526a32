//! The services that are measured, each on a port of its own on loopback.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};

use super::{
    catalogue::{self, LISTED},
    contest::{Contender, Measure},
};
use crate::{
    bench::{
        postgres::{Cluster, Database},
        running::{Running, Signal, tied},
    },
    http::{free_port, get},
    process::{command, read, root, target},
    python,
};

/// Where a catalogue is kept.
#[derive(Debug, Clone, Copy)]
pub(super) enum Store<'a> {
    /// In a file in this folder.
    Sqlite(&'a Path),
    /// In this database.
    Postgres(&'a Database),
}

/// A service that answers; ended when dropped.
#[derive(Debug)]
pub(super) struct Server {
    running: Running,
    address: SocketAddr,
}

impl Server {
    /// The catalogue.
    pub(super) fn fruits(store: Store<'_>, log_level: &str) -> Result<Self> {
        let address = loopback()?;
        let mut command = tied(binary(), Signal::Kill);
        serve(&mut command, store, address)?.env("LOG_LEVEL", log_level);
        // At `info` there is a line for each request.
        command.stderr(if log_level == "warn" { Stdio::inherit() } else { Stdio::null() });
        Self::start(&mut command, Signal::Kill, address, "/readyz")
    }

    /// The handler without a catalogue. It prints where it listens.
    fn bare() -> Result<Self> {
        let mut bare = tied(target().join("release/examples/bare_axum"), Signal::Kill);
        let mut running = Running::start(bare.stdout(Stdio::piped()), Signal::Kill)?;
        let output = running.child().stdout.take().context("its output is piped")?;
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        let address = line.trim().parse().context("the bare handler printed no address")?;
        Ok(Self { running, address })
    }

    /// The service in Python, on tables of its own.
    fn peer(programs: &Path, database: &Database) -> Result<Self> {
        let address = loopback()?;
        let url = database.url().replace("postgres://", "postgresql+asyncpg://").replace("sslmode=", "ssl=");
        let folder = root().join("bench/peers/fruits");
        read(command(programs.join("python")).arg(folder.join("fruits.py")).env("DATABASE_URL", &url))?;
        let mut uvicorn = tied(programs.join("uvicorn"), Signal::Terminate);
        uvicorn.args(["fruits:app", "--workers=2", "--loop=uvloop", "--http=httptools", "--no-access-log"]);
        uvicorn.args(["--log-level=warning", "--port", &address.port().to_string(), "--app-dir"]).arg(folder);
        uvicorn.env("DATABASE_URL", url).env("PYTHONDONTWRITEBYTECODE", "1");
        Self::start(uvicorn.stdout(Stdio::null()), Signal::Terminate, address, "/openapi.json")
    }

    fn start(command: &mut Command, end: Signal, address: SocketAddr, path: &str) -> Result<Self> {
        let mut server = Self { running: Running::start(command, end)?, address };
        let deadline = Instant::now() + Duration::from_mins(1);
        while get(address, path).map_or(0, |answer| answer.status) != 200 {
            ensure!(server.running.is_running(), "a server ended before it was ready");
            ensure!(Instant::now() < deadline, "a server was not ready after a minute");
            thread::sleep(Duration::from_millis(5));
        }
        Ok(server)
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// One of the sizes that the kernel keeps of its process, in MiB.
    pub(super) fn mebibytes(&self, name: &str) -> Result<f64> {
        self.running.mebibytes(name)
    }
}

/// The binary under measurement.
pub(super) fn binary() -> PathBuf {
    target().join("release/fruitpress")
}

/// Lets the binary work on this store, with nothing of this program's environment.
pub(super) fn configure<'a>(command: &'a mut Command, store: Store<'_>) -> Result<&'a mut Command> {
    command.env_clear().stdout(Stdio::null());
    match store {
        Store::Sqlite(folder) => {
            fs::create_dir_all(folder)?;
            Ok(command.env("DATA_DIR", folder))
        }
        Store::Postgres(database) => Ok(command.env("DATABASE_URL", database.url()).env("MIGRATE", "auto")),
    }
}

/// Lets the binary serve this store there, without a listener for metrics.
pub(super) fn serve<'a>(
    command: &'a mut Command,
    store: Store<'_>,
    address: SocketAddr,
) -> Result<&'a mut Command> {
    let command = configure(command, store)?.args(["serve", "fruits"]);
    Ok(command.env("PORT", address.port().to_string()).env("METRICS_PORT", "off"))
}

/// An address that was free a moment ago.
pub(super) fn loopback() -> Result<SocketAddr> {
    Ok(SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()?)))
}

/// Everything that takes part in a contest. What is added to is apart from what is read, which stays as it is.
pub(super) struct Servers {
    folder: PathBuf,
    bare: Server,
    sqlite: Server,
    sqlite_logging: Server,
    sqlite_adding: Server,
    postgres: Server,
    postgres_adding: Server,
    database: Database,
    database_adding: Database,
    peer: Server,
    peer_adding: Server,
}

impl Servers {
    pub(super) fn start(folder: &Path, cluster: &Cluster) -> Result<Self> {
        let python = python::environment("fruits-peer", "fruits-peer-requirements.txt")?;
        let database = cluster.database("fruits")?;
        let database_adding = cluster.database("fruits_adding")?;
        let sqlite = |name: &str, log_level| Server::fruits(Store::Sqlite(&folder.join(name)), log_level);
        let servers = Self {
            folder: folder.to_owned(),
            bare: Server::bare()?,
            sqlite: sqlite("quiet", "warn")?,
            sqlite_logging: sqlite("logging", "info")?,
            sqlite_adding: sqlite("adding", "warn")?,
            postgres: Server::fruits(Store::Postgres(&database), "warn")?,
            postgres_adding: Server::fruits(Store::Postgres(&database_adding), "warn")?,
            database,
            database_adding,
            peer: Server::peer(&python, &cluster.database("peer")?)?,
            peer_adding: Server::peer(&python, &cluster.database("peer_adding")?)?,
        };
        for server in [&servers.sqlite, &servers.sqlite_logging, &servers.postgres, &servers.peer] {
            catalogue::add(server.address, LISTED)?;
        }
        servers.check()?;
        Ok(servers)
    }

    /// Everybody answers the same bytes.
    pub(super) fn check(&self) -> Result<()> {
        for path in ["/fruits/1", "/fruits"] {
            let expected = get(self.bare.address, path)?.body;
            for server in [&self.sqlite, &self.sqlite_logging, &self.postgres, &self.peer] {
                let answer = get(server.address, path)?;
                ensure!(
                    answer.status == 200 && answer.body == expected,
                    "{path}: somebody answers something else"
                );
            }
        }
        Ok(())
    }

    /// Where this contender is asked for it.
    pub(super) fn address(&self, contender: Contender, measure: Measure) -> Result<SocketAddr> {
        let adds = measure == Measure::Add;
        let server = match contender {
            Contender::Sqlite if adds => &self.sqlite_adding,
            Contender::Sqlite => &self.sqlite,
            Contender::SqliteLogging if !adds => &self.sqlite_logging,
            Contender::Postgres if adds => &self.postgres_adding,
            Contender::Postgres => &self.postgres,
            Contender::Peer if adds => &self.peer_adding,
            Contender::Peer => &self.peer,
            Contender::Bare if !adds => &self.bare,
            _ => bail!("{contender:?} serves no {measure:?}"),
        };
        Ok(server.address)
    }

    /// The catalogue's own tables, for pgbench.
    pub(super) fn database(&self, measure: Measure) -> &Database {
        if measure == Measure::Add { &self.database_adding } else { &self.database }
    }

    /// The disk that everything is kept on.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }
}
