//! The press beside the service that it replaces, and beside the least that a checked copy takes: conversions a second
//! from one server of images into one bucket, peak memory, and when the first part of a PDF is stored.

mod report;
mod server;

use std::{collections::BTreeMap, fs, path::Path, time::Duration};

use anyhow::{Context, Result, ensure};

use self::{report::Report, server::Server};
use super::{Effort, checked, rounds::Rounds};
use crate::{
    process::{self, cargo, root, target},
    python,
    sample::{self, Pixel},
    source,
    store::Store,
};

/// One image, and how many times as fast as the service that it replaces the press is meant to convert it.
#[derive(Debug)]
struct Image {
    name: &'static str,
    pixel: Pixel,
    /// Of a side.
    pixels: u32,
    times: f64,
}

const IMAGES: &[Image] = &[
    Image { name: "RGB, 1 MB, copied", pixel: Pixel::Rgb, pixels: 840, times: 40.0 },
    Image { name: "RGB, 23 MB, copied", pixel: Pixel::Rgb, pixels: 3900, times: 50.0 },
    Image { name: "RGBA, 23 MB, split", pixel: Pixel::Rgba, pixels: 3620, times: 25.0 },
];
/// The large one that is copied, of which many are converted at once.
const LARGE: usize = 1;
const CONVERSIONS_AT_ONCE: usize = 64;
/// The service in Python takes seconds for a large image, and the clients wait for it in turn.
const ROUNDS_MAX: usize = 3;
const CLIENTS: [usize; 2] = [1, 4];
/// How long the slow source takes.
const SLOW: Duration = Duration::from_secs(4);

/// Who converts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Contender {
    Press,
    /// With one worker, as it ran.
    Peer,
    /// With two.
    PeerTwice,
}

const CONTENDERS: [Contender; 3] = [Contender::Press, Contender::Peer, Contender::PeerTwice];

/// What was measured of one image.
struct Row {
    image: &'static Image,
    bytes: usize,
    /// Conversions a second, by who converts for how many clients.
    rates: BTreeMap<(Contender, usize), Rounds>,
    /// Checks a second.
    floor: Rounds,
}

/// Builds the release binary, measures and prints tables; a run in full also writes them to where they are published.
pub(super) fn run(effort: Effort, quick: bool) -> Result<()> {
    let effort = Effort { rounds: effort.rounds.min(ROUNDS_MAX), ..effort };
    process::run(cargo().args(["build", "--release", "--locked", "--package", "fruitpress"]))?;
    let python = python::environment("press-peer", "press-peer-requirements.txt")?;
    let folder = tempfile::tempdir_in(target()).context("no folder for the measurement")?;
    let files: Vec<_> = IMAGES
        .iter()
        .map(|image| sample::png(image.pixel, image.pixels, image.pixels))
        .collect::<Result<_>>()?;
    let images = source::serve(files.clone())?;
    let store = Store::start()?;

    let rows = measure_rates(
        &python,
        folder.path(),
        &files,
        effort,
        |index| format!("http://{images}/{index}"),
        &store,
    )?;
    println!("memory, first part");
    let large = format!("http://{images}/{LARGE}");
    let peak = (0..effort.rounds).map(|_| peak_mebibytes(folder.path(), &large, &store));
    let peak = peak.collect::<Result<Rounds>>()?;
    let ahead = (0..effort.rounds).map(|_| seconds_ahead(folder.path(), &files[LARGE], &store));
    let ahead = ahead.collect::<Result<Rounds>>()?;

    let report = Report::new(rows, peak, ahead, effort)?;
    println!("\n{}", report.tables());
    // What a quick run measures is no result.
    if !quick {
        let results = root().join("bench/results");
        fs::create_dir_all(&results).context("no folder for the results")?;
        fs::write(results.join("press.csv"), report.csv())?;
        super::publish(&root().join("bench/README.md"), "press", &report.tables())?;
    }
    Ok(())
}

fn measure_rates(
    python: &Path,
    folder: &Path,
    files: &[Vec<u8>],
    effort: Effort,
    url: impl Fn(usize) -> String,
    store: &Store,
) -> Result<Vec<Row>> {
    let mut rows: Vec<_> = IMAGES
        .iter()
        .zip(files)
        .map(|(image, file)| Row {
            image,
            bytes: file.len(),
            rates: BTreeMap::new(),
            floor: Rounds::default(),
        })
        .collect();
    let servers = CONTENDERS
        .map(|contender| {
            Ok((
                contender,
                match contender {
                    Contender::Press => Server::press(folder, store)?,
                    Contender::Peer => Server::peer(python, 1, store)?,
                    Contender::PeerTwice => Server::peer(python, 2, store)?,
                },
            ))
        })
        .into_iter()
        .collect::<Result<Vec<_>>>()?;
    for round in 1..=effort.rounds {
        for (index, row) in rows.iter_mut().enumerate() {
            println!("round {round} of {}: {}", effort.rounds, row.image.name);
            row.floor.push(checked::checks_a_second(&files[index], effort.time)?);
            for clients in CLIENTS {
                for (contender, server) in &servers {
                    let rate = server.rate(&url(index), clients, effort.time);
                    let rate = rate.with_context(|| format!("{contender:?}, {clients} clients"))?;
                    row.rates.entry((*contender, clients)).or_default().push(rate);
                }
            }
        }
    }
    Ok(rows)
}

/// The most memory of a process that converts many large images at once, and nothing else. All have to succeed.
fn peak_mebibytes(folder: &Path, url: &str, store: &Store) -> Result<f64> {
    let server = Server::press(folder, store)?;
    server.convert_at_once(url, CONVERSIONS_AT_ONCE)?;
    server.peak_mebibytes()
}

/// How long before a slow source sends its last byte the first part of its PDF is stored.
fn seconds_ahead(folder: &Path, file: &[u8], store: &Store) -> Result<f64> {
    let server = Server::press(folder, store)?;
    let (source, ended) = source::serve_slowly(file.to_vec(), SLOW)?;
    server.convert(&format!("http://{source}/"))?;
    let ended = ended.recv().context("the slow source sent no end")?;
    let stored = store.take()?;
    ensure!(stored.objects == 1, "{} PDFs were stored", stored.objects);
    let first = stored.first_part.context("the PDF was stored in one piece")?;
    ensure!(first < ended, "the first part waited for the last byte of the source");
    Ok(ended.duration_since(first).as_secs_f64())
}
