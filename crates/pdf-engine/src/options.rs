//! What the caller may choose about the output.

use crate::{Layout, Metadata};

/// What the PDF is to be like; the default suits most.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Options {
    /// Dots per inch of an image that states none, or an absurd one. Default 96, as on screens.
    pub dpi_default: f64,
    /// Whether only the first frame of an animation, or page of a TIFF, becomes a page. Default false.
    pub first_frame_only: bool,
    /// Whether a source that cannot be read or converted is left out, with all its frames, and told in
    /// [`Report::skipped`](crate::Report::skipped). Default false: it ends the conversion.
    pub skip_failed: bool,
    /// How images lie on their pages.
    pub layout: Layout,
    /// What the PDF says of itself.
    pub metadata: Metadata,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            dpi_default: 96.0,
            first_frame_only: false,
            skip_failed: false,
            layout: Layout::default(),
            metadata: Metadata::default(),
        }
    }
}
