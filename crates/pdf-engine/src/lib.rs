//! Image bytes to PDF bytes: lossless, streaming, checked.
//!
//! [`convert`] reads each image forward and writes the PDF forward. What PDF can hold as it is, it copies,
//! in memory that does not grow with the image; and it checks what it copies, so that a broken image becomes
//! an [`Error`] and never a PDF that no viewer opens. It opens no files, reads no clock and no environment,
//! and logs nothing: its caller does.

mod cancel;
mod deflate;
mod document;
mod embed;
mod error;
mod format;
mod inflate;
mod input;
mod jpeg;
mod limits;
mod mask;
mod metadata;
mod options;
mod page;
mod png;
mod report;
mod source;

use std::io::Write;

use document::Document;
use embed::Context;
use error::Fault;
use input::Input;

pub use cancel::Cancel;
pub use error::Error;
pub use format::Format;
pub use limits::Limits;
pub use options::Options;
pub use report::{Embedding, PageReport, Report};
pub use source::Source;

/// Converts images to one PDF, a page each, in order.
///
/// Sources are taken one at a time, each when the one before is done, so an iterator may open them late.
/// The same images and options give the same bytes. `sink` need not be buffered; it is flushed at the end.
/// On an error, what was written is no PDF and must be discarded.
pub fn convert<'a>(
    sources: impl IntoIterator<Item = Source<'a>>,
    sink: &mut dyn Write,
    options: &Options,
    limits: &Limits,
    cancel: &Cancel,
) -> Result<Report, Error> {
    let mut document = Document::begin(sink, cancel).map_err(|fault| fault.at(0))?;
    let mut pages = Vec::new();
    for (index, source) in sources.into_iter().enumerate() {
        let mut input = Input::new(source, cancel);
        let mut context = Context { index, options, limits, warnings: Vec::new() };
        let page = embed(&mut input, &mut document, &mut context).map_err(|fault| fault.at(index))?;
        pages.push(page);
    }
    let Some(last) = pages.len().checked_sub(1) else { return Err(Error::NoSource) };
    let bytes = document.finish().map_err(|fault| fault.at(last))?;
    Ok(Report { pages, bytes })
}

fn embed(
    input: &mut Input<'_>,
    document: &mut Document<'_>,
    context: &mut Context<'_>,
) -> Result<PageReport, Fault> {
    match input.sniff()? {
        Format::Jpeg => jpeg::embed(input, document, context),
        Format::Png => png::embed(input, document, context),
    }
}
