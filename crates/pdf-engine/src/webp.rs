//! WebP (RFC 9649): decoded whole by the `image-webp` crate, a page for each frame of an animation.

use std::io::Cursor;

use image_webp::{DecodingError, WebPDecoder};

use crate::{
    Embedding, Format,
    decoder::guarded,
    document::{Document, Ref, Space},
    embed::{Context, Shown},
    error::{Count, Fault},
    input::Input,
    metadata::exif::Exif,
    pack::{
        check_held,
        whole::{Packed, Whole, pack_whole},
        zeroed,
    },
};

/// Brings each frame of a WebP into the document.
pub(crate) fn embed(
    input: &mut Input<'_>,
    document: &mut Document<'_>,
    context: &mut Context<'_>,
) -> Result<(), Fault> {
    let bytes = input.spool(context.limits)?;
    check_length(&bytes)?;
    let mut decoder = guarded("WebP", || WebPDecoder::new(Cursor::new(bytes.as_slice())).map_err(fault))?;
    let (width, height) = decoder.dimensions();
    let channels = if decoder.has_alpha() { 4 } else { 3 };
    context.limits.check_size(Format::Webp.name(), width, height)?;
    let samples_bytes = u64::from(width) * u64::from(height) * channels as u64;
    // The decoder holds planes or pixels of its own beside ours, and an animation's canvas.
    let held_per_pixel = if decoder.is_animated() { 13 } else { channels as u64 + 4 };
    let held = u64::from(width) * u64::from(height) * held_per_pixel;
    check_held(held, context.limits, "the WebP")?;
    decoder.set_memory_limit(usize::try_from(context.limits.decoded_bytes_max).unwrap_or(usize::MAX));

    let exif = metadata(decoder.exif_metadata(), context, "Exif data").and_then(|data| {
        // Some encoders keep the mark that JPEG files need.
        Exif::parse(data.strip_prefix(b"Exif\0\0").unwrap_or(&data))
    });
    let profile = profile(&mut decoder, document, context)?;
    if decoder.is_animated() {
        // What a frame leaves when it is cleared is nothing, as everywhere on the web.
        decoder.set_background_color([0; 4]).map_err(fault)?;
    }
    let frames = if decoder.is_animated() { decoder.num_frames() } else { 1 };
    for frame in 0..frames {
        if !context.wants_frame(Format::Webp)? {
            break;
        }
        context.check_decoded(Format::Webp, width, height)?;
        if input.cancel().is_cancelled() {
            return Err(Fault::Cancelled);
        }
        let mut samples = zeroed(samples_bytes, context.limits, "the WebP")?;
        guarded("WebP", || {
            let read = if decoder.is_animated() {
                decoder.read_frame(&mut samples).map(drop)
            } else {
                decoder.read_image(&mut samples)
            };
            read.map_err(fault)
        })?;
        let whole = Whole { width, height, channels, samples: &samples };
        let Packed { image, transparency } = pack_whole(document, context, whole, profile)?;
        let shown = Shown {
            image,
            format: Format::Webp,
            width,
            height,
            bits_per_sample: 8,
            densities: &[exif.and_then(|exif| exif.density)],
            orientation: exif.unwrap_or_default().orientation,
            embedding: Embedding::Packed,
            transparency,
        };
        context.show(document, &shown)?;
        debug_assert!(frame < frames);
    }
    if context.pages.is_empty() {
        return Err(Fault::malformed("the WebP is an animation without a frame"));
    }
    Ok(())
}

/// Before the first chunk of a file, and before those of a frame.
const FILE_HEADER_BYTES: usize = 12;
const FRAME_HEADER_BYTES: usize = 16;

/// The whole file must be there, as long as its header says.
fn check_length(bytes: &[u8]) -> Result<(), Fault> {
    let claimed = bytes.get(4..8).and_then(|bytes| bytes.try_into().ok()).map_or(0, u32::from_le_bytes);
    let expected = u64::from(claimed) + 8;
    if (bytes.len() as u64) < expected {
        return Err(Fault::malformed(format!(
            "the WebP ends after {} of {} bytes",
            Count(bytes.len() as u64),
            Count(expected)
        )));
    }
    let file = usize::try_from(expected).ok().and_then(|expected| bytes.get(..expected)).unwrap_or(bytes);
    check_chunks(file, FILE_HEADER_BYTES, true)
}

/// Each chunk must lie within what it is part of, the file or a frame: the decoder reads on where one does not, into what
/// is meant otherwise. RFC 9649, sections 2.3 and 2.7.1.1.
fn check_chunks(bytes: &[u8], mut at: usize, of_file: bool) -> Result<(), Fault> {
    while let Some([head @ .., a, b, c, d]) = bytes.get(at..at.saturating_add(8)) {
        let length = u32::from_le_bytes([*a, *b, *c, *d]);
        let start = at + 8;
        let Some(end) = usize::try_from(length).ok().and_then(|length| start.checked_add(length)) else {
            return Err(not_whole(at));
        };
        let chunk = bytes.get(..end).ok_or_else(|| not_whole(at))?;
        if of_file && head == b"ANMF" {
            check_chunks(chunk, start + FRAME_HEADER_BYTES, false)?;
        }
        // Those of an odd length have one byte more.
        at = end.saturating_add((length % 2) as usize);
    }
    Ok(())
}

fn not_whole(at: usize) -> Fault {
    Fault::malformed(format!(
        "the WebP has a chunk at byte {} that is longer than what it is part of",
        Count(at as u64)
    ))
}

fn profile(
    decoder: &mut WebPDecoder<Cursor<&[u8]>>,
    document: &mut Document<'_>,
    context: &mut Context<'_>,
) -> Result<Option<Ref>, Fault> {
    match metadata(decoder.icc_profile(), context, "colour profile") {
        Some(profile) => context.profile(document, Format::Webp, &profile, Space::Rgb),
        None => Ok(None),
    }
}

/// What the file says beside its pixels; where that is damaged, the report says so.
fn metadata(
    read: Result<Option<Vec<u8>>, DecodingError>,
    context: &mut Context<'_>,
    what: &str,
) -> Option<Vec<u8>> {
    read.unwrap_or_else(|_| {
        context.warn(format!("the {what} cannot be read, and are left out"));
        None
    })
}

fn fault(error: DecodingError) -> Fault {
    match error {
        DecodingError::UnsupportedFeature(what) => {
            Fault::unsupported(format!("the WebP needs what is not decoded here: {what}"))
        }
        DecodingError::IoError(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            Fault::malformed("the WebP ends within one of its chunks")
        }
        error => Fault::malformed(format!("the WebP is damaged: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(kind: &[u8], content: &[u8]) -> Vec<u8> {
        let length = u32::try_from(content.len()).unwrap().to_le_bytes();
        [kind, &length, content, &vec![0; content.len() % 2]].concat()
    }

    #[test]
    fn chunks_lie_within_what_they_are_part_of() {
        let frame = |inner: &[u8]| chunk(b"ANMF", &[&[0; 16][..], inner].concat());
        let long = |mut chunk: Vec<u8>, by: u8| {
            chunk[4] += by;
            chunk
        };
        for (chunks, is_whole) in [
            (chunk(b"VP8 ", b"abc"), true),
            ([chunk(b"VP8X", &[0; 10]), chunk(b"VP8L", b"abcd")].concat(), true),
            // Without the byte that makes it even, and with one or two that are too few for a chunk.
            (chunk(b"VP8 ", b"abc")[..11].to_vec(), true),
            ([chunk(b"VP8 ", b"abcd"), vec![1, 2]].concat(), true),
            (long(chunk(b"VP8 ", b"abcd"), 1), false),
            (frame(&chunk(b"VP8L", b"abcd")), true),
            (frame(&long(chunk(b"VP8L", b"abcd"), 2)), false),
            (frame(&[frame(&[]), chunk(b"VP8L", b"ab")].concat()), true),
            (chunk(b"ANMF", b"short"), true),
            ([chunk(b"VP8X", &[0; 10]), b"VP8 \xff\xff\xff\xff".to_vec()].concat(), false),
        ] {
            let length = u32::try_from(chunks.len() + 4).unwrap();
            let file = [&b"RIFF"[..], &length.to_le_bytes(), b"WEBP", &chunks].concat();
            assert_eq!(check_length(&file).is_ok(), is_whole, "{chunks:x?}");
            // What stands behind the file is not of it.
            let more = [&file[..], b"VP8 \xff\xff\xff\xff"].concat();
            assert_eq!(check_length(&more).is_ok(), is_whole, "{chunks:x?}");
        }
    }
}
