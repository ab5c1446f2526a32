//! What the caller may choose about the output.

use std::str::FromStr;

use crate::{Layout, Metadata, UnknownWord, Viewer, page};

/// What the PDF is to be like; the default suits most.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct Options {
    /// Dots per inch of an image that states none, or an absurd one. Default 96, as on screens.
    pub dpi_default: Dpi,
    /// Whether only the first frame of an animation, page of a TIFF or picture of a JPEG that has several becomes a page. Default false.
    pub first_frame_only: bool,
    /// Whether a source that cannot be read or converted is left out, with all its frames, and told in
    /// [`Report::skipped`](crate::Report::skipped). Default false: it ends the conversion.
    pub skip_failed: bool,
    /// Whether the codes of a JPEG's scans are read while they are copied, so that damage within them is an error. Default
    /// false: it takes many times as long as copying alone, and of a progressive JPEG a bit of memory for each coefficient, under
    /// [`Limits::decoded_bytes_max`](crate::Limits::decoded_bytes_max).
    pub check_scans: bool,
    /// How images lie on their pages.
    pub layout: Layout,
    /// What the PDF says of itself.
    pub metadata: Metadata,
    /// How viewers open the PDF.
    pub viewer: Viewer,
    /// The kind of PDF/A that the PDF keeps to; an image that cannot be in one is then an error. Default none.
    pub pdfa: Option<PdfA>,
}

/// A kind of PDF for archives, of conformance level B: what is seen does not depend on where it is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PdfA {
    /// PDF/A-2b, ISO 19005-2.
    A2b,
    /// PDF/A-3b, ISO 19005-3: the same, but that files of any kind may be attached, which here none are.
    A3b,
}

impl PdfA {
    /// What its values are called.
    pub const WORDS: &[&str] = &["2b", "3b"];

    /// Which part of ISO 19005 it is.
    pub(crate) fn part(self) -> u8 {
        match self {
            Self::A2b => 2,
            Self::A3b => 3,
        }
    }
}

impl FromStr for PdfA {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.to_ascii_lowercase().as_str() {
            "2b" => Ok(Self::A2b),
            "3b" => Ok(Self::A3b),
            _ => Err(UnknownWord(Self::WORDS)),
        }
    }
}

/// Dots per inch, from 1 to 100,000.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dpi(pub(crate) f64);

/// A density that was not understood, or that no image has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be dots per inch, from 1 to 100,000")]
pub struct ParseDpiError;

impl Default for Dpi {
    fn default() -> Self {
        Self(96.0)
    }
}

impl FromStr for Dpi {
    type Err = ParseDpiError;

    /// Reads a decimal number, with `dpi` behind it or not.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim().to_ascii_lowercase();
        let number = text.strip_suffix("dpi").unwrap_or(&text).trim_end();
        let is_plain = number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        let number: f64 = number.parse().map_err(|_| ParseDpiError)?;
        if is_plain && page::DPI.contains(&number) { Ok(Self(number)) } else { Err(ParseDpiError) }
    }
}

impl Options {
    /// Why no PDF could be made so, whatever the images are; `None` where one can.
    pub fn fault(&self) -> Option<String> {
        self.layout.fault().or_else(|| self.metadata.fault(self.pdfa))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn densities_are_decimal_numbers_within_reason() {
        for (text, expected) in [("1", 1.0), ("100000", 100_000.0), ("72.5", 72.5), (" 300 DPI ", 300.0)] {
            assert_eq!(text.parse(), Ok(Dpi(expected)), "{text}");
        }
        for text in ["", "dpi", "0", "0.99", "100000.1", "-72", "nan", "inf", "1e3", "72dpc", "300x300"] {
            assert!(text.parse::<Dpi>().is_err(), "{text}");
        }
    }
}
