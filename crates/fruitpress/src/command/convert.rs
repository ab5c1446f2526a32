//! `fruitpress convert`: the engine on the command line.

mod each;
mod image;
mod images;
mod limits;
mod metadata;
mod meter;
mod pages;
pub(super) mod report;
mod viewer;

use std::{
    fs,
    io::{self, BufWriter, IsTerminal, Write},
    num::NonZeroUsize,
    path::{Path, PathBuf},
    process::ExitCode,
    thread,
};

use anyhow::anyhow;
use pdf_engine::{Cancel, Error, Options, Report, Source};
use serde_json::json;

use self::{
    each::{Each, Outcome},
    image::CannotOpen,
    metadata::MetadataArgs,
    meter::{Meter, Metered, MeteredSink},
    viewer::ViewerArgs,
};
use super::{
    complain, is_dash,
    misuse::{self, Misused},
    output::Output,
    say,
};

pub(super) use image::Image;
pub(super) use images::ImageArgs;
pub(super) use limits::LimitArgs;
pub(super) use pages::PageArgs;

/// Converts images to one PDF without changing a pixel, a page each.
///
/// JPEG, PNG, WebP, GIF, TIFF, BMP, AVIF, JPEG 2000, PNM, ICO, TGA, JBIG2, JPEG XL, QOI and farbfeld, known by their content; of
/// animations and files of several pages, each becomes a page. What is written under OUT is whole or not there at
/// all. What was left out of an image, such as a broken colour profile, is said on standard error. The flags that
/// img2pdf has too mean what they mean there; docs/img2pdf.md tells the few differences.
///
/// Exit status: 0 all images are in the PDF; 1 nothing was written, and standard error names the image at fault and
/// says why; 2 the command line is wrong; 128 and the number of the signal when one ended it: nothing was written.
/// With --each, 1 says that some images failed, each of which is named, and the PDFs of the others are there; a signal
/// leaves those that are finished.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    images: ImageArgs,

    /// The PDF to write; `-`, the default, is standard output. With --each the folder of the PDFs; by default each goes
    /// beside its image.
    #[arg(short, long, value_name = "OUT")]
    output: Option<PathBuf>,

    /// Makes a PDF of each image, named as it: `a.png` becomes `a.pdf`. Several are made at the same time, and one that
    /// fails stops none of the others.
    #[arg(long)]
    each: bool,

    /// With --each, replaces PDFs that are there already, which are errors otherwise.
    #[arg(long, requires = "each")]
    force: bool,

    /// Prints what became of each image on standard output, as one JSON object; not with a PDF that goes there.
    ///
    /// It has `output` (the PDF's path), `bytes` (its length) and `pages`, an object for each page: `image` (its path),
    /// `frame` (from 0), `format`, `width_pixels`, `height_pixels`, `bits_per_sample`, `page_points` (width and height in
    /// 1/72 inch, of what is shown), `embedding` (copied: the image's own compressed bytes; split: its rows or packets, parted into colours and
    /// transparency; packed: decoded and compressed again), `lossless`, `transparency`, and `warnings`, which are then
    /// not repeated on standard error. With --each it is an array of such objects, one for each image; one that failed
    /// has `image`, `output` and `error`.
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    pages: PageArgs,

    #[command(flatten)]
    metadata: MetadataArgs,

    #[command(flatten)]
    viewer: ViewerArgs,

    #[command(flatten)]
    limits: LimitArgs,
}

/// Buffer before a file or a pipe: fewer system calls than the library's 8 KiB, and still in the cache.
const BUFFER_BYTES: usize = 256 << 10;

impl Args {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let images = self.images.paths()?;
        let mut options = self.pages.options();
        options.metadata = self.metadata.metadata();
        options.viewer = self.viewer.viewer();
        if self.each {
            return self.convert_each(&images, &options);
        }
        let output = self.output();
        let report = if is_dash(output) {
            misuse::ensure(
                !self.json,
                "--json prints on standard output, where the PDF goes: name a file with -o",
            )?;
            misuse::ensure(
                !io::stdout().is_terminal(),
                "a PDF is not for a terminal: name a file with -o, or redirect",
            )?;
            self.convert_to(&images, io::stdout(), &options)?
        } else {
            let list = self.images.from_file.as_slice();
            Output::at(output, list, "the list of the images")?;
            Output::at(output, &images, "one of the images")?
                .write(|file| self.convert_to(&images, file, &options))?
        };
        if self.json {
            say(&format!("{:#}\n", told(output, &images, &report)))?;
        } else {
            warn(&images, &report);
        }
        Ok(ExitCode::SUCCESS)
    }

    fn output(&self) -> &Path {
        self.output.as_deref().unwrap_or(Path::new("-"))
    }

    fn convert_each(&self, images: &[PathBuf], options: &Options) -> anyhow::Result<ExitCode> {
        let each = Each::new(images, self.output.as_deref(), self.force)?;
        let mut outcomes = each.convert(options, &self.limits.limits())?;
        let is_misused = |outcome: &Outcome| outcome.as_ref().is_err_and(anyhow::Error::is::<Misused>);
        // It is about the flags, and the same for every image.
        if outcomes.iter().all(is_misused) {
            outcomes.swap_remove(0)?;
        }
        let (mut objects, mut failed) = (Vec::new(), 0_usize);
        for (index, outcome) in outcomes.into_iter().enumerate() {
            let (image, output) = (&images[index..=index], each.pdf(index));
            match outcome {
                Ok(report) if self.json => objects.push(told(output, image, &report)),
                Ok(report) => warn(image, &report),
                Err(mut error) => {
                    failed += 1;
                    if error.is::<Misused>() {
                        error = error.context(name(&images[index]));
                    }
                    complain(&format!("{error:#}"));
                    let [image, output] = [&images[index], output].map(|path| path.display().to_string());
                    objects.push(json!({ "image": image, "output": output, "error": format!("{error:#}") }));
                }
            }
        }
        if self.json {
            say(&format!("{:#}\n", serde_json::Value::Array(objects)))?;
        }
        if failed > 0 {
            complain(&format!("{failed} of {} images were not converted", images.len()));
            return Ok(ExitCode::FAILURE);
        }
        Ok(ExitCode::SUCCESS)
    }

    fn convert_to(&self, images: &[PathBuf], sink: impl Write, options: &Options) -> anyhow::Result<Report> {
        let meter = &Meter::start(images.len());
        let open = |index: usize| Source::new(Metered { meter, index, reader: Image::new(&images[index]) });
        // A pipe may never send anything, and an error before it must not wait for it.
        let is_piped = images
            .iter()
            .any(|image| is_dash(image) || fs::metadata(image).is_ok_and(|found| !found.is_file()));
        let threads = if is_piped { NonZeroUsize::MIN } else { threads() };
        let mut sink = BufWriter::with_capacity(BUFFER_BYTES, MeteredSink { meter, sink });
        let (limits, cancel) = (self.limits.limits(), Cancel::new());
        let converted =
            pdf_engine::convert_parallel(images.len(), open, threads, &mut sink, options, &limits, &cancel);
        converted.map_err(|error| explain(images, self.output(), error))
    }
}

/// The error behind the name of what it is about: an image, or the PDF.
fn explain(images: &[PathBuf], output: &Path, error: Error) -> anyhow::Error {
    let at = match &error {
        // Its words are about the flags.
        Error::Layout { .. } => return because(error),
        error => match error.index() {
            Some(index) => name(&images[index]),
            None if is_dash(output) => "standard output".to_owned(),
            None => output.display().to_string(),
        },
    };
    because(error).context(at)
}

/// Says what was left out of images: once for each image, though it has a hundred frames.
fn warn(images: &[PathBuf], report: &Report) {
    for pages in report.pages.chunk_by(|one, next| one.index == next.index) {
        let mut warnings: Vec<(&String, u32)> = Vec::new();
        for warning in pages.iter().flat_map(|page| &page.warnings) {
            match warnings.iter_mut().find(|(told, _)| *told == warning) {
                Some((_, frames)) => *frames += 1,
                None => warnings.push((warning, 1)),
            }
        }
        for (warning, frames) in warnings {
            let often = if frames > 1 { format!(" ({frames} frames)") } else { String::new() };
            complain(&format!("{}: {warning}{often}", name(&images[pages[0].index])));
        }
    }
}

fn told(output: &Path, images: &[PathBuf], report: &Report) -> serde_json::Value {
    let pages = report.pages.iter().map(|page| report::page(&name(&images[page.index]), page));
    json!({
        "output": output.display().to_string(),
        "bytes": report.bytes,
        "pages": pages.collect::<Vec<_>>(),
    })
}

/// What is to be told of an error: a file that was not opened says so itself.
pub(super) fn because(error: Error) -> anyhow::Error {
    match error {
        Error::Source { error, .. }
            if error.get_ref().and_then(|inner| inner.downcast_ref::<CannotOpen>()).is_some() =>
        {
            error.into()
        }
        Error::Layout { .. } => Misused(error.to_string()).into(),
        error => match limits::hint(&error) {
            Some(hint) => anyhow!("{error}; {hint}"),
            None => error.into(),
        },
    }
}

/// How many images are converted at a time: one a core, and few, since each may need some hundred MiB of memory.
pub(super) fn threads() -> NonZeroUsize {
    const THREADS_MAX: NonZeroUsize = NonZeroUsize::new(4).unwrap();
    thread::available_parallelism().unwrap_or(NonZeroUsize::MIN).min(THREADS_MAX)
}

/// What an image is called where it is spoken of.
pub(super) fn name(image: &Path) -> String {
    if is_dash(image) { "standard input".to_owned() } else { image.display().to_string() }
}
