//! A codestream parted by components into two: the colours, and their alpha.
//!
//! Each packet belongs to one component (T.800, section B.9), and only the first three components are ever mixed, so
//! packets are copied as they are. The headers are written anew for the components that are left. The tile-parts of a tile
//! become one; markers that tell lengths, or hold headers of packets, are left out.

use super::{
    boxes::{Alpha, Boxes},
    codestream::{Codestream, Held, Segment, Tile},
    header::{Component, Progression, Size, marker},
    packets::Packet,
};
use crate::{Limits, document::Stream, error::Fault};

/// What takes the bytes of a header.
type Out<'o> = &'o mut dyn FnMut(&[u8]) -> Result<(), Fault>;

/// Why the alpha cannot be taken out, by what is known before the packets are read.
pub(super) fn obstacle(codestream: &Codestream<'_>, boxes: &Boxes<'_>, alpha: Alpha) -> Option<&'static str> {
    let size = &codestream.size;
    if codestream.is_extended() {
        Some("the codestream says that it is more than T.800")
    } else if boxes.has_palette {
        Some("the channels are those of a palette")
    } else if boxes.alphas.len() > 1 {
        Some("there are several")
    } else if size.components.len() < 2 {
        Some("there are no colours beside it")
    } else if Half::alpha(size, alpha.channel.into()).is_none() {
        Some("its samples are further apart than those of a picture can be")
    } else if alpha.premultiplied && boxes.space_from_zero(size.components.len() - 1).is_none() {
        Some("the colours were multiplied by it, and are not known to begin with black")
    } else {
        None
    }
}

/// Why the alpha cannot be taken out of a tile.
pub(super) fn obstacle_of_tile(
    tile: &Tile<'_, '_>,
    halves: [&Half; 2],
) -> Result<Option<&'static str>, Fault> {
    let [_, alpha] = halves;
    if tile.in_force().style()?.mixes && alpha.components[0] < 3 && halves[0].components.len() > 1 {
        return Ok(Some("it is mixed with the colours"));
    }
    let changes = tile.in_force().progressions();
    let is_without = |half: &Half| !changes.iter().any(|change| half.progression(*change).is_some());
    if !changes.is_empty() && halves.into_iter().any(is_without) {
        return Ok(Some("no order of its packets is told"));
    }
    Ok(None)
}

/// Some of the components of a codestream.
pub(super) struct Half {
    /// Which they are, in order.
    components: Vec<u8>,
    /// What the codestream of these is.
    pub(super) size: Size,
    /// Whether comments on the image are kept.
    comments: bool,
}

impl Half {
    /// All but the alpha.
    pub(super) fn colors(size: &Size, alpha: usize) -> Self {
        let kept = (0..size.components.len()).filter(|component| *component != alpha);
        let components: Vec<Component> = kept.clone().map(|component| size.components[component]).collect();
        let kept = kept.map(|component| u8::try_from(component).unwrap_or(u8::MAX)).collect();
        Self { components: kept, size: Size { components, ..*size }, comments: true }
    }

    /// The alpha alone, on a grid whose places are its samples. `None` where such a grid has other tiles.
    pub(super) fn alpha(size: &Size, alpha: usize) -> Option<Self> {
        let Component { depth, step } = *size.components.get(alpha)?;
        let (mut image, mut tiles) = (size.image, size.tiles);
        let counts = size.tile_counts();
        for side in 0..2 {
            let step = u32::from(step[side]);
            let is_even = |number: u32| number.is_multiple_of(step);
            let ([start, end], [first, across]) = (image[side], tiles[side]);
            if !is_even(start) || !is_even(first) || !is_even(across) && counts[side] > 1 {
                return None;
            }
            image[side] = [start / step, end.div_ceil(step)];
            tiles[side] = [first / step, across.div_ceil(step)];
        }
        let [width, height] = image.map(|[start, end]| end - start);
        let components = vec![Component { depth, step: [1, 1] }];
        let size = Size { width, height, image, tiles, components, extensions: 0 };
        Some(Self { components: vec![u8::try_from(alpha).ok()?], size, comments: false })
    }

    /// Bytes of a packet in it.
    pub(super) fn packet_bytes(&self, packet: &Packet<'_>) -> u64 {
        if !self.components.contains(&packet.component) {
            return 0;
        }
        let number = if packet.is_numbered { 6 } else { 0 };
        number + packet.header.len() as u64 + packet.body.len() as u64
    }

    /// Writes the codestream of these components. `lengths` are the bytes of the packets of each tile.
    pub(super) fn write(
        &self,
        codestream: &Codestream<'_>,
        limits: &Limits,
        held: &mut Held<'_>,
        mut lengths: impl Iterator<Item = u64>,
        stream: &mut Stream<'_, '_>,
    ) -> Result<(), Fault> {
        held.again();
        stream.write(&marker::SOC.to_be_bytes())?;
        let out = &mut |bytes: &[u8]| stream.write(bytes);
        codestream.each_segment(&mut |segment| self.segment(&segment, out))?;
        self.progressions(&codestream.main.progressions, out)?;
        codestream
            .each_tile(limits, &mut |tile| self.tile(tile, lengths.next().unwrap_or(0), held, stream))?;
        stream.write(&marker::EOC.to_be_bytes())
    }

    fn tile(
        &self,
        tile: &Tile<'_, '_>,
        packet_bytes: u64,
        held: &mut Held<'_>,
        stream: &mut Stream<'_, '_>,
    ) -> Result<(), Fault> {
        let mut header_bytes = 0;
        self.tile_header(tile, &mut |bytes| {
            header_bytes += bytes.len() as u64;
            Ok(())
        })?;
        let length = u32::try_from(12 + header_bytes + 2 + packet_bytes)
            .map_err(|_| Fault::unsupported("the JPEG 2000 has a tile of more than 4 GiB"))?;
        stream.write(&marker::SOT.to_be_bytes())?;
        stream.write(&10_u16.to_be_bytes())?;
        stream.write(&tile.number.to_be_bytes())?;
        stream.write(&length.to_be_bytes())?;
        // The first tile-part of one.
        stream.write(&[0, 1])?;
        self.tile_header(tile, &mut |bytes| stream.write(bytes))?;
        stream.write(&marker::SOD.to_be_bytes())?;
        let mut number = 0_u16;
        tile.each_packet(held, &mut |packet| {
            if !self.components.contains(&packet.component) {
                return Ok(());
            }
            if packet.is_numbered {
                stream.write([marker::SOP, 4, number].map(u16::to_be_bytes).as_flattened())?;
            }
            number = number.wrapping_add(1);
            stream.write(packet.header)?;
            stream.write(packet.body)
        })
    }

    fn tile_header(&self, tile: &Tile<'_, '_>, out: Out<'_>) -> Result<(), Fault> {
        tile.each_segment(&mut |segment| self.segment(&segment, out))?;
        self.progressions(&tile.parameters.progressions, out)
    }

    /// Writes a segment as it is for these components, where it is for them.
    fn segment(&self, segment: &Segment<'_>, out: Out<'_>) -> Result<(), Fault> {
        let content = segment.content;
        match segment.kind {
            marker::SIZ => write_segment(segment.kind, &self.size_content(), out),
            marker::COD => {
                let mut content = content.to_vec();
                if let Some(mixes) = content.get_mut(4)
                    && self.components.len() < 3
                {
                    *mixes = 0;
                }
                write_segment(segment.kind, &content, out)
            }
            marker::COC | marker::QCC | marker::RGN => {
                let number = content.first().and_then(|component| self.number(*component));
                number.map_or(Ok(()), |number| {
                    write_segment(segment.kind, &[&[number], &content[1..]].concat(), out)
                })
            }
            marker::CRG => {
                let places =
                    content.chunks(4).zip(0..).filter(|(_, component)| self.number(*component).is_some());
                let places: Vec<_> = places.map(|(place, _)| place).collect();
                write_segment(segment.kind, &places.concat(), out)
            }
            // Changes of the order are written for all of a header at once.
            marker::POC | marker::TLM | marker::PLM | marker::PLT | marker::PPM | marker::PPT => Ok(()),
            kind if kind == marker::COM && !self.comments => Ok(()),
            kind => write_segment(kind, content, out),
        }
    }

    /// Writes the changes of the order of packets that are about these components.
    fn progressions(&self, progressions: &[Progression], out: Out<'_>) -> Result<(), Fault> {
        let changes: Vec<_> = progressions.iter().filter_map(|change| self.progression(*change)).collect();
        if changes.is_empty() {
            return Ok(());
        }
        let mut content = Vec::new();
        for Progression { order, resolutions, components, layers } in changes {
            let [high, low] = layers.to_be_bytes();
            content.extend([
                resolutions[0],
                components[0],
                high,
                low,
                resolutions[1],
                components[1],
                order as u8,
            ]);
        }
        write_segment(marker::POC, &content, out)
    }

    /// A change of the order of packets as it is for these components, if it is for any.
    fn progression(&self, change: Progression) -> Option<Progression> {
        let [first, end] = change.components;
        let below = |end: u8| self.components.iter().filter(|component| **component < end).count();
        let [first, end] = [below(first), below(end)].map(|number| u8::try_from(number).unwrap_or(u8::MAX));
        (first < end).then_some(Progression { components: [first, end], ..change })
    }

    /// The number that a component has among these.
    fn number(&self, component: u8) -> Option<u8> {
        let place = self.components.iter().position(|other| *other == component)?;
        u8::try_from(place).ok()
    }

    /// T.800, section A.5.1.
    fn size_content(&self) -> Vec<u8> {
        let Size { image, tiles, components, .. } = &self.size;
        let [[left, right], [top, bottom]] = *image;
        let [[first_left, across], [first_top, down]] = *tiles;
        let count = u16::try_from(components.len()).unwrap_or(0);
        let mut content = vec![0, 0];
        let numbers = [right, bottom, left, top, across, down, first_left, first_top];
        content.extend(numbers.map(u32::to_be_bytes).as_flattened());
        content.extend(count.to_be_bytes());
        for Component { depth, step: [across, down] } in components {
            content.extend([depth, across, down]);
        }
        content
    }
}

fn write_segment(kind: u16, content: &[u8], out: Out<'_>) -> Result<(), Fault> {
    let length = u16::try_from(content.len() + 2).map_err(|_| {
        Fault::unsupported("the JPEG 2000 has more changes of the order of its packets than a segment holds")
    })?;
    out(&kind.to_be_bytes())?;
    out(&length.to_be_bytes())?;
    out(content)
}
