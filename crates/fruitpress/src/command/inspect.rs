//! `fruitpress inspect`: what images are, and how they would be embedded.
//!
//! The engine converts each into nothing: what it would do it knows for sure only when it has done it, since
//! what is copied is checked to its end.

use std::{
    io,
    path::{Path, PathBuf},
    process::ExitCode,
};

use pdf_engine::{Cancel, Limits, Options, PageReport, Source};
use serde_json::{Value, json};

use super::{
    complain,
    convert::{self, Image, ImageArgs, LimitArgs, PageArgs, report},
    parallel, printable,
    progress::Progress,
    say,
};

/// Tells what images are and how they would be embedded, without writing a PDF.
///
/// A line a page: format, pixels, bits of a sample, the page's size in points (1/72 inch), and how the image comes into
/// the PDF. copied: its own compressed bytes; split: its rows or packets, parted into colours and transparency; packed: decoded and
/// compressed again without loss. Each image is read and checked to its end, as for a conversion. What would be left
/// out of it stands below its line.
///
/// Exit status: 0 every image can be converted; 1 some cannot: each is listed with its reason, also on standard error;
/// 2 the command line is wrong.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    images: ImageArgs,

    /// Prints one JSON array: an object for each page, as `convert --json` has them, and for each image that cannot be
    /// converted one of `image` (its path) and `error`.
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    pages: PageArgs,

    #[command(flatten)]
    limits: LimitArgs,
}

/// The pages of an image, or why it has none.
type Inspected = Result<Vec<PageReport>, String>;

impl Args {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let images = self.images.paths()?;
        let inspected = inspect_all(&images, &self.pages.options(), &self.limits.limits())?;
        let named = || images.iter().map(|image| convert::name(image)).zip(&inspected);
        if self.json {
            let objects: Vec<Value> =
                named().flat_map(|(name, inspected)| objects(&name, inspected)).collect();
            say(&format!("{:#}\n", Value::from(objects)))?;
        } else {
            say(&table(named()))?;
        }
        let mut status = ExitCode::SUCCESS;
        for (name, inspected) in named() {
            if let Err(reason) = inspected {
                complain(&format!("{name}: {reason}"));
                status = ExitCode::FAILURE;
            }
        }
        Ok(status)
    }
}

/// Looks at each image, several at once; the answers are in the order of the images.
fn inspect_all(images: &[PathBuf], options: &Options, limits: &Limits) -> anyhow::Result<Vec<Inspected>> {
    let mut progress = Progress::start();
    parallel::in_order(
        images.len(),
        |index| inspect(&images[index], options, limits),
        |done| progress.show(|| format!("{done} of {} images", images.len())),
    )
}

/// Looks at one image; an error of its own where no image could be converted so.
fn inspect(image: &Path, options: &Options, limits: &Limits) -> anyhow::Result<Inspected> {
    let source = [Source::new(Image::new(image))];
    let result = pdf_engine::convert(source, &mut io::sink(), options, limits, &Cancel::new());
    match result {
        Ok(report) => Ok(Ok(report.pages)),
        Err(error) if error.index().is_some() => Ok(Err(format!("{:#}", convert::because(error)))),
        Err(error) => Err(convert::because(error)),
    }
}

fn objects(name: &str, inspected: &Inspected) -> Vec<Value> {
    match inspected {
        Ok(pages) => pages.iter().map(|page| report::page(name, page)).collect(),
        Err(reason) => vec![json!({ "image": name, "error": reason })],
    }
}

/// Columns as wide as what stands in them.
fn table<'a>(images: impl Iterator<Item = (String, &'a Inspected)>) -> String {
    const HEAD: [&str; 7] = ["IMAGE", "FORMAT", "PIXELS", "BITS", "PAGE IN POINTS", "EMBEDDING", "LOSSLESS"];
    let mut rows = vec![Row::Columns(HEAD.map(str::to_owned))];
    for (name, inspected) in images {
        let name = printable(&name);
        match inspected {
            Err(reason) => rows.push(Row::Sentence(format!("{name}  cannot be converted: {reason}"))),
            Ok(pages) => pages.iter().for_each(|page| {
                rows.push(Row::Columns(columns(&name, page, pages.len())));
                let warnings = page.warnings.iter();
                rows.extend(warnings.map(|warning| Row::Sentence(format!("  warning: {warning}"))));
            }),
        }
    }
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| match row {
            Row::Columns(cells) => Some(cells[column].chars().count()),
            Row::Sentence(_) => None,
        });
        cells.max().unwrap_or_default()
    };
    let widths: [usize; HEAD.len()] = std::array::from_fn(width);
    let lines = rows.iter().map(|row| match row {
        Row::Columns(cells) => {
            let cells = cells.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
            cells.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
        }
        Row::Sentence(sentence) => format!("{sentence}\n"),
    });
    lines.collect()
}

enum Row {
    Columns([String; 7]),
    /// What is longer than columns are.
    Sentence(String),
}

fn columns(name: &str, page: &PageReport, pages: usize) -> [String; 7] {
    let name = if pages > 1 { format!("{name} [{}]", page.frame) } else { name.to_owned() };
    let [across, up] = page.page_points.map(report::hundredths);
    let transparency = if page.transparency { ", transparent" } else { "" };
    [
        name,
        page.format.to_string(),
        format!("{} × {}", page.width, page.height),
        page.bits_per_sample.to_string(),
        format!("{across} × {up}"),
        format!("{}{transparency}", report::embedding(page.embedding)),
        if page.lossless { "yes" } else { "no" }.to_owned(),
    ]
}
