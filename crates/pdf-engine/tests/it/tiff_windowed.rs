use pdf_engine::{Error, Limits};

use crate::support::{convert_one, convert_with, raster::tiff_of, refused};

const ZSTD: u32 = 50_000;
const XZ: u32 = 34_925;
/// Bytes of the strip that each image here has: gray, 9 by 7 pixels.
const STRIP_BYTES: u32 = 9 * 7;
const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;

fn gray(compression: u32, strip: &[u8]) -> Vec<u8> {
    let fields = [
        (256, 4, 1, 9),
        (257, 4, 1, 7),
        (258, 4, 1, 8),
        (259, 4, 1, compression),
        (262, 4, 1, 1),
        (273, 4, 1, u32::MAX),
        (277, 4, 1, 1),
        (278, 4, 1, 7),
        (279, 4, 1, strip.len() as u32),
    ];
    tiff_of(&fields, strip)
}

/// A frame of Zstandard (RFC 8878, section 3.1.1) with a window of so many times a power of two of KiB, and blocks that repeat one
/// byte, so often each.
fn zstd(window_log_kib: u8, blocks: &[u32]) -> Vec<u8> {
    let mut bytes = vec![0x28, 0xb5, 0x2f, 0xfd, 0, window_log_kib << 3];
    for (at, count) in blocks.iter().enumerate() {
        let is_last = u32::from(at + 1 == blocks.len());
        bytes.extend(&(is_last | 1 << 1 | count << 3).to_le_bytes()[..3]);
        bytes.push(7);
    }
    bytes
}

/// A stream of xz (xz file format, section 2) without a checksum, of one block: its dictionary as the format has it in a byte, and
/// chunks of these bytes, which are not compressed.
fn xz(dictionary: u8, chunks: &[&[u8]]) -> Vec<u8> {
    let summed = |bytes: &[u8]| [bytes, &crc32fast::hash(bytes).to_le_bytes()].concat();
    let number = |mut value: usize| {
        let mut bytes = Vec::new();
        while value > 127 {
            bytes.push(value as u8 | 0x80);
            value >>= 7;
        }
        bytes.push(value as u8);
        bytes
    };
    let padded = |mut bytes: Vec<u8>| {
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes
    };
    let mut block = summed(&[2, 0, 0x21, 1, dictionary, 0, 0, 0]);
    for chunk in chunks {
        block.push(1);
        block.extend((chunk.len() as u16 - 1).to_be_bytes());
        block.extend(*chunk);
    }
    block.push(0);
    let made = chunks.iter().map(|chunk| chunk.len()).sum();
    let index = summed(&padded([vec![0, 1], number(block.len()), number(made)].concat()));
    let size = (index.len() as u32 / 4 - 1).to_le_bytes();
    let footer = [&size[..], &[0, 0]].concat();
    let sum = crc32fast::hash(&footer).to_le_bytes();
    [b"\xfd7zXZ\0", &*summed(&[0, 0]), &padded(block), &index, &sum, &footer, b"YZ"].concat()
}

/// The same frame with its checksum behind it.
fn zstd_with_sum(sum: [u8; 4]) -> Vec<u8> {
    let mut bytes = zstd(0, &[STRIP_BYTES]);
    bytes[4] = 4;
    *bytes.last_mut().unwrap() = 0;
    bytes.extend(sum);
    bytes
}

/// The low half of XXH64 of 63 zeros, as the command `zstd` has it.
const SUM_OF_ZEROS: [u8; 4] = [0x24, 0x73, 0x2d, 0xc4];

#[test]
fn strips_in_zstandard_and_xz_are_whole_or_refused() {
    let pixels = [7; STRIP_BYTES as usize];
    let of = |bytes: &[u8]| xz(0, &[bytes]);
    let plain = convert_one(&gray(1, &pixels)).unwrap().0;
    for (name, image) in [
        ("zstd", gray(ZSTD, &zstd(0, &[STRIP_BYTES]))),
        ("zstd, blocks", gray(ZSTD, &zstd(3, &[0, 20, 0, 43, 0]))),
        ("zstd, a little more", gray(ZSTD, &zstd(0, &[STRIP_BYTES, 9]))),
        ("xz", gray(XZ, &of(&pixels))),
        ("xz, chunks", gray(XZ, &xz(0, &[&pixels[..1], &pixels[1..]]))),
        ("xz, more", gray(XZ, &xz(0, &[&pixels, &[9; 16_000], &[9; 16_000]]))),
    ] {
        let (pdf, report) = convert_one(&image).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(pdf == plain && report.pages[0].lossless, "{name}");
    }
    convert_one(&gray(ZSTD, &zstd_with_sum(SUM_OF_ZEROS))).unwrap();
    let good = of(&pixels);
    let without = |from: usize| [&good[..from], &vec![1; good.len() - from]].concat();
    let dictionary = [&[0x28, 0xb5, 0x2f, 0xfd, 1, 0, 9][..], &zstd(0, &[STRIP_BYTES])[6..]].concat();
    for (name, image, kind, why) in [
        ("zstd, less", gray(ZSTD, &zstd(0, &[STRIP_BYTES - 1])), "Malformed", "63 bytes, and data for 62"),
        ("zstd, no sum", gray(ZSTD, &zstd_with_sum([1; 4])), "Malformed", "checksum is wrong"),
        ("zstd, a dictionary", gray(ZSTD, &dictionary), "Unsupported", "a dictionary of another file"),
        ("zstd, none", gray(ZSTD, &pixels), "Malformed", "Zstandard data are damaged"),
        ("xz, less", gray(XZ, &of(&pixels[1..])), "Malformed", "63 bytes, and data for 62"),
        ("xz, none", gray(XZ, &pixels), "Malformed", "LZMA data are damaged"),
        ("xz, no index", gray(XZ, &without(good.len() - 20)), "Malformed", "LZMA data are damaged"),
        ("xz, no footer", gray(XZ, &without(good.len() - 2)), "Malformed", "LZMA data are damaged"),
        ("xz, no header", gray(XZ, &without(7)), "Malformed", "LZMA data are damaged"),
    ] {
        refused(name, &image, kind, why);
    }
    for (compression, strip) in [(ZSTD, zstd(0, &[STRIP_BYTES])), (XZ, good)] {
        for cut in 0..strip.len() {
            refused("cut", &gray(compression, &strip[..cut]), "Malformed", "");
        }
        for at in 0..strip.len() * 8 {
            let mut damaged = strip.clone();
            damaged[at / 8] ^= 1 << (at % 8);
            // What is not summed may be what it was before, and be larger or wider.
            let _ = convert_one(&gray(compression, &damaged));
        }
    }
}

#[test]
fn a_frame_of_zstandard_that_goes_on_without_end() {
    const BLOCK: u32 = 128 << 10;
    for window in [0, 10, 17] {
        let block = BLOCK.min(1 << (10 + window));
        let image = |count: usize| gray(ZSTD, &zstd(window, &vec![block; count]));
        convert_one(&image(1)).unwrap();
        refused("without end", &image(256), "Malformed", "far more data than its size asks for");
        refused("longer still", &image(10_000), "Malformed", "far more data than its size asks for");
    }
}

#[test]
fn windows_are_as_wide_as_their_formats_have_them_and_memory_allows() {
    let widest = gray(ZSTD, &zstd(17, &[STRIP_BYTES]));
    let largest = gray(XZ, &xz(28, &[&[7; STRIP_BYTES as usize]]));
    for image in [&widest, &largest] {
        convert_one(image).unwrap();
    }
    refused("zstd", &gray(ZSTD, &zstd(18, &[STRIP_BYTES])), "Unsupported", "more than 128 MiB");
    for dictionary in [29, 40] {
        let image = gray(XZ, &xz(dictionary, &[&[7; STRIP_BYTES as usize]]));
        refused("xz", &image, "Unsupported", "more than 64 MiB");
    }
    // Beside the strip and what a decoder has anyway, three times what is made, or the window where that is less.
    let made = u64::from(STRIP_BYTES) + 64 * KIB;
    for (name, image, held) in [
        ("zstd that is made within its window", &widest, made),
        ("xz that is made within its dictionary", &largest, made),
        ("zstd within a narrow window", &gray(ZSTD, &zstd(0, &[STRIP_BYTES])), KIB),
    ] {
        let at = u64::from(STRIP_BYTES) + 4 * MIB + 3 * held;
        let limits = |decoded_bytes_max| Limits { decoded_bytes_max, ..Limits::default() };
        convert_with(image, &limits(at)).unwrap_or_else(|error| panic!("{name}: {error}"));
        match convert_with(image, &limits(at - 1)) {
            Err(Error::TooLarge { limit: "decoded_bytes_max", max, .. }) => assert_eq!(max, at - 1, "{name}"),
            other => panic!("{name}: {other:?}"),
        }
        assert!(convert_with(image, &limits(MIB)).is_err(), "{name}");
    }
}
