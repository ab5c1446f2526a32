//! The packets of a tile: their headers are read, so that it is known where each ends (T.800, sections B.9 and B.10).
//!
//! What the headers say of the code-blocks must fit the tile: lengths, bit planes, the count of packets. The codes
//! themselves are not looked at, not even for markers, which none should hold: those of some encoders do.

use super::{
    bits::{Bits, Broken},
    codestream::Held,
    geometry::{Band, Lane, lanes},
    header::{Coding, InForce, Progression, Size, Style, marker},
    progression::each_packet,
    tag_tree::TagTree,
};
use crate::{
    error::{Count, Fault},
    spool::Spooled,
};

/// Bit planes that code-blocks may have beyond those of their band. Encoders that are given samples of more bits than they
/// claim, as 16 for 12, write them, and decoders pass over it.
const PLANES_OVER_MAX: u16 = 8;

/// A packet, as it stands in the file.
pub(super) struct Packet<'p> {
    pub(super) component: u8,
    /// Whether a marker with its number stands before it.
    pub(super) is_numbered: bool,
    /// With the marker that ends it, where there is one.
    pub(super) header: &'p [u8],
    pub(super) body: &'p [u8],
}

/// What a tile is read from.
pub(super) struct TileData<'t> {
    pub(super) number: u64,
    /// Where the data of its tile-parts begin and end.
    pub(super) parts: &'t [(u64, u64)],
    /// The headers of its packets, where they stand apart from them.
    pub(super) packed: Option<&'t [u8]>,
}

/// Reads the packets of a tile to the end, and calls for each.
pub(super) fn read(
    size: &Size,
    in_force: InForce<'_>,
    data: &TileData<'_>,
    held: &mut Held<'_>,
    take: &mut dyn FnMut(&Packet<'_>) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let style = in_force.style()?;
    let lanes = lanes(size, data.number, in_force)?;
    let bytes: u64 = data.parts.iter().map(|(start, end)| end - start).sum();
    let header_bytes = data.packed.map_or(bytes, |packed| packed.len() as u64);
    let precincts = lanes.iter().fold(0_u64, |sum, lane| sum.saturating_add(lane.precincts()));
    let whole = [Progression {
        order: style.order,
        resolutions: [0, u8::MAX],
        components: [0, u8::MAX],
        layers: style.layers,
    }];
    let changes = in_force.progressions();
    // Where the order does not change each has one, at least, and none is shorter than a byte.
    if changes.is_empty() && precincts > header_bytes {
        return Err(in_force.file.fault(format_args!(
            "has a tile {} of fewer packets than its header says: {} precincts in {} bytes",
            Count(data.number),
            Count(precincts),
            Count(header_bytes)
        )));
    }
    held.tile(precincts.saturating_mul(size_of::<Precinct>() as u64))?;
    let states = lanes
        .iter()
        .map(|lane| (0..lane.precincts()).map(|_| Precinct { layers: 0, bands: Vec::new() }).collect())
        .collect();
    let mut reader = Reader {
        file: in_force.file,
        data,
        style,
        part: 0,
        at: data.parts.first().map_or(0, |(start, _)| *start),
        packed_at: 0,
        states,
        held,
    };
    for progression in if changes.is_empty() { &whole } else { changes } {
        let layers = progression.layers.min(style.layers);
        reader.held.work(lanes.len() as u64)?;
        each_packet(&lanes, Progression { layers, ..*progression }, &mut |lane, precinct, layer| {
            // Which precinct is the next is looked for among all lanes.
            reader.held.work(1 + lanes.len() as u64 / 8)?;
            // Of a change of the order, packets that were there before are left out.
            if reader.states[lane][precinct].layers != layer {
                return Ok(());
            }
            // Encoders leave out what the last layers would add, where that is nothing.
            if reader.is_at_end() && layer > 0 {
                return Ok(());
            }
            reader.states[lane][precinct].layers += 1;
            reader.packet(lane, &lanes[lane], precinct, layer, take)
        })?;
    }
    reader.finish()
}

/// What is known of a precinct: how many of its packets were read, and of each band's code-blocks. There are none of
/// these until a packet has codes.
struct Precinct {
    layers: u16,
    bands: Vec<PrecinctBand>,
}

struct PrecinctBand {
    across: usize,
    blocks: Vec<Block>,
    inclusion: TagTree,
    /// How many bit planes have no bits.
    empty_planes: TagTree,
}

#[derive(Clone, Copy)]
struct Block {
    /// How many coding passes were read; none where no packet had any.
    passes: u16,
    passes_max: u16,
    /// Lblock.
    length_bits: u8,
}

impl PrecinctBand {
    /// Of a code-block and of what two trees know of it, with the nodes above.
    const BLOCK_BYTES: u64 = 6 + 2 * 4 * 4 / 3 + 1;
    /// The rest, with the levels of the trees.
    const BYTES: u64 = 256;

    fn new([across, down]: [u64; 2], held: &mut Held<'_>) -> Result<Self, Fault> {
        held.more(across.saturating_mul(down).saturating_mul(Self::BLOCK_BYTES).saturating_add(Self::BYTES))?;
        let [across, down] = [across, down].map(|side| usize::try_from(side).unwrap_or(usize::MAX));
        let block = Block { passes: 0, passes_max: 0, length_bits: 3 };
        Ok(Self {
            across,
            blocks: vec![block; across * down],
            inclusion: TagTree::new(across, down),
            empty_planes: TagTree::new(across, down),
        })
    }

    /// What it takes.
    fn bytes(&self) -> u64 {
        self.blocks.len() as u64 * Self::BLOCK_BYTES + Self::BYTES
    }

    /// Reads which code-blocks have codes in a layer: how many bytes these have.
    fn read(&mut self, bits: &mut Bits<'_>, layer: u16, planes: u16, modes: u8) -> Result<u64, Broken> {
        let mut bytes = 0;
        for (number, block) in self.blocks.iter_mut().enumerate() {
            let place = [number % self.across, number / self.across];
            if block.passes > 0 {
                if bits.bit()? == 0 {
                    continue;
                }
            } else {
                if self.inclusion.read(bits, place, layer + 1)?.is_none() {
                    continue;
                }
                let empty = (1..=planes)
                    .find_map(|threshold| self.empty_planes.read(bits, place, threshold).transpose());
                let empty = empty.ok_or("has a code-block without bit planes")??;
                // Of the highest plane only the last of three passes is coded.
                block.passes_max = 3 * (planes + PLANES_OVER_MAX - empty) - 2;
            }
            let passes = passes(bits)?;
            if block.passes + passes > block.passes_max {
                return Err("has more coding passes than bit planes");
            }
            while bits.bit()? == 1 {
                block.length_bits += 1;
                if block.length_bits > 32 {
                    return Err("has a code-block of more bytes than can be");
                }
            }
            let mut left = passes;
            while left > 0 {
                let segment = left.min(segment_passes(block.passes, modes));
                let length_bits = u32::from(block.length_bits) + segment.ilog2();
                if length_bits > 32 {
                    return Err("has a code-block of more bytes than can be");
                }
                bytes += u64::from(bits.number(length_bits)?);
                block.passes += segment;
                left -= segment;
            }
        }
        Ok(bytes)
    }
}

/// How many coding passes a packet adds to a code-block: table B.4.
fn passes(bits: &mut Bits<'_>) -> Result<u16, Broken> {
    let mut count = 1;
    for (width, last) in [(1, 1), (1, 1), (2, 3), (5, 31), (7, 127)] {
        let more = bits.number(width)?;
        count += u16::try_from(more).unwrap_or(u16::MAX);
        if more != last {
            break;
        }
    }
    Ok(count)
}

/// How many of the passes that follow so many others belong to one segment, whose length is told: section D.4.2 and
/// table D.9.
fn segment_passes(before: u16, modes: u8) -> u16 {
    if modes & Coding::TERMINATE_EACH != 0 {
        1
    } else if modes & Coding::BYPASS == 0 {
        u16::MAX
    } else {
        // Ten in arithmetic codes, then by turns two as they are and one in codes.
        match before.checked_sub(10) {
            None => 10 - before,
            Some(behind) if behind % 3 == 2 => 1,
            Some(behind) => 2 - behind % 3,
        }
    }
}

struct Reader<'t, 'h, 'l> {
    file: Spooled<'t>,
    data: &'t TileData<'t>,
    style: Style,
    /// Which of the tile-parts, and where in the file.
    part: usize,
    at: u64,
    packed_at: usize,
    /// Of each lane.
    states: Vec<Vec<Precinct>>,
    held: &'h mut Held<'l>,
}

impl Reader<'_, '_, '_> {
    fn packet(
        &mut self,
        number: usize,
        lane: &Lane,
        precinct: usize,
        layer: u16,
        take: &mut dyn FnMut(&Packet<'_>) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let file = self.file;
        if self.is_at_end() {
            return Err(file.fault(format_args!(
                "has a tile {} of fewer packets than its header says",
                Count(self.data.number)
            )));
        }
        let start = self.at;
        let broken =
            move |why: Broken| file.fault(format_args!("has a packet at byte {} that {why}", Count(start)));
        let end = self.data.parts.get(self.part).map_or(start, |(_, end)| *end);
        let mut rest = file.slice(start, end - start, "packets")?;
        let is_numbered = self.style.sop && rest.starts_with(&marker::SOP.to_be_bytes());
        if is_numbered {
            let Some((&[_, _, 0, 4, _, _], behind)) = rest.split_first_chunk() else {
                return Err(broken("has a number that is not whole"));
            };
            rest = behind;
        }
        let headers = match self.data.packed {
            Some(packed) => packed.get(self.packed_at..).unwrap_or_default(),
            None => rest,
        };
        let state = &mut self.states[number][precinct];
        let (mut header_bytes, body_bytes) =
            header(headers, state, lane, precinct, layer, self.held, broken)?;
        if state.layers == self.style.layers {
            // Its last one: nothing asks for it again.
            self.held.less(std::mem::take(&mut state.bands).iter().map(PrecinctBand::bytes).sum());
        }
        if self.style.eph {
            if !headers[header_bytes..].starts_with(&marker::EPH.to_be_bytes()) {
                return Err(broken("has a header without the marker at its end"));
            }
            header_bytes += 2;
        }
        let (header, mut bodies) = headers.split_at(header_bytes);
        if self.data.packed.is_some() {
            self.packed_at += header_bytes;
            bodies = rest;
        }
        let body = usize::try_from(body_bytes).ok().and_then(|bytes| bodies.get(..bytes));
        let body = body.ok_or_else(|| broken("is longer than its tile-part"))?;
        self.at = end - (bodies.len() - body.len()) as u64;
        take(&Packet { component: lane.component, is_numbered, header, body })
    }

    /// Goes on to the next tile-part that has something, where one is at its end.
    fn skip_parts(&mut self) {
        while let Some((_, end)) = self.data.parts.get(self.part)
            && self.at == *end
            && let Some((start, _)) = self.data.parts.get(self.part + 1)
        {
            self.part += 1;
            self.at = *start;
        }
    }

    /// Whether there is nothing left of the tile, at a packet's end.
    fn is_at_end(&mut self) -> bool {
        self.skip_parts();
        self.data.parts.get(self.part).is_none_or(|(_, end)| self.at == *end)
            && self.data.packed.is_none_or(|packed| self.packed_at == packed.len())
    }

    fn finish(mut self) -> Result<(), Fault> {
        if self.is_at_end() {
            return Ok(());
        }
        Err(self.file.fault(format_args!(
            "has a tile {} with bytes behind its last packet, from byte {} on",
            Count(self.data.number),
            Count(self.at)
        )))
    }
}

/// Reads the header of a packet: how many bytes it has, and how many the body.
fn header(
    bytes: &[u8],
    state: &mut Precinct,
    lane: &Lane,
    precinct: usize,
    layer: u16,
    held: &mut Held<'_>,
    broken: impl Fn(Broken) -> Fault,
) -> Result<(usize, u64), Fault> {
    let mut bits = Bits::new(bytes);
    let mut body_bytes = 0;
    if bits.bit().map_err(&broken)? == 1 {
        if state.bands.is_empty() {
            let sides = |band: &Band| band.blocks(lane, precinct);
            let bands = lane.bands.iter().map(|band| PrecinctBand::new(sides(band), held));
            state.bands = bands.collect::<Result<_, _>>()?;
        }
        for (band, state) in lane.bands.iter().zip(&mut state.bands) {
            held.work(state.blocks.len() as u64)?;
            body_bytes += state.read(&mut bits, layer, band.planes, lane.modes).map_err(&broken)?;
        }
    }
    Ok((bits.end().map_err(&broken)?, body_bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_of_passes_are_read() {
        for (code, expected) in [
            (0b0000_0000_0000_0000_u16, 1),
            (0b1000_0000_0000_0000, 2),
            (0b1100_0000_0000_0000, 3),
            (0b1110_0000_0000_0000, 5),
            (0b1111_0000_0000_0000, 6),
            (0b1111_1111_0000_0000, 36),
            (0b1111_1111_1000_0000, 37),
            (0b1111_1111_1111_1111, 164),
        ] {
            // A zero bit stands behind a byte of ones.
            let [high, low] = code.to_be_bytes();
            let bytes = if high == 0xff { [high, low >> 1, low << 7] } else { [high, low, 0] };
            assert_eq!(passes(&mut Bits::new(&bytes)).unwrap(), expected, "{code:b}");
        }
    }

    #[test]
    fn passes_are_parted_into_segments_where_codes_end_early() {
        let parted = |modes: u8, passes: u16| {
            let (mut before, mut segments) = (0, Vec::new());
            while before < passes {
                segments.push(segment_passes(before, modes).min(passes - before));
                before += segments[segments.len() - 1];
            }
            segments
        };
        assert_eq!(parted(0, 40), [40]);
        assert_eq!(parted(Coding::BYPASS, 17), [10, 2, 1, 2, 1, 1]);
        assert_eq!(parted(Coding::TERMINATE_EACH | Coding::BYPASS, 4), [1, 1, 1, 1]);
        assert_eq!([3, 11, 12].map(|before| segment_passes(before, Coding::BYPASS)), [7, 1, 1]);
    }
}
