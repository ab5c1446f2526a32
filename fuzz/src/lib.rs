//! What every fuzz target asks of the engine: not only that it survives, but that its answer holds together.
//!
//! An input becomes an image of the target's format and is converted twice, whole and in small pieces. Both must
//! end alike: in a PDF whose structure holds together and whose length is the reported one, or in one of the errors that
//! blame the source, with a detail to read.

pub mod any;
mod panics;
/// The reader of PDFs that the engine's own tests have.
#[allow(dead_code, reason = "the tests read more of a PDF than is looked at here")]
#[path = "../../crates/pdf-engine/tests/it/support/pdf.rs"]
mod pdf;
mod png;

use std::io::BufReader;

use pdf_engine::{Cancel, Error, Format, Limits, Options, Report, Source, convert};

/// What files of a format begin with; an input that begins otherwise is made to. A new format is a line here, and a target.
const MAGIC: &[(Format, &[&[u8]])] = &[
    (Format::Avif, &[b"\0\0\0\x1cftypavif", b"\0\0\0\x1cftypavis"]),
    (Format::Bmp, &[b"BM"]),
    (Format::Farbfeld, &[b"farbfeld"]),
    (Format::Gif, &[b"GIF89a", b"GIF87a"]),
    (Format::Ico, &[b"\0\0\x01\0", b"\0\0\x02\0\x01\0"]),
    (Format::Jbig2, &[b"\x97JB2\r\n\x1a\n"]),
    (Format::Jpeg, &[b"\xff\xd8\xff"]),
    (Format::JpegXl, &[b"\xff\x0a", b"\0\0\0\x0cJXL \r\n\x87\n"]),
    (Format::Jpeg2000, &[b"\0\0\0\x0cjP  \r\n\x87\n", b"\xff\x4f\xff\x51"]),
    (Format::Png, &[b"\x89PNG\r\n\x1a\n"]),
    (
        Format::Pnm,
        &[
            b"P1\n", b"P2\n", b"P3\n", b"P4\n", b"P5\n", b"P6\n", b"P7\n", b"P1 ", b"P2 ", b"P3 ", b"P4 ",
            b"P5 ", b"P6 ",
        ],
    ),
    (Format::Qoi, &[b"qoif"]),
    // It has no mark: what is taken for something else says nothing about TGA, but is converted all the same.
    (Format::Tga, &[]),
    (Format::Tiff, &[b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"]),
    (Format::Webp, &[b"RIFF"]),
];

/// Tight, so that an input takes milliseconds: none of it makes another path through the engine.
pub(crate) fn limits() -> Limits {
    Limits {
        pixels_max: 1 << 18,
        decoded_bytes_max: 8 << 20,
        decoded_pixels_max: 1 << 20,
        spool_bytes_max: 1 << 20,
        frames_max: 64,
        mask_bytes_max: 1 << 20,
        icc_bytes_max: 1 << 18,
        metadata_bytes_max: 1 << 18,
        scans_max: 20,
        ..Limits::default()
    }
}

/// Converts an image of this format.
pub fn check_format(format: Format, data: &[u8]) {
    let image = begin_as(format, data);
    let mut options = Options::default();
    // By turns, but not those of the pieces' lengths: what is only copied comes further.
    options.check_scans = (image.len() / 4).is_multiple_of(2);
    if let Ok(report) = check(&[&image], &options)
        && format != Format::Tga
    {
        assert!(report.pages.iter().all(|page| page.format == format), "another format: {report:?}");
    }
}

/// Converts a PNG whose checksums are mostly right, so that what is wrong lies deeper.
pub fn check_png(data: &[u8]) {
    check_format(Format::Png, &png::mended(&begin_as(Format::Png, data)));
}

/// The data with the beginning of the format.
fn begin_as(format: Format, data: &[u8]) -> Vec<u8> {
    let mut image = data.to_vec();
    let (_, magics) =
        MAGIC.iter().find(|(known, _)| *known == format).expect("every target's format is listed");
    if !magics.iter().any(|magic| data.starts_with(magic))
        && let Some(choice) = data.first()
        && let Some(magic) = magics.get(usize::from(*choice) % magics.len().max(1))
    {
        image.resize(image.len().max(magic.len()), 0);
        image[..magic.len()].copy_from_slice(magic);
    }
    if format == Format::Webp {
        image.resize(image.len().max(12), 0);
        image[8..12].copy_from_slice(b"WEBP");
        // Most changes of length would otherwise end at the one check of it.
        if data.len().is_multiple_of(2) {
            let length = u32::try_from(image.len() - 8).unwrap_or(u32::MAX);
            image[4..8].copy_from_slice(&length.to_le_bytes());
        }
    }
    image
}

/// Converts twice, compares, and looks at the result.
pub(crate) fn check(images: &[&[u8]], options: &Options) -> Result<Report, Error> {
    panics::watch();
    let (whole, pdf) = run(images, options, usize::MAX);
    // By turns, as each costs: the length changes often.
    let piece = [1, 7, 512, usize::MAX][images.iter().map(|image| image.len()).sum::<usize>() % 4];
    let (again, pdf_again) = run(images, options, piece);
    match (&whole, &again) {
        (Ok(report), Ok(other)) => {
            assert!(pdf == pdf_again, "another PDF where the image arrives by {piece} bytes");
            assert_eq!(report.pages, other.pages, "other pages by {piece} bytes");
            let left_out = |report: &Report| report.skipped.iter().map(Error::index).collect::<Vec<_>>();
            assert_eq!(left_out(report), left_out(other), "others are left out by {piece} bytes");
            look_at_report(report, &pdf, images.len());
        }
        (Err(error), Err(other)) => {
            // Of several faults, the one that is met first may be another where the pieces are.
            let same = piece != usize::MAX || format!("{error:?}") == format!("{other:?}");
            assert!(same, "another error: {error:?}; {other:?}");
            look_at_error(error, images.len());
            look_at_error(other, images.len());
        }
        _ => panic!("whole: {whole:?}; by {piece} bytes: {again:?}"),
    }
    whole
}

fn run(images: &[&[u8]], options: &Options, piece: usize) -> (Result<Report, Error>, Vec<u8>) {
    let mut pdf = Vec::new();
    let sources = images.iter().map(|image| match piece {
        usize::MAX => Source::new(*image),
        _ => Source::new(BufReader::with_capacity(piece, *image)),
    });
    let result = convert(sources, &mut pdf, options, &limits(), &Cancel::new());
    (result, pdf)
}

fn look_at_report(report: &Report, pdf: &[u8], images: usize) {
    if let Err(why) = pdf::try_check(pdf) {
        panic!("the PDF is broken: {why}");
    }
    assert_eq!(report.bytes, pdf.len() as u64, "the report has another length");
    assert!(!report.pages.is_empty(), "a PDF without a page");
    assert!(report.pages.is_sorted_by_key(|page| (page.index, page.frame)), "pages out of order: {report:?}");
    for page in &report.pages {
        let limits = limits();
        assert!(page.index < images && page.frame < limits.frames_max as usize, "{page:?}");
        let pixels = u64::from(page.width) * u64::from(page.height);
        assert!((1..=limits.pixels_max).contains(&pixels), "{page:?}");
        assert!((1..=38).contains(&page.bits_per_sample), "{page:?}");
        assert!(page.page_points.iter().all(|side| side.is_finite() && *side > 0.0), "{page:?}");
        assert!(page.warnings.iter().all(|warning| !warning.is_empty()), "{page:?}");
    }
    for error in &report.skipped {
        look_at_error(error, images);
        assert!(report.pages.iter().all(|page| Some(page.index) != error.index()), "a page of what failed");
    }
}

/// The sink never fails, nothing cancels and no budget is shared: only the source can be to blame.
fn look_at_error(error: &Error, images: usize) {
    match error {
        Error::Unsupported { index, detail } | Error::Malformed { index, detail } => {
            assert!(*index < images && !detail.is_empty(), "{error:?}");
        }
        Error::TooLarge { index, limit, detail, .. } => {
            assert!(*index < images && !detail.is_empty(), "{error:?}");
            assert!(format!("{:?}", limits()).contains(limit) || *limit == "pdf_bytes_max", "{error:?}");
        }
        Error::Sources(errors) => {
            assert_eq!(errors.len(), images, "{error:?}");
            errors.iter().for_each(|error| look_at_error(error, images));
        }
        Error::Layout { detail } => assert!(!detail.is_empty(), "{error:?}"),
        _ => panic!("nothing gives reason for {error:?}"),
    }
}
