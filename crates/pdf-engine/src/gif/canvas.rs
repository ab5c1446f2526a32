//! What is seen when the frames until now are drawn over each other.

use super::blocks::{Disposal, Frame};
use crate::{
    Format,
    embed::Context,
    error::Fault,
    pack::{check_held, zeroed},
};

/// The picture, and what the frame drawn last leaves behind.
pub(super) struct Canvas {
    pub(super) width: u32,
    pub(super) height: u32,
    /// Red, green, blue, alpha of each.
    pub(super) pixels: Vec<u8>,
    disposal: Disposal,
    /// Where the last frame was drawn: left, top, right, bottom.
    drawn: [usize; 4],
    /// What was there before, where it is to come back.
    before: Vec<u8>,
}

impl Canvas {
    /// An empty canvas of the screen's size, which holds at least the first frame.
    pub(super) fn new(screen: (u32, u32), first: &Frame, context: &Context<'_>) -> Result<Self, Fault> {
        let width = screen.0.max(first.left + first.width);
        let height = screen.1.max(first.top + first.height);
        context.limits.check_size(Format::Gif.name(), width, height)?;
        let bytes = u64::from(width) * u64::from(height) * 4;
        // The picture, what it was before a frame, and the frame's indexes.
        check_held(bytes * 2 + bytes / 4, context.limits, "the GIF")?;
        let pixels = zeroed(bytes, context.limits, "the GIF")?;
        Ok(Self { width, height, pixels, disposal: Disposal::Keep, drawn: [0; 4], before: Vec::new() })
    }

    /// Draws a frame's indexes; what lies beyond the canvas is not seen.
    pub(super) fn draw(&mut self, frame: &Frame, indexes: &[u8], palette: &[u8]) {
        let right = (frame.left + frame.width).min(self.width) as usize;
        let bottom = (frame.top + frame.height).min(self.height) as usize;
        self.drawn = [(frame.left as usize).min(right), (frame.top as usize).min(bottom), right, bottom];
        self.disposal = frame.disposal;
        if self.disposal == Disposal::Restore {
            self.before.clone_from(&self.pixels);
        }
        // Indexes without a colour are black, as they are in browsers.
        let mut colors = [[0, 0, 0, 255]; 256];
        for (color, entry) in colors.iter_mut().zip(palette.chunks_exact(3)) {
            color[..3].copy_from_slice(entry);
        }
        let rows = indexes.chunks_exact(frame.width as usize);
        for (y, row) in (self.drawn[1]..bottom).zip(rows) {
            let places = self.row(y).chunks_exact_mut(4);
            for (pixel, index) in places.zip(row) {
                if Some(*index) != frame.hole {
                    pixel.copy_from_slice(&colors[usize::from(*index)]);
                }
            }
        }
    }

    /// Leaves what the next frame is drawn over.
    pub(super) fn dispose(&mut self) {
        match self.disposal {
            Disposal::Keep => {}
            Disposal::Restore => std::mem::swap(&mut self.pixels, &mut self.before),
            Disposal::Clear => (self.drawn[1]..self.drawn[3]).for_each(|y| self.row(y).fill(0)),
        }
    }

    /// The part of a row that the last frame covers.
    fn row(&mut self, y: usize) -> &mut [u8] {
        let start = y * self.width as usize;
        &mut self.pixels[(start + self.drawn[0]) * 4..(start + self.drawn[2]) * 4]
    }
}
