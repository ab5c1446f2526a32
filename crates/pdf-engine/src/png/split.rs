//! Images with an alpha channel: colours and alpha are parted without undoing a filter.
//!
//! Each filter relates a byte to bytes of the same channel in neighbouring pixels. So the colour bytes of a
//! filtered row are the filtered row of the colours, by the same filter, and the alpha bytes likewise; only
//! the compression is done anew.

use std::iter::zip;

use super::{
    chunk::Chunks,
    header::Header,
    idat::{self, Target},
    rows::Row,
};
use crate::{deflate::Deflater, document::Stream, embed::Context, error::Fault, mask::MaskPacker};

/// Compressed colours leave when so many wait.
const DRAIN_BYTES: usize = 32 << 10;

/// Writes the colours to the stream; gives the compressed mask.
pub(super) fn split(
    chunks: &mut Chunks<'_, '_>,
    stream: Stream<'_, '_>,
    context: &mut Context<'_>,
    header: &Header,
) -> Result<Vec<u8>, Fault> {
    let mut target = Split {
        colors: Colors::new(stream),
        parts: Parts::new(header),
        mask: MaskPacker::new(context.limits.mask_bytes_max),
    };
    idat::read(chunks, context, header, &mut target)?;
    target.colors.finish()?;
    target.mask.finish()
}

struct Split<'d, 'a> {
    colors: Colors<'d, 'a>,
    mask: MaskPacker,
    parts: Parts,
}

impl Target for Split<'_, '_> {
    const WANTS_ROWS: bool = true;

    fn compressed(&mut self, _: &[u8]) -> Result<(), Fault> {
        Ok(())
    }

    fn row(&mut self, row: Row<'_>) -> Result<(), Fault> {
        let (color, alpha) = self.parts.part(&row.bytes[1..]);
        color[0] = row.bytes[0];
        alpha[0] = row.bytes[0];
        self.colors.write(color)?;
        self.mask.write(alpha)
    }
}

/// Colours on their way into a stream.
pub(super) struct Colors<'d, 'a> {
    stream: Stream<'d, 'a>,
    deflater: Deflater,
}

impl<'d, 'a> Colors<'d, 'a> {
    pub(super) fn new(stream: Stream<'d, 'a>) -> Self {
        Self { stream, deflater: Deflater::new() }
    }

    /// Takes a filtered row.
    pub(super) fn write(&mut self, row: &[u8]) -> Result<(), Fault> {
        self.stream.poll()?;
        self.deflater.write(row);
        let output = self.deflater.output();
        if output.len() >= DRAIN_BYTES {
            self.stream.write(output)?;
            output.clear();
        }
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<(), Fault> {
        self.stream.write(&self.deflater.finish())?;
        self.stream.finish()
    }
}

/// A row's colour bytes and alpha bytes, each behind a byte for the filter.
pub(super) struct Parts {
    color: Vec<u8>,
    alpha: Vec<u8>,
    /// Bytes of a pixel's alpha, which is as deep as each of its colours.
    alpha_bytes: usize,
    gray: bool,
}

impl Parts {
    pub(super) fn new(header: &Header) -> Self {
        let alpha_bytes = usize::from(header.bits / 8);
        let alpha_row = header.width as usize * alpha_bytes;
        let color_row = header.row_bytes(header.width) - alpha_row;
        let gray = header.color.channels() == 2;
        Self { color: vec![0; 1 + color_row], alpha: vec![0; 1 + alpha_row], alpha_bytes, gray }
    }

    /// Parts a row of pixels.
    pub(super) fn part(&mut self, pixels: &[u8]) -> (&mut [u8], &mut [u8]) {
        match (self.gray, self.alpha_bytes) {
            (true, 1) => self.part_as::<1, 1>(pixels),
            (true, _) => self.part_as::<2, 2>(pixels),
            (false, 1) => self.part_as::<3, 1>(pixels),
            (false, _) => self.part_as::<6, 2>(pixels),
        }
        (&mut self.color, &mut self.alpha)
    }

    /// With constant lengths, the compiler makes this a matter of a few instructions a pixel.
    fn part_as<const COLOR: usize, const ALPHA: usize>(&mut self, pixels: &[u8]) {
        let colors = self.color[1..].chunks_exact_mut(COLOR);
        let alphas = self.alpha[1..].chunks_exact_mut(ALPHA);
        for (pixel, (color, alpha)) in zip(pixels.chunks_exact(COLOR + ALPHA), zip(colors, alphas)) {
            color.copy_from_slice(&pixel[..COLOR]);
            alpha.copy_from_slice(&pixel[COLOR..]);
        }
    }
}
