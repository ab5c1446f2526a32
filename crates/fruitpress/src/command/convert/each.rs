//! `convert --each`: a PDF for each image, several at the same time. One that fails stops none of the others.

use std::{
    collections::{HashMap, HashSet},
    fs,
    io::BufWriter,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use anyhow::ensure;
use pdf_engine::{Cancel, Limits, Options, Report, Source};

use super::{
    super::{
        is_dash, misuse,
        output::{Output, Unfinished, unless_interrupted},
        parallel,
    },
    BUFFER_BYTES, Image, explain,
    meter::{Meter, Metered, MeteredSink},
};

/// Images, and where the PDF of each goes.
pub(super) struct Each<'a> {
    images: &'a [PathBuf],
    pdfs: Vec<PathBuf>,
    /// Whether PDFs that are there already are replaced.
    replace: bool,
    /// The files that images are, by device and number: none of them is replaced.
    files: HashSet<(u64, u64)>,
}

/// What became of one image.
pub(super) type Outcome = anyhow::Result<Report>;

impl<'a> Each<'a> {
    /// Names the PDFs as their images, in `folder` or each beside its image. An error where two would have one name.
    pub(super) fn new(images: &'a [PathBuf], folder: Option<&Path>, replace: bool) -> anyhow::Result<Self> {
        misuse::ensure(
            !images.iter().any(|image| is_dash(image)),
            "standard input has no name for its PDF: leave out --each",
        )?;
        if let Some(folder) = folder {
            misuse::ensure(
                !is_dash(folder),
                "several PDFs do not go to standard output: name a folder with -o",
            )?;
            ensure!(
                folder.is_dir(),
                "{} is no folder: with --each, -o names the folder of the PDFs",
                folder.display()
            );
        }
        let mut pdfs = Vec::with_capacity(images.len());
        let mut named = HashMap::with_capacity(images.len());
        for image in images {
            let beside = image.with_extension("pdf");
            let pdf = match (folder, beside.file_name()) {
                (Some(folder), Some(name)) => folder.join(name),
                _ => beside,
            };
            if let Some(other) = named.insert(file_of(&pdf), image) {
                let (other, image, pdf) = (other.display(), image.display(), pdf.display());
                anyhow::bail!(
                    "{other} and {image} would both become {pdf}: convert them one after the other, to other names"
                );
            }
            pdfs.push(pdf);
        }
        let files = images.iter().filter_map(|image| fs::metadata(image).ok());
        Ok(Self { images, pdfs, replace, files: files.map(|file| (file.dev(), file.ino())).collect() })
    }

    /// Where the PDF of an image goes.
    pub(super) fn pdf(&self, index: usize) -> &Path {
        &self.pdfs[index]
    }

    /// Converts them all, and tells what became of each, in their order.
    pub(super) fn convert(&self, options: &Options, limits: &Limits) -> anyhow::Result<Vec<Outcome>> {
        let meter = &Meter::start(self.images.len());
        unless_interrupted(|unfinished| {
            let convert = |index| Ok(self.convert_one(index, (options, limits), meter, unfinished));
            parallel::in_order(self.images.len(), convert, |_| ())
        })
    }

    fn convert_one(
        &self,
        index: usize,
        (options, limits): (&Options, &Limits),
        meter: &Meter,
        unfinished: &Unfinished,
    ) -> Outcome {
        let (image, pdf) = (&self.images[index], &self.pdfs[index]);
        let output = Output::at(pdf, &[], "one of the images")?;
        if let Some(there) = output.there() {
            ensure!(self.replace, "{} is there already: --force replaces it", pdf.display());
            ensure!(
                !self.files.contains(&there),
                "{} is one of the images: it would be overwritten",
                pdf.display()
            );
        }
        output.write_among(unfinished, self.replace, |file| {
            let source = Source::new(Metered { meter, index, reader: Image::new(image) });
            let mut sink = BufWriter::with_capacity(BUFFER_BYTES, MeteredSink { meter, sink: file });
            pdf_engine::convert([source], &mut sink, options, limits, &Cancel::new())
                .map_err(|error| explain(&self.images[index..=index], pdf, error))
        })
    }
}

/// The file behind a path, which may be written in several ways or lead there by links.
fn file_of(pdf: &Path) -> PathBuf {
    if let Ok(there) = fs::canonicalize(pdf) {
        return there;
    }
    let folder = pdf.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match (fs::canonicalize(folder), pdf.file_name()) {
        (Ok(folder), Some(name)) => folder.join(name),
        _ => pdf.to_owned(),
    }
}
