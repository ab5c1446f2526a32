//! Files that are made to break whoever opens them.

use std::io::Write;

use flate2::{
    Compression,
    write::{GzEncoder, ZlibEncoder},
};

use super::images::{chunk, header};

pub fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

pub fn zlib(plain: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

/// So many zeros, packed without ever being there.
fn zeros(encoder: &mut impl Write, mebibytes: usize) {
    for _ in 0..mebibytes * 1024 {
        encoder.write_all(&[0; 1024]).unwrap();
    }
}

/// A PNG of 8-bit RGB with these chunks behind its header, and its end.
pub fn png(width: u32, height: u32, chunks: &[Vec<u8>]) -> Vec<u8> {
    [header(width, height, [8, 2, 0, 0, 0]), chunks.concat(), chunk(*b"IEND", &[])].concat()
}

/// A picture of 16 by 8 whose data unpack to so many MiB.
pub fn png_bomb(mebibytes: usize) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    zeros(&mut encoder, mebibytes);
    png(16, 8, &[chunk(*b"IDAT", &encoder.finish().unwrap())])
}

/// A whole picture of nothing: three or four bytes a pixel, of which as good as none is left when they are packed.
pub fn png_of_nothing(width: u32, height: u32, transparent: bool) -> Vec<u8> {
    let row_bytes = 1 + width as usize * if transparent { 4 } else { 3 };
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    for _ in 0..height {
        encoder.write_all(&vec![0; row_bytes]).unwrap();
    }
    let header = header(width, height, [8, if transparent { 6 } else { 2 }, 0, 0, 0]);
    [header, chunk(*b"IDAT", &encoder.finish().unwrap()), chunk(*b"IEND", &[])].concat()
}

/// A picture with a colour profile, or with a text, that unpacks to so many MiB.
pub fn png_with_bomb(kind: [u8; 4], mebibytes: usize) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(b"name\0\0".to_vec(), Compression::best());
    zeros(&mut encoder, mebibytes);
    let mut bytes = png_of_nothing(16, 8, false);
    // Behind the signature and the header.
    bytes.splice(33..33, chunk(kind, &encoder.finish().unwrap()));
    bytes
}

/// A PNG's start and a chunk without an end in sight, of a kind that readers skip; packed, with so many MiB of it.
pub fn gzip_bomb(mebibytes: usize) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&endless_png()).unwrap();
    zeros(&mut encoder, mebibytes);
    encoder.finish().unwrap()
}

/// What goes on for ever behind this is a comment.
pub fn endless_png() -> Vec<u8> {
    let mut start = header(16, 8, [8, 2, 0, 0, 0]);
    start.extend(0x7fff_ffff_u32.to_be_bytes());
    start.extend(b"teXt");
    start
}

/// The headers of a JPEG of this size and of its one scan, and nothing behind them.
pub fn jpeg_claiming(width: u16, height: u16) -> Vec<u8> {
    let [width, height] = [width, height].map(u16::to_be_bytes);
    let start = [0xff, 0xd8, 0xff, 0xc0, 0, 17, 8];
    let scan = [0xff, 0xda, 0, 12, 3, 1, 0, 2, 0, 3, 0, 0, 63, 0];
    [&start[..], &height, &width, &[3, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0], &scan].concat()
}

/// A progressive JPEG of so many scans, of one byte each.
pub fn jpeg_with_scans(scans: usize) -> Vec<u8> {
    let [quantisation, huffman] = [(0xdb, 64), (0xc4, 16)].map(|(marker, length)| {
        [&[0xff, marker, 0, length + 3, 0][..], &vec![1; usize::from(length)]].concat()
    });
    let codes = [0; 16];
    let frame = [0xff, 0xc2, 0, 11, 8, 0, 8, 0, 8, 1, 1, 0x11, 0];
    let scan = [0xff, 0xda, 0, 8, 1, 1, 0, 0, 0, 0, 0];
    let huffman = [&huffman[..5], &codes[..]].concat();
    [&[0xff, 0xd8][..], &quantisation, &frame, &huffman, &scan.repeat(scans), &[0xff, 0xd9]].concat()
}

/// A TIFF whose directories follow each other, each of one pixel.
pub fn tiff_with_pages(pages: u32) -> Vec<u8> {
    let directory_bytes = 2 + 8 * 12 + 4;
    let mut bytes = b"II*\0\x08\0\0\0".to_vec();
    for page in 1..=pages {
        let next = if page == pages { 0 } else { 8 + page * directory_bytes };
        bytes.extend(&tiff(&tiff_strip(1, 1, 4, 1), next)[8..]);
    }
    bytes
}

/// A GIF of one pixel that is drawn so many times.
pub fn gif_with_frames(frames: usize) -> Vec<u8> {
    let mut bytes = b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff".to_vec();
    for _ in 0..frames {
        bytes.extend(b",\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0");
    }
    bytes.push(b';');
    bytes
}

/// A little-endian TIFF with this directory, each entry as tag, type, count and value; `next` is where the following
/// directory is said to be.
pub fn tiff(entries: &[(u16, u16, u32, u32)], next: u32) -> Vec<u8> {
    let mut bytes = b"II*\0\x08\0\0\0".to_vec();
    bytes.extend(u16::try_from(entries.len()).unwrap().to_le_bytes());
    for (tag, kind, count, value) in entries {
        bytes.extend(tag.to_le_bytes());
        bytes.extend(kind.to_le_bytes());
        bytes.extend(count.to_le_bytes());
        bytes.extend(value.to_le_bytes());
    }
    bytes.extend(next.to_le_bytes());
    bytes
}

/// The directory of a gray TIFF in one strip of so many bytes at an offset.
pub fn tiff_strip(width: u32, height: u32, offset: u32, bytes: u32) -> [(u16, u16, u32, u32); 8] {
    [
        (256, 4, 1, width),
        (257, 4, 1, height),
        (258, 3, 1, 8),
        (259, 3, 1, 1),
        (262, 3, 1, 1),
        (273, 4, 1, offset),
        (278, 4, 1, height),
        (279, 4, 1, bytes),
    ]
}

/// A BMP's headers for this size and depth, its compression, and nothing behind them.
pub fn bmp_claiming(width: i32, height: i32, bits: u16, compression: u32) -> Vec<u8> {
    let mut bytes = b"BM\0\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0".to_vec();
    bytes.extend(width.to_le_bytes());
    bytes.extend(height.to_le_bytes());
    bytes.extend(1_u16.to_le_bytes());
    bytes.extend(bits.to_le_bytes());
    bytes.extend(compression.to_le_bytes());
    bytes.extend([0; 20]);
    bytes
}

/// The headers of a QOI and of a farbfeld picture of this size.
pub fn qoi_claiming(width: u32, height: u32) -> Vec<u8> {
    [&b"qoif"[..], &width.to_be_bytes(), &height.to_be_bytes(), &[3, 0]].concat()
}

pub fn farbfeld_claiming(width: u32, height: u32) -> Vec<u8> {
    [&b"farbfeld"[..], &width.to_be_bytes(), &height.to_be_bytes()].concat()
}

/// A WebP file whose one chunk says that the canvas has this size.
pub fn webp_claiming(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = b"RIFF\x16\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0".to_vec();
    for side in [width - 1, height - 1] {
        bytes.extend(&side.to_le_bytes()[..3]);
    }
    bytes
}

/// An icon whose directory has so many entries, each of them the directory itself.
pub fn ico_of_itself(entries: u16) -> Vec<u8> {
    let mut bytes = [&[0, 0, 1, 0][..], &entries.to_le_bytes()].concat();
    for _ in 0..entries {
        bytes.extend([0, 0, 0, 0, 1, 0, 32, 0]);
        bytes.extend(u32::from(entries).to_le_bytes());
        bytes.extend(0_u32.to_le_bytes());
    }
    bytes
}
