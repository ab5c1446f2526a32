//! JPEG (ITU-T T.81), copied byte for byte into `/DCTDecode`, its structure checked on the way.
//!
//! Everything before the first scan is read first, because the image's dictionary needs it; the scans then
//! stream through. Of what follows the end marker, pictures in their own right become further pages, and the rest (previews,
//! a video) is dropped. So is a marker of Adobe's that contradicts JFIF's, because readers of PDF do not agree which of them
//! to believe.

mod bits;
mod codes;
mod frame;
mod header;
mod nonzero;
mod pictures;
mod progress;
mod scan;
mod segment;
mod tables;
pub(crate) mod weave;

use std::ops::Range;

use crate::{
    Embedding, Format,
    document::{Color, Document, Encoding, Image, Ref, Space, Transparency},
    embed::{Context, Shown},
    error::{Count, Fault},
    input::Input,
    metadata::icc,
};
use frame::Frame;
use header::{Header, Metadata};
use nonzero::Nonzero;
use pictures::Role;
use progress::Progress;

/// What the file around a JPEG says of it.
pub(crate) struct Outer {
    /// Whether three components are YCbCr, where that is known.
    pub(crate) transform: Option<bool>,
    /// Whether the largest sample is the darkest.
    pub(crate) inverted: bool,
    pub(crate) profile: Option<Ref>,
}

/// A JPEG that is in the document.
pub(crate) struct Copied {
    pub(crate) image: Ref,
    pub(crate) width: u32,
    pub(crate) height: u32,
    metadata: Metadata,
}

/// Copies a JPEG into the document and shows it on a page of its own; so too each further picture of the file.
pub(crate) fn embed(
    input: &mut Input<'_>,
    document: &mut Document<'_>,
    context: &mut Context<'_>,
) -> Result<(), Fault> {
    let header = Header::read(input, context.limits)?;
    let role = show(input, document, context, header)?;
    pictures::embed_further(input, document, context, &role)
}

/// Copies a JPEG, whose header was read, and shows it; gives what part it has in its file.
fn show(
    input: &mut Input<'_>,
    document: &mut Document<'_>,
    context: &mut Context<'_>,
    header: Header,
) -> Result<Role, Fault> {
    let Copied { image, width, height, metadata } = copy_read(input, document, context, header, None)?;
    let shown = Shown {
        image,
        format: Format::Jpeg,
        width,
        height,
        bits_per_sample: 8,
        densities: &[metadata.density, metadata.exif.and_then(|exif| exif.density)],
        orientation: metadata.exif.unwrap_or_default().orientation,
        embedding: Embedding::Copied,
        transparency: false,
    };
    context.show(document, &shown)?;
    Ok(metadata.role)
}

/// Copies a JPEG into the document.
pub(crate) fn copy(
    input: &mut Input<'_>,
    document: &mut Document<'_>,
    context: &mut Context<'_>,
    outer: Option<Outer>,
) -> Result<Copied, Fault> {
    let header = Header::read(input, context.limits)?;
    copy_read(input, document, context, header, outer)
}

/// Copies a JPEG whose header was read.
fn copy_read(
    input: &mut Input<'_>,
    document: &mut Document<'_>,
    context: &mut Context<'_>,
    header: Header,
    outer: Option<Outer>,
) -> Result<Copied, Fault> {
    let Header { bytes, mut tables, frame, metadata, first_scan } = header;
    context.limits.check_size("JPEG", frame.width, frame.height)?;
    let mut nonzero = context.options.check_scans.then(|| Nonzero::new(context.limits));

    let (color, transform, inverted) = match outer {
        Some(outer) => {
            let known = outer.transform.filter(|_| frame.space() == Space::Rgb);
            (Color { profile: outer.profile, ..Color::device(frame.space()) }, known, outer.inverted)
        }
        None => (color(document, context, &frame, &metadata)?, transform(&frame, &metadata), false),
    };
    let name = document.reserve();
    let image = Image {
        width: frame.width,
        height: frame.height,
        bits_per_sample: 8,
        color,
        encoding: Encoding::Jpeg { transform },
        // Adobe's programs write inks the other way round, and say so by being named.
        inverted: inverted || frame.space() == Space::Cmyk && metadata.adobe.transform.is_some(),
        transparency: Transparency::Opaque,
        matte: None,
    };
    let mut stream = document.image(name, &image)?;
    let mut rest = 0;
    for place in left_out(context, &frame, &metadata) {
        stream.write(&bytes[rest..place.start])?;
        rest = place.end;
    }
    stream.write(&bytes[rest..])?;
    drop(bytes);
    let mut progress = Progress::new(frame.clone(), context.limits.scans_max);
    let has_strays =
        scan::copy(input, &mut stream, &mut tables, &mut progress, first_scan, nonzero.as_mut())?;
    stream.finish()?;
    if has_strays {
        context.warn("a byte or two among the samples mean nothing: the image may be damaged there");
    }
    if nonzero.is_some_and(|nonzero| nonzero.was_missed()) {
        context.warn(
            "the scans that refine the image are not checked: to know its coefficients takes more memory than decoded_bytes_max",
        );
    }

    Ok(Copied { image: name, width: frame.width, height: frame.height, metadata })
}

/// The colour space, with the file's profile where that fits.
fn color(
    document: &mut Document<'_>,
    context: &mut Context<'_>,
    frame: &Frame,
    metadata: &Metadata,
) -> Result<Color<'static>, Fault> {
    let space = frame.space();
    let mut color = Color::device(space);
    if metadata.profile.is_empty() {
        return Ok(color);
    }
    let profile = match metadata.profile.assemble() {
        Some(profile) if profile.len() as u64 > context.limits.icc_bytes_max => {
            return Err(Fault::too_large(
                "icc_bytes_max",
                context.limits.icc_bytes_max,
                format_args!("the JPEG's colour profile has {} bytes and", Count(profile.len() as u64)),
            ));
        }
        Some(profile) => profile,
        None => {
            context.warn("the colour profile is left out: parts of it are missing");
            return Ok(color);
        }
    };
    match icc::unfit(&profile, space) {
        Some(reason) => context.warn(format!("the colour profile is left out: {reason}")),
        None => color.profile = Some(document.profile(&profile, space, false)?),
    }
    Ok(color)
}

/// Where the header has segments that must not come into the PDF: Adobe's, where they contradict JFIF's.
fn left_out<'m>(context: &mut Context<'_>, frame: &Frame, metadata: &'m Metadata) -> &'m [Range<usize>] {
    if !metadata.contradicts_itself(frame) {
        return &[];
    }
    context.warn(
        "Adobe's marker is left out: it denies that the colours are YCbCr, and JFIF's, which decoders of images believe, says that they are",
    );
    &metadata.adobe.places
}

/// Whether three components are YCbCr, said in the PDF where the file says it in a way that PDF does not know.
///
/// PDF takes three components for YCbCr unless Adobe's marker says otherwise; common decoders also take
/// components that are called R, G and B for what they are called. With neither marker, both must be told.
fn transform(frame: &Frame, metadata: &Metadata) -> Option<bool> {
    let named_rgb = frame.components.iter().map(|component| component.id).eq(*b"RGB");
    (named_rgb && metadata.adobe.transform.is_none() && !metadata.jfif).then_some(false)
}
