//! `cargo xtask conformance DIR`: every file below a folder is converted, and what comes of it is judged by programs that are
//! not ours.
//!
//! `fruitpress convert` runs once a file, so that a file which hangs or breaks it costs no other. `xtask/python/conformance.py`
//! then takes samples and masks out of the PDFs and compares them with what Pillow and pypng read.

mod table;

use std::{
    fs::{self, File},
    io::Write as _,
    path::{Path, PathBuf},
    process::Stdio,
    sync::Mutex,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use serde_json::json;

use self::table::{Converted, File as Row, Judged};
use crate::{
    packages,
    process::{self, cargo, command, is_installed, root, target},
    python,
    sample::{self, Pixel},
};

/// Files that are converted at the same time.
const WORKERS: usize = 2;
/// What panics says so, also where it is caught.
const PANIC: &str = "panicked at";

/// What to convert.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A folder of images; every file below it is converted.
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Seconds that one file may take to be converted, and again to be judged.
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=3600))]
    seconds: u64,
}

/// Converts, judges, and prints a table and every file that something is to be said of. Fails where a file is wrong.
pub(crate) fn run(args: &Args) -> Result<()> {
    let paths = files(&args.folder)?;
    ensure!(!paths.is_empty(), "there is no file below {}", args.folder.display());
    if !is_installed("qpdf") {
        packages::install(&["qpdf"])?;
    }
    let bin = python::environment("python", "requirements.txt")?;
    process::run(cargo().args(["build", "--release", "--locked", "--package", "fruitpress"]))?;

    let folder = tempfile::tempdir_in(target()).context("no folder for the PDFs")?;
    let patience = Duration::from_secs(args.seconds);
    println!("converting {} files", paths.len());
    let converted = convert_all(&paths, folder.path(), patience)?;
    println!("judging what they became");
    must_find_a_wrong_one(&bin, folder.path(), args.seconds)?;
    let judged = judge(&bin, &paths, &converted, folder.path(), args.seconds)?;
    let rows: Vec<_> = paths
        .iter()
        .zip(converted)
        .zip(judged)
        .map(|((path, converted), judged)| {
            let name = path.strip_prefix(&args.folder).unwrap_or(path).display().to_string();
            Row { name, converted, judged }
        })
        .collect();
    print!("\n{}", table::print(&rows));
    let bad = rows.iter().filter(|row| row.is_bad()).count();
    ensure!(bad == 0, "{bad} of {} files are wrong, panicked or hung", rows.len());
    Ok(())
}

/// All files below a folder, in order.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("cannot open {}", folder.display()))? {
        let path = entry?.path();
        // A link may lead back up.
        if path.is_dir() && !path.is_symlink() {
            found.extend(files(&path)?);
        } else if path.is_file() {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn convert_all(paths: &[PathBuf], folder: &Path, patience: Duration) -> Result<Vec<Converted>> {
    let next = Mutex::new(paths.iter().enumerate());
    let worker = || -> Result<Vec<(usize, Converted)>> {
        let mut done = Vec::new();
        loop {
            let taken = next.lock().expect("no worker panics").next();
            let Some((index, path)) = taken else { return Ok(done) };
            done.push((index, convert(path, &pdf(folder, index), patience)?));
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

fn pdf(folder: &Path, index: usize) -> PathBuf {
    folder.join(format!("{index}.pdf"))
}

/// Converts one file in a process of its own.
fn convert(image: &Path, pdf: &Path, patience: Duration) -> Result<Converted> {
    let image = image.canonicalize()?;
    let said = pdf.with_extension("said");
    let mut child = command(target().join("release/fruitpress"))
        .arg("convert")
        .arg(&image)
        .arg("-o")
        .arg(pdf)
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

/// Fails unless the PDF of another picture is found to be wrong: what finds nothing would be worse than nothing.
fn must_find_a_wrong_one(bin: &Path, folder: &Path, seconds: u64) -> Result<()> {
    let folder = folder.join("planted");
    fs::create_dir_all(&folder)?;
    let [image, other] = ["image.png", "other.png"].map(|name| folder.join(name));
    fs::write(&image, sample::png(Pixel::Rgba, 32, 24)?)?;
    // As large, and as transparent: but for its colours the same.
    let mut decoded = png::Decoder::new(std::io::Cursor::new(fs::read(&image)?)).read_info()?;
    let mut samples = vec![0; 32 * 24 * 4];
    decoded.next_frame(&mut samples)?;
    samples[4 * 100] ^= 1;
    let mut encoder = png::Encoder::new(File::create(&other)?, 32, 24);
    encoder.set_color(png::ColorType::Rgba);
    encoder.write_header()?.write_image_data(&samples)?;
    let converted = convert(&other, &pdf(&folder, 0), Duration::from_secs(seconds))?;
    let judged = judge(bin, &[image], &[converted], &folder, seconds)?;
    ensure!(judged.iter().all(Judged::is_wrong), "a PDF with a wrong sample is passed over: {judged:?}");
    Ok(())
}

fn judge(
    bin: &Path,
    paths: &[PathBuf],
    converted: &[Converted],
    folder: &Path,
    seconds: u64,
) -> Result<Vec<Judged>> {
    let entries = paths.iter().zip(converted).enumerate().map(|(index, (path, converted))| {
        let made = matches!(converted, Converted::Pdf).then(|| pdf(folder, index));
        Ok(json!({ "image": path.canonicalize()?, "pdf": made }))
    });
    let entries = serde_json::Value::Array(entries.collect::<Result<_>>()?).to_string();
    let mut child = command(bin.join("python"))
        .arg(root().join("xtask/python/conformance.py"))
        .arg(root().join("crates/pdf-engine/tests/oracle"))
        .arg(seconds.to_string())
        .env("PYTHONDONTWRITEBYTECODE", "1")
        // What readers warn of is not what is asked.
        .env("PYTHONWARNINGS", "ignore")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("could not start Python")?;
    child.stdin.take().context("its input is piped")?.write_all(entries.as_bytes())?;
    let output = child.wait_with_output()?;
    ensure!(output.status.success(), "conformance.py failed: {}", output.status);
    let judged: Vec<_> =
        String::from_utf8(output.stdout)?.lines().map(Judged::parse).collect::<Result<_>>()?;
    ensure!(judged.len() == paths.len(), "{} of {} files were judged", judged.len(), paths.len());
    Ok(judged)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_files_in_order_and_says_reasons_without_names() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b/two.png", "a.png", "b/one.png"] {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        std::os::unix::fs::symlink(folder.path(), folder.path().join("b/up")).unwrap();
        let found = files(folder.path()).unwrap();
        let names: Vec<_> = found.iter().map(|path| path.strip_prefix(folder.path()).unwrap()).collect();
        assert_eq!(names, ["a.png", "b/one.png", "b/two.png"].map(Path::new));
        assert!(files(&folder.path().join("none")).is_err());

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
