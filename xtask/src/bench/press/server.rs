//! The services that convert, each on a port of its own on loopback, and clients that keep one busy.

use std::{
    net::SocketAddr,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use serde_json::json;

use crate::{
    bench::running::{Running, Signal, tied},
    http::{free_port, post, wait_for_ping},
    process::{root, target},
    store::Store,
};

/// A service that answers; ended when dropped.
#[derive(Debug)]
pub(super) struct Server {
    running: Running,
    address: SocketAddr,
    store: Store,
}

impl Server {
    /// The press, with its defaults.
    pub(super) fn press(folder: &Path, store: &Store) -> Result<Self> {
        let address = loopback()?;
        let mut press = tied(target().join("release/fruitpress"), Signal::Kill);
        press.args(["serve", "press"]).env("PORT", address.port().to_string());
        press.env("METRICS_PORT", "off").env("LOG_LEVEL", "warn").env("DATA_DIR", folder);
        press.env("FETCH_ALLOW_PRIVATE", "true").env("PDF_BUCKET", "pdfs");
        press.env("PDF_ENDPOINT", format!("http://{}", store.address()));
        Self::start(&mut press, Signal::Kill, address, store)
    }

    /// The service in Python, with so many workers.
    pub(super) fn peer(programs: &Path, workers: usize, store: &Store) -> Result<Self> {
        let address = loopback()?;
        let mut uvicorn = tied(programs.join("uvicorn"), Signal::Terminate);
        uvicorn.args(["press:app", "--loop=uvloop", "--http=httptools", "--no-access-log"]);
        uvicorn.args(["--log-level=warning", "--workers", &workers.to_string()]);
        uvicorn.args(["--port", &address.port().to_string(), "--app-dir"]);
        uvicorn.arg(root().join("bench/peers/press")).env("PYTHONDONTWRITEBYTECODE", "1");
        uvicorn.env("BUCKET_URL", format!("http://{}/pdfs", store.address()));
        Self::start(&mut uvicorn, Signal::Terminate, address, store)
    }

    fn start(command: &mut Command, end: Signal, address: SocketAddr, store: &Store) -> Result<Self> {
        let mut running = Running::start(command.stdout(Stdio::null()), end)?;
        wait_for_ping(address, || running.is_running())?;
        Ok(Self { running, address, store: store.clone() })
    }

    /// Keeps it busy with so many clients; conversions a second. Each that is begun is waited for.
    pub(super) fn rate(&self, source_url: &str, clients: usize, busy: Duration) -> Result<f64> {
        let started = Instant::now();
        let count = self.convert_with(clients, source_url, || started.elapsed() < busy)?;
        Ok(f64::from(count) / started.elapsed().as_secs_f64())
    }

    /// Asks for so many conversions at the same time.
    pub(super) fn convert_at_once(&self, source_url: &str, conversions: usize) -> Result<()> {
        let asked = thread::scope(|scope| {
            let clients: Vec<_> =
                (0..conversions).map(|_| scope.spawn(|| self.convert(source_url))).collect();
            clients.into_iter().map(|client| client.join().expect("does not panic")).collect::<Vec<_>>()
        });
        let refused: Vec<_> = asked.iter().filter_map(|answer| answer.as_ref().err()).collect();
        ensure!(refused.is_empty(), "{} of {conversions} failed, as: {:#}", refused.len(), refused[0]);
        let stored = self.store.take()?.objects;
        ensure!(usize::try_from(stored)? == conversions, "{stored} PDFs of {conversions} were stored");
        Ok(())
    }

    /// Converts once.
    pub(super) fn convert(&self, source_url: &str) -> Result<()> {
        post(self.address, "/image_to_pdf", &json!({ "source_url": source_url }))?.json(200).map(drop)
    }

    /// The most memory that it has had, in MiB.
    pub(super) fn peak_mebibytes(&self) -> Result<f64> {
        self.running.mebibytes("VmHWM")
    }

    fn convert_with(
        &self,
        clients: usize,
        source_url: &str,
        goes_on: impl Fn() -> bool + Sync,
    ) -> Result<u32> {
        let client = || -> Result<u32> {
            let mut count = 0;
            // The first is asked for in any case.
            while count == 0 || goes_on() {
                self.convert(source_url)?;
                count += 1;
            }
            Ok(count)
        };
        let counts = thread::scope(|scope| {
            let clients: Vec<_> = (0..clients).map(|_| scope.spawn(client)).collect();
            clients
                .into_iter()
                .map(|client| client.join().expect("a client does not panic"))
                .collect::<Result<Vec<_>>>()
        })?;
        let count = counts.iter().sum();
        // A service that says so and stores nothing is fast.
        let stored = self.store.take().context("after a measurement")?;
        ensure!(stored.objects == count, "{} PDFs were stored, and {count} answered", stored.objects);
        Ok(count)
    }
}

fn loopback() -> Result<SocketAddr> {
    Ok(SocketAddr::from((std::net::Ipv4Addr::LOCALHOST, free_port()?)))
}
