//! Images that a decoder gives whole, as RGB or RGBA: brought to the smallest form that holds the same pixels.
//!
//! Decoders spread everything to colours of 8 bits. An alpha that lets nothing through, colours that a palette
//! can hold, and colours that are all gray are found here, before the image is packed.

use super::{Alpha, Raster, pack};
use crate::{
    document::{Color, Document, Ref, Space},
    embed::Context,
    error::Fault,
};

/// A decoded image.
#[derive(Clone, Copy)]
pub(crate) struct Whole<'s> {
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// 3, or 4 with an alpha.
    pub(crate) channels: usize,
    pub(crate) samples: &'s [u8],
}

/// What was made of it.
pub(crate) struct Packed {
    pub(crate) image: Ref,
    pub(crate) transparency: bool,
}

/// A palette holds no more.
const COLORS_MAX: usize = 256;
/// Slots of the table of colours: four times as many, so that few collide.
const SLOTS: usize = 1024;

/// Packs a whole image.
pub(crate) fn pack_whole(
    document: &mut Document<'_>,
    context: &Context<'_>,
    whole: Whole<'_>,
    profile: Option<Ref>,
) -> Result<Packed, Fault> {
    let Whole { width, height, channels, samples } = whole;
    let opaque = channels == 3 || samples.chunks_exact(4).all(|pixel| pixel[3] == 255);
    let mut rgb = Color::device(Space::Rgb);
    rgb.profile = profile;
    let raster = Raster { width, height, bits: 8, color: rgb, inverted: false, alpha: Alpha::None };
    let row_samples = width as usize * channels;

    // A profile of colours does not fit gray.
    if opaque
        && profile.is_none()
        && samples.chunks_exact(channels).all(|pixel| pixel[0] == pixel[1] && pixel[1] == pixel[2])
    {
        let gray = Raster { color: Color::device(Space::Gray), ..raster };
        return packed(
            &gray,
            pack(document, context, &gray, |rows| {
                by_row(samples, row_samples, rows, |row, out| {
                    out.extend(row.chunks_exact(channels).map(|pixel| pixel[0]));
                })
            })?,
        );
    }
    if let Some(palette) = Palette::of(samples, channels) {
        let bytes: Vec<u8> = palette.colors.iter().flat_map(|color| [color[0], color[1], color[2]]).collect();
        let bits = palette.bits();
        let indexed = Raster {
            bits,
            color: Color { palette: Some(&bytes), ..rgb },
            alpha: palette.hole.map_or(Alpha::None, |hole| Alpha::Key(vec![hole])),
            ..raster
        };
        return packed(
            &indexed,
            pack(document, context, &indexed, |rows| {
                by_row(samples, row_samples, rows, |row, out| palette.indexes(row, channels, bits, out))
            })?,
        );
    }
    if opaque && channels == 4 {
        return packed(
            &raster,
            pack(document, context, &raster, |rows| {
                by_row(samples, row_samples, rows, |row, out| {
                    out.extend(row.chunks_exact(4).flat_map(|pixel| [pixel[0], pixel[1], pixel[2]]));
                })
            })?,
        );
    }
    let alpha = if opaque { Alpha::None } else { Alpha::Channel { premultiplied: false } };
    let raster = Raster { alpha, ..raster };
    packed(
        &raster,
        pack(document, context, &raster, |rows| {
            samples.chunks_exact(row_samples).try_for_each(|row| rows.write(row))
        })?,
    )
}

#[expect(clippy::unnecessary_wraps, reason = "every caller is at its end with it")]
fn packed(raster: &Raster<'_>, image: Ref) -> Result<Packed, Fault> {
    Ok(Packed { image, transparency: raster.transparency() })
}

/// Writes each row as `convert` makes it.
fn by_row(
    samples: &[u8],
    row_samples: usize,
    rows: &mut super::Rows<'_, '_>,
    convert: impl Fn(&[u8], &mut Vec<u8>),
) -> Result<(), Fault> {
    let mut out = Vec::new();
    for row in samples.chunks_exact(row_samples) {
        out.clear();
        convert(row, &mut out);
        rows.write(&out)?;
    }
    Ok(())
}

/// The colours of an image that has few.
struct Palette {
    colors: Vec<[u8; 4]>,
    /// The index of what is let through wholly, where something is.
    hole: Option<u16>,
    /// Index and one, by the hash of the colour; 0 where there is none.
    slots: Vec<u16>,
}

impl Palette {
    /// The palette of these pixels; nothing where they have too many colours, or let something through in part.
    fn of(samples: &[u8], channels: usize) -> Option<Self> {
        let mut palette = Self { colors: Vec::new(), hole: None, slots: vec![0; SLOTS] };
        let mut last = None;
        for pixel in samples.chunks_exact(channels) {
            let color = color(pixel);
            if last != Some(color) {
                palette.note(color)?;
                last = Some(color);
            }
        }
        Some(palette)
    }

    fn note(&mut self, color: [u8; 4]) -> Option<()> {
        let slot = self.slot(color);
        if self.slots[slot] > 0 {
            return Some(());
        }
        if self.colors.len() == COLORS_MAX || !matches!(color[3], 0 | 255) {
            return None;
        }
        let index = u16::try_from(self.colors.len()).ok()?;
        if color[3] == 0 && self.hole.replace(index).is_some() {
            // Two colours below nothing: a key would lose one.
            return None;
        }
        self.colors.push(color);
        self.slots[slot] = index + 1;
        Some(())
    }

    /// Where the colour is, or would be.
    fn slot(&self, color: [u8; 4]) -> usize {
        let hash = u32::from_le_bytes(color).wrapping_mul(0x9e37_79b1);
        let mut slot = hash as usize >> 22;
        while let Some(index) = self.slots[slot].checked_sub(1)
            && self.colors[usize::from(index)] != color
        {
            slot = (slot + 1) % SLOTS;
        }
        slot
    }

    /// The fewest bits that count the colours.
    fn bits(&self) -> u8 {
        match self.colors.len() {
            0..=2 => 1,
            3..=4 => 2,
            5..=16 => 4,
            _ => 8,
        }
    }

    fn indexes(&self, row: &[u8], channels: usize, bits: u8, out: &mut Vec<u8>) {
        let per_byte = usize::from(8 / bits);
        for pixels in row.chunks(channels * per_byte) {
            let mut byte = 0;
            for (at, pixel) in pixels.chunks_exact(channels).enumerate() {
                let index = self.slots[self.slot(color(pixel))].saturating_sub(1);
                let [_, index] = index.to_be_bytes();
                byte |= index << (8 - usize::from(bits) * (at + 1));
            }
            out.push(byte);
        }
    }
}

fn color(pixel: &[u8]) -> [u8; 4] {
    match *pixel {
        [red, green, blue, alpha] => [red, green, blue, alpha],
        [red, green, blue, ..] => [red, green, blue, 255],
        _ => [0; 4],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_colours_are_counted() {
        let many = |count: u32, alpha: u8| -> Vec<u8> {
            (0..count)
                .flat_map(|at| {
                    let [a, b, ..] = (at * 7).to_le_bytes();
                    [a, b, 9, alpha]
                })
                .collect()
        };
        for (samples, channels, expected) in [
            (vec![1, 2, 3, 1, 2, 3], 3, Some((1, 1, None))),
            (vec![1, 2, 3, 4, 5, 6, 7, 8, 9], 3, Some((3, 2, None))),
            (vec![1, 2, 3, 255, 0, 0, 0, 0], 4, Some((2, 1, Some(1)))),
            (vec![1, 2, 3, 0, 0, 0, 0, 0], 4, None),
            (vec![1, 2, 3, 254], 4, None),
            (many(16, 255), 4, Some((16, 4, None))),
            (many(17, 255), 4, Some((17, 8, None))),
            (many(256, 255), 4, Some((256, 8, None))),
            (many(257, 255), 4, None),
        ] {
            let palette = Palette::of(&samples, channels);
            let found = palette.map(|palette| (palette.colors.len(), palette.bits(), palette.hole));
            assert_eq!(found, expected, "{samples:?}");
        }
    }

    #[test]
    fn indexes_fill_bytes_from_the_high_bit_on() {
        let samples = [9, 9, 9, 5, 5, 5, 9, 9, 9, 7, 7, 7, 7, 7, 7];
        let palette = Palette::of(&samples, 3).unwrap();
        for (bits, expected) in
            [(2, vec![0b0001_0010, 0b1000_0000]), (4, vec![0x01, 0x02, 0x20]), (8, vec![0, 1, 0, 2, 2])]
        {
            let mut out = Vec::new();
            palette.indexes(&samples, 3, bits, &mut out);
            assert_eq!(out, expected);
        }
    }
}
