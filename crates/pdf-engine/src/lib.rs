//! Image bytes to PDF bytes: lossless, streaming, checked.
//!
//! [`convert`] reads each image forward and writes the PDF forward. What PDF can hold as it is, it copies,
//! in memory that does not grow with the image; and it checks what it copies, so that a broken image becomes
//! an [`Error`] and never a PDF that no viewer opens. It opens no files, reads no clock and no environment,
//! and logs nothing: its caller does.

mod cancel;
mod error;
mod format;
mod input;
mod limits;
mod options;
mod report;
mod source;

use std::io::Write;

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
    let _ = (sink, options, limits);
    let mut pages = Vec::new();
    for (index, source) in sources.into_iter().enumerate() {
        let page: PageReport = embed(index, source, cancel).map_err(|fault| fault.at(index))?;
        pages.push(page);
    }
    if pages.is_empty() { Err(Error::NoSource) } else { Ok(Report { pages, bytes: 0 }) }
}

fn embed(_index: usize, source: Source<'_>, cancel: &Cancel) -> Result<PageReport, Fault> {
    let mut input = Input::new(source, cancel);
    input.sniff()?;
    Err(Fault::unsupported("not yet"))
}
