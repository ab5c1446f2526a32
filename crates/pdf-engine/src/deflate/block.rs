//! A block: literals and repetitions gathered, then written with the codes that suit them (RFC 1951, 3.2).

use super::{
    bits::Bits,
    huffman::{self, Code},
};

/// Literals and lengths that have a symbol, and distances.
const LITERALS: usize = 286;
const DISTANCES: usize = 30;
const END: usize = 256;
/// The order in which the lengths of the lengths' codes are written.
const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
const STORED_BYTES_MAX: usize = 65_535;

/// What a block holds, until it is written.
pub(super) struct Block {
    /// A byte, or above 255 a distance in the upper and a length in the lower half.
    tokens: Vec<u32>,
    literal_counts: [u32; LITERALS],
    distance_counts: [u32; DISTANCES],
    /// What a byte took in the block before, on average, in 64ths of a bit.
    literal_cost: usize,
}

impl Default for Block {
    fn default() -> Self {
        Self {
            tokens: Vec::new(),
            literal_counts: [0; LITERALS],
            distance_counts: [0; DISTANCES],
            literal_cost: 8 * 64,
        }
    }
}

impl Block {
    pub(super) fn literal(&mut self, byte: u8) {
        self.tokens.push(u32::from(byte));
        self.literal_counts[usize::from(byte)] += 1;
    }

    /// `length` bytes, 3 to 258, as they were `distance` bytes earlier, 1 to 32,768.
    #[expect(clippy::cast_possible_truncation, reason = "both are in the ranges above")]
    pub(super) fn repeat(&mut self, length: usize, distance: usize) {
        let (length, distance) = (length as u32, distance as u32);
        self.tokens.push(distance << 16 | length);
        self.literal_counts[length_symbol(length).symbol] += 1;
        self.distance_counts[distance_symbol(distance).symbol] += 1;
    }

    /// Whether a repetition takes fewer bits than the bytes: about seven for the length, five for the distance,
    /// and those that place it among distances of its size.
    pub(super) fn is_worth(&self, length: usize, distance: usize) -> bool {
        length * self.literal_cost > (12 + distance.ilog2() as usize) * 64
    }

    /// Writes the block, which stands for `bytes`, as it becomes the shortest, and forgets it.
    pub(super) fn write(&mut self, bytes: &[u8], last: bool, bits: &mut Bits) {
        self.literal_counts[END] += 1;
        let literal_lengths = huffman::lengths(&self.literal_counts, 15);
        let distance_lengths = huffman::lengths(&self.distance_counts, 15);
        let header = Header::new(&literal_lengths, &distance_lengths);
        if header.bits() + self.bits(&literal_lengths, &distance_lengths) < (bytes.len() as u64 + 8) * 8 {
            bits.put(u32::from(last) | 0b100, 3);
            header.write(bits);
            // It is known to become shorter than its bytes.
            bits.bytes.reserve(bytes.len() + 8);
            self.write_tokens(&huffman::codes(&literal_lengths), &huffman::codes(&distance_lengths), bits);
        } else {
            write_stored(bytes, last, bits);
        }
        self.note_literal_cost(&literal_lengths);
        self.tokens.clear();
        self.literal_counts.fill(0);
        self.distance_counts.fill(0);
    }

    fn note_literal_cost(&mut self, lengths: &[u8]) {
        let counted = self.literal_counts[..END].iter().zip(lengths);
        let (count, bits) = counted.fold((0, 0), |(all, bits), (count, length)| {
            let count = *count as usize;
            (all + count, bits + count * usize::from(*length))
        });
        // Of few bytes nothing can be learned.
        if count >= 256 {
            self.literal_cost = bits * 64 / count;
        }
    }

    /// How many bits the tokens take.
    fn bits(&self, literal_lengths: &[u8], distance_lengths: &[u8]) -> u64 {
        let literals = self.literal_counts.iter().zip(literal_lengths).enumerate();
        let distances = self.distance_counts.iter().zip(distance_lengths).enumerate();
        let cost =
            |count: u32, length: u8, extra: u32| u64::from(count) * u64::from(u32::from(length) + extra);
        literals.map(|(symbol, (count, length))| cost(*count, *length, length_extra(symbol))).sum::<u64>()
            + distances
                .map(|(symbol, (count, length))| cost(*count, *length, distance_extra(symbol)))
                .sum::<u64>()
    }

    fn write_tokens(&self, literals: &[Code], distances: &[Code], bits: &mut Bits) {
        let mut bytes = [Code::default(); 256];
        bytes.copy_from_slice(&literals[..256]);
        let mut rest = self.tokens.as_slice();
        loop {
            // Two bytes at once, as most are among themselves.
            while let [first, second, others @ ..] = rest
                && (*first | *second) < 256
            {
                let (first, second) = (bytes[*first as usize & 255], bytes[*second as usize & 255]);
                let pair = u32::from(first.bits) | u32::from(second.bits) << first.length;
                bits.put(pair, u32::from(first.length + second.length));
                rest = others;
            }
            let Some((token, others)) = rest.split_first() else { break };
            rest = others;
            if *token < 256 {
                put_code(bits, bytes[*token as usize & 255]);
                continue;
            }
            let (length, distance) = (length_symbol(token & 0xffff), distance_symbol(token >> 16));
            put_code(bits, literals[length.symbol]);
            bits.put(length.extra, length.extra_bits);
            put_code(bits, distances[distance.symbol]);
            bits.put(distance.extra, distance.extra_bits);
        }
        put_code(bits, literals[END]);
    }
}

fn put_code(bits: &mut Bits, code: Code) {
    bits.put(u32::from(code.bits), u32::from(code.length));
}

/// A symbol and the bits that say which of its values is meant.
struct Coded {
    symbol: usize,
    extra: u32,
    extra_bits: u32,
}

/// The symbol of a length: four for each doubling, from 3 on; 258 has one of its own.
fn length_symbol(length: u32) -> Coded {
    if length == 258 {
        return Coded { symbol: 285, extra: 0, extra_bits: 0 };
    }
    let value = length - 3;
    let extra_bits = value.max(4).ilog2() - 2;
    let symbol = 257 + (extra_bits * 4 + (value >> extra_bits)) as usize;
    Coded { symbol, extra: value & ((1 << extra_bits) - 1), extra_bits }
}

/// The symbol of a distance: two for each doubling, from 1 on.
fn distance_symbol(distance: u32) -> Coded {
    let value = distance - 1;
    let extra_bits = value.max(2).ilog2() - 1;
    let symbol = (extra_bits * 2 + (value >> extra_bits)) as usize;
    Coded { symbol, extra: value & ((1 << extra_bits) - 1), extra_bits }
}

fn length_extra(symbol: usize) -> u32 {
    match symbol {
        265..285 => u32::try_from((symbol - 261) / 4).unwrap_or(0),
        _ => 0,
    }
}

fn distance_extra(symbol: usize) -> u32 {
    u32::try_from(symbol / 2).unwrap_or(0).saturating_sub(1)
}

/// The lengths of a block's codes, run-length coded, and the code for that.
struct Header {
    literals: usize,
    distances: usize,
    /// Symbol, extra bits' value and number.
    runs: Vec<(u8, u32, u32)>,
    lengths: Vec<u8>,
    /// How many of `lengths` are written.
    written: usize,
}

impl Header {
    fn new(literal_lengths: &[u8], distance_lengths: &[u8]) -> Self {
        let used = |lengths: &[u8], least: usize| {
            lengths.iter().rposition(|length| *length > 0).map_or(0, |last| last + 1).max(least)
        };
        let (literals, distances) = (used(literal_lengths, 257), used(distance_lengths, 1));
        let runs = runs(&[&literal_lengths[..literals], &distance_lengths[..distances]].concat());
        let mut counts = [0; 19];
        for (symbol, ..) in &runs {
            counts[usize::from(*symbol)] += 1;
        }
        let lengths = huffman::lengths(&counts, 7);
        let written =
            ORDER.iter().rposition(|symbol| lengths[*symbol] > 0).map_or(4, |last| (last + 1).max(4));
        Self { literals, distances, runs, lengths, written }
    }

    fn bits(&self) -> u64 {
        let runs = self
            .runs
            .iter()
            .map(|(symbol, _, extra)| u64::from(self.lengths[usize::from(*symbol)]) + u64::from(*extra));
        17 + 3 * self.written as u64 + runs.sum::<u64>()
    }

    #[expect(clippy::cast_possible_truncation, reason = "counts of symbols, below 300")]
    fn write(&self, bits: &mut Bits) {
        bits.put((self.literals - 257) as u32, 5);
        bits.put((self.distances - 1) as u32, 5);
        bits.put((self.written - 4) as u32, 4);
        for symbol in &ORDER[..self.written] {
            bits.put(u32::from(self.lengths[*symbol]), 3);
        }
        let codes = huffman::codes(&self.lengths);
        for (symbol, extra, extra_bits) in &self.runs {
            put_code(bits, codes[usize::from(*symbol)]);
            bits.put(*extra, *extra_bits);
        }
    }
}

/// Lengths with their repetitions told: 16 repeats the last 3 to 6 times, 17 and 18 stand for zeros.
fn runs(lengths: &[u8]) -> Vec<(u8, u32, u32)> {
    let mut runs = Vec::new();
    for group in lengths.chunk_by(|a, b| a == b) {
        let value = group[0];
        let mut left = u32::try_from(group.len()).unwrap_or(0);
        if value > 0 {
            runs.push((value, 0, 0));
            left -= 1;
        }
        while left >= 3 {
            let (symbol, least, most, extra_bits) = match value {
                0 if left > 10 => (18, 11, 138, 7),
                0 => (17, 3, 10, 3),
                _ => (16, 3, 6, 2),
            };
            let count = left.min(most);
            runs.push((symbol, count - least, extra_bits));
            left -= count;
        }
        runs.extend((0..left).map(|_| (value, 0, 0)));
    }
    runs
}

/// Writes bytes as they are.
fn write_stored(bytes: &[u8], last: bool, bits: &mut Bits) {
    if bytes.is_empty() {
        // With the fixed codes, where the end is seven zeros.
        bits.put(u32::from(last) | 0b010, 10);
    }
    let mut parts = bytes.chunks(STORED_BYTES_MAX).peekable();
    while let Some(part) = parts.next() {
        bits.put(u32::from(last && parts.peek().is_none()), 3);
        bits.align();
        let length = u16::try_from(part.len()).unwrap_or(u16::MAX);
        bits.bytes.extend(length.to_le_bytes());
        bits.bytes.extend((!length).to_le_bytes());
        bits.bytes.extend_from_slice(part);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbols_are_those_of_the_standard() {
        for (length, symbol, extra, extra_bits) in [
            (3, 257, 0, 0),
            (10, 264, 0, 0),
            (11, 265, 0, 1),
            (18, 268, 1, 1),
            (19, 269, 0, 2),
            (130, 280, 15, 4),
            (131, 281, 0, 5),
            (257, 284, 30, 5),
            (258, 285, 0, 0),
        ] {
            let coded = length_symbol(length);
            assert_eq!(
                (coded.symbol, coded.extra, coded.extra_bits),
                (symbol, extra, extra_bits),
                "length {length}"
            );
            assert_eq!(length_extra(symbol), extra_bits);
        }
        for (distance, symbol, extra, extra_bits) in [
            (1, 0, 0, 0),
            (4, 3, 0, 0),
            (5, 4, 0, 1),
            (6, 4, 1, 1),
            (7, 5, 0, 1),
            (24_577, 29, 0, 13),
            (32_768, 29, 8191, 13),
        ] {
            let coded = distance_symbol(distance);
            assert_eq!(
                (coded.symbol, coded.extra, coded.extra_bits),
                (symbol, extra, extra_bits),
                "distance {distance}"
            );
            assert_eq!(distance_extra(symbol), extra_bits);
        }
    }

    #[test]
    fn lengths_are_told_in_runs() {
        assert_eq!(runs(&[0; 2]), [(0, 0, 0), (0, 0, 0)]);
        assert_eq!(runs(&[0; 3]), [(17, 0, 3)]);
        assert_eq!(runs(&[0; 10]), [(17, 7, 3)]);
        assert_eq!(runs(&[0; 11]), [(18, 0, 7)]);
        assert_eq!(runs(&[0; 140]), [(18, 127, 7), (0, 0, 0), (0, 0, 0)]);
        assert_eq!(runs(&[5; 4]), [(5, 0, 0), (16, 0, 2)]);
        assert_eq!(runs(&[5; 8]), [(5, 0, 0), (16, 3, 2), (5, 0, 0)]);
    }
}
