//! L\*, a\* and b\* (TIFF 6.0, section 23; Adobe's Photoshop TIFF technical notes of 2002, which add ICC's numbers and 16 bits).
//!
//! PDF has the same colours, counted from the least a\* and b\* on. Where a TIFF counts them with a sign, its bit is turned over:
//! which is no loss, as turning it over again gives what was there.

use super::{directory::Directory, page::tag};
use crate::{
    document::{Lab as Space, LabScale},
    error::Fault,
};

/// X and Z beyond these are of no light that there is.
const WHITE_MAX: f64 = 4.0;

/// How a page has its colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lab {
    pub(super) space: Space,
    /// Whether a\* and b\* have a sign.
    pub(super) is_signed: bool,
}

impl Lab {
    /// Reads what a directory says of them; a white that is impossible becomes a warning.
    pub(super) fn read(
        directory: &Directory<'_>,
        is_icc: bool,
        bits: u16,
        warnings: &mut Vec<String>,
    ) -> Result<Self, Fault> {
        let file = directory.tiff().file;
        let scale = match (bits, is_icc) {
            (8, _) => LabScale::Bytes,
            (16, false) => LabScale::Words,
            (16, true) => LabScale::IccWords,
            _ => {
                return Err(file.unsupported(format_args!(
                    "has Lab colours of {bits} bits, and 8 and 16 are converted; save it as RGB"
                )));
            }
        };
        if directory.small(tag::SAMPLES, 1)? == 1 {
            return Err(file.unsupported("has the lightness of Lab colours alone; save it as gray"));
        }
        // ICC's numbers are those of its own white, whatever else is said.
        let white = if is_icc || !directory.has(tag::WHITE_POINT) {
            Space::D50
        } else {
            white(directory).unwrap_or_else(|| {
                warnings.push("the white of its colours is left out: it is impossible".to_owned());
                Space::D50
            })
        };
        Ok(Self { space: Space { white, scale }, is_signed: !is_icc })
    }

    /// Brings a row of pixels with so many samples, 16 bits with the high byte first, to how PDF counts them.
    pub(super) fn convert(self, samples: usize, row: &mut [u8]) {
        if !self.is_signed {
            return;
        }
        let sample_bytes = if self.space.scale == LabScale::Bytes { 1 } else { 2 };
        for pixel in row.chunks_exact_mut(samples * sample_bytes) {
            pixel[sample_bytes] ^= 0x80;
            pixel[2 * sample_bytes] ^= 0x80;
        }
    }
}

/// X and Z of the white, of the places in the chromaticity diagram that a directory tells.
fn white(directory: &Directory<'_>) -> Option<[u32; 2]> {
    let [x, y] = directory.fractions(tag::WHITE_POINT, 2)?[..] else { return None };
    let parts = [x / y, (1.0 - x - y) / y];
    let is_light = |part: &f64| *part > 0.001 && *part < WHITE_MAX;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "they are between 0 and 4")]
    parts.iter().all(is_light).then(|| parts.map(|part| (part * 10_000.0).round() as u32))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sign_of_the_colours_alone_is_turned_over() {
        let lab = |scale, is_signed| Lab { space: Space { white: Space::D50, scale }, is_signed };
        for (lab, samples, row, expected) in [
            (lab(LabScale::Bytes, true), 3, vec![1, 0, 0x80, 2, 0x7f, 0xff], vec![1, 0x80, 0, 2, 0xff, 0x7f]),
            (lab(LabScale::Bytes, true), 4, vec![1, 0, 0, 9], vec![1, 0x80, 0x80, 9]),
            (lab(LabScale::Words, true), 3, vec![1, 2, 0, 3, 0x80, 4], vec![1, 2, 0x80, 3, 0, 4]),
            (lab(LabScale::Bytes, false), 3, vec![1, 0, 0], vec![1, 0, 0]),
            (lab(LabScale::IccWords, false), 3, vec![1, 2, 0, 3, 0x80, 4], vec![1, 2, 0, 3, 0x80, 4]),
        ] {
            let mut turned = row.clone();
            lab.convert(samples, &mut turned);
            assert_eq!(turned, expected);
            lab.convert(samples, &mut turned);
            assert_eq!(turned, row);
        }
    }
}
