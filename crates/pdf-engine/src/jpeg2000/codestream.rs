//! A codestream: its header, its tile-parts (T.800, annex A), and its tiles, read packet by packet.

use super::{
    header::{InForce, Parameters, Size, marker},
    packets::{self, Packet, TileData},
};
use crate::{
    Cancel, Limits, Purpose,
    error::{Count, Fault},
    spool::Spooled,
};

/// What tiles can be numbered by: table A.5.
const TILES_MAX: u64 = 65_535;
/// Code-blocks that are looked at for each byte of the codestream, and those that come on top of that: a page without ink
/// of a billion pixels takes no byte for most of its blocks, and has a million of them in three colours.
const WORK_A_BYTE: u64 = 16;
const WORK: u64 = 1 << 26;

/// A segment of a header: its marker, where it begins, and its content behind the length.
pub(super) struct Segment<'s> {
    pub(super) kind: u16,
    pub(super) content: &'s [u8],
}

/// A tile-part.
struct TilePart {
    tile: u16,
    /// Where its header begins, behind what says its tile and length, and where it ends.
    header: u64,
    end: u64,
    /// Which of all.
    number: u32,
}

impl TilePart {
    /// Calls for each segment of its header: where the data begin.
    fn each_segment<'s>(
        &self,
        file: Spooled<'s>,
        take: &mut dyn FnMut(Segment<'s>) -> Result<(), Fault>,
    ) -> Result<u64, Fault> {
        let end = usize::try_from(self.end).unwrap_or(file.bytes.len());
        let (file, mut at) = (Spooled { bytes: &file.bytes[..end], ..file }, self.header);
        while file.array(at, "tile-part")? != marker::SOD.to_be_bytes() {
            let (segment, next) = segment_at(file, at)?;
            take(segment)?;
            at = next;
        }
        Ok(at + 2)
    }
}

/// A codestream whose header and chain of tile-parts hold together.
pub(super) struct Codestream<'s> {
    /// Up to the codestream's end.
    pub(super) file: Spooled<'s>,
    pub(super) size: Size,
    /// Where its segments begin, the size's first, and where they end.
    header: (u64, u64),
    pub(super) main: Parameters,
    /// Those of a tile one behind the other.
    parts: Vec<TilePart>,
    /// The headers of all packets, where the codestream's header has them, and where those of each tile-part begin.
    packed: Option<(Vec<u8>, Vec<usize>)>,
}

impl<'s> Codestream<'s> {
    /// Reads the codestream that begins and ends there.
    pub(super) fn read(
        file: Spooled<'s>,
        start: u64,
        end: u64,
        limits: &Limits,
        held: &mut Held<'_>,
    ) -> Result<Self, Fault> {
        let file = Spooled { bytes: &file.bytes[..usize::try_from(end).unwrap_or(file.bytes.len())], ..file };
        let marker = |at: u64| file.array(at, "codestream").map(u16::from_be_bytes);
        if marker(start)? != marker::SOC || marker(start + 2)? != marker::SIZ {
            return Err(file.fault("has a codestream that does not begin as one"));
        }
        let size = Size::read(file, start + 4)?;
        limits.check_size(file.format.name(), size.width, size.height)?;
        let mut at = start + 2;
        while marker(at)? != marker::SOT {
            at = segment_at(file, at)?.1;
        }
        let header = (start + 2, at);
        let parts = tile_parts(file, at, &size, held)?;
        let mut codestream = Self { file, size, header, main: Parameters::default(), parts, packed: None };
        if !codestream.is_extended() {
            codestream.read_header(limits)?;
        }
        Ok(codestream)
    }

    /// Whether it says that it is more than T.800: its packets may be others.
    pub(super) fn is_extended(&self) -> bool {
        self.size.extensions != 0
    }

    fn read_header(&mut self, limits: &Limits) -> Result<(), Fault> {
        let (mut parameters, mut packed) = (Parameters::default(), Vec::new());
        self.each_segment(&mut |segment| {
            if segment.kind == marker::PPM {
                packed.push(segment.content);
            }
            parameters.take(self.file, segment.kind, segment.content)
        })?;
        self.main = parameters;
        if !packed.is_empty() {
            let bytes = together(packed, self.file, limits)?;
            self.packed = Some(by_tile_part(self.file, &bytes, self.parts.len())?);
        }
        Ok(())
    }

    /// Calls for each segment of the header, that of the size first.
    pub(super) fn each_segment(
        &self,
        take: &mut dyn FnMut(Segment<'s>) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let (mut at, end) = self.header;
        while at < end {
            let (segment, next) = segment_at(self.file, at)?;
            take(segment)?;
            at = next;
        }
        Ok(())
    }

    /// Calls for each tile.
    pub(super) fn each_tile(
        &self,
        limits: &Limits,
        take: &mut dyn FnMut(&Tile<'_, 's>) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        for parts in self.parts.chunk_by(|one, next| one.tile == next.tile) {
            take(&Tile::read(self, parts, limits)?)?;
        }
        Ok(())
    }
}

/// A tile, its header read.
pub(super) struct Tile<'c, 's> {
    codestream: &'c Codestream<'s>,
    pub(super) number: u16,
    pub(super) parameters: Parameters,
    parts: &'c [TilePart],
    /// Where the data of each tile-part begin and end.
    data: Vec<(u64, u64)>,
    packed: Option<Vec<u8>>,
}

impl<'c, 's> Tile<'c, 's> {
    fn read(codestream: &'c Codestream<'s>, parts: &'c [TilePart], limits: &Limits) -> Result<Self, Fault> {
        let file = codestream.file;
        let (mut parameters, mut packed) = (Parameters::default(), Vec::new());
        let mut data = Vec::new();
        for part in parts {
            let mut own = Vec::new();
            let start = part.each_segment(file, &mut |segment| {
                if segment.kind == marker::PPT {
                    own.push(segment.content);
                }
                parameters.take(file, segment.kind, segment.content)
            })?;
            data.push((start, part.end));
            packed.extend(in_order(own, file)?);
        }
        let packed = match &codestream.packed {
            Some((bytes, starts)) => {
                let of =
                    |part: &TilePart| &bytes[starts[part.number as usize]..starts[part.number as usize + 1]];
                Some(parts.iter().map(of).collect())
            }
            None if packed.is_empty() => None,
            None => Some(packed),
        };
        let packed = packed.map(|parts: Vec<&[u8]>| joined(&parts, limits)).transpose()?;
        let tile = Self { codestream, number: parts[0].tile, parameters, parts, data, packed };
        // Annex G: each sample is mixed with those of the same place.
        if let [one, two, three, ..] = codestream.size.components.as_slice()
            && tile.in_force().style()?.mixes
            && (one.step != two.step || two.step != three.step)
        {
            return Err(file.fault("mixes components that are not of the same size"));
        }
        Ok(tile)
    }

    pub(super) fn in_force(&self) -> InForce<'_> {
        InForce { file: self.codestream.file, main: &self.codestream.main, tile: &self.parameters }
    }

    /// Calls for each segment of the headers of its tile-parts.
    pub(super) fn each_segment(
        &self,
        take: &mut dyn FnMut(Segment<'s>) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        self.parts.iter().try_for_each(|part| part.each_segment(self.codestream.file, take).map(drop))
    }

    /// Reads its packets to the end, and calls for each.
    pub(super) fn each_packet(
        &self,
        held: &mut Held<'_>,
        take: &mut dyn FnMut(&Packet<'_>) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let data = TileData { number: self.number.into(), parts: &self.data, packed: self.packed.as_deref() };
        packets::read(&self.codestream.size, self.in_force(), &data, held, take)
    }
}

/// What reading packets takes, bounded by what the file can be meant to say.
pub(super) struct Held<'l> {
    limits: &'l Limits,
    cancel: &'l Cancel,
    work_left: u64,
    work_max: u64,
    bytes: u64,
    /// Those that are not of a tile.
    kept: u64,
    /// What the budget has given leave for.
    asked: u64,
}

impl<'l> Held<'l> {
    /// The budget is asked for so many bytes at a time.
    const STEP: u64 = 1 << 20;

    /// For a file of so many bytes.
    pub(super) fn new(limits: &'l Limits, cancel: &'l Cancel, file: Spooled<'_>) -> Self {
        let work_max = WORK + WORK_A_BYTE * file.bytes.len() as u64;
        Self { limits, cancel, work_left: work_max, work_max, bytes: 0, kept: 0, asked: 0 }
    }

    /// What was taken until now is needed to the end.
    fn keep(&mut self) {
        self.kept = self.bytes;
    }

    /// Begins a tile with so many bytes, and forgets those of the one before.
    pub(super) fn tile(&mut self, bytes: u64) -> Result<(), Fault> {
        self.bytes = self.kept;
        self.more(bytes)
    }

    /// Takes so many bytes for what is known of the tile.
    pub(super) fn more(&mut self, bytes: u64) -> Result<(), Fault> {
        self.bytes = self.bytes.saturating_add(bytes);
        let max = self.limits.decoded_bytes_max;
        if self.bytes > max {
            let what = "the JPEG 2000 has so many code-blocks in a tile that what is known of them takes too many bytes: it";
            return Err(Fault::too_large("decoded_bytes_max", max, what));
        }
        if self.bytes > self.asked {
            self.asked = self.bytes.next_multiple_of(Self::STEP);
            self.limits.memory.hold(Purpose::Samples, self.asked)?;
        }
        Ok(())
    }

    /// So many bytes are not needed any more.
    pub(super) fn less(&mut self, bytes: u64) {
        self.bytes = self.bytes.saturating_sub(bytes);
    }

    /// What is read is read once more from its beginning.
    pub(super) fn again(&mut self) {
        self.work_left = self.work_max;
    }

    /// Looks at so many code-blocks.
    pub(super) fn work(&mut self, blocks: u64) -> Result<(), Fault> {
        if self.cancel.is_cancelled() {
            return Err(Fault::Cancelled);
        }
        self.work_left = self.work_left.checked_sub(blocks).ok_or_else(|| {
            Fault::unsupported("the JPEG 2000 has far more code-blocks in its packets than its bytes are for")
        })?;
        Ok(())
    }
}

/// The segment at `at`, and where the next begins.
fn segment_at(file: Spooled<'_>, at: u64) -> Result<(Segment<'_>, u64), Fault> {
    let kind = u16::from_be_bytes(file.array(at, "codestream")?);
    // Those below have no content, and the others none where a segment is.
    if kind < 0xff40 || matches!(kind, marker::SOC | marker::SOT..=marker::SOD | marker::EOC) {
        return Err(no_marker(file, at));
    }
    let length = u64::from(u16::from_be_bytes(file.array(at + 2, "codestream")?)).max(2);
    let content = file.slice(at + 4, length - 2, "codestream")?;
    Ok((Segment { kind, content }, at + 2 + length))
}

fn no_marker(file: Spooled<'_>, at: u64) -> Fault {
    file.fault(format_args!("has no marker at byte {}, where one must be", Count(at)))
}

/// The chain of tile-parts from `at` to the codestream's end, sorted by tiles.
fn tile_parts(
    file: Spooled<'_>,
    mut at: u64,
    size: &Size,
    held: &mut Held<'_>,
) -> Result<Vec<TilePart>, Fault> {
    let end = file.bytes.len() as u64;
    let [across, down] = size.tile_counts();
    let tiles = across.saturating_mul(down);
    if tiles > TILES_MAX {
        return Err(file.fault(format_args!(
            "claims {} tiles, and {} can be",
            Count(tiles),
            Count(TILES_MAX)
        )));
    }
    let mut parts = Vec::new();
    // How many of each tile there were.
    let mut counts = vec![0_u16; usize::try_from(tiles).unwrap_or(0)];
    loop {
        match u16::from_be_bytes(file.array(at, "codestream")?) {
            marker::EOC => break,
            marker::SOT => {}
            _ => return Err(no_marker(file, at)),
        }
        let [_, segment_bytes, high, low, a, b, c, d, part, _count]: [u8; 10] =
            file.array(at + 2, "tile-part")?;
        let (tile, length) = (u16::from_be_bytes([high, low]), u32::from_be_bytes([a, b, c, d]));
        // The last one may leave its length out: it ends where the codestream does.
        let next = if length == 0 { end.saturating_sub(2) } else { at + u64::from(length) };
        if next < at + 14 || next > end || segment_bytes != 10 {
            return Err(file.fault(format_args!("has a tile-part at byte {} that is not whole", Count(at))));
        }
        let expected = counts.get_mut(usize::from(tile)).filter(|count| **count == u16::from(part));
        *expected.ok_or_else(|| {
            file.fault(format_args!("has a tile-part at byte {} that is none of those it claims", Count(at)))
        })? += 1;
        let number = u32::try_from(parts.len()).unwrap_or(u32::MAX);
        held.more(size_of::<TilePart>() as u64)?;
        parts.push(TilePart { tile, header: at + 12, end: next, number });
        at = next;
    }
    if let Some(tile) = counts.iter().position(|count| *count == 0) {
        return Err(file.fault(format_args!("has nothing of tile {}", Count(tile as u64))));
    }
    parts.sort_by_key(|part| part.tile);
    held.keep();
    Ok(parts)
}

/// Packed headers of packets in the order of their segments' own numbers, without these.
fn in_order<'s>(mut segments: Vec<&'s [u8]>, file: Spooled<'_>) -> Result<Vec<&'s [u8]>, Fault> {
    // Their number is a byte.
    if segments.len() > 256 {
        return Err(file.fault("has more packed headers than have numbers"));
    }
    segments.sort_by_key(|segment| segment.first());
    let behind = |segment: &'s [u8]| segment.split_first().map(|(_, rest)| rest);
    segments
        .into_iter()
        .map(|segment| behind(segment).ok_or_else(|| file.fault("has packed headers without a number")))
        .collect()
}

fn together(segments: Vec<&[u8]>, file: Spooled<'_>, limits: &Limits) -> Result<Vec<u8>, Fault> {
    joined(&in_order(segments, file)?, limits)
}

/// Bytes one behind the other; they are some of the source's.
fn joined(parts: &[&[u8]], limits: &Limits) -> Result<Vec<u8>, Fault> {
    let bytes = parts.iter().map(|part| part.len()).sum::<usize>();
    if bytes as u64 > limits.metadata_bytes_max {
        let what = "the JPEG 2000 has the headers of its packets in one place, and these";
        return Err(Fault::too_large("metadata_bytes_max", limits.metadata_bytes_max, what));
    }
    Ok(parts.concat())
}

/// Parts the headers of all packets by tile-parts, each of which begins with a length: section A.7.4.
fn by_tile_part(file: Spooled<'_>, bytes: &[u8], count: usize) -> Result<(Vec<u8>, Vec<usize>), Fault> {
    let short = || file.fault("has packed headers that are not those of its tile-parts");
    let (mut headers, mut starts) = (Vec::with_capacity(bytes.len()), vec![0]);
    let mut rest = bytes;
    while let Some((length, behind)) = rest.split_first_chunk() {
        let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
        let own = behind.get(..length).ok_or_else(short)?;
        headers.extend(own);
        starts.push(headers.len());
        rest = &behind[length..];
    }
    if !rest.is_empty() || starts.len() != count + 1 {
        return Err(short());
    }
    Ok((headers, starts))
}
