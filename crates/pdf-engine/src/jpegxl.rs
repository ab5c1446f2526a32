//! JPEG XL (ISO/IEC 18181): decoded whole by the `jxl-oxide` crate, a page for each frame that is shown.
//!
//! The boxes of a file are read here, so that the decoder is given its codestream and no compressed metadata to unpack.

use std::borrow::Cow;

use jxl_oxide::{
    AllocTracker, ExtraChannelType, ImageStream, InitializeResult, JxlImage, JxlThreadPool, PixelFormat,
    Render, image::BitDepth,
};
use tracing::subscriber::{NoSubscriber, with_default};

use crate::{
    Embedding, Format, Purpose,
    boxes::{Fields, each},
    decoder::guarded,
    document::{Color, Document, Space},
    embed::{Context, Shown},
    error::Fault,
    input::Input,
    metadata::exif::Exif,
    pack::{Alpha, Raster, check_held, pack},
    page::{Density, Orientation},
    spool::Spooled,
};

/// Bytes of a decoded sample: the decoder works with fractions.
const SAMPLE_BYTES: u64 = 4;
/// How often it holds each at a time, at most, while one step follows another.
const STEPS: u64 = 3;
/// What it may hold beside that, for tables and groups.
const HELD_BESIDE: u64 = 16 << 20;
/// How much of the codestream is tried first.
const FIRST_BYTES: usize = 64 << 10;

/// Brings each frame of a JPEG XL into the document.
pub(crate) fn embed(
    input: &mut Input<'_>,
    document: &mut Document<'_>,
    context: &mut Context<'_>,
) -> Result<(), Fault> {
    let bytes = input.spool(context.limits)?;
    let file = Spooled { format: Format::JpegXl, bytes: &bytes };
    let parts = Parts::read(file)?;
    let (width, height) = size(file, &parts.codestream)?;
    context.limits.check_size(Format::JpegXl.name(), width, height)?;
    let tracker = AllocTracker::with_limit(usize::try_from(HELD_BESIDE).unwrap_or(usize::MAX));
    let mut loading = quietly(|| Loading::begin(file, &parts.codestream, tracker.clone()))?;
    let samples = loading.samples();
    let decoded = u64::from(width) * u64::from(height) * samples * SAMPLE_BYTES;
    check_held(decoded, context.limits, "the JPEG XL")?;
    let held = decoded.saturating_mul(STEPS).saturating_add(HELD_BESIDE);
    context.limits.memory.hold(Purpose::Samples, held)?;
    tracker.expand_limit(usize::try_from(held - HELD_BESIDE).unwrap_or(usize::MAX));
    quietly(|| loading.feed(file, held))?;
    let Loading { image, .. } = loading;

    let metadata = &image.image_header().metadata;
    let format = image.pixel_format();
    let space = match format {
        PixelFormat::Gray | PixelFormat::Graya => Space::Gray,
        PixelFormat::Rgb | PixelFormat::Rgba => Space::Rgb,
        PixelFormat::Cmyk | PixelFormat::Cmyka => {
            return Err(file.unsupported("has inks (CMYK), which are not converted; save it as TIFF or JPEG"));
        }
    };
    let bits = match metadata.bit_depth {
        BitDepth::IntegerSample { bits_per_sample: ..=8 } => 8,
        BitDepth::IntegerSample { .. } => 16,
        BitDepth::FloatSample { .. } => {
            context.warn("the samples are fractions, and are kept in 16 bits");
            16
        }
    };
    let premultiplied = metadata
        .ec_info
        .iter()
        .any(|channel| matches!(channel.ty, ExtraChannelType::Alpha { alpha_associated: true }));
    let has_alpha = format.has_alpha();
    let mut color = Color::device(space);
    // Those of sRGB need no profile.
    if image.rendered_cicp() != Some([1, 13, 0, 1]) {
        let profile = quietly(|| Ok(image.rendered_icc()))?;
        color.profile = context.profile(document, Format::JpegXl, &profile, space)?;
    }
    let (width, height) = (image.width(), image.height());
    for frame in 0..image.num_loaded_keyframes() {
        if !context.wants_frame(Format::JpegXl)? {
            break;
        }
        context.check_decoded(Format::JpegXl, width, height)?;
        if input.cancel().is_cancelled() {
            return Err(Fault::Cancelled);
        }
        let render =
            quietly(|| image.render_frame(frame).map_err(|error| fault(file, held, error.as_ref())))?;
        let shows_alpha = has_alpha && !is_opaque(&render, width, height);
        let alpha = if shows_alpha { Alpha::Channel { premultiplied } } else { Alpha::None };
        let raster = Raster { width, height, bits, color, inverted: false, alpha };
        let embedded = pack(document, context, &raster, |rows| {
            let mut stream = if shows_alpha { render.stream() } else { render.stream_no_alpha() };
            let mut row = vec![0; raster.row_bytes()];
            let mut wide = vec![0_u16; row.len() / 2];
            for _ in 0..height {
                if bits == 8 {
                    stream.write_to_buffer(&mut row);
                } else {
                    stream.write_to_buffer(&mut wide);
                    for (bytes, sample) in row.chunks_exact_mut(2).zip(&wide) {
                        bytes.copy_from_slice(&sample.to_be_bytes());
                    }
                }
                rows.write(&row)?;
            }
            Ok(())
        })?;
        let shown = Shown {
            image: embedded,
            format: Format::JpegXl,
            width,
            height,
            bits_per_sample: bits,
            densities: &[parts.density],
            // The decoder has turned it.
            orientation: Orientation::default(),
            embedding: Embedding::Packed,
            transparency: shows_alpha,
        };
        context.show(document, &shown)?;
    }
    if context.pages.is_empty() {
        return Err(file.fault("has no frame that is shown"));
    }
    Ok(())
}

/// Runs the decoder, whose panics are errors, and whose log is nobody's.
fn quietly<T>(decode: impl FnOnce() -> Result<T, Fault>) -> Result<T, Fault> {
    with_default(NoSubscriber::default(), || guarded("JPEG XL", decode))
}

/// An image whose own header was read, and what comes behind that part of the codestream.
struct Loading<'s> {
    image: JxlImage,
    rest: &'s [u8],
}

impl<'s> Loading<'s> {
    /// Reads the header of the image.
    fn begin(file: Spooled<'_>, codestream: &'s [u8], tracker: AllocTracker) -> Result<Self, Fault> {
        let fault = |error: Problem| fault(file, HELD_BESIDE, error.as_ref());
        let mut waiting =
            JxlImage::builder().pool(JxlThreadPool::none()).alloc_tracker(tracker).build_uninit();
        let (mut fed, mut next) = (0, FIRST_BYTES);
        loop {
            let end = next.min(codestream.len());
            waiting.feed_bytes(&codestream[fed..end]).map_err(fault)?;
            fed = end;
            match waiting.try_init().map_err(fault)? {
                InitializeResult::Initialized(image) => return Ok(Self { image, rest: &codestream[fed..] }),
                InitializeResult::NeedMoreData(more) if fed < codestream.len() => waiting = more,
                InitializeResult::NeedMoreData(_) => return Err(file.fault("ends within its headers")),
            }
            next = next.saturating_mul(2);
        }
    }

    /// Samples of a pixel, with those that are not shown.
    fn samples(&self) -> u64 {
        let metadata = &self.image.image_header().metadata;
        let colors = if metadata.grayscale() && !metadata.xyb_encoded { 1 } else { 3 };
        colors + metadata.ec_info.len() as u64
    }

    /// Reads the frames' headers; the codestream must be whole.
    fn feed(&mut self, file: Spooled<'_>, held: u64) -> Result<(), Fault> {
        self.image.feed_bytes(self.rest).map_err(|error| fault(file, held, error.as_ref()))?;
        if self.image.is_loading_done() {
            return Ok(());
        }
        Err(file.fault("ends before its last frame does"))
    }
}

/// What the decoder's errors are.
type Problem = Box<dyn std::error::Error + Send + Sync>;

/// Whether nothing is let through.
fn is_opaque(render: &Render, width: u32, height: u32) -> bool {
    let mut stream: ImageStream<'_> = render.stream();
    let channels = stream.channels() as usize;
    let mut row = vec![0_u16; width as usize * channels];
    (0..height).all(|_| {
        stream.write_to_buffer(&mut row);
        row.chunks_exact(channels).all(|pixel| pixel.last() == Some(&u16::MAX))
    })
}

/// What a file consists of.
struct Parts<'s> {
    codestream: Cow<'s, [u8]>,
    density: Option<Density>,
}

impl<'s> Parts<'s> {
    fn read(file: Spooled<'s>) -> Result<Self, Fault> {
        if file.bytes.starts_with(&[0xff, 0x0a]) {
            return Ok(Self { codestream: Cow::Borrowed(file.bytes), density: None });
        }
        let mut whole: Option<&'s [u8]> = None;
        let mut pieces = Vec::new();
        let (mut count, mut ended) = (0, false);
        let mut density = None;
        each(file, 0, file.bytes.len() as u64, |kind, start, end| {
            match &kind {
                b"jxlc" if whole.is_none() && count == 0 => {
                    whole = Some(file.slice(start, end - start, "codestream")?);
                }
                b"jxlp" if whole.is_none() && !ended => {
                    let mut fields = Fields::new(file, "jxlp", start, end);
                    let number = fields.u32()?;
                    if number & 0x7fff_ffff != count {
                        return Err(file.fault("has the pieces of its codestream in another order"));
                    }
                    pieces.extend_from_slice(fields.rest()?);
                    (count, ended) = (count + 1, number > 0x7fff_ffff);
                }
                b"jxlc" | b"jxlp" => return Err(file.fault("has more than one codestream")),
                b"Exif" => {
                    let exif = file.slice(start, end - start, "Exif data")?;
                    density = density.or_else(|| exif_density(exif));
                }
                _ => {}
            }
            Ok(())
        })?;
        match whole {
            Some(codestream) => Ok(Self { codestream: Cow::Borrowed(codestream), density }),
            None if ended => Ok(Self { codestream: Cow::Owned(pieces), density }),
            None => Err(file.fault("ends before its codestream does")),
        }
    }
}

/// What Exif says of the density; the codestream says how the image is turned.
fn exif_density(data: &[u8]) -> Option<Density> {
    let (offset, data) = data.split_first_chunk()?;
    Exif::parse(data.get(u32::from_be_bytes(*offset) as usize..)?)?.density
}

/// Width and height, as stored: ISO/IEC 18181-1, D.2. Known before the decoder begins.
fn size(file: Spooled<'_>, codestream: &[u8]) -> Result<(u32, u32), Fault> {
    let head = codestream.strip_prefix(&[0xff, 0x0a]).ok_or_else(|| file.fault("has no codestream in it"))?;
    let mut bits = Bits { bytes: head, at: 0 };
    bits.size().ok_or_else(|| file.fault("ends within its headers"))
}

/// Bits, the low ones of each byte first.
struct Bits<'s> {
    bytes: &'s [u8],
    at: usize,
}

impl Bits<'_> {
    fn take(&mut self, count: u32) -> Option<u32> {
        (0..count).try_fold(0, |number, place| {
            let bit = self.bytes.get(self.at / 8)? >> (self.at % 8) & 1;
            self.at += 1;
            Some(number | u32::from(bit) << place)
        })
    }

    fn side(&mut self, small: bool) -> Option<u32> {
        if small {
            return Some((self.take(5)? + 1) * 8);
        }
        let count = [9, 13, 18, 30][self.take(2)? as usize];
        Some(self.take(count)? + 1)
    }

    fn size(&mut self) -> Option<(u32, u32)> {
        let small = self.take(1)? == 1;
        let height = self.side(small)?;
        let of_height = |above: u32, below: u32| {
            u32::try_from(u64::from(height) * u64::from(above) / u64::from(below)).ok()
        };
        // The width follows, or it is told by the height.
        let width = match self.take(3)? {
            0 => self.side(small),
            1 => Some(height),
            2 => of_height(12, 10),
            3 => of_height(4, 3),
            4 => of_height(3, 2),
            5 => of_height(16, 9),
            6 => of_height(5, 4),
            _ => of_height(2, 1),
        };
        Some((width?, height))
    }
}

fn fault(file: Spooled<'_>, held: u64, error: &(dyn std::error::Error + 'static)) -> Fault {
    // The decoder's own kind of error is not to be had by name.
    let mut causes = std::iter::successors(Some(error), |error| error.source());
    if causes.any(|cause| cause.to_string().starts_with("failed to allocate")) {
        let what = "the JPEG XL needs more memory than its size lets expect: its decoder";
        return Fault::too_large("decoded_bytes_max", held, what);
    }
    file.fault(format_args!("is damaged: {error}"))
}
