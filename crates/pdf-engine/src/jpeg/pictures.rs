//! The pictures behind the first: CIPA DC-007, the multi-picture format, whose index stands in the first picture's header.
//!
//! Each that is a picture in its own right becomes a page: what another eye sees, a part of a panorama. Smaller versions are
//! left out, and so are those that phones call undefined, and whose own header or whose place in the first one's list says
//! that they are light for bright screens, or depth. An index that does not fit the file is passed over, as editors keep it
//! and drop what it counts; a picture that is where it says must be whole.

use memchr::memmem;

use super::{
    header::Header,
    segment::{SOI, Segment},
    show,
};
use crate::{Format, document::Document, embed::Context, error::Fault, input::Input};

/// What the segment of the index begins with; its offsets count from behind that.
const MARK: &[u8] = b"MPF\0";
const ENTRIES: u16 = 0xb002;
const ENTRY_BYTES: usize = 16;
/// What a segment of XMP begins with: Adobe's specification, part 3, section 1.1.3.
const XMP: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";
/// What the segment of a gain map's own numbers begins with: ISO 21496-1, annex C.
const GAIN_MAP: &[u8] = b"urn:iso:std:iso:ts:21496:-1\0";
/// What XMP of a picture holds that belongs to another: a gain map (Adobe's, Apple's), a matte or depth.
const AUXILIARY: [&[u8]; 5] = [
    b"http://ns.adobe.com/hdr-gain-map/",
    b"http://ns.apple.com/HDRGainMap/",
    b"urn:com:apple:photo:2020:aux:",
    b"AuxiliaryImageType",
    b"http://ns.google.com/photos/1.0/depthmap/",
];
/// What names, in the first picture's XMP, each picture of the file in turn: Google's container.
const SEMANTIC: &[u8] = b"Item:Semantic";
/// The names of pictures in their own right.
const OWN: [&[u8]; 2] = [b"Primary", b"Original"];

/// Why such are left out.
const BESIDE: &str = "it is light for bright screens, or depth, of another";

/// The index of a file's pictures.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Index {
    /// All but the first, in their order in the file; nothing where they cannot be told.
    entries: Option<Vec<Entry>>,
}

/// What the index says of a picture.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Entry {
    kind: Kind,
    /// Where it begins, in the file.
    position: u64,
    /// Which it is in the index, from 0.
    number: usize,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    /// In its own right.
    Own,
    /// A smaller version of another.
    Thumbnail,
    /// Light for bright screens.
    GainMap,
    Undefined,
    /// In no format that there is.
    Unknown,
}

/// What an application segment tells of the picture's part in a file of several.
#[derive(Default)]
pub(super) struct Role {
    /// The index, where the file has one.
    pub(super) index: Option<Index>,
    /// Whether the picture belongs to another.
    is_auxiliary: bool,
    /// What the pictures of the file are called.
    semantics: Vec<Vec<u8>>,
}

impl Role {
    /// Takes what a segment of APP1 or APP2 says.
    pub(super) fn take(&mut self, segment: &Segment) {
        let payload = segment.payload.as_slice();
        if payload.starts_with(MARK) && self.index.is_none() {
            // Marker, length and mark stand before it.
            let start = segment.position + segment.fill as u64 + 4 + MARK.len() as u64;
            self.index = Some(Index::parse(&payload[MARK.len()..], start));
        } else if let Some(xmp) = payload.strip_prefix(XMP) {
            self.is_auxiliary |= AUXILIARY.iter().any(|mark| memmem::find(xmp, mark).is_some());
            if self.semantics.is_empty() {
                self.semantics = semantics(xmp);
            }
        }
        self.is_auxiliary |= payload.starts_with(GAIN_MAP);
    }

    /// Whether the picture of this number is called what is none in its own right.
    fn calls_auxiliary(&self, number: usize) -> bool {
        self.semantics.get(number).is_some_and(|name| !OWN.contains(&name.as_slice()))
    }
}

impl Index {
    /// Reads the TIFF file that an index is, which begins at `start`: CIPA DC-007, section 5.2.
    fn parse(bytes: &[u8], start: u64) -> Self {
        Self { entries: entries(bytes, start) }
    }
}

fn entries(bytes: &[u8], start: u64) -> Option<Vec<Entry>> {
    let is_big_endian = match bytes.get(..4)? {
        b"MM\0\x2a" => true,
        b"II\x2a\0" => false,
        _ => return None,
    };
    let u16_at = |at: usize| {
        let bytes = bytes.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(if is_big_endian { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) })
    };
    let u32_at = |at: usize| {
        let bytes = bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
        Some(if is_big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
    };
    let directory = u32_at(4)? as usize;
    let fields = usize::from(u16_at(directory)?);
    let field =
        (0..fields).map(|field| directory + 2 + field * 12).find(|at| u16_at(*at) == Some(ENTRIES))?;
    let (length, place) = (u32_at(field + 4)? as usize, u32_at(field + 8)? as usize);
    let count = length / ENTRY_BYTES;
    // One that counts the first picture alone says nothing of others.
    if count < 2 {
        return None;
    }
    let mut entries = Vec::new();
    for number in 1..count {
        let at = place.checked_add(number * ENTRY_BYTES)?;
        let (attribute, offset) = (u32_at(at)?, u32_at(at.checked_add(8)?)?);
        entries.push(Entry { kind: Kind::of(attribute), position: start + u64::from(offset), number });
    }
    entries.sort_by_key(|entry| entry.position);
    Some(entries)
}

impl Kind {
    /// Of an entry's first number: table 3 of CIPA DC-007, with what its later versions add.
    fn of(attribute: u32) -> Self {
        match attribute & 0x00ff_ffff {
            _ if attribute >> 24 & 7 != 0 => Self::Unknown,
            0 => Self::Undefined,
            0x01_0001..=0x01_ffff => Self::Thumbnail,
            0x05_0000 => Self::GainMap,
            _ => Self::Own,
        }
    }
}

/// The values that XMP has for each [`SEMANTIC`], as an attribute or as an element.
fn semantics(xmp: &[u8]) -> Vec<Vec<u8>> {
    let mut values = Vec::new();
    for at in memmem::find_iter(xmp, SEMANTIC) {
        let rest = &xmp[at + SEMANTIC.len()..];
        let ([b'=', b'"' | b'\'', value @ ..] | [b'>', value @ ..]) = rest else { continue };
        // An element's end has the name once more.
        if xmp[..at].iter().rev().take(20).take_while(|byte| **byte != b'<').any(|byte| *byte == b'/') {
            continue;
        }
        values.push(value.iter().take(40).copied().take_while(u8::is_ascii_alphanumeric).collect());
    }
    values
}

/// Brings the pictures that the index counts into the document, each on a page, behind the first, which was just read.
pub(super) fn embed_further(
    input: &mut Input<'_>,
    document: &mut Document<'_>,
    context: &mut Context<'_>,
    first: &Role,
) -> Result<(), Fault> {
    let Some(index) = &first.index else { return Ok(()) };
    if context.options.first_frame_only {
        return Ok(());
    }
    let Some(entries) = &index.entries else {
        context.warn_shown("the pictures behind the first are left out: their index cannot be read");
        return Ok(());
    };
    for entry in entries {
        let reason = match entry.kind {
            Kind::Undefined if first.calls_auxiliary(entry.number) => Some(BESIDE),
            Kind::Own | Kind::Undefined => None,
            Kind::GainMap => Some(BESIDE),
            Kind::Thumbnail => Some("it is a smaller version of another"),
            Kind::Unknown => Some("the file does not say that it is a JPEG"),
        };
        if let Some(reason) = reason {
            context.warn_shown(format!("a picture behind this one is left out: {reason}"));
            continue;
        }
        if !find(input, entry.position)? {
            context.warn_shown(
                "the pictures behind this one are left out: there are none where the file says; an editor may have dropped them",
            );
            return Ok(());
        }
        let header = Header::read_behind_start(input, context.limits)?;
        if entry.kind == Kind::Undefined && header.metadata.role.is_auxiliary {
            context.warn_shown(format!("a picture behind this one is left out: {BESIDE}"));
            continue;
        }
        context.wants_frame(Format::Jpeg)?;
        show(input, document, context, header)?;
    }
    Ok(())
}

/// Reads up to the picture that begins at `position`, and its first marker; tells whether there is one.
fn find(input: &mut Input<'_>, position: u64) -> Result<bool, Fault> {
    input.enter(format_args!("what stands between its pictures"));
    while input.position() < position && !input.is_at_end()? {
        let left = usize::try_from(position - input.position()).unwrap_or(usize::MAX);
        let count = input.fill()?.len().min(left);
        input.consume(count);
    }
    if input.position() != position || input.is_at_end()? {
        return Ok(false);
    }
    input.enter(format_args!("the first marker of a further picture"));
    Ok(input.array()? == [0xff, SOI])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn semantics_are_found_as_attributes_and_as_elements() {
        for (xmp, expected) in [
            (&b""[..], &[][..]),
            (b"Item:Semantic='Primary' Item:Semantic=\"GainMap\"", &["Primary", "GainMap"]),
            (b"<Item:Semantic>Depth</Item:Semantic><x:Item:Semantic>A</x:Item:Semantic>", &["Depth", "A"]),
            (b"Item:Semantic", &[]),
            (b"Item:Semantic=\"", &[""]),
        ] {
            let found = semantics(xmp);
            assert!(
                found.iter().map(Vec::as_slice).eq(expected.iter().map(|name| name.as_bytes())),
                "{found:?}"
            );
        }
    }

    #[test]
    fn kinds_are_told_by_their_numbers() {
        for (attribute, expected) in [
            (0x2003_0000, Kind::Own),
            (0x0002_0002, Kind::Own),
            (0x4004_0000, Kind::Own),
            (0x0001_0001, Kind::Thumbnail),
            (0x8001_0002, Kind::Thumbnail),
            (0x0005_0000, Kind::GainMap),
            (0, Kind::Undefined),
            (0x8000_0000, Kind::Undefined),
            (0x0700_0000, Kind::Unknown),
        ] {
            assert_eq!(Kind::of(attribute), expected, "{attribute:x}");
        }
    }
}
