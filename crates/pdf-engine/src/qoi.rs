//! QOI (specification 1.0): decoded pixel by pixel, forward.

use crate::{
    Embedding, Format,
    document::{Color, Document, Space},
    embed::{Context, Shown},
    error::Fault,
    input::Input,
    pack::{Alpha, Raster, pack},
    page::Orientation,
};

/// Brings a QOI image into the document.
pub(crate) fn embed(
    input: &mut Input<'_>,
    document: &mut Document<'_>,
    context: &mut Context<'_>,
) -> Result<(), Fault> {
    input.enter(format_args!("its header"));
    let _: [u8; 4] = input.array()?;
    let [width, height] = [input.array()?, input.array()?].map(u32::from_be_bytes);
    let [channels, color_space]: [u8; 2] = input.array()?;
    if width == 0 || height == 0 {
        return Err(Fault::malformed("the QOI claims an image without pixels"));
    }
    if !matches!(channels, 3 | 4) || color_space > 1 {
        return Err(Fault::malformed("the QOI's header has impossible channels or colours"));
    }
    if color_space == 1 {
        context.warn("the colours are linear and are shown as sRGB");
    }
    context.check_decoded(Format::Qoi, width, height)?;
    input.enter(format_args!("its pixels"));
    let alpha = if channels == 4 { Alpha::Channel { premultiplied: false } } else { Alpha::None };
    let raster = Raster { width, height, bits: 8, color: Color::device(Space::Rgb), inverted: false, alpha };
    let image = pack(document, context, &raster, |rows| {
        let mut pixels = Pixels::default();
        let mut row = vec![0; raster.row_bytes()];
        for _ in 0..height {
            for place in row.chunks_exact_mut(usize::from(channels)) {
                place.copy_from_slice(&pixels.next(input)?[..usize::from(channels)]);
            }
            rows.write(&row)?;
        }
        Ok(())
    })?;
    input.enter(format_args!("its end mark"));
    if input.array()? != [0, 0, 0, 0, 0, 0, 0, 1] {
        return Err(Fault::malformed("the QOI has no end mark behind its last pixel"));
    }
    let shown = Shown {
        image,
        format: Format::Qoi,
        width,
        height,
        bits_per_sample: 8,
        densities: &[],
        orientation: Orientation::default(),
        embedding: Embedding::Packed,
        transparency: channels == 4,
    };
    context.show(document, &shown)
}

/// The pixel before, those that were seen, and how often the last one is still to come.
struct Pixels {
    last: [u8; 4],
    seen: [[u8; 4]; 64],
    repeated: u8,
}

impl Default for Pixels {
    fn default() -> Self {
        Self { last: [0, 0, 0, 255], seen: [[0; 4]; 64], repeated: 0 }
    }
}

impl Pixels {
    fn next(&mut self, input: &mut Input<'_>) -> Result<[u8; 4], Fault> {
        if self.repeated > 0 {
            self.repeated -= 1;
            return Ok(self.last);
        }
        let [tag] = input.array()?;
        let [red, green, blue, alpha] = self.last;
        let near = |value: u8, difference: u8| value.wrapping_add(difference);
        self.last = match (tag, tag >> 6) {
            (0xfe, _) => {
                let [red, green, blue] = input.array()?;
                [red, green, blue, alpha]
            }
            (0xff, _) => input.array()?,
            (_, 0) => self.seen[usize::from(tag)],
            (_, 1) => {
                let part = |shift: u8| (tag >> shift & 3).wrapping_sub(2);
                [near(red, part(4)), near(green, part(2)), near(blue, part(0)), alpha]
            }
            (_, 2) => {
                let [more] = input.array()?;
                let of_green = (tag & 63).wrapping_sub(32);
                let beside = |part: u8| of_green.wrapping_add(part.wrapping_sub(8));
                [near(red, beside(more >> 4)), near(green, of_green), near(blue, beside(more & 15)), alpha]
            }
            _ => {
                self.repeated = tag & 63;
                self.last
            }
        };
        let [red, green, blue, alpha] = self.last.map(usize::from);
        self.seen[(red * 3 + green * 5 + blue * 7 + alpha * 11) % 64] = self.last;
        Ok(self.last)
    }
}
