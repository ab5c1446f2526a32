//! Conversions per second of a small and a large PNG, through the service and on the command line, beside the
//! least that the same bytes cost on this machine: a copy, and a copy that is safe on the disk.

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    process::{Child, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use serde_json::json;

use super::{Effort, rounds::Rounds};
use crate::{
    http::{free_port, post, wait_for_ping},
    process::{self, cargo, command, target},
    sample::{self, Pixel},
    source,
};

/// One image, and where the local server has it.
struct Image {
    name: &'static str,
    pixel: Pixel,
    width: u32,
    height: u32,
}

const IMAGES: &[Image] = &[
    Image { name: "RGB, 1 MB, copied", pixel: Pixel::Rgb, width: 680, height: 680 },
    Image { name: "RGBA, 1 MB, split", pixel: Pixel::Rgba, width: 606, height: 606 },
    Image { name: "RGB, 23 MB, copied", pixel: Pixel::Rgb, width: 3240, height: 3240 },
    Image { name: "RGBA, 23 MB, split", pixel: Pixel::Rgba, width: 2906, height: 2906 },
];

/// Seconds a conversion, a row an image and a list of rounds a column.
#[derive(Default)]
struct Row {
    name: String,
    one_client: Rounds,
    four_clients: Rounds,
    convert: Rounds,
    copy: Rounds,
    copy_and_sync: Rounds,
}

/// Builds the release binary, measures and prints a table.
pub(super) fn run(effort: Effort) -> Result<()> {
    process::run(cargo().args(["build", "--release", "--locked", "--package", "fruitpress"]))?;
    let binary = target().join("release/fruitpress");
    // In the folder that cargo builds into: a temporary one may be in memory, where a copy costs nothing.
    let folder = tempfile::tempdir_in(target()).context("no folder for the measurement")?;

    let mut rows = Vec::new();
    let mut files = Vec::new();
    for (index, image) in IMAGES.iter().enumerate() {
        let file = sample::png(image.pixel, image.width, image.height)?;
        fs::write(folder.path().join(format!("{index}.png")), &file)?;
        rows.push(Row { name: format!("{} ({} bytes)", image.name, file.len()), ..Row::default() });
        files.push(file);
    }
    let images = source::serve(files)?;
    let service = Service::start(&binary, folder.path())?;
    for round in 1..=effort.rounds {
        println!("round {round} of {}", effort.rounds);
        for (index, row) in rows.iter_mut().enumerate() {
            let url = format!("http://{images}/{index}");
            row.one_client.push(service.seconds_a_conversion(&url, 1, effort.time)?);
            row.four_clients.push(service.seconds_a_conversion(&url, 4, effort.time)?);
            row.measure_commands(&binary, folder.path(), index)?;
        }
    }
    print(&rows);
    Ok(())
}

impl Row {
    /// Whole processes, as a person would start them.
    fn measure_commands(&mut self, binary: &Path, folder: &Path, index: usize) -> Result<()> {
        let image = folder.join(format!("{index}.png"));
        let output = folder.join("out");
        self.convert.push(seconds(|| {
            process::read(command(binary).arg("convert").arg(&image).arg("-o").arg(&output))
        })?);
        fs::remove_file(&output)?;
        self.copy.push(seconds(|| process::read(command("cp").arg(&image).arg(&output)))?);
        fs::remove_file(&output)?;
        self.copy_and_sync.push(seconds(|| -> Result<()> {
            fs::copy(&image, &output)?;
            Ok(fs::File::open(&output)?.sync_all()?)
        })?);
        fs::remove_file(&output)?;
        Ok(())
    }
}

/// The press that is measured, with a folder as its store; killed when dropped.
struct Service {
    child: Child,
    address: SocketAddr,
    pdfs: std::path::PathBuf,
}

impl Service {
    fn start(binary: &Path, folder: &Path) -> Result<Self> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()?));
        let data = folder.join("data");
        let mut child = command(binary)
            .args(["serve", "press"])
            .env("PORT", address.port().to_string())
            .env("METRICS_PORT", "off")
            .env("DATA_DIR", &data)
            .env("LOG_LEVEL", "warn")
            .env("FETCH_ALLOW_PRIVATE", "true")
            .env_remove("PDF_BUCKET")
            .stdout(Stdio::null())
            .spawn()
            .context("could not start the service")?;
        let answers = wait_for_ping(address, || child.try_wait().is_ok_and(|ended| ended.is_none()));
        let service = Self { child, address, pdfs: data.join("pdfs") };
        answers.map(|()| service)
    }

    /// Keeps the service busy with so many clients; the time that one conversion took of it.
    fn seconds_a_conversion(&self, source_url: &str, clients: usize, busy: Duration) -> Result<f64> {
        let request = json!({ "source_url": source_url });
        let started = Instant::now();
        let counts = thread::scope(|scope| {
            let convert = || -> Result<u32> {
                let mut count = 0;
                while started.elapsed() < busy {
                    post(self.address, "/image_to_pdf", &request)?.json(200)?;
                    count += 1;
                }
                Ok(count)
            };
            let clients: Vec<_> = (0..clients).map(|_| scope.spawn(convert)).collect();
            clients
                .into_iter()
                .map(|client| client.join().expect("a client does not panic"))
                .collect::<Result<Vec<_>>>()
        })?;
        let seconds = started.elapsed().as_secs_f64() / f64::from(counts.iter().sum::<u32>());
        // What a round leaves behind would fill the disk over all of them.
        for entry in fs::read_dir(&self.pdfs).context("the folder of PDFs")? {
            fs::remove_file(entry?.path())?;
        }
        Ok(seconds)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn seconds<T>(work: impl FnOnce() -> Result<T>) -> Result<f64> {
    let started = Instant::now();
    work()?;
    Ok(started.elapsed().as_secs_f64())
}

/// Medians of the rounds: conversions a second through the service, milliseconds on the command line.
fn print(rows: &[Row]) {
    println!();
    println!("| image | service, 1 client | service, 4 clients | `convert` | `cp` | copy and fsync |");
    println!("| --- | ---: | ---: | ---: | ---: | ---: |");
    for row in rows {
        println!(
            "| {} | {:.1}/s | {:.1}/s | {:.1} ms | {:.1} ms | {:.1} ms |",
            row.name,
            1.0 / row.one_client.median(),
            1.0 / row.four_clients.median(),
            1e3 * row.convert.median(),
            1e3 * row.copy.median(),
            1e3 * row.copy_and_sync.median(),
        );
    }
}
