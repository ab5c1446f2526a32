//! BMP of Windows and OS/2: rows as they stand where PDF has the same, from the bottom up.
//!
//! Palettes stay palettes. Fields of a pixel are spread to 8 bits, or to 16 where they have more.

mod header;
mod pixels;
mod rle;

use crate::{
    Embedding, Format,
    document::Document,
    embed::{Context, Shown},
    error::Fault,
    input::Input,
    page::{Density, Orientation},
    spool::Spooled,
};

pub(crate) use header::Header;

/// Bytes of the header before the header.
const FILE_HEADER_BYTES: u64 = 14;

/// Brings a BMP into the document.
pub(crate) fn embed(
    input: &mut Input<'_>,
    document: &mut Document<'_>,
    context: &mut Context<'_>,
) -> Result<(), Fault> {
    let bytes = input.spool(context.limits)?;
    let file = Spooled { format: Format::Bmp, bytes: &bytes };
    let header = Header::read(file, FILE_HEADER_BYTES)?;
    let pixels_at = u64::from(file.u32_le(10, "file header")?);
    context.check_decoded(Format::Bmp, header.width, header.height)?;
    let profile = match header.profile(file, FILE_HEADER_BYTES)? {
        Some((profile, space)) => context.profile(document, Format::Bmp, profile, space)?,
        None => None,
    };
    let (image, transparency) = pixels::pack_pixels(document, context, file, &header, pixels_at, profile)?;
    let shown = Shown {
        image,
        format: Format::Bmp,
        width: header.width,
        height: header.height,
        bits_per_sample: header.sample_bits(),
        densities: &[density(header.per_metre)],
        orientation: Orientation::default(),
        embedding: Embedding::Packed,
        transparency,
    };
    context.show(document, &shown)
}

fn density(per_metre: [u32; 2]) -> Option<Density> {
    const METRES: f64 = 0.0254;
    let [x, y] = per_metre.map(|count| f64::from(count) * METRES);
    (x > 0.0 && y > 0.0).then_some(Density::Dpi { x, y })
}
