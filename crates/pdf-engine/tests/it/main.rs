//! The integration tests of `pdf-engine`, one binary.
#![expect(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    clippy::float_cmp,
    reason = "helpers fail as tests do, the images made here are small, and sizes are exact by design"
)]

mod support;

/// Animated PNG: what each frame's page shows, what is refused.
mod animation;
/// AVIF: what is decoded, what is refused.
mod avif;
/// Sequences of AVIF: a page a picture, and what is refused.
mod avif_sequence;
/// The folder in `IMAGE_CORPUS`, compared by programs that are not ours.
mod corpus;
/// Every PDF read back by programs that are not ours.
mod foreign;
/// What fuzzing found, each kept as a test.
mod fuzzed;
/// JBIG2: what is copied, what is refused.
mod jbig2;
/// JPEG: what is copied, what is refused.
mod jpeg;
/// JPEG 2000: what is copied, what is refused.
mod jpeg2000;
/// JPEG XL: what is decoded, what is refused.
mod jpegxl;
/// Where images lie on their pages.
mod layout;
/// Each limit, at it and one past it.
mod limits;
/// Several images at the same time.
mod parallel;
/// JPEG with several pictures: which become pages, which are left out.
mod pictures;
/// PNG: what is copied, split, packed, refused.
mod png;
/// Any bytes at all: never a panic, never a broken PDF.
mod properties;
/// Sources and sinks that are slow, broken, cancelled or many.
mod stream;
/// TIFF: what is turned, joined, refused.
mod tiff;
/// TIFF in Zstandard and xz: what is refused, and how much memory it takes.
mod tiff_windowed;
