//! Colours and alpha of a row, parted.

use std::iter::zip;

/// A row's colour bytes and alpha bytes, each behind a byte for a filter.
pub(crate) struct Parts {
    color: Vec<u8>,
    alpha: Vec<u8>,
    /// Samples of a pixel's colour.
    channels: usize,
    /// Bytes of a sample, of the alpha's as of each colour's.
    sample_bytes: usize,
}

impl Parts {
    /// For rows of so many pixels, of 1, 3 or 4 colour samples and an alpha, of 1 or 2 bytes each.
    pub(crate) fn new(width: u32, channels: usize, sample_bytes: usize) -> Self {
        let alpha_row = width as usize * sample_bytes;
        Self {
            color: vec![0; 1 + alpha_row * channels],
            alpha: vec![0; 1 + alpha_row],
            channels,
            sample_bytes,
        }
    }

    /// Parts a row of pixels.
    pub(crate) fn part(&mut self, pixels: &[u8]) -> (&mut [u8], &mut [u8]) {
        match (self.channels, self.sample_bytes) {
            (1, 1) => self.part_as::<1, 1>(pixels),
            (1, _) => self.part_as::<2, 2>(pixels),
            (3, 1) => self.part_as::<3, 1>(pixels),
            (3, _) => self.part_as::<6, 2>(pixels),
            (_, 1) => self.part_as::<4, 1>(pixels),
            (..) => self.part_as::<8, 2>(pixels),
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
