//! `fruitpress convert`: the engine on the command line.

mod image;

use std::{
    io::{self, BufWriter, IsTerminal, Write},
    path::PathBuf,
    process::ExitCode,
};

use anyhow::ensure;
use pdf_engine::{Cancel, Error, Limits, Options, Report, Source};

use self::image::{CannotOpen, Image};
use super::{complain, is_dash, output::Output};

/// Converts images to one PDF without changing a pixel, a page each.
///
/// JPEG, PNG, WebP, GIF, TIFF, BMP, JPEG 2000, PNM, ICO, TGA, JBIG2, QOI and farbfeld, known by their content; of
/// animations and files of several pages, each becomes a page. What is written under OUT is whole or not there at
/// all. What was left out of an image, such as a broken colour profile, is said on standard error.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The images, in the order of their pages; `-` is standard input.
    #[arg(required = true, value_name = "IMAGE")]
    images: Vec<PathBuf>,

    /// The PDF to write; `-` is standard output.
    #[arg(short, long, value_name = "OUT", default_value = "-")]
    output: PathBuf,
}

/// Buffer before a file or a pipe: fewer system calls than the library's 8 KiB, and still in the cache.
const BUFFER_BYTES: usize = 256 << 10;

impl Args {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let piped = self.images.iter().filter(|image| is_dash(image)).count();
        ensure!(piped <= 1, "standard input can be read once: `-` stands {piped} times among the images");
        let report = if is_dash(&self.output) {
            ensure!(
                !io::stdout().is_terminal(),
                "a PDF is not for a terminal: name a file with -o, or redirect"
            );
            self.convert_to(io::stdout())?
        } else {
            Output::at(&self.output, &self.images, "one of the images")?
                .write(|file| self.convert_to(file))?
        };
        for page in &report.pages {
            for warning in &page.warnings {
                complain(&format!("{}: {warning}", self.name(page.index)));
            }
        }
        Ok(ExitCode::SUCCESS)
    }

    fn convert_to(&self, sink: impl Write) -> anyhow::Result<Report> {
        let sources = self.images.iter().map(|image| Source::new(Image::new(image)));
        let mut sink = BufWriter::with_capacity(BUFFER_BYTES, sink);
        let (options, limits) = (Options::default(), Limits::default());
        let converted = pdf_engine::convert(sources, &mut sink, &options, &limits, &Cancel::new());
        converted.map_err(|error| self.explain(error))
    }

    /// The error behind the name of what it is about.
    fn explain(&self, error: Error) -> anyhow::Error {
        let at = match error.index() {
            Some(index) => self.name(index),
            None if is_dash(&self.output) => "standard output".to_owned(),
            None => self.output.display().to_string(),
        };
        match error {
            Error::Source { error, .. }
                if error.get_ref().and_then(|inner| inner.downcast_ref::<CannotOpen>()).is_some() =>
            {
                anyhow::Error::new(error).context(at)
            }
            error => anyhow::Error::new(error).context(at),
        }
    }

    fn name(&self, index: usize) -> String {
        let image = &self.images[index];
        if is_dash(image) { "standard input".to_owned() } else { image.display().to_string() }
    }
}
