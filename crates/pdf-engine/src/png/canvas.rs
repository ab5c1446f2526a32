//! What is seen when the frames until now are drawn over each other: colours and alpha of each pixel, of 8 bits a sample,
//! or of 16 where the image has those.

use std::iter::repeat_n;

use super::{
    ancillary::{Ancillary, Key},
    animation::Control,
    header::{ColorType, Header},
    rows::Row,
};
use crate::{
    Limits,
    document::{Color, Document, Ref, Space},
    embed::Context,
    error::Fault,
    pack::{
        Alpha, Raster, filter, pack,
        whole::{Packed, Whole, pack_whole},
        zeroed, zeroed_beside,
    },
};

const WHAT: &str = "the PNG is animated: it";

/// The picture.
pub(super) struct Canvas {
    width: u32,
    height: u32,
    /// Samples of a pixel that are colours; an alpha follows them.
    colors: usize,
    sample_bytes: usize,
    pixels: Vec<u8>,
    /// What was below a frame, where that is to come back.
    before: Vec<u8>,
    /// Whether some of it may be mixed of several frames, and so rounded; and whether that was so of what is to come back.
    pub(super) is_rounded: bool,
    was_rounded: bool,
}

/// A frame that is being drawn on a canvas, row by row.
pub(super) struct Layer<'c> {
    canvas: &'c mut Canvas,
    control: Control,
    header: Header,
    /// Three bytes a colour, and how much of each is seen, where pixels count them.
    palette: &'c [u8],
    alphas: Option<&'c [u8]>,
    /// The bytes of a pixel that is not seen.
    hole: Option<Vec<u8>>,
    /// The row of this pass above, and this one, both without filter.
    previous: Vec<u8>,
    current: Vec<u8>,
    /// This one as the canvas has its pixels.
    pixels: Vec<u8>,
    mixed: bool,
}

impl Canvas {
    /// An empty one, as large as the image.
    pub(super) fn new(header: &Header, limits: &Limits) -> Result<Self, Fault> {
        let colors = usize::from(header.color.space().channels());
        let sample_bytes = if header.bits == 16 { 2 } else { 1 };
        let pixels = u64::from(header.width) * u64::from(header.height);
        let bytes = pixels * ((colors + 1) * sample_bytes) as u64;
        Ok(Self {
            width: header.width,
            height: header.height,
            colors,
            sample_bytes,
            pixels: zeroed(bytes, limits, WHAT)?,
            before: Vec::new(),
            is_rounded: false,
            was_rounded: false,
        })
    }

    /// Bits of a sample.
    pub(super) fn bits(&self) -> u8 {
        if self.sample_bytes == 2 { 16 } else { 8 }
    }

    fn pixel_bytes(&self) -> usize {
        (self.colors + 1) * self.sample_bytes
    }

    /// The part of a row that a frame covers.
    fn row(&mut self, control: &Control, y: u32) -> &mut [u8] {
        let start = (control.top + y) as usize * self.width as usize + control.left as usize;
        let bytes = self.pixel_bytes();
        &mut self.pixels[start * bytes..(start + control.width as usize) * bytes]
    }

    /// Remembers what is where a frame will be drawn.
    pub(super) fn save(&mut self, control: &Control, limits: &Limits) -> Result<(), Fault> {
        let row_bytes = control.width as usize * self.pixel_bytes();
        let bytes = row_bytes as u64 * u64::from(control.height);
        let mut before = zeroed_beside(self.pixels.len() as u64, bytes, limits, WHAT)?;
        for (y, row) in (0..control.height).zip(before.chunks_exact_mut(row_bytes)) {
            row.copy_from_slice(self.row(control, y));
        }
        self.before = before;
        self.was_rounded = self.is_rounded;
        Ok(())
    }

    /// Brings back what was where a frame was drawn.
    pub(super) fn restore(&mut self, control: &Control) {
        let before = std::mem::take(&mut self.before);
        self.is_rounded = self.was_rounded;
        let row_bytes = control.width as usize * self.pixel_bytes();
        for (y, row) in (0..control.height).zip(before.chunks_exact(row_bytes)) {
            self.row(control, y).copy_from_slice(row);
        }
    }

    /// Leaves nothing where a frame was drawn.
    pub(super) fn clear(&mut self, control: &Control) {
        (0..control.height).for_each(|y| self.row(control, y).fill(0));
    }

    /// Packs what is seen; tells whether some of it is let through.
    pub(super) fn pack(
        &self,
        document: &mut Document<'_>,
        context: &Context<'_>,
        color: Color<'static>,
    ) -> Result<(Ref, bool), Fault> {
        let (width, height) = (self.width, self.height);
        if self.sample_bytes == 1 && color.space == Space::Rgb {
            let whole = Whole { width, height, channels: 4, samples: &self.pixels };
            let Packed { image, transparency } = pack_whole(document, context, whole, color.profile)?;
            return Ok((image, transparency));
        }
        let color_bytes = self.colors * self.sample_bytes;
        let pixels = || self.pixels.chunks_exact(self.pixel_bytes());
        let is_opaque = pixels().all(|pixel| pixel[color_bytes..].iter().all(|byte| *byte == u8::MAX));
        let alpha = if is_opaque { Alpha::None } else { Alpha::Channel { premultiplied: false } };
        let raster = Raster { width, height, bits: self.bits(), color, inverted: false, alpha };
        let mut out = Vec::new();
        let image = pack(document, context, &raster, |rows| {
            for row in self.pixels.chunks_exact(width as usize * self.pixel_bytes()) {
                if is_opaque {
                    out.clear();
                    out.extend(row.chunks_exact(self.pixel_bytes()).flat_map(|pixel| &pixel[..color_bytes]));
                    rows.write(&out)?;
                } else {
                    rows.write(row)?;
                }
            }
            Ok(())
        })?;
        Ok((image, raster.transparency()))
    }
}

impl<'c> Layer<'c> {
    /// For a frame of this header, which may be smaller than the image.
    pub(super) fn new(
        canvas: &'c mut Canvas,
        control: &Control,
        header: &Header,
        ancillary: &'c Ancillary,
    ) -> Self {
        let (alphas, hole) = match &ancillary.key {
            Some(Key::Alphas(alphas)) => (Some(alphas.as_slice()), None),
            Some(Key::Samples(samples)) if header.bits == 16 => {
                (None, Some(samples.iter().flat_map(|sample| sample.to_be_bytes()).collect()))
            }
            Some(Key::Samples(samples)) => {
                (None, Some(samples.iter().map(|sample| sample.to_be_bytes()[1]).collect()))
            }
            None => (None, None),
        };
        Self {
            canvas,
            control: *control,
            header: *header,
            palette: &ancillary.palette,
            alphas,
            hole,
            previous: Vec::new(),
            current: Vec::new(),
            pixels: Vec::new(),
            mixed: false,
        }
    }

    /// Whether colours came of it that neither the frame has nor what was below.
    pub(super) fn is_mixed(&self) -> bool {
        self.mixed
    }

    /// Draws a filtered row.
    pub(super) fn draw(&mut self, row: Row<'_>) {
        let (filter, data) = (row.bytes[0], &row.bytes[1..]);
        if row.y == 0 {
            self.previous.clear();
            self.previous.resize(data.len(), 0);
        }
        self.current.clear();
        self.current.extend_from_slice(data);
        filter::undo(filter, &mut self.current, &self.previous, self.header.filter_distance());
        self.spread(row.pass.width as usize);

        let pixel_bytes = self.canvas.pixel_bytes();
        let sample_bytes = self.canvas.sample_bytes;
        let places = self.canvas.row(&self.control, row.pass.top + row.y * row.pass.down_step);
        if !self.control.over && row.pass.right_step == 1 {
            places.copy_from_slice(&self.pixels);
        } else {
            let places = places.chunks_exact_mut(pixel_bytes).skip(row.pass.left as usize);
            let places = places.step_by(row.pass.right_step as usize);
            for (below, pixel) in places.zip(self.pixels.chunks_exact(pixel_bytes)) {
                if self.control.over {
                    self.mixed |= draw_over(below, pixel, sample_bytes);
                } else {
                    below.copy_from_slice(pixel);
                }
            }
        }
        std::mem::swap(&mut self.previous, &mut self.current);
    }

    /// Makes of the row pixels as the canvas has them.
    fn spread(&mut self, width: usize) {
        let (row, bits, out) = (self.current.as_slice(), self.header.bits, &mut self.pixels);
        let hole = self.hole.as_deref();
        let alpha = |pixel: &[u8]| if hole == Some(pixel) { 0 } else { u8::MAX };
        out.clear();
        match self.header.color {
            ColorType::GrayAlpha | ColorType::Rgba => out.extend_from_slice(row),
            ColorType::Indexed => {
                for index in samples(row, bits).take(width).map(usize::from) {
                    out.extend_from_slice(&self.palette[3 * index..3 * index + 3]);
                    out.push(self.alphas.map_or(u8::MAX, |alphas| alphas[index]));
                }
            }
            ColorType::Gray if bits < 8 => {
                let step = u8::MAX / (u8::MAX >> (8 - bits));
                for sample in samples(row, bits).take(width) {
                    out.extend([sample * step, alpha(&[sample])]);
                }
            }
            ColorType::Gray | ColorType::Rgb => {
                let sample_bytes = self.canvas.sample_bytes;
                for pixel in row.chunks_exact(self.canvas.colors * sample_bytes) {
                    out.extend_from_slice(pixel);
                    out.extend(repeat_n(alpha(pixel), sample_bytes));
                }
            }
        }
    }
}

/// Samples of at most 8 bits, from the high bit of each byte on.
fn samples(row: &[u8], bits: u8) -> impl Iterator<Item = u8> {
    let mask = u8::MAX >> (8 - bits);
    row.iter()
        .flat_map(move |byte| (1..=8 / bits).map(move |at| byte.rotate_left(u32::from(bits * at)) & mask))
}

/// Draws a pixel over another (section 13.16, "alpha channel processing"); tells whether the two were mixed.
fn draw_over(below: &mut [u8], above: &[u8], sample_bytes: usize) -> bool {
    let max = if sample_bytes == 2 { u64::from(u16::MAX) } else { u64::from(u8::MAX) };
    let sample = |bytes: &[u8]| bytes.iter().fold(0, |sample, byte| sample << 8 | u64::from(*byte));
    let color_bytes = above.len() - sample_bytes;
    let [above_alpha, below_alpha] = [sample(&above[color_bytes..]), sample(&below[color_bytes..])];
    if above_alpha == max || below_alpha == 0 {
        below.copy_from_slice(above);
        return false;
    }
    if above_alpha == 0 {
        return false;
    }
    let (from_above, from_below) = (above_alpha * max, (max - above_alpha) * below_alpha);
    let all = from_above + from_below;
    for at in (0..color_bytes).step_by(sample_bytes) {
        let place = at..at + sample_bytes;
        let mixed =
            (sample(&above[place.clone()]) * from_above + sample(&below[place]) * from_below + all / 2) / all;
        store(&mut below[at..at + sample_bytes], mixed);
    }
    store(&mut below[color_bytes..], (all + max / 2) / max);
    true
}

/// Writes a sample of so many bytes.
fn store(place: &mut [u8], sample: u64) {
    let bytes = sample.to_be_bytes();
    place.copy_from_slice(&bytes[bytes.len() - place.len()..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pixels_are_drawn_over_each_other_by_their_alphas() {
        for (below, above, expected, is_mixed) in [
            // Nothing below, nothing above, all above.
            ([9, 9, 9, 0], [1, 2, 3, 7], [1, 2, 3, 7], false),
            ([9, 9, 9, 40], [1, 2, 3, 0], [9, 9, 9, 40], false),
            ([9, 9, 9, 40], [1, 2, 3, 255], [1, 2, 3, 255], false),
            // 128 of 255 on all: 255 * 128 / 255 = 128.
            ([0, 0, 255, 255], [255, 0, 0, 128], [128, 0, 127, 255], true),
            // Half on half is three quarters, of which two thirds are those above.
            ([0, 30, 255, 128], [255, 0, 0, 128], [170, 10, 85, 192], true),
            ([200, 200, 200, 1], [200, 200, 200, 1], [200, 200, 200, 2], true),
        ] {
            let mut pixel = below;
            assert_eq!(draw_over(&mut pixel, &above, 1), is_mixed);
            assert_eq!(pixel, expected, "{above:?} on {below:?}");
            // Of 16 bits each, the same numbers 257 times.
            let twice = |pixel: [u8; 4]| pixel.map(|sample| [sample; 2]).concat();
            let mut wide = twice(below);
            assert_eq!(draw_over(&mut wide, &twice(above), 2), is_mixed);
            for (sample, expected) in wide.chunks_exact(2).zip(expected) {
                let sample = u32::from(u16::from_be_bytes([sample[0], sample[1]]));
                assert!(sample.abs_diff(u32::from(expected) * 257) <= 129, "{wide:?} and {expected:?}");
            }
        }
    }

    #[test]
    fn samples_come_from_the_high_bit_on() {
        for (bits, expected) in
            [(1, vec![1, 0, 1, 1, 0, 0, 1, 0]), (2, vec![2, 3, 0, 2]), (4, vec![11, 2]), (8, vec![0xb2])]
        {
            assert_eq!(samples(&[0xb2], bits).collect::<Vec<_>>(), expected);
        }
    }
}
