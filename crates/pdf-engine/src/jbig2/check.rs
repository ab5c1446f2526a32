//! Whether a PDF reader can decode what is copied: what segments refer to, and their coded content.
//!
//! Generic, refinement and halftone regions are decoded, for their headers tell beforehand what that costs. Symbols tell
//! their sizes only while they are decoded, so that a few bytes could make any number of pixels: of symbol
//! dictionaries and text regions no more than the headers are checked.

use hayro_jbig2::{DecodeSettings, Decoder, Globals, Page};

use super::{
    Kind, Segment,
    content::{Content, name},
};
use crate::{
    Limits,
    decoder::guarded,
    error::{Count, Fault},
    memory::Purpose,
    spool::Spooled,
};

/// The longest side that `PDFium` decodes, and so Chromium; the decoder here as well.
const SIDE_PIXELS_MAX: u32 = 65_535;
/// Pixels that each byte of a file may make, beside those that any file may: pages of text have a few hundred, and
/// what Deflate makes of a byte is of this size too.
const PIXELS_PER_BYTE: u64 = 1024;

/// Checks the pages of one file.
pub(super) struct Checker<'f> {
    file: Spooled<'f>,
    limits: &'f Limits,
    globals: &'f [Segment],
    decoded: Option<Globals>,
    /// Bytes that are held as long as the file.
    held: u64,
    pixels: u64,
}

/// The size of a page, for the regions on it.
#[derive(Clone, Copy)]
pub(super) struct Size {
    pub(super) width: u32,
    pub(super) height: u32,
}

impl<'f> Checker<'f> {
    /// Checks what belongs to no page; `globals` are in the file's order.
    pub(super) fn new(file: Spooled<'f>, limits: &'f Limits, globals: &'f [Segment]) -> Result<Self, Fault> {
        let mut checker = Self { file, limits, globals, decoded: None, held: 0, pixels: 0 };
        check_order(file, globals)?;
        let mut cost = Cost::default();
        let mut bytes = Vec::new();
        for segment in globals {
            let belongs = matches!(
                segment.kind,
                Kind::SYMBOLS
                    | Kind::PATTERNS
                    | Kind::TABLES
                    | Kind::PROFILES
                    | Kind::PALETTE
                    | Kind::EXTENSION
            );
            if !belongs {
                return Err(
                    file.fault(format_args!("has a segment {} that belongs to no page", name(segment)))
                );
            }
            checker.check_segment(segment, &[], None, &mut cost)?;
            if segment.kind == Kind::PATTERNS {
                bytes.extend(segment.bytes(file)?);
            }
        }
        cost.bytes += bytes.len() as u64;
        checker.spend(&cost)?;
        checker.held = cost.bytes;
        if !bytes.is_empty() {
            let result = guarded("JBIG2", || Ok(Globals::new(&bytes, &SETTINGS)))?;
            checker.decoded = Some(result.map_err(|error| damaged(file, error))?);
        }
        Ok(checker)
    }

    /// Checks a page of this size, which `segments` make, in the file's order.
    pub(super) fn check_page(&mut self, segments: &[Segment], size: Size) -> Result<(), Fault> {
        if size.width.max(size.height) > SIDE_PIXELS_MAX {
            let max = Count(SIDE_PIXELS_MAX.into());
            return Err(self.file.unsupported(format_args!(
                "has a side of more than {max} pixels, and PDF readers decode none that long"
            )));
        }
        check_order(self.file, segments)?;
        let mut cost = Cost { bytes: bitmap_bytes(size), ..Cost::default() };
        let mut bytes = Vec::new();
        // Segments that are not decoded, and what refers to them.
        let mut left_out: Vec<u32> = Vec::new();
        for segment in segments {
            self.check_segment(segment, segments, Some(size), &mut cost)?;
            let misses =
                references(self.file, segment)?.any(|number| left_out.binary_search(&number).is_ok());
            if misses || !is_decoded(segment.kind) {
                left_out.push(segment.number);
            } else {
                bytes.extend(segment.bytes(self.file)?);
            }
        }
        cost.bytes += bytes.len() as u64;
        self.spend(&cost)?;
        let decoded = self.decoded.as_ref();
        let result = guarded("JBIG2", || {
            Ok(Page::new_embedded(&bytes, decoded, &SETTINGS).and_then(|page| page.decode(&mut Unseen)))
        })?;
        result.map_err(|error| damaged(self.file, error))
    }

    /// Tests what decoding takes before it is taken.
    fn spend(&mut self, cost: &Cost) -> Result<(), Fault> {
        let bytes = self.held.saturating_add(cost.bytes).saturating_add(cost.once);
        let max = self.limits.decoded_bytes_max;
        if bytes > max {
            let what = format_args!("the JBIG2 takes {} bytes of memory to check, which", Count(bytes));
            return Err(Fault::too_large("decoded_bytes_max", max, what));
        }
        self.pixels = self.pixels.saturating_add(cost.pixels);
        let earned = PIXELS_PER_BYTE.saturating_mul(self.file.bytes.len() as u64);
        let max = self.limits.decoded_pixels_max.saturating_add(earned);
        if self.pixels > max {
            let what = format_args!("the JBIG2 has {} pixels to decode, which", Count(self.pixels));
            return Err(Fault::too_large("decoded_pixels_max", max, what));
        }
        self.limits.memory.hold(Purpose::Samples, bytes)
    }

    /// Checks what a segment refers to and the header of its content, and adds what decoding it takes.
    fn check_segment(
        &self,
        segment: &Segment,
        paged: &[Segment],
        size: Option<Size>,
        cost: &mut Cost,
    ) -> Result<(), Fault> {
        let (mut dictionaries, mut symbols, mut tables) = (0_u32, 0_u64, 0_u32);
        let (mut patterns, mut regions) = (None, 0_u32);
        for number in references(self.file, segment)? {
            let find =
                |segments: &[Segment]| segments.binary_search_by_key(&number, |segment| segment.number).ok();
            let target = find(paged).map(|at| &paged[at]);
            let target = target.or_else(|| find(self.globals).map(|at| &self.globals[at]));
            let Some(target) = target.filter(|target| target.number < segment.number) else {
                return Err(self.file.fault(format_args!(
                    "has a segment {} that refers to segment {}, which does not come before it",
                    name(segment),
                    Count(number.into())
                )));
            };
            match target.kind {
                Kind::SYMBOLS => {
                    dictionaries += 1;
                    symbols += u64::from(Content::new(self.file, target, 0).symbols()?.exported);
                }
                Kind::TABLES => tables += 1,
                Kind::PATTERNS => patterns = Some(target),
                Kind::TEXT | Kind::HALFTONE | Kind::GENERIC | Kind::REFINEMENT => regions += 1,
                _ => {}
            }
            cost.bytes += 4;
        }
        let region = match size.filter(|_| is_region(segment.kind)) {
            Some(size) => Some(self.check_region(segment, size)?),
            None => None,
        };
        let misses =
            |what| Err(self.file.fault(format_args!("has a segment {} without {what}", name(segment))));
        let mut content = Content::new(self.file, segment, if region.is_some() { 17 } else { 0 });
        match segment.kind {
            Kind::SYMBOLS => content.check_symbols(symbols, tables)?,
            Kind::TEXT..=7 => {
                if dictionaries == 0 {
                    return misses("the symbols that it shows");
                }
                content.check_text(symbols, tables)?;
            }
            Kind::PATTERNS => {
                let (size, count) = content.patterns()?;
                let one = bitmap_bytes(size) + 64 + 256 * u64::from(size.height);
                cost.bytes = cost.bytes.saturating_add(count.saturating_mul(one));
                cost.pixels = cost.pixels.saturating_add(pixels(size).saturating_mul(count));
            }
            Kind::HALFTONE..=23 => {
                let Some(patterns) = patterns else { return misses("the patterns that it shows") };
                let (size, count) = Content::new(self.file, patterns, 0).patterns()?;
                let cells = content.cells()?;
                let planes = u64::from(count.next_power_of_two().trailing_zeros());
                let each = planes + u64::from(size.height) * u64::from(size.width.div_ceil(32));
                cost.pixels = cost.pixels.saturating_add(cells.saturating_mul(each));
                // A number for each, and three planes of a bit.
                cost.once = cost.once.max(cells.saturating_mul(5));
            }
            Kind::REFINEMENT if regions == 0 => return misses("the region that it refines"),
            _ => {}
        }
        if let Some(region) = region {
            cost.pixels = cost.pixels.saturating_add(pixels(region));
            let bytes = bitmap_bytes(region);
            if matches!(segment.kind, Kind::HALFTONE | Kind::GENERIC | Kind::REFINEMENT) {
                // Kept until the page is done.
                cost.bytes = cost.bytes.saturating_add(bytes);
            } else if is_decoded(segment.kind) {
                // Put on the page after it is decoded; one that refines the page takes a copy of that.
                let copies = 1 + u64::from(segment.kind > Kind::REFINEMENT);
                cost.once = cost.once.max(bytes.saturating_mul(copies));
            }
        }
        Ok(())
    }

    /// The size of a region, which must lie on its page: T.88, section 7.4.1.
    fn check_region(&self, segment: &Segment, page: Size) -> Result<Size, Fault> {
        let long = |at: u64| self.file.array(segment.data.0 + at, "region").map(u32::from_be_bytes);
        if segment.data.1 < 17 {
            return Err(self.file.fault(format_args!("has a segment {} that is too short", name(segment))));
        }
        let (size, x, y) = (Size { width: long(0)?, height: long(4)? }, long(8)?, long(12)?);
        let fits = |from: u32, length: u32, all: u32| from.checked_add(length).is_some_and(|end| end <= all);
        if size.width == 0 || size.height == 0 {
            return Err(self.file.fault(format_args!("has a segment {} without pixels", name(segment))));
        }
        if !fits(x, size.width, page.width) || !fits(y, size.height, page.height) {
            return Err(self.file.fault(format_args!(
                "has a segment {} of {} × {} pixels at {}, {}, which is not on its page of {} × {}",
                name(segment),
                Count(size.width.into()),
                Count(size.height.into()),
                Count(x.into()),
                Count(y.into()),
                Count(page.width.into()),
                Count(page.height.into())
            )));
        }
        Ok(size)
    }
}

const SETTINGS: DecodeSettings = DecodeSettings { strict: true };

/// What decoding takes.
#[derive(Default)]
struct Cost {
    /// Bytes that stay.
    bytes: u64,
    /// Bytes that one segment takes beside, at most.
    once: u64,
    pixels: u64,
}

/// Takes decoded pixels and does not look at them.
struct Unseen;

impl Decoder for Unseen {
    fn push_pixel(&mut self, _: bool) {}

    fn push_pixel_chunk(&mut self, _: bool, _: u32) {}

    fn next_line(&mut self) {}
}

/// Whether the numbers of segments rise, as decoders find them by that.
fn check_order(file: Spooled<'_>, segments: &[Segment]) -> Result<(), Fault> {
    match segments.windows(2).find(|pair| pair[0].number >= pair[1].number) {
        Some(pair) => Err(file.fault(format_args!(
            "has a segment {} behind one of number {}",
            name(&pair[1]),
            Count(pair[0].number.into())
        ))),
        None => Ok(()),
    }
}

/// The numbers of the segments that one refers to.
fn references<'f>(
    file: Spooled<'f>,
    segment: &Segment,
) -> Result<impl Iterator<Item = u32> + use<'f>, Fault> {
    let (at, count, each) = segment.references;
    let bytes = file.slice(at, count * each, "segment")?;
    let number = |bytes: &[u8]| bytes.iter().fold(0, |number, byte| number << 8 | u32::from(*byte));
    Ok(bytes.chunks_exact(usize::try_from(each).unwrap_or(1)).map(number))
}

fn is_region(kind: u8) -> bool {
    matches!(kind, 4 | 6 | 7 | 20 | 22 | 23 | 36 | 38 | 39 | 40 | 42 | 43)
}

/// Whether the content is decoded; the end of a page says nothing, and is not copied either.
fn is_decoded(kind: u8) -> bool {
    !matches!(kind, 0..=7 | Kind::TABLES | Kind::END_OF_PAGE)
}

fn pixels(size: Size) -> u64 {
    u64::from(size.width) * u64::from(size.height)
}

fn bitmap_bytes(size: Size) -> u64 {
    u64::from(size.width.div_ceil(32)) * 4 * u64::from(size.height)
}

fn damaged(file: Spooled<'_>, error: hayro_jbig2::DecodeError) -> Fault {
    match error {
        hayro_jbig2::DecodeError::Unsupported => file.unsupported(
            "has content that PDF readers do not decode: colours, or extensions of a later edition",
        ),
        error => file.fault(format_args!("is damaged: {error}")),
    }
}
