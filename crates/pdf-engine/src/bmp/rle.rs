//! Runs of indexes: a count and an index, or an escape.

use super::header::{Compression, Header};
use crate::{error::Fault, spool::Spooled};

/// Fills the image, rows in the order of the file; pixels that are passed over keep index 0.
pub(super) fn unroll(
    file: Spooled<'_>,
    data: &[u8],
    header: &Header,
    indexes: &mut [u8],
) -> Result<(), Fault> {
    let width = header.width as usize;
    let nibbles = header.compression == Compression::Rle4;
    let (mut x, mut y) = (0, 0);
    let mut rest = data;
    let ended = || file.fault("ends within its compressed pixels");
    let outside = || file.fault("has a run of pixels that leaves the image");
    loop {
        let [first, second, more @ ..] = rest else {
            // Some encoders leave the end out where every pixel is there.
            return if y + 1 >= header.height as usize && x >= width || y >= header.height as usize {
                Ok(())
            } else {
                Err(ended())
            };
        };
        rest = more;
        match (*first, *second) {
            (0, 0) => (x, y) = (0, y + 1),
            (0, 1) => return Ok(()),
            (0, 2) => {
                let [right, down, more @ ..] = rest else { return Err(ended()) };
                rest = more;
                x += usize::from(*right);
                y += usize::from(*down);
            }
            (0, count) => {
                let count = usize::from(count);
                let bytes = if nibbles { count.div_ceil(2) } else { count };
                // Padded to an even number of bytes.
                let (literal, more) = rest.split_at_checked(bytes).ok_or_else(ended)?;
                rest = more.get(bytes % 2..).unwrap_or_default();
                let places =
                    indexes.get_mut(y * width + x..y * width + width).and_then(|row| row.get_mut(..count));
                for (at, place) in places.ok_or_else(outside)?.iter_mut().enumerate() {
                    *place = if nibbles { nibble(literal[at / 2], at) } else { literal[at] };
                }
                x += count;
            }
            (count, value) => {
                // Encoders round runs up: what leaves the row is cut.
                let end = (x + usize::from(count)).min(width);
                let places = indexes.get_mut(y * width + x.min(end)..y * width + end).ok_or_else(outside)?;
                for (at, place) in places.iter_mut().enumerate() {
                    *place = if nibbles { nibble(value, at) } else { value };
                }
                x += usize::from(count);
            }
        }
    }
}

fn nibble(byte: u8, at: usize) -> u8 {
    if at.is_multiple_of(2) { byte >> 4 } else { byte & 15 }
}
