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
            layout: Layout::default(),
            metadata: Metadata::default(),
        }
    }
}
