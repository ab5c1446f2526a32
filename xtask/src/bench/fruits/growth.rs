//! How cost grows with the number of fruits, on each store, and with the number of processes on one PostgreSQL.

use std::{
    fmt::Write as _,
    fs,
    net::SocketAddr,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};

use super::{
    catalogue::{self, LISTED},
    chart::{self, Panel, Scale, Series},
    reading,
    servers::{Server, Store},
};
use crate::{
    bench::{
        Effort,
        load::{self, CONNECTIONS, Counted, Request},
        postgres::{Cluster, Database},
        rounds::{Rounds, figure},
    },
    http,
};

/// Three short rounds: there is much to measure.
const FULL: Effort = Effort { rounds: 3, time: Duration::from_secs(1) };
const QUICK: Effort = Effort { rounds: 1, time: Duration::from_secs(1) };

/// The catalogues, by their number of fruits.
const SIZES: &[u32] = &[1_000, 10_000, 100_000, 1_000_000, 10_000_000];
const QUICK_SIZES: &[u32] = &[1_000, 10_000, 100_000];
/// How often the whole list is begun in a round: once is over in a moment.
const LISTS_A_ROUND: usize = 10;
/// The most processes that serve one database.
const PROCESSES_MAX: u32 = 4;

const SQLITE: &str = "SQLite";
const POSTGRES: &str = "PostgreSQL";
const STORES: [&str; 2] = [SQLITE, POSTGRES];

/// What was measured.
pub(super) struct Growth {
    sizes: Vec<BySize>,
    processes: Vec<ByProcesses>,
}

/// A store with so many fruits.
struct BySize {
    store: &'static str,
    fruits: u32,
    /// Answers a second: one fruit by its id, any of them.
    get: Rounds,
    /// Answers a second: a hundred fruits from the middle.
    page: Rounds,
    /// Milliseconds to the first byte of the list of them all.
    first_byte: Rounds,
    /// Durable adds a second, from this size on.
    add: Rounds,
    /// On the disk, before those adds.
    bytes: u64,
    /// Fruits a second of the import that made it.
    import: f64,
}

/// So many processes on one PostgreSQL, all connections shared out among them: answers a second.
struct ByProcesses {
    processes: u32,
    get: Rounds,
    add: Rounds,
}

/// Measures both.
pub(super) fn measure(folder: &Path, cluster: &Cluster, quick: bool) -> Result<Growth> {
    let (effort, sizes) = if quick { (QUICK, QUICK_SIZES) } else { (FULL, SIZES) };
    let mut growth = Growth { sizes: Vec::new(), processes: by_processes(cluster, effort)? };
    for fruits in sizes {
        println!("{} fruits", figure(f64::from(*fruits)));
        // Each size is a catalogue of its own, and gone before the next: the adds make it larger than it should be.
        let file = folder.join("growth");
        growth.sizes.push(by_size(Store::Sqlite(&file), *fruits, effort)?);
        fs::remove_dir_all(&file)?;
        let database = cluster.database("growth")?;
        growth.sizes.push(by_size(Store::Postgres(&database), *fruits, effort)?);
        cluster.drop_database("growth")?;
    }
    Ok(growth)
}

fn by_size(store: Store<'_>, fruits: u32, effort: Effort) -> Result<BySize> {
    let started = Instant::now();
    catalogue::import(store, fruits)?;
    let import = f64::from(fruits) / started.elapsed().as_secs_f64();
    let name = match store {
        Store::Sqlite(_) => SQLITE,
        Store::Postgres(database) => {
            // What it would do by itself some time later, perhaps in the middle of a round.
            database.query("VACUUM (ANALYZE)")?;
            database.query("CHECKPOINT")?;
            POSTGRES
        }
    };
    let server = Server::fruits(store, "warn")?;
    let address = server.address();
    let [mut get, mut page, mut first_byte, mut add] = <[Rounds; 4]>::default();
    let bytes = bytes(store)?;
    let middle = format!("/fruits?limit=100&after={}", fruits / 2);
    let busy = |path: &str, request| load::busy(address, path, request, CONNECTIONS, effort.time);
    for _ in 0..effort.rounds {
        get.push(busy("/fruits", Request::Any(fruits))?.rate());
        let counted = busy(&middle, Request::Same)?;
        counted.ensure_bodies(http::get(address, &middle)?.body.len())?;
        page.push(counted.rate());
        for _ in 0..LISTS_A_ROUND {
            first_byte.push(reading::first_byte(address)?.as_secs_f64() * 1e3);
        }
    }
    // Last, since it changes what the others measure.
    for _ in 0..effort.rounds {
        add.push(busy("/fruits", Request::Add)?.rate());
    }
    Ok(BySize { store: name, fruits, get, page, first_byte, add, bytes, import })
}

fn bytes(store: Store<'_>) -> Result<u64> {
    match store {
        Store::Sqlite(folder) => {
            let mut bytes = 0;
            for entry in fs::read_dir(folder)? {
                bytes += entry?.metadata()?.len();
            }
            Ok(bytes)
        }
        Store::Postgres(database) => {
            Ok(database.query("SELECT pg_database_size(current_database())")?.parse()?)
        }
    }
}

fn by_processes(cluster: &Cluster, effort: Effort) -> Result<Vec<ByProcesses>> {
    println!("1 to {PROCESSES_MAX} processes");
    let start = |database: &Database| -> Result<Vec<Server>> {
        (0..PROCESSES_MAX).map(|_| Server::fruits(Store::Postgres(database), "warn")).collect()
    };
    let (reading, adding) = (cluster.database("reading")?, cluster.database("adding")?);
    let (reading, adding) = (start(&reading)?, start(&adding)?);
    catalogue::add(reading[0].address(), LISTED)?;
    let mut results: Vec<_> = (1..=PROCESSES_MAX)
        .map(|processes| ByProcesses { processes, get: Rounds::default(), add: Rounds::default() })
        .collect();
    for _ in 0..effort.rounds {
        for result in &mut results {
            let count = usize::try_from(result.processes)?;
            result.get.push(together(&reading[..count], Request::Any(LISTED), effort.time)?);
            result.add.push(together(&adding[..count], Request::Add, effort.time)?);
        }
    }
    Ok(results)
}

/// Answers a second of all these servers at the same time, each with its share of the connections.
fn together(servers: &[Server], request: Request, time: Duration) -> Result<f64> {
    let shares = u32::try_from(servers.len())?;
    let busy = |index: u32, address: SocketAddr| {
        let connections = CONNECTIONS / shares + u32::from(index < CONNECTIONS % shares);
        load::busy(address, "/fruits", request, connections, time).map(Counted::rate)
    };
    thread::scope(|scope| {
        let clients: Vec<_> = (0..)
            .zip(servers)
            .map(|(index, server)| scope.spawn(move || busy(index, server.address())))
            .collect();
        clients.into_iter().map(|client| client.join().expect("a client does not panic")).sum()
    })
}

impl Growth {
    /// Prints tables; writes them and a chart into the folder.
    pub(super) fn write(&self, folder: &Path) -> Result<()> {
        fs::create_dir_all(folder).context("no folder for the results")?;
        let (sizes, processes) = (self.sizes_table(), self.processes_table());
        for (name, table) in [("fruits-growth.csv", &sizes), ("fruits-processes.csv", &processes)] {
            println!("{}", table.replace(',', "\t"));
            fs::write(folder.join(name), table)?;
        }
        let chart = folder.join("fruits-growth.svg");
        fs::write(&chart, chart::draw(&self.panels()))?;
        println!("{}", chart.display());
        Ok(())
    }

    fn sizes_table(&self) -> String {
        let mut table = String::from(
            "store,fruits,get_per_second,page_of_100_per_second,list_first_byte_ms,add_per_second,bytes,import_per_second\n",
        );
        for BySize { store, fruits, get, page, first_byte, add, bytes, import } in &self.sizes {
            let [get, page, first_byte, add] = [get, page, first_byte, add].map(Rounds::median);
            let _ = writeln!(
                table,
                "{store},{fruits},{get:.0},{page:.0},{first_byte:.2},{add:.0},{bytes},{import:.0}"
            );
        }
        table
    }

    fn processes_table(&self) -> String {
        let mut table = String::from("processes,get_per_second,add_per_second\n");
        for ByProcesses { processes, get, add } in &self.processes {
            let _ = writeln!(table, "{processes},{:.0},{:.0}", get.median(), add.median());
        }
        table
    }

    fn panels(&self) -> Vec<Panel> {
        let sizes = |title, scale, value: fn(&BySize) -> f64| Panel {
            title,
            scale,
            across: "fruits",
            labels: self.of(SQLITE).map(|point| power_of_ten(point.fruits)).collect(),
            series: STORES
                .map(|store| Series { name: store, values: self.of(store).map(value).collect() })
                .into(),
        };
        let processes = |title, value: fn(&ByProcesses) -> f64| Panel {
            title,
            scale: Scale::Linear,
            across: "processes on one PostgreSQL",
            labels: self.processes.iter().map(|point| point.processes.to_string()).collect(),
            // In PostgreSQL's color.
            series: vec![
                Series { name: SQLITE, values: Vec::new() },
                Series { name: POSTGRES, values: self.processes.iter().map(value).collect() },
            ],
        };
        vec![
            sizes("get one by its id, a second", Scale::Linear, |point| point.get.median()),
            sizes("get a page of 100, a second", Scale::Linear, |point| point.page.median()),
            sizes("whole list, ms to its first byte", Scale::Linear, |point| point.first_byte.median()),
            sizes("megabytes on the disk", Scale::Logarithmic, |point| megabytes(point.bytes)),
            sizes("add one, a second", Scale::Linear, |point| point.add.median()),
            sizes("import, fruits a second", Scale::Linear, |point| point.import),
            processes("get one by its id, a second", |point| point.get.median()),
            processes("add one, a second", |point| point.add.median()),
        ]
    }

    fn of(&self, store: &str) -> impl Iterator<Item = &BySize> {
        self.sizes.iter().filter(move |point| point.store == store)
    }
}

fn megabytes(bytes: u64) -> f64 {
    f64::from(u32::try_from(bytes / 1000).unwrap_or(u32::MAX)) / 1e3
}

/// As the exponent of ten, which these sizes are.
fn power_of_ten(fruits: u32) -> String {
    const DIGITS: [&str; 10] = ["⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"];
    format!("10{}", DIGITS[usize::try_from(fruits.max(1).ilog10()).unwrap_or(0)])
}
