//! Makes zlib streams (RFC 1950, RFC 1951) of filtered image rows, forward and in bounded memory.
//!
//! Between the two that there are in pure Rust: one fixed code and runs of zeros are several times faster and
//! leave screenshots five times larger; a search as zlib's makes them little smaller and takes several times
//! as long. Here each block has codes of its own, and a match is looked for in two places.

mod bits;
mod block;
mod huffman;
mod matches;

use bits::Bits;
use block::Block;
use matches::Finder;

/// How far back a match may lie.
const HISTORY_BYTES: usize = 32 << 10;
/// Input of one block: codes follow what changes from one part of an image to the next.
const BLOCK_BYTES: usize = 64 << 10;

/// A zlib stream being made.
pub(crate) struct Deflater {
    /// History, then what was not yet coded.
    window: Vec<u8>,
    /// Where in the window the uncoded bytes begin.
    at: usize,
    finder: Finder,
    block: Block,
    bits: Bits,
    checksum: simd_adler32::Adler32,
}

impl Deflater {
    pub(crate) fn new() -> Self {
        let mut bits = Bits::default();
        // Deflate with a window of 32 KiB, at its fastest; the second byte makes the two a multiple of 31.
        bits.put(0x0178, 16);
        Self {
            window: Vec::with_capacity(HISTORY_BYTES + 2 * BLOCK_BYTES),
            at: 0,
            finder: Finder::new(),
            block: Block::default(),
            bits,
            checksum: simd_adler32::Adler32::new(),
        }
    }

    /// Compresses some data; what comes of them may come later.
    pub(crate) fn write(&mut self, mut data: &[u8]) {
        self.checksum.write(data);
        while !data.is_empty() {
            let room = self.at + BLOCK_BYTES - self.window.len();
            let (now, later) = data.split_at(data.len().min(room));
            self.window.extend_from_slice(now);
            data = later;
            if self.window.len() == self.at + BLOCK_BYTES {
                self.code(false);
            }
        }
    }

    /// What is compressed and was not taken yet.
    pub(crate) fn output(&mut self) -> &mut Vec<u8> {
        &mut self.bits.bytes
    }

    /// Ends the stream; gives what is compressed and was not taken yet.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        self.code(true);
        self.bits.align();
        let checksum = self.checksum.finish().to_be_bytes();
        self.bits.bytes.extend(checksum);
        self.bits.bytes
    }

    /// Codes all that waits as one block, and forgets history that no match can reach.
    fn code(&mut self, last: bool) {
        self.finder.find(&self.window, self.at, &mut self.block);
        self.block.write(&self.window[self.at..], last, &mut self.bits);
        let surplus = self.window.len().saturating_sub(HISTORY_BYTES);
        self.window.drain(..surplus);
        self.finder.forget(surplus);
        self.at = self.window.len();
    }
}

#[cfg(test)]
#[expect(clippy::cast_possible_truncation, reason = "the numbers are small")]
mod tests {
    use super::*;

    /// Compresses in pieces of this length; tells how much came of it.
    fn check(data: &[u8], piece: usize) -> usize {
        let mut deflater = Deflater::new();
        let mut compressed = Vec::new();
        for part in data.chunks(piece) {
            deflater.write(part);
            compressed.append(deflater.output());
        }
        compressed.extend(deflater.finish());
        assert!(
            fdeflate::decompress_to_vec(&compressed).is_ok_and(|back| back == data),
            "{} bytes",
            data.len()
        );
        compressed.len()
    }

    /// Numbers that look random, the same every time, below `most`.
    fn noise(length: usize, most: u32) -> Vec<u8> {
        let mut state = 1_u32;
        let next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            ((state >> 16) % most) as u8
        };
        std::iter::repeat_with(next).take(length).collect()
    }

    #[test]
    fn whatever_goes_in_comes_out() {
        for length in [0, 1, 2, 3, 4, 5, 257, 258, 259, 65_535, 65_536, 65_537, 300_000] {
            for most in [1, 2, 3, 17, 256] {
                check(&noise(length, most), 100_000);
            }
        }
        for piece in [1, 7, 65_536, 65_537] {
            check(&noise(200_000, 9), piece);
        }
    }

    #[test]
    fn matches_at_every_distance_and_length_are_right() {
        for distance in [1, 2, 3, 4, 5, 1000, 32_767, 32_768, 32_769, 40_000] {
            let pattern = noise(distance, 256);
            let data: Vec<_> = pattern.iter().copied().cycle().take(150_000).collect();
            check(&data, 150_000);
        }
        for length in 3..600 {
            let part = noise(length, 256);
            check(&[part.as_slice(), b"--", &part, b"++", &part].concat(), 10_000);
        }
    }

    #[test]
    fn codes_of_the_greatest_depth_are_right() {
        // Each byte about 1.6 times as frequent as the one before: codes would be deeper than 15 bits.
        let mut data = Vec::new();
        let mut count = 10;
        for byte in 0..24_u8 {
            data.extend(vec![byte * 7; count / 10]);
            count = count * 162 / 100;
        }
        // Not in runs, so that they stay single bytes.
        let length = data.len();
        let mixed: Vec<_> = (0..length).map(|at| data[at * 7919 % length]).collect();
        check(&mixed, length);
    }

    #[test]
    fn what_compresses_gets_small_and_what_does_not_grows_little() {
        assert!(check(&vec![0; 1_000_000], 4096) < 2500);
        assert!(check(&vec![255; 1_000_000], 4096) < 2500);
        assert!(check(&noise(1_000_000, 256), 4096) < 1_000_300);
        let nibbles = check(&noise(1_000_000, 16), 4096);
        assert!(nibbles < 515_000, "{nibbles}");
    }
}
