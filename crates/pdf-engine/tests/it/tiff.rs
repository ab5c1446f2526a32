use pdf_engine::Embedding;

use crate::support::{
    convert_checking_scans, convert_one,
    jpeg::{self, Jpeg},
    raster::tiff_of,
    refused,
};

/// A TIFF of YCbCr, 4 by 2 pixels in one strip without compression, with further fields; those of this type are fractions, which stand
/// behind the strip.
fn ycbcr(strip: &[u8], more: &[(u16, u16, u32, u32)], fractions: &[u32]) -> Vec<u8> {
    let mut fields = vec![
        (256, 4, 1, 4),
        (257, 4, 1, 2),
        (258, 3, 1, 8),
        (259, 3, 1, 1),
        (262, 3, 1, 6),
        (273, 4, 1, 0),
        (277, 3, 1, 3),
        (279, 4, 1, strip.len() as u32),
    ];
    // What is said of a field first counts.
    fields.retain(|(tag, ..)| more.iter().all(|(other, ..)| other != tag));
    fields.extend(more);
    let start = 8 + 2 + fields.len() as u32 * 12 + 4;
    for (tag, kind, _, value) in &mut fields {
        match (*tag, *kind) {
            (273, _) => *value = start,
            (_, 5) => *value = start + strip.len() as u32,
            _ => {}
        }
    }
    let fractions: Vec<u8> = fractions.iter().flat_map(|number| number.to_le_bytes()).collect();
    tiff_of(&fields, &[strip, &fractions].concat())
}

/// How many pixels share their differences.
fn shared(across: u32, down: u32) -> (u16, u16, u32, u32) {
    (530, 3, 2, across | down << 16)
}

const LUMA: (u16, u16, u32, u32) = (529, 5, 3, 0);

#[test]
fn ycbcr_is_turned_and_the_report_says_so() {
    let of_four = [100, 110, 120, 130, 140, 150].repeat(2);
    let good = [2126, 10_000, 7152, 10_000, 722, 10_000];
    let (none, large) = ([0; 6], [3, 1, 1, 2, 1, 4]);
    for (name, image, warnings) in [
        ("as the standard has it", ycbcr(&of_four, &[], &[]), 1),
        ("four that share", ycbcr(&of_four, &[shared(2, 2)], &[]), 1),
        ("none that shares", ycbcr(&[128; 24], &[shared(1, 1)], &[]), 1),
        ("all of a row that share", ycbcr(&[128; 12], &[shared(4, 1)], &[]), 1),
        ("more rows than there are", ycbcr(&[128; 18], &[shared(4, 4)], &[]), 1),
        ("other coefficients", ycbcr(&of_four, &[LUMA], &good), 1),
        ("coefficients over zero", ycbcr(&of_four, &[LUMA], &none), 2),
        ("coefficients above one", ycbcr(&of_four, &[LUMA], &large), 2),
        ("too few coefficients", ycbcr(&of_four, &[(529, 5, 2, 0)], &good), 2),
        ("white that is black", ycbcr(&of_four, &[(532, 5, 6, 0)], &[1; 12]), 2),
    ] {
        let (_, report) = convert_one(&image).unwrap_or_else(|error| panic!("{name}: {error}"));
        let page = &report.pages[0];
        assert!(!page.lossless, "{name}");
        // So small a page has a margin, which is said, too.
        assert_eq!(page.warnings.len(), warnings + 1, "{name}: {:?}", page.warnings);
        assert!(page.warnings.iter().any(|warning| warning.contains("YCbCr")), "{name}: {:?}", page.warnings);
    }
}

#[test]
fn ycbcr_that_cannot_be_turned_is_refused() {
    let strip = [128; 24];
    for (name, image, kind, why) in [
        ("cut", ycbcr(&strip[..11], &[shared(2, 2)], &[]), "Malformed", "12 bytes, and data for 11"),
        ("16 bits", ycbcr(&strip, &[(258, 3, 1, 16)], &[]), "Unsupported", "16 bits"),
        ("an alpha", ycbcr(&strip, &[(277, 3, 1, 4)], &[]), "Unsupported", "other samples"),
        ("three that share", ycbcr(&strip, &[shared(3, 1)], &[]), "Malformed", "shares its colours"),
        ("planes", ycbcr(&strip, &[shared(2, 1), (284, 3, 1, 2)], &[]), "Unsupported", "planes"),
    ] {
        refused(name, &image, kind, why);
    }
}

/// A TIFF of gray, 24 by 20 pixels in tiles of this side, each of which is the same JPEG.
fn jpeg_tiles(side: u32, tile: &[u8], more: &[(u16, u16, u32, u32)]) -> Vec<u8> {
    let count = 24_u32.div_ceil(side) * 20_u32.div_ceil(side);
    let mut fields = vec![
        (256, 4, 1, 24),
        (257, 4, 1, 20),
        (258, 3, 1, 8),
        (259, 3, 1, 7),
        (262, 3, 1, 1),
        (322, 4, 1, side),
        (323, 4, 1, side),
        (324, 4, count, 0),
        (325, 4, count, 0),
    ];
    fields.extend(more);
    let start = 8 + 2 + fields.len() as u32 * 12 + 4;
    let length = tile.len() as u32;
    // What has one value has it in its field.
    fields[7].3 = if count == 1 { start + 8 } else { start };
    fields[8].3 = if count == 1 { length } else { start + 4 * count };
    let places = (0..count).map(|index| start + 8 * count + index * length);
    let numbers = places.chain((0..count).map(|_| length)).flat_map(u32::to_le_bytes);
    let data: Vec<u8> = numbers.chain(tile.repeat(count as usize)).collect();
    tiff_of(&fields, &data)
}

#[test]
fn tiles_of_jpeg_are_joined_or_refused() {
    let tile = |side: u16| Jpeg::new(side, side, jpeg::GRAY).bytes();
    for side in [8, 16, 32] {
        let image = jpeg_tiles(side.into(), &tile(side), &[]);
        let (_, report) = convert_one(&image).unwrap_or_else(|error| panic!("{side}: {error}"));
        let page = &report.pages[0];
        assert_eq!((page.width, page.height, page.embedding), (24, 20, Embedding::Copied));
        assert!(page.lossless && convert_checking_scans(&image).is_ok(), "{side}");
    }
    let good = tile(16);
    let cut = [&good[..good.len() - 6], &[0xff, 0xd9]].concat();
    for (name, image, kind, why) in [
        ("another size", jpeg_tiles(8, &good, &[]), "Unsupported", "cannot be joined"),
        ("no whole blocks", jpeg_tiles(12, &tile(12), &[]), "Unsupported", "cannot be joined"),
        ("cut", jpeg_tiles(16, &cut, &[]), "Malformed", "no whole JPEG"),
        ("no JPEG", jpeg_tiles(16, b"none at all", &[]), "Malformed", "no whole JPEG"),
        ("planes", jpeg_tiles(16, &good, &[(277, 3, 1, 2), (284, 3, 1, 2)]), "Malformed", "where"),
    ] {
        refused(name, &image, kind, why);
    }
}
