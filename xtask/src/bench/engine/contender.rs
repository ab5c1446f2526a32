//! Who is measured, each as the command that a person would type.

use std::{fs, path::Path, process::Command};

use anyhow::{Context, Result, ensure};

use crate::process::{command, target};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Contender {
    Fruitpress,
    /// img2pdf, from `PyPI`.
    Img2pdf,
    /// `mutool convert`, of Debian's mupdf-tools.
    Mutool,
    /// `cp`.
    Copy,
    /// Reads a PNG, checks its CRCs, inflates its data and writes them as they are, nothing else.
    CheckedCopy,
}

impl Contender {
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Fruitpress => "`fruitpress convert`",
            Self::Img2pdf => "img2pdf",
            Self::Mutool => "`mutool convert`",
            Self::Copy => "`cp`",
            Self::CheckedCopy => "checked copy",
        }
    }

    /// Converts the image, or copies it.
    pub(super) fn command(self, python: &Path, image: &Path, output: &Path) -> Command {
        let mut program = match self {
            Self::Fruitpress => command(target().join("release/fruitpress")),
            Self::Img2pdf => command(python.join("img2pdf")),
            Self::Mutool => command("mutool"),
            Self::Copy => command("cp"),
            Self::CheckedCopy => command(target().join("release/xtask")),
        };
        match self {
            Self::Fruitpress => program.arg("convert").arg(image).arg("-o").arg(output),
            Self::Img2pdf => program.arg(image).arg("-o").arg(output),
            Self::Mutool => program.args(["convert", "-F", "pdf", "-o"]).arg(output).arg(image),
            Self::Copy => program.arg(image).arg(output),
            Self::CheckedCopy => program.arg("checked-copy").arg(image).arg(output),
        };
        program
    }
}

/// The most memory that it has, in MiB, in a run of its own, whose time is not measured.
pub(super) fn peak_mebibytes(
    contender: Contender,
    python: &Path,
    image: &Path,
    output: &Path,
) -> Result<f64> {
    let measured = contender.command(python, image, output);
    let report = output.with_extension("time");
    let mut time = command("time");
    time.args(["--quiet", "--format=%M", "--output"]).arg(&report);
    time.arg(measured.get_program()).args(measured.get_args());
    let ended = time.output().context("could not start time")?;
    ensure!(ended.status.success(), "{contender:?} failed: {}", String::from_utf8_lossy(&ended.stderr));
    fs::remove_file(output)?;
    let kibibytes: f64 = fs::read_to_string(&report)?.trim().parse().context("time tells no size")?;
    Ok(kibibytes / 1024.0)
}
