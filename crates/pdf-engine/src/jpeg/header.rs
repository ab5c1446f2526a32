//! All that stands before a JPEG's first scan: tables, frame, and what other standards put beside them.

use std::ops::Range;

use super::{
    frame::Frame,
    pictures::Role,
    segment::{DHP, EOI, EXP, SOI, SOS, Segment, is_frame},
    tables::Tables,
};
use crate::{
    Limits, Purpose, document::Space, error::Fault, input::Input, metadata::exif::Exif, page::Density,
};

const APP0: u8 = 0xe0;
const APP1: u8 = 0xe1;
const APP2: u8 = 0xe2;
const APP14: u8 = 0xee;

/// A shorter segment is not taken for one of JFIF.
const JFIF_BYTES: usize = 14;
/// Adobe's colour transform of JFIF's colours.
const YCBCR: u8 = 1;

/// What was read, and read out of it.
pub(super) struct Header {
    /// From the first byte to the end of the first scan's segment.
    pub(super) bytes: Vec<u8>,
    pub(super) tables: Tables,
    pub(super) frame: Frame,
    pub(super) metadata: Metadata,
    pub(super) first_scan: Segment,
}

/// What the application segments say.
#[derive(Default)]
pub(super) struct Metadata {
    pub(super) jfif: bool,
    pub(super) density: Option<Density>,
    pub(super) exif: Option<Exif>,
    pub(super) adobe: Adobe,
    pub(super) profile: Profile,
    /// What part it has where a file has several pictures.
    pub(super) role: Role,
}

/// Adobe's markers (ITU-T T.872), of which the last is believed, as decoders do.
#[derive(Default)]
pub(super) struct Adobe {
    /// The colour transform: 0 none, 1 YCbCr, 2 YCCK.
    pub(super) transform: Option<u8>,
    /// Where the segments stand in the header's bytes.
    pub(super) places: Vec<Range<usize>>,
}

/// The parts of an ICC profile: ICC.1:2022, section B.4. Their order in the file is free.
#[derive(Default)]
pub(super) struct Profile {
    /// Number from 1, how many there are, data.
    parts: Vec<(u8, u8, Vec<u8>)>,
}

impl Header {
    /// Reads up to the first scan.
    pub(super) fn read(input: &mut Input<'_>, limits: &Limits) -> Result<Self, Fault> {
        input.enter(format_args!("its header"));
        let [_, _]: [u8; 2] = input.array()?;
        Self::read_behind_start(input, limits)
    }

    /// As [`read`](Self::read), where the first marker was read before.
    pub(super) fn read_behind_start(input: &mut Input<'_>, limits: &Limits) -> Result<Self, Fault> {
        let mut bytes = vec![0xff, SOI];
        let (mut tables, mut frame, mut metadata) = (Tables::default(), None, Metadata::default());
        loop {
            input.enter(format_args!("its header"));
            let segment = Segment::read(input)?;
            let start = bytes.len();
            segment.append_to(&mut bytes);
            if bytes.len() as u64 > limits.metadata_bytes_max {
                return Err(Fault::too_large(
                    "metadata_bytes_max",
                    limits.metadata_bytes_max,
                    "the JPEG's header has too many bytes: it",
                ));
            }
            limits.memory.hold(Purpose::Source, bytes.len() as u64)?;
            match segment.marker {
                SOS => {
                    let frame =
                        frame.ok_or_else(|| segment.fault("begins a scan before there is a frame"))?;
                    return Ok(Self { bytes, tables, frame, metadata, first_scan: segment });
                }
                EOI => return Err(segment.fault("ends the image before it has a scan")),
                DHP | EXP => {
                    return Err(Fault::unsupported(
                        "the JPEG is hierarchical, which PDF readers do not decode; save it as a baseline JPEG",
                    ));
                }
                marker if is_frame(marker) && frame.is_some() => {
                    return Err(segment.fault("is a second frame"));
                }
                marker if is_frame(marker) => frame = Some(Frame::parse(&segment)?),
                _ => {
                    tables.take(&segment)?;
                    metadata.take(&segment, start..bytes.len());
                }
            }
        }
    }
}

impl Metadata {
    /// Whether Adobe's marker contradicts JFIF's, which promises gray or YCbCr (ITU-T T.871, section 7).
    ///
    /// Decoders of images believe JFIF, readers of PDF believe one or the other.
    pub(super) fn contradicts_itself(&self, frame: &Frame) -> bool {
        let adobe_denies = self.adobe.transform.is_some_and(|transform| transform != YCBCR);
        frame.space() == Space::Rgb && self.jfif && adobe_denies
    }

    /// Takes what an application segment says; the first of each kind is believed, but for Adobe's.
    fn take(&mut self, segment: &Segment, place: Range<usize>) {
        let payload = segment.payload.as_slice();
        match segment.marker {
            APP0 if payload.len() >= JFIF_BYTES => {
                if let Some(fields) = payload.strip_prefix(b"JFIF\0") {
                    if !self.jfif {
                        self.density = jfif_density(fields);
                    }
                    self.jfif = true;
                }
            }
            APP1 => {
                if let Some(tiff) = payload.strip_prefix(b"Exif\0") {
                    // One byte more, which is 0 as it should be or not.
                    self.exif = self.exif.or_else(|| Exif::parse(tiff.get(1..)?));
                }
                self.role.take(segment);
            }
            APP2 => {
                if let Some([number, count, data @ ..]) = payload.strip_prefix(b"ICC_PROFILE\0") {
                    self.profile.parts.push((*number, *count, data.to_vec()));
                }
                self.role.take(segment);
            }
            APP14 => {
                if let Some([_, _, _, _, _, _, transform, ..]) = payload.strip_prefix(b"Adobe") {
                    self.adobe.transform = Some(*transform);
                    self.adobe.places.push(place);
                }
            }
            _ => {}
        }
    }
}

/// The density of a JFIF segment: ITU-T T.871, section 10.1.
fn jfif_density(fields: &[u8]) -> Option<Density> {
    let &[_, _, unit, x0, x1, y0, y1, ..] = fields else { return None };
    let [x, y] = [[x0, x1], [y0, y1]].map(|bytes| f64::from(u16::from_be_bytes(bytes)));
    match unit {
        0 => Some(Density::Aspect { x, y }),
        1 => Some(Density::Dpi { x, y }),
        2 => Some(Density::Dpi { x: x * 2.54, y: y * 2.54 }),
        _ => None,
    }
}

impl Profile {
    pub(super) fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// The whole profile; nothing where a part is missing, or there are two of one.
    pub(super) fn assemble(&self) -> Option<Vec<u8>> {
        let mut parts: Vec<_> = self.parts.iter().collect();
        parts.sort_by_key(|part| part.0);
        let complete = parts
            .iter()
            .zip(1..=u8::MAX)
            .all(|((number, count, _), expected)| *number == expected && usize::from(*count) == parts.len());
        complete.then(|| parts.iter().flat_map(|part| part.2.as_slice()).copied().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_is_put_together_in_the_order_of_its_numbers() {
        let profile = |parts: &[(u8, u8, &[u8])]| {
            let parts = parts.iter().map(|part| (part.0, part.1, part.2.to_vec())).collect();
            Profile { parts }.assemble()
        };
        assert_eq!(profile(&[(1, 1, b"abc")]), Some(b"abc".to_vec()));
        assert_eq!(profile(&[(2, 2, b"def"), (1, 2, b"abc")]), Some(b"abcdef".to_vec()));
        for broken in [
            &[(1, 2, &b"abc"[..])][..],
            &[(2, 2, b"def"), (2, 2, b"abc")],
            &[(0, 1, b"abc")],
            &[(1, 1, b"abc"), (2, 1, b"def")],
            &[(1, 3, b"abc"), (3, 3, b"def")],
        ] {
            assert_eq!(profile(broken), None, "{broken:?}");
        }
    }

    #[test]
    fn a_profile_has_at_most_255_parts() {
        let mut parts: Vec<_> = (1..=u8::MAX).map(|number| (number, 255, vec![number])).collect();
        let whole: Vec<u8> = (1..=u8::MAX).collect();
        assert_eq!(Profile { parts: parts.clone() }.assemble(), Some(whole));
        parts.push((255, 255, vec![0]));
        assert_eq!(Profile { parts }.assemble(), None);
    }

    #[test]
    fn densities_of_jfif_have_three_units() {
        for (unit, expected) in [
            (0, Some(Density::Aspect { x: 100.0, y: 50.0 })),
            (1, Some(Density::Dpi { x: 100.0, y: 50.0 })),
            (2, Some(Density::Dpi { x: 254.0, y: 127.0 })),
            (3, None),
        ] {
            assert_eq!(jfif_density(&[1, 2, unit, 0, 100, 0, 50, 0, 0]), expected);
        }
        assert_eq!(jfif_density(&[1, 2, 1, 0, 100, 0]), None);
    }
}
