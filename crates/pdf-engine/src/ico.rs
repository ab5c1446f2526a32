//! ICO and CUR of Windows: of an icon in several sizes the largest, as the others are the same picture again.
//!
//! An icon is a whole PNG, or a BMP without its file header, twice as high: the second half says what is let through.

use crate::{
    Embedding, Format, Source,
    bmp::Header,
    document::Document,
    embed::{Context, Shown},
    error::Fault,
    input::Input,
    pack::{
        whole::{Packed, Whole, pack_whole},
        zeroed,
    },
    page::Orientation,
    png,
    spool::Spooled,
};

const ENTRY_BYTES: u64 = 16;

/// Brings the largest icon into the document.
pub(crate) fn embed(
    input: &mut Input<'_>,
    document: &mut Document<'_>,
    context: &mut Context<'_>,
) -> Result<(), Fault> {
    let bytes = input.spool(context.limits)?;
    let file = Spooled { format: Format::Ico, bytes: &bytes };
    let icon = largest(file)?;
    if icon.starts_with(b"\x89PNG\r\n\x1a\n") {
        let mut input = Input::new(Source::new(icon), input.cancel());
        input.sniff()?;
        png::embed(&mut input, document, context)?;
        if let Some(page) = context.pages.last_mut() {
            page.format = Format::Ico;
        }
        return Ok(());
    }
    let icon = Spooled { format: Format::Ico, bytes: icon };
    let mut header = Header::read(icon, 0)?;
    header.height /= 2;
    let (width, height) = (header.width, header.height);
    if height == 0 {
        return Err(file.fault("claims an image without pixels"));
    }
    context.check_decoded(Format::Ico, width, height)?;
    let samples = rgba(icon, &header, context)?;
    let whole = Whole { width, height, channels: 4, samples: &samples };
    let Packed { image, transparency } = pack_whole(document, context, whole, None)?;
    let shown = Shown {
        image,
        format: Format::Ico,
        width,
        height,
        bits_per_sample: 8,
        densities: &[],
        orientation: Orientation::default(),
        embedding: Embedding::Packed,
        transparency,
    };
    context.show(document, &shown)
}

/// The bytes of the icon with the most pixels, and among those the most colours.
fn largest(file: Spooled<'_>) -> Result<&[u8], Fault> {
    let count = file.u16_le(4, "header")?;
    let mut best = None;
    for at in (0..u64::from(count)).map(|entry| 6 + entry * ENTRY_BYTES) {
        let [width, height, _, _, _, _, bits, _]: [u8; 8] = file.array(at, "directory")?;
        // A side of 256 is written as 0.
        let [width, height] = [width, height].map(|side| u32::from(side.wrapping_sub(1)) + 1);
        let size = (width * height, bits);
        if best.is_none_or(|(best, _)| size > best) {
            best = Some((size, at));
        }
    }
    let Some((_, at)) = best else { return Err(file.fault("has no icon in it")) };
    let [length, offset] = [file.u32_le(at + 8, "directory")?, file.u32_le(at + 12, "directory")?];
    file.slice(offset.into(), length.into(), "icon")
}

/// The icon's pixels, with an alpha.
fn rgba(icon: Spooled<'_>, header: &Header, context: &Context<'_>) -> Result<Vec<u8>, Fault> {
    let (width, height) = (header.width as usize, header.height as usize);
    let mut samples = zeroed(width as u64 * height as u64 * 4, context.limits, "the ICO")?;
    let places = || (0..header.height).zip(0..height);
    let mut has_alpha = false;
    for (y, place) in places() {
        let row = header.row(icon, header.end, y)?;
        let out = samples[place * width * 4..][..width * 4].as_chunks_mut().0;
        match header.bits {
            32 => {
                for (pixel, [blue, green, red, alpha]) in out.iter_mut().zip(row.as_chunks().0) {
                    *pixel = [*red, *green, *blue, *alpha];
                    has_alpha |= *alpha != 0;
                }
            }
            1 | 4 | 8 => {
                let bits = usize::from(header.bits);
                for (x, pixel) in out.iter_mut().enumerate() {
                    let index = row[x * bits / 8] << (x * bits % 8) >> (8 - bits);
                    let color = &header.palette[usize::from(index) * 3..][..3];
                    *pixel = [color[0], color[1], color[2], 255];
                }
            }
            _ => {
                let mut colors = Vec::with_capacity(width * 3);
                header.samples(row, &mut colors);
                for (pixel, color) in out.iter_mut().zip(colors.chunks_exact(3)) {
                    *pixel = [color[0], color[1], color[2], 255];
                }
            }
        }
    }
    if has_alpha {
        return Ok(samples);
    }
    apply_mask(icon, header, &mut samples)?;
    Ok(samples)
}

/// Lets through what the second half says: a bit a pixel.
fn apply_mask(icon: Spooled<'_>, header: &Header, samples: &mut [u8]) -> Result<(), Fault> {
    let width = header.width as usize;
    let row_bytes = |bits: u64| (u64::from(header.width) * bits).div_ceil(32) * 4;
    let mask_at = header.end + row_bytes(header.bits.into()) * u64::from(header.height);
    // Where the mask is left out, all is seen.
    let masked = mask_at < icon.bytes.len() as u64;
    for (place, y) in (0..header.height).enumerate() {
        let stored = if header.top_down { y } else { header.height - 1 - y };
        let row_at = mask_at + u64::from(stored) * row_bytes(1);
        let row = if masked { icon.slice(row_at, row_bytes(1), "mask")? } else { &[] };
        for (x, pixel) in
            samples[place * width * 4..][..width * 4].as_chunks_mut::<4>().0.iter_mut().enumerate()
        {
            let through = row.get(x / 8).is_some_and(|byte| byte << (x % 8) & 0x80 != 0);
            pixel[3] = if through { 0 } else { 255 };
        }
    }
    Ok(())
}
