//! What one conversion may cost, at most.

use crate::{
    Memory,
    error::{Count, Fault},
};

/// Limits of a conversion, each tested before the memory or the time is spent.
///
/// What is only copied costs no memory, so its limits ([`pixels_max`](Self::pixels_max) and
/// [`side_pixels_max`](Self::side_pixels_max)) are wide; what must be decoded is held in memory whole and
/// has a limit of its own, [`decoded_bytes_max`](Self::decoded_bytes_max).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Width times height of one image. Default 1,000,000,000: large scans have 400 million, and inflating
    /// this many to check them takes some seconds.
    pub pixels_max: u64,
    /// Width, and height, of one image. Default 131,071: `PDFium`, and so Chromium, draws no longer side.
    pub side_pixels_max: u32,
    /// Bytes of samples held at once where an image must be decoded. Default 256 MiB: an interlaced PNG of
    /// 67 megapixels with alpha. JBIG2, which is decoded to check it, takes a bit a pixel, or two. A progressive JPEG
    /// whose scans are checked takes a bit a coefficient, 1.5 a pixel for most; where that is more, those of its scans that refine
    /// coefficients are not checked, and the report says so.
    pub decoded_bytes_max: u64,
    /// Pixels that are decoded over all frames of a source of up to 32 MiB; for each 16 MiB of a longer one. Default
    /// 1,000,000,000: as for one image; pages that are only copied do not count. Those of JBIG2 do, and each byte of it may
    /// make 1,024 more.
    pub decoded_pixels_max: u64,
    /// Bytes of a source that must be held whole, because its parts refer to each other. Default 256 MiB: scans
    /// of many pages have that.
    pub spool_bytes_max: u64,
    /// Frames of one source: the pages of a TIFF, the pictures of an animation. Default 10,000.
    pub frames_max: u32,
    /// Bytes of a compressed soft mask, which waits in memory until the colours are written. Default 64 MiB:
    /// real masks are mostly runs, and noise of this size is 64 megapixels.
    pub mask_bytes_max: u64,
    /// Bytes of an ICC profile, decompressed. Default 4 MiB: the largest in common use, for printing with
    /// inks, have half of that.
    pub icc_bytes_max: u64,
    /// Bytes before a JPEG's first scan, or of a PNG's Exif chunk: they wait in memory. Default 16 MiB: phones
    /// put depth maps of several megabytes there.
    pub metadata_bytes_max: u64,
    /// Scans of a JPEG. Default 200: real progressive files have about ten, and each one costs a reader a pass
    /// over the whole image.
    pub scans_max: u32,
    /// Who else is to be asked before memory is held, where several conversions share it. Default nobody.
    pub memory: Memory,
}

impl Limits {
    /// Whether an image of this size is taken at all.
    pub(crate) fn check_size(&self, format: &str, width: u32, height: u32) -> Result<(), Fault> {
        let [across, down] = [width, height].map(|side| Count(u64::from(side)));
        if width.max(height) > self.side_pixels_max {
            let max = u64::from(self.side_pixels_max);
            let what = format!("the {format} has {across} × {down} pixels, and a side");
            return Err(Fault::too_large("side_pixels_max", max, what));
        }
        if u64::from(width) * u64::from(height) > self.pixels_max {
            let what = format!("the {format} has {across} × {down} pixels, and in all");
            return Err(Fault::too_large("pixels_max", self.pixels_max, what));
        }
        Ok(())
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            pixels_max: 1_000_000_000,
            side_pixels_max: 131_071,
            decoded_bytes_max: 256 << 20,
            decoded_pixels_max: 1_000_000_000,
            spool_bytes_max: 256 << 20,
            frames_max: 10_000,
            mask_bytes_max: 64 << 20,
            icc_bytes_max: 4 << 20,
            metadata_bytes_max: 16 << 20,
            scans_max: 200,
            memory: Memory::default(),
        }
    }
}
