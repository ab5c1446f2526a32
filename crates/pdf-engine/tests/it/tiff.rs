use std::collections::BTreeMap;

use pdf_engine::Embedding;

use crate::support::{
    convert_checking_scans, convert_one, fixtures,
    jpeg::{self, Jpeg},
    pdf,
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

/// A TIFF of 4 by 2 pixels of so many samples of 8 bits, in one strip, with further fields of numbers of 16 bits; of those of
/// more than two, the numbers stand behind the strip.
fn pixels(photometric: u32, strip: &[u8], more: &[(u16, &[u16])]) -> Vec<u8> {
    let samples = (strip.len() / 8) as u32;
    let mut fields = vec![
        (256, 4, 1, 4),
        (257, 4, 1, 2),
        (258, 3, 1, 8),
        (259, 3, 1, 1),
        (262, 3, 1, photometric),
        (273, 4, 1, u32::MAX),
        (277, 3, 1, samples),
        (279, 4, 1, strip.len() as u32),
    ];
    let mut behind = strip.to_vec();
    let start = 8 + 2 + (fields.len() + more.len()) as u32 * 12 + 4;
    for (tag, numbers) in more {
        let value = match **numbers {
            [one] => one.into(),
            [one, two] => u32::from(one) | u32::from(two) << 16,
            _ => start + behind.len() as u32,
        };
        fields.push((*tag, 3, numbers.len() as u32, value));
        if numbers.len() > 2 {
            behind.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
        }
    }
    tiff_of(&fields, &behind)
}

#[test]
fn the_alpha_is_the_sample_that_says_so() {
    const EXTRA: u16 = 338;
    const PLANAR: u16 = 284;
    // Of each pixel red, green, blue, a sample that means nothing, and one that is no alpha unless it is said.
    let strip: Vec<u8> = (0..8).flat_map(|at| [at, 10 + at, 20 + at, 99, 30 + at]).collect();
    for (name, extra, alpha, left_out) in [
        ("the second", &[0, 2][..], Some(30), true),
        ("the second, multiplied by", &[0, 1], Some(30), true),
        ("the first", &[2, 0], Some(99), true),
        ("the first of two", &[2, 2], Some(99), true),
        ("none", &[0, 0], None, true),
        ("nothing said", &[], None, true),
    ] {
        let fields: Vec<(u16, &[u16])> = if extra.is_empty() { vec![] } else { vec![(EXTRA, extra)] };
        let (pdf, report) = convert_one(&pixels(2, &strip, &fields)).unwrap();
        let page = &report.pages[0];
        assert_eq!(page.transparency, alpha.is_some(), "{name}");
        let warned = page.warnings.iter().any(|warning| warning.contains("no colours"));
        assert_eq!(warned, left_out, "{name}: {:?}", page.warnings);
        let masks: Vec<_> =
            pdf::images(&pdf).into_iter().filter(|image| image.0.contains("DeviceGray")).collect();
        assert_eq!(masks.len(), usize::from(alpha.is_some()), "{name}");
        for ((dictionary, data), first) in masks.iter().zip(alpha) {
            let rows = inflate(data);
            assert_eq!(rows.len(), 2 * 5, "{name}: {dictionary}");
            assert_eq!(rows[1], first, "{name}: {rows:?}");
        }
    }
    // The same in planes: those that are not shown are not read, and may lie anywhere.
    let planes: Vec<u8> = (0..5).flat_map(|sample| strip.iter().skip(sample).step_by(5)).copied().collect();
    let beside = convert_one(&pixels(2, &strip, &[(EXTRA, &[0, 2])])).unwrap().0;
    let mut fields = vec![(256, 4, 1, 4), (257, 4, 1, 2), (258, 3, 1, 8), (262, 3, 1, 2), (277, 3, 1, 5)];
    let start = 8 + 2 + 10 * 12 + 4;
    fields.extend([
        (273, 4, 5, start),
        (278, 3, 1, 2),
        (279, 4, 5, start + 20),
        (PLANAR, 3, 1, 2),
        (EXTRA, 3, 2, 2 << 16),
    ]);
    let place = |sample: u32| if sample == 3 { u32::MAX } else { start + 40 + 8 * sample };
    let places = (0..5).map(place).chain([8; 5]).flat_map(u32::to_le_bytes);
    let image = tiff_of(&fields, &places.chain(planes).collect::<Vec<_>>());
    assert!(convert_one(&image).unwrap().0 == beside);
}

#[test]
fn a_palette_of_16_bits_stays_exact() {
    const COLOR_MAP: u16 = 320;
    let palette = |color: [u16; 3]| -> Vec<u16> {
        color.iter().flat_map(|value| std::iter::once(0).chain(std::iter::repeat_n(*value, 255))).collect()
    };
    let indexes = [0, 1, 1, 0, 1, 1, 1, 1];
    for (color, is_kept) in [
        ([0x1200, 0x3400, 0xff00], true),
        ([0x1212, 0x3434, 0xffff], true),
        ([0x1212, 0x3400, 0xffff], true),
        ([0x12, 0x34, 0xff], true),
        ([0x1234, 0x3434, 0xffff], false),
    ] {
        let (pdf, report) = convert_one(&pixels(3, &indexes, &[(COLOR_MAP, &palette(color))])).unwrap();
        let page = &report.pages[0];
        assert!(page.lossless, "{color:?}");
        let (dictionary, data) = pdf::image(&pdf);
        if is_kept {
            assert!(dictionary.contains("/Indexed"), "{color:?}: {dictionary}");
            assert_eq!(page.bits_per_sample, 8, "{color:?}");
            let (_, colors) = dictionary.split_once("255 <").unwrap();
            assert!(colors[6..].to_ascii_lowercase().starts_with("1234ff"), "{color:?}: {colors}");
            continue;
        }
        assert!(dictionary.contains("/DeviceRGB") && !dictionary.contains("Indexed"), "{dictionary}");
        assert_eq!(page.bits_per_sample, 16, "{color:?}");
        let rows = inflate(&data);
        assert_eq!(rows.len(), 2 * (1 + 4 * 6));
        // The second row as its filter has it, which is none where the sums of differences are the same.
        assert_eq!(rows[1..13], [0, 0, 0, 0, 0, 0, 0x12, 0x34, 0x34, 0x34, 0xff, 0xff], "{rows:?}");
    }
}

/// The content of a stream that Deflate made.
fn inflate(data: &[u8]) -> Vec<u8> {
    let mut rows = Vec::new();
    let mut inflater = fdeflate::Decompressor::new();
    rows.resize(1 << 16, 0);
    let (_, length) = inflater.read(data, &mut rows, 0, true).unwrap();
    rows.truncate(length);
    rows
}

#[test]
fn previews_are_left_out_and_said_to_be() {
    // Directories of 4 by 2 gray pixels that all have one strip.
    let image = |kinds: &[u32]| -> Vec<u8> {
        let mut bytes = b"II*\0\x10\0\0\0\x01\x02\x03\x04\x05\x06\x07\x08".to_vec();
        for (at, kind) in kinds.iter().enumerate() {
            let fields = [(254, *kind), (256, 4), (257, 2), (258, 8), (262, 1), (273, 8), (277, 1), (279, 8)];
            bytes.extend((fields.len() as u16).to_le_bytes());
            for (tag, value) in fields {
                bytes.extend([u16::to_le_bytes(tag), 4_u16.to_le_bytes()].as_flattened());
                bytes.extend([1_u32, value].map(u32::to_le_bytes).as_flattened());
            }
            let next = if at + 1 < kinds.len() { bytes.len() as u32 + 4 } else { 0 };
            bytes.extend(next.to_le_bytes());
        }
        bytes
    };
    for (kinds, expected) in [
        (&[0][..], &[""][..]),
        (&[1], &[""]),
        (&[1, 1], &["", ""]),
        (&[0, 1], &["a smaller version"]),
        (&[1, 0], &["a smaller version"]),
        (&[1, 0, 1, 2, 1, 0], &["left out: 2", "a smaller version", ""]),
    ] {
        let (_, report) = convert_one(&image(kinds)).unwrap();
        assert_eq!(report.pages.len(), expected.len(), "{kinds:?}");
        for (page, expected) in report.pages.iter().zip(expected) {
            let said: Vec<_> =
                page.warnings.iter().filter(|warning| warning.contains("smaller version")).collect();
            assert_eq!(said.len(), usize::from(!expected.is_empty()), "{kinds:?}: {said:?}");
            assert!(said.iter().all(|warning| warning.contains(expected)), "{kinds:?}: {said:?}");
        }
    }
}

/// A TIFF of one pixel of Lab, with further fields of numbers of 16 bits; what is said of a field last counts.
fn lab(kind: u16, bits: u16, pixel: &[u8], more: &[(u16, &[u16])]) -> Vec<u8> {
    let samples = (pixel.len() as u16 * 8).checked_div(bits).unwrap_or(0);
    let of_one = [(256, 1), (257, 1), (258, bits), (259, 1), (262, kind), (273, 0), (277, samples)];
    let mut fields: BTreeMap<u16, Vec<u16>> = of_one.map(|(tag, value)| (tag, vec![value])).into();
    fields.insert(279, vec![pixel.len() as u16]);
    fields.extend(more.iter().map(|(tag, numbers)| (*tag, numbers.to_vec())));
    let place = 8 + 2 + fields.len() as u32 * 12 + 4;
    let mut behind = pixel.to_vec();
    let mut entries = Vec::new();
    for (tag, numbers) in fields {
        let value = match *numbers {
            _ if tag == 273 => place,
            [one] => one.into(),
            [one, two] => u32::from(one) | u32::from(two) << 16,
            _ => place + behind.len() as u32,
        };
        // Four numbers are two fractions here: that is what places of a white are.
        let (kind, count) = if tag == WHITE_POINT { (5, numbers.len() / 2) } else { (3, numbers.len()) };
        entries.push((tag, kind, count as u32, value));
        if kind == 5 {
            behind.extend(numbers.iter().flat_map(|number| u32::from(*number).to_le_bytes()));
        } else if numbers.len() > 2 {
            behind.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
        }
    }
    tiff_of(&entries, &behind)
}

const WHITE_POINT: u16 = 318;
const EXTRA_SAMPLES: u16 = 338;
const SAMPLE_FORMAT: u16 = 339;
const D50: &str = "/WhitePoint [0.9642 1 0.8249]";

#[test]
fn lab_keeps_every_sample_and_a_sign_is_turned_over() {
    let bytes = "/Range [-128 127 -128 127]";
    let words = "/Range [-128 127.99609375 -128 127.99609375]";
    let icc_words = "/Decode [0 100.390625 -128 127.99609375 -128 127.99609375]";
    for first in [0, 1, 127, 128, 200, 255] {
        let (one, two) = ([first, 0x7f, 0x80], [first, 9, 0x7f, 0xfe, 0x80, 1]);
        // The low byte of each sample comes first in these files.
        let swapped = [9, first, 0xfe, 0x7f, 1, 0x80];
        for (name, image, said, expected) in [
            ("with a sign", lab(8, 8, &one, &[]), bytes, vec![first, 0xff, 0]),
            ("of ICC", lab(9, 8, &one, &[]), bytes, one.to_vec()),
            ("with a sign, 16 bits", lab(8, 16, &swapped, &[]), words, vec![first, 9, 0xff, 0xfe, 0, 1]),
            ("of ICC, 16 bits", lab(9, 16, &swapped, &[]), icc_words, two.to_vec()),
            ("told twice", lab(8, 8, &one, &[(SAMPLE_FORMAT, &[1, 2, 2])]), bytes, vec![first, 0xff, 0]),
        ] {
            let (pdf, report) = convert_one(&image).unwrap_or_else(|error| panic!("{name}: {error}"));
            let (dictionary, data) = pdf::image(&pdf);
            for said in [said, D50, "/ColorSpace [/Lab <<"] {
                assert!(dictionary.contains(said), "{name}: {dictionary}");
            }
            assert_eq!(dictionary.contains("/Decode ["), said == icc_words, "{name}: {dictionary}");
            assert!(report.pages[0].lossless, "{name}");
            // Whatever its filter, the first pixel of the first row is itself.
            assert_eq!(inflate(&data)[1..], expected, "{name}");
        }
    }
}

#[test]
fn lab_may_have_a_white_and_other_samples() {
    let white = |numbers: &[u16]| lab(8, 8, &[1, 2, 3], &[(WHITE_POINT, numbers)]);
    for (image, said, is_warned) in [
        (white(&[3127, 10_000, 3290, 10_000]), "/WhitePoint [0.9505 1 1.0891]", false),
        (white(&[1, 3, 1, 3]), "/WhitePoint [1 1 1]", false),
        (white(&[1, 3, 0, 3]), D50, true),
        (white(&[1, 0, 1, 3]), D50, true),
        (white(&[2, 3, 1, 3]), D50, true),
        (white(&[1, 2, 1, 100]), D50, true),
        (lab(9, 8, &[1, 2, 3], &[(WHITE_POINT, &[3127, 10_000, 3290, 10_000])]), D50, false),
    ] {
        let (pdf, report) = convert_one(&image).unwrap();
        let (dictionary, _) = pdf::image(&pdf);
        assert!(dictionary.contains(said), "{said}: {dictionary}");
        let warned = report.pages[0].warnings.iter().any(|warning| warning.contains("white"));
        assert_eq!(warned, is_warned, "{said}");
    }
    for (kind, colors) in [(8, [1, 0x82, 0x83]), (9, [1, 2, 3])] {
        let image = lab(kind, 8, &[1, 2, 3, 9, 77], &[(EXTRA_SAMPLES, &[0, 2])]);
        let (pdf, report) = convert_one(&image).unwrap();
        assert!(report.pages[0].transparency && report.pages[0].lossless);
        let images = pdf::images(&pdf);
        let of = |space: &str| images.iter().find(|image| image.0.contains(space)).unwrap();
        assert_eq!(inflate(&of("/Lab").1)[1..], colors);
        assert_eq!(inflate(&of("/DeviceGray").1)[1..], [77]);
    }
}

#[test]
fn lab_that_may_mean_several_things_is_refused() {
    let pixel = [1, 2, 3];
    for (name, image, kind, why) in [
        ("4 bits", lab(8, 4, &pixel, &[(277, &[3])]), "Unsupported", "Lab colours of 4 bits"),
        ("lightness", lab(8, 8, &[1], &[]), "Unsupported", "lightness of Lab colours alone"),
        ("two", lab(9, 8, &[1, 2], &[]), "Malformed", "its colours need 3"),
        ("of faxes", lab(10, 8, &pixel, &[]), "Unsupported", "Lab colours of faxes"),
        ("JPEG", lab(8, 8, &pixel, &[(259, &[7])]), "Unsupported", "Lab colours in JPEG"),
        ("multiplied", lab(8, 8, &[1, 2, 3, 4], &[(EXTRA_SAMPLES, &[1])]), "Unsupported", "multiplied by"),
        ("a lightness with a sign", lab(8, 8, &pixel, &[(SAMPLE_FORMAT, &[2; 3])]), "Unsupported", "sign"),
        ("ICC's with a sign", lab(9, 8, &pixel, &[(SAMPLE_FORMAT, &[1, 2, 2])]), "Unsupported", "sign"),
        ("RGB with a sign", lab(2, 8, &pixel, &[(SAMPLE_FORMAT, &[1, 2, 2])]), "Unsupported", "sign"),
        ("fractions", lab(8, 16, &[0; 6], &[(SAMPLE_FORMAT, &[3; 3])]), "Unsupported", "floating-point"),
    ] {
        refused(name, &image, kind, why);
    }
}

#[test]
fn a_profile_of_lab_is_left_out_and_said_to_be() {
    let mut profile = fixtures::profile(*b"CMYK");
    profile[16..20].copy_from_slice(b"Lab ");
    let words: Vec<_> = profile.as_chunks::<2>().0.iter().map(|pair| u16::from_le_bytes(*pair)).collect();
    let mut image = lab(8, 8, &[1, 2, 3], &[(ICC_PROFILE, &words)]);
    // Its type is that of bytes, of which there are twice as many.
    let entry = image.windows(4).position(|bytes| bytes == [0x73, 0x87, 3, 0]).unwrap();
    image[entry + 2] = 7;
    image[entry + 4..entry + 8].copy_from_slice(&(words.len() as u32 * 2).to_le_bytes());
    let (pdf, report) = convert_one(&image).unwrap();
    assert!(!pdf::text(&pdf).contains("/ICCBased") && report.pages[0].lossless);
    let warnings = &report.pages[0].warnings;
    assert!(warnings.iter().any(|warning| warning.contains("the colours of Lab need none")), "{warnings:?}");
}

const ICC_PROFILE: u16 = 34_675;
