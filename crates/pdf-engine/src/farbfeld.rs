//! farbfeld: a header, and pixels of four samples of 16 bits, as PDF orders them.

use crate::{
    Embedding, Format,
    document::{Color, Document, Space},
    embed::{Context, Shown},
    error::Fault,
    input::Input,
    pack::{Alpha, Raster, pack},
    page::Orientation,
};

/// Brings a farbfeld image into the document.
pub(crate) fn embed(
    input: &mut Input<'_>,
    document: &mut Document<'_>,
    context: &mut Context<'_>,
) -> Result<(), Fault> {
    input.enter(format_args!("its header"));
    let _: [u8; 8] = input.array()?;
    let [width, height] = [input.array()?, input.array()?].map(u32::from_be_bytes);
    if width == 0 || height == 0 {
        return Err(Fault::malformed("the farbfeld claims an image without pixels"));
    }
    context.check_decoded(Format::Farbfeld, width, height)?;
    input.enter(format_args!("its pixels"));
    let raster = Raster {
        width,
        height,
        bits: 16,
        color: Color::device(Space::Rgb),
        inverted: false,
        alpha: Alpha::Channel { premultiplied: false },
    };
    let image = pack(document, context, &raster, |rows| {
        let mut row = vec![0; raster.row_bytes()];
        for _ in 0..height {
            input.read_exact(&mut row)?;
            rows.write(&row)?;
        }
        Ok(())
    })?;
    let shown = Shown {
        image,
        format: Format::Farbfeld,
        width,
        height,
        bits_per_sample: 16,
        densities: &[],
        orientation: Orientation::default(),
        embedding: Embedding::Packed,
        transparency: true,
    };
    context.show(document, &shown)
}
