//! Image bytes to PDF bytes: lossless, streaming, checked.
//!
//! [`convert`] reads each image forward and writes the PDF forward. What PDF can hold as it is, it copies,
//! in memory that does not grow with the image; and it checks what it copies, so that a broken image becomes
//! an [`Error`] and never a PDF that no viewer opens. It opens no files, reads no clock and no environment,
//! and logs nothing: its caller does.

mod avif;
mod bmp;
mod boxes;
mod cancel;
mod decoder;
mod deflate;
mod document;
mod embed;
mod error;
mod farbfeld;
mod format;
mod gif;
mod ico;
mod inflate;
mod input;
mod jbig2;
mod jpeg;
mod jpeg2000;
mod jpegxl;
mod layout;
mod limits;
mod memory;
mod metadata;
mod options;
mod pack;
mod page;
mod parallel;
mod png;
mod pnm;
mod qoi;
mod report;
mod source;
mod spool;
mod tga;
mod tiff;
mod webp;

use std::io::Write;

use document::Document;
use embed::Context;
use error::Fault;
use input::Input;

pub use cancel::Cancel;
pub use document::{
    Date, Magnification, Metadata, PageLayout, PageNumber, Panes, ParseDateError, ParseMagnificationError,
    ParsePageNumberError, ParseTextError, Text, Viewer, Zoom,
};
pub use error::Error;
pub use format::Format;
pub use layout::{
    Align, Border, Boundaries, Extent, Fit, ImageSize, Layout, PageSize, ParseSizeError, Rotation,
    UnknownWord,
};
pub use limits::Limits;
pub use memory::{Budget, Memory, Purpose};
pub use options::{Dpi, Options, ParseDpiError, PdfA};
pub use parallel::convert_parallel;
pub use report::{Embedding, PageReport, Report};
pub use source::Source;

/// Converts images to one PDF in order, a page for each of their frames.
///
/// Sources are taken one at a time, each when the one before is done, so an iterator may open them late.
/// The same images and options give the same bytes. `sink` need not be buffered; it is flushed at the end.
/// On an error, what was written is no PDF and must be discarded. With [`Options::skip_failed`], a source that fails
/// is left out instead; where none is left, [`Error::Sources`] has the errors of all.
pub fn convert<'a>(
    sources: impl IntoIterator<Item = Source<'a>>,
    sink: &mut dyn Write,
    options: &Options,
    limits: &Limits,
    cancel: &Cancel,
) -> Result<Report, Error> {
    if let Some(detail) = options.fault() {
        return Err(Error::Layout { detail });
    }
    let mut document = Document::begin(sink, options.pdfa, cancel).map_err(|fault| fault.at(0))?;
    let mut pages = Vec::new();
    let mut skipped = Vec::new();
    for (index, source) in sources.into_iter().enumerate() {
        let mut input = Input::new(source, cancel);
        let mut context = Context::new(index, &input, options, limits);
        let before = document.mark();
        let embedded = embed(&mut input, &mut document, &mut context);
        limits.memory.release();
        match embedded {
            Ok(()) => pages.append(&mut context.pages),
            Err(fault) if options.skip_failed && fault.is_of_one_source() => {
                document.return_to(before).map_err(|fault| fault.at(index))?;
                skipped.push(fault.at(index));
            }
            Err(fault) => return Err(fault.at(index)),
        }
    }
    finish(document, options, pages, skipped)
}

/// Ends a document that has these pages.
fn finish(
    document: Document<'_>,
    options: &Options,
    pages: Vec<PageReport>,
    skipped: Vec<Error>,
) -> Result<Report, Error> {
    let Some(last) = pages.last().map(|page| page.index) else {
        return Err(if skipped.is_empty() { Error::NoSource } else { Error::Sources(skipped) });
    };
    // Whoever does without some sources does without their pages.
    if skipped.is_empty()
        && let Some(detail) = options.viewer.fault(pages.len())
    {
        return Err(Error::Layout { detail });
    }
    let bytes = document.finish(&options.metadata, &options.viewer).map_err(|fault| fault.at(last))?;
    Ok(Report { pages, bytes, skipped })
}

/// Brings what the source shows into the document, a page each.
fn embed(input: &mut Input<'_>, document: &mut Document<'_>, context: &mut Context<'_>) -> Result<(), Fault> {
    let embed = match input.sniff()? {
        Format::Jpeg => jpeg::embed,
        Format::Png => png::embed,
        Format::Webp => webp::embed,
        Format::Gif => gif::embed,
        Format::Tiff => tiff::embed,
        Format::Bmp => bmp::embed,
        Format::Avif => avif::embed,
        Format::Jpeg2000 => jpeg2000::embed,
        Format::Pnm => pnm::embed,
        Format::Ico => ico::embed,
        Format::Tga => tga::embed,
        Format::Jbig2 => jbig2::embed,
        Format::JpegXl => jpegxl::embed,
        Format::Qoi => qoi::embed,
        Format::Farbfeld => farbfeld::embed,
    };
    embed(input, document, context)
}
