//! JPEG 2000 (ITU-T T.800), copied into `/JPXDecode`: files with their boxes, and bare codestreams.
//!
//! The boxes, the codestream's headers, the chain of tile-parts and the headers of all packets are checked; the codes are
//! not decoded. A bare codestream does not say what its components are. Where one of them is an alpha, boxes that say so
//! are written before it.

mod bits;
mod boxes;
mod codestream;
mod geometry;
mod header;
mod packets;
mod progression;
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
    let space = space(file, &boxes, &codestream.size, context)?;
    let told = colors_of(space, &codestream.size.components);
    let says_colors = boxes.has_colors();
    if !says_colors && matches!(codestream.size.components.len(), 2 | 4) {
        let count = u16::try_from(codestream.size.components.len()).unwrap_or(0);
        boxes.colors.push(&told);
        boxes.channels = (0..count - 1).map(|channel| [channel, 0, channel + 1]).collect();
        boxes.channels.push([count - 1, 1, 0]);
        boxes.alphas.push(Alpha { premultiplied: false });
    }
    let mut source = Source { file, boxes, codestream, held, told_before: !says_colors, space };
    source.check(context)?;
    let image = source.copy(document, context)?;
    let size = &source.codestream.size;
    let shown = Shown {
        image,
        format: Format::Jpeg2000,
        width: size.width,
        height: size.height,
        bits_per_sample: size.bits(),
        densities: &[source.boxes.density],
        orientation: Orientation::default(),
        embedding: Embedding::Copied,
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

struct Source<'s, 'l> {
    file: Spooled<'s>,
    boxes: Boxes<'s>,
    codestream: Codestream<'s>,
    held: Held<'l>,
    /// Whether the file has no boxes.
    told_before: bool,
    space: Space,
}

impl Source<'_, '_> {
    /// Reads all packets.
    fn check(&mut self, context: &mut Context<'_>) -> Result<(), Fault> {
        let Self { codestream, held, .. } = self;
        if codestream.is_extended() {
            context.warn("the codestream says that it is more than T.800: its packets are not checked, and readers may not show it");
            return Ok(());
        }
        codestream.each_tile(context.limits, &mut |tile| tile.read_packets(held))
    }

    /// Copies the file whole.
    fn copy(&self, document: &mut Document<'_>, context: &Context<'_>) -> Result<Ref, Fault> {
        let Self { file, boxes, codestream, .. } = self;
        let size = &codestream.size;
        if context.options.pdfa.is_some()
            && let Some(reason) = boxes.unfit_for_archives(&size.components)
        {
            return Err(file.unsupported(reason));
        }
        let mask = boxes.alphas.last().map_or(0, |alpha| if alpha.premultiplied { 2 } else { 1 });
        let image = Image {
            width: size.width,
            height: size.height,
            bits_per_sample: size.bits(),
            color: Color::device(self.space),
            encoding: Encoding::Jpeg2000 { colors: !boxes.has_colors(), mask },
            inverted: false,
            transparency: Transparency::Opaque,
            matte: None,
        };
        let name = document.reserve();
        let mut stream = document.image(name, &image)?;
        if self.told_before && boxes.has_colors() {
            stream.write(&boxes::written(&Told {
                size: [size.width, size.height],
                brands: boxes.brands,
                components: &size.components,
                colors: &boxes.colors,
                channels: &boxes.channels,
            }))?;
        }
        stream.write(codestream.file.bytes)?;
        stream.finish()?;
        Ok(name)
    }
}
