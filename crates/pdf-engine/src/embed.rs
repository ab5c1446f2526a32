//! What the formats need of each other's surroundings: options, limits, warnings, and the page at the end.

use crate::{
    Limits, Options,
    document::{Document, Ref},
    error::Fault,
    page::{Orientation, Page},
};

/// What is known while one source is converted.
pub(crate) struct Context<'a> {
    /// Which of the sources, from 0.
    pub(crate) index: usize,
    pub(crate) options: &'a Options,
    pub(crate) limits: &'a Limits,
    pub(crate) warnings: Vec<String>,
}

impl Context<'_> {
    /// Notes what was left out or mended.
    pub(crate) fn warn(&mut self, warning: impl Into<String>) {
        self.warnings.push(warning.into());
    }
}

/// Writes the page that shows an image; tells its size in points.
pub(crate) fn shown(
    document: &mut Document<'_>,
    context: &mut Context<'_>,
    (width, height): (u32, u32),
    dpi: [f64; 2],
    orientation: Orientation,
    image: Ref,
) -> Result<[f64; 2], Fault> {
    let page = Page::new(width, height, dpi, orientation);
    if page.padded {
        context.warn("the image has a margin: PDF readers refuse pages with a side below 3 points");
    }
    document.page(&page, image)?;
    Ok(page.points())
}
