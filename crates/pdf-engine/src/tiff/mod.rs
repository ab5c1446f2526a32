//! TIFF (6.0, and the kind with offsets of 64 bits): a page for each directory.
//!
//! Faxes in one strip, JPEG, and Deflate in one strip are copied; faxes of more strips are coded as one; all else is decoded
//! strip by strip and packed.

mod chunk;
mod directory;
mod fax;
mod group4;
mod jpeg;
mod lab;
mod page;
mod samples;
mod windowed;
mod ycbcr;

use crate::{
    Embedding, Format, Purpose,
    document::{Color, Document, Encoding, Image, Ref, Transparency},
    embed::{Context, Shown},
    error::{Count, Fault},
    inflate::Inflater,
    input::Input,
    pack::pack,
    spool::Spooled,
};
use directory::{Directory, Tiff};
use page::{Compression, Fax, Page, Photometric, tag};

/// Bits of a subfile's kind: a smaller version of another page.
const REDUCED: u64 = 1;

/// Brings each page of a TIFF into the document.
pub(crate) fn embed(
    input: &mut Input<'_>,
    document: &mut Document<'_>,
    context: &mut Context<'_>,
) -> Result<(), Fault> {
    let bytes = input.spool(context.limits)?;
    let (tiff, first) = Tiff::open(&bytes)?;
    let directories = directories(tiff, first, context.limits.frames_max)?;
    let is_reduced = |directory: &Directory<'_>| {
        directory.integer(tag::SUBFILE).is_ok_and(|kind| kind.is_some_and(|kind| kind & REDUCED != 0))
    };
    let only_reduced = directories.iter().all(is_reduced);
    // Previews are the same picture again.
    let is_preview = |directory: &&Directory<'_>| is_reduced(directory) && !only_reduced;
    let first = directories.iter().take_while(is_preview).count();
    for (at, directory) in directories.iter().enumerate() {
        if is_preview(&directory) {
            continue;
        }
        if !context.wants_frame(Format::Tiff)? {
            break;
        }
        if input.cancel().is_cancelled() {
            return Err(Fault::Cancelled);
        }
        // They belong to the page that they follow.
        let followed = directories[at + 1..].iter().take_while(is_preview).count();
        match followed + if at == first { first } else { 0 } {
            0 => {}
            1 => context.warn("a smaller version of the page, which the file has too, is left out"),
            previews => context.warn(format!(
                "smaller versions of the page, which the file has too, are left out: {}",
                Count(previews as u64)
            )),
        }
        let page = Page::read(directory)?;
        embed_page(tiff.file, &page, input, document, context)?;
    }
    Ok(())
}

/// All directories, in their order.
fn directories(tiff: Tiff<'_>, first: u64, frames_max: u32) -> Result<Vec<Directory<'_>>, Fault> {
    let mut directories = Vec::new();
    let mut places = std::collections::HashSet::new();
    let (mut at, mut fields) = (first, 0);
    while at != 0 {
        if !places.insert(at) {
            return Err(tiff.file.fault("has directories that lead back to one another"));
        }
        if directories.len() as u64 > u64::from(frames_max) {
            return Err(Fault::too_large(
                "frames_max",
                frames_max.into(),
                "the TIFF has too many frames: it",
            ));
        }
        let directory = tiff.directory(at, fields)?;
        at = directory.next;
        fields += directory.count();
        directories.push(directory);
    }
    if directories.is_empty() {
        return Err(tiff.file.fault("has no page in it"));
    }
    Ok(directories)
}

fn embed_page(
    file: Spooled<'_>,
    page: &Page<'_>,
    input: &Input<'_>,
    document: &mut Document<'_>,
    context: &mut Context<'_>,
) -> Result<(), Fault> {
    context.limits.check_size(Format::Tiff.name(), page.width, page.height)?;
    page.warnings.iter().for_each(|warning| context.warn(warning));
    let profile = match page.profile {
        Some(profile) => context.profile(document, Format::Tiff, profile, page.space())?,
        None => None,
    };
    let (image, embedding) = match page.compression {
        Compression::Jpeg => (embed_jpeg(file, page, profile, input, document, context)?, Embedding::Copied),
        Compression::Fax(kind) if is_copyable_fax(page) => {
            (copy_fax(file, page, kind, profile, document)?, Embedding::Copied)
        }
        Compression::Fax(kind) if is_joinable_fax(file, page) => {
            (join_fax(file, page, kind, profile, input, document)?, Embedding::Packed)
        }
        Compression::Deflate if is_copyable_deflate(page) => {
            (copy_deflate(file, page, profile, document)?, Embedding::Copied)
        }
        _ => (decode(file, page, profile, document, context)?, Embedding::Packed),
    };
    let shown = Shown {
        image,
        format: Format::Tiff,
        width: page.width,
        height: page.height,
        bits_per_sample: if embedding == Embedding::Copied {
            u8::try_from(page.bits).unwrap_or(16)
        } else {
            page.packed_bits()
        },
        densities: &[page.density],
        orientation: page.orientation,
        embedding,
        transparency: page.alpha.is_some(),
    };
    context.show(document, &shown)
}

/// Decodes a page strip by strip.
fn decode(
    file: Spooled<'_>,
    page: &Page<'_>,
    profile: Option<Ref>,
    document: &mut Document<'_>,
    context: &mut Context<'_>,
) -> Result<Ref, Fault> {
    if matches!(page.compression, Compression::Fax(_)) && (page.bits, page.samples) != (1, 1) {
        return Err(file.fault("has fax codes for more than one bit a pixel"));
    }
    context.check_decoded(Format::Tiff, page.width, page.height)?;
    if page.ycbcr.is_some() {
        context.change(
            "colours are turned from YCbCr to RGB, which rounds them: PDF has none of YCbCr but in JPEG",
        );
    }
    let raster = page.raster(profile);
    let limits = context.limits;
    pack(document, context, &raster, |rows| page.fill(file, limits, rows))
}

/// Joins the strips or tiles to one JPEG, and copies that.
fn embed_jpeg(
    file: Spooled<'_>,
    page: &Page<'_>,
    profile: Option<Ref>,
    input: &Input<'_>,
    document: &mut Document<'_>,
    context: &mut Context<'_>,
) -> Result<Ref, Fault> {
    // What is joined is about twice as long as the file at most.
    context.limits.memory.hold(Purpose::Samples, 2 * file.bytes.len() as u64)?;
    let bytes = jpeg::join(file, page, input.cancel())?;
    let outer = crate::jpeg::Outer {
        transform: jpeg::transform(page),
        inverted: page.photometric == Photometric::WhiteIsZero,
        profile,
    };
    let mut input = Input::new(crate::Source::new(bytes.as_slice()), input.cancel());
    input.sniff()?;
    let copied = crate::jpeg::copy(&mut input, document, context, Some(outer))?;
    if (copied.width, copied.height) != (page.width, page.height) {
        return Err(file.fault("holds a JPEG of another size than its page"));
    }
    Ok(copied.image)
}

fn image<'p>(page: &'p Page<'_>, encoding: Encoding, profile: Option<Ref>) -> Image<'p> {
    Image {
        width: page.width,
        height: page.height,
        bits_per_sample: u8::try_from(page.bits).unwrap_or(16),
        color: Color { space: page.space(), profile, palette: page.kept_palette() },
        encoding,
        inverted: page.photometric == Photometric::WhiteIsZero,
        transparency: Transparency::Opaque,
        matte: None,
    }
}

fn is_copyable_fax(page: &Page<'_>) -> bool {
    page.is_one_chunk() && is_bilevel(page)
}

/// Whether the strips of a fax become one by work that grows with the file: they are together no longer than that.
fn is_joinable_fax(file: Spooled<'_>, page: &Page<'_>) -> bool {
    let stored: u64 = page.chunks.iter().map(|(_, length)| *length).fold(0, u64::saturating_add);
    !page.is_tiled && is_bilevel(page) && stored <= file.bytes.len() as u64
}

fn is_bilevel(page: &Page<'_>) -> bool {
    let is_gray = matches!(page.photometric, Photometric::WhiteIsZero | Photometric::BlackIsZero);
    (page.bits, page.samples) == (1, 1) && is_gray
}

fn copy_fax(
    file: Spooled<'_>,
    page: &Page<'_>,
    kind: Fax,
    profile: Option<Ref>,
    document: &mut Document<'_>,
) -> Result<Ref, Fault> {
    let data = page.stored(file, 0)?;
    fax::check(file, &data, kind, page.width, page.height)?;
    write(document, &fax_image(page, kind, profile), &data)
}

/// Codes the rows of all strips as one fax: each strip's first row was coded as if there were none above it.
fn join_fax(
    file: Spooled<'_>,
    page: &Page<'_>,
    kind: Fax,
    profile: Option<Ref>,
    input: &Input<'_>,
    document: &mut Document<'_>,
) -> Result<Ref, Fault> {
    let name = document.reserve();
    let mut stream = document.image(name, &fax_image(page, Fax::Group4, profile))?;
    let mut writer = group4::Writer::new(page.width);
    let tops = (0..page.height).step_by(page.chunk.1 as usize);
    for (index, top) in tops.enumerate() {
        if input.cancel().is_cancelled() {
            return Err(Fault::Cancelled);
        }
        let rows = page.chunk.1.min(page.height - top);
        fax::read(file, &page.stored(file, index)?, kind, page.width, rows, |changes| writer.write(changes))?;
        stream.write(&writer.take())?;
    }
    writer.finish();
    stream.write(&writer.take())?;
    stream.finish()?;
    Ok(name)
}

fn fax_image<'p>(page: &'p Page<'_>, kind: Fax, profile: Option<Ref>) -> Image<'p> {
    let white_is_zero = page.photometric == Photometric::WhiteIsZero;
    let encoding = Encoding::Ccitt(fax::parameters(kind, white_is_zero));
    // The codes say which pixels are black; that is turned already.
    Image { inverted: false, ..image(page, encoding, profile) }
}

/// Whether PDF reads a strip as it is: its samples beside each other, of a depth and an order that PDF has.
fn is_copyable_deflate(page: &Page<'_>) -> bool {
    let depth = matches!(page.bits, 1 | 2 | 4 | 8) || page.bits == 16 && page.big_endian;
    page.is_one_chunk()
        && depth
        && !page.planar
        && !page.reversed
        && page.alpha.is_none()
        && usize::from(page.samples) == page.colors()
        && page.photometric != Photometric::YCbCr
        && !page.lab().is_some_and(|lab| lab.is_signed)
        && (page.photometric != Photometric::Palette || page.kept_palette().is_some())
}

fn copy_deflate(
    file: Spooled<'_>,
    page: &Page<'_>,
    profile: Option<Ref>,
    document: &mut Document<'_>,
) -> Result<Ref, Fault> {
    let data = page.stored(file, 0)?;
    let expected = page.row_bytes(page.width) * u64::from(page.height);
    // Some strips go on to a full number of rows; what goes on for ever is meant to take time.
    let most = expected.saturating_mul(8).saturating_add(1 << 20);
    let mut inflated = 0;
    let mut inflater = Inflater::new("TIFF");
    inflater.push(&data, |data| {
        inflated += data.len() as u64;
        if inflated > most {
            return Err(file.fault("holds far more image data than its size asks for"));
        }
        Ok(())
    })?;
    if inflated < expected || !inflater.is_done() {
        return Err(file.fault("holds less image data than its size asks for"));
    }
    let encoding = Encoding::Deflate { differences: page.differences };
    write(document, &image(page, encoding, profile), &data)
}

fn write(document: &mut Document<'_>, image: &Image<'_>, data: &[u8]) -> Result<Ref, Fault> {
    let name = document.reserve();
    let mut stream = document.image(name, image)?;
    stream.write(data)?;
    stream.finish()?;
    Ok(name)
}
