//! The soft mask while it waits: compressed and bounded, until the colours are written.
//!
//! An alpha that knows only all and nothing takes one bit a pixel. That is known at its end, so it is packed so
//! until a pixel between the two comes; then what was packed is unpacked and packed again as deep as it is.

use super::filter::Filter;
use crate::{Limits, Memory, Purpose, deflate::Deflater, error::Fault, inflate::Inflater};

/// The budget is asked for so many bytes at a time.
const HELD_STEP: usize = 1 << 20;

/// Compresses filtered rows of a mask.
pub(crate) struct MaskPacker {
    deflater: Deflater,
    bytes_max: u64,
    memory: Memory,
    /// What the budget has given leave for.
    held: usize,
}

impl MaskPacker {
    pub(crate) fn new(limits: &Limits) -> Self {
        let (bytes_max, memory) = (limits.mask_bytes_max, limits.memory.clone());
        Self { deflater: Deflater::new(), bytes_max, memory, held: 0 }
    }

    /// Compresses a filtered row of the mask.
    pub(crate) fn write(&mut self, row: &[u8]) -> Result<(), Fault> {
        self.deflater.write(row);
        let length = self.deflater.output().len();
        check(length, self.bytes_max)?;
        if length > self.held {
            self.held = length.next_multiple_of(HELD_STEP);
            self.memory.hold(Purpose::Mask, self.held as u64)?;
        }
        Ok(())
    }

    /// The mask's compressed samples.
    pub(crate) fn finish(self) -> Result<Vec<u8>, Fault> {
        let bytes = self.deflater.finish();
        check(bytes.len(), self.bytes_max)?;
        Ok(bytes)
    }
}

fn check(length: usize, bytes_max: u64) -> Result<(), Fault> {
    if length as u64 > bytes_max {
        let what = "the image's transparency takes too many bytes: compressed it";
        return Err(Fault::too_large("mask_bytes_max", bytes_max, what));
    }
    Ok(())
}

/// A mask that is done.
pub(crate) struct Mask {
    /// Of a sample.
    pub(crate) bits: u8,
    /// Its rows, each behind its filter, compressed.
    pub(crate) bytes: Vec<u8>,
}

/// Makes a mask of rows of alpha.
pub(crate) struct MaskMaker {
    bits: u8,
    limits: Limits,
    depth: Depth,
}

enum Depth {
    /// All and nothing: the row's filter, which is none, and its bits.
    Bilevel {
        row: Vec<u8>,
        packer: MaskPacker,
    },
    Full {
        filter: Filter,
        packer: MaskPacker,
    },
}

impl MaskMaker {
    /// For rows of so many pixels, of 8 or 16 bits each.
    pub(crate) fn new(width: u32, bits: u8, limits: &Limits) -> Self {
        let row = vec![0; 1 + (width as usize).div_ceil(8)];
        Self { bits, limits: limits.clone(), depth: Depth::Bilevel { row, packer: MaskPacker::new(limits) } }
    }

    /// Takes a row of alpha without a filter.
    pub(crate) fn write(&mut self, alpha: &[u8]) -> Result<(), Fault> {
        let row = match &mut self.depth {
            Depth::Full { filter, packer } => return packer.write(filter.apply(alpha)),
            Depth::Bilevel { row, packer }
                if alpha.iter().all(|byte| matches!(byte, 0 | 255)) && is_bilevel(alpha, self.bits) =>
            {
                pack_bits(alpha, self.bits, &mut row[1..]);
                return packer.write(row);
            }
            Depth::Bilevel { row, .. } => row.len(),
        };
        self.deepen(row, alpha.len())?;
        self.write(alpha)
    }

    pub(crate) fn finish(self) -> Result<Mask, Fault> {
        match self.depth {
            Depth::Bilevel { packer, .. } => Ok(Mask { bits: 1, bytes: packer.finish()? }),
            Depth::Full { packer, .. } => Ok(Mask { bits: self.bits, bytes: packer.finish()? }),
        }
    }

    /// Packs anew what came until now.
    fn deepen(&mut self, bilevel_row: usize, alpha_row: usize) -> Result<(), Fault> {
        let sample_bytes = usize::from(self.bits / 8);
        let full = Depth::Full {
            filter: Filter::new(alpha_row, sample_bytes, true),
            packer: MaskPacker::new(&self.limits),
        };
        let Depth::Bilevel { packer, .. } = std::mem::replace(&mut self.depth, full) else { return Ok(()) };
        let Depth::Full { filter, packer: full } = &mut self.depth else { return Ok(()) };
        let bytes = packer.finish()?;
        let (mut row, mut alpha) = (Vec::with_capacity(bilevel_row), vec![0; alpha_row]);
        Inflater::new("mask").push(&bytes, |mut data| {
            while !data.is_empty() {
                let (now, later) = data.split_at(data.len().min(bilevel_row - row.len()));
                row.extend_from_slice(now);
                data = later;
                if row.len() == bilevel_row {
                    for (x, sample) in alpha.chunks_exact_mut(sample_bytes).enumerate() {
                        sample.fill(if row[1 + x / 8] << (x % 8) & 0x80 != 0 { 255 } else { 0 });
                    }
                    full.write(filter.apply(&alpha))?;
                    row.clear();
                }
            }
            Ok(())
        })
    }
}

/// Whether the two bytes of each sample are alike, where it has two.
fn is_bilevel(alpha: &[u8], bits: u8) -> bool {
    bits == 8 || alpha.chunks_exact(2).all(|sample| sample[0] == sample[1])
}

fn pack_bits(alpha: &[u8], bits: u8, row: &mut [u8]) {
    let sample_bytes = usize::from(bits / 8);
    for (byte, samples) in row.iter_mut().zip(alpha.chunks(8 * sample_bytes)) {
        *byte = samples
            .chunks_exact(sample_bytes)
            .enumerate()
            .fold(0, |byte, (x, sample)| byte | (sample[0] & 0x80) >> x);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Packs rows; gives the depth and the samples that come back.
    fn check(rows: &[Vec<u8>], width: u32, bits: u8) -> (u8, Vec<u8>) {
        let mut maker = MaskMaker::new(width, bits, &Limits::default());
        for row in rows {
            maker.write(row).unwrap();
        }
        let mask = maker.finish().unwrap();
        let data = fdeflate::decompress_to_vec(&mask.bytes).unwrap();
        let row_bytes = (width as usize * usize::from(mask.bits)).div_ceil(8);
        let mut samples = Vec::new();
        let mut previous = vec![0; row_bytes];
        for row in data.chunks_exact(1 + row_bytes) {
            let mut row_data = row[1..].to_vec();
            super::super::filter::undo(row[0], &mut row_data, &previous, usize::from(mask.bits).div_ceil(8));
            samples.extend_from_slice(&row_data);
            previous = row_data;
        }
        (mask.bits, samples)
    }

    #[test]
    fn all_and_nothing_take_a_bit_each() {
        let rows = vec![vec![255, 0, 255, 255, 0, 0, 0, 0, 255], vec![0; 9]];
        assert_eq!(check(&rows, 9, 8), (1, vec![0b1011_0000, 0b1000_0000, 0, 0]));
        let wide: Vec<Vec<u8>> =
            rows.iter().map(|row| row.iter().flat_map(|byte| [*byte, *byte]).collect()).collect();
        assert_eq!(check(&wide, 9, 16), (1, vec![0b1011_0000, 0b1000_0000, 0, 0]));
    }

    #[test]
    fn what_lies_between_makes_all_of_it_deep() {
        for bits in [8, 16] {
            let samples = |row: [u8; 9]| -> Vec<u8> {
                row.iter().flat_map(|byte| vec![*byte; usize::from(bits / 8)]).collect()
            };
            let rows = vec![
                samples([255, 0, 255, 0, 0, 0, 0, 0, 255]),
                samples([0, 0, 0, 0, 255, 0, 0, 0, 255]),
                samples([0, 1, 2, 3, 255, 0, 254, 0, 255]),
                samples([255; 9]),
            ];
            assert_eq!(check(&rows, 9, bits), (bits, rows.concat()));
        }
        // Bytes of all and nothing, in a sample of neither.
        let mixed = vec![vec![255, 0, 0, 255]];
        assert_eq!(check(&mixed, 2, 16), (16, mixed.concat()));
    }
}
