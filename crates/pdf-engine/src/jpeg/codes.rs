//! Huffman codes of a scan, read one by one without their samples being made: T.81, annex F.2.2, and G.2 for
//! progressive scans.
//!
//! What must be there is: each code is in its table, each block ends within its 64 coefficients, each unit of the image has
//! all its blocks, and behind the last one nothing is left. A code that refines coefficients of earlier scans makes one of
//! them 1 or -1, or none.

use super::{bits::Bits, tables::Table};
use crate::error::{Count, Fault};

/// Codes of so many bits are looked up at once.
const FAST_BITS: u32 = 11;
const FAST: usize = 1 << FAST_BITS;
/// No block has more bits: 64 codes of 16 bits with 15 behind them. One that is refined has fewer, as what was not zero has a
/// bit each and no code.
const BLOCK_BYTES_MAX: usize = 64 * 31 / 8 + 8;
/// A run of zeros without a coefficient at its end.
const ZEROS: u8 = 0xf0;
/// Bytes behind the last unit that encoders leave there.
const SURPLUS_BYTES_MAX: usize = 2;
/// What those of most are: zeros, ones, or the seven ones that are put behind whole bytes. Cameras for video leave others,
/// and so does damage that shifts the codes.
const PADDING: [u8; 3] = [0x00, 0x7f, 0xff];

/// A table, made ready for reading.
struct Codes {
    /// By the next bits: how many bits the code and what is behind it have, times 128, and how many coefficients it
    /// stands for; 0 where the code is longer.
    fast: Box<[u16; FAST]>,
    /// By the next bits: how many the code has, times 256, and its symbol; 0 where it is longer.
    symbols: Box<[u16; FAST]>,
    /// For codes of each length, the first 16 bits that are beyond them, and what takes a code to its symbol's place.
    longer: [(u32, i32); 17],
    table: Table,
}

/// What is coded of each block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Coded {
    /// All of it.
    Whole,
    /// The high bits of its average.
    Average,
    /// A further bit of its average.
    AverageBit,
    /// The high bits of coefficients from one to another.
    Band(u8, u8),
    /// A further bit of coefficients from one to another.
    BandBit(u8, u8),
}

/// Reads the codes of one scan.
pub(super) struct Reader<'n> {
    coded: Coded,
    /// Tables for the average and for the rest of each block of a unit.
    blocks: Vec<(usize, usize)>,
    codes: Vec<Codes>,
    bits: Bits,
    /// Which block of the unit is next.
    next: usize,
    /// Units that are still to come before a marker.
    units: u64,
    /// Blocks that the last code has ended already.
    ended: u32,
    /// Of each block, which coefficients are not zero; nothing, where that is not kept.
    nonzero: &'n mut [u64],
    /// Which of the scan's blocks is next, where that is kept.
    block: usize,
    /// Whether bytes stood behind a last unit that are no padding.
    has_strays: bool,
}

/// What is wrong with a code.
#[derive(Debug)]
enum Damage {
    Unknown,
    TooLong,
    TooLarge,
}

impl Codes {
    fn new(table: &Table) -> Self {
        let mut codes = Self {
            fast: Box::new([0; FAST]),
            symbols: Box::new([0; FAST]),
            longer: [(0, 0); 17],
            table: table.clone(),
        };
        let (mut code, mut place) = (0_u32, 0_usize);
        for (length, &count) in (1_u32..).zip(&table.counts) {
            let first = code;
            for symbol in table.symbols.iter().skip(place).take(count.into()) {
                if length <= FAST_BITS {
                    let start = (code << (FAST_BITS - length)) as usize;
                    let all = start..start + (1 << (FAST_BITS - length));
                    let behind = u32::from(symbol & 15);
                    let steps = match (symbol >> 4, symbol & 15) {
                        (15, 0) => 16,
                        (_, 0) => 64,
                        (run, _) => u16::from(run) + 1,
                    };
                    codes.fast[all.clone()].fill(to_u16(length + behind) << 7 | steps);
                    codes.symbols[all].fill(to_u16(length) << 8 | u16::from(*symbol));
                }
                code += 1;
            }
            let offset = i32::try_from(place).unwrap_or(0) - first.cast_signed();
            codes.longer[length as usize] = (code << (16 - length), offset);
            place += usize::from(count);
            code <<= 1;
        }
        codes
    }
}

fn to_u16(number: u32) -> u16 {
    u16::try_from(number).unwrap_or(u16::MAX)
}

impl<'n> Reader<'n> {
    /// Reads what is coded as `coded`, by tables for the average and the rest of each block of a unit. Which coefficients are
    /// not zero is kept in `nonzero`, where it has a word a block, and must be there for a further bit of theirs.
    pub(super) fn new(
        coded: Coded,
        blocks: &[(Option<Table>, Option<Table>)],
        nonzero: &'n mut [u64],
    ) -> Self {
        let mut codes: Vec<Codes> = Vec::new();
        let mut place = |table: &Option<Table>| {
            let Some(table) = table else { return 0 };
            codes.iter().position(|codes| codes.table == *table).unwrap_or_else(|| {
                codes.push(Codes::new(table));
                codes.len() - 1
            })
        };
        let blocks = blocks.iter().map(|(average, rest)| (place(average), place(rest))).collect();
        Self {
            coded,
            blocks,
            codes,
            bits: Bits::default(),
            next: 0,
            units: 0,
            ended: 0,
            nonzero,
            block: 0,
            has_strays: false,
        }
    }

    /// Whether there were bytes that no unit needs and that encoders do not leave: the image may be whole in spite of them.
    pub(super) fn has_strays(&self) -> bool {
        self.has_strays
    }

    /// Begins what stands before a marker: so many units.
    pub(super) fn begin(&mut self, units: u64) {
        self.bits.clear();
        (self.next, self.units, self.ended) = (0, units, 0);
    }

    /// Takes bytes as they stand in the file, which end at `position`; each FF has its zero behind it.
    pub(super) fn take(&mut self, mut stuffed: &[u8], position: u64) -> Result<(), Fault> {
        let bytes = &mut self.bits.bytes;
        while let Some(found) = memchr::memchr(0xff, stuffed) {
            bytes.extend_from_slice(&stuffed[..=found]);
            stuffed = stuffed.get(found + 2..).unwrap_or_default();
        }
        bytes.extend_from_slice(stuffed);
        // Fewer may be less than what a block still lacks that begins with the bits that are ready.
        let Some(end) = bytes.len().checked_sub(BLOCK_BYTES_MAX) else { return Ok(()) };
        self.read(end, position)?;
        self.bits.forget_read();
        Ok(())
    }

    /// Reads what is left before a marker at `position`.
    pub(super) fn end(&mut self, position: u64) -> Result<(), Fault> {
        let length = self.bits.bytes.len();
        self.bits.bytes.resize(length + 2 * BLOCK_BYTES_MAX, 0);
        self.read(length, position)?;
        let Some(left) = self.bits.before(length).filter(|_| self.units == 0 && self.ended == 0) else {
            return Err(damaged(position, "they end before all of the image is there"));
        };
        let count = left / 8;
        let surplus = self.bits.bytes.get(length.saturating_sub(count)..length).unwrap_or_default();
        if count > SURPLUS_BYTES_MAX {
            return Err(damaged(position, "they go on where all of the image is there"));
        }
        self.has_strays |= !surplus.iter().all(|byte| PADDING.contains(byte));
        Ok(())
    }

    /// Reads blocks while they begin before byte `end`, or have no bits of their own.
    fn read(&mut self, end: usize, position: u64) -> Result<(), Fault> {
        loop {
            if self.ended > 0 {
                self.pass_ended(end);
            }
            if self.units == 0 || !self.bits.begin_before(end) {
                return Ok(());
            }
            self.read_block().map_err(|damage| damage.before(position))?;
            self.next += 1;
            if self.next == self.blocks.len() {
                (self.next, self.units) = (0, self.units - 1);
            }
        }
    }

    #[inline]
    fn read_block(&mut self) -> Result<(), Damage> {
        let (average, rest) = self.blocks[self.next];
        let (bits, codes) = (&mut self.bits, &self.codes);
        match self.coded {
            Coded::Whole => codes[average].average(bits).and_then(|()| codes[rest].rest(bits)),
            Coded::Average => codes[average].average(bits),
            Coded::AverageBit => {
                bits.pass(1);
                Ok(())
            }
            Coded::Band(start, end) => {
                let mut found = 0;
                self.ended = codes[rest].band(bits, start, end, &mut found)?;
                if let Some(nonzero) = self.nonzero.get_mut(self.block) {
                    *nonzero |= found;
                }
                self.block += 1;
                Ok(())
            }
            Coded::BandBit(start, end) => {
                let nonzero = self.nonzero.get_mut(self.block).ok_or(Damage::TooLong)?;
                self.ended = codes[rest].band_bit(bits, band(start, end), nonzero)?;
                self.block += 1;
                Ok(())
            }
        }
    }

    /// Passes over blocks that a code has ended, of which each is a unit. Those whose coefficients are refined have bits
    /// all the same, and end it where these do not begin before byte `end`.
    fn pass_ended(&mut self, end: usize) {
        let most = self.units.min(self.ended.into());
        let passed = match self.coded {
            Coded::BandBit(first, last) => {
                let band = band(first, last);
                let mut passed = 0;
                for nonzero in self.nonzero.iter().skip(self.block).take(usize::try_from(most).unwrap_or(0)) {
                    let refined = (nonzero & band).count_ones();
                    if refined > 0 {
                        if !self.bits.begin_before(end) {
                            break;
                        }
                        self.bits.pass(refined);
                    }
                    passed += 1;
                }
                passed
            }
            _ => most,
        };
        self.units -= passed;
        self.ended -= u32::try_from(passed).unwrap_or(self.ended);
        self.block += usize::try_from(passed).unwrap_or(0);
    }
}

/// Coefficients from one to another, a bit each.
fn band(start: u8, end: u8) -> u64 {
    u64::MAX.unbounded_shl(start.into()) & u64::MAX.unbounded_shr(63_u32.saturating_sub(end.into()))
}

impl Codes {
    /// The difference of an average.
    #[inline]
    fn average(&self, bits: &mut Bits) -> Result<(), Damage> {
        let behind = self.symbol(bits)?;
        bits.skip(behind.into());
        Ok(())
    }

    /// All coefficients but the average.
    #[inline]
    fn rest(&self, bits: &mut Bits) -> Result<(), Damage> {
        let mut at = 1;
        while at < 64 {
            bits.refill();
            let entry = self.fast[bits.peek::<FAST_BITS>()];
            if entry == 0 {
                let symbol = self.longer(bits)?;
                match (symbol >> 4, symbol & 15) {
                    (15, 0) => at += 16,
                    (_, 0) => return Ok(()),
                    (run, behind) => {
                        at += u32::from(run) + 1;
                        bits.skip(behind.into());
                    }
                }
            } else {
                bits.skip(u32::from(entry >> 7));
                // The end of a block takes as many coefficients as there may be.
                if entry & 127 == 64 {
                    return Ok(());
                }
                at += u32::from(entry & 127);
            }
        }
        if at > 64 { Err(Damage::TooLong) } else { Ok(()) }
    }

    /// Coefficients from one to another, of which those that are not zero are put to `found`; tells how many further
    /// blocks have none.
    fn band(&self, bits: &mut Bits, start: u8, end: u8, found: &mut u64) -> Result<u32, Damage> {
        let end = u32::from(end);
        let mut at = u32::from(start);
        while at <= end {
            let symbol = self.symbol(bits)?;
            let (run, behind) = (u32::from(symbol >> 4), u32::from(symbol & 15));
            if behind == 0 && symbol != ZEROS {
                return Ok(ended(run, bits));
            }
            bits.skip(behind);
            at += run;
            if at > end {
                return Err(Damage::TooLong);
            }
            *found |= u64::from(behind > 0) << at;
            at += 1;
        }
        Ok(0)
    }

    /// A further bit of the coefficients in `band`, by which some are no more zero; tells of how many further blocks no
    /// other one is. Runs count zeros alone, and what they pass over has its bit: T.81, section G.1.2.3.
    fn band_bit(&self, bits: &mut Bits, band: u64, nonzero: &mut u64) -> Result<u32, Damage> {
        let mut left = band;
        while left > 0 {
            let symbol = self.symbol(bits)?;
            let (run, behind) = (u32::from(symbol >> 4), u32::from(symbol & 15));
            if behind == 0 && symbol != ZEROS {
                let ended = ended(run, bits);
                bits.pass((*nonzero & left).count_ones());
                return Ok(ended);
            }
            // Decoders warn of any other, and take it for this one.
            if behind > 1 {
                return Err(Damage::TooLarge);
            }
            let mut zeros = !*nonzero & left;
            for _ in 0..run {
                zeros &= zeros.wrapping_sub(1);
            }
            if zeros == 0 {
                return Err(Damage::TooLong);
            }
            let passed = zeros ^ zeros.wrapping_sub(1);
            // With them its sign.
            bits.pass((*nonzero & left & passed).count_ones() + behind);
            if behind > 0 {
                *nonzero |= zeros & passed;
            }
            left &= !passed;
        }
        Ok(0)
    }

    #[inline]
    fn symbol(&self, bits: &mut Bits) -> Result<u8, Damage> {
        bits.refill();
        let entry = self.symbols[bits.peek::<FAST_BITS>()];
        if entry == 0 {
            return self.longer(bits);
        }
        bits.skip(u32::from(entry >> 8));
        Ok(entry.to_be_bytes()[1])
    }

    /// The symbol of a code of more bits than are looked up at once.
    #[cold]
    fn longer(&self, bits: &mut Bits) -> Result<u8, Damage> {
        let next = u32::try_from(bits.peek::<16>()).unwrap_or(u32::MAX);
        for length in FAST_BITS + 1..=16 {
            let (beyond, offset) = self.longer[length as usize];
            if next < beyond {
                let place = (next >> (16 - length)).cast_signed() + offset;
                let symbol = usize::try_from(place).ok().and_then(|place| self.table.symbols.get(place));
                let symbol = *symbol.ok_or(Damage::Unknown)?;
                bits.skip(length);
                return Ok(symbol);
            }
        }
        Err(Damage::Unknown)
    }
}

/// How many further blocks the code of such a run ends, as bits behind it tell: T.81, section G.1.2.2.
fn ended(run: u32, bits: &mut Bits) -> u32 {
    (1 << run) - 1 + bits.take(run)
}

impl Damage {
    /// What it is to who reads it, of the samples before the byte at `position`.
    fn before(self, position: u64) -> Fault {
        damaged(
            position,
            match self {
                Self::Unknown => "they have a code that no table has",
                Self::TooLong => "they have a block of more coefficients than there are",
                Self::TooLarge => "they refine a coefficient by more than a bit",
            },
        )
    }
}

fn damaged(position: u64, why: &str) -> Fault {
    Fault::malformed(format!("the JPEG's samples before byte {} are damaged: {why}", Count(position)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Codes of three bits, by their places: the end of a block and of two or three, sixteen zeros, none and two zeros before
    /// a coefficient of one bit, one of two bits.
    const SYMBOLS: [u8; 6] = [0x00, 0x10, 0xf0, 0x01, 0x21, 0x02];
    const END: &str = "000";
    const END_TWO: &str = "001 0";
    const END_THREE: &str = "001 1";
    const ZEROS_16: &str = "010";
    const NEXT: &str = "011";
    const THIRD: &str = "100";
    const TWO_BITS: &str = "101";

    /// Reads the bits of a scan of blocks of which so much is known, padded with ones, in pieces and at once.
    fn check(coded: Coded, before: &[u64], bits: &[&str], after: &[u64], why: &str) {
        let mut counts = [0; 16];
        counts[2] = 6;
        let table = Table { counts, symbols: SYMBOLS.to_vec() };
        let text = bits.concat();
        let name = &text[..text.len().min(60)];
        let bits: Vec<u8> = text.bytes().filter(u8::is_ascii_digit).map(|digit| digit - b'0').collect();
        let bytes: Vec<u8> = bits
            .chunks(8)
            .map(|bits| (0..8).fold(0, |byte, at| byte << 1 | bits.get(at).copied().unwrap_or(1)))
            .collect();
        for piece in [1, 3, bytes.len().max(1)] {
            let mut nonzero = before.to_vec();
            let mut reader = Reader::new(coded, &[(None, Some(table.clone()))], &mut nonzero);
            reader.begin(before.len() as u64);
            let taken = bytes.chunks(piece).try_for_each(|piece| reader.take(piece, 7));
            match taken.and_then(|()| reader.end(7)) {
                Ok(()) => assert_eq!((&nonzero[..], why), (after, ""), "{name}"),
                Err(fault) => {
                    let detail = fault.at(0).to_string();
                    assert!(!why.is_empty() && detail.contains(why), "{name}: {detail}");
                }
            }
        }
    }

    #[test]
    fn coefficients_that_are_not_zero_are_kept() {
        let band = Coded::Band(1, 9);
        check(band, &[0], &[END], &[0], "");
        check(band, &[0], &[NEXT, "1", THIRD, "0", END], &[0b1_0010], "");
        check(band, &[1 << 20, 0], &[THIRD, "1", END, TWO_BITS, "10", END], &[1 << 20 | 1 << 3, 1 << 1], "");
        check(band, &[0; 4], &[END_THREE, NEXT, "1", END], &[0, 0, 0, 2], "");
        check(band, &[0], &[THIRD, "1", THIRD, "1", THIRD, "1"], &[0b10_0100_1000], "");
        check(band, &[0], &[THIRD, "1", THIRD, "1", NEXT, "1", THIRD, "1"], &[], "more coefficients");
        check(band, &[0], &[ZEROS_16, END], &[], "more coefficients");
        check(Coded::Band(1, 16), &[0], &[ZEROS_16], &[0], "");
    }

    #[test]
    fn blocks_wait_for_their_bytes_in_whatever_pieces_these_come() {
        let full = [NEXT, "1"].concat().repeat(63);
        check(Coded::Band(1, 63), &[0; 40], &[&full.repeat(40)], &[u64::MAX - 1; 40], "");
    }

    #[test]
    fn what_was_not_zero_has_a_bit_and_no_code() {
        let bit = Coded::BandBit(1, 9);
        check(bit, &[0], &[NEXT, "1", THIRD, "0", END], &[0b1_0010], "");
        // Bits of those that a run passes over, and of all others before the end.
        check(bit, &[0b0110], &[NEXT, "1", "01", END], &[0b1110], "");
        check(bit, &[0b1010], &[THIRD, "1", "10", END], &[0b10_1010], "");
        check(bit, &[0b10_0010_0010], &[THIRD, "0", "1", END, "11"], &[0b10_0011_0010], "");
        check(Coded::BandBit(1, 17), &[0b100], &[ZEROS_16, "1"], &[0b100], "");
        // Those beside the band have none.
        check(bit, &[1 | 1 << 10], &[END], &[1 | 1 << 10], "");
        // Blocks that a code ends have bits too, where something in them is not zero.
        check(bit, &[0b10, 0, 0b110], &[END_THREE, "1", "01"], &[0b10, 0, 0b110], "");
        check(bit, &[0b10, 0b1000, 0], &[END_TWO, "1", "1", NEXT, "1", END], &[0b10, 0b1000, 0b10], "");
        let (full, refined) = (0b11_1111_1110, "010101010");
        let three = [END_THREE, refined, refined, refined].concat();
        let many = [three.repeat(13), END.to_owned(), refined.to_owned()].concat();
        check(bit, &[full; 40], &[&many], &[full; 40], "");

        check(bit, &[full; 40], &[&many[..many.len() - 9]], &[], "they end before");
        check(bit, &[full; 2], &[END_THREE, refined, refined], &[], "they end before");
        check(bit, &[0; 3], &[END, END, "00"], &[], "they end before");
        check(bit, &[full], &[NEXT, "1", refined], &[], "more coefficients");
        check(bit, &[0b10], &[ZEROS_16, "1"], &[], "more coefficients");
        check(bit, &[0], &[TWO_BITS, "1", END], &[], "more than a bit");
        check(bit, &[0], &["110"], &[], "no table");
    }
}
