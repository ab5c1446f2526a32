//! The header chunk: size, colour type, depth (ISO/IEC 15948, section 11.2.2).

use super::chunk::{Chunks, Kind};
use crate::{document::Space, error::Fault};

/// What IHDR says.
#[derive(Debug, Clone, Copy)]
pub(super) struct Header {
    pub(super) width: u32,
    pub(super) height: u32,
    /// Bits of a sample, or of a palette index.
    pub(super) bits: u8,
    pub(super) color: ColorType,
    pub(super) interlaced: bool,
}

/// What a pixel consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ColorType {
    Gray,
    Rgb,
    Indexed,
    GrayAlpha,
    Rgba,
}

impl ColorType {
    pub(super) fn has_alpha(self) -> bool {
        matches!(self, Self::GrayAlpha | Self::Rgba)
    }

    /// Samples of a pixel, alpha among them.
    pub(super) fn channels(self) -> u8 {
        match self {
            Self::Gray | Self::Indexed => 1,
            Self::GrayAlpha => 2,
            Self::Rgb => 3,
            Self::Rgba => 4,
        }
    }

    /// The space of the colours, or of the palette's.
    pub(super) fn space(self) -> Space {
        match self {
            Self::Gray | Self::GrayAlpha => Space::Gray,
            Self::Rgb | Self::Rgba | Self::Indexed => Space::Rgb,
        }
    }
}

impl Header {
    /// Reads the chunk that must be the first.
    pub(super) fn read(chunks: &mut Chunks<'_, '_>) -> Result<Self, Fault> {
        match chunks.next()? {
            Kind(b) if b == *b"IHDR" => {}
            Kind(b) if b == *b"CgBI" => {
                return Err(Fault::unsupported(
                    "the PNG is in Apple's own variant for iOS (CgBI), which no other program reads; export it as a PNG",
                ));
            }
            _ => return Err(chunks.fault("comes where the header IHDR must be")),
        }
        let [w0, w1, w2, w3, h0, h1, h2, h3, bits, color, compression, filter, interlace] =
            chunks.read_array()?;
        let width = u32::from_be_bytes([w0, w1, w2, w3]);
        let height = u32::from_be_bytes([h0, h1, h2, h3]);
        if width == 0 || height == 0 {
            return Err(chunks.fault("claims an image without pixels"));
        }
        let Some(color) = color_type(color, bits) else {
            return Err(chunks.fault(format_args!("has an impossible colour type {color} with {bits} bits")));
        };
        if compression != 0 || filter != 0 || interlace > 1 {
            return Err(chunks.fault("names a compression, filter or interlace method that does not exist"));
        }
        Ok(Self { width, height, bits, color, interlaced: interlace == 1 })
    }

    /// Samples of a pixel that are colours, or an index.
    pub(super) fn color_channels(&self) -> usize {
        usize::from(self.color.channels()) - usize::from(self.color.has_alpha())
    }

    fn bits_per_pixel(&self) -> u64 {
        u64::from(self.bits) * u64::from(self.color.channels())
    }

    /// Bytes of a row of so many pixels, without its filter.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a row within any limit fits: sides are checked first"
    )]
    pub(super) fn row_bytes(&self, width: u32) -> usize {
        (u64::from(width) * self.bits_per_pixel()).div_ceil(8) as usize
    }

    /// How far apart the bytes are that filters relate.
    pub(super) fn filter_distance(&self) -> usize {
        usize::from(self.bits) * usize::from(self.color.channels()) / 8 + usize::from(self.bits < 8)
    }
}

/// The colour type of this number, where it may have so many bits.
fn color_type(number: u8, bits: u8) -> Option<ColorType> {
    let (color, depths): (_, &[u8]) = match number {
        0 => (ColorType::Gray, &[1, 2, 4, 8, 16]),
        2 => (ColorType::Rgb, &[8, 16]),
        3 => (ColorType::Indexed, &[1, 2, 4, 8]),
        4 => (ColorType::GrayAlpha, &[8, 16]),
        6 => (ColorType::Rgba, &[8, 16]),
        _ => return None,
    };
    depths.contains(&bits).then_some(color)
}
