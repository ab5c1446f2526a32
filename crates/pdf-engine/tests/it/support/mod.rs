//! What the tests share: images made here, and a small reader of PDFs.

pub(crate) mod fixtures;
pub(crate) mod jpeg;
pub(crate) mod oracle;
pub(crate) mod pdf;
pub(crate) mod png;
pub(crate) mod raster;
pub(crate) mod stored;

use pdf_engine::{Cancel, Error, Limits, Options, Report, Source, convert};

/// Converts one image with the default options and limits.
pub(crate) fn convert_one(image: &[u8]) -> Result<(Vec<u8>, Report), Error> {
    convert_with(image, &Limits::default())
}

/// Converts one image, reading the codes of a JPEG's scans.
pub(crate) fn convert_checking_scans(image: &[u8]) -> Result<Vec<u8>, Error> {
    convert_checking_scans_with(image, &Limits::default()).map(|(bytes, _)| bytes)
}

/// As [`convert_checking_scans`], under other limits.
pub(crate) fn convert_checking_scans_with(image: &[u8], limits: &Limits) -> Result<(Vec<u8>, Report), Error> {
    let mut options = Options::default();
    options.check_scans = true;
    let mut bytes = Vec::new();
    let report = convert([Source::new(image)], &mut bytes, &options, limits, &Cancel::new())?;
    Ok((bytes, report))
}

/// Converts one image; a PDF that comes of it is checked.
pub(crate) fn convert_with(image: &[u8], limits: &Limits) -> Result<(Vec<u8>, Report), Error> {
    let mut bytes = Vec::new();
    let report = convert([Source::new(image)], &mut bytes, &Options::default(), limits, &Cancel::new())?;
    pdf::check(&bytes);
    assert_eq!(report.bytes, bytes.len() as u64);
    Ok((bytes, report))
}

/// Checks that an image is refused, by this kind of error, with a message that holds `why` and reads as one.
pub(crate) fn refused(name: &str, image: &[u8], kind: &str, why: &str) {
    match convert_one(image) {
        Ok(_) => panic!("{name}: converted"),
        Err(error) => {
            let (found, detail) = (kind_of(&error), error.to_string());
            assert_eq!(found, kind, "{name}: {detail}");
            assert!(detail.contains(why), "{name}: {detail:?} does not say {why:?}");
            assert_eq!(error.index(), Some(0), "{name}");
        }
    }
}

/// The variant's name.
pub(crate) fn kind_of(error: &Error) -> &'static str {
    match error {
        Error::Unsupported { .. } => "Unsupported",
        Error::Malformed { .. } => "Malformed",
        Error::TooLarge { .. } => "TooLarge",
        Error::Cancelled => "Cancelled",
        Error::Source { .. } => "Source",
        Error::Sink(_) => "Sink",
        _ => "another",
    }
}

/// Checks that an image that is cut anywhere is refused as broken, where the cut leaves something out.
/// Large files are cut at the beginning, at the end, and at a few hundred places between.
pub(crate) fn refused_when_cut(name: &str, image: &[u8], significant: usize) {
    let step = significant.div_ceil(400).max(1);
    let cuts = (0..significant).step_by(step).chain(significant.saturating_sub(20)..significant);
    for cut in cuts {
        match convert_one(&image[..cut]) {
            Err(Error::Malformed { detail, .. }) => assert!(!detail.is_empty()),
            other => panic!("{name} cut after {cut} of {significant} bytes: {other:?}"),
        }
    }
}
