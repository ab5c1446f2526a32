//! Samples that must be decoded, on their way into the PDF: filtered, compressed without loss, row by row.
//!
//! What comes in is a row of pixels as PDF orders them: samples of one pixel beside each other, the alpha last,
//! 16 bits with the high byte first, fewer than 8 packed from the high bit on. The colours leave at once; the
//! alpha becomes a soft mask, compressed on a thread of its own, which waits until the colours are done.

mod colors;
pub(crate) mod filter;
pub(crate) mod mask;
mod parts;
pub(crate) mod whole;
mod worker;

use crate::{
    Limits, Purpose,
    document::{Color, Document, Encoding, Image, Ref, Space, Transparency},
    embed::Context,
    error::{Count, Fault},
};
use filter::Filter;
use mask::Mask;
use worker::Worker;

pub(crate) use colors::Colors;
pub(crate) use parts::Parts;

/// An image of decoded samples.
pub(crate) struct Raster<'p> {
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// Bits of each sample; an alpha has as many.
    pub(crate) bits: u8,
    pub(crate) color: Color<'p>,
    /// Whether the largest sample is the darkest.
    pub(crate) inverted: bool,
    pub(crate) alpha: Alpha,
}

/// How a raster says what is let through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Alpha {
    /// Not at all.
    None,
    /// Pixels of exactly these samples are not there.
    Key(Vec<u16>),
    /// A further sample of each pixel.
    Channel {
        /// Whether the colours were multiplied by it, as on a black ground.
        premultiplied: bool,
    },
}

impl Raster<'_> {
    /// Samples of a pixel that are colours or an index.
    fn color_channels(&self) -> usize {
        usize::from(self.color.channels())
    }

    /// Bytes of a row as [`Rows::write`] takes it.
    pub(crate) fn row_bytes(&self) -> usize {
        let channels = self.color_channels() + usize::from(self.has_channel());
        (self.width as usize * channels * usize::from(self.bits)).div_ceil(8)
    }

    fn has_channel(&self) -> bool {
        matches!(self.alpha, Alpha::Channel { .. })
    }

    /// Whether some of it may be let through.
    pub(crate) fn transparency(&self) -> bool {
        self.alpha != Alpha::None
    }
}

/// Takes an image's rows from the top, all of them.
pub(crate) struct Rows<'d, 'a> {
    colors: Colors<'d, 'a>,
    filter: Filter,
    alpha: Option<(Parts, Worker)>,
    row_bytes: usize,
    left: u32,
}

/// Writes an image whose rows `fill` hands over, from the top, and its mask behind it.
pub(crate) fn pack(
    document: &mut Document<'_>,
    context: &Context<'_>,
    raster: &Raster<'_>,
    fill: impl FnOnce(&mut Rows<'_, '_>) -> Result<(), Fault>,
) -> Result<Ref, Fault> {
    let name = document.reserve();
    let mask_name = raster.has_channel().then(|| document.reserve());
    let image = Image {
        width: raster.width,
        height: raster.height,
        bits_per_sample: raster.bits,
        color: raster.color,
        encoding: Encoding::PngRows,
        inverted: raster.inverted,
        transparency: match (&raster.alpha, mask_name) {
            (Alpha::Key(samples), _) => Transparency::Key(samples.clone()),
            (_, Some(mask)) => Transparency::SoftMask(mask),
            _ => Transparency::Opaque,
        },
        matte: None,
    };
    let mut rows = Rows::new(document, context, raster, name, &image)?;
    fill(&mut rows)?;
    let mask = rows.finish()?;
    if let (Some(name), Some(Mask { bits, bytes })) = (mask_name, mask) {
        let premultiplied = raster.alpha == Alpha::Channel { premultiplied: true };
        let mask = Image {
            bits_per_sample: bits,
            color: Color::device(Space::Gray),
            inverted: false,
            transparency: Transparency::Opaque,
            matte: premultiplied.then(|| raster.color_channels()),
            ..image
        };
        let mut stream = document.image(name, &mask)?;
        stream.write(&bytes)?;
        stream.finish()?;
    }
    Ok(name)
}

impl<'d, 'a> Rows<'d, 'a> {
    fn new(
        document: &'d mut Document<'a>,
        context: &Context<'_>,
        raster: &Raster<'_>,
        name: Ref,
        image: &Image<'_>,
    ) -> Result<Self, Fault> {
        let bits = usize::from(raster.bits);
        let sample_bits = raster.color_channels() * bits;
        let color_bytes = (raster.width as usize * sample_bits).div_ceil(8);
        // Differences of indexes, and of several samples in a byte, mean nothing.
        let adaptive = bits >= 8 && raster.color.palette.is_none();
        let alpha = raster.has_channel().then(|| {
            let parts = Parts::new(raster.width, raster.color_channels(), bits / 8);
            (parts, Worker::start(raster.width, raster.height, raster.bits, context.limits))
        });
        Ok(Self {
            colors: Colors::new(document.image(name, image)?),
            filter: Filter::new(color_bytes, sample_bits.div_ceil(8), adaptive),
            alpha,
            row_bytes: raster.row_bytes(),
            left: raster.height,
        })
    }

    /// Takes the next row.
    pub(crate) fn write(&mut self, row: &[u8]) -> Result<(), Fault> {
        debug_assert_eq!(row.len(), self.row_bytes);
        self.left = self.left.saturating_sub(1);
        match &mut self.alpha {
            None => self.colors.write(self.filter.apply(row)),
            Some((parts, mask)) => {
                let (color, alpha) = parts.part(row);
                mask.write(&alpha[1..])?;
                self.colors.write(self.filter.apply(&color[1..]))
            }
        }
    }

    fn finish(self) -> Result<Option<Mask>, Fault> {
        if self.left > 0 {
            let left = Count(self.left.into());
            return Err(Fault::malformed(format!(
                "the image is not whole: its last {left} rows are missing"
            )));
        }
        self.colors.finish()?;
        self.alpha.map(|(_, mask)| mask.finish()).transpose()
    }
}

/// So many zeros, where that many bytes may be held; `what` names what needs them.
pub(crate) fn zeroed(bytes: u64, limits: &Limits, what: &str) -> Result<Vec<u8>, Fault> {
    zeroed_beside(0, bytes, limits, what)
}

/// As [`zeroed`], where so many bytes are held already.
pub(crate) fn zeroed_beside(held: u64, bytes: u64, limits: &Limits, what: &str) -> Result<Vec<u8>, Fault> {
    let all = held.saturating_add(bytes);
    check_held(all, limits, what)?;
    let too_large = || held_too_large(all, limits, what);
    let length = usize::try_from(bytes).map_err(|_| too_large())?;
    let mut samples = Vec::new();
    samples.try_reserve_exact(length).map_err(|_| too_large())?;
    samples.resize(length, 0);
    Ok(samples)
}

/// Whether so many bytes of samples may be held at once. Where several pieces are, it is asked for all of them first.
pub(crate) fn check_held(bytes: u64, limits: &Limits, what: &str) -> Result<(), Fault> {
    if bytes > limits.decoded_bytes_max {
        return Err(held_too_large(bytes, limits, what));
    }
    limits.memory.hold(Purpose::Samples, bytes)
}

fn held_too_large(bytes: u64, limits: &Limits, what: &str) -> Fault {
    let max = limits.decoded_bytes_max;
    let what =
        format_args!("{what} must be decoded whole, for which it takes {} bytes of memory: it", Count(bytes));
    Fault::too_large("decoded_bytes_max", max, what)
}
