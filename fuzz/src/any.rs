//! The whole: several sources of any formats at once, with options.
//!
//! An input is sources with [`PARTING`] between them, and behind them [`CHOICES`] bytes that choose the options: at the end,
//! so that a change of length moves neither.

use pdf_engine::{Error, Options, PdfA};

use crate::check as check_all;

/// What parts sources. No format has it.
pub const PARTING: &[u8] = b"\xfe~part~\xfe";
/// How many bytes at the end choose options.
pub const CHOICES: usize = 8;

const PAGE_SIZES: &[&str] = &["A4", "A6^T", "Letter", "20x30", "1x1", "200000x", "x15mm"];
const IMAGE_SIZES: &[&str] = &["300dpi", "50%", "10cmx15cm", "x5in", "1x1", "100000%"];
const BORDERS: &[&str] = &["0", "1cm", "1:2", "3:1:4:1", "9"];
const FITS: &[&str] = &["into", "fill", "exact", "shrink", "enlarge"];
const ROTATIONS: &[&str] = &["auto", "none", "90", "180", "270"];
const ALIGNS: &[&str] = &["center", "top", "left", "bottom-right"];
const DENSITIES: &[&str] = &["96", "1", "72.5", "100000"];
const PAGES: &[&str] = &["1", "2", "2147483647"];
const MAGNIFICATIONS: &[&str] = &["fit", "fith", "fitb", "fitbh", "1%", "64"];
const TEXTS: &[&str] = &["title", "Grüße, 世界", "(\\)", "<&>\"'"];

/// Converts all sources of an input.
pub fn check(data: &[u8]) {
    let (sources, choices) = data.split_at(data.len().saturating_sub(CHOICES));
    let mut padded = [0; CHOICES];
    padded[..choices.len()].copy_from_slice(choices);
    let options = options(padded);
    let sources = parted(sources);
    let result = check_all(&sources, &options);
    if options.skip_failed {
        let is_whole = matches!(&result, Ok(_) | Err(Error::Sources(_) | Error::Layout { .. }));
        assert!(is_whole, "one source's fault ended all: {result:?}");
    } else if let Ok(report) = result {
        assert!(report.skipped.is_empty(), "left out against the options: {report:?}");
    }
}

fn parted(mut data: &[u8]) -> Vec<&[u8]> {
    let mut parts = Vec::new();
    while let Some(at) = data.windows(PARTING.len()).position(|window| window == PARTING) {
        parts.push(&data[..at]);
        data = &data[at + PARTING.len()..];
    }
    parts.push(data);
    parts
}

fn options(choices: [u8; CHOICES]) -> Options {
    let [flags, page, image, border, fit, turn, density, text] = choices;
    let mut options = Options::default();
    options.first_frame_only = flags & 1 != 0;
    options.skip_failed = flags & 2 != 0;
    options.pdfa = [None, None, Some(PdfA::A2b), Some(PdfA::A3b)][usize::from(flags >> 2 & 3)];
    options.layout.auto_orient = flags & 16 != 0;
    options.layout.page_size = choose(PAGE_SIZES, page);
    options.layout.image_size = choose(IMAGE_SIZES, image);
    options.layout.border = choose(BORDERS, border);
    options.layout.fit = choose(FITS, fit).unwrap_or_default();
    options.layout.rotation = choose(ROTATIONS, turn & 15).unwrap_or_default();
    options.layout.align = choose(ALIGNS, turn >> 4).unwrap_or_default();
    options.dpi_default = choose(DENSITIES, density).unwrap_or_default();
    options.metadata.title = choose(TEXTS, text);
    if flags & 32 != 0 {
        options.layout.boundaries.crop = choose(BORDERS, text);
        options.layout.boundaries.art = choose(BORDERS, density);
    }
    if flags & 64 != 0 {
        options.viewer.initial_page = choose(PAGES, text);
        options.viewer.magnification = choose(MAGNIFICATIONS, density);
    }
    options
}

/// One of the words as it is parsed, or none: as often as each.
fn choose<T: std::str::FromStr>(words: &[&str], choice: u8) -> Option<T> {
    let word = words.get(usize::from(choice) % (words.len() + 1))?;
    Some(word.parse().unwrap_or_else(|_| panic!("{word:?} is no longer a value")))
}
