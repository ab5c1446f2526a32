use pdf_engine::{Embedding, Format};

use crate::support::{
    convert_one,
    fixtures::{exif, pngs},
    pdf,
    png::{Png, SIGNATURE, chunk, density, file, palette},
    refused, refused_when_cut,
};

#[test]
fn every_kind_is_converted_on_its_page() {
    for fixture in pngs() {
        let (_, report) =
            convert_one(&fixture.bytes).unwrap_or_else(|error| panic!("{}: {error}", fixture.name));
        let page = &report.pages[0];
        assert_eq!(page.format, Format::Png);
        assert!(page.lossless);
        for (found, expected) in page.page_points.iter().zip(fixture.points) {
            assert!((found - expected).abs() < 0.001, "{}: {:?}", fixture.name, page.page_points);
        }
    }
}

#[test]
fn every_cut_is_found() {
    for fixture in pngs() {
        refused_when_cut(&fixture.name, &fixture.bytes, fixture.significant);
    }
}

#[test]
fn the_compressed_data_are_the_files_own_where_there_is_no_alpha() {
    for (color, bits) in [(0, 1), (0, 16), (2, 8), (2, 16), (3, 4), (3, 8)] {
        let image = Png::new(37, 23, color, bits);
        let (bytes, report) = convert_one(&image.bytes()).unwrap();
        assert_eq!(report.pages[0].embedding, Embedding::Copied);
        assert_eq!(report.pages[0].bits_per_sample, bits);
        assert!(pdf::image(&bytes).1 == fdeflate::compress_to_vec(&image.rows()), "{color} {bits}");
    }
}

#[test]
fn the_way_into_the_pdf_is_reported() {
    for (image, embedding, transparency) in [
        (Png::new(9, 9, 2, 8), Embedding::Copied, false),
        (Png::new(9, 9, 2, 8).with(*b"tRNS", vec![0; 6]), Embedding::Copied, true),
        (Png::new(9, 9, 3, 8).with(*b"tRNS", vec![0; 6]), Embedding::Copied, true),
        (Png::new(9, 9, 3, 8).with(*b"tRNS", vec![255; 6]), Embedding::Copied, false),
        (Png::new(9, 9, 4, 16), Embedding::Split, true),
        (Png::new(9, 9, 6, 8), Embedding::Split, true),
        (Png::new(9, 9, 2, 8).interlaced(), Embedding::Packed, false),
        (Png::new(9, 9, 6, 8).interlaced(), Embedding::Packed, true),
    ] {
        let page = convert_one(&image.bytes()).unwrap().1.pages.remove(0);
        assert_eq!((page.embedding, page.transparency), (embedding, transparency));
    }
}

#[test]
fn what_is_left_out_is_reported() {
    let rgb = || Png::new(9, 9, 2, 8);
    let mut surplus = fdeflate::compress_to_vec(&rgb().rows());
    surplus.extend([0; 9]);
    let mut wide = Png::new(9, 9, 3, 2);
    wide.before = vec![(*b"PLTE", palette(5)), (*b"tRNS", vec![9; 6])];
    for (image, warning) in [
        (
            rgb().with(*b"iCCP", b"name\0\0nonsense".to_vec()).bytes(),
            "profile is left out: its compressed data",
        ),
        (rgb().with(*b"iCCP", b"no end of the name".to_vec()).bytes(), "profile is left out: its chunk"),
        (rgb().with(*b"pHYs", vec![1]).bytes(), "resolution is left out"),
        (rgb().with_data(&surplus), "followed by bytes that mean nothing"),
        (wide.bytes(), "palette has colours that no pixel can have"),
        (Png::new(1, 1, 0, 8).bytes(), "a margin"),
    ] {
        let page = convert_one(&image).unwrap().1.pages.remove(0);
        assert!(page.warnings.iter().any(|found| found.contains(warning)), "{warning}: {:?}", page.warnings);
    }
}

#[test]
fn a_profile_that_fits_is_kept() {
    let profile = crate::support::fixtures::profile(*b"RGB ");
    let chunk = [b"name\0\0".as_slice(), &fdeflate::compress_to_vec(&profile)].concat();
    for image in
        [Png::new(9, 9, 2, 8), Png::new(9, 9, 3, 4), Png::new(9, 9, 6, 16), Png::new(9, 9, 6, 8).interlaced()]
    {
        let (bytes, report) = convert_one(&image.with(*b"iCCP", chunk.clone()).bytes()).unwrap();
        assert!(pdf::image(&bytes).0.contains("[/ICCBased"), "{}", pdf::image(&bytes).0);
        assert!(report.pages[0].warnings.is_empty());
    }
    let (bytes, report) = convert_one(&Png::new(9, 9, 0, 8).with(*b"iCCP", chunk).bytes()).unwrap();
    assert!(!pdf::text(&bytes).contains("ICCBased"));
    assert!(report.pages[0].warnings[0].contains("describes RGB and the image is GRAY"));
}

#[test]
fn colours_by_numbers_count_before_a_profile() {
    let profile = crate::support::fixtures::profile(*b"RGB ");
    let chunk = [b"name\0\0".as_slice(), &fdeflate::compress_to_vec(&profile)].concat();
    let linear = 100_000_u32.to_be_bytes().to_vec();
    // What the profile in the PDF is: the file's own, one that was made of cICP or of gAMA, or none.
    for (name, color, numbers, with_profile, expected, warnings) in [
        ("wide", 2, vec![9, 1, 0, 1], false, "cICP", &[][..]),
        ("wide, and a profile", 2, vec![9, 1, 0, 1], true, "cICP", &[]),
        ("of a palette", 3, vec![12, 13, 0, 1], true, "cICP", &[]),
        ("with alpha", 6, vec![12, 13, 0, 1], true, "cICP", &[]),
        ("sRGB, and a profile", 2, vec![1, 13, 0, 1], true, "", &[]),
        ("sRGB, and a gamma", 2, vec![1, 13, 0, 1], false, "", &[]),
        ("gray that is linear", 0, vec![1, 8, 0, 1], false, "cICP", &[]),
        ("a high range", 2, vec![9, 16, 0, 1], false, "cICP", &["high dynamic range"]),
        ("a high range, and a profile", 2, vec![9, 16, 0, 1], true, "own", &[]),
        ("television's range", 2, vec![9, 1, 0, 0], false, "cICP", &["television's range"]),
        ("unknown", 2, vec![77, 13, 0, 1], true, "own", &["77, 13 and 0"]),
        ("a matrix", 2, vec![9, 1, 9, 1], false, "gAMA", &["9, 1 and 9"]),
        ("too short", 2, vec![9, 1, 0], false, "gAMA", &["chunk is damaged"]),
        ("none", 2, vec![], false, "gAMA", &["chunk is damaged"]),
    ] {
        let mut image = Png::new(40, 20, color, 8).with(*b"cICP", numbers).with(*b"gAMA", linear.clone());
        if with_profile {
            image = image.with(*b"iCCP", chunk.clone());
        }
        let (bytes, report) = convert_one(&image.bytes()).unwrap();
        let text = pdf::text(&bytes);
        let is_made = |name: &str| {
            let letters: Vec<u8> = name.encode_utf16().flat_map(u16::to_be_bytes).collect();
            bytes.windows(letters.len()).any(|window| window == letters)
        };
        assert_eq!(is_made("cICP of the PNG"), expected == "cICP", "{name}");
        assert_eq!(is_made("gAMA and cHRM of the PNG"), expected == "gAMA", "{name}");
        assert_eq!(text.contains("/ICCBased"), !expected.is_empty(), "{name}");
        let found = &report.pages[0].warnings;
        assert_eq!(found.len(), warnings.len(), "{name}: {found:?}");
        assert!(found.iter().zip(warnings).all(|(found, why)| found.contains(why)), "{name}: {found:?}");
    }
}

#[test]
fn chromaticities_without_a_gamma_are_said_to_be_left_out() {
    const WIDE: [u32; 8] = [31_270, 32_900, 70_800, 29_200, 17_000, 79_700, 13_100, 4_600];
    const SRGB: [u32; 8] = [31_270, 32_900, 64_000, 33_000, 30_000, 60_000, 15_000, 6_000];
    for (color, places, more, said) in [
        (2, WIDE, None, true),
        (6, WIDE, None, true),
        (0, WIDE, None, false),
        (2, SRGB, None, false),
        (2, WIDE, Some((*b"sRGB", vec![0])), false),
        (2, WIDE, Some((*b"gAMA", 45_455_u32.to_be_bytes().to_vec())), false),
        (2, WIDE, Some((*b"cICP", vec![9, 1, 0, 1])), false),
    ] {
        let places: Vec<u8> = places.iter().flat_map(|number| number.to_be_bytes()).collect();
        let mut image = Png::new(40, 20, color, 8).with(*b"cHRM", places);
        if let Some((kind, data)) = more {
            image = image.with(kind, data);
        }
        let (_, report) = convert_one(&image.bytes()).unwrap();
        let warnings = &report.pages[0].warnings;
        assert_eq!(warnings.iter().any(|warning| warning.contains("without a gamma")), said, "{warnings:?}");
        assert_eq!(warnings.len(), usize::from(said), "{warnings:?}");
    }
}

#[test]
fn structure_that_is_wrong_is_refused() {
    let image = Png::new(40, 20, 2, 8);
    let compressed = fdeflate::compress_to_vec(&image.rows());
    let header = || (*b"IHDR", image.header());
    let data = || (*b"IDAT", compressed.clone());
    let end = || (*b"IEND", Vec::new());
    let indexed = Png::new(40, 20, 3, 8);
    let indexed_header = || (*b"IHDR", indexed.header());
    let colors = || (*b"PLTE", palette(256));
    for (name, chunks, kind, why) in [
        ("no header", vec![data(), end()], "Malformed", "comes where the header IHDR must be"),
        ("two headers", vec![header(), header(), data(), end()], "Malformed", "second header"),
        ("no data", vec![header(), end()], "Malformed", "before there are image data"),
        ("late header", vec![header(), data(), header(), end()], "Malformed", "behind the image data"),
        ("data apart", vec![header(), data(), (*b"tEXt", vec![]), data(), end()], "Malformed", "apart"),
        ("late palette", vec![header(), data(), colors(), end()], "Malformed", "behind the image data"),
        ("no palette", vec![indexed_header(), data(), end()], "Malformed", "no PLTE chunk"),
        ("empty palette", vec![indexed_header(), (*b"PLTE", vec![]), data(), end()], "Malformed", "1 to 256"),
        (
            "odd palette",
            vec![indexed_header(), (*b"PLTE", vec![0; 4]), data(), end()],
            "Malformed",
            "1 to 256",
        ),
        (
            "big palette",
            vec![indexed_header(), (*b"PLTE", vec![0; 771]), data(), end()],
            "Malformed",
            "1 to 256",
        ),
        (
            "two palettes",
            vec![indexed_header(), colors(), colors(), data(), end()],
            "Malformed",
            "second palette",
        ),
        (
            "early key",
            vec![indexed_header(), (*b"tRNS", vec![0]), colors(), data(), end()],
            "Malformed",
            "before the palette",
        ),
        (
            "big key",
            vec![indexed_header(), colors(), (*b"tRNS", vec![0; 257]), data(), end()],
            "Malformed",
            "more colours",
        ),
        (
            "short key",
            vec![header(), (*b"tRNS", vec![0; 5]), data(), end()],
            "Malformed",
            "has 5 bytes and must have 6",
        ),
        (
            "two keys",
            vec![header(), (*b"tRNS", vec![0; 6]), (*b"tRNS", vec![0; 6]), data(), end()],
            "Malformed",
            "second time",
        ),
        ("late key", vec![header(), data(), (*b"tRNS", vec![0; 6]), end()], "Malformed", "must come before"),
        ("unknown", vec![header(), (*b"ABCD", vec![]), data(), end()], "Unsupported", "needs a chunk ABCD"),
        (
            "late unknown",
            vec![header(), data(), (*b"ABCD", vec![]), end()],
            "Unsupported",
            "needs a chunk ABCD",
        ),
        ("apple", vec![(*b"CgBI", vec![0; 4]), header(), data(), end()], "Unsupported", "CgBI"),
        ("type", vec![header(), (*b"a1cd", vec![]), data(), end()], "Malformed", "not four letters"),
        ("long header", vec![(*b"IHDR", vec![0; 14]), data(), end()], "Malformed", "must have 13"),
        ("no end", vec![header(), data()], "Malformed", "before the end chunk IEND"),
    ] {
        refused(name, &file(&chunks), kind, why);
    }
}

#[test]
fn headers_that_are_wrong_are_refused() {
    let image = Png::new(40, 20, 2, 8);
    for (at, value, kind, why) in [
        (3, 0, "Malformed", "without pixels"),
        (7, 0, "Malformed", "without pixels"),
        (8, 3, "Malformed", "colour type 2 with 3 bits"),
        (8, 4, "Malformed", "colour type 2 with 4 bits"),
        (9, 1, "Malformed", "colour type 1"),
        (9, 7, "Malformed", "colour type 7"),
        (10, 1, "Malformed", "compression"),
        (11, 1, "Malformed", "filter"),
        (12, 2, "Malformed", "interlace"),
        (0, 0x7f, "TooLarge", "may have at most"),
        (0, 0x80, "TooLarge", "may have at most"),
        (4, 0xff, "TooLarge", "may have at most"),
    ] {
        let mut header = image.header();
        header[at] = value;
        let data = fdeflate::compress_to_vec(&image.rows());
        refused(
            &format!("byte {at}"),
            &file(&[(*b"IHDR", header), (*b"IDAT", data), (*b"IEND", vec![])]),
            kind,
            why,
        );
    }
}

#[test]
fn image_data_that_are_wrong_are_refused() {
    for interlaced in [false, true] {
        for color in [2, 6] {
            let mut image = Png::new(40, 20, color, 8);
            image.interlaced = interlaced;
            let rows = image.rows();
            let compressed = fdeflate::compress_to_vec(&rows);
            let with = |rows: &[u8]| image.with_data(&fdeflate::compress_to_vec(rows));
            let mut bad_filter = rows.clone();
            bad_filter[0] = 5;
            let mut bad_sum = compressed.clone();
            *bad_sum.last_mut().unwrap() ^= 1;
            let mut bad_code = compressed.clone();
            bad_code[2] |= 6;
            for (name, bytes, why) in [
                ("a byte less", with(&rows[..rows.len() - 1]), "less image data"),
                ("a byte more", with(&[rows.as_slice(), &[0]].concat()), "more image data"),
                ("nothing", with(&[]), "less image data"),
                ("filter", with(&bad_filter), "filter 5"),
                ("no zlib", image.with_data(b"nonsense"), "no zlib stream"),
                ("sum", image.with_data(&bad_sum), "checksum is wrong"),
                ("code", image.with_data(&bad_code), "impossible code"),
                ("no end", image.with_data(&compressed[..compressed.len() - 4]), "end too early"),
                ("empty", image.with_data(&[]), "before there are image data"),
            ] {
                refused(&format!("{name} {color} {interlaced}"), &bytes, "Malformed", why);
            }
        }
    }
}

#[test]
fn every_flipped_bit_is_found_and_those_in_advice_are_only_reported() {
    let image = Png::new(40, 20, 3, 4)
        .with(*b"tRNS", vec![7, 200])
        .with(*b"tEXt", *b"Comment\0none")
        .with(*b"eXIf", exif(3, 0))
        .with(*b"pHYs", density(9999, 9999, 1))
        .bytes();
    let mut reported = 0;
    for at in 0..image.len() {
        for bit in 0..8 {
            let mut flipped = image.clone();
            flipped[at] ^= 1 << bit;
            if let Ok((_, report)) = convert_one(&flipped) {
                assert!(
                    report.pages[0].warnings.iter().any(|warning| warning.contains("damaged")),
                    "byte {at}, bit {bit}"
                );
                reported += 1;
            }
        }
    }
    assert!(reported > 8 * 50, "{reported}");
}

#[test]
fn a_damaged_checksum_is_passed_over_only_in_advice() {
    for (kind, data, passed) in [
        (*b"iCCP", vec![0; 20], true),
        (*b"gAMA", vec![0; 4], true),
        (*b"tRNS", vec![0; 6], false),
        (*b"zzZz", vec![0; 6], false),
        (*b"PLTE", vec![0; 6], false),
    ] {
        let mut image = Png::new(9, 9, 2, 8).with(kind, data.clone()).bytes();
        image[33 + 8 + data.len()] ^= 1;
        let result = convert_one(&image);
        assert_eq!(result.is_ok(), passed, "{result:?}");
    }
}

#[test]
fn colours_that_no_light_has_are_left_out_and_reported() {
    let places = [31_270_u32, 32_900, 64_000, 33_000, 30_000, 60_000, 15_000, 0];
    let places: Vec<u8> = places.iter().flat_map(|number| number.to_be_bytes()).collect();
    let gamma = |gamma: u32| gamma.to_be_bytes().to_vec();
    let image = || Png::new(9, 9, 2, 8);
    for (image, warning) in [
        (image().with(*b"gAMA", gamma(0)), "no lights"),
        (image().with(*b"gAMA", gamma(100_000)).with(*b"cHRM", places), "no lights"),
        (image().with(*b"gAMA", vec![0; 3]), "a chunk gAMA is damaged"),
        (image().with(*b"sRGB", vec![]), "a chunk sRGB is damaged"),
        (image().with(*b"cHRM", vec![0; 31]), "a chunk cHRM is damaged"),
    ] {
        let (pdf, report) = convert_one(&image.bytes()).unwrap();
        assert!(report.pages[0].warnings.concat().contains(warning), "{:?}", report.pages[0].warnings);
        assert!(pdf::image(&pdf).0.contains("/ColorSpace /DeviceRGB"));
    }
}

#[test]
fn a_chunk_of_endless_claims_holds_no_memory() {
    for (length, why) in [(0x7fff_ffff_u32, "inside chunk zzZz"), (0x8000_0000, "impossible length")] {
        let mut bytes = [SIGNATURE, &chunk(*b"IHDR", &Png::new(40, 20, 2, 8).header())].concat();
        bytes.extend(length.to_be_bytes());
        bytes.extend(b"zzZz and little more");
        refused("an endless chunk", &bytes, "Malformed", why);
    }
}
