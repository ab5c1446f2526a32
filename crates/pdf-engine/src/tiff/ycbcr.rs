//! Luma and two differences of colour, made red, green and blue (TIFF 6.0, sections 20 and 21): outside of JPEG, PDF has no such
//! colours.
//!
//! The samples are turned as libtiff turns them, in whole numbers, and differences that several pixels share are repeated for each.

use super::{directory::Directory, page::tag};
use crate::error::Fault;

/// Red, green and blue in luma, where a file says nothing else: ITU-R BT.601.
const LUMA: [f64; 3] = [0.299, 0.587, 0.114];
/// Black and white of luma and of both differences, where a file says nothing else: all 8 bits.
const REFERENCE: [f64; 6] = [0.0, 255.0, 128.0, 255.0, 128.0, 255.0];
/// Bits behind the point of the shares that differences have in colours.
const SHIFT: u32 = 16;
/// What black and white make of a sample is no further than this from black: as far as libtiff goes.
const FAR: f64 = 4096.0;

/// How a page has its colours.
pub(super) struct YCbCr {
    /// Pixels beside each other, and rows below each other, that share their differences: 1, 2 or 4.
    shared: (u32, u32),
    tables: Box<Tables>,
}

/// What a sample of each kind adds to a colour.
struct Tables {
    luma: [i32; 256],
    blue: [i32; 256],
    red: [i32; 256],
    green_of_blue: [i32; 256],
    green_of_red: [i32; 256],
}

impl YCbCr {
    /// Reads what a directory says of them; what it says that is impossible becomes a warning.
    pub(super) fn read(
        directory: &Directory<'_>,
        samples: u16,
        bits: u16,
        warnings: &mut Vec<String>,
    ) -> Result<Self, Fault> {
        let file = directory.tiff().file;
        if bits != 8 {
            return Err(file.unsupported(format_args!(
                "has YCbCr colours of {bits} bits, and 8 are converted; save it as RGB"
            )));
        }
        let shared = match *directory.integers(tag::YCBCR_SUBSAMPLING, 2)? {
            [] => (2, 2),
            [across @ (1 | 2 | 4), down @ (1 | 2 | 4)] => {
                [across, down].map(|side| u32::try_from(side).unwrap_or(1)).into()
            }
            _ => return Err(file.fault("shares its colours among pixels in a way that there is none of")),
        };
        if samples != 3 {
            return Err(file.unsupported("has YCbCr colours, and other samples beside them; save it as RGB"));
        }
        let mut said = |tag: u16, name: &str, is_possible: fn(&[f64]) -> bool, default: &[f64]| {
            if !directory.has(tag) {
                return default.to_vec();
            }
            directory.fractions(tag, default.len()).filter(|numbers| is_possible(numbers)).unwrap_or_else(
                || {
                    warnings.push(format!("{name} are left out: they are impossible"));
                    default.to_vec()
                },
            )
        };
        let luma = said(tag::YCBCR_COEFFICIENTS, "coefficients of luma", is_luma, &LUMA);
        let reference =
            said(tag::REFERENCE_BLACK_WHITE, "values of black and white", is_reference, &REFERENCE);
        Ok(Self { shared, tables: Tables::new(&luma, &reference) })
    }

    /// Whether pixels share their differences, so that samples do not stand beside each other pixel by pixel.
    pub(super) fn is_shared(&self) -> bool {
        self.shared != (1, 1)
    }

    /// Makes colours of the samples of each pixel.
    pub(super) fn convert(&self, row: &mut [u8]) {
        let tables = &self.tables;
        for pixel in row.as_chunks_mut::<3>().0 {
            let [luma, blue, red] = pixel.map(usize::from);
            let light = tables.luma[luma];
            let green = (tables.green_of_blue[blue] + tables.green_of_red[red]) >> SHIFT;
            let colors = [light + tables.red[red], light + green, light + tables.blue[blue]];
            *pixel = colors.map(|color| u8::try_from(color.clamp(0, 255)).unwrap_or(u8::MAX));
        }
    }

    /// Bytes of a chunk of so many pixels: for each block of them, their lumas and the two differences that they share.
    pub(super) fn chunk_bytes(&self, width: u32, rows: u32) -> u64 {
        let (across, down) = self.shared;
        let blocks = u64::from(width.div_ceil(across)) * u64::from(rows.div_ceil(down));
        blocks.saturating_mul(u64::from(across * down + 2))
    }

    /// Gives each pixel of a chunk its three samples.
    pub(super) fn spread(&self, blocks: &[u8], width: u32, out: &mut [u8]) {
        let (across, down) = (self.shared.0 as usize, self.shared.1 as usize);
        let (width, block_bytes) = (width as usize, across * down + 2);
        let rows_of_blocks = blocks.chunks_exact(width.div_ceil(across) * block_bytes);
        for (rows, blocks) in out.chunks_mut(width * 3 * down).zip(rows_of_blocks) {
            for (y, row) in rows.chunks_exact_mut(width * 3).enumerate() {
                let pixels = row.chunks_mut(across * 3).zip(blocks.chunks_exact(block_bytes));
                for (places, block) in pixels {
                    let (lumas, differences) = block.split_at(across * down);
                    for (place, luma) in places.chunks_exact_mut(3).zip(&lumas[y * across..]) {
                        place.copy_from_slice(&[*luma, differences[0], differences[1]]);
                    }
                }
            }
        }
    }
}

fn is_luma(luma: &[f64]) -> bool {
    luma.iter().all(|share| *share > 0.0 && *share < 1.0)
}

/// Black and white must be apart by a value; none lies further off than whole numbers of 16 bits do.
fn is_reference(reference: &[f64]) -> bool {
    reference.chunks_exact(2).all(|pair| (pair[0] - pair[1]).abs() >= 1.0)
        && reference.iter().all(|value| value.is_finite() && value.abs() <= 65_535.0)
}

impl Tables {
    fn new(luma: &[f64], reference: &[f64]) -> Box<Self> {
        let scaled = |value: f64, pair: usize, most: f64| {
            let (black, white) = (reference[pair * 2], reference[pair * 2 + 1]);
            // What shares have are whole numbers, as libtiff has them.
            whole(((value - black) * most / (white - black)).clamp(-FAR, FAR))
        };
        let share = |share: f64| whole(share.clamp(0.0, 2.0) * f64::from(1 << SHIFT) + 0.5);
        let half = 1 << (SHIFT - 1);
        let [red, blue] = [0, 2].map(|at| 2.0 - 2.0 * luma[at]);
        let [green_of_red, green_of_blue] =
            [(red, 0), (blue, 2)].map(|(most, at)| share(most * luma[at] / luma[1]));
        let [red, blue] = [red, blue].map(share);
        let mut tables = Box::new(Self {
            luma: [0; 256],
            blue: [0; 256],
            red: [0; 256],
            green_of_blue: [0; 256],
            green_of_red: [0; 256],
        });
        for at in 0..=u8::MAX {
            let (place, value) = (usize::from(at), f64::from(at));
            let [of_blue, of_red] = [1, 2].map(|pair| scaled(value, pair, 127.0));
            tables.luma[place] = scaled(value, 0, 255.0);
            tables.blue[place] = (blue * of_blue + half) >> SHIFT;
            tables.red[place] = (red * of_red + half) >> SHIFT;
            tables.green_of_blue[place] = half - green_of_blue * of_blue;
            tables.green_of_red[place] = -green_of_red * of_red;
        }
        tables
    }
}

#[expect(clippy::cast_possible_truncation, reason = "what is passed is far from what would not fit")]
fn whole(value: f64) -> i32 {
    value as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ycbcr(shared: (u32, u32), luma: [f64; 3], reference: [f64; 6]) -> YCbCr {
        YCbCr { shared, tables: Tables::new(&luma, &reference) }
    }

    #[test]
    fn colours_are_what_the_formula_of_the_standard_makes_them() {
        const VIDEO: [f64; 6] = [16.0, 235.0, 128.0, 240.0, 128.0, 240.0];
        const BT709: [f64; 3] = [0.2126, 0.7152, 0.0722];
        for (luma, reference, samples, colors) in [
            (LUMA, REFERENCE, [0, 128, 128], [0, 0, 0]),
            (LUMA, REFERENCE, [255, 128, 128], [255, 255, 255]),
            (LUMA, REFERENCE, [76, 85, 255], [254, 0, 0]),
            (LUMA, REFERENCE, [150, 44, 21], [0, 255, 1]),
            (LUMA, VIDEO, [16, 128, 128], [0, 0, 0]),
            (LUMA, VIDEO, [235, 128, 128], [255, 255, 255]),
            (LUMA, VIDEO, [0, 128, 128], [0, 0, 0]),
            (BT709, REFERENCE, [54, 99, 255], [254, 0, 0]),
        ] {
            let mut row = samples;
            ycbcr((1, 1), luma, reference).convert(&mut row);
            let far = row.iter().zip(colors).map(|(one, other)| one.abs_diff(other)).max();
            assert!(far <= Some(1), "{samples:?}: {row:?}, not {colors:?}");
        }
    }

    #[test]
    fn numbers_that_no_file_should_have_are_borne() {
        for reference in [[0.0, 65_535.0, -65_535.0, 65_535.0, 0.0, 1.0], [1.0, 0.0, 1.0, 0.0, 1.0, 0.0]] {
            for luma in [[1e-300, 1e-300, 1e-300], [0.999, 0.999, 0.999]] {
                assert!(is_luma(&luma) && is_reference(&reference));
                let mut row: Vec<u8> = (0..=255).flat_map(|at| [at, 255 - at, at]).collect();
                ycbcr((1, 1), luma, reference).convert(&mut row);
            }
        }
        for luma in [[0.0, 0.5, 0.5], [1.0, 0.5, 0.5], [f64::NAN, 0.5, 0.5], [-0.1, 0.5, 0.5]] {
            assert!(!is_luma(&luma), "{luma:?}");
        }
        assert!(!is_reference(&[5.0, 5.0]) && !is_reference(&[0.0, f64::INFINITY]));
    }

    #[test]
    fn pixels_share_their_differences_also_at_the_edges() {
        let of_two_by_two = ycbcr((2, 2), LUMA, REFERENCE);
        assert_eq!(of_two_by_two.chunk_bytes(3, 3), 4 * 6);
        // Two blocks beside each other, and two below: of each the lumas, then the differences.
        let blocks: Vec<u8> = (0..24).collect();
        let mut pixels = vec![0; 3 * 3 * 3];
        of_two_by_two.spread(&blocks, 3, &mut pixels);
        let expected = [
            [0, 4, 5, 1, 4, 5, 6, 10, 11],
            [2, 4, 5, 3, 4, 5, 8, 10, 11],
            [12, 16, 17, 13, 16, 17, 18, 22, 23],
        ];
        assert_eq!(pixels, expected.concat());
    }
}
