//! Huffman codes of a scan, read one by one without their samples being made: T.81, annex F.2.2, and G.2 for
//! progressive scans.
//!
//! What must be there is: each code is in its table, each block ends within its 64 coefficients, each unit of the image has
//! all its blocks, and behind the last one nothing is left. The scans that refine coefficients of earlier ones are not
//! read, for that takes the image's coefficients in memory.

use super::tables::Table;
use crate::error::{Count, Fault};

/// Codes of so many bits are looked up at once.
const FAST_BITS: u32 = 11;
const FAST: usize = 1 << FAST_BITS;
/// No block has more bits: 64 codes of 16 bits with 15 behind them.
const BLOCK_BYTES_MAX: usize = 64 * 31 / 8 + 8;
/// A run of zeros without a coefficient at its end.
const ZEROS: u8 = 0xf0;
/// Bytes behind the last unit that encoders leave there.
const SURPLUS_BYTES_MAX: usize = 2;

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
}

/// Reads the codes of one scan.
pub(super) struct Reader {
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
}

/// The bits of coded samples.
#[derive(Default)]
struct Bits {
    /// Bytes that were not read yet, without stuffed zeros.
    bytes: Vec<u8>,
    at: usize,
    /// Those that come next, from the high one on.
    ready: u64,
    count: u32,
}

/// What is wrong with a code.
#[derive(Debug)]
enum Damage {
    Unknown,
    TooLong,
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

impl Reader {
    /// Reads what is coded as `coded`, by tables for the average and the rest of each block of a unit.
    pub(super) fn new(coded: Coded, blocks: &[(Option<Table>, Option<Table>)]) -> Self {
        let mut codes: Vec<Codes> = Vec::new();
        let mut place = |table: &Option<Table>| {
            let Some(table) = table else { return 0 };
            codes.iter().position(|codes| codes.table == *table).unwrap_or_else(|| {
                codes.push(Codes::new(table));
                codes.len() - 1
            })
        };
        let blocks = blocks.iter().map(|(average, rest)| (place(average), place(rest))).collect();
        Self { coded, blocks, codes, bits: Bits::default(), next: 0, units: 0, ended: 0 }
    }

    /// Begins what stands before a marker: so many units.
    pub(super) fn begin(&mut self, units: u64) {
        self.bits.bytes.clear();
        (self.bits.at, self.bits.ready, self.bits.count) = (0, 0, 0);
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
        let end = bytes.len().saturating_sub(BLOCK_BYTES_MAX);
        self.read(end, position)?;
        self.bits.bytes.drain(..self.bits.at);
        self.bits.at = 0;
        Ok(())
    }

    /// Reads what is left before a marker at `position`.
    pub(super) fn end(&mut self, position: u64) -> Result<(), Fault> {
        let length = self.bits.bytes.len();
        self.bits.bytes.resize(length + 2 * BLOCK_BYTES_MAX, 0);
        let before = self.bits.count as usize;
        self.read(length, position)?;
        // Those that were ready before are of bytes that are gone.
        let read = (self.bits.at * 8 + before).saturating_sub(self.bits.count as usize);
        if self.units > 0 || read > length * 8 + before || self.ended > 0 {
            return Err(damaged(position, "they end before all of the image is there"));
        }
        if (length * 8 + before - read) / 8 > SURPLUS_BYTES_MAX {
            return Err(damaged(position, "they go on where all of the image is there"));
        }
        Ok(())
    }

    /// Reads blocks while they begin before byte `end`, or have no bits of their own.
    fn read(&mut self, end: usize, position: u64) -> Result<(), Fault> {
        // What is ready comes before those bytes.
        while self.units > 0 && (self.ended > 0 || self.bits.at * 8 < end * 8 + self.bits.count as usize) {
            let (average, rest) = self.blocks[self.next];
            let (bits, codes) = (&mut self.bits, &self.codes);
            let read = match self.coded {
                Coded::Whole => codes[average].average(bits).and_then(|()| codes[rest].rest(bits)),
                Coded::Average => codes[average].average(bits),
                Coded::AverageBit => {
                    bits.refill();
                    bits.skip(1);
                    Ok(())
                }
                Coded::Band(..) if self.ended > 0 => {
                    self.ended -= 1;
                    Ok(())
                }
                Coded::Band(start, end) => codes[rest].band(bits, start, end).map(|ended| self.ended = ended),
            };
            read.map_err(|damage| match damage {
                Damage::Unknown => damaged(position, "they have a code that no table has"),
                Damage::TooLong => damaged(position, "they have a block of more coefficients than there are"),
            })?;
            self.next += 1;
            if self.next == self.blocks.len() {
                (self.next, self.units) = (0, self.units - 1);
            }
        }
        Ok(())
    }
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

    /// Coefficients from one to another; tells how many further blocks have none.
    fn band(&self, bits: &mut Bits, start: u8, end: u8) -> Result<u32, Damage> {
        let end = u32::from(end) + 1;
        let mut at = u32::from(start);
        while at < end {
            let symbol = self.symbol(bits)?;
            let (run, behind) = (u32::from(symbol >> 4), u32::from(symbol & 15));
            if behind == 0 && symbol != ZEROS {
                let more = bits.take(run);
                return Ok((1 << run) - 1 + more);
            }
            bits.skip(behind);
            at += run + 1;
        }
        if at > end { Err(Damage::TooLong) } else { Ok(0) }
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

impl Bits {
    /// The next bits, of which there are enough.
    #[inline]
    fn peek<const COUNT: u32>(&self) -> usize {
        usize::try_from(self.ready >> (64 - COUNT)).unwrap_or(0)
    }

    #[inline]
    fn skip(&mut self, count: u32) {
        self.ready <<= count;
        self.count = self.count.saturating_sub(count);
    }

    /// The number that the next bits are, at most 15 of them.
    fn take(&mut self, count: u32) -> u32 {
        let number = u32::try_from(self.ready >> 32).unwrap_or(0).checked_shr(32 - count).unwrap_or(0);
        self.skip(count);
        number
    }

    /// Makes at least 32 bits ready, while there are as many.
    #[inline]
    fn refill(&mut self) {
        if self.count >= 32 {
            return;
        }
        if let Some(next) = self.bytes.get(self.at..).and_then(<[u8]>::first_chunk::<8>) {
            // What does not count yet comes again, and is the same then.
            self.ready |= u64::from_be_bytes(*next) >> self.count;
            let taken = (63 - self.count) / 8;
            self.at += taken as usize;
            self.count += taken * 8;
        } else {
            while self.count <= 56 && self.at < self.bytes.len() {
                self.ready |= u64::from(self.bytes[self.at]) << (56 - self.count);
                (self.at, self.count) = (self.at + 1, self.count + 8);
            }
        }
    }
}

fn damaged(position: u64, why: &str) -> Fault {
    Fault::malformed(format!("the JPEG's samples before byte {} are damaged: {why}", Count(position)))
}
