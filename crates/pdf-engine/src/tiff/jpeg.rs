//! Strips and tiles of JPEG, joined to one JPEG without decoding them (TIFF technical note 2).
//!
//! Each strip is a JPEG of its own that shares its tables with the others, and begins anew where a restart marker
//! would let it: so strips become the intervals between restart markers of one image. The rows of tiles are woven.

use super::page::{Page, Photometric};
use crate::{
    cancel::Cancel,
    error::Fault,
    jpeg::weave::{Apart, Shape, Weaver},
    spool::Spooled,
};

const SOI: u8 = 0xd8;
const EOI: u8 = 0xd9;
const SOS: u8 = 0xda;
const DQT: u8 = 0xdb;
const DRI: u8 = 0xdd;
const DHT: u8 = 0xc4;

/// One strip, taken apart.
struct Strip<'s> {
    /// Segments before the scan, marker and payload.
    segments: Vec<(u8, &'s [u8])>,
    /// The scan's header.
    scan: &'s [u8],
    /// From behind that to the end marker, which is left out.
    samples: &'s [u8],
}

/// The whole JPEG of a page.
pub(super) fn join(file: Spooled<'_>, page: &Page<'_>, cancel: &Cancel) -> Result<Vec<u8>, Fault> {
    if page.planar {
        return Err(
            file.unsupported("has planes of JPEG, which PDF cannot hold; save it with its samples together")
        );
    }
    let mut bytes = vec![0xff, SOI];
    if let Some(tables) = page.jpeg_tables {
        // Between their begin and end markers.
        let segments = tables.strip_prefix(&[0xff, SOI]).and_then(|tables| tables.strip_suffix(&[0xff, EOI]));
        bytes.extend_from_slice(segments.ok_or_else(|| file.fault("has tables of JPEG that are damaged"))?);
    }
    let stored = (0..page.chunks.len())
        .map(|index| page.chunks[index])
        .map(|(at, length)| file.slice(at, length, "strip"))
        .collect::<Result<Vec<_>, _>>()?;
    // Else a small file could name one strip so often that joining them takes any amount of memory.
    if stored.iter().map(|strip| strip.len()).sum::<usize>() > file.bytes.len() {
        return Err(file.fault("has strips of JPEG that lie over one another"));
    }
    if page.is_tiled && page.chunk != (page.width, page.height) {
        return join_tiles(file, page, bytes, &stored, cancel);
    }
    let [only] = *stored else { return join_strips(file, page, bytes, &stored) };
    let image =
        only.strip_prefix(&[0xff, SOI]).ok_or_else(|| file.fault("has a strip or tile that is no JPEG"))?;
    bytes.extend_from_slice(image);
    Ok(bytes)
}

fn join_strips(
    file: Spooled<'_>,
    page: &Page<'_>,
    mut bytes: Vec<u8>,
    stored: &[&[u8]],
) -> Result<Vec<u8>, Fault> {
    let apart = || file.unsupported("has strips of JPEG that cannot be joined to one; save it anew");
    let strips = stored.iter().map(|strip| Strip::parse(file, strip)).collect::<Result<Vec<_>, _>>()?;
    let first = &strips[0];
    let interval =
        first.units(page.chunk.1).filter(|units| u16::try_from(*units).is_ok()).ok_or_else(apart)?;
    for (marker, payload) in &first.segments {
        let mut payload = payload.to_vec();
        if is_frame(*marker) {
            let height = u16::try_from(page.height).map_err(|_| apart())?;
            payload.get_mut(1..3).ok_or_else(apart)?.copy_from_slice(&height.to_be_bytes());
        }
        append(&mut bytes, *marker, &payload);
    }
    let [.., high, low] = interval.to_be_bytes();
    append(&mut bytes, DRI, &[high, low]);
    append(&mut bytes, SOS, first.scan);
    for (index, strip) in strips.iter().enumerate() {
        if !strip.is_like(first) {
            return Err(apart());
        }
        if index > 0 {
            let [.., number] = ((index - 1) % 8).to_be_bytes();
            bytes.extend([0xff, 0xd0 + number]);
        }
        bytes.extend_from_slice(strip.samples);
    }
    bytes.extend([0xff, EOI]);
    Ok(bytes)
}

/// The tiles woven into one another, but for what lies beyond the page.
fn join_tiles(
    file: Spooled<'_>,
    page: &Page<'_>,
    mut bytes: Vec<u8>,
    stored: &[&[u8]],
    cancel: &Cancel,
) -> Result<Vec<u8>, Fault> {
    let apart = || file.unsupported("has tiles of JPEG that cannot be joined to one; save it anew");
    let tiles = stored.iter().map(|tile| Strip::parse(file, tile)).collect::<Result<Vec<_>, _>>()?;
    let first = &tiles[0];
    let of_all = Strip::segments(file, &bytes[2..])?;
    let frame = first.segments.iter().find(|(marker, _)| matches!(marker, 0xc0 | 0xc1)).ok_or_else(apart)?.1;
    let tables = of_all.iter().chain(&first.segments).filter(|(marker, _)| matches!(*marker, DHT | DRI));
    let why = |why: Apart| match why {
        Apart::Damaged => file.fault("has a strip or tile that is no whole JPEG"),
        Apart::Unfit => apart(),
        Apart::Fault(fault) => fault,
    };
    let weaver = Weaver::new(tables.copied(), frame, first.scan).map_err(why)?;
    if !tiles.iter().all(|tile| tile.is_like(first) && tile.size() == Some(page.chunk)) {
        return Err(apart());
    }
    let samples: Vec<_> = tiles.iter().map(|tile| tile.samples).collect();
    let shape = Shape { whole: (page.width, page.height), piece: page.chunk };
    let woven = weaver.weave(shape, &samples, cancel).map_err(why)?;

    let [width, height] = [page.width, page.height].map(u16::try_from);
    let (Ok(width), Ok(height)) = (width, height) else { return Err(apart()) };
    for (marker, payload) in &first.segments {
        let mut payload = payload.to_vec();
        if is_frame(*marker)
            && let Some(size) = payload.get_mut(1..5)
        {
            size.copy_from_slice(&[height.to_be_bytes(), width.to_be_bytes()].concat());
        }
        append(&mut bytes, *marker, &payload);
    }
    append(&mut bytes, SOS, first.scan);
    bytes.extend(woven);
    bytes.extend([0xff, EOI]);
    Ok(bytes)
}

impl<'s> Strip<'s> {
    /// Segments that stand alone: marker and payload.
    fn segments(file: Spooled<'_>, mut bytes: &'s [u8]) -> Result<Vec<(u8, &'s [u8])>, Fault> {
        let damaged = || file.fault("has tables of JPEG that are damaged");
        let mut segments = Vec::new();
        while let [_, marker, high, low, ..] = *bytes {
            let length = usize::from(u16::from_be_bytes([high, low]));
            let (segment, behind) = bytes.split_at_checked(2 + length).ok_or_else(damaged)?;
            segments.push((marker, segment.get(4..).ok_or_else(damaged)?));
            bytes = behind;
        }
        Ok(segments)
    }

    /// Width and height.
    fn size(&self) -> Option<(u32, u32)> {
        let (_, frame) = self.segments.iter().find(|(marker, _)| is_frame(*marker))?;
        let [_, high, low, left, right, ..] = **frame else { return None };
        Some((u16::from_be_bytes([left, right]).into(), u16::from_be_bytes([high, low]).into()))
    }

    fn parse(file: Spooled<'_>, strip: &'s [u8]) -> Result<Self, Fault> {
        let damaged = || file.fault("has a strip or tile that is no whole JPEG");
        let mut rest = strip.strip_prefix(&[0xff, SOI]).ok_or_else(damaged)?;
        let mut segments = Vec::new();
        loop {
            let [0xff, marker, high, low, ..] = *rest else { return Err(damaged()) };
            let length = usize::from(u16::from_be_bytes([high, low]));
            let (segment, behind) = rest.split_at_checked(2 + length).ok_or_else(damaged)?;
            let payload = segment.get(4..).ok_or_else(damaged)?;
            rest = behind;
            if marker != SOS {
                segments.push((marker, payload));
                continue;
            }
            let end = rest.windows(2).rposition(|pair| pair == [0xff, EOI]).ok_or_else(damaged)?;
            return Ok(Self { segments, scan: payload, samples: &rest[..end] });
        }
    }

    /// How many units a strip of so many rows has; nothing where it does not end with a whole one, or where units
    /// are not all that there is to it.
    fn units(&self, rows: u32) -> Option<u64> {
        let (marker, frame) = self.segments.iter().find(|(marker, _)| is_frame(*marker))?;
        let [_, _, _, width0, width1, count, components @ ..] = *frame else { return None };
        let baseline = matches!(marker, 0xc0 | 0xc1);
        let all_in_one_scan = self.scan.first() == Some(count);
        let sampling = |axis: u32| {
            components
                .chunks_exact(3)
                .map(move |component| u32::from(component[1] >> (4 * (1 - axis)) & 15))
                .max()
        };
        // A lone component is coded block by block, whatever its sampling.
        let (across, down) = if *count == 1 { (1, 1) } else { (sampling(0)?, sampling(1)?) };
        let width = u32::from(u16::from_be_bytes([*width0, *width1]));
        let whole = across > 0 && down > 0 && rows.is_multiple_of(8 * down);
        (baseline && all_in_one_scan && whole)
            .then(|| u64::from(width.div_ceil(8 * across)) * u64::from(rows / (8 * down)))
    }

    /// Whether a decoder that has read the head of `other` can go on with these samples.
    fn is_like(&self, other: &Self) -> bool {
        let matters = |strip: &Self| -> Vec<(u8, Vec<u8>)> {
            let segments = strip
                .segments
                .iter()
                .filter(|(marker, _)| is_frame(*marker) || matches!(*marker, DQT | DHT | DRI));
            segments
                .map(|(marker, payload)| {
                    let mut payload = payload.to_vec();
                    // All but the height, which is that of the strip.
                    if is_frame(*marker)
                        && let Some(height) = payload.get_mut(1..3)
                    {
                        height.fill(0);
                    }
                    (*marker, payload)
                })
                .collect()
        };
        let has_restarts = self.segments.iter().any(|(marker, payload)| *marker == DRI && *payload != [0, 0]);
        !has_restarts && self.scan == other.scan && matters(self) == matters(other)
    }
}

fn is_frame(marker: u8) -> bool {
    matches!(marker, 0xc0..=0xcf) && !matches!(marker, DHT | 0xc8 | 0xcc)
}

fn append(bytes: &mut Vec<u8>, marker: u8, payload: &[u8]) {
    let length = u16::try_from(payload.len() + 2).unwrap_or(u16::MAX);
    bytes.extend([0xff, marker]);
    bytes.extend(length.to_be_bytes());
    bytes.extend_from_slice(payload);
}

/// Whether three components are YCbCr, which the JPEG within a TIFF does not say itself.
pub(super) fn transform(page: &Page<'_>) -> Option<bool> {
    match page.photometric {
        Photometric::YCbCr => Some(true),
        Photometric::Rgb => Some(false),
        _ => None,
    }
}
