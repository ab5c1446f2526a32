//! `cargo xtask conformance [DIR]`: every file below a folder is converted, and what comes of it is judged by programs that are
//! not ours. Images of the formats that such folders have few of are made, and are judged too.
//!
//! `fruitpress convert` runs once a file, so that a file which hangs or breaks it costs no other. `xtask/python/conformance.py`
//! then takes samples and masks out of the PDFs and compares them with what Pillow and pypng read, and asks those for archives
//! for each rule of PDF/A.

mod argued;
mod converting;
mod made;
mod table;

use std::{
    fs::{self, File},
    io::Write as _,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use serde_json::json;

use self::{
    converting::Conversion,
    made::Made,
    table::{Converted, File as Row, Judged},
};
use crate::{
    bench, packages,
    process::{self, cargo, command, is_installed, root, target},
    python,
    sample::{self, Pixel},
};

/// What to convert.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A folder of images; every file below it is converted, beside those that are made here.
    #[arg(value_name = "DIR")]
    folder: Option<PathBuf>,
    /// Seconds that one file may take to be converted, and again to be judged.
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=3600))]
    seconds: u64,
    /// Write the tables into docs/formats.md.
    #[arg(long)]
    publish: bool,
}

/// Converts, judges, and prints tables and every file that something is to be said of. Fails where a file is wrong, and where one is
/// refused that Pillow decodes, unless that is argued for.
pub(crate) fn run(args: &Args) -> Result<()> {
    if !is_installed("qpdf") {
        packages::install(&["qpdf"])?;
    }
    let bin = python::environment("python", "requirements.txt")?;
    process::run(cargo().args(["build", "--release", "--locked", "--package", "fruitpress"]))?;

    let folder = tempfile::tempdir_in(target()).context("no folder for the PDFs")?;
    let made = Made::make(&bin, &folder.path().join("made"))?;
    let mut paths = match &args.folder {
        Some(folder) => files(folder)?,
        None => Vec::new(),
    };
    ensure!(args.folder.is_none() || !paths.is_empty(), "there is no file in the folder");
    paths.extend(files(&made.images)?);

    let patience = Duration::from_secs(args.seconds);
    println!("converting {} files", paths.len());
    let conversions = converting::convert_all(&paths, folder.path(), patience)?;
    println!("judging what they became");
    must_find_a_wrong_one(&bin, folder.path(), args.seconds)?;
    let references = paths.iter().map(|path| made.reference(path)).collect::<Result<Vec<_>>>()?;
    let judged = judge(&bin, &paths, &conversions, &references, folder.path(), args.seconds)?;
    let named = |path: &Path| match (path.strip_prefix(&made.images), &args.folder) {
        (Ok(name), _) => format!("made: {}", name.display()),
        (_, Some(folder)) => path.strip_prefix(folder).unwrap_or(path).display().to_string(),
        _ => path.display().to_string(),
    };
    let rows: Vec<_> = paths
        .iter()
        .zip(conversions)
        .zip(judged)
        .map(|((path, conversion), judged)| Row { name: named(path), conversion, judged })
        .collect();
    let tables = table::tables(&rows);
    print!("\n{tables}\n{}", table::remarks(&rows));
    if args.publish {
        bench::publish(&root().join("docs/formats.md"), "conformance", &tables)?;
    }
    let bad = rows.iter().filter(|row| row.is_bad()).count();
    ensure!(
        bad == 0,
        "{bad} of {} files are wrong, refused without an argument, panicked or hung",
        rows.len()
    );
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

/// Fails unless the PDF of another picture is found to be wrong, and unfit for archives: what finds nothing would be worse than
/// nothing.
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
    let pdf = converting::pdf(&folder, 0);
    let converted = converting::convert(&other, &pdf, &[], Duration::from_secs(seconds))?;
    fs::copy(&pdf, converting::archive(&folder, 0))?;
    let conversion = Conversion { archived: Some(converted.clone()), converted };
    let judged = judge(bin, &[image], &[conversion], &[None], &folder, seconds)?;
    ensure!(
        judged.iter().all(|judged| judged.is_wrong() && judged.breaks_rules()),
        "a PDF with a wrong sample, which is no PDF/A, is passed over: {judged:?}"
    );
    Ok(())
}

fn judge(
    bin: &Path,
    paths: &[PathBuf],
    conversions: &[Conversion],
    references: &[Option<PathBuf>],
    folder: &Path,
    seconds: u64,
) -> Result<Vec<Judged>> {
    let entries = paths.iter().zip(conversions).zip(references).enumerate();
    let entries = entries.map(|(index, ((path, conversion), reference))| {
        let pdf = (conversion.converted == Converted::Pdf).then(|| converting::pdf(folder, index));
        let archive =
            (conversion.archived == Some(Converted::Pdf)).then(|| converting::archive(folder, index));
        Ok(json!({ "image": path.canonicalize()?, "pdf": pdf, "archive": archive, "reference": reference }))
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
    fn finds_files_in_order() {
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
    }
}
