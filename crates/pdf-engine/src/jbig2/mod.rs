//! JBIG2 (ITU-T T.88), copied into `/JBIG2Decode`: a page for each page of the file.
//!
//! PDF wants the segments of a page without the file's header, and those that belong to no page apart. The chain
//! of segments is checked, and their content as far as [`check`] says.

mod check;
mod content;

use check::{Checker, Size};

use crate::{
    Embedding, Format,
    document::{Color, Document, Encoding, Image, Ref, Space, Transparency},
    embed::{Context, Shown},
    error::{Count, Fault},
    input::Input,
    page::{Density, Orientation},
    spool::Spooled,
};

/// What segments are: T.88, section 7.3. A region that others refine has the number here; one that is put on the page
/// has this and 2, or 3 where it is said to be lossless.
struct Kind;

impl Kind {
    const SYMBOLS: u8 = 0;
    const TEXT: u8 = 4;
    const PATTERNS: u8 = 16;
    const HALFTONE: u8 = 20;
    const GENERIC: u8 = 36;
    const REFINEMENT: u8 = 40;
    const PAGE_INFORMATION: u8 = 48;
    const END_OF_PAGE: u8 = 49;
    const END_OF_STRIPE: u8 = 50;
    const END_OF_FILE: u8 = 51;
    const PROFILES: u8 = 52;
    const TABLES: u8 = 53;
    const PALETTE: u8 = 54;
    const EXTENSION: u8 = 62;
}

/// Ten thousand pages have these, at 26 a page. An empty one takes eleven bytes of a file, and several times as much in memory.
const SEGMENTS_MAX: usize = 1 << 18;
/// A height, or a length, that is told later.
const UNKNOWN: u32 = u32::MAX;

/// Copies each page of a JBIG2 file into the document.
pub(crate) fn embed(
    input: &mut Input<'_>,
    document: &mut Document<'_>,
    context: &mut Context<'_>,
) -> Result<(), Fault> {
    let bytes = input.spool(context.limits)?;
    let file = Spooled { format: Format::Jbig2, bytes: &bytes };
    let mut segments = read_segments(file)?;
    // Those of a page stay in their order.
    segments.sort_by_key(|segment| segment.page);
    let (shared, paged) = segments.split_at(segments.partition_point(|segment| segment.page == 0));
    if paged.is_empty() {
        return Err(file.fault("has no page in it"));
    }
    check_pages(file, paged)?;
    let mut checker = Checker::new(file, context.limits, shared)?;
    let globals = write_globals(file, shared, document)?;
    for segments in paged.chunk_by(|one, next| one.page == next.page) {
        if !context.wants_frame(Format::Jbig2)? {
            break;
        }
        embed_page(file, segments, globals, &mut checker, document, context)?;
    }
    Ok(())
}

/// Checks that all pages are there, each to its end: the file may be cut between two segments.
fn check_pages(file: Spooled<'_>, paged: &[Segment]) -> Result<(), Fault> {
    let pages = paged.chunk_by(|one, next| one.page == next.page);
    let count = pages.clone().count() as u64;
    let [flags] = file.array(8, "header")?;
    if flags & 2 == 0 {
        let claimed = u32::from_be_bytes(file.array(9, "header")?);
        if u64::from(claimed) != count {
            let claimed = Count(claimed.into());
            return Err(
                file.fault(format_args!("says that it has {claimed} pages, and has {}", Count(count)))
            );
        }
    }
    for page in pages {
        if page.iter().all(|segment| segment.kind != Kind::END_OF_PAGE) {
            return Err(file.fault(format_args!("has a page {} without an end", Count(page[0].page.into()))));
        }
    }
    Ok(())
}

/// A segment's place: T.88, section 7.2.
struct Segment {
    number: u32,
    kind: u8,
    /// Where the numbers of those that it refers to stand, how many they are, and the bytes of each.
    references: (u64, u64, u64),
    /// 0 where it belongs to all.
    page: u32,
    /// Where the header begins, where its page number stands, and where it ends.
    header: (u64, u64, u64),
    page_bytes: u64,
    /// Where the content lies.
    data: (u64, u64),
}

/// Reads the headers of all segments, which stand before their contents or before all contents.
fn read_segments(file: Spooled<'_>) -> Result<Vec<Segment>, Fault> {
    let [flags] = file.array(8, "header")?;
    let mut at = if flags & 2 == 0 { 13 } else { 9 };
    let sequential = flags & 1 == 1;
    let end = file.bytes.len() as u64;
    let mut segments = Vec::new();
    while at < end {
        let mut segment = Segment::read(file, at)?;
        at = segment.header.2;
        if sequential {
            segment.data.0 = at;
            at += segment.data.1;
            file.slice(segment.data.0, segment.data.1, "segment")?;
        }
        if segment.kind == Kind::END_OF_FILE {
            break;
        }
        if segments.len() == SEGMENTS_MAX {
            let max = Count(SEGMENTS_MAX as u64);
            return Err(file.unsupported(format_args!("has more than {max} segments; save its pages apart")));
        }
        segments.push(segment);
    }
    if !sequential {
        for segment in &mut segments {
            segment.data.0 = at;
            file.slice(at, segment.data.1, "segment")?;
            at += segment.data.1;
        }
    }
    Ok(segments)
}

impl Segment {
    fn read(file: Spooled<'_>, start: u64) -> Result<Self, Fault> {
        let what = "segment";
        let number = u32::from_be_bytes(file.array(start, what)?);
        let [flags, count] = file.array(start + 4, what)?;
        // Up to four are counted in three bits; a long form has the count in 29 and a bit for each.
        let (count, mut at) = match count >> 5 {
            5 | 6 => return Err(file.fault("has a segment that tells in no known way what it refers to")),
            7 => {
                let count = u32::from_be_bytes(file.array(start + 5, what)?) & 0x1fff_ffff;
                (u64::from(count), start + 9 + (u64::from(count) + 1).div_ceil(8))
            }
            count => (count.into(), start + 6),
        };
        let each = match number {
            0..=256 => 1,
            257..=65_536 => 2,
            _ => 4,
        };
        let references = (at, count, each);
        at += count * each;
        let page_bytes = if flags & 0x40 != 0 { 4 } else { 1 };
        let page = match file.slice(at, page_bytes, what)? {
            [page] => u32::from(*page),
            bytes => bytes.try_into().map_or(0, u32::from_be_bytes),
        };
        let length = u32::from_be_bytes(file.array(at + page_bytes, what)?);
        if length == UNKNOWN {
            return Err(file.unsupported("has a segment that does not tell its length; save it anew"));
        }
        let end = at + page_bytes + 4;
        Ok(Self {
            number,
            kind: flags & 63,
            references,
            page,
            header: (start, at, end),
            page_bytes,
            data: (0, length.into()),
        })
    }

    /// The segment as PDF wants it: of page 1, or of none.
    fn bytes(&self, file: Spooled<'_>) -> Result<Vec<u8>, Fault> {
        let (start, page_at, end) = self.header;
        let mut bytes = file.slice(start, end - start, "segment")?.to_vec();
        let place = usize::try_from(page_at - start).unwrap_or(0);
        let page = u32::from(self.page > 0).to_be_bytes();
        let page = &page[4 - usize::try_from(self.page_bytes).unwrap_or(4)..];
        bytes[place..place + page.len()].copy_from_slice(page);
        bytes.extend_from_slice(file.slice(self.data.0, self.data.1, "segment")?);
        Ok(bytes)
    }
}

/// Writes the segments that belong to no page, where there are some to write.
fn write_globals(
    file: Spooled<'_>,
    segments: &[Segment],
    document: &mut Document<'_>,
) -> Result<Option<Ref>, Fault> {
    let mut bytes = Vec::new();
    for segment in segments {
        bytes.extend(segment.bytes(file)?);
    }
    if bytes.is_empty() { Ok(None) } else { document.data(&bytes).map(Some) }
}

fn embed_page(
    file: Spooled<'_>,
    segments: &[Segment],
    globals: Option<Ref>,
    checker: &mut Checker<'_>,
    document: &mut Document<'_>,
    context: &mut Context<'_>,
) -> Result<(), Fault> {
    let Some(information) = segments.first().filter(|segment| segment.kind == Kind::PAGE_INFORMATION) else {
        return Err(file.fault("has a page that does not begin with its size"));
    };
    let long = |offset: u64| file.array(information.data.0 + offset, "page").map(u32::from_be_bytes);
    let (width, mut height) = (long(0)?, long(4)?);
    if height == UNKNOWN {
        // Each stripe ends with the number of its last row.
        let last = segments.iter().rfind(|segment| segment.kind == Kind::END_OF_STRIPE);
        let Some(last) = last else { return Err(file.fault("does not tell the height of a page")) };
        height = u32::from_be_bytes(file.array(last.data.0, "stripe")?).saturating_add(1);
    }
    if width == 0 || height == 0 {
        return Err(file.fault("claims an image without pixels"));
    }
    if !segments.iter().any(|segment| matches!(segment.kind, 4..=43)) {
        let number = Count(information.number.into());
        return Err(file.fault(format_args!("has a page, of segment {number}, with nothing on it")));
    }
    context.limits.check_size(Format::Jbig2.name(), width, height)?;
    checker.check_page(segments, Size { width, height })?;
    let image = Image {
        width,
        height,
        bits_per_sample: 1,
        color: Color::device(Space::Gray),
        encoding: Encoding::Jbig2 { globals },
        inverted: false,
        transparency: Transparency::Opaque,
        matte: None,
    };
    let name = document.reserve();
    let mut stream = document.image(name, &image)?;
    for segment in segments.iter().filter(|segment| segment.kind != Kind::END_OF_PAGE) {
        stream.write(&segment.bytes(file)?)?;
    }
    stream.finish()?;
    let density = density([long(8)?, long(12)?]);
    let shown = Shown {
        image: name,
        format: Format::Jbig2,
        width,
        height,
        bits_per_sample: 1,
        densities: &[density],
        orientation: Orientation::default(),
        embedding: Embedding::Copied,
        transparency: false,
    };
    context.show(document, &shown)
}

/// The density that two numbers tell: dots a metre. The encoder that most programs use writes dots an inch, which
/// as dots a metre would be coarser than any screen.
fn density(numbers: [u32; 2]) -> Option<Density> {
    const PER_METRE_MIN: u32 = 1200;
    let unit = if numbers.iter().all(|number| *number < PER_METRE_MIN) { 1.0 } else { 0.0254 };
    let [x, y] = numbers.map(|number| f64::from(number) * unit);
    (x > 0.0 && y > 0.0).then_some(Density::Dpi { x, y })
}
