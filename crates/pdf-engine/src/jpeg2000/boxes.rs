//! What the boxes of a file say, and the boxes that are written around a codestream: T.800, annex I.

use super::header::{Component, Size};
use crate::{boxes::box_at, document::Space, error::Fault, metadata::icc, page::Density, spool::Spooled};

/// A channel that is no colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Alpha {
    /// Which of the channels; these are components, where there is no palette.
    pub(super) channel: u16,
    /// Whether the colours were multiplied by it.
    pub(super) premultiplied: bool,
}

/// What the boxes of a file say.
pub(super) struct Boxes<'s> {
    /// Where the codestream begins and ends.
    pub(super) codestream: (u64, u64),
    /// The content of the box that says which standards the file keeps.
    pub(super) brands: &'s [u8],
    /// Pixels across and down, and components.
    image: Option<([u32; 2], u16)>,
    /// Bits of a sample less one, where all channels have the same.
    depth: Option<u8>,
    /// The contents of those that say what the colours are.
    pub(super) colors: Vec<&'s [u8]>,
    /// Those that are of the whole image.
    pub(super) alphas: Vec<Alpha>,
    /// Each channel, its type, and which colour it is.
    pub(super) channels: Vec<[u16; 3]>,
    pub(super) has_palette: bool,
    pub(super) density: Option<Density>,
}

impl<'s> Boxes<'s> {
    /// A codestream without boxes.
    pub(super) fn bare(file: Spooled<'_>) -> Self {
        Self {
            codestream: (0, file.bytes.len() as u64),
            brands: b"jp2 \0\0\0\0jp2 ",
            image: None,
            depth: None,
            colors: Vec::new(),
            alphas: Vec::new(),
            channels: Vec::new(),
            has_palette: false,
            density: None,
        }
    }

    pub(super) fn read(file: Spooled<'s>) -> Result<Self, Fault> {
        let mut boxes = Self::bare(file);
        let (mut at, end) = (0, file.bytes.len() as u64);
        let mut has_brands = false;
        while at < end {
            let (kind, start, next) = box_at(file, at, end)?;
            match &kind {
                b"ftyp" => {
                    boxes.brands = file.slice(start, next - start, "brands")?;
                    has_brands = true;
                }
                b"jp2h" => boxes.header(file, start, next)?,
                b"jp2c" if has_brands && boxes.image.is_some() => {
                    boxes.codestream = (start, next);
                    return Ok(boxes);
                }
                b"jp2c" => {
                    return Err(file.fault("has its codestream before the boxes that say what it is"));
                }
                _ => {}
            }
            at = next;
        }
        Err(file.fault("has no codestream in it"))
    }

    fn header(&mut self, file: Spooled<'s>, mut at: u64, end: u64) -> Result<(), Fault> {
        while at < end {
            let (kind, start, next) = box_at(file, at, end)?;
            match &kind {
                b"colr" => self.colors.push(file.slice(start, next - start, "colours")?),
                b"ihdr" => {
                    let content = file.slice(start, next - start, "header")?;
                    let &[height, width, [high, low, bits, _], ..] = content.as_chunks().0 else {
                        return Err(file.fault("has a header that is too short"));
                    };
                    let size = [width, height].map(u32::from_be_bytes);
                    self.image = Some((size, u16::from_be_bytes([high, low])));
                    self.depth = Some(bits).filter(|bits| *bits != 255);
                }
                b"pclr" | b"cmap" => self.has_palette = true,
                b"cdef" => self.channels(file.slice(start, next - start, "channels")?),
                b"res " => self.resolution(file, start, next)?,
                _ => {}
            }
            at = next;
        }
        Ok(())
    }

    fn channels(&mut self, content: &[u8]) {
        let entries = content.get(2..).unwrap_or_default().chunks_exact(6);
        self.channels =
            entries.map(|entry| [0, 2, 4].map(|at| u16::from_be_bytes([entry[at], entry[at + 1]]))).collect();
        // A type of 1 or 2, of the whole image.
        self.alphas = self
            .channels
            .iter()
            .filter_map(|&[channel, kind, of]| match (kind, of) {
                (1 | 2, 0) => Some(Alpha { channel, premultiplied: kind == 2 }),
                _ => None,
            })
            .collect();
    }

    /// What in the boxes does not fit the codestream: readers then show nothing, or whatever they like.
    pub(super) fn misfit(&self, size: &Size) -> Option<&'static str> {
        let count = size.components.len();
        if self.image.is_some_and(|(told, components)| {
            told != [size.width, size.height] || usize::from(components) != count
        }) {
            return Some("has boxes that say another size or number of components than its codestream");
        }
        // How many channels a palette makes is said by the palette.
        let count = if self.has_palette { usize::from(u8::MAX) } else { count };
        let is_one = |&[channel, kind, of]: &[u16; 3]| {
            usize::from(channel) < count
                && matches!(kind, 0..=2 | u16::MAX)
                && (usize::from(of) <= count || of == u16::MAX)
        };
        (!self.channels.iter().all(is_one)).then_some("tells of channels that it does not have")
    }

    /// Takes a component more than the colours need for an alpha, where nothing says what it is.
    pub(super) fn take_last_for_alpha(&mut self, components: usize) -> bool {
        let colors = match self.colors.first() {
            Some([1, _, _, 0, 0, 0, 16 | 18, ..]) => 3,
            Some([1, _, _, 0, 0, 0, 17, ..]) => 1,
            Some([2 | 3, _, _, profile @ ..]) => match profile.get(16..20) {
                Some(b"RGB ") => 3,
                Some(b"GRAY") => 1,
                _ => return false,
            },
            _ => return false,
        };
        if components != colors + 1 || self.has_palette || !self.channels.is_empty() {
            return false;
        }
        self.add_alpha(components);
        true
    }

    /// The last of so many components is the alpha.
    pub(super) fn add_alpha(&mut self, components: usize) {
        let last = u16::try_from(components).unwrap_or(0).saturating_sub(1);
        self.channels = (0..last).map(|channel| [channel, 0, channel + 1]).collect();
        self.channels.push([last, 1, 0]);
        self.alphas.push(Alpha { channel: last, premultiplied: false });
    }

    /// Whether the colours stand in another order than their components.
    pub(super) fn is_permuted(&self) -> bool {
        let mut colors: Vec<_> =
            self.channels.iter().filter(|[_, kind, of]| *kind == 0 && *of != u16::MAX).collect();
        colors.sort();
        !colors.is_sorted_by_key(|[_, _, of]| of)
    }

    pub(super) fn has_colors(&self) -> bool {
        !self.colors.is_empty()
    }

    /// The space of the colours, if they are so many of one where all zeros are black, or no ink.
    pub(super) fn space_from_zero(&self, count: usize) -> Option<Space> {
        let space = match self.colors.first()? {
            [1, _, _, 0, 0, 0, 16, ..] => Space::Rgb,
            [1, _, _, 0, 0, 0, 17, ..] => Space::Gray,
            [2 | 3, _, _, profile @ ..] => [Space::Gray, Space::Rgb, Space::Cmyk]
                .into_iter()
                .find(|space| icc::unfit(profile, *space).is_none())?,
            _ => return None,
        };
        (usize::from(space.channels()) == count).then_some(space)
    }

    /// Why the colours, of these components, may not be in a PDF/A: ISO 19005-2, 6.2.8.3, and 6.2.4. `are_whole` says that
    /// these are all of the file's, whose boxes say their depth.
    pub(super) fn unfit_for_archives(
        &self,
        components: &[Component],
        are_whole: bool,
    ) -> Option<&'static str> {
        let [colors] = self.colors.as_slice() else {
            return Some(
                "says in no way, or in several, what its colours are, and PDF/A wants it to say so once",
            );
        };
        if are_whole && self.depth.is_none()
            || components.iter().any(|component| component.depth != components[0].depth)
        {
            return Some("has components of different depths, which PDF/A does not know");
        }
        let known = match (components.len(), colors) {
            // Colours by a number: sRGB and sYCC of three components, and gray.
            (3, [1, _, _, 0, 0, 0, 16 | 18, ..]) | (1, [1, _, _, 0, 0, 0, 17, ..]) => true,
            (1, [2 | 3, _, _, profile @ ..]) => icc::unfit(profile, Space::Gray).is_none(),
            (3, [2 | 3, _, _, profile @ ..]) => icc::unfit(profile, Space::Rgb).is_none(),
            (4, [2 | 3, _, _, profile @ ..]) => icc::unfit(profile, Space::Cmyk).is_none(),
            _ => false,
        };
        (!known).then_some(
            "has colours that are neither sRGB, gray nor told by a fit profile, as PDF/A wants them",
        )
    }

    /// The resolution of capture or, before that, of display: dots a metre.
    fn resolution(&mut self, file: Spooled<'_>, mut at: u64, end: u64) -> Result<(), Fault> {
        while at < end {
            let (kind, start, next) = box_at(file, at, end)?;
            let is_display = &kind == b"resd";
            if (is_display || &kind == b"resc" && self.density.is_none())
                && let [a, b, c, d, e, f, g, h, vertical, horizontal] =
                    *file.slice(start, next - start, "resolution")?
            {
                let along = |above: [u8; 2], below: [u8; 2], exponent: u8| {
                    let [above, below] = [above, below].map(|bytes| f64::from(u16::from_be_bytes(bytes)));
                    above / below * 10_f64.powi(exponent.cast_signed().into()) * 0.0254
                };
                let density =
                    Density::Dpi { x: along([e, f], [g, h], horizontal), y: along([a, b], [c, d], vertical) };
                self.density = Some(density);
            }
            at = next;
        }
        Ok(())
    }
}

/// What boxes are to say of a codestream that they are written before.
pub(super) struct Told<'t> {
    /// Pixels across and down.
    pub(super) size: [u32; 2],
    /// The content of the box that says which standards the file keeps.
    pub(super) brands: &'t [u8],
    pub(super) components: &'t [Component],
    /// The contents of the boxes that say what the colours are.
    pub(super) colors: &'t [&'t [u8]],
    /// Each channel, its type, and which colour it is; none where the components are the colours in their order.
    pub(super) channels: &'t [[u16; 3]],
}

/// The content of a box that says what colours of this space are: gray, sRGB, or sYCC where the differences are coarser than
/// the lumas, as decoders of bare codestreams take them.
pub(super) fn colors_of(space: Space, components: &[Component]) -> [u8; 7] {
    let number = match (space, components) {
        (Space::Gray, _) => 17,
        (_, [luma, one, other, ..]) if one.step == other.step && luma.step != one.step => 18,
        _ => 16,
    };
    [1, 0, 0, 0, 0, 0, number]
}

/// The boxes of a file up to its codestream, which goes on to the end.
pub(super) fn written(told: &Told<'_>) -> Vec<u8> {
    let content = |kind: &[u8; 4], length: usize| -> Vec<u8> {
        let length = u32::try_from(length + 8).unwrap_or(0);
        [&length.to_be_bytes(), kind.as_slice()].concat()
    };
    let boxed = |kind: &[u8; 4], bytes: &[u8]| [content(kind, bytes.len()).as_slice(), bytes].concat();
    let depths: Vec<_> = told.components.iter().map(|component| component.depth).collect();
    let count = u16::try_from(depths.len()).unwrap_or(0);
    let same = depths.iter().all(|depth| *depth == depths[0]);
    let depth = if same { depths[0] } else { u8::MAX };
    let [width, height] = told.size;
    // Compression of kind 7, the colours known, no rights told.
    let image =
        [[height, width].map(u32::to_be_bytes).as_flattened(), &count.to_be_bytes(), &[depth, 7, 0, 0]]
            .concat();
    let depths = if same { Vec::new() } else { boxed(b"bpcc", &depths) };
    let colors: Vec<_> = told.colors.iter().map(|content| boxed(b"colr", content)).collect();
    let mut channels = Vec::new();
    if !told.channels.is_empty() {
        let count = u16::try_from(told.channels.len()).unwrap_or(0);
        let numbers = told.channels.as_flattened().iter().map(|number| number.to_be_bytes());
        let numbers: Vec<_> = std::iter::once(count.to_be_bytes()).chain(numbers).collect();
        channels = boxed(b"cdef", numbers.as_flattened());
    }
    let header = [boxed(b"ihdr", &image), depths, colors.concat(), channels].concat();
    [
        boxed(b"jP  ", b"\r\n\x87\n"),
        boxed(b"ftyp", told.brands),
        boxed(b"jp2h", &header),
        // Its length is zero, which says that it goes on to the end.
        b"\0\0\0\0jp2c".to_vec(),
    ]
    .concat()
}
