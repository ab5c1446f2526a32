//! What the catalogue takes of its host: time to start, memory at rest, memory while a large list is answered.

use std::{
    path::Path,
    process::Stdio,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};

use super::{
    catalogue,
    reading::{Pace, count_fruits},
    servers::{Server, Store, binary, loopback, serve},
};
use crate::{
    bench::{
        Effort,
        postgres::Cluster,
        rounds::Rounds,
        running::{Running, Signal},
    },
    http::get,
    process::command,
};

/// How often it is started for each measurement of a round: one start is short.
const STARTS_A_ROUND: usize = 6;
/// How long a process is left alone before its memory is read.
const REST: Duration = Duration::from_secs(1);
/// The list whose answer may take no memory.
const LARGE: u32 = 1_000_000;
/// A client that takes this long a rest for each 64 KiB needs some seconds for that list.
const SLOW: Duration = Duration::from_millis(5);

/// One line of the table.
pub(super) struct Footprint {
    pub(super) title: &'static str,
    pub(super) unit: Unit,
    pub(super) rounds: Rounds,
    /// What it is meant to stay under.
    pub(super) below: f64,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Unit {
    Milliseconds,
    Mebibytes,
}

/// Measures them all, on SQLite but where the line says otherwise.
pub(super) fn measure(folder: &Path, cluster: &Cluster, effort: Effort) -> Result<Vec<Footprint>> {
    println!("starts, memory");
    let starts = STARTS_A_ROUND * effort.rounds;
    let new = (0..starts).map(|start| milliseconds_to_ready(&folder.join(format!("start-{start}"))));
    let new = new.collect::<Result<Rounds>>()?;
    let existing = folder.join("start-0");
    let again = (0..starts).map(|_| milliseconds_to_ready(&existing)).collect::<Result<Rounds>>()?;
    let resting = (0..effort.rounds).map(|_| resting_mebibytes(&existing)).collect::<Result<Rounds>>()?;

    let large = folder.join("large");
    let database = cluster.database("large")?;
    let mut footprints = vec![
        line("start to ready, new file", Unit::Milliseconds, new, 50.0),
        line("start to ready, existing file", Unit::Milliseconds, again, 50.0),
        line("memory at rest", Unit::Mebibytes, resting, 20.0),
    ];
    for (store, fast, slow) in [
        (
            Store::Sqlite(&large),
            "peak memory, a million fruits in one list, fast client",
            "peak memory, a million fruits in one list, slow client",
        ),
        (
            Store::Postgres(&database),
            "peak memory, the same on PostgreSQL, fast client",
            "peak memory, the same on PostgreSQL, slow client",
        ),
    ] {
        catalogue::import(store, LARGE)?;
        for (title, pace) in [(fast, Pace::Fast), (slow, Pace::Resting(SLOW))] {
            let peak = Rounds::from_iter([peak_mebibytes(store, pace)?]);
            footprints.push(line(title, Unit::Mebibytes, peak, 64.0));
        }
    }
    Ok(footprints)
}

fn line(title: &'static str, unit: Unit, rounds: Rounds, below: f64) -> Footprint {
    Footprint { title, unit, rounds, below }
}

/// Milliseconds from the start of the process to its first 200 at `/readyz`.
fn milliseconds_to_ready(folder: &Path) -> Result<f64> {
    let address = loopback()?;
    let mut command = command(binary());
    serve(&mut command, Store::Sqlite(folder), address)?.stderr(Stdio::null());
    let start = Instant::now();
    let mut running = Running::start(&mut command, Signal::Kill)?;
    // An attempt that comes too early is refused at once, and is made again as soon as that.
    while get(address, "/readyz").map_or(0, |answer| answer.status) != 200 {
        ensure!(running.is_running(), "the service ended before it was ready");
        ensure!(start.elapsed() < Duration::from_secs(30), "the service was not ready after 30 seconds");
        thread::sleep(Duration::from_micros(200));
    }
    Ok(start.elapsed().as_secs_f64() * 1e3)
}

/// With every listener that it has by default.
fn resting_mebibytes(folder: &Path) -> Result<f64> {
    let (address, metrics) = (loopback()?, loopback()?);
    let mut command = command(binary());
    serve(&mut command, Store::Sqlite(folder), address)?
        .env("METRICS_PORT", metrics.port().to_string())
        .stderr(Stdio::null());
    let running = Running::start(&mut command, Signal::Kill)?;
    thread::sleep(REST);
    ensure!(get(address, "/readyz")?.status == 200, "the service was not ready after {REST:?}");
    running.mebibytes("VmRSS")
}

/// Of a process that answered this list and nothing else.
fn peak_mebibytes(store: Store<'_>, pace: Pace) -> Result<f64> {
    let server = Server::fruits(store, "warn")?;
    let fruits = count_fruits(server.address(), pace)?;
    ensure!(fruits == usize::try_from(LARGE)?, "the list had {fruits} fruits");
    server.mebibytes("VmHWM")
}
