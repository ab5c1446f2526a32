//! JPEG 2000 (ITU-T T.800), copied into `/JPXDecode`: files with their boxes, and bare codestreams.
//!
//! The boxes, the codestream's headers, the chain of tile-parts and the headers of all packets are checked; the codes are
//! not decoded. Where one of the components is an alpha, the codestream is parted into the colours and a soft mask, as
//! readers show an alpha within a JPEG 2000 wrong, and it is not made PDF/A. A bare codestream does not say what its components
//! are. Where one of them is an alpha, boxes that say so are written.

mod bits;
mod boxes;
mod codestream;
mod geometry;
mod header;
mod packets;
mod progression;
mod split;
mod tag_tree;

use crate::{
    Embedding, Format,
    document::{Color, Document, Encoding, Image, Ref, Space, Transparency},
    embed::{Context, Shown},
    error::Fault,
    input::Input,
    page::Orientation,
    spool::Spooled,
};
use boxes::{Alpha, Boxes, Told, colors_of};
use codestream::{Codestream, Held};
use header::Size;
use split::Half;

/// Copies a JPEG 2000 image into the document.
pub(crate) fn embed(
    input: &mut Input<'_>,
    document: &mut Document<'_>,
    context: &mut Context<'_>,
) -> Result<(), Fault> {
    let bytes = input.spool(context.limits)?;
    let file = Spooled { format: Format::Jpeg2000, bytes: &bytes };
    let mut boxes = if bytes.starts_with(&[0xff, 0x4f]) { Boxes::bare(file) } else { Boxes::read(file)? };
    let (start, end) = boxes.codestream;
    let mut held = Held::new(context.limits, input.cancel(), file);
    let codestream = Codestream::read(file, start, end, context.limits, &mut held)?;
    if let Some(misfit) = boxes.misfit(&codestream.size) {
        return Err(file.fault(misfit));
    }
    let components = codestream.size.components.len();
    let space = space(file, &boxes, &codestream.size, context)?;
    let told = colors_of(space, &codestream.size.components);
    // What boxes leave out is told in new ones; where a PDF can tell it too, the codestream stays bare.
    let mut written = Written::File;
    if !boxes.has_colors() {
        written = Written::Codestream;
        if matches!(components, 2 | 4) {
            boxes.colors.push(&told);
            if boxes.channels.is_empty() {
                boxes.add_alpha(components);
            }
            written = Written::Boxed;
        }
    } else if boxes.take_last_for_alpha(components) {
        context.warn("nothing says what the last component is: it is taken for an alpha");
        written = Written::Boxed;
    }
    warn_of_readers(&boxes, &codestream.size, context);
    let mut source = Source { file, boxes, codestream, held, written, space };
    let parted = source.check(context)?;
    let (image, embedding) = match &parted {
        Some(parted) => (source.part(parted, document, context)?, Embedding::Split),
        None => (source.copy(document, context)?, Embedding::Copied),
    };
    let size = &source.codestream.size;
    let shown = Shown {
        image,
        format: Format::Jpeg2000,
        width: size.width,
        height: size.height,
        bits_per_sample: size.bits(),
        densities: &[source.boxes.density],
        orientation: Orientation::default(),
        embedding,
        transparency: !source.boxes.alphas.is_empty(),
    };
    context.show(document, &shown)
}

/// What a bare codestream's components are taken for, without the alpha; of a file it does not matter.
fn space(
    file: Spooled<'_>,
    boxes: &Boxes<'_>,
    size: &Size,
    context: &mut Context<'_>,
) -> Result<Space, Fault> {
    match (boxes.has_colors(), size.components.len()) {
        (true, _) | (false, 1 | 2) => Ok(Space::Gray),
        (false, 3) => Ok(Space::Rgb),
        (false, 4) if !boxes.channels.is_empty() => Ok(Space::Rgb),
        (false, 4) => {
            context.warn(
                "nothing says what the four components are: they are taken for red, green, blue and alpha",
            );
            Ok(Space::Rgb)
        }
        (false, components) => Err(file.unsupported(format_args!(
            "is a bare codestream of {components} components; 1 (gray) and 3 (colour) are converted, and one more for an alpha"
        ))),
    }
}

/// Says what PDF readers are known to show otherwise than the standard has it.
fn warn_of_readers(boxes: &Boxes<'_>, size: &Size, context: &mut Context<'_>) {
    let [first, rest @ ..] = size.components.as_slice() else { return };
    if rest.iter().any(|one| one.step != first.step || one.depth != first.depth) {
        context.warn("its components differ in size or depth: some PDF readers show such a JPEG 2000 wrong, or not at all");
    }
    if size.components.iter().any(|one| one.depth & 127 < 7) && !boxes.has_palette {
        context.warn("it has samples of fewer than 8 bits: some PDF readers show such a JPEG 2000 too dark");
    }
    if boxes.is_permuted() {
        context.warn("its colours are not in the order of its components: some PDF readers exchange them");
    }
}

/// What of the file comes into the PDF.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Written {
    /// All of it up to the codestream's end.
    File,
    /// The codestream alone: the PDF says what its colours are.
    Codestream,
    /// The codestream, behind boxes that say what the file's own do not.
    Boxed,
}

struct Source<'s, 'l> {
    file: Spooled<'s>,
    boxes: Boxes<'s>,
    codestream: Codestream<'s>,
    held: Held<'l>,
    written: Written,
    space: Space,
}

/// An alpha that can be taken out.
struct Parted {
    alpha: Alpha,
    colors: Half,
    mask: Half,
    /// Bytes of the packets of each tile: those of the colours, and those of the mask.
    lengths: Vec<[u64; 2]>,
}

impl Source<'_, '_> {
    /// Reads all packets, and tells how the alpha is taken out, if there is one that can be.
    fn check(&mut self, context: &mut Context<'_>) -> Result<Option<Parted>, Fault> {
        let Self { file, boxes, codestream, held, .. } = self;
        let alpha = boxes.alphas.last().copied();
        let mut obstacle = alpha.and_then(|alpha| split::obstacle(codestream, boxes, alpha));
        let mut parted = alpha.filter(|_| obstacle.is_none()).and_then(|alpha| {
            let (size, component) = (&codestream.size, usize::from(alpha.channel));
            let mask = Half::alpha(size, component)?;
            Some(Parted { alpha, colors: Half::colors(size, component), mask, lengths: Vec::new() })
        });
        if codestream.is_extended() {
            context.warn("the codestream says that it is more than T.800: its packets are not checked, and readers may not show it");
        } else {
            codestream.each_tile(context.limits, &mut |tile| {
                let mut lengths = [0; 2];
                if let Some(parted) = &parted {
                    obstacle = obstacle.or(split::obstacle_of_tile(tile, [&parted.colors, &parted.mask])?);
                }
                tile.each_packet(held, &mut |packet| {
                    if let Some(parted) = &parted {
                        lengths[0] += parted.colors.packet_bytes(packet);
                        lengths[1] += parted.mask.packet_bytes(packet);
                    }
                    Ok(())
                })?;
                if let Some(parted) = &mut parted {
                    parted.lengths.push(lengths);
                }
                Ok(())
            })?;
        }
        let Some(reason) = obstacle else { return Ok(parted) };
        if context.options.pdfa.is_some() {
            return Err(file.unsupported(format_args!(
                "has transparency among its components, which is not made PDF/A, and it cannot be taken out: {reason}"
            )));
        }
        context.warn(format!(
            "the transparency stays within the JPEG 2000, where some readers show it wrong: it cannot be taken out, as {reason}"
        ));
        Ok(None)
    }

    /// Copies the file whole.
    fn copy(&self, document: &mut Document<'_>, context: &Context<'_>) -> Result<Ref, Fault> {
        let Self { file, boxes, codestream, .. } = self;
        let size = &codestream.size;
        if context.options.pdfa.is_some()
            && let Some(reason) = boxes.unfit_for_archives(&size.components, true)
        {
            return Err(file.unsupported(reason));
        }
        let mask = boxes.alphas.last().map_or(0, |alpha| if alpha.premultiplied { 2 } else { 1 });
        let image = Image {
            width: size.width,
            height: size.height,
            bits_per_sample: size.bits(),
            color: Color::device(self.space),
            encoding: Encoding::Jpeg2000 { colors: !boxes.has_colors(), mask, bits: None },
            inverted: false,
            transparency: Transparency::Opaque,
            matte: None,
        };
        let name = document.reserve();
        let mut stream = document.image(name, &image)?;
        if self.written == Written::Boxed {
            stream.write(&boxes::written(&Told {
                size: [size.width, size.height],
                brands: boxes.brands,
                components: &size.components,
                colors: &boxes.colors,
                channels: &boxes.channels,
            }))?;
        }
        let start = if self.written == Written::File { 0 } else { boxes.codestream.0 };
        let bytes = codestream.file.bytes;
        stream.write(bytes.get(usize::try_from(start).unwrap_or(0)..).unwrap_or_default())?;
        stream.finish()?;
        Ok(name)
    }

    /// Writes the colours, and the alpha as their soft mask.
    fn part(
        &mut self,
        parted: &Parted,
        document: &mut Document<'_>,
        context: &Context<'_>,
    ) -> Result<Ref, Fault> {
        let Parted { alpha, colors, mask, lengths } = parted;
        if context.options.pdfa.is_some()
            && let Some(reason) = self.boxes.unfit_for_archives(&colors.size.components, false)
        {
            return Err(self.file.unsupported(reason));
        }
        let (name, mask_name) = (document.reserve(), document.reserve());
        let image = |half: &Half, encoding: Encoding| Image {
            width: half.size.width,
            height: half.size.height,
            bits_per_sample: half.size.bits(),
            color: Color::device(Space::Gray),
            encoding,
            inverted: false,
            transparency: Transparency::Opaque,
            matte: None,
        };
        let channels = channels(&self.boxes.channels, alpha.channel);
        let told = Told {
            size: [colors.size.width, colors.size.height],
            brands: self.boxes.brands,
            components: &colors.size.components,
            colors: &self.boxes.colors,
            channels: &channels,
        };
        let encoding = Encoding::Jpeg2000 { colors: false, mask: 0, bits: None };
        let transparency = Transparency::SoftMask(mask_name);
        let mut stream = document.image(name, &Image { transparency, ..image(colors, encoding) })?;
        stream.write(&boxes::written(&told))?;
        let (limits, held) = (context.limits, &mut self.held);
        colors.write(&self.codestream, limits, held, lengths.iter().map(|both| both[0]), &mut stream)?;
        stream.finish()?;

        let matte = alpha.premultiplied.then_some(colors.size.components.len());
        let told = Told {
            size: [mask.size.width, mask.size.height],
            components: &mask.size.components,
            colors: &[&colors_of(Space::Gray, &mask.size.components)],
            channels: &[],
            ..told
        };
        // The depth is to be ignored (ISO 32000-1, table 89), but poppler wants one, and makes 8 bits of every other.
        let encoding = Encoding::Jpeg2000 { colors: true, mask: 0, bits: Some(8) };
        let mut stream = document.image(mask_name, &Image { matte, ..image(mask, encoding) })?;
        stream.write(&boxes::written(&told))?;
        mask.write(&self.codestream, limits, held, lengths.iter().map(|both| both[1]), &mut stream)?;
        stream.finish()?;
        Ok(name)
    }
}

/// The channels without the alpha; none where they are the colours in their order, which need not be told.
fn channels(channels: &[[u16; 3]], alpha: u16) -> Vec<[u16; 3]> {
    let colors = channels.iter().filter(|[channel, ..]| *channel != alpha);
    let left: Vec<_> =
        colors.map(|&[channel, kind, of]| [channel - u16::from(channel > alpha), kind, of]).collect();
    let is_plain = |&[channel, kind, of]: &[u16; 3]| kind == 0 && u32::from(of) == u32::from(channel) + 1;
    if left.iter().all(is_plain) { Vec::new() } else { left }
}
