//! What a directory says of a page: its size, how its samples are stored, and what they mean (TIFF 6.0, sections 3 to 8).

use super::{directory::Directory, lab::Lab, ycbcr::YCbCr};
use crate::{
    document::Space,
    error::{Count, Fault},
    page::{Density, Orientation},
};

/// Numbers of fields.
pub(super) mod tag {
    pub(crate) const SUBFILE: u16 = 254;
    pub(crate) const WIDTH: u16 = 256;
    pub(crate) const HEIGHT: u16 = 257;
    pub(crate) const BITS: u16 = 258;
    pub(crate) const COMPRESSION: u16 = 259;
    pub(crate) const PHOTOMETRIC: u16 = 262;
    pub(crate) const FILL_ORDER: u16 = 266;
    pub(crate) const STRIP_OFFSETS: u16 = 273;
    pub(crate) const ORIENTATION: u16 = 274;
    pub(crate) const SAMPLES: u16 = 277;
    pub(crate) const ROWS_PER_STRIP: u16 = 278;
    pub(crate) const STRIP_BYTES: u16 = 279;
    pub(crate) const X_RESOLUTION: u16 = 282;
    pub(crate) const Y_RESOLUTION: u16 = 283;
    pub(crate) const PLANAR: u16 = 284;
    pub(crate) const T4_OPTIONS: u16 = 292;
    pub(crate) const RESOLUTION_UNIT: u16 = 296;
    pub(crate) const PREDICTOR: u16 = 317;
    pub(crate) const WHITE_POINT: u16 = 318;
    pub(crate) const COLOR_MAP: u16 = 320;
    pub(crate) const TILE_WIDTH: u16 = 322;
    pub(crate) const TILE_HEIGHT: u16 = 323;
    pub(crate) const TILE_OFFSETS: u16 = 324;
    pub(crate) const TILE_BYTES: u16 = 325;
    pub(crate) const INK_SET: u16 = 332;
    pub(crate) const EXTRA_SAMPLES: u16 = 338;
    pub(crate) const SAMPLE_FORMAT: u16 = 339;
    pub(crate) const JPEG_TABLES: u16 = 347;
    pub(crate) const YCBCR_COEFFICIENTS: u16 = 529;
    pub(crate) const YCBCR_SUBSAMPLING: u16 = 530;
    pub(crate) const REFERENCE_BLACK_WHITE: u16 = 532;
    pub(crate) const ICC_PROFILE: u16 = 34_675;
}

/// How strips and tiles are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Compression {
    None,
    Fax(Fax),
    Lzw,
    Jpeg,
    Deflate,
    PackBits,
    Zstd,
    /// Which TIFF calls LZMA.
    Xz,
}

/// The codes of a fax.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fax {
    /// Group 3 without marks, each row on a byte of its own.
    Rows,
    Group3,
    /// Group 3 in two dimensions.
    Group3Two,
    Group4,
}

/// What samples mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Photometric {
    WhiteIsZero,
    BlackIsZero,
    Rgb,
    Palette,
    Inks,
    YCbCr,
    Lab(Lab),
}

/// An alpha among the samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct AlphaChannel {
    /// Which of a pixel's samples it is, from 0.
    pub(super) sample: u16,
    pub(super) premultiplied: bool,
}

/// The colours that indexes count, three numbers each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Palette {
    /// Of bytes, as PDF has them; without any where there are no indexes.
    Bytes(Vec<u8>),
    /// Of 16 bits that no byte stands for.
    Words(Vec<u16>),
}

/// A page, all of its fields read and possible.
#[expect(clippy::struct_excessive_bools, reason = "each is a field of the file, and they are independent")]
pub(super) struct Page<'s> {
    pub(super) width: u32,
    pub(super) height: u32,
    /// Bits of each sample.
    pub(super) bits: u16,
    /// Samples of a pixel, also those that mean nothing here.
    pub(super) samples: u16,
    pub(super) compression: Compression,
    pub(super) photometric: Photometric,
    pub(super) palette: Palette,
    pub(super) alpha: Option<AlphaChannel>,
    /// How colours are turned into red, green and blue, where they must be: within JPEG they stay.
    pub(super) ycbcr: Option<YCbCr>,
    /// Whether each sample is in chunks of its own.
    pub(super) planar: bool,
    /// Whether the first bit of a byte is the low one.
    pub(super) reversed: bool,
    /// Whether samples are differences from their neighbours.
    pub(super) differences: bool,
    pub(super) big_endian: bool,
    /// Width and height of a chunk: a strip is as wide as the image.
    pub(super) chunk: (u32, u32),
    pub(super) is_tiled: bool,
    /// Where each chunk lies, and its length.
    pub(super) chunks: Vec<(u64, u64)>,
    pub(super) orientation: Orientation,
    pub(super) density: Option<Density>,
    pub(super) profile: Option<&'s [u8]>,
    pub(super) jpeg_tables: Option<&'s [u8]>,
    /// What is said in the report.
    pub(super) warnings: Vec<String>,
}

impl Compression {
    /// Whether what is compressed may be differences between neighbours: TIFF 6.0, section 14.
    fn is_predicted(self) -> bool {
        matches!(self, Self::Lzw | Self::Deflate | Self::Zstd | Self::Xz)
    }
}

impl<'s> Page<'s> {
    /// Reads what matters.
    pub(super) fn read(directory: &Directory<'s>) -> Result<Self, Fault> {
        let file = directory.tiff().file;
        let [width, height] = [side(directory, tag::WIDTH)?, side(directory, tag::HEIGHT)?];
        let samples = directory.small(tag::SAMPLES, 1)?;
        let bits = depth(directory, samples)?;
        let compression = compression(directory)?;
        let mut warnings = Vec::new();
        let photometric = photometric(directory, bits, &mut warnings)?;
        if matches!(photometric, Photometric::Lab(_)) && compression == Compression::Jpeg {
            return Err(file.unsupported("has Lab colours in JPEG; save it with LZW or Deflate"));
        }
        let palette = if photometric == Photometric::Palette {
            palette(directory, bits)?
        } else {
            Palette::Bytes(Vec::new())
        };
        let alpha = alpha(directory, photometric, samples, &mut warnings)?;
        let planar = directory.small(tag::PLANAR, 1)? == 2 && samples > 1;
        let differences = match directory.small(tag::PREDICTOR, 1)? {
            2 if compression.is_predicted() => true,
            3 => return Err(file.unsupported("predicts floating-point numbers, and those are not converted")),
            _ => false,
        };
        if differences && !matches!(bits, 8 | 16) {
            return Err(file.unsupported(format_args!(
                "has differences between samples of {bits} bits, and 8 and 16 are converted"
            )));
        }
        let ycbcr = match photometric {
            Photometric::YCbCr if compression != Compression::Jpeg => {
                let ycbcr = YCbCr::read(directory, samples, bits, &mut warnings)?;
                if ycbcr.is_shared() && (planar || differences) {
                    return Err(file.unsupported(
                        "has YCbCr colours that pixels share, in planes or as differences; save it as RGB",
                    ));
                }
                Some(ycbcr)
            }
            _ => None,
        };
        let (chunk, is_tiled, chunks) = chunks(directory, width, height, if planar { samples } else { 1 })?;
        Ok(Self {
            width,
            height,
            bits,
            samples,
            compression,
            photometric,
            palette,
            alpha,
            ycbcr,
            planar,
            reversed: directory.small(tag::FILL_ORDER, 1)? == 2,
            differences,
            big_endian: directory.tiff().big_endian,
            chunk,
            is_tiled,
            chunks,
            orientation: Orientation::from_exif(directory.small(tag::ORIENTATION, 1).unwrap_or(1).into()),
            density: density(directory),
            profile: directory.bytes(tag::ICC_PROFILE)?,
            jpeg_tables: directory.bytes(tag::JPEG_TABLES)?,
            warnings,
        })
    }

    /// Samples of a pixel that are colours, inks or an index.
    pub(super) fn colors(&self) -> usize {
        match self.photometric {
            Photometric::WhiteIsZero | Photometric::BlackIsZero | Photometric::Palette => 1,
            Photometric::Rgb | Photometric::YCbCr | Photometric::Lab(_) => 3,
            Photometric::Inks => 4,
        }
    }

    /// Which samples of a pixel are shown: the colours, and behind them the alpha.
    pub(super) fn shown(&self) -> impl Iterator<Item = usize> + use<> {
        (0..self.colors()).chain(self.alpha.map(|alpha| usize::from(alpha.sample)))
    }

    /// The palette that stays one in the PDF, where indexes stay indexes: an alpha beside them cannot stand in the
    /// same image, and colours of 16 bits in no palette.
    pub(super) fn kept_palette(&self) -> Option<&[u8]> {
        match &self.palette {
            Palette::Bytes(palette) if self.photometric == Photometric::Palette && self.alpha.is_none() => {
                Some(palette)
            }
            _ => None,
        }
    }

    pub(super) fn space(&self) -> Space {
        match self.photometric {
            Photometric::WhiteIsZero | Photometric::BlackIsZero => Space::Gray,
            Photometric::Rgb | Photometric::YCbCr | Photometric::Palette => Space::Rgb,
            Photometric::Inks => Space::Cmyk,
            Photometric::Lab(lab) => Space::Lab(lab.space),
        }
    }

    /// How colours of Lab are stored, where the page has those.
    pub(super) fn lab(&self) -> Option<Lab> {
        if let Photometric::Lab(lab) = self.photometric { Some(lab) } else { None }
    }

    /// Whether all of it is in one chunk.
    pub(super) fn is_one_chunk(&self) -> bool {
        self.chunks.len() == 1 && self.chunk.0 == self.width && self.chunk.1 >= self.height
    }

    /// Bytes of a row of so many pixels, as chunks have them.
    pub(super) fn row_bytes(&self, width: u32) -> u64 {
        let samples = if self.planar { 1 } else { u64::from(self.samples) };
        (u64::from(width) * samples * u64::from(self.bits)).div_ceil(8)
    }
}

fn side(directory: &Directory<'_>, tag: u16) -> Result<u32, Fault> {
    let file = directory.tiff().file;
    let side = directory.integer(tag)?.ok_or_else(|| file.fault("has a page that does not say its size"))?;
    match u32::try_from(side) {
        Ok(side @ 1..) => Ok(side),
        _ => Err(file.fault(format_args!("has a page with a side of {} pixels", Count(side)))),
    }
}

/// The bits of each sample, which must be alike, and their format, which must be that of whole numbers.
fn depth(directory: &Directory<'_>, samples: u16) -> Result<u16, Fault> {
    let file = directory.tiff().file;
    if samples == 0 || samples > 64 {
        return Err(file.fault(format_args!("has a page of {samples} samples a pixel")));
    }
    let depths = directory.integers(tag::BITS, samples.into())?;
    let bits = depths.first().copied().unwrap_or(1);
    if depths.iter().any(|depth| *depth != bits) {
        return Err(file.unsupported(format_args!(
            "has samples of different depths ({depths:?} bits), and alike ones are converted"
        )));
    }
    let mut formats = directory.integers(tag::SAMPLE_FORMAT, samples.into())?;
    if directory.small(tag::PHOTOMETRIC, 0)? == CIE_LAB {
        // That a* and b* have a sign may be said again.
        formats.iter_mut().skip(1).take(2).filter(|format| **format == 2).for_each(|format| *format = 1);
    }
    match formats.iter().find(|format| !matches!(format, 1 | 4)) {
        Some(3) => {
            return Err(file.unsupported("has floating-point samples; save it with whole numbers of 16 bits"));
        }
        Some(2) => return Err(file.unsupported("has samples with a sign; save it with samples from 0 on")),
        Some(_) => return Err(file.unsupported("has samples of complex numbers, which are no picture")),
        None => {}
    }
    match u16::try_from(bits) {
        Ok(bits @ 1..=16) => Ok(bits),
        _ => {
            Err(file
                .unsupported(format_args!("has samples of {} bits, and 1 to 16 are converted", Count(bits))))
        }
    }
}

fn compression(directory: &Directory<'_>) -> Result<Compression, Fault> {
    let file = directory.tiff().file;
    let number = directory.small(tag::COMPRESSION, 1)?;
    let name = match number {
        1 => return Ok(Compression::None),
        2 => return Ok(Compression::Fax(Fax::Rows)),
        3 if directory.integer(tag::T4_OPTIONS)?.unwrap_or(0) & 1 == 1 => {
            return Ok(Compression::Fax(Fax::Group3Two));
        }
        3 => return Ok(Compression::Fax(Fax::Group3)),
        4 => return Ok(Compression::Fax(Fax::Group4)),
        5 => return Ok(Compression::Lzw),
        7 => return Ok(Compression::Jpeg),
        8 | 32_946 => return Ok(Compression::Deflate),
        32_773 => return Ok(Compression::PackBits),
        34_925 => return Ok(Compression::Xz),
        50_000 => return Ok(Compression::Zstd),
        6 => "JPEG in its old form, which was never settled",
        34_676 | 34_677 => "SGI's logarithms",
        34_712 | 33_003 | 33_005 => "JPEG 2000",
        50_001 => "WebP",
        50_002 | 52_546 => "JPEG XL",
        32_766 | 32_809 => "the runs of NeXT or ThunderScan",
        _ => return Err(file.unsupported(format_args!("names compression {number}, which is unknown here"))),
    };
    Err(file.unsupported(format_args!("is compressed as {name}; save it with LZW or Deflate")))
}

/// Lab colours whose a\* and b\* have a sign.
const CIE_LAB: u16 = 8;

fn photometric(
    directory: &Directory<'_>,
    bits: u16,
    warnings: &mut Vec<String>,
) -> Result<Photometric, Fault> {
    let file = directory.tiff().file;
    // Faxes leave it out.
    let number = directory.small(tag::PHOTOMETRIC, 0)?;
    let name = match number {
        0 => return Ok(Photometric::WhiteIsZero),
        // A page that is a mask of another one is a picture as well.
        1 | 4 => return Ok(Photometric::BlackIsZero),
        2 => return Ok(Photometric::Rgb),
        3 => return Ok(Photometric::Palette),
        5 if directory.small(tag::INK_SET, 1)? == 1 => return Ok(Photometric::Inks),
        6 => return Ok(Photometric::YCbCr),
        5 => "inks other than cyan, magenta, yellow and black",
        CIE_LAB | 9 => {
            return Lab::read(directory, number == 9, bits, warnings).map(Photometric::Lab);
        }
        10 => "the Lab colours of faxes",
        32_803 | 34_892 => "a camera's raw samples",
        32_844 | 32_845 => "logarithms of light",
        _ => {
            return Err(file.unsupported(format_args!("has colours of kind {number}, which is unknown here")));
        }
    };
    Err(file.unsupported(format_args!("has {name}; save it as RGB")))
}

/// The colours of a palette: all reds, all greens, all blues, of 16 bits each.
fn palette(directory: &Directory<'_>, bits: u16) -> Result<Palette, Fault> {
    let file = directory.tiff().file;
    if bits > 8 {
        return Err(file.unsupported(format_args!("has indexes of {bits} bits, and up to 8 are converted")));
    }
    let count = 1_usize << bits;
    let values = directory.integers(tag::COLOR_MAP, 3 * count as u64)?;
    if values.len() != 3 * count {
        return Err(file.fault("has indexes into a palette, and none that is whole"));
    }
    let in_order = (0..count).flat_map(|at| [0, 1, 2].map(|channel| values[channel * count + at]));
    // Some programs write bytes, others put nothing into the low byte, or the high one again.
    let shift = if values.iter().all(|value| *value <= 255) { 0 } else { 8 };
    if shift == 0 || values.iter().all(|value| matches!(value & 255, low if low == 0 || low == value >> 8)) {
        return Ok(Palette::Bytes(
            in_order.map(|value| u8::try_from(value >> shift & 255).unwrap_or(0)).collect(),
        ));
    }
    Ok(Palette::Words(in_order.map(|value| u16::try_from(value).unwrap_or(u16::MAX)).collect()))
}

/// Whether one of the samples is an alpha; the others beyond the colours are left out.
fn alpha(
    directory: &Directory<'_>,
    photometric: Photometric,
    samples: u16,
    warnings: &mut Vec<String>,
) -> Result<Option<AlphaChannel>, Fault> {
    let file = directory.tiff().file;
    let colors = match photometric {
        Photometric::WhiteIsZero | Photometric::BlackIsZero | Photometric::Palette => 1,
        Photometric::Rgb | Photometric::YCbCr | Photometric::Lab(_) => 3,
        Photometric::Inks => 4,
    };
    let Some(extra) = samples.checked_sub(colors) else {
        return Err(file.fault(format_args!("has {samples} samples a pixel, and its colours need {colors}")));
    };
    if extra == 0 {
        return Ok(None);
    }
    let kinds = directory.integers(tag::EXTRA_SAMPLES, extra.into())?;
    // It may stand behind others that say nothing of themselves.
    let told = kinds.iter().zip(colors..).find_map(|(kind, sample)| match kind {
        1 => Some(AlphaChannel { sample, premultiplied: true }),
        2 => Some(AlphaChannel { sample, premultiplied: false }),
        _ => None,
    });
    // A fourth sample that nobody explains is taken for an alpha by every program.
    let is_unexplained = kinds.is_empty() && extra == 1;
    let alpha = told.or(is_unexplained.then_some(AlphaChannel { sample: colors, premultiplied: false }));
    if matches!(photometric, Photometric::Lab(_)) && alpha.is_some_and(|alpha| alpha.premultiplied) {
        // Nothing says whether that is done to numbers with a sign or to those that stand for them.
        return Err(file.unsupported("has Lab colours that were multiplied by their alpha; save it as RGB"));
    }
    let left_out = extra - u16::from(alpha.is_some());
    if left_out > 0 {
        warnings.push(format!("samples that are no colours are left out: {left_out} of each pixel"));
    }
    Ok(alpha)
}

/// Strips or tiles of a page: a row each of the highest page, of four planes, are half as many. Where each lies takes 32 bytes of
/// memory, and may take one in the file.
const CHUNKS_MAX: u64 = 1 << 20;

type Chunks = ((u32, u32), bool, Vec<(u64, u64)>);

/// The strips or tiles: size, whether they are tiles, and places.
fn chunks(directory: &Directory<'_>, width: u32, height: u32, planes: u16) -> Result<Chunks, Fault> {
    let file = directory.tiff().file;
    let is_tiled = directory.has(tag::TILE_OFFSETS) || directory.has(tag::TILE_WIDTH);
    let (chunk, offsets, lengths) = if is_tiled {
        (
            (side(directory, tag::TILE_WIDTH)?, side(directory, tag::TILE_HEIGHT)?),
            tag::TILE_OFFSETS,
            tag::TILE_BYTES,
        )
    } else {
        let rows = directory.integer(tag::ROWS_PER_STRIP)?.unwrap_or(u64::MAX).min(height.into()).max(1);
        ((width, u32::try_from(rows).unwrap_or(height)), tag::STRIP_OFFSETS, tag::STRIP_BYTES)
    };
    let [across, down] = [width.div_ceil(chunk.0), height.div_ceil(chunk.1)].map(u64::from);
    let count = across.saturating_mul(down).saturating_mul(planes.into());
    if count > CHUNKS_MAX {
        return Err(file.unsupported(format_args!(
            "has a page of {} strips or tiles, and {} at most are converted; save it with larger ones",
            Count(count),
            Count(CHUNKS_MAX)
        )));
    }
    let offsets = directory.integers(offsets, count)?;
    if offsets.len() as u64 != count {
        return Err(file.fault(format_args!(
            "has a page of {} strips or tiles, and says where {} of them are",
            Count(count),
            Count(offsets.len() as u64)
        )));
    }
    let mut lengths = directory.integers(lengths, count)?;
    if lengths.is_empty() && count == 1 {
        // Old files leave out the length of what lies at their end.
        lengths.push((file.bytes.len() as u64).saturating_sub(offsets[0]));
    }
    if lengths.len() as u64 != count {
        return Err(file.fault("has strips or tiles of unknown length"));
    }
    Ok((chunk, is_tiled, offsets.into_iter().zip(lengths).collect()))
}

fn density(directory: &Directory<'_>) -> Option<Density> {
    let (x, y) = (directory.fraction(tag::X_RESOLUTION), directory.fraction(tag::Y_RESOLUTION));
    let (x, y) = (x.or(y)?, y.or(x)?);
    // One dot an inch is what programs write that know of none.
    match directory.small(tag::RESOLUTION_UNIT, 2).ok()? {
        2 if x > 1.0 || y > 1.0 => Some(Density::Dpi { x, y }),
        3 => Some(Density::Dpi { x: x * 2.54, y: y * 2.54 }),
        1 => Some(Density::Aspect { x, y }),
        _ => None,
    }
}
