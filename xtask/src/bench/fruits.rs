//! Adds and reads of the catalogue a second, beside a bare axum handler that answers the same bytes, and beside
//! the waits for the disk that this machine can do a second.

use std::{
    fs::{self, File},
    io::{BufRead as _, BufReader, Seek as _, SeekFrom, Write as _},
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use serde_json::json;

use super::load::{self, CONNECTIONS, Rounds, requests_a_second};
use crate::{
    http::{free_port, get, post, wait_for_ping},
    process::{self, cargo, command, target},
};

/// Rounds of every measurement, taken in turn, so that a slow minute of the machine meets all of them.
const ROUNDS: usize = 5;
/// How long each measurement of a round takes.
const TIME: Duration = Duration::from_secs(3);
/// How many fruits the list has; the bare handler's as well.
const FRUITS: usize = 1000;

/// A server under load; killed when dropped.
struct Server {
    child: Child,
    address: SocketAddr,
}

/// One line of the table.
struct Row {
    name: &'static str,
    path: &'static str,
    script: Option<&'static str>,
    /// Which of the catalogue's servers is measured.
    subject: Subject,
    fruits: Rounds,
    bare: Rounds,
}

#[derive(Clone, Copy)]
enum Subject {
    /// Holds [`FRUITS`] and logs warnings only.
    Quiet,
    /// The same with a line in the log for each request, as by default.
    Logging,
    /// Is added to.
    Growing,
}

/// Builds the release binaries, measures and prints a table.
pub(crate) fn run() -> Result<()> {
    load::prepare()?;
    process::run(cargo().args(["build", "--release", "--locked", "--package", "fruitpress"]))?;
    process::run(cargo().args([
        "build",
        "--release",
        "--locked",
        "--package",
        "fruits",
        "--example",
        "bare_axum",
    ]))?;
    // In the folder that cargo builds into: a temporary one may be in memory, where nothing waits for a disk.
    let folder = tempfile::tempdir_in(target()).context("no folder for the measurement")?;
    let servers = Servers::start(folder.path())?;
    let mut rows = rows();
    let mut disk = Rounds::default();
    for round in 1..=ROUNDS {
        println!("round {round} of {ROUNDS}");
        for row in &mut rows {
            row.bare.push(requests_a_second(servers.bare.address, row.path, row.script, TIME)?);
            let address = servers.of(row.subject).address;
            row.fruits.push(requests_a_second(address, row.path, row.script, TIME)?);
        }
        disk.push(syncs_a_second(folder.path())?);
    }
    print(&rows, &disk);
    Ok(())
}

fn rows() -> [Row; 4] {
    let row = |name, path, script, subject| Row {
        name,
        path,
        script,
        subject,
        fruits: Rounds::default(),
        bare: Rounds::default(),
    };
    [
        row("get one", "/fruits/1", None, Subject::Quiet),
        row("get one, each request logged", "/fruits/1", None, Subject::Logging),
        row("list of 1,000", "/fruits", None, Subject::Quiet),
        row("add", "/fruits", Some("add.lua"), Subject::Growing),
    ]
}

struct Servers {
    bare: Server,
    quiet: Server,
    logging: Server,
    growing: Server,
}

impl Servers {
    fn start(folder: &Path) -> Result<Self> {
        let servers = Self {
            bare: Server::bare()?,
            quiet: Server::fruits(&folder.join("quiet"), "warn")?,
            logging: Server::fruits(&folder.join("logging"), "info")?,
            growing: Server::fruits(&folder.join("growing"), "warn")?,
        };
        for server in [&servers.quiet, &servers.logging] {
            server.fill()?;
            for path in ["/fruits/1", "/fruits"] {
                let same = get(server.address, path)?.body == get(servers.bare.address, path)?.body;
                ensure!(same, "{path}: the bare handler does not answer the same bytes");
            }
        }
        Ok(servers)
    }

    fn of(&self, subject: Subject) -> &Server {
        match subject {
            Subject::Quiet => &self.quiet,
            Subject::Logging => &self.logging,
            Subject::Growing => &self.growing,
        }
    }
}

impl Server {
    fn bare() -> Result<Self> {
        let mut child =
            Command::new(target().join("release/examples/bare_axum")).stdout(Stdio::piped()).spawn()?;
        let output = child.stdout.take().context("its output is piped")?;
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        let address = line.trim().parse().context("the bare handler printed no address")?;
        Ok(Self { child, address })
    }

    fn fruits(data: &Path, log_level: &str) -> Result<Self> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()?));
        fs::create_dir_all(data)?;
        let child = command(target().join("release/fruitpress"))
            .args(["serve", "fruits"])
            .env("PORT", address.port().to_string())
            .env("METRICS_PORT", "off")
            .env("DATA_DIR", data)
            .env("LOG_LEVEL", log_level)
            .stdout(Stdio::null())
            .stderr(File::create(data.join("stderr"))?)
            .spawn()
            .context("could not start the service")?;
        let mut server = Self { child, address };
        wait_for_ping(address, || server.child.try_wait().is_ok_and(|ended| ended.is_none()))?;
        Ok(server)
    }

    fn fill(&self) -> Result<()> {
        for number in 1..=FRUITS {
            let fruit = json!({"fruit": format!("fruit {number}"), "color": "red"});
            post(self.address, "/fruits", &fruit)?.json(201)?;
        }
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// How often a page can be written and waited for, one after the other: what a store without shared commits
/// could add at most.
fn syncs_a_second(folder: &Path) -> Result<f64> {
    const PAGE: [u8; 4096] = [7; 4096];
    const PAGES: u64 = 256;
    let mut file = File::create(folder.join("syncs"))?;
    for _ in 0..PAGES {
        file.write_all(&PAGE)?;
    }
    file.sync_all()?;
    let start = Instant::now();
    let mut syncs: u32 = 0;
    while start.elapsed() < TIME {
        file.seek(SeekFrom::Start(u64::from(syncs) % PAGES * 4096))?;
        file.write_all(&PAGE)?;
        file.sync_data()?;
        syncs += 1;
    }
    Ok(f64::from(syncs) / start.elapsed().as_secs_f64())
}

fn print(rows: &[Row], disk: &Rounds) {
    println!("\n{CONNECTIONS} connections, requests a second, median of {ROUNDS} rounds (least to most)\n");
    println!("| | fruits | bare axum | fruits / bare |\n| --- | --- | --- | --- |");
    for Row { name, fruits, bare, .. } in rows {
        let ratio = fruits.median() / bare.median();
        println!("| {name} | {} | {} | {ratio:.2} |", fruits.summary(), bare.summary());
    }
    println!("\nwaits for the disk a second: {}", disk.summary());
    for row in rows.iter().filter(|row| row.script.is_some()) {
        println!("durable adds for each such wait: {:.1}", row.fruits.median() / disk.median());
    }
}
