//! Markers, and the segments that follow most of them: T.81, section B.1.

use crate::{
    error::{Count, Fault},
    input::Input,
};

/// Start of image, which has no segment.
pub(super) const SOI: u8 = 0xd8;
/// End of image, which has no segment.
pub(super) const EOI: u8 = 0xd9;
/// Start of scan: its segment is followed by coded samples.
pub(super) const SOS: u8 = 0xda;
/// Quantisation tables.
pub(super) const DQT: u8 = 0xdb;
/// Number of lines, told late.
pub(super) const DNL: u8 = 0xdc;
/// Restart interval.
pub(super) const DRI: u8 = 0xdd;
/// Hierarchical progression.
pub(super) const DHP: u8 = 0xde;
/// Reference components are to be expanded: hierarchical too.
pub(super) const EXP: u8 = 0xdf;
/// Huffman tables.
pub(super) const DHT: u8 = 0xc4;
/// Arithmetic coding conditions.
pub(super) const DAC: u8 = 0xcc;

/// A comment.
const COM: u8 = 0xfe;

/// A marker and the payload behind it.
pub(super) struct Segment {
    pub(super) marker: u8,
    /// Without marker and length.
    pub(super) payload: Vec<u8>,
    /// Where the marker began.
    pub(super) position: u64,
    /// How many fill bytes stood before the marker's code.
    pub(super) fill: usize,
}

/// More fill bytes than this pad nothing.
const FILL_MAX: usize = 65_536;

/// Whether a start of frame: the codes from C0 to CF but for the three that are tables or reserved.
pub(super) fn is_frame(marker: u8) -> bool {
    matches!(marker, 0xc0..=0xcf) && !matches!(marker, DHT | DAC | 0xc8)
}

/// Whether a segment follows this marker: not where it stands alone, nor where it is reserved (T.81, table
/// B.1): decoders do not pass over a marker that they do not know.
fn begins_segment(marker: u8) -> bool {
    matches!(marker, 0xc0..=0xc7 | 0xc9..=0xcf | SOS..=0xef | COM)
}

impl Segment {
    /// Reads the marker that must come next, fill bytes before it allowed, and its segment.
    pub(super) fn read(input: &mut Input<'_>) -> Result<Self, Fault> {
        let position = input.position();
        let [first, mut code] = input.array()?;
        if first != 0xff {
            return Err(Fault::malformed(format!(
                "the JPEG has no marker at byte {}, where one must be",
                Count(position)
            )));
        }
        let mut fill = 0;
        while code == 0xff {
            fill += 1;
            if fill > FILL_MAX {
                let position = Count(position);
                return Err(Fault::malformed(format!(
                    "the JPEG has only fill bytes from byte {position} on"
                )));
            }
            [code] = input.array()?;
        }
        Ok(Self { fill, ..Self::after_marker(input, code, position)? })
    }

    /// Reads the segment of a marker that was already read.
    pub(super) fn after_marker(input: &mut Input<'_>, marker: u8, position: u64) -> Result<Self, Fault> {
        input.enter(format_args!("the segment of marker FF{marker:02X}"));
        if marker == EOI {
            return Ok(Self { marker, payload: Vec::new(), position, fill: 0 });
        }
        if !begins_segment(marker) {
            return Err(Fault::malformed(format!(
                "the JPEG has a marker FF{marker:02X} at byte {}, where none such may be",
                Count(position)
            )));
        }
        let length = usize::from(u16::from_be_bytes(input.array()?));
        let Some(length) = length.checked_sub(2) else {
            return Err(Fault::malformed(format!(
                "the JPEG's segment FF{marker:02X} at byte {} claims a length below that of its length",
                Count(position)
            )));
        };
        let mut payload = vec![0; length];
        input.read_exact(&mut payload)?;
        Ok(Self { marker, payload, position, fill: 0 })
    }

    /// Appends the segment as it stands in its file.
    pub(super) fn append_to(&self, bytes: &mut Vec<u8>) {
        bytes.resize(bytes.len() + self.fill + 1, 0xff);
        bytes.push(self.marker);
        if self.marker != EOI {
            let length = u16::try_from(self.payload.len() + 2).unwrap_or(u16::MAX);
            bytes.extend(length.to_be_bytes());
            bytes.extend_from_slice(&self.payload);
        }
    }

    /// An error about this segment.
    pub(super) fn fault(&self, what: &str) -> Fault {
        Fault::malformed(format!(
            "the JPEG's segment FF{:02X} at byte {} {what}",
            self.marker,
            Count(self.position)
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markers_that_stand_alone_or_are_reserved_begin_no_segment() {
        let none: Vec<u8> = (0..0xff).filter(|marker| !begins_segment(*marker)).collect();
        let expected: Vec<u8> = (0..=0xbf).chain([0xc8]).chain(0xd0..=0xd9).chain(0xf0..=0xfd).collect();
        assert_eq!(none, expected);
    }
}
