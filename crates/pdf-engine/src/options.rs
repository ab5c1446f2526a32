//! What the caller may choose about the output.

/// How images are laid out; the default suits most.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Options {
    /// Dots per inch of an image that states none, or an absurd one. Default 96, as on screens.
    pub dpi_default: f64,
}

impl Default for Options {
    fn default() -> Self {
        Self { dpi_default: 96.0 }
    }
}
