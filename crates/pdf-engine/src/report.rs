//! What a conversion tells about its result.

use crate::{Error, Format};

/// What was made of all sources.
#[derive(Debug)]
#[non_exhaustive]
pub struct Report {
    /// One for each page, in order.
    pub pages: Vec<PageReport>,
    /// Length of the PDF.
    pub bytes: u64,
    /// Why sources were left out, in order; only where [`Options::skip_failed`](crate::Options::skip_failed) says so.
    pub skipped: Vec<Error>,
}

/// What was made of one image.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct PageReport {
    /// Which of the sources, from 0.
    pub index: usize,
    /// Which frame of the source, from 0.
    pub frame: usize,
    /// What the source is.
    pub format: Format,
    /// Pixels in a stored row.
    pub width: u32,
    /// Stored rows.
    pub height: u32,
    /// Bits of each sample, as stored and as embedded.
    pub bits_per_sample: u8,
    /// Width and height of the page in points (1/72 inch), as it is seen: of its crop box, where it has one.
    pub page_points: [f64; 2],
    /// How the samples came into the PDF.
    pub embedding: Embedding,
    /// Whether the PDF holds exactly the samples of the source.
    pub lossless: bool,
    /// Whether the page has transparency, by a soft mask or a colour key.
    pub transparency: bool,
    /// What was left out or mended, each a sentence for a person.
    pub warnings: Vec<String>,
}

/// How an image's samples came into the PDF.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Embedding {
    /// The compressed bytes of the source, as they are.
    Copied,
    /// The source, parted into colour and soft mask without decoding: filtered rows, which are compressed again, or packets
    /// of JPEG 2000, which stay as they are.
    Split,
    /// Decoded, and compressed again without loss.
    Packed,
}
