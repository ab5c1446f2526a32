//! GIF (versions 87a and 89a): a page for each frame, as it is seen when its turn comes.
//!
//! A frame is drawn over what the frames before left, so it is decoded; as a frame has at most 256 colours, most
//! pages come out as a palette and its indexes again.

mod blocks;
mod canvas;

use crate::{
    Embedding, Format,
    document::{Document, Space},
    embed::{Context, Shown},
    error::Fault,
    input::Input,
    pack::whole::{Packed, Whole, pack_whole},
    page::Orientation,
};
use blocks::{Block, Blocks};
use canvas::Canvas;

/// Brings each frame of a GIF into the document.
pub(crate) fn embed(
    input: &mut Input<'_>,
    document: &mut Document<'_>,
    context: &mut Context<'_>,
) -> Result<(), Fault> {
    let mut blocks = Blocks::begin(input, context.limits)?;
    let mut canvas: Option<Canvas> = None;
    loop {
        let frame = match blocks.next()? {
            Block::Frame(frame) => frame,
            Block::End if context.pages.is_empty() => {
                return Err(Fault::malformed("the GIF ends before its first frame"));
            }
            Block::End => return Ok(()),
        };
        if !context.wants_frame(Format::Gif)? {
            return Ok(());
        }
        let canvas = match &mut canvas {
            Some(canvas) => canvas,
            none => none.insert(Canvas::new(blocks.screen, &frame, context)?),
        };
        context.check_decoded(Format::Gif, canvas.width, canvas.height)?;
        let indexes = blocks.read_indexes(&frame, context)?;
        canvas.draw(&frame, &indexes, blocks.palette(&frame)?);
        let profile = match &blocks.profile {
            Some(profile) => context.profile(document, Format::Gif, profile, Space::Rgb)?,
            None => None,
        };
        let whole =
            Whole { width: canvas.width, height: canvas.height, channels: 4, samples: &canvas.pixels };
        let Packed { image, transparency } = pack_whole(document, context, whole, profile)?;
        if blocks.take_surplus() {
            context.warn("the frame's pixels are followed by data that mean nothing");
        }
        let shown = Shown {
            image,
            format: Format::Gif,
            width: canvas.width,
            height: canvas.height,
            bits_per_sample: 8,
            densities: &[],
            orientation: Orientation::default(),
            embedding: Embedding::Packed,
            transparency,
        };
        context.show(document, &shown)?;
        canvas.dispose();
    }
}
