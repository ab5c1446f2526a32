//! Files become PDFs, and PDFs for archives, each in a process of its own.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::Stdio,
    sync::Mutex,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};

use super::table::Converted;
use crate::process::{command, target};

/// Files that are converted at the same time.
const WORKERS: usize = 2;
/// What panics says so, also where it is caught.
const PANIC: &str = "panicked at";
/// How a PDF for archives is asked for.
const ARCHIVE: [&str; 2] = ["--pdfa", "2b"];

/// What a file became.
#[derive(Debug, Clone)]
pub(super) struct Conversion {
    pub(super) converted: Converted,
    /// As PDF/A-2b; not tried where there is no PDF.
    pub(super) archived: Option<Converted>,
}

/// Converts each file, and what can be converted for archives too, into `folder`.
pub(super) fn convert_all(paths: &[PathBuf], folder: &Path, patience: Duration) -> Result<Vec<Conversion>> {
    let next = Mutex::new(paths.iter().enumerate());
    let worker = || -> Result<Vec<(usize, Conversion)>> {
        let mut done = Vec::new();
        loop {
            let taken = next.lock().expect("no worker panics").next();
            let Some((index, path)) = taken else { return Ok(done) };
            let converted = convert(path, &pdf(folder, index), &[], patience)?;
            let archived = (converted == Converted::Pdf)
                .then(|| convert(path, &archive(folder, index), &ARCHIVE, patience))
                .transpose()?;
            done.push((index, Conversion { converted, archived }));
        }
    };
    let mut done = thread::scope(|scope| {
        let workers: Vec<_> = (0..WORKERS).map(|_| scope.spawn(worker)).collect();
        workers.into_iter().map(|worker| worker.join().expect("no worker panics")).collect::<Result<Vec<_>>>()
    })?
    .concat();
    done.sort_by_key(|(index, _)| *index);
    Ok(done.into_iter().map(|(_, converted)| converted).collect())
}

/// Where the PDF of a file is.
pub(super) fn pdf(folder: &Path, index: usize) -> PathBuf {
    folder.join(format!("{index}.pdf"))
}

/// Where that for archives is.
pub(super) fn archive(folder: &Path, index: usize) -> PathBuf {
    folder.join(format!("{index}.archive.pdf"))
}

/// Converts one file in a process of its own.
pub(super) fn convert(image: &Path, pdf: &Path, more: &[&str], patience: Duration) -> Result<Converted> {
    let image = image.canonicalize()?;
    let said = pdf.with_extension("said");
    let mut child = command(target().join("release/fruitpress"))
        .arg("convert")
        .arg(&image)
        .arg("-o")
        .arg(pdf)
        .args(more)
        .stdout(Stdio::null())
        .stderr(File::create(&said)?)
        .spawn()
        .context("could not start fruitpress")?;
    let deadline = Instant::now() + patience;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if Instant::now() > deadline {
            child.kill()?;
            child.wait()?;
            return Ok(Converted::Hung);
        }
        thread::sleep(Duration::from_millis(1));
    };
    let said = String::from_utf8_lossy(&fs::read(&said)?).into_owned();
    Ok(match status.code() {
        _ if said.contains(PANIC) => Converted::Panicked(said),
        Some(0) => Converted::Pdf,
        Some(_) => Converted::Refused(reason(&said, &image)),
        None => Converted::Panicked(format!("{status} {said}")),
    })
}

/// What was said, without the program's name and the file's.
fn reason(said: &str, image: &Path) -> String {
    let said = said.trim();
    let said = said.strip_prefix("fruitpress: ").unwrap_or(said);
    said.strip_prefix(&format!("{}: ", image.display())).unwrap_or(said).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_said_without_names() {
        let image = Path::new("/images/a.png");
        for (said, expected) in [
            ("fruitpress: /images/a.png: the PNG is cut\n", "the PNG is cut"),
            ("fruitpress: the disk is full\n", "the disk is full"),
            ("", ""),
        ] {
            assert_eq!(reason(said, image), expected);
        }
    }
}
