//! JPEG 2000 (ITU-T T.800), copied into `/JPXDecode`: files with their boxes, and bare codestreams.
//!
//! The boxes, the codestream's header and the chain of tile-parts are checked; the coded samples are not. A bare codestream
//! does not say what its components are. Where one of them is an alpha, boxes that say so are written before it.

use crate::{
    Embedding, Format,
    boxes::box_at,
    document::{Color, Document, Encoding, Image, Space, Transparency},
    embed::{Context, Shown},
    error::{Count, Fault},
    input::Input,
    metadata::icc,
    page::{Density, Orientation},
    spool::Spooled,
};

/// More components are no picture.
const COMPONENTS_MAX: u16 = 5;
/// Of a sample: T.800, table A.11.
const BITS_MAX: u8 = 38;

/// Copies a JPEG 2000 image into the document.
pub(crate) fn embed(
    input: &mut Input<'_>,
    document: &mut Document<'_>,
    context: &mut Context<'_>,
) -> Result<(), Fault> {
    let bytes = input.spool(context.limits)?;
    let file = Spooled { format: Format::Jpeg2000, bytes: &bytes };
    let boxes = if bytes.starts_with(&[0xff, 0x4f]) { Boxes::bare(file) } else { Boxes::read(file)? };
    let (start, end) = boxes.codestream;
    let size = check_codestream(file, start, end)?;
    context.limits.check_size(Format::Jpeg2000.name(), size.width, size.height)?;
    // What is to be written before the codestream, so that a reader knows its colours.
    let mut added = Vec::new();
    let space = match (boxes.has_colors(), size.depths.len()) {
        // The file says what its colours are.
        (true, _) | (false, 1) => Space::Gray,
        (false, 3) => Space::Rgb,
        (false, 2) => {
            added = alpha_boxes(&size, Space::Gray, end);
            Space::Gray
        }
        (false, 4) => {
            context.warn(
                "nothing says what the four components are: they are taken for red, green, blue and alpha",
            );
            added = alpha_boxes(&size, Space::Rgb, end);
            Space::Rgb
        }
        (false, components) => {
            return Err(file.unsupported(format_args!(
                "is a bare codestream of {components} components; 1 (gray) and 3 (colour) are converted, and one more for an alpha"
            )));
        }
    };
    let alpha = if added.is_empty() { boxes.alpha } else { 1 };
    if context.options.pdfa.is_some()
        && let Some(reason) = boxes.unfit_for_archives(file, size.depths.len())
    {
        return Err(file.unsupported(reason));
    }
    let image = Image {
        width: size.width,
        height: size.height,
        bits_per_sample: size.bits(),
        color: Color::device(space),
        encoding: Encoding::Jpeg2000 { colors: !boxes.has_colors() && added.is_empty(), mask: alpha },
        inverted: false,
        transparency: Transparency::Opaque,
        matte: None,
    };
    let name = document.reserve();
    let mut stream = document.image(name, &image)?;
    stream.write(&added)?;
    stream.write(&bytes[..usize::try_from(end).unwrap_or(bytes.len())])?;
    stream.finish()?;
    let shown = Shown {
        image: name,
        format: Format::Jpeg2000,
        width: size.width,
        height: size.height,
        bits_per_sample: size.bits(),
        densities: &[boxes.density],
        orientation: Orientation::default(),
        embedding: Embedding::Copied,
        transparency: alpha > 0,
    };
    context.show(document, &shown)
}

/// What the boxes of a file say: T.800, annex I.
struct Boxes {
    /// Where the codestream begins and ends.
    codestream: (u64, u64),
    /// Where the boxes that say what the colours are begin and end.
    colors: Vec<(u64, u64)>,
    /// Bits of a sample less one, where all channels have the same.
    depth: Option<u8>,
    /// As PDF numbers it: 0 for no alpha among the components, 1 for one, 2 for one that colours were multiplied by.
    alpha: u8,
    density: Option<Density>,
}

impl Boxes {
    /// A codestream without boxes.
    fn bare(file: Spooled<'_>) -> Self {
        Self {
            codestream: (0, file.bytes.len() as u64),
            colors: Vec::new(),
            depth: None,
            alpha: 0,
            density: None,
        }
    }

    fn read(file: Spooled<'_>) -> Result<Self, Fault> {
        let mut boxes = Self::bare(file);
        let (mut at, end) = (0, file.bytes.len() as u64);
        while at < end {
            let (kind, start, next) = box_at(file, at, end)?;
            match &kind {
                b"jp2h" => boxes.header(file, start, next)?,
                b"jp2c" if boxes.has_colors() => {
                    boxes.codestream = (start, next);
                    return Ok(boxes);
                }
                b"jp2c" => return Err(file.fault("has its codestream before the box that says its colours")),
                _ => {}
            }
            at = next;
        }
        Err(file.fault("has no codestream in it"))
    }

    fn header(&mut self, file: Spooled<'_>, mut at: u64, end: u64) -> Result<(), Fault> {
        while at < end {
            let (kind, start, next) = box_at(file, at, end)?;
            match &kind {
                b"colr" => self.colors.push((start, next)),
                b"ihdr" => {
                    let bits = file.slice(start, next - start, "header")?.get(10).copied();
                    self.depth = bits.filter(|bits| *bits != 255);
                }
                b"cdef" => {
                    for entry in file
                        .slice(start, next - start, "channels")?
                        .get(2..)
                        .unwrap_or_default()
                        .chunks_exact(6)
                    {
                        // A type of 1 or 2, of the whole image.
                        if let [_, _, 0, kind @ (1 | 2), 0, 0] = *entry {
                            self.alpha = kind;
                        }
                    }
                }
                b"res " => self.resolution(file, start, next)?,
                _ => {}
            }
            at = next;
        }
        Ok(())
    }

    fn has_colors(&self) -> bool {
        !self.colors.is_empty()
    }

    /// Why the file may not be in a PDF/A: ISO 19005-2, 6.2.8.3, and 6.2.4 for the colours.
    fn unfit_for_archives(&self, file: Spooled<'_>, components: usize) -> Option<&'static str> {
        let &[(start, end)] = self.colors.as_slice() else {
            return Some(
                "says in no way, or in several, what its colours are, and PDF/A wants it to say so once",
            );
        };
        if self.alpha > 0 {
            return Some("has transparency among its components, which is not made PDF/A");
        }
        if self.depth.is_none() {
            return Some("has components of different depths, which PDF/A does not know");
        }
        let colors = file.slice(start, end - start, "colours").unwrap_or_default();
        let known = match (components, colors) {
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

/// What a codestream's header says.
struct Size {
    width: u32,
    height: u32,
    /// Of each component the bits of a sample less one; the high bit says that samples have a sign.
    depths: Vec<u8>,
}

impl Size {
    /// Bits of a sample of the first component.
    fn bits(&self) -> u8 {
        self.depths.first().map_or(8, |depth| (depth & 127) + 1)
    }
}

/// The boxes of a file whose codestream, of so many bytes, has an alpha behind its colours: T.800, annex I.
fn alpha_boxes(size: &Size, space: Space, codestream_bytes: u64) -> Vec<u8> {
    let content = |kind: &[u8; 4], length: usize| -> Vec<u8> {
        let length = u32::try_from(length + 8).unwrap_or(0);
        [&length.to_be_bytes(), kind.as_slice()].concat()
    };
    let boxed = |kind: &[u8; 4], bytes: &[u8]| [content(kind, bytes.len()).as_slice(), bytes].concat();
    let count = u16::try_from(size.depths.len()).unwrap_or(0);
    let same = size.depths.iter().all(|depth| *depth == size.depths[0]);
    let depth = if same { size.depths[0] } else { u8::MAX };
    // Compression of kind 7, the colours known, no rights told.
    let image = [
        [size.height, size.width].map(u32::to_be_bytes).as_flattened(),
        &count.to_be_bytes(),
        &[depth, 7, 0, 0],
    ]
    .concat();
    let depths = if same { Vec::new() } else { boxed(b"bpcc", &size.depths) };
    let number = if space == Space::Gray { 17 } else { 16 };
    // Each channel: its number, its type, and which colour it is; an alpha is of all.
    let mut channels = count.to_be_bytes().to_vec();
    for channel in 0..count {
        let is_alpha = channel + 1 == count;
        let (kind, color) = if is_alpha { (1, 0) } else { (0, channel + 1) };
        channels.extend([channel, kind, color].map(u16::to_be_bytes).as_flattened());
    }
    let header = [
        boxed(b"ihdr", &image),
        depths,
        boxed(b"colr", &[1, 0, 0, 0, 0, 0, number]),
        boxed(b"cdef", &channels),
    ]
    .concat();
    [
        boxed(b"jP  ", b"\r\n\x87\n"),
        boxed(b"ftyp", b"jp2 \0\0\0\0jp2 "),
        boxed(b"jp2h", &header),
        // One that is too long for this goes on to the end, which a length of zero says.
        content(b"jp2c", usize::try_from(codestream_bytes).unwrap_or(usize::MAX - 8)),
    ]
    .concat()
}

/// Checks the markers from the first to the last: T.800, annex A.
fn check_codestream(file: Spooled<'_>, start: u64, end: u64) -> Result<Size, Fault> {
    const SOT: u16 = 0xff90;
    const EOC: u16 = 0xffd9;
    let file = Spooled { bytes: &file.bytes[..usize::try_from(end).unwrap_or(file.bytes.len())], ..file };
    let marker = |at: u64| file.array(at, "codestream").map(u16::from_be_bytes);
    if marker(start)? != 0xff4f || marker(start + 2)? != 0xff51 {
        return Err(file.fault("has a codestream that does not begin as one"));
    }
    let size = image_size(file, start + 4)?;
    let mut at = start + 2;
    let mut tile_parts = 0_u64;
    loop {
        match marker(at)? {
            EOC if tile_parts > 0 => return Ok(size),
            SOT => {
                let length = u32::from_be_bytes(file.array(at + 6, "tile-part")?);
                tile_parts += 1;
                // The last one may leave its length out: it ends where the codestream does.
                let next = if length == 0 { end.saturating_sub(2) } else { at + u64::from(length) };
                if next < at + 14 || next > end {
                    return Err(
                        file.fault(format_args!("has a tile-part at byte {} that is not whole", Count(at)))
                    );
                }
                at = next;
            }
            kind if kind >= 0xff00 && tile_parts == 0 => {
                at += 2 + u64::from(u16::from_be_bytes(file.array(at + 2, "codestream")?)).max(2);
            }
            _ => {
                return Err(
                    file.fault(format_args!("has no marker at byte {}, where one must be", Count(at)))
                );
            }
        }
    }
}

/// The segment that says the size: T.800, section A.5.1.
fn image_size(file: Spooled<'_>, at: u64) -> Result<Size, Fault> {
    let long = |offset: u64| file.array(at + offset, "size").map(u32::from_be_bytes);
    let sides = [long(4)?.checked_sub(long(12)?), long(8)?.checked_sub(long(16)?)];
    let [Some(width @ 1..), Some(height @ 1..)] = sides else {
        return Err(file.fault("claims an image without pixels"));
    };
    let components = u16::from_be_bytes(file.array(at + 36, "size")?);
    if !(1..=COMPONENTS_MAX).contains(&components) {
        return Err(file.unsupported(format_args!(
            "has {components} components, and 1 to {COMPONENTS_MAX} are converted"
        )));
    }
    let mut depths = Vec::new();
    for component in 0..u64::from(components) {
        let [coded_depth, across, down] = file.array(at + 38 + component * 3, "size")?;
        let depth = (coded_depth & 127) + 1;
        if depth > BITS_MAX {
            return Err(
                file.fault(format_args!("claims samples of {depth} bits, and 1 to {BITS_MAX} are possible"))
            );
        }
        if across == 0 || down == 0 {
            return Err(file.fault("claims a component without samples"));
        }
        depths.push(coded_depth);
    }
    Ok(Size { width, height, depths })
}
