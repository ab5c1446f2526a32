//! The pixels of a BMP, made into rows of samples.

use super::{
    header::{Compression, Header},
    rle,
};
use crate::{
    document::{Color, Document, Ref, Space},
    embed::Context,
    error::Fault,
    pack::{Alpha, Raster, pack, zeroed},
    spool::Spooled,
};

/// Where red, green, blue and alpha lie in a pixel's bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fields([Field; 4]);

/// A run of bits; none where there is no such sample.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Field {
    shift: u32,
    bits: u32,
}

impl Field {
    /// The run of ones of a mask.
    fn of(mask: u32) -> Option<Self> {
        if mask == 0 {
            return Some(Self::default());
        }
        let shift = mask.trailing_zeros();
        let bits = (mask >> shift).trailing_ones();
        // Where there are more ones, they are apart from the first.
        (mask >> shift >> (bits - 1) == 1).then_some(Self { shift, bits })
    }

    fn of_pixel(self, pixel: u32) -> u32 {
        match self.bits {
            0 => 0,
            bits => pixel >> self.shift & (u32::MAX >> (32 - bits)),
        }
    }
}

impl Fields {
    pub(super) fn of_masks(file: Spooled<'_>, masks: [u32; 4]) -> Result<Self, Fault> {
        let mut fields = [Field::default(); 4];
        for (field, mask) in fields.iter_mut().zip(masks) {
            *field = Field::of(mask)
                .ok_or_else(|| file.fault(format_args!("has a mask {mask:08X} with a gap")))?;
        }
        Ok(Self(fields))
    }

    /// The fields of a pixel of so many bits without masks. The masks of later headers count only where the
    /// compression says so.
    pub(super) fn usual(bits: u16) -> Self {
        let fields = |masks: [u32; 4]| Self(masks.map(|mask| Field::of(mask).unwrap_or_default()));
        match bits {
            16 => fields([0x7c00, 0x3e0, 0x1f, 0]),
            _ => fields([0xff_0000, 0xff00, 0xff, 0]),
        }
    }

    fn has_alpha(self) -> bool {
        self.0[3].bits > 0
    }

    /// As many bits as hold each sample.
    pub(super) fn sample_bits(self) -> u8 {
        if self.0.iter().any(|field| field.bits > 8) { 16 } else { 8 }
    }

    /// Appends a pixel's samples.
    fn spread(self, pixel: u32, sample_bits: u8, out: &mut Vec<u8>) {
        let channels = if self.has_alpha() { 4 } else { 3 };
        for field in &self.0[..channels] {
            let value = u64::from(field.of_pixel(pixel));
            let max = u64::from(u32::MAX.checked_shr(32 - field.bits).unwrap_or(0)).max(1);
            let full = (1_u64 << sample_bits) - 1;
            let [.., high, low] = ((value * full + max / 2) / max).to_be_bytes();
            if sample_bits == 16 {
                out.push(high);
            }
            out.push(low);
        }
    }

    /// Whether samples are bytes already.
    fn is_usual(self) -> bool {
        self.0[..3] == [16, 8, 0].map(|shift| Field { shift, bits: 8 })
            && matches!(self.0[3], Field { bits: 0, .. } | Field { shift: 24, bits: 8 })
    }
}

/// Packs the pixels from `at` on; tells whether something is let through.
pub(super) fn pack_pixels(
    document: &mut Document<'_>,
    context: &Context<'_>,
    file: Spooled<'_>,
    header: &Header,
    at: u64,
    profile: Option<Ref>,
) -> Result<(Ref, bool), Fault> {
    let runs = match header.compression {
        Compression::None => None,
        _ => Some(unrolled(context, file, header, at)?),
    };
    let color = if header.bits > 8 {
        Color { space: Space::Rgb, profile, palette: None }
    } else if profile.is_none() && is_gray_ramp(&header.palette, header.sample_bits()) {
        Color::device(Space::Gray)
    } else {
        Color { space: Space::Rgb, profile, palette: Some(&header.palette) }
    };
    let has_alpha = header.bits > 8 && header.fields.has_alpha();
    let raster = Raster {
        width: header.width,
        height: header.height,
        bits: header.sample_bits(),
        color,
        inverted: false,
        alpha: if has_alpha { Alpha::Channel { premultiplied: false } } else { Alpha::None },
    };
    let image = pack(document, context, &raster, |rows| {
        let mut out = Vec::with_capacity(raster.row_bytes());
        for y in 0..header.height {
            if let Some(indexes) = &runs {
                let width = header.width as usize;
                rows.write(&indexes[y as usize * width..][..width])?;
                continue;
            }
            out.clear();
            header.samples(header.row(file, at, y)?, &mut out);
            rows.write(&out)?;
        }
        Ok(())
    })?;
    Ok((image, has_alpha))
}

impl Header {
    /// The bytes of the row that is seen as the one at `y` from the top.
    pub(crate) fn row<'s>(&self, file: Spooled<'s>, at: u64, y: u32) -> Result<&'s [u8], Fault> {
        let stored = if self.top_down { y } else { self.height - 1 - y };
        let bytes = (u64::from(self.width) * u64::from(self.bits)).div_ceil(8);
        file.slice(at + u64::from(stored) * bytes.next_multiple_of(4), bytes, "row of pixels")
    }

    /// Appends the samples of a row.
    pub(crate) fn samples(&self, row: &[u8], out: &mut Vec<u8>) {
        let usual = self.fields.is_usual();
        match self.bits {
            24 => out.extend(row.chunks_exact(3).flat_map(|pixel| [pixel[2], pixel[1], pixel[0]])),
            16 => {
                for pixel in row.as_chunks().0 {
                    self.fields.spread(u16::from_le_bytes(*pixel).into(), self.sample_bits(), out);
                }
            }
            32 if usual && self.fields.has_alpha() => {
                out.extend(row.chunks_exact(4).flat_map(|pixel| [pixel[2], pixel[1], pixel[0], pixel[3]]));
            }
            32 if usual => out.extend(row.chunks_exact(4).flat_map(|pixel| [pixel[2], pixel[1], pixel[0]])),
            32 => {
                for pixel in row.as_chunks().0 {
                    self.fields.spread(u32::from_le_bytes(*pixel), self.sample_bits(), out);
                }
            }
            _ => out.extend_from_slice(row),
        }
    }
}

/// Whether the colours are the grays from black to white, so that the index says all.
fn is_gray_ramp(palette: &[u8], bits: u8) -> bool {
    let step = 255 / ((1_usize << bits) - 1);
    palette
        .chunks_exact(3)
        .enumerate()
        .all(|(at, color)| color.iter().all(|sample| usize::from(*sample) == at * step))
}

/// All indexes of a compressed BMP, a byte each, rows from the top.
fn unrolled(context: &Context<'_>, file: Spooled<'_>, header: &Header, at: u64) -> Result<Vec<u8>, Fault> {
    let pixels = u64::from(header.width) * u64::from(header.height);
    let mut indexes = zeroed(pixels, context.limits, "the BMP is compressed in runs: it")?;
    let length =
        (file.bytes.len() as u64).checked_sub(at).ok_or_else(|| file.fault("ends before its pixels"))?;
    let data = file.slice(at, length, "pixels")?;
    rle::unroll(file, data, header, &mut indexes)?;
    if !header.top_down {
        let width = header.width as usize;
        let (mut top, mut rest) = (0, indexes.as_mut_slice());
        // The first row and the last change places, and so on to the middle.
        while rest.len() >= 2 * width {
            let (first, others) = rest.split_at_mut(width);
            let (middle, last) = others.split_at_mut(others.len() - width);
            first.swap_with_slice(last);
            rest = middle;
            top += 1;
        }
        debug_assert_eq!(top, header.height / 2);
    }
    Ok(indexes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_runs_of_ones() {
        for (mask, expected) in [
            (0, Some((0, 0))),
            (1, Some((0, 1))),
            (0x7c00, Some((10, 5))),
            (0xffff_ffff, Some((0, 32))),
            (0x8000_0000, Some((31, 1))),
            (0b101, None),
            (0xff00_ff00, None),
        ] {
            assert_eq!(Field::of(mask).map(|field| (field.shift, field.bits)), expected, "{mask:x}");
        }
    }

    #[test]
    fn samples_are_spread_over_all_values() {
        let spread = |masks: [u32; 4], pixel: u32| {
            let fields = Fields(masks.map(|mask| Field::of(mask).unwrap()));
            let mut out = Vec::new();
            fields.spread(pixel, fields.sample_bits(), &mut out);
            out
        };
        assert_eq!(spread([0x7c00, 0x3e0, 0x1f, 0], 0x7c10), [255, 0, 132]);
        assert_eq!(spread([0xf800, 0x7e0, 0x1f, 0], 0xffff), [255; 3]);
        assert_eq!(spread([0xf00, 0xf0, 0xf, 0xf000], 0x1234), [0x22, 0x33, 0x44, 0x11]);
        assert_eq!(spread([0x3ff0_0000, 0xf_fc00, 0x3ff, 0], 0x3ff0_0001), [255, 255, 0, 0, 0, 64]);
        assert_eq!(spread([0xff, 0, 0, 0], 0x80), [0x80, 0, 0]);
    }
}
