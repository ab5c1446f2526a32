//! How long one image takes and how much memory it needs: `cargo run --release --example measure -- IMAGE`.
#![expect(clippy::print_stdout, reason = "a measurement is for reading")]

use std::{
    fs::{self, File},
    io::{self, BufReader},
    path::PathBuf,
    time::Instant,
};

use pdf_engine::{Cancel, Limits, Options, Source, convert};

/// Enough for a median that holds.
const RUNS: usize = 9;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path: PathBuf = std::env::args_os().nth(1).ok_or("name an image")?.into();
    let mut times = Vec::new();
    let mut bytes = 0;
    for _ in 0..RUNS {
        let start = Instant::now();
        let reader = BufReader::with_capacity(64 << 10, File::open(&path)?);
        let report = convert(
            [Source::new(reader)],
            &mut io::sink(),
            &Options::default(),
            &Limits::default(),
            &Cancel::new(),
        )?;
        times.push(start.elapsed());
        bytes = report.bytes;
    }
    times.sort();
    println!("{}: median {:.1?}, {bytes} bytes of PDF", path.display(), times[RUNS / 2]);
    // Where the kernel tells it: the peak of the whole process.
    if let Ok(status) = fs::read_to_string("/proc/self/status") {
        status.lines().filter(|line| line.starts_with("VmHWM")).for_each(|line| println!("{line}"));
    }
    Ok(())
}
