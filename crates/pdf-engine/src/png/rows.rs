//! Cuts inflated image data into rows, and checks that there are exactly as many as the header says.

use super::header::Header;
use crate::error::Fault;

/// One of Adam7's seven interlaced images (ISO/IEC 15948, section 8.2): where its pixels lie in the whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pass {
    pub(super) left: u32,
    pub(super) top: u32,
    pub(super) right_step: u32,
    pub(super) down_step: u32,
    pub(super) width: u32,
    pub(super) height: u32,
}

/// A complete row, filtered.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row<'r> {
    /// Filter, then data.
    pub(super) bytes: &'r [u8],
    pub(super) pass: Pass,
    /// Which row of its pass.
    pub(super) y: u32,
}

/// Where in the image data the next byte belongs.
pub(super) struct Rows {
    /// The passes still to come, this one first, each with the length of its rows.
    passes: std::vec::IntoIter<(Pass, usize)>,
    current: Option<(Pass, usize)>,
    y: u32,
    /// Bytes of the row that came already.
    filled: usize,
    partial: Vec<u8>,
    /// Whether rows are wanted whole, or only counted.
    whole: bool,
}

/// The passes of an image, without those that have no pixel.
fn passes(header: &Header) -> Vec<Pass> {
    const ADAM7: [[u32; 4]; 7] =
        [[0, 0, 8, 8], [4, 0, 8, 8], [0, 4, 4, 8], [2, 0, 4, 4], [0, 2, 2, 4], [1, 0, 2, 2], [0, 1, 1, 2]];
    let steps = if header.interlaced { ADAM7.as_slice() } else { &[[0, 0, 1, 1]] };
    let passes = steps.iter().map(|&[left, top, right_step, down_step]| Pass {
        left,
        top,
        right_step,
        down_step,
        width: header.width.saturating_sub(left).div_ceil(right_step),
        height: header.height.saturating_sub(top).div_ceil(down_step),
    });
    passes.filter(|pass| pass.width > 0 && pass.height > 0).collect()
}

impl Rows {
    /// For the image data of `header`, whole rows or only their count.
    pub(super) fn new(header: &Header, whole: bool) -> Self {
        let passes: Vec<_> =
            passes(header).into_iter().map(|pass| (pass, 1 + header.row_bytes(pass.width))).collect();
        let mut passes = passes.into_iter();
        let current = passes.next();
        Self { passes, current, y: 0, filled: 0, partial: Vec::new(), whole }
    }

    /// Takes inflated data, and hands on each row that they complete.
    pub(super) fn push(
        &mut self,
        mut data: &[u8],
        mut take: impl FnMut(Row<'_>) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        while let Some(&first) = data.first() {
            let Some((pass, length)) = self.current else {
                return Err(Fault::malformed("the PNG holds more image data than its header asks for"));
            };
            if self.filled == 0 && first > 4 {
                return Err(Fault::malformed(format!(
                    "the PNG has a row with filter {first}, and there are 0 to 4"
                )));
            }
            let (part, rest) = data.split_at(data.len().min(length - self.filled));
            data = rest;
            self.filled += part.len();
            let complete = self.filled == length;
            if self.whole {
                if complete && part.len() == length {
                    take(Row { bytes: part, pass, y: self.y })?;
                } else {
                    self.partial.extend_from_slice(part);
                    if complete {
                        take(Row { bytes: &self.partial, pass, y: self.y })?;
                        self.partial.clear();
                    }
                }
            }
            if complete {
                self.next_row(pass);
            }
        }
        Ok(())
    }

    fn next_row(&mut self, pass: Pass) {
        self.filled = 0;
        self.y += 1;
        if self.y == pass.height {
            self.y = 0;
            self.current = self.passes.next();
        }
    }

    /// Checks that nothing is missing.
    pub(super) fn finish(&self) -> Result<(), Fault> {
        match self.current {
            None => Ok(()),
            Some(_) => Err(Fault::malformed("the PNG holds less image data than its header asks for")),
        }
    }
}

#[cfg(test)]
#[expect(clippy::cast_possible_truncation, reason = "the numbers are small")]
mod tests {
    use super::{super::header::ColorType, *};

    fn header(width: u32, height: u32, interlaced: bool) -> Header {
        Header { width, height, bits: 8, color: ColorType::Gray, interlaced }
    }

    #[test]
    fn every_pixel_is_in_exactly_one_pass() {
        for (width, height) in (1..=17).flat_map(|width| (1..=9).map(move |height| (width, height))) {
            let mut seen = vec![0; (width * height) as usize];
            for pass in passes(&header(width, height, true)) {
                for (x, y) in (0..pass.height).flat_map(|y| (0..pass.width).map(move |x| (x, y))) {
                    let (x, y) = (pass.left + x * pass.right_step, pass.top + y * pass.down_step);
                    seen[(y * width + x) as usize] += 1;
                }
            }
            assert!(seen.iter().all(|count| *count == 1), "{width}x{height}");
        }
    }

    #[test]
    fn rows_are_the_same_however_the_data_are_cut() {
        let data: Vec<u8> = (0..3).flat_map(|row| [row, 10, 20, 30]).collect();
        for piece in 1..=data.len() {
            let mut rows = Rows::new(&header(3, 3, false), true);
            let mut seen = Vec::new();
            for part in data.chunks(piece) {
                assert!(rows.finish().is_err());
                rows.push(part, |row| {
                    seen.push((row.y, row.bytes.to_vec()));
                    Ok(())
                })
                .unwrap();
            }
            rows.finish().unwrap();
            assert_eq!(seen, (0..3).map(|y| (y, vec![y as u8, 10, 20, 30])).collect::<Vec<_>>());
            assert!(rows.push(&[0], |_| Ok(())).is_err());
        }
    }

    #[test]
    fn a_filter_that_does_not_exist_is_found() {
        for whole in [false, true] {
            let mut rows = Rows::new(&header(1, 2, false), whole);
            rows.push(&[4, 9], |_| Ok(())).unwrap();
            assert!(rows.push(&[5], |_| Ok(())).is_err());
        }
    }
}
