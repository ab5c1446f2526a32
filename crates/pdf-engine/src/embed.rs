//! What the formats need of each other's surroundings: options, limits, warnings, and the page at the end.

use std::{cell::Cell, rc::Rc};

use crate::{
    Embedding, Format, Limits, Options, PageReport,
    document::{Document, Ref, Space},
    error::{Count, Fault},
    input::Input,
    metadata::icc,
    page::{self, Density, Orientation, Page},
};

/// What is known while one source is converted.
pub(crate) struct Context<'a> {
    /// Which of the sources, from 0.
    pub(crate) index: usize,
    pub(crate) options: &'a Options,
    pub(crate) limits: &'a Limits,
    /// Those of the page under way.
    warnings: Vec<String>,
    /// Whether samples of the page under way are others than the source's.
    is_changed: bool,
    /// The pages that are done, one a frame.
    pub(crate) pages: Vec<PageReport>,
    /// Pixels that were decoded for them.
    decoded_pixels: u64,
    /// How much of the source was read.
    read_bytes: Rc<Cell<u64>>,
}

/// A source of this length may have [`Limits::decoded_pixels_max`], one of twice this length twice as many, and so on: who sends
/// much may cause much work.
const SOURCE_BYTES: u64 = 16 << 20;

/// An image that is in the document and wants a page.
pub(crate) struct Shown<'a> {
    pub(crate) image: Ref,
    pub(crate) format: Format,
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) bits_per_sample: u8,
    /// What the file says of its density, what is to be believed first.
    pub(crate) densities: &'a [Option<Density>],
    pub(crate) orientation: Orientation,
    pub(crate) embedding: Embedding,
    pub(crate) transparency: bool,
}

impl<'a> Context<'a> {
    pub(crate) fn new(index: usize, input: &Input<'_>, options: &'a Options, limits: &'a Limits) -> Self {
        Self {
            index,
            options,
            limits,
            warnings: Vec::new(),
            pages: Vec::new(),
            decoded_pixels: 0,
            is_changed: false,
            read_bytes: input.read_bytes(),
        }
    }

    /// Notes what was left out or mended.
    pub(crate) fn warn(&mut self, warning: impl Into<String>) {
        self.warnings.push(warning.into());
    }

    /// Notes what was left out behind the page that was shown last.
    pub(crate) fn warn_shown(&mut self, warning: impl Into<String>) {
        if let Some(page) = self.pages.last_mut() {
            page.warnings.push(warning.into());
        }
    }

    /// Notes why samples are no more those of the source.
    pub(crate) fn change(&mut self, why: impl Into<String>) {
        self.is_changed = true;
        self.warn(why);
    }

    /// Whether a further frame, where there is one, becomes a page; an error where there may be no further one.
    pub(crate) fn wants_frame(&self, format: Format) -> Result<bool, Fault> {
        if self.options.first_frame_only && !self.pages.is_empty() {
            return Ok(false);
        }
        if self.pages.len() as u64 >= u64::from(self.limits.frames_max) {
            return Err(self.too_many_frames(format));
        }
        Ok(true)
    }

    /// How many frames of so many become pages; an error where that is more than may be.
    pub(crate) fn wanted_frames(&self, format: Format, count: u32) -> Result<u32, Fault> {
        let wanted = if self.options.first_frame_only { count.min(1) } else { count };
        if wanted > self.limits.frames_max {
            return Err(self.too_many_frames(format));
        }
        Ok(wanted)
    }

    fn too_many_frames(&self, format: Format) -> Fault {
        let max = u64::from(self.limits.frames_max);
        Fault::too_large("frames_max", max, format_args!("the {format} has too many frames: it"))
    }

    /// Checks the size of an image that must be decoded, and that the source has not cost too much already.
    pub(crate) fn check_decoded(&mut self, format: Format, width: u32, height: u32) -> Result<(), Fault> {
        self.limits.check_size(format.name(), width, height)?;
        self.decoded_pixels += u64::from(width) * u64::from(height);
        let lengths = (self.read_bytes.get() / SOURCE_BYTES).max(1);
        let max = self.limits.decoded_pixels_max.saturating_mul(lengths);
        if self.decoded_pixels > max {
            let what = format!(
                "the {format} has {} pixels in its frames until this one, and all that are decoded",
                Count(self.decoded_pixels)
            );
            return Err(Fault::too_large("decoded_pixels_max", max, what));
        }
        Ok(())
    }

    /// Writes a colour profile, where it fits samples of `space`; where not, the report says why.
    pub(crate) fn profile(
        &mut self,
        document: &mut Document<'_>,
        format: Format,
        profile: &[u8],
        space: Space,
    ) -> Result<Option<Ref>, Fault> {
        if profile.len() as u64 > self.limits.icc_bytes_max {
            let what =
                format_args!("the {format}'s colour profile has {} bytes and", Count(profile.len() as u64));
            return Err(Fault::too_large("icc_bytes_max", self.limits.icc_bytes_max, what));
        }
        match icc::unfit(profile, space) {
            Some(reason) => {
                self.warn(format!("the colour profile is left out: {reason}"));
                Ok(None)
            }
            None => document.profile(profile, space, false).map(Some),
        }
    }

    /// Writes the page that shows an image, and notes it for the report.
    pub(crate) fn show(&mut self, document: &mut Document<'_>, shown: &Shown<'_>) -> Result<(), Fault> {
        let dpi = page::dpi(shown.densities, self.options.dpi_default);
        let page = Page::new(shown.width, shown.height, dpi, shown.orientation, &self.options.layout)?;
        if page.padded {
            self.warn("the page has a margin: PDF readers refuse pages with a side below 3 points");
        }
        document.page(&page, shown.image)?;
        self.pages.push(PageReport {
            index: self.index,
            frame: self.pages.len(),
            format: shown.format,
            width: shown.width,
            height: shown.height,
            bits_per_sample: shown.bits_per_sample,
            page_points: page.points(),
            embedding: shown.embedding,
            lossless: !std::mem::take(&mut self.is_changed),
            transparency: shown.transparency,
            warnings: std::mem::take(&mut self.warnings),
        });
        Ok(())
    }
}
