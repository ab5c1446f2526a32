//! PNG (ISO/IEC 15948): copied where PDF can hold the compressed rows as they are, split where alpha stands
//! between the colours, decoded only where it is interlaced, or a frame of an animation over another.
//!
//! Every chunk's checksum is checked, and all image data are inflated, copied or not: their length must be
//! what the header says, and each row's filter one that exists.

mod ancillary;
mod animation;
mod calibration;
mod canvas;
mod chunk;
mod copy;
mod header;
mod idat;
mod interlace;
mod rows;
mod split;

use crate::{
    Embedding, Format,
    document::{Color, Document, Encoding, Image, Ref, Space, Transparency},
    embed::{Context, Shown},
    error::Fault,
    input::Input,
    pack::mask::Mask,
};
use ancillary::{Ancillary, Key};
use chunk::Chunks;
use header::{ColorType, Header};
use idat::Data;

/// Brings a PNG into the document and shows it on a page of its own, or each of its frames.
pub(crate) fn embed(
    input: &mut Input<'_>,
    document: &mut Document<'_>,
    context: &mut Context<'_>,
) -> Result<(), Fault> {
    let mut chunks = Chunks::begin(input)?;
    let header = Header::read(&mut chunks)?;
    context.limits.check_size("PNG", header.width, header.height)?;
    let mut ancillary = Ancillary::read(&mut chunks, &header, context)?;
    if ancillary.animation.is_shown(context) {
        return animation::embed(&mut chunks, document, context, &header, &mut ancillary);
    }

    let color = color(document, context, &header, &ancillary)?;
    let data = Data { chunks: &mut chunks, sequence: None, beside: None };
    let image = embed_image(data, document, context, &header, &ancillary, color)?;
    ancillary.read_rest(&mut chunks, context)?;

    let densities = [ancillary.density, ancillary.exif.and_then(|exif| exif.density)];
    let shown = Shown {
        image,
        format: Format::Png,
        width: header.width,
        height: header.height,
        bits_per_sample: header.bits,
        densities: &densities,
        orientation: ancillary.exif.unwrap_or_default().orientation,
        embedding: embedding(&header),
        transparency: header.color.has_alpha() || ancillary.key.is_some(),
    };
    context.show(document, &shown)
}

fn embedding(header: &Header) -> Embedding {
    if header.interlaced {
        Embedding::Packed
    } else if header.color.has_alpha() {
        Embedding::Split
    } else {
        Embedding::Copied
    }
}

/// Writes the image, and its mask behind it, on the way that suits it.
fn embed_image(
    data: Data<'_, '_, '_>,
    document: &mut Document<'_>,
    context: &mut Context<'_>,
    header: &Header,
    ancillary: &Ancillary,
    color: Color<'_>,
) -> Result<Ref, Fault> {
    let name = document.reserve();
    let (transparency, mask) = match &ancillary.key {
        Some(Key::Samples(samples)) => (Transparency::Key(samples.clone()), None),
        None if !header.color.has_alpha() => (Transparency::Opaque, None),
        Some(Key::Alphas(_)) | None => {
            let mask = document.reserve();
            (Transparency::SoftMask(mask), Some(mask))
        }
    };
    let image = Image {
        width: header.width,
        height: header.height,
        bits_per_sample: header.bits,
        color,
        encoding: Encoding::PngRows,
        inverted: false,
        transparency,
        matte: None,
    };
    let alphas = match &ancillary.key {
        Some(Key::Alphas(alphas)) => Some(alphas.as_slice()),
        _ => None,
    };
    let stream = document.image(name, &image)?;
    let packed_mask = if header.interlaced {
        interlace::pack(data, stream, context, header, alphas)?
    } else if header.color.has_alpha() {
        Some(split::split(data, stream, context, header)?)
    } else {
        copy::copy(data, stream, context, header, alphas)?
    };
    if let (Some(name), Some(Mask { bits, bytes })) = (mask, packed_mask) {
        let mask = Image {
            bits_per_sample: bits,
            color: Color::device(Space::Gray),
            transparency: Transparency::Opaque,
            ..image
        };
        let mut stream = document.image(name, &mask)?;
        stream.write(&bytes)?;
        stream.finish()?;
    }
    Ok(name)
}

fn color<'p>(
    document: &mut Document<'_>,
    context: &mut Context<'_>,
    header: &Header,
    ancillary: &'p Ancillary,
) -> Result<Color<'p>, Fault> {
    let space = header.color.space();
    // What no profile made here tells, the one in the file may.
    let numbers = ancillary.numbers.filter(|numbers| ancillary.profile.is_none() || !numbers.is_high_range());
    let made = match (numbers, &ancillary.profile) {
        (Some(numbers), _) => numbers.profile("cICP of the PNG", space, context),
        (None, Some(_)) => None,
        (None, None) => ancillary.calibration.profile(space, context),
    };
    let profile = match (made, &ancillary.profile) {
        (Some(profile), _) => Some(document.profile(&profile, space, false)?),
        (None, Some(deflated)) if numbers.is_none() => Some(document.profile(deflated, space, true)?),
        (None, _) => None,
    };
    let palette = (header.color == ColorType::Indexed).then_some(ancillary.palette.as_slice());
    Ok(Color { space, profile, palette })
}
