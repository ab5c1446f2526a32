//! Small images of the formats that are decoded, written by hand.

/// A gray BMP of 8 bits, rows from the bottom.
pub(crate) fn bmp(width: u32, height: u32) -> Vec<u8> {
    let row_bytes = width.next_multiple_of(4);
    let palette: Vec<u8> = (0..=255).flat_map(|gray| [gray, gray, gray, 0]).collect();
    let start = 14 + 40 + palette.len() as u32;
    let mut bytes = b"BM".to_vec();
    for number in [start + row_bytes * height, 0, start, 40, width, height, 1 | 8 << 16, 0, 0, 0, 0, 0, 0] {
        bytes.extend(number.to_le_bytes());
    }
    bytes.extend(palette);
    for y in 0..height {
        bytes.extend((0..row_bytes).map(|x| (x * 7 + y * 31) as u8));
    }
    bytes
}

/// A TGA of 24 bits, rows from the top.
pub(crate) fn tga(width: u16, height: u16) -> Vec<u8> {
    let mut bytes = vec![0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    bytes.extend([width.to_le_bytes(), height.to_le_bytes()].concat());
    bytes.extend([24, 0x20]);
    bytes.extend((0..usize::from(width) * usize::from(height) * 3).map(|at| (at * 5) as u8));
    bytes
}

/// Gray PGMs, one behind the other.
pub(crate) fn pgm(width: usize, height: usize, frames: usize) -> Vec<u8> {
    let frame = |number: usize| {
        let mut bytes = format!("P5\n# made here\n{width} {height}\n255\n").into_bytes();
        bytes.extend((0..width * height).map(|at| (at * 3 + number) as u8));
        bytes
    };
    (0..frames).flat_map(frame).collect()
}

/// A QOI whose pixels stand as they are.
pub(crate) fn qoi(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = b"qoif".to_vec();
    bytes.extend([width.to_be_bytes(), height.to_be_bytes()].concat());
    bytes.extend([4, 0]);
    bytes.extend((0..width * height).flat_map(|at| [0xff, at as u8, (at * 9) as u8, 7, (at * 11) as u8]));
    bytes.extend([0, 0, 0, 0, 0, 0, 0, 1]);
    bytes
}

/// A farbfeld image.
pub(crate) fn farbfeld(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = b"farbfeld".to_vec();
    bytes.extend([width.to_be_bytes(), height.to_be_bytes()].concat());
    bytes.extend((0..width * height * 4).flat_map(|at| (at as u16).wrapping_mul(4099).to_be_bytes()));
    bytes
}

/// A TIFF of gray pages of 8 bits, each in one strip, packed so that it is decoded.
pub(crate) fn tiff(width: u32, height: u32, pages: usize) -> Vec<u8> {
    let mut bytes = b"II*\0\x08\0\0\0".to_vec();
    for page in 0..pages {
        // Literal runs of PackBits, of a row each.
        let row =
            |y: u32| std::iter::once((width - 1) as u8).chain((0..width).map(move |x| (x * 7 + y) as u8));
        let strip: Vec<u8> = (0..height).flat_map(row).collect();
        let start = bytes.len() as u32;
        let strip_at = start + 2 + 9 * 12 + 4;
        let fields: [(u16, u32); 9] = [
            (256, width),
            (257, height),
            (258, 8),
            (259, 32_773),
            (262, 1),
            (273, strip_at),
            (277, 1),
            (278, height),
            (279, strip.len() as u32),
        ];
        bytes.extend((fields.len() as u16).to_le_bytes());
        for (tag, value) in fields {
            bytes.extend([tag.to_le_bytes(), 4_u16.to_le_bytes()].concat());
            bytes.extend([1_u32.to_le_bytes(), value.to_le_bytes()].concat());
        }
        let next = strip_at + strip.len() as u32;
        bytes.extend(if page + 1 < pages { next } else { 0 }.to_le_bytes());
        bytes.extend(strip);
    }
    bytes
}

/// A TIFF of one page with these fields, each a tag, a type, a count and a value, and data behind them. A value of
/// `u32::MAX` stands for the place of the data.
pub(crate) fn tiff_of(fields: &[(u16, u16, u32, u32)], data: &[u8]) -> Vec<u8> {
    let place = 8 + 2 + fields.len() as u32 * 12 + 4;
    let mut bytes = b"II*\0\x08\0\0\0".to_vec();
    bytes.extend((fields.len() as u16).to_le_bytes());
    for (tag, kind, count, value) in fields {
        let value = if *value == u32::MAX { place } else { *value };
        bytes.extend([tag.to_le_bytes(), kind.to_le_bytes()].concat());
        bytes.extend([count.to_le_bytes(), value.to_le_bytes()].concat());
    }
    bytes.extend([0; 4]);
    bytes.extend(data);
    bytes
}

/// A bare JPEG 2000 codestream of one tile, whose components have these depths (bits less one) and subsampling across
/// and down. Its packets, one a component, are empty: all samples are in the middle between the least and the greatest.
pub(crate) fn jpeg2000(width: u32, height: u32, components: &[[u8; 3]]) -> Vec<u8> {
    jpeg2000_of(
        width,
        height,
        components,
        &[(0xff52, JPEG2000_CODING), (0xff5c, JPEG2000_STEPS)],
        &[],
        &vec![0; components.len()],
    )
}

/// One layer of no decompositions in the order of layers, code-blocks of 64 × 64, without loss.
pub(crate) const JPEG2000_CODING: &[u8] = &[0, 0, 0, 1, 0, 0, 4, 4, 0, 1];
/// Two guard bits, and bands of ten bit planes.
pub(crate) const JPEG2000_STEPS: &[u8] = &[0x40, 9 << 3];

/// As [`jpeg2000`], with these segments in the header and in that of the tile-part, each a marker and a content, and
/// these packets.
pub(crate) fn jpeg2000_of(
    width: u32,
    height: u32,
    components: &[[u8; 3]],
    header: &[(u16, &[u8])],
    tile_header: &[(u16, &[u8])],
    packets: &[u8],
) -> Vec<u8> {
    let segments = |segments: &[(u16, &[u8])]| -> Vec<u8> {
        let segment = |(marker, content): &(u16, &[u8])| {
            [&marker.to_be_bytes(), &(content.len() as u16 + 2).to_be_bytes(), *content].concat()
        };
        segments.iter().flat_map(segment).collect()
    };
    let numbers = [width, height, 0, 0, width, height, 0, 0].map(u32::to_be_bytes);
    let count = (components.len() as u16).to_be_bytes();
    let size = [&[0, 0], numbers.as_flattened(), &count, components.as_flattened()].concat();
    let tile_header = segments(tile_header);
    let length = (14 + tile_header.len() + packets.len()) as u32;
    [
        b"\xff\x4f",
        segments(&[&[(0xff51, size.as_slice())], header].concat()).as_slice(),
        b"\xff\x90\0\x0a\0\0",
        &length.to_be_bytes(),
        b"\0\x01",
        &tile_header,
        b"\xff\x93",
        packets,
        b"\xff\xd9",
    ]
    .concat()
}

/// A JPEG 2000 file of this codestream, whose boxes say that its colours are of this number, and what its channels are.
pub(crate) fn jp2(codestream: &[u8], color: u8, channels: &[[u16; 3]]) -> Vec<u8> {
    let boxed = |kind: &[u8; 4], content: &[u8]| {
        [&(content.len() as u32 + 8).to_be_bytes(), kind.as_slice(), content].concat()
    };
    // Of the segment of the size: width and height, the number of components, the first one's depth.
    let size = &codestream[6..];
    let image = [&size[6..10], &size[2..6], &size[34..36], &size[36..37], &[7, 0, 0]].concat();
    let count = (channels.len() as u16).to_be_bytes();
    let entries: Vec<_> = channels.as_flattened().iter().map(|number| number.to_be_bytes()).collect();
    let channels = boxed(b"cdef", &[&count, entries.as_flattened()].concat());
    let colors = boxed(b"colr", &[1, 0, 0, 0, 0, 0, color]);
    [
        boxed(b"jP  ", b"\r\n\x87\n"),
        boxed(b"ftyp", b"jp2 \0\0\0\0jp2 "),
        boxed(b"jp2h", &[boxed(b"ihdr", &image), colors, channels].concat()),
        boxed(b"jp2c", codestream),
    ]
    .concat()
}

/// A JBIG2 of these segments, in order, each a number, a kind, a page and content; they refer to none.
/// Flag 1 says that headers and contents alternate, flag 2 that the number of pages is not told.
pub(crate) fn jbig2(flags: u8, segments: &[(u32, u8, u8, Vec<u8>)]) -> Vec<u8> {
    let segments: Vec<_> = segments
        .iter()
        .map(|(number, kind, page, content)| (*number, *kind, *page, [].as_slice(), content.clone()))
        .collect();
    jbig2_referring(flags, &segments)
}

/// A number, a kind, a page, what it refers to, and content.
pub(crate) type Jbig2Segment<'r> = (u32, u8, u8, &'r [u8], Vec<u8>);

/// As [`jbig2`], with the numbers that each segment refers to, which are below 257, before its content. Pages that are not
/// ended are ended behind all segments.
pub(crate) fn jbig2_referring(flags: u8, segments: &[Jbig2Segment<'_>]) -> Vec<u8> {
    let pages: std::collections::BTreeSet<_> = segments.iter().map(|segment| segment.2).collect();
    let last = segments.iter().map(|segment| segment.0).max().unwrap_or(0);
    let is_open = |page: &u8| *page > 0 && !segments.iter().any(|other| (other.1, other.2) == (49, *page));
    let ends: Vec<Jbig2Segment<'_>> = (last + 1..)
        .zip(pages.into_iter().filter(is_open))
        .map(|(number, page)| (number, 49, page, [].as_slice(), Vec::new()))
        .collect();
    jbig2_unended(flags, &[segments, &ends].concat())
}

/// The same with nothing behind the segments.
pub(crate) fn jbig2_unended(flags: u8, segments: &[Jbig2Segment<'_>]) -> Vec<u8> {
    let mut bytes = b"\x97JB2\r\n\x1a\n".to_vec();
    bytes.push(flags);
    if flags & 2 == 0 {
        bytes.extend(segments.iter().map(|segment| u32::from(segment.2)).max().unwrap_or(0).to_be_bytes());
    }
    let mut contents: Vec<u8> = Vec::new();
    for (number, kind, page, references, content) in segments {
        bytes.extend(number.to_be_bytes());
        bytes.extend([*kind, (references.len() as u8) << 5]);
        bytes.extend(*references);
        bytes.push(*page);
        bytes.extend((content.len() as u32).to_be_bytes());
        if flags & 1 == 1 { bytes.extend(content) } else { contents.extend(content) }
    }
    bytes.extend(contents);
    bytes
}

/// The content of a segment that begins a page.
pub(crate) fn jbig2_page(width: u32, height: u32) -> Vec<u8> {
    [width.to_be_bytes(), height.to_be_bytes(), [0; 4], [0; 4], [0; 4]].as_flattened()[..19].to_vec()
}

/// The content of a region of this size at this place: its size, and `more`, which depends on the kind.
pub(crate) fn jbig2_region(size: [u32; 2], place: [u32; 2], more: &[u8]) -> Vec<u8> {
    let numbers = [size[0], size[1], place[0], place[1]].map(u32::to_be_bytes);
    [numbers.as_flattened(), &[0], more].concat()
}

/// What follows the size of a generic region in arithmetic codes, which any bytes are.
pub(crate) const JBIG2_ARITHMETIC: &[u8] =
    &[0, 3, 0xff, 0xfd, 0xff, 2, 0xfe, 0xfe, 0xfe, 0x55, 0xaa, 0x12, 0xff, 0xac];
