//! Fax codes of Group 4 (ITU-T T.6), written row by row: what strips of codes are joined to.

/// Modes (T.6, table 1).
const PASS: Code = code("0001");
const HORIZONTAL: Code = code("001");
/// How far the change lies to the right of the one above it, from -3 on.
const VERTICAL: [Code; 7] = codes(["0000010", "000010", "010", "1", "011", "000011", "0000011"]);
/// Half of the mark behind the last row.
const END_OF_LINE: Code = code("000000000001");

/// Runs of 0 to 63 white pixels (T.4, table 2).
const WHITE: [Code; 64] = codes([
    "00110101", "000111", "0111", "1000", "1011", "1100", "1110", "1111", "10011", "10100", "00111", "01000",
    "001000", "000011", "110100", "110101", "101010", "101011", "0100111", "0001100", "0001000", "0010111",
    "0000011", "0000100", "0101000", "0101011", "0010011", "0100100", "0011000", "00000010", "00000011",
    "00011010", "00011011", "00010010", "00010011", "00010100", "00010101", "00010110", "00010111",
    "00101000", "00101001", "00101010", "00101011", "00101100", "00101101", "00000100", "00000101",
    "00001010", "00001011", "01010010", "01010011", "01010100", "01010101", "00100100", "00100101",
    "01011000", "01011001", "01011010", "01011011", "01001010", "01001011", "00110010", "00110011",
    "00110100",
]);
/// The same of black ones.
const BLACK: [Code; 64] = codes([
    "0000110111",
    "010",
    "11",
    "10",
    "011",
    "0011",
    "0010",
    "00011",
    "000101",
    "000100",
    "0000100",
    "0000101",
    "0000111",
    "00000100",
    "00000111",
    "000011000",
    "0000010111",
    "0000011000",
    "0000001000",
    "00001100111",
    "00001101000",
    "00001101100",
    "00000110111",
    "00000101000",
    "00000010111",
    "00000011000",
    "000011001010",
    "000011001011",
    "000011001100",
    "000011001101",
    "000001101000",
    "000001101001",
    "000001101010",
    "000001101011",
    "000011010010",
    "000011010011",
    "000011010100",
    "000011010101",
    "000011010110",
    "000011010111",
    "000001101100",
    "000001101101",
    "000011011010",
    "000011011011",
    "000001010100",
    "000001010101",
    "000001010110",
    "000001010111",
    "000001100100",
    "000001100101",
    "000001010010",
    "000001010011",
    "000000100100",
    "000000110111",
    "000000111000",
    "000000100111",
    "000000101000",
    "000001011000",
    "000001011001",
    "000000101011",
    "000000101100",
    "000001011010",
    "000001100110",
    "000001100111",
]);
/// Runs of 64 to 1,728 white pixels in steps of 64 (T.4, table 3a).
const WHITE_64S: [Code; 27] = codes([
    "11011",
    "10010",
    "010111",
    "0110111",
    "00110110",
    "00110111",
    "01100100",
    "01100101",
    "01101000",
    "01100111",
    "011001100",
    "011001101",
    "011010010",
    "011010011",
    "011010100",
    "011010101",
    "011010110",
    "011010111",
    "011011000",
    "011011001",
    "011011010",
    "011011011",
    "010011000",
    "010011001",
    "010011010",
    "011000",
    "010011011",
]);
/// The same of black ones.
const BLACK_64S: [Code; 27] = codes([
    "0000001111",
    "000011001000",
    "000011001001",
    "000001011011",
    "000000110011",
    "000000110100",
    "000000110101",
    "0000001101100",
    "0000001101101",
    "0000001001010",
    "0000001001011",
    "0000001001100",
    "0000001001101",
    "0000001110010",
    "0000001110011",
    "0000001110100",
    "0000001110101",
    "0000001110110",
    "0000001110111",
    "0000001010010",
    "0000001010011",
    "0000001010100",
    "0000001010101",
    "0000001011010",
    "0000001011011",
    "0000001100100",
    "0000001100101",
]);
/// Runs of 1,792 to 2,560 pixels of either colour in steps of 64 (T.4, table 3b).
const LONG_64S: [Code; 13] = codes([
    "00000001000",
    "00000001100",
    "00000001101",
    "000000010010",
    "000000010011",
    "000000010100",
    "000000010101",
    "000000010110",
    "000000010111",
    "000000011100",
    "000000011101",
    "000000011110",
    "000000011111",
]);

/// A code, in the low bits.
#[derive(Debug, Clone, Copy)]
struct Code {
    bits: u16,
    length: u32,
}

/// How often a row's end stands behind its changes: places are looked at by two beyond the first that is the end.
const ENDS: usize = 4;

/// Writes rows, each coded against the one above.
pub(super) struct Writer {
    width: u32,
    /// Where the row above changes its colour, the first time to black; behind these its end, several times.
    above: Vec<u32>,
    row: Vec<u32>,
    bits: Bits,
}

impl Writer {
    /// Rows of so many pixels.
    pub(super) fn new(width: u32) -> Self {
        Self { width, above: vec![width; ENDS], row: Vec::new(), bits: Bits::default() }
    }

    /// Writes a row that changes its colour at these pixels, the first time to black.
    pub(super) fn write(&mut self, changes: &[u32]) {
        self.normalize(changes);
        let (above, row, width) = (self.above.as_slice(), self.row.as_slice(), self.width);
        // The names of T.6: up to a0 all is coded, a1 and a2 are the next changes of this row, b1 is the first one above that
        // lies behind a0 and is to the same colour as a1, b2 the one behind b1. Changes at even places are to black.
        let (mut a0, mut at_a1, mut at_b1) = (0, 0, 0);
        loop {
            let (a1, b1, b2) = (row[at_a1], above[at_b1], above[at_b1 + 1]);
            if b2 < a1 {
                self.bits.put(PASS);
                a0 = b2;
            } else if a1.abs_diff(b1) <= 3 {
                self.bits.put(VERTICAL[(a1 + 3 - b1) as usize]);
                a0 = a1;
                at_a1 += 1;
                at_b1 = if at_b1 > 0 { at_b1 - 1 } else { 1 };
            } else {
                let a2 = row[at_a1 + 1];
                self.bits.put(HORIZONTAL);
                let is_white = at_a1.is_multiple_of(2);
                self.bits.run(is_white, a1 - a0);
                self.bits.run(!is_white, a2 - a1);
                a0 = a2;
                at_a1 += 2;
            }
            if a0 >= width {
                break;
            }
            while above[at_b1] <= a0 && above[at_b1] < width {
                at_b1 += 2;
            }
        }
        std::mem::swap(&mut self.above, &mut self.row);
    }

    /// Writes the mark behind the last row.
    pub(super) fn finish(&mut self) {
        self.bits.put(END_OF_LINE);
        self.bits.put(END_OF_LINE);
        self.bits.align();
    }

    /// Hands over the bytes that are whole.
    pub(super) fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.bits.bytes)
    }

    /// Leaves out runs of no length.
    fn normalize(&mut self, changes: &[u32]) {
        self.row.clear();
        for run in changes.chunks(2) {
            let end = run.get(1).map_or(self.width, |end| self.width.min(*end));
            if run[0] >= end {
                continue;
            }
            if self.row.last() == Some(&run[0]) {
                self.row.pop();
            } else {
                self.row.push(run[0]);
            }
            if end < self.width {
                self.row.push(end);
            }
        }
        self.row.extend([self.width; ENDS]);
    }
}

/// Bits, the first of them the high one of its byte.
#[derive(Default)]
struct Bits {
    /// Whole bytes.
    bytes: Vec<u8>,
    /// Fewer than 32 bits that wait.
    waiting: u64,
    count: u32,
}

impl Bits {
    fn put(&mut self, code: Code) {
        self.waiting = self.waiting << code.length | u64::from(code.bits);
        self.count += code.length;
        if self.count >= 32 {
            self.count -= 32;
            let [.., a, b, c, d] = (self.waiting >> self.count).to_be_bytes();
            self.bytes.extend_from_slice(&[a, b, c, d]);
            self.waiting &= (1 << self.count) - 1;
        }
    }

    /// Codes a run of pixels of a colour: sixty-fours first, the rest behind them.
    fn run(&mut self, is_white: bool, length: u32) {
        let (units, sixty_fours) = if is_white { (&WHITE, &WHITE_64S) } else { (&BLACK, &BLACK_64S) };
        let mut left = length as usize;
        while left > 2_560 + 63 {
            self.put(LONG_64S[LONG_64S.len() - 1]);
            left -= 2_560;
        }
        if left >= 1_792 {
            self.put(LONG_64S[left / 64 - 28]);
        } else if left >= 64 {
            self.put(sixty_fours[left / 64 - 1]);
        }
        self.put(units[left % 64]);
    }

    /// Fills the last byte with zeros, and makes all bytes whole.
    fn align(&mut self) {
        let whole = self.count.div_ceil(8);
        let bits = self.waiting << (whole * 8 - self.count);
        self.bytes.extend((0..whole).rev().map(|at| (bits >> (8 * at)).to_le_bytes()[0]));
        (self.waiting, self.count) = (0, 0);
    }
}

const fn codes<const N: usize>(digits: [&str; N]) -> [Code; N] {
    let mut codes = [Code { bits: 0, length: 0 }; N];
    let mut at = 0;
    while at < N {
        codes[at] = code(digits[at]);
        at += 1;
    }
    codes
}

const fn code(digits: &str) -> Code {
    let digits = digits.as_bytes();
    let mut code = Code { bits: 0, length: 0 };
    let mut at = 0;
    while at < digits.len() {
        code.bits = code.bits << 1 | (digits[at] - b'0') as u16;
        code.length += 1;
        at += 1;
    }
    code
}

#[cfg(test)]
mod tests {
    use hayro_ccitt::{DecodeSettings, Decoder, DecoderContext, EncodingMode};
    use proptest::prelude::*;

    use super::*;

    struct Rows(Vec<Vec<bool>>, u32);

    impl Decoder for Rows {
        fn push_row(&mut self, changes: &[u32]) {
            self.0.push(pixels(changes, self.1));
        }
    }

    /// Which pixels are black.
    fn pixels(changes: &[u32], width: u32) -> Vec<bool> {
        (0..width).map(|x| changes.iter().filter(|change| **change <= x).count() % 2 == 1).collect()
    }

    /// A reader of codes that is not ours reads what was meant.
    fn check(rows: &[Vec<u32>], width: u32) {
        let mut writer = Writer::new(width);
        for row in rows {
            writer.write(row);
        }
        writer.finish();
        let settings = DecodeSettings {
            columns: width,
            rows: u32::try_from(rows.len()).unwrap(),
            end_of_block: true,
            end_of_line: false,
            rows_are_byte_aligned: false,
            encoding: EncodingMode::Group4,
            strict: true,
        };
        let mut read = Rows(Vec::new(), width);
        let bytes = writer.take();
        hayro_ccitt::decode(&bytes, &mut read, &mut DecoderContext::new(settings)).unwrap();
        assert_eq!(read.0.len(), rows.len());
        for (y, (read, row)) in read.0.iter().zip(rows).enumerate() {
            assert!(*read == pixels(row, width), "row {y} of {width} pixels: {rows:?}");
        }
    }

    #[test]
    fn runs_of_every_length_are_read() {
        for length in (0..=2_700).chain([5_119, 5_120, 5_183, 5_184, 9_999]) {
            let width = length + 10;
            // Behind nothing, so that the row above does not help: a white run and a black one.
            check(&[vec![length, length + 5], vec![], vec![5, 5 + length]], width);
        }
    }

    #[test]
    fn runs_of_no_length_are_none() {
        for (changes, expected) in [
            (&[3, 3][..], &[][..]),
            (&[0, 4, 4, 6], &[0, 6]),
            (&[2, 4, 4, 4, 6, 10], &[2, 4, 6]),
            (&[8, 20], &[8]),
            (&[8, 9, 9], &[8]),
            (&[10, 10], &[]),
            (&[0], &[0]),
        ] {
            let mut writer = Writer::new(10);
            writer.normalize(changes);
            assert_eq!(writer.row, [expected, &[10; ENDS]].concat(), "{changes:?}");
        }
    }

    proptest! {
        #[test]
        fn rows_of_any_kind_are_read(
            width in 1_u32..90,
            rows in prop::collection::vec((prop::collection::btree_set(0_u32..90, 0..40), any::<bool>()), 1..12),
        ) {
            let mut made: Vec<Vec<u32>> = Vec::new();
            for (changes, alike) in rows {
                let changes = changes.into_iter().filter(|change| *change < width);
                // Like the row above but for a pixel's shift here and there, as rows of pictures are.
                made.push(match made.last() {
                    Some(above) if alike => above.iter().map(|change| change + width % 2).filter(|change| *change < width).collect(),
                    _ => changes.collect(),
                });
            }
            check(&made, width);
        }
    }
}
