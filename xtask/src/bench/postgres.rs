//! A PostgreSQL of the benchmark's own: one cluster for whatever a run compares, with the durability it has by
//! default, on the disk that the rest is measured on.

use std::{
    fs::{self, File},
    os::unix::fs::{PermissionsExt, chown},
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};

use super::running::{Running, Signal, tied_as};
use crate::{
    http::free_port,
    packages,
    process::{command, find, read, succeeds},
};

/// PostgreSQL refuses to run as root. This user is everywhere.
const USER: &str = "nobody";

/// What isn't as PostgreSQL comes. None of it is about durability: room for everybody's connections, a cache that
/// fits the machine, and no checkpoint in the middle of a round.
const SETTINGS: &[(&str, &str)] =
    &[("max_connections", "200"), ("shared_buffers", "1GB"), ("max_wal_size", "8GB")];

/// What a table of results says about the server.
const SHOWN: &[&str] =
    &["fsync", "synchronous_commit", "full_page_writes", "wal_sync_method", "commit_delay"];

/// A running cluster; gone when dropped.
pub(super) struct Cluster {
    programs: PathBuf,
    port: u16,
    password: String,
    server: Running,
}

/// One of its databases.
#[derive(Debug)]
pub(super) struct Database {
    programs: PathBuf,
    url: String,
}

impl Cluster {
    /// Makes a cluster in the folder and starts it; PostgreSQL is installed where it is missing.
    pub(super) fn start(folder: &Path) -> Result<Self> {
        let programs = programs()?;
        let folder = folder.join("postgres");
        fs::create_dir_all(&folder).context("no folder for PostgreSQL")?;
        let password = fs::read_to_string("/proc/sys/kernel/random/uuid").context("no random password")?;
        let password_file = folder.join("password");
        fs::write(&password_file, &password)?;
        fs::set_permissions(&password_file, PermissionsExt::from_mode(0o600))?;
        let account = account(&folder)?;
        if let Some((user, group)) = account {
            for path in [&folder, &password_file] {
                chown(path, Some(user), Some(group))
                    .with_context(|| format!("could not hand over {}", path.display()))?;
            }
        }

        let data = folder.join("data");
        read(
            tied_as(account, programs.join("initdb"), Signal::Kill)
                .current_dir(&folder)
                .arg("--pgdata")
                .arg(&data)
                .args(["--username=fruits", "--auth=scram-sha-256", "--encoding=UTF8", "--no-locale"])
                .arg("--pwfile")
                .arg(&password_file),
        )
        .context("could not make a cluster")?;

        let port = free_port()?;
        let mut postgres = tied_as(account, programs.join("postgres"), Signal::Quit);
        postgres.current_dir(&folder).arg("-D").arg(&data).args(["-h", "127.0.0.1"]);
        postgres.args(["-p", &port.to_string(), "-c", "unix_socket_directories="]);
        for (name, value) in SETTINGS {
            postgres.args(["-c", &format!("{name}={value}")]);
        }
        let log = folder.join("log");
        postgres.stderr(File::create(&log)?);
        let server = Running::start(&mut postgres, Signal::Quit)?;
        let mut cluster = Self { programs, port, password: password.trim().to_owned(), server };
        cluster.wait().with_context(|| fs::read_to_string(&log).unwrap_or_default())?;
        Ok(cluster)
    }

    /// Makes a database.
    pub(super) fn database(&self, name: &str) -> Result<Database> {
        self.named("postgres").query(&format!("CREATE DATABASE {name}"))?;
        Ok(self.named(name))
    }

    /// Drops a database, whoever is still connected to it.
    pub(super) fn drop_database(&self, name: &str) -> Result<()> {
        self.named("postgres").query(&format!("DROP DATABASE {name} WITH (FORCE)")).map(drop)
    }

    /// The version, and what was set.
    pub(super) fn describe(&self) -> Result<String> {
        let database = self.named("postgres");
        let shown = SHOWN.iter().copied().chain(SETTINGS.iter().map(|(name, _)| *name));
        let settings: Vec<_> = shown
            .map(|name| Ok(format!("{name}={}", database.query(&format!("SHOW {name}"))?)))
            .collect::<Result<_>>()?;
        Ok(format!("PostgreSQL {}: {}", database.query("SHOW server_version")?, settings.join(", ")))
    }

    fn named(&self, name: &str) -> Database {
        let Self { programs, port, password, .. } = self;
        let url = format!("postgres://fruits:{password}@127.0.0.1:{port}/{name}?sslmode=disable");
        Database { programs: programs.clone(), url }
    }

    fn wait(&mut self) -> Result<()> {
        let deadline = Instant::now() + Duration::from_secs(30);
        let port = self.port.to_string();
        while !succeeds(command(self.programs.join("pg_isready")).args([
            "-q",
            "-h",
            "127.0.0.1",
            "-p",
            &port,
        ])) {
            ensure!(self.server.is_running(), "PostgreSQL ended before it answered");
            ensure!(Instant::now() < deadline, "PostgreSQL did not answer for 30 seconds");
            thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }
}

impl Database {
    /// Its address, as libpq and the service read it.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// One of PostgreSQL's own programs.
    pub(super) fn program(&self, name: &str) -> Command {
        command(self.programs.join(name))
    }

    /// Runs a statement; answers its rows, without decoration.
    pub(super) fn query(&self, sql: &str) -> Result<String> {
        let mut psql = self.program("psql");
        psql.args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1"]);
        Ok(read(psql.args(["--command", sql]).arg(&self.url))?.trim().to_owned())
    }
}

/// The user and the group that run the cluster; none where that is whoever runs this program.
fn account(folder: &Path) -> Result<Option<(u32, u32)>> {
    if !packages::is_root() {
        return Ok(None);
    }
    let id = |option| -> Result<u32> {
        let id = read(command("id").args([option, USER])).context("PostgreSQL must not run as root")?;
        Ok(id.trim().parse()?)
    };
    let account = Some((id("-u")?, id("-g")?));
    ensure!(
        succeeds(tied_as(account, "test", Signal::Kill).arg("-x").arg(folder)),
        "the user {USER} may not reach {}: let CARGO_TARGET_DIR name a folder that it may",
        folder.display()
    );
    Ok(account)
}

/// The folder of PostgreSQL's programs: the newest of Debian's, or those on the path.
fn programs() -> Result<PathBuf> {
    if let Some(programs) = installed() {
        return Ok(programs);
    }
    packages::install(&["postgresql"])?;
    installed().context("PostgreSQL was installed, and initdb and pgbench are nowhere")
}

fn installed() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest = versions
        .filter_map(|entry| {
            let version: u32 = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .filter(|(_, programs)| is_complete(programs))
        .max();
    let on_path =
        || find("initdb").and_then(|program| Some(program.canonicalize().ok()?.parent()?.to_owned()));
    newest.map(|(_, programs)| programs).or_else(on_path).filter(|programs| is_complete(programs))
}

fn is_complete(programs: &Path) -> bool {
    ["initdb", "postgres", "pg_isready", "pgbench", "psql"].iter().all(|name| programs.join(name).is_file())
}
