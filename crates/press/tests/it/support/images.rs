//! Images, made here.

use png::{BitDepth, ColorType, Compression, Encoder};

/// A small picture.
pub fn png() -> Vec<u8> {
    let pixels: Vec<u8> = (0..16 * 8 * 3).map(|at: u32| (at * 7 % 251) as u8).collect();
    encode(16, 8, ColorType::Rgb, &pixels)
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
