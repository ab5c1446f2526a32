//! JPEGs that lie beside and below each other, made one without decoding their samples: T.81, annex F.
//!
//! A row of the whole runs through all pieces beside each other, so its codes are copied from each in turn. Only the average of a
//! block is told by its difference from the block before, which is another one now, and so is coded anew; no coefficient changes.

use super::{
    segment::Segment,
    tables::{Table, Tables},
};
use crate::{cancel::Cancel, error::Fault};

/// Bytes behind the last unit that encoders leave there.
const SURPLUS_BYTES_MAX: usize = 2;
/// More bytes than the pieces have, by this factor, are none of an encoder's making: narrow pieces of blocks of two bits could
/// become many times as many.
const GROWTH_MAX: usize = 2;
/// But small ones may grow by as much.
const GROWTH_BYTES: usize = 1 << 16;
/// Averages and their differences have no more bits, of samples of 8.
const AVERAGE_MAX: i32 = 1 << 15;

/// Why pieces are not joined.
#[derive(Debug)]
pub(crate) enum Apart {
    /// A piece's codes break off, or are none.
    Damaged,
    /// The tables have no code for what must be said, or something else is not as in the simplest JPEG.
    Unfit,
    Fault(Fault),
}

impl From<Fault> for Apart {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// How pieces lie: all are alike, and those at the right and at the bottom may go beyond the whole.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    /// Pixels of the whole.
    pub(crate) whole: (u32, u32),
    /// Pixels of a piece.
    pub(crate) piece: (u32, u32),
}

/// What all pieces share.
pub(crate) struct Weaver {
    /// Of a unit: which component each block is of.
    blocks: Vec<usize>,
    /// By which tables a component is coded: its averages, and the rest of each block.
    codes: Vec<(Codes, Codes)>,
    /// Pixels of a unit.
    unit: (u32, u32),
}

/// A table both ways.
struct Codes {
    /// By the next 16 bits: the code's length times 256, and its symbol; 0 where there is none.
    symbols: Vec<u16>,
    /// By symbol: the code, and its length; 0 where there is none.
    codes: [(u16, u8); 256],
}

/// A piece that is being read.
struct Piece<'p> {
    stuffed: &'p [u8],
    /// Those that come next, from the high one on.
    ready: u64,
    count: u32,
    /// Of the last block of each component.
    averages: [i32; 4],
}

/// The codes of the whole.
struct Woven {
    bytes: Vec<u8>,
    waiting: u64,
    count: u32,
    averages: [i32; 4],
}

impl Weaver {
    /// From the tables that come before the first scan, marker and payload, the frame's header, and the scan's.
    pub(crate) fn new<'s>(
        segments: impl IntoIterator<Item = (u8, &'s [u8])>,
        frame: &[u8],
        scan: &[u8],
    ) -> Result<Self, Apart> {
        let mut tables = Tables::default();
        for (marker, payload) in segments {
            tables.take(&Segment { marker, payload: payload.to_vec(), position: 0, fill: 0 })?;
        }
        let [8, _, _, _, _, count @ 1..=4, components @ ..] = frame else { return Err(Apart::Unfit) };
        let [in_scan, selectors @ .., 0, 63, 0] = scan else { return Err(Apart::Unfit) };
        let (components, selectors) = (components.as_chunks::<3>().0, selectors.as_chunks::<2>().0);
        let counts = [components.len(), selectors.len(), usize::from(*in_scan)];
        if counts != [usize::from(*count); 3] || tables.restart_interval != 0 {
            return Err(Apart::Unfit);
        }
        let mut weaver = Self { blocks: Vec::new(), codes: Vec::new(), unit: (8, 8) };
        for (index, ([id, sampling, _], [of, by])) in components.iter().zip(selectors).enumerate() {
            let (across, down) = match (sampling >> 4, sampling & 15) {
                // A lone component is coded block by block, whatever its sampling.
                _ if *count == 1 => (1, 1),
                sampling @ (1..=4, 1..=4) => sampling,
                _ => return Err(Apart::Unfit),
            };
            let table = |set: &[Option<Table>; 4], place: u8| {
                set.get(usize::from(place)).and_then(Option::as_ref).map(Codes::new).ok_or(Apart::Unfit)
            };
            if id != of {
                return Err(Apart::Unfit);
            }
            weaver.codes.push((table(&tables.dc, by >> 4)?, table(&tables.ac, by & 15)?));
            weaver.blocks.extend((0..across * down).map(|_| index));
            weaver.unit.0 = weaver.unit.0.max(8 * u32::from(across));
            weaver.unit.1 = weaver.unit.1.max(8 * u32::from(down));
        }
        Ok(weaver)
    }

    /// The codes of the whole, from those of each piece, row by row of pieces.
    pub(crate) fn weave(&self, shape: Shape, pieces: &[&[u8]], cancel: &Cancel) -> Result<Vec<u8>, Apart> {
        if !shape.piece.0.is_multiple_of(self.unit.0) || !shape.piece.1.is_multiple_of(self.unit.1) {
            return Err(Apart::Unfit);
        }
        let units = |pixels: (u32, u32)| (pixels.0.div_ceil(self.unit.0), pixels.1.div_ceil(self.unit.1));
        let (whole, piece) = (units(shape.whole), units(shape.piece));
        let across = whole.0.div_ceil(piece.0) as usize;
        let bytes: usize = pieces.iter().map(|piece| piece.len()).sum();
        let most = bytes.saturating_mul(GROWTH_MAX).saturating_add(GROWTH_BYTES);
        let mut woven = Woven { bytes: Vec::new(), waiting: 0, count: 0, averages: [0; 4] };
        for (row, beside) in pieces.chunks(across).enumerate() {
            let mut beside: Vec<_> = beside.iter().map(|stuffed| Piece::new(stuffed)).collect();
            let top = u32::try_from(row).unwrap_or(u32::MAX).saturating_mul(piece.1);
            for y in (0..piece.1).map(|y| top.saturating_add(y)) {
                if cancel.is_cancelled() {
                    return Err(Fault::Cancelled.into());
                }
                if woven.bytes.len() > most {
                    return Err(Apart::Unfit);
                }
                let mut left = if y < whole.1 { whole.0 } else { 0 };
                for piece_beside in &mut beside {
                    for _ in 0..piece.0 {
                        self.unit(piece_beside, (left > 0).then_some(&mut woven))?;
                        left = left.saturating_sub(1);
                    }
                }
            }
            for piece in beside {
                piece.end()?;
            }
        }
        Ok(woven.end())
    }

    /// Reads a unit, and writes it where it is in the whole.
    fn unit(&self, piece: &mut Piece<'_>, mut woven: Option<&mut Woven>) -> Result<(), Apart> {
        for &component in &self.blocks {
            let (averages, rest) = &self.codes[component];
            let average = piece.average(averages, component)?;
            if let Some(woven) = woven.as_deref_mut() {
                woven.average(averages, component, average)?;
            }
            let mut at = 1;
            while at < 64 {
                let symbol = piece.symbol(rest)?;
                let (run, bits) = (u32::from(symbol >> 4), u32::from(symbol & 15));
                let behind = piece.take(bits)?;
                if let Some(woven) = woven.as_deref_mut() {
                    woven.code(rest, symbol)?;
                    woven.put(behind, bits);
                }
                match (run, bits) {
                    (15, 0) => at += 16,
                    (_, 0) => break,
                    _ => at += run + 1,
                }
            }
            if at > 64 {
                return Err(Apart::Damaged);
            }
        }
        Ok(())
    }
}

impl Codes {
    fn new(table: &Table) -> Self {
        let mut codes = Self { symbols: vec![0; 1 << 16], codes: [(0, 0); 256] };
        let (mut code, mut place) = (0_u32, 0);
        for (length, &count) in (1_u8..).zip(&table.counts) {
            for symbol in table.symbols.iter().skip(place).take(count.into()) {
                let start = (code << (16 - length)) as usize;
                codes.symbols[start..start + (1 << (16 - length))]
                    .fill(u16::from(length) << 8 | u16::from(*symbol));
                codes.codes[usize::from(*symbol)] = (u16::try_from(code).unwrap_or(0), length);
                code += 1;
            }
            place += usize::from(count);
            code <<= 1;
        }
        codes
    }
}

impl<'p> Piece<'p> {
    fn new(stuffed: &'p [u8]) -> Self {
        Self { stuffed, ready: 0, count: 0, averages: [0; 4] }
    }

    /// Makes at least 32 bits ready, while there are as many.
    fn refill(&mut self) {
        while self.count <= 56 {
            let (byte, rest) = match *self.stuffed {
                [0xff, 0, ref rest @ ..] => (0xff, rest),
                // A marker, where there must be none.
                [0xff, ..] | [] => return,
                [byte, ref rest @ ..] => (byte, rest),
            };
            self.ready |= u64::from(byte) << (56 - self.count);
            (self.stuffed, self.count) = (rest, self.count + 8);
        }
    }

    fn symbol(&mut self, codes: &Codes) -> Result<u8, Apart> {
        if self.count < 32 {
            self.refill();
        }
        let [length, symbol] = codes.symbols[(self.ready >> 48) as usize & 0xffff].to_be_bytes();
        if length == 0 {
            return Err(Apart::Damaged);
        }
        self.take(length.into())?;
        Ok(symbol)
    }

    /// The number that the next bits are, at most 16 of them, which a code that was read has made ready.
    fn take(&mut self, count: u32) -> Result<u32, Apart> {
        self.count = self.count.checked_sub(count).ok_or(Apart::Damaged)?;
        let number = u32::try_from(self.ready >> 32).unwrap_or(0).checked_shr(32 - count).unwrap_or(0);
        self.ready <<= count;
        Ok(number)
    }

    /// The average of the next block, of which the difference from the last one is told.
    fn average(&mut self, codes: &Codes, component: usize) -> Result<i32, Apart> {
        let bits = u32::from(self.symbol(codes)?);
        let told = self.take(bits)?.cast_signed();
        // Small numbers stand for those below zero.
        let difference = if bits > 0 && told >> (bits - 1) == 0 { told + 1 - (1 << bits) } else { told };
        let average = self.averages[component] + difference;
        if average.abs() >= AVERAGE_MAX {
            return Err(Apart::Damaged);
        }
        self.averages[component] = average;
        Ok(average)
    }

    fn end(mut self) -> Result<(), Apart> {
        self.refill();
        let left = self.stuffed.len() + (self.count / 8) as usize;
        if left > SURPLUS_BYTES_MAX { Err(Apart::Damaged) } else { Ok(()) }
    }
}

impl Woven {
    fn put(&mut self, number: u32, bits: u32) {
        self.waiting = self.waiting << bits | u64::from(number);
        self.count += bits;
        while self.count >= 8 {
            self.count -= 8;
            let [.., byte] = (self.waiting >> self.count).to_be_bytes();
            self.bytes.push(byte);
            if byte == 0xff {
                self.bytes.push(0);
            }
        }
    }

    fn code(&mut self, codes: &Codes, symbol: u8) -> Result<(), Apart> {
        let (code, length) = codes.codes[usize::from(symbol)];
        if length == 0 {
            return Err(Apart::Unfit);
        }
        self.put(code.into(), length.into());
        Ok(())
    }

    fn average(&mut self, codes: &Codes, component: usize, average: i32) -> Result<(), Apart> {
        let difference = average - self.averages[component];
        self.averages[component] = average;
        let bits = 32 - difference.unsigned_abs().leading_zeros();
        self.code(codes, u8::try_from(bits).map_err(|_| Apart::Unfit)?)?;
        let told = if difference < 0 { difference - 1 } else { difference };
        self.put(told.cast_unsigned() & ((1 << bits) - 1), bits);
        Ok(())
    }

    fn end(mut self) -> Vec<u8> {
        // Ones fill the last byte.
        self.put(0x7f, 7);
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Averages: 0 for no difference, 10 for one bit, 110 for three. The rest: 0 ends the block, 10 is a coefficient of one bit.
    const AVERAGES: &[u8] = &[0, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 3];
    const RESTS: &[u8] = &[0x10, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x00, 0x01];
    const FRAME: &[u8] = &[8, 0, 8, 0, 8, 1, 1, 0x22, 0];
    const SCAN: &[u8] = &[1, 1, 0, 0, 63, 0];

    fn weaver() -> Weaver {
        Weaver::new([(0xc4, AVERAGES), (0xc4, RESTS)], FRAME, SCAN).ok().unwrap()
    }

    /// Bits as they are written, filled with ones.
    fn bits(text: &str) -> Vec<u8> {
        let digits: Vec<u8> = text.bytes().filter(|byte| *byte != b' ').map(|byte| byte - b'0').collect();
        let byte = |digits: &[u8]| (0..8).fold(0, |byte, at| byte << 1 | digits.get(at).unwrap_or(&1));
        digits.chunks(8).map(byte).collect()
    }

    fn weave(whole: (u32, u32), piece: (u32, u32), pieces: &[&str]) -> Result<Vec<u8>, Apart> {
        let pieces: Vec<_> = pieces.iter().map(|piece| bits(piece)).collect();
        let pieces: Vec<_> = pieces.iter().map(Vec::as_slice).collect();
        weaver().weave(Shape { whole, piece }, &pieces, &Cancel::new())
    }

    #[test]
    fn blocks_are_copied_and_averages_told_anew() {
        // Averages of 5, 5 and a coefficient; of 1, 0.
        let [left, right] = ["110 101 0  0 10 1 0", "10 1 0  10 0 0"];
        // Beside each other: 5, 5, 1, 0; then differences are 5, 0, -4, -1.
        let beside = "110 101 0  0 10 1 0  110 011 0  10 0 0";
        assert_eq!(weave((32, 8), (16, 8), &[left, right]).unwrap(), bits(beside));
        // Below each other, the same.
        assert_eq!(weave((16, 16), (16, 8), &[left, right]).unwrap(), bits(beside));
        // What goes beyond the whole is left out: of the right one, its second block.
        assert_eq!(weave((17, 3), (16, 8), &[left, right]).unwrap(), bits("110 101 0  0 10 1 0  110 011 0"));
    }

    #[test]
    fn what_is_damaged_or_cannot_be_said_is_told_apart() {
        let good = "110 101 0  0 0";
        assert!(weave((32, 8), (16, 8), &[good, good]).is_ok());
        // It breaks off, goes on, has a code that is none.
        for piece in ["110 101", "110 101 0  0 0  0000 0000 0000 0000 0000 0000 0000", "1111 1111"] {
            let found = weave((32, 8), (16, 8), &[good, piece]);
            assert!(matches!(found, Err(Apart::Damaged)), "{piece}: {found:?}");
        }
        // From 6 to 4 takes two bits, and there is no code for as many.
        let found = weave((32, 8), (16, 8), &["110 110 0  0 0", "110 100 0  0 0"]);
        assert!(matches!(found, Err(Apart::Unfit)), "{found:?}");
        assert!(matches!(weave((32, 8), (12, 8), &[good, good]), Err(Apart::Unfit)));
        let cancel = Cancel::new();
        cancel.cancel();
        let piece = bits(good);
        let shape = Shape { whole: (16, 8), piece: (16, 8) };
        let cancelled = weaver().weave(shape, &[&piece], &cancel);
        assert!(matches!(cancelled, Err(Apart::Fault(Fault::Cancelled))));
    }

    #[test]
    fn only_the_simplest_jpegs_are_joined() {
        let tables = [(0xc4, AVERAGES), (0xc4, RESTS)];
        for (frame, scan) in [
            (FRAME, &[1, 1, 0, 0, 5, 0][..]),
            (FRAME, &[1, 2, 0, 0, 63, 0]),
            (FRAME, &[1, 1, 0x10, 0, 63, 0]),
            (FRAME, &[1, 1, 4, 0, 63, 0]),
            (&[12, 0, 8, 0, 8, 1, 1, 0x11, 0], SCAN),
            (&[8, 0, 8, 0, 8, 2, 1, 0x11, 0, 2, 0x11, 0], SCAN),
            (&[8, 0, 8], SCAN),
            (FRAME, &[]),
        ] {
            assert!(matches!(Weaver::new(tables, frame, scan), Err(Apart::Unfit)), "{frame:?} {scan:?}");
        }
        let restarts = [(0xc4, AVERAGES), (0xc4, RESTS), (0xdd, &[0, 1])];
        assert!(matches!(Weaver::new(restarts, FRAME, SCAN), Err(Apart::Unfit)));
    }
}
