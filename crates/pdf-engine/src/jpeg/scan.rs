//! Scans: their headers are checked (T.81, section B.2.3 and G.1.1.1), their coded samples pass through.
//!
//! Coded samples are not decoded. What can be told without that is checked: the tables they need are there,
//! restart markers come in order and in the number that the image's size asks for, every component is coded,
//! and the end marker is there.

use super::{
    frame::Frame,
    segment::{DHP, DNL, EOI, EXP, SOS, Segment, is_frame},
    tables::Tables,
};
use crate::{
    document::Stream,
    error::{Count, Fault},
    input::Input,
};

/// T.81 allows a unit of the image no more blocks, over all components of a scan.
const BLOCKS_MAX: u32 = 10;

/// How much of the image has been coded.
pub(super) struct Progress {
    frame: Frame,
    scans: u32,
    scans_max: u32,
    /// Which components had a scan that begins them.
    begun: Vec<bool>,
}

impl Progress {
    pub(super) fn new(frame: Frame, scans_max: u32) -> Self {
        let begun = vec![false; frame.components.len()];
        Self { frame, scans: 0, scans_max, begun }
    }

    /// Checks a scan's header; tells how many restart markers its samples hold.
    fn begin(&mut self, segment: &Segment, tables: &Tables) -> Result<u64, Fault> {
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
        let range = Range { start, end, high: approximation >> 4, low: approximation & 15 };
        if self.frame.progressive {
            range.check(segment, usize::from(count))?;
        }
        let places = self.components(segment, selectors, &range, tables)?;
        let units = self.frame.units(&places);
        let interval = u64::from(tables.restart_interval);
        Ok(units.checked_div(interval).map_or(0, |_| (units - 1) / interval))
    }

    /// Which components a scan codes, after a check that it can.
    fn components(
        &mut self,
        segment: &Segment,
        selectors: &[u8],
        range: &Range,
        tables: &Tables,
    ) -> Result<Vec<usize>, Fault> {
        let (mut places, mut blocks): (Vec<usize>, u32) = (Vec::new(), 0);
        for selector in selectors.chunks_exact(2) {
            let Some(place) = self.frame.place(selector[0]) else {
                return Err(segment.fault("codes a component that the frame does not have"));
            };
            if places.contains(&place) {
                return Err(segment.fault("codes a component twice"));
            }
            let component = &self.frame.components[place];
            let present = |set: &[bool; 4], table: u8| set.get(usize::from(table)).copied().unwrap_or(false);
            let dc_missing = range.needs_dc(self.frame.progressive) && !present(&tables.dc, selector[1] >> 4);
            let ac_missing = range.needs_ac(self.frame.progressive) && !present(&tables.ac, selector[1] & 15);
            if dc_missing || ac_missing {
                return Err(segment.fault("needs a Huffman table that was not defined"));
            }
            if !tables.quantisation[component.quantisation] {
                return Err(segment.fault("needs a quantisation table that was not defined"));
            }
            let begins = !self.frame.progressive || range.start == 0;
            if !begins && !self.begun[place] {
                return Err(segment.fault("refines a component that was not begun"));
            }
            self.begun[place] = true;
            blocks += u32::from(component.sampling[0]) * u32::from(component.sampling[1]);
            places.push(place);
        }
        if places.len() > 1 && blocks > BLOCKS_MAX {
            return Err(segment.fault("has more than 10 blocks in each unit"));
        }
        Ok(places)
    }

    fn finish(&self, end: &Segment) -> Result<(), Fault> {
        if self.begun.iter().all(|begun| *begun) {
            Ok(())
        } else {
            Err(end.fault("ends the image before each component was coded"))
        }
    }
}

/// Which coefficients, and which of their bits, a progressive scan codes.
struct Range {
    start: u8,
    end: u8,
    high: u8,
    low: u8,
}

impl Range {
    fn check(&self, segment: &Segment, components: usize) -> Result<(), Fault> {
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

    fn needs_dc(&self, progressive: bool) -> bool {
        !progressive || self.start == 0 && self.high == 0
    }

    fn needs_ac(&self, progressive: bool) -> bool {
        !progressive || self.start > 0
    }
}

/// Copies all scans and what stands between them, up to and with the end marker.
pub(super) fn copy(
    input: &mut Input<'_>,
    stream: &mut Stream<'_, '_>,
    tables: &mut Tables,
    progress: &mut Progress,
    first_scan: Segment,
) -> Result<(), Fault> {
    let mut segment = first_scan;
    let mut bytes = Vec::new();
    loop {
        match segment.marker {
            SOS => {
                let restarts = progress.begin(&segment, tables)?;
                input.enter(format_args!("scan {}", progress.scans));
                segment = copy_samples(input, stream, restarts)?;
            }
            EOI => return progress.finish(&segment),
            DNL => {
                return Err(Fault::unsupported(
                    "the JPEG tells its height behind its first scan (DNL), which PDF readers do not read; save it anew",
                ));
            }
            DHP | EXP => return Err(segment.fault("makes the JPEG hierarchical behind its first scan")),
            marker if is_frame(marker) => return Err(segment.fault("is a second frame")),
            _ => {
                tables.take(&segment)?;
                segment = Segment::read(input)?;
            }
        }
        bytes.clear();
        segment.append_to(&mut bytes);
        stream.write(&bytes)?;
    }
}

/// Copies coded samples up to a marker that is no restart, and reads that marker's segment.
fn copy_samples(input: &mut Input<'_>, stream: &mut Stream<'_, '_>, restarts: u64) -> Result<Segment, Fault> {
    let mut seen = 0;
    loop {
        copy_until_marker(input, stream)?;
        let position = input.position();
        let [_, mut code]: [u8; 2] = input.array()?;
        let mut filled = false;
        while code == 0xff {
            stream.write(&[0xff])?;
            filled = true;
            [code] = input.array()?;
        }
        match code {
            0 if !filled => stream.write(&[0xff, 0])?,
            0xd0..=0xd7 => {
                if u64::from(code - 0xd0) != seen % 8 || seen > restarts {
                    return Err(Fault::malformed(format!(
                        "the JPEG has restart marker FF{code:02X} at byte {}, where another must be",
                        Count(position)
                    )));
                }
                seen += 1;
                stream.write(&[0xff, code])?;
            }
            _ => {
                if seen < restarts {
                    return Err(Fault::malformed(format!(
                        "the JPEG's scan ends at byte {} after {} of {} restart markers: samples are missing",
                        Count(position),
                        Count(seen),
                        Count(restarts)
                    )));
                }
                return Segment::after_marker(input, code, position);
            }
        }
    }
}

/// Copies up to the next byte FF, and leaves that to be read.
fn copy_until_marker(input: &mut Input<'_>, stream: &mut Stream<'_, '_>) -> Result<(), Fault> {
    loop {
        let more = input.fill()?;
        let plain = plain_length(more);
        let found = plain < more.len();
        stream.write(&more[..plain])?;
        input.consume(plain);
        if found {
            return Ok(());
        }
    }
}

/// How many bytes come before the first FF that does not begin a stuffed zero within `bytes`.
fn plain_length(bytes: &[u8]) -> usize {
    let mut at = 0;
    while let Some(found) = bytes[at..].iter().position(|byte| *byte == 0xff) {
        if bytes.get(at + found + 1) != Some(&0) {
            return at + found;
        }
        at += found + 2;
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stuffed_bytes_are_samples() {
        for (bytes, length) in [
            (&b""[..], 0),
            (b"abc", 3),
            (b"ab\xff\0c", 5),
            (b"ab\xff\0", 4),
            (b"ab\xff", 2),
            (b"\xff\xd9", 0),
            (b"\xff\0\xff\xd9", 2),
            (b"\xff\xff\0", 0),
        ] {
            assert_eq!(plain_length(bytes), length, "{bytes:?}");
        }
    }

    #[test]
    fn ranges_of_progressive_scans_are_checked() {
        let segment = Segment { marker: SOS, payload: Vec::new(), position: 0, fill: 0 };
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
            let checked = Range { start, end, high, low }.check(&segment, components);
            assert_eq!(checked.is_ok(), good, "{range:?}");
        }
    }
}
