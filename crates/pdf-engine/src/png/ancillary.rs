//! What stands between the header and the image data: palette, transparency, profile, density, Exif.
//!
//! A palette or transparency that is wrong is an error, because the image would look different without it.
//! Advice that is wrong (a profile, a density) is left out, and the report says so.

use super::{
    animation::Animation,
    calibration::Calibration,
    chunk::{Chunks, Kind},
    header::{ColorType, Header},
    idat::IDAT,
};
use crate::{
    Purpose,
    embed::Context,
    error::Fault,
    inflate::Inflater,
    metadata::{exif::Exif, icc, numbers::Numbers},
    page::Density,
};

/// Chunks that leave the pixels as they are. Damage to one of these is no reason to refuse the image; damage
/// to any other is, as its type may be what is damaged.
const ADVICE: [&[u8; 4]; 16] = [
    b"cHRM", b"gAMA", b"iCCP", b"sBIT", b"sRGB", b"cICP", b"mDCV", b"cLLI", b"bKGD", b"hIST", b"pHYs",
    b"sPLT", b"tIME", b"tEXt", b"zTXt", b"iTXt",
];

/// What the chunks say that change how the image is shown.
#[derive(Default)]
pub(super) struct Ancillary {
    /// Three bytes a colour, as many colours as there are indexes.
    pub(super) palette: Vec<u8>,
    pub(super) key: Option<Key>,
    /// A profile that fits the image, still compressed.
    pub(super) profile: Option<Vec<u8>>,
    /// Which colours they are, by numbers, which count before a profile.
    pub(super) numbers: Option<Numbers>,
    /// What is said of the colours without a profile.
    pub(super) calibration: Calibration,
    pub(super) density: Option<Density>,
    pub(super) exif: Option<Exif>,
    pub(super) animation: Animation,
}

/// What a tRNS chunk makes transparent.
pub(super) enum Key {
    /// Pixels of exactly these samples.
    Samples(Vec<u16>),
    /// Each index as its alpha says; there are 256.
    Alphas(Vec<u8>),
}

impl Ancillary {
    /// Reads up to the first IDAT, and leaves that begun.
    pub(super) fn read(
        chunks: &mut Chunks<'_, '_>,
        header: &Header,
        context: &mut Context<'_>,
    ) -> Result<Self, Fault> {
        let mut ancillary = Self::default();
        let mut profile_seen = false;
        loop {
            let kind = chunks.next()?;
            match &kind.0 {
                b"IDAT" => break,
                b"IEND" => return Err(chunks.fault("ends the image before there are image data")),
                b"IHDR" => return Err(chunks.fault("is a second header")),
                b"PLTE" => ancillary.palette(chunks, header, context)?,
                b"tRNS" => ancillary.transparency(chunks, header, context)?,
                b"iCCP" if !profile_seen => {
                    profile_seen = true;
                    ancillary.profile(chunks, header, context)?;
                }
                b"cICP" if ancillary.numbers.is_none() => ancillary.numbers(chunks, context)?,
                b"gAMA" | b"cHRM" | b"sRGB" => ancillary.calibration.read(chunks, context)?,
                b"pHYs" if ancillary.density.is_none() => ancillary.density(chunks, context)?,
                b"eXIf" => ancillary.exif(chunks, context)?,
                b"acTL" => ancillary.animation.announce(chunks)?,
                b"fcTL" => ancillary.animation.control_first(chunks, header)?,
                _ => skip(chunks, kind, context)?,
            }
        }
        if header.color == ColorType::Indexed && ancillary.palette.is_empty() {
            return Err(Fault::malformed(
                "the PNG's pixels count colours of a palette, and it has none (no PLTE chunk)",
            ));
        }
        Ok(ancillary)
    }

    /// Reads from the chunk behind the image data to the end, where Exif may still stand.
    pub(super) fn read_rest(
        &mut self,
        chunks: &mut Chunks<'_, '_>,
        context: &mut Context<'_>,
    ) -> Result<(), Fault> {
        while &chunks.kind().0 != b"IEND" {
            self.read_behind(chunks, context)?;
            chunks.next()?;
        }
        chunks.skip()
    }

    /// Reads a chunk that stands behind the image data, and is not the end.
    pub(super) fn read_behind(
        &mut self,
        chunks: &mut Chunks<'_, '_>,
        context: &mut Context<'_>,
    ) -> Result<(), Fault> {
        let kind = chunks.kind();
        match &kind.0 {
            b"IDAT" => Err(chunks.fault("is apart from the other image data")),
            b"IHDR" | b"PLTE" => Err(chunks.fault("comes behind the image data")),
            b"tRNS" => Err(chunks.fault("comes behind the image data, and must come before them")),
            b"eXIf" => self.exif(chunks, context),
            _ => skip(chunks, kind, context),
        }
    }

    fn palette(
        &mut self,
        chunks: &mut Chunks<'_, '_>,
        header: &Header,
        context: &mut Context<'_>,
    ) -> Result<(), Fault> {
        let length = chunks.length();
        if !matches!(length, 3..=768) || !length.is_multiple_of(3) {
            return Err(chunks.fault("is no palette: it must have 1 to 256 colours of 3 bytes"));
        }
        if !self.palette.is_empty() {
            return Err(chunks.fault("is a second palette"));
        }
        let mut palette = chunks.read()?;
        if header.color != ColorType::Indexed {
            // Elsewhere a palette is a hint for displays of few colours.
            return Ok(());
        }
        let full = 3 << header.bits;
        if palette.len() > full {
            context.warn("the palette has colours that no pixel can have, which are left out");
        }
        // Indexes past the end are black, as the reference decoder shows them; PDF would take the last colour.
        palette.resize(full, 0);
        self.palette = palette;
        Ok(())
    }

    fn transparency(
        &mut self,
        chunks: &mut Chunks<'_, '_>,
        header: &Header,
        context: &mut Context<'_>,
    ) -> Result<(), Fault> {
        if self.key.is_some() {
            return Err(chunks.fault("tells the transparency a second time"));
        }
        match header.color {
            ColorType::Gray => self.key = Some(samples(&chunks.read_array::<2>()?, header.bits)),
            ColorType::Rgb => self.key = Some(samples(&chunks.read_array::<6>()?, header.bits)),
            ColorType::Indexed if self.palette.is_empty() => {
                return Err(chunks.fault("comes before the palette whose colours it makes transparent"));
            }
            ColorType::Indexed if chunks.length() > 256 => {
                return Err(chunks.fault("makes more colours transparent than a palette can have"));
            }
            ColorType::Indexed => {
                let mut alphas = chunks.read()?;
                if alphas.len() > self.palette.len() / 3 {
                    context.warn("the transparency of colours that no pixel can have is left out");
                }
                alphas.resize(256, u8::MAX);
                self.key = alphas.iter().any(|alpha| *alpha < u8::MAX).then_some(Key::Alphas(alphas));
            }
            ColorType::GrayAlpha | ColorType::Rgba => {
                context.warn("a transparent colour is left out: the pixels have an alpha of their own");
                chunks.skip()?;
            }
        }
        Ok(())
    }

    fn profile(
        &mut self,
        chunks: &mut Chunks<'_, '_>,
        header: &Header,
        context: &mut Context<'_>,
    ) -> Result<(), Fault> {
        let max = context.limits.icc_bytes_max;
        // Compressed data are hardly ever longer, and the name in front of them has at most 80 bytes.
        if u64::from(chunks.length()) > max.saturating_add(1024) {
            return Err(too_large(max));
        }
        let data = chunks.read_advice()?.unwrap_or_default();
        let name_bytes = data.iter().take(80).position(|byte| *byte == 0);
        let Some([0, 0, deflated @ ..]) = name_bytes.map(|end| &data[end..]) else {
            context.warn("the colour profile is left out: its chunk is damaged");
            return Ok(());
        };
        let reason = match inflate_profile(deflated, max)? {
            Some(profile) => icc::unfit(&profile, header.color.space()),
            None => Some(String::from("its compressed data are damaged")),
        };
        match reason {
            Some(reason) => context.warn(format!("the colour profile is left out: {reason}")),
            None => self.profile = Some(deflated.to_vec()),
        }
        Ok(())
    }

    /// Colours by numbers: PNG's third edition, section 11.3.2.6.
    fn numbers(&mut self, chunks: &mut Chunks<'_, '_>, context: &mut Context<'_>) -> Result<(), Fault> {
        let data =
            if chunks.length() == 4 { chunks.read_advice()? } else { chunks.skip_advice().map(|_| None)? };
        let Some(&[primaries, transfer, matrix, full_range]) = data.as_deref() else {
            context.warn(
                "the numbers that say which colours they are (cICP) are left out: their chunk is damaged",
            );
            return Ok(());
        };
        let numbers = Numbers { primaries: primaries.into(), transfer: transfer.into() };
        if matrix != 0 || !numbers.are_known() {
            context.warn(format!(
                "the numbers that say which colours they are (cICP) are left out: {primaries}, {transfer} and {matrix} \
                 are none that are known here"
            ));
            return Ok(());
        }
        if full_range == 0 {
            context.warn(
                "the samples are of television's range, and are shown as if black and white were at its ends",
            );
        }
        self.numbers = Some(numbers);
        Ok(())
    }

    fn density(&mut self, chunks: &mut Chunks<'_, '_>, context: &mut Context<'_>) -> Result<(), Fault> {
        const METRES: f64 = 0.0254;
        let data =
            if chunks.length() == 9 { chunks.read_advice()? } else { chunks.skip_advice().map(|_| None)? };
        let Some(&[x0, x1, x2, x3, y0, y1, y2, y3, unit]) = data.as_deref() else {
            context.warn("the resolution is left out: its chunk is damaged");
            return Ok(());
        };
        let [x, y] = [[x0, x1, x2, x3], [y0, y1, y2, y3]].map(|bytes| f64::from(u32::from_be_bytes(bytes)));
        self.density = match unit {
            0 => Some(Density::Aspect { x, y }),
            1 => Some(Density::Dpi { x: x * METRES, y: y * METRES }),
            _ => None,
        };
        Ok(())
    }

    fn exif(&mut self, chunks: &mut Chunks<'_, '_>, context: &mut Context<'_>) -> Result<(), Fault> {
        let max = context.limits.metadata_bytes_max;
        if u64::from(chunks.length()) > max {
            return Err(Fault::too_large(
                "metadata_bytes_max",
                max,
                "the PNG's Exif data have too many bytes: they",
            ));
        }
        context.limits.memory.hold(Purpose::Source, chunks.length().into())?;
        match chunks.read_advice()? {
            Some(data) => self.exif = self.exif.or_else(|| Exif::parse(&data)),
            None => context.warn("the Exif data are left out: their chunk is damaged"),
        }
        Ok(())
    }
}

/// The transparent colour: PDF wants no sample larger than its bits, and PNG says that the higher ones do not count.
fn samples(bytes: &[u8], bits: u8) -> Key {
    let mask = u16::MAX >> (16 - bits);
    Key::Samples(bytes.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]) & mask).collect())
}

/// The profile, decompressed; nothing where its data are damaged.
fn inflate_profile(deflated: &[u8], max: u64) -> Result<Option<Vec<u8>>, Fault> {
    let mut profile = Vec::new();
    let mut inflater = Inflater::new("PNG");
    let result = inflater.push(deflated, |data| {
        if (profile.len() + data.len()) as u64 > max {
            return Err(too_large(max));
        }
        profile.extend_from_slice(data);
        Ok(())
    });
    match result {
        Ok(()) => Ok(inflater.is_done().then_some(profile)),
        Err(Fault::Malformed(_)) => Ok(None),
        Err(fault) => Err(fault),
    }
}

fn too_large(max: u64) -> Fault {
    Fault::too_large("icc_bytes_max", max, "the PNG's colour profile has too many bytes: it")
}

/// Skips a chunk that changes nothing, if it may be skipped.
fn skip(chunks: &mut Chunks<'_, '_>, kind: Kind, context: &mut Context<'_>) -> Result<(), Fault> {
    debug_assert!(kind != IDAT);
    if ADVICE.contains(&&kind.0) {
        if !chunks.skip_advice()? {
            context.warn(format!("a chunk {kind} is damaged, which the image can do without"));
        }
        Ok(())
    } else if kind.is_ancillary() {
        chunks.skip()
    } else {
        Err(Fault::unsupported(format!(
            "the PNG needs a chunk {kind}, which is unknown here, to be shown; save it as a plain PNG"
        )))
    }
}
