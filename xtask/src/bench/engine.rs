//! `fruitpress convert` beside other converters and beside the least that the same work takes, as whole processes: how long,
//! how much memory, how large what comes of it.

mod contender;
mod report;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    time::Instant,
};

use anyhow::{Context, Result};

use self::{
    contender::Contender,
    report::{Report, Row},
};
use super::{Effort, checked, rounds::Rounds};
use crate::{
    packages,
    process::{self, cargo, command, is_installed, read, root, target},
    python,
};

/// One image, who else converts it, and what is meant to be reached.
#[derive(Debug)]
struct Image {
    title: &'static str,
    file: &'static str,
    beside: &'static [Contender],
    targets: &'static [Target],
}

/// What fruitpress is meant to reach.
#[derive(Debug, Clone, Copy)]
enum Target {
    /// At most so many times as long as another takes.
    TimesLonger(f64, Contender),
    /// At least so many times as fast as another.
    TimesFaster(f64, Contender),
    /// What comes of it is larger by no more than so many bytes.
    LargerBy(u64),
    /// What comes of it is no larger than so many times the image.
    TimesLarger(f64),
    /// At most so many MiB more than the conversion of one pixel takes.
    AboveRest(f64),
}

const IMAGES: &[Image] = &[
    Image {
        title: "JPEG, 12 megapixels",
        file: "photo.jpg",
        beside: &[Contender::Img2pdf, Contender::Mutool, Contender::Copy],
        targets: &[Target::TimesLonger(1.0, Contender::Mutool)],
    },
    Image {
        title: "PNG, RGB, 12 megapixels",
        file: "rgb.png",
        beside: &[Contender::Img2pdf, Contender::Mutool, Contender::Copy, Contender::CheckedCopy],
        targets: &[
            Target::TimesLonger(1.25, Contender::CheckedCopy),
            Target::TimesFaster(2.0, Contender::Mutool),
            Target::TimesFaster(15.0, Contender::Img2pdf),
            Target::LargerBy(2_000),
        ],
    },
    Image {
        title: "PNG, RGBA, 12 megapixels",
        file: "rgba.png",
        beside: &[Contender::Img2pdf, Contender::Mutool, Contender::Copy, Contender::CheckedCopy],
        targets: &[
            Target::TimesFaster(15.0, Contender::Img2pdf),
            Target::TimesFaster(2.0, Contender::Mutool),
            Target::TimesLarger(1.05),
        ],
    },
    Image {
        title: "WebP, 12 megapixels",
        file: "photo.webp",
        beside: &[Contender::Img2pdf, Contender::Copy],
        targets: &[Target::TimesFaster(8.0, Contender::Img2pdf)],
    },
    Image {
        title: "TIFF, G4, 35 megapixels",
        file: "page.tif",
        beside: &[Contender::Img2pdf, Contender::Mutool, Contender::Copy],
        targets: &[Target::TimesFaster(20.0, Contender::Img2pdf)],
    },
    Image {
        title: "PNG, RGB, 1 GB",
        file: "large.png",
        beside: &[Contender::Copy, Contender::CheckedCopy],
        targets: &[Target::AboveRest(16.0)],
    },
];
/// What a process takes that has next to nothing to do.
const REST: &str = "rest.png";

/// Builds the release binary, makes the images, measures and prints tables; a run in full also writes them to where they are
/// published.
pub(super) fn run(effort: Effort, quick: bool) -> Result<()> {
    for (program, package) in [("mutool", "mupdf-tools"), ("time", "time")] {
        if !is_installed(program) {
            packages::install(&[package])?;
        }
    }
    let python = python::environment("engine-peer", "engine-peer-requirements.txt")?;
    process::run(cargo().args(["build", "--release", "--locked", "--package", "fruitpress"]))?;
    // In the folder that cargo builds into: a temporary one may be in memory, where a copy costs nothing.
    let folder = tempfile::tempdir_in(target()).context("no folder for the measurement")?;
    let folder = folder.path();
    println!("making the images");
    let script = root().join("xtask/python/engine_images.py");
    read(command(python.join("python")).arg(script).arg(folder))?;

    let mut rows: Vec<_> = IMAGES
        .iter()
        .map(|image| {
            Ok(Row { image, bytes: fs::metadata(folder.join(image.file))?.len(), figures: BTreeMap::new() })
        })
        .collect::<Result<_>>()?;
    for round in 1..=effort.rounds {
        for row in &mut rows {
            println!("round {round} of {}: {}", effort.rounds, row.image.title);
            for contender in [Contender::Fruitpress].iter().chain(row.image.beside) {
                let figures = row.figures.entry(*contender).or_default();
                figures.measure(*contender, &python, folder, row.image.file)?;
            }
        }
    }
    let rest =
        contender::peak_mebibytes(Contender::Fruitpress, &python, &folder.join(REST), &folder.join("out"))?;

    let report = Report { rows, rest, effort, date: super::today()? };
    println!("\n{}", report.tables());
    // What a quick run measures is no result.
    if !quick {
        let results = root().join("bench/results");
        fs::create_dir_all(&results).context("no folder for the results")?;
        fs::write(results.join("engine.csv"), report.csv())?;
        super::publish(&root().join("bench/README.md"), "engine", &report.tables())?;
    }
    Ok(())
}

/// `cargo xtask checked-copy`: what this benchmark holds the copy of a PNG against.
pub(crate) fn checked_copy(from: &Path, to: &Path) -> Result<()> {
    let image = fs::read(from).with_context(|| format!("cannot read {}", from.display()))?;
    let mut copy = fs::File::create(to).with_context(|| format!("cannot write {}", to.display()))?;
    checked::check(&image, |data| Ok(std::io::Write::write_all(&mut copy, data)?))
}

/// What was measured of one contender on one image.
#[derive(Debug, Default)]
struct Figures {
    seconds: Rounds,
    peak_mebibytes: Rounds,
    /// How large what came of it was.
    bytes: u64,
}

impl Figures {
    fn measure(&mut self, contender: Contender, python: &Path, folder: &Path, file: &str) -> Result<()> {
        let (image, output) = (folder.join(file), folder.join("out"));
        let started = Instant::now();
        read(&mut contender.command(python, &image, &output))?;
        self.seconds.push(started.elapsed().as_secs_f64());
        self.bytes = taken(&output)?;
        self.peak_mebibytes.push(contender::peak_mebibytes(contender, python, &image, &output)?);
        Ok(())
    }
}

/// The size of a file, which is removed.
fn taken(path: &PathBuf) -> Result<u64> {
    let bytes = fs::metadata(path).context("nothing was written")?.len();
    fs::remove_file(path)?;
    Ok(bytes)
}
