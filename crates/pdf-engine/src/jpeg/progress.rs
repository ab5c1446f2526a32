//! What of the image the scans have coded so far: their headers are checked (T.81, sections B.2.3 and G.1.1.1).
//!
//! The rules are those of the standard, where decoders only warn and then differ in what they show: each bit
//! of each coefficient is coded once, the high ones first, and a component's average before the rest.

use super::{
    codes::{Coded, Reader},
    frame::Frame,
    nonzero::Nonzero,
    segment::Segment,
    tables::{Table, Tables},
};
use crate::error::Fault;

/// T.81 allows a unit of the image no more blocks, over all components of a scan.
const BLOCKS_MAX: u64 = 10;
/// No code of a progressive scan ends more blocks at once: T.81, section G.1.2.2.
const BAND_RUN_MAX: u64 = 32_767;

/// How many low bits of a block's coefficients are still to come; `None` where none has come.
type Missing = [Option<u8>; 64];

/// How much of the image has been coded.
pub(super) struct Progress {
    frame: Frame,
    scans: u32,
    scans_max: u32,
    /// For each component.
    missing: Vec<Missing>,
}

/// What is known of a scan's coded samples before they are read.
#[derive(Debug, Clone)]
pub(super) struct Expected {
    /// The first component.
    place: usize,
    units: u64,
    /// The numbers of the tables of each block in a unit: for its average, and for the rest of it.
    tables: Vec<u8>,
    /// Blocks in each unit, over all components.
    blocks: u64,
    /// Units between two restart markers: all, where there are no markers.
    interval: u64,
    range: Range,
}

/// Which coefficients, and which of their bits, a scan codes.
#[derive(Debug, Clone, Copy)]
struct Range {
    start: u8,
    end: u8,
    high: u8,
    low: u8,
}

impl Progress {
    pub(super) fn new(frame: Frame, scans_max: u32) -> Self {
        let missing = vec![[None; 64]; frame.components.len()];
        Self { frame, scans: 0, scans_max, missing }
    }

    /// How many scans have begun.
    pub(super) fn scans(&self) -> u32 {
        self.scans
    }

    /// Checks a scan's header; tells what its samples must be.
    pub(super) fn begin(&mut self, segment: &Segment, tables: &Tables) -> Result<Expected, Fault> {
        self.scans += 1;
        if self.scans > self.scans_max {
            let max = u64::from(self.scans_max);
            return Err(Fault::too_large("scans_max", max, "the JPEG has too many scans: it"));
        }
        let Some((&count, rest)) = segment.payload.split_first() else {
            return Err(segment.fault("is empty"));
        };
        let Some((selectors, &[start, end, approximation])) = rest.split_last_chunk() else {
            return Err(segment.fault("is too short for a scan header"));
        };
        if !(1..=4).contains(&count) || selectors.len() != usize::from(count) * 2 {
            return Err(segment.fault("has another length than its number of components asks for"));
        }
        let range = if self.frame.progressive {
            let range = Range { start, end, high: approximation >> 4, low: approximation & 15 };
            range.check(segment, usize::from(count))?;
            range
        } else {
            Range::WHOLE
        };
        let places = self.components(segment, selectors, range, tables)?;
        let blocks = match places.as_slice() {
            [_] => 1,
            _ => places.iter().map(|place| self.frame.components[*place].blocks()).sum(),
        };
        if blocks > BLOCKS_MAX {
            return Err(segment.fault("has more than 10 blocks in each unit"));
        }
        let units = self.frame.units(&places);
        let interval = match tables.restart_interval {
            0 => units,
            interval => u64::from(interval),
        };
        let of_unit = |(place, selector): (&usize, &[u8])| {
            let count = if places.len() > 1 { self.frame.components[*place].blocks() } else { 1 };
            std::iter::repeat_n(selector[1], usize::try_from(count).unwrap_or(1))
        };
        let tables = places.iter().zip(selectors.chunks_exact(2)).flat_map(of_unit).collect();
        Ok(Expected { place: places[0], units, tables, blocks, interval, range })
    }

    /// Which components a scan codes, after a check that it can.
    fn components(
        &mut self,
        segment: &Segment,
        selectors: &[u8],
        range: Range,
        tables: &Tables,
    ) -> Result<Vec<usize>, Fault> {
        let mut places = Vec::new();
        for selector in selectors.chunks_exact(2) {
            let Some(place) = self.frame.place(selector[0]) else {
                return Err(segment.fault("codes a component that the frame does not have"));
            };
            if places.contains(&place) {
                return Err(segment.fault("codes a component twice"));
            }
            let present = |set: &[Option<Table>; 4], table: u8| {
                set.get(usize::from(table)).is_some_and(Option::is_some)
            };
            let dc_missing = range.needs_dc() && !present(&tables.dc, selector[1] >> 4);
            let ac_missing = range.needs_ac() && !present(&tables.ac, selector[1] & 15);
            if dc_missing || ac_missing {
                return Err(segment.fault("needs a Huffman table that was not defined"));
            }
            if !tables.quantisation[self.frame.components[place].quantisation] {
                return Err(segment.fault("needs a quantisation table that was not defined"));
            }
            range.take_from(&mut self.missing[place], segment)?;
            places.push(place);
        }
        Ok(places)
    }

    /// Checks that no component is left out. Low bits may be: such an image is whole, if coarse.
    pub(super) fn finish(&self, end: &Segment) -> Result<(), Fault> {
        if self.missing.iter().all(|missing| missing[0].is_some()) {
            Ok(())
        } else {
            Err(end.fault("ends the image before each component was coded"))
        }
    }
}

impl Expected {
    /// How many restart markers there are.
    pub(super) fn restarts(&self) -> u64 {
        (self.units - 1) / self.interval
    }

    /// How many units are behind so many restart markers and before the next one.
    pub(super) fn units(&self, restarts: u64) -> u64 {
        self.units.saturating_sub(restarts * self.interval).min(self.interval)
    }

    /// Reads the scan's codes; nothing, where they refine coefficients that are not known.
    pub(super) fn reader<'n>(
        &self,
        tables: &Tables,
        nonzero: &'n mut Nonzero<'_>,
    ) -> Result<Option<Reader<'n>>, Fault> {
        let mut known: &mut [u64] = &mut [];
        let coded = match self.range {
            Range { start: 0, end: 1.., .. } => Coded::Whole,
            Range { start: 0, high: 0, .. } => Coded::Average,
            Range { start: 0, .. } => Coded::AverageBit,
            Range { start, end, high: 0, low: 0 } => Coded::Band(start, end),
            // A band is one component's alone, each of whose blocks is a unit.
            Range { start, end, high: 0, .. } => {
                known = nonzero.keep(self.place, self.units)?;
                Coded::Band(start, end)
            }
            Range { start, end, .. } => {
                let Some(kept) = nonzero.kept(self.place) else { return Ok(None) };
                known = kept;
                Coded::BandBit(start, end)
            }
        };
        let table = |set: &'_ [Option<Table>; 4], number: u8| set.get(usize::from(number)).cloned().flatten();
        let blocks: Vec<_> = self
            .tables
            .iter()
            .map(|numbers| (table(&tables.dc, numbers >> 4), table(&tables.ac, numbers & 15)))
            .collect();
        Ok(Some(Reader::new(coded, &blocks, known)))
    }

    /// The fewest bytes that can code what is behind so many restart markers and before the next one.
    pub(super) fn bytes_min(&self, restarts: u64) -> u64 {
        let units = self.units(restarts);
        let blocks = units * self.blocks;
        // No code is shorter than a bit: one for the average, one for the end of the block or of many blocks.
        let average = if self.range.start == 0 { blocks } else { 0 };
        let band = match (self.range.start, self.range.end) {
            (_, 0) => 0,
            (0, _) => blocks,
            _ => blocks.div_ceil(BAND_RUN_MAX),
        };
        (average + band).div_ceil(8)
    }
}

impl Range {
    /// All of the image, as every scan codes it where the process is sequential; its header is not asked then.
    const WHOLE: Self = Self { start: 0, end: 63, high: 0, low: 0 };

    fn check(self, segment: &Segment, components: usize) -> Result<(), Fault> {
        let coefficients = match self.start {
            0 => self.end == 0,
            start => components == 1 && (start..64).contains(&self.end),
        };
        let bits = self.low <= 13 && (self.high == 0 || self.high == self.low + 1);
        if coefficients && bits {
            Ok(())
        } else {
            Err(segment.fault("codes an impossible range of coefficients"))
        }
    }

    /// Whether differences of averages are coded; a further bit of theirs needs no table.
    fn needs_dc(self) -> bool {
        self.start == 0 && self.high == 0
    }

    fn needs_ac(self) -> bool {
        self.end > 0
    }

    /// Notes the coded bits of a component, after a check that they are those to come next.
    fn take_from(self, missing: &mut Missing, segment: &Segment) -> Result<(), Fault> {
        if self.start > 0 && missing[0].is_none() {
            return Err(segment.fault("refines a component that was not begun"));
        }
        for missing in &mut missing[usize::from(self.start)..=usize::from(self.end)] {
            match (self.high, *missing) {
                (0, Some(_)) => return Err(segment.fault("codes again what an earlier scan coded")),
                (1.., before) if before != Some(self.high) => {
                    return Err(segment.fault("refines other bits than those to come next"));
                }
                _ => *missing = Some(self.low),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jpeg::segment::SOS;

    fn segment() -> Segment {
        Segment { marker: SOS, payload: Vec::new(), position: 0, fill: 0 }
    }

    #[test]
    fn ranges_of_progressive_scans_are_checked() {
        for (range, components, good) in [
            ([0, 0, 0, 1], 3, true),
            ([0, 0, 1, 0], 3, true),
            ([1, 63, 0, 2], 1, true),
            ([63, 63, 14, 13], 1, true),
            ([0, 5, 0, 0], 1, false),
            ([1, 64, 0, 0], 1, false),
            ([5, 4, 0, 0], 1, false),
            ([1, 5, 0, 0], 2, false),
            ([1, 5, 2, 0], 1, false),
            ([1, 5, 15, 14], 1, false),
        ] {
            let [start, end, high, low] = range;
            let checked = Range { start, end, high, low }.check(&segment(), components);
            assert_eq!(checked.is_ok(), good, "{range:?}");
        }
    }

    #[test]
    fn each_bit_is_coded_once_and_the_high_ones_first() {
        for (scans, why) in [
            (&[[0, 63, 0, 0]][..], ""),
            (&[[0, 0, 0, 1], [0, 0, 1, 0], [1, 5, 0, 2], [6, 63, 0, 0], [1, 5, 2, 1], [1, 5, 1, 0]], ""),
            (&[[0, 63, 0, 0], [0, 63, 0, 0]], "codes again"),
            (&[[0, 0, 0, 1], [0, 0, 0, 0]], "codes again"),
            (&[[0, 0, 0, 0], [1, 5, 0, 0], [5, 6, 0, 0]], "codes again"),
            (&[[0, 0, 1, 0]], "other bits"),
            (&[[0, 0, 0, 2], [0, 0, 1, 0]], "other bits"),
            (&[[0, 0, 0, 1], [0, 0, 1, 0], [0, 0, 1, 0]], "other bits"),
            (&[[0, 0, 0, 0], [1, 5, 0, 1], [1, 6, 1, 0]], "other bits"),
            (&[[1, 5, 0, 0]], "not begun"),
        ] {
            let mut missing = [None; 64];
            let taken = scans.iter().try_for_each(|&[start, end, high, low]| {
                Range { start, end, high, low }.take_from(&mut missing, &segment())
            });
            match taken {
                Ok(()) => assert_eq!(why, "", "{scans:?}"),
                Err(fault) => {
                    let text = fault.at(0).to_string();
                    assert!(!why.is_empty() && text.contains(why), "{scans:?}: {text}");
                }
            }
        }
    }

    #[test]
    fn the_fewest_bytes_of_a_scan() {
        for ([units, blocks, interval], [start, end, high, low], bytes) in [
            // Two bits a block, one for the average alone, one bit for all blocks that one code can end.
            ([8, 1, 8], [0, 63, 0, 0], &[2, 0][..]),
            ([9, 1, 9], [0, 63, 0, 0], &[3]),
            ([9, 6, 9], [0, 63, 0, 0], &[14]),
            ([8, 3, 8], [0, 0, 0, 1], &[3]),
            ([9, 1, 9], [0, 0, 1, 0], &[2]),
            ([1, 1, 1], [1, 63, 0, 0], &[1]),
            ([8 * 32_767, 1, 8 * 32_767], [1, 63, 1, 0], &[1]),
            ([8 * 32_767 + 1, 1, 8 * 32_767 + 1], [1, 63, 1, 0], &[2]),
            // Each part by itself, and nothing behind a marker that is one too many.
            ([10, 1, 4], [0, 63, 0, 0], &[1, 1, 1, 0]),
            ([10, 2, 5], [0, 63, 0, 0], &[3, 3, 0]),
            ([8188 * 8188, 10, 8188 * 8188], [0, 63, 0, 0], &[167_608_360]),
        ] {
            let expected = Expected {
                place: 0,
                units,
                tables: Vec::new(),
                blocks,
                interval,
                range: Range { start, end, high, low },
            };
            let found: Vec<_> =
                (0..).take(bytes.len()).map(|restarts| expected.bytes_min(restarts)).collect();
            assert_eq!(found, bytes, "{expected:?}");
        }
    }
}
