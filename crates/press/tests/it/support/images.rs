//! Images, made here.

use png::{BitDepth, ColorType, Compression, Encoder};

/// A small picture.
pub fn png() -> Vec<u8> {
    png_of(16, 8)
}

/// A picture of this size.
pub fn png_of(width: u32, height: u32) -> Vec<u8> {
    let pixels: Vec<u8> = (0..width * height * 3).map(|at: u32| (at * 7 % 251) as u8).collect();
    encode(width, height, ColorType::Rgb, &pixels)
}

/// A GIF of so many frames, of one pixel each (the specification of GIF, section 20 and appendix F).
pub fn gif(frames: usize) -> Vec<u8> {
    let mut bytes = b"GIF89a\x01\0\x01\0\x80\0\0\xff\0\0\0\0\xff".to_vec();
    for _ in 0..frames {
        bytes.extend(b",\0\0\0\0\x01\0\x01\0\0\x02\x02\x44\x01\0");
    }
    bytes.push(b';');
    bytes
}

/// An interlaced picture, stored as it is: the seven passes of Adam7 without filters, in blocks of deflate that are not
/// packed.
#[expect(clippy::cast_possible_truncation, reason = "the numbers are small, or wanted modulo 256")]
pub fn interlaced_noise_png(side: u32) -> Vec<u8> {
    const ADAM7: [[u32; 4]; 7] =
        [[0, 0, 8, 8], [4, 0, 8, 8], [0, 4, 4, 8], [2, 0, 4, 4], [0, 2, 2, 4], [1, 0, 2, 2], [0, 1, 1, 2]];
    let mut data = Vec::new();
    for [left, top, right_step, down_step] in ADAM7 {
        let across = (side - left).div_ceil(right_step);
        for row in 0..(side - top).div_ceil(down_step) {
            data.push(0);
            data.extend((0..across * 3).map(|at| (at * 31 + row * 17) as u8));
        }
    }
    let mut packed = vec![0x78, 0x01];
    let blocks = data.chunks(65_535).count();
    for (at, block) in data.chunks(65_535).enumerate() {
        packed.push(u8::from(at + 1 == blocks));
        packed.extend((block.len() as u16).to_le_bytes());
        packed.extend((!(block.len() as u16)).to_le_bytes());
        packed.extend(block);
    }
    packed.extend(adler32(&data).to_be_bytes());
    let mut bytes = header(side, side, [8, 2, 0, 0, 1]);
    for (kind, data) in [(b"IDAT", packed.as_slice()), (b"IEND", &[])] {
        bytes.extend((data.len() as u32).to_be_bytes());
        let chunk = [kind.as_slice(), data].concat();
        bytes.extend(&chunk);
        bytes.extend(fast_crc32(&chunk).to_be_bytes());
    }
    bytes
}

/// RFC 1950, section 9.
fn adler32(bytes: &[u8]) -> u32 {
    let (mut low, mut high) = (1, 0);
    for byte in bytes {
        low = (low + u32::from(*byte)) % 65_521;
        high = (high + low) % 65_521;
    }
    high << 16 | low
}

/// As [`crc32`], with a table: for what is large.
fn fast_crc32(bytes: &[u8]) -> u32 {
    let table: Vec<u32> =
        (0..256_u32).map(|byte| (0..8).fold(byte, |crc, _| (crc >> 1) ^ (0xedb8_8320 * (crc & 1)))).collect();
    !bytes.iter().fold(u32::MAX, |crc, &byte| table[((crc ^ u32::from(byte)) & 255) as usize] ^ (crc >> 8))
}

/// A small picture with transparency.
pub fn transparent_png() -> Vec<u8> {
    let pixels: Vec<u8> = (0..16 * 8 * 4).map(|at: u32| (at * 5 % 249) as u8).collect();
    encode(16, 8, ColorType::Rgba, &pixels)
}

/// A picture that no packer makes smaller than its pixels: about `side * side * 3` bytes.
pub fn noise_png(side: u32) -> Vec<u8> {
    let mut state = 0x9e37_79b9_u32;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state.to_be_bytes()[1]
    };
    let pixels: Vec<u8> = (0..side * side * 3).map(|_| next()).collect();
    encode(side, side, ColorType::Rgb, &pixels)
}

fn encode(width: u32, height: u32, color: ColorType, pixels: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, width, height);
    encoder.set_color(color);
    encoder.set_depth(BitDepth::Eight);
    encoder.set_compression(Compression::Fast);
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(pixels).unwrap();
    writer.finish().unwrap();
    bytes
}

/// A picture with a resolution whose chunk is damaged.
pub fn png_with_a_damaged_resolution() -> Vec<u8> {
    let mut bytes = png();
    let damaged = b"\0\0\0\x09pHYs\0\0\x0b\x13\0\0\x0b\x13\x01\0\0\0\0";
    // Behind the signature and the header.
    bytes.splice(33..33, damaged.iter().copied());
    bytes
}

/// A PNG's signature and an IHDR of this size, 8 bits RGB, and the start of what would follow.
pub fn png_claiming(width: u32, height: u32) -> Vec<u8> {
    header(width, height, [8, 2, 0, 0, 0])
}

/// The same of an interlaced one, with transparency or without.
pub fn interlaced_png_claiming(width: u32, height: u32, transparent: bool) -> Vec<u8> {
    let mut bytes = header(width, height, [8, if transparent { 6 } else { 2 }, 0, 0, 1]);
    // An empty end of the image data, so that the decoder begins.
    bytes.extend([chunk(*b"IDAT", &[]), chunk(*b"IEND", &[])].concat());
    bytes
}

/// A PNG's signature and an IHDR with these last five bytes.
pub fn header(width: u32, height: u32, rest: [u8; 5]) -> Vec<u8> {
    let ihdr = [&width.to_be_bytes()[..], &height.to_be_bytes(), &rest].concat();
    [b"\x89PNG\r\n\x1a\n".as_slice(), &chunk(*b"IHDR", &ihdr)].concat()
}

/// A chunk of a PNG.
pub fn chunk(kind: [u8; 4], data: &[u8]) -> Vec<u8> {
    let checked = [kind.as_slice(), data].concat();
    let length = u32::try_from(data.len()).unwrap();
    [&length.to_be_bytes()[..], &checked, &crc32(&checked).to_be_bytes()].concat()
}

/// CRC-32 as in the PNG specification, annex D, bit by bit.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 * (crc & 1)))
    })
}
