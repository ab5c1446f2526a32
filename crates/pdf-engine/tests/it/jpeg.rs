use pdf_engine::{Embedding, Format, Limits};

use crate::support::{
    convert_checking_scans, convert_checking_scans_with, convert_one,
    fixtures::{jpegs, profile},
    jpeg::{CMYK, GRAY, Jpeg, RGB, TWO_BITS_CODE, YCC, YCC_420, ZEROS_CODE, segment},
    pdf, refused, refused_when_cut,
};

#[test]
fn every_kind_is_copied_byte_for_byte_on_its_page() {
    for fixture in jpegs() {
        let (bytes, report) =
            convert_one(&fixture.bytes).unwrap_or_else(|error| panic!("{}: {error}", fixture.name));
        let page = &report.pages[0];
        assert_eq!((page.format, page.embedding, page.lossless), (Format::Jpeg, Embedding::Copied, true));
        assert!(pdf::image(&bytes).1 == fixture.bytes[..fixture.significant], "{}", fixture.name);
        for (found, expected) in page.page_points.iter().zip(fixture.points) {
            assert!((found - expected).abs() < 0.001, "{}: {:?}", fixture.name, page.page_points);
        }
    }
}

#[test]
fn every_cut_is_found() {
    for fixture in jpegs() {
        refused_when_cut(&fixture.name, &fixture.bytes, fixture.significant);
    }
}

#[test]
fn colours_are_said_as_the_file_means_them() {
    const INVERTED: &str = "/Decode [1 0 1 0 1 0 1 0]";
    let jfif = b"JFIF\0\x01\x02\0\0\x01\0\x01\0\0".to_vec();
    for (image, holds, lacks) in [
        (Jpeg::new(9, 9, GRAY), "/DeviceGray", "/Decode "),
        (Jpeg::new(9, 9, YCC), "/DeviceRGB", "/ColorTransform"),
        (Jpeg::new(9, 9, RGB), "/ColorTransform 0", "/Decode "),
        (Jpeg::new(9, 9, RGB).adobe(1), "/DeviceRGB", "/ColorTransform"),
        (Jpeg::new(9, 9, RGB).with(0xe0, jfif), "/DeviceRGB", "/ColorTransform"),
        (Jpeg::new(9, 9, YCC).adobe(0), "/DeviceRGB", "/Decode "),
        (Jpeg::new(9, 9, CMYK), "/DeviceCMYK", "/Decode "),
        (Jpeg::new(9, 9, CMYK).adobe(0), INVERTED, "/ColorTransform"),
        (Jpeg::new(9, 9, CMYK).adobe(2), INVERTED, "/ColorTransform"),
    ] {
        let (bytes, _) = convert_one(&image.bytes()).unwrap();
        let (dictionary, _) = pdf::image(&bytes);
        assert!(dictionary.contains(holds) && !dictionary.contains(lacks), "{dictionary}");
    }
}

/// Segments of a profile in so many parts, in the order of `numbers`.
fn parts(profile: &[u8], count: u8, numbers: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let length = profile.len().div_ceil(usize::from(count));
    let part = |number: u8| {
        let start = usize::from(number - 1) * length;
        let data = &profile[start..profile.len().min(start + length)];
        (0xe2, [b"ICC_PROFILE\0".as_slice(), &[number, count], data].concat())
    };
    numbers.iter().map(|number| part(*number)).collect()
}

#[test]
fn a_profile_that_fits_is_kept() {
    for (image, space, count, numbers, warning) in [
        (Jpeg::new(9, 9, YCC), *b"RGB ", 1, &[1][..], None),
        (Jpeg::new(9, 9, GRAY), *b"GRAY", 1, &[1], None),
        (Jpeg::new(9, 9, CMYK).adobe(2), *b"CMYK", 1, &[1], None),
        (Jpeg::new(9, 9, YCC), *b"RGB ", 3, &[3, 1, 2], None),
        (Jpeg::new(9, 9, YCC), *b"RGB ", 3, &[1, 3], Some("parts of it are missing")),
        (Jpeg::new(9, 9, YCC), *b"RGB ", 2, &[1, 2, 2], Some("parts of it are missing")),
        (Jpeg::new(9, 9, GRAY), *b"RGB ", 1, &[1], Some("describes RGB and the image is GRAY")),
    ] {
        let profile = profile(space);
        let mut image = image;
        image.segments.extend(parts(&profile, count, numbers));
        let (bytes, report) = convert_one(&image.bytes()).unwrap();
        let kept = pdf::image(&bytes).0.contains("[/ICCBased");
        assert_eq!(kept, warning.is_none());
        let warnings = report.pages[0].warnings.join("\n");
        assert!(
            warnings.contains(warning.unwrap_or("")) && warnings.is_empty() == warning.is_none(),
            "{warnings}"
        );
    }
}

#[test]
fn processes_that_readers_do_not_know_are_refused() {
    for (marker, why) in [
        (0xc3, "lossless"),
        (0xc5, "hierarchical"),
        (0xc9, "arithmetic-coded"),
        (0xca, "arithmetic-coded"),
        (0xcb, "lossless"),
        (0xcf, "hierarchical"),
    ] {
        let mut image = Jpeg::new(60, 40, YCC);
        image.frame_marker = Some(marker);
        refused(why, &image.bytes(), "Unsupported", why);
    }
    refused(
        "hierarchical",
        &Jpeg::new(60, 40, YCC).with(0xde, vec![0; 15]).bytes(),
        "Unsupported",
        "hierarchical",
    );
    refused("two", &Jpeg::new(60, 40, &YCC[..2]).bytes(), "Unsupported", "2 components");
    refused("no height", &Jpeg::new(60, 0, YCC).bytes(), "Unsupported", "DNL");
    refused("no width", &Jpeg::new(0, 40, YCC).bytes(), "Malformed", "no width");
    let mut deep = Jpeg::new(60, 40, GRAY).bytes();
    let frame = find(&deep, &[0xff, 0xc0]);
    deep[frame + 4] = 12;
    refused("12 bits", &deep, "Unsupported", "12 bits a sample");
}

fn find(bytes: &[u8], wanted: &[u8]) -> usize {
    bytes.windows(wanted.len()).position(|window| window == wanted).unwrap()
}

/// The file without the segment of this marker.
fn without(bytes: &[u8], marker: u8) -> Vec<u8> {
    let start = find(bytes, &[0xff, marker]);
    let length = usize::from(u16::from_be_bytes([bytes[start + 2], bytes[start + 3]]));
    [&bytes[..start], &bytes[start + 2 + length..]].concat()
}

/// The file with a segment before the first of this marker.
fn before(bytes: &[u8], marker: u8, new: u8, payload: &[u8]) -> Vec<u8> {
    let start = find(bytes, &[0xff, marker]);
    let mut changed = bytes[..start].to_vec();
    segment(&mut changed, new, payload);
    changed.extend(&bytes[start..]);
    changed
}

/// The file with some bytes behind a marker replaced.
fn patched(bytes: &[u8], marker: u8, offset: usize, with: &[u8]) -> Vec<u8> {
    let start = find(bytes, &[0xff, marker]) + 4 + offset;
    [&bytes[..start], with, &bytes[start + with.len()..]].concat()
}

#[test]
fn structure_that_is_wrong_is_refused() {
    let ycc = Jpeg::new(60, 40, YCC_420).bytes();
    let end = ycc.len() - 2;
    let progressive = Jpeg::new(60, 40, GRAY).progressive().bytes();
    let first_scan = find(&progressive, &[0xff, 0xda]);
    let second_scan = first_scan + 2 + find(&progressive[first_scan + 2..], &[0xff, 0xda]);
    let ac_first = [&progressive[..first_scan], &progressive[second_scan..]].concat();
    for (name, bytes, why) in [
        ("no quantisation", without(&ycc, 0xdb), "quantisation table that was not defined"),
        ("no Huffman table", without(&ycc, 0xc4), "Huffman table that was not defined"),
        ("no frame", without(&ycc, 0xc0), "before there is a frame"),
        ("two frames", before(&ycc, 0xda, 0xc0, &ycc[find(&ycc, &[0xff, 0xc0]) + 4..][..15]), "second frame"),
        ("no scan", [&ycc[..find(&ycc, &[0xff, 0xda])], &[0xff, 0xd9]].concat(), "before it has a scan"),
        ("no marker", [&ycc[..71], b"x", &ycc[71..]].concat(), "no marker at byte 71"),
        ("unknown component", patched(&ycc, 0xda, 1, &[9]), "does not have"),
        ("component twice", patched(&ycc, 0xda, 3, &[1]), "codes a component twice"),
        ("no components", patched(&ycc, 0xda, 0, &[0]), "another length"),
        ("five components", patched(&ycc, 0xda, 0, &[5]), "another length"),
        ("many blocks", patched(&ycc, 0xc0, 7, &[0x44]), "more than 10 blocks"),
        ("frame behind the scan", [&ycc[..end], &[0xff, 0xc0, 0, 2, 0xff, 0xd9]].concat(), "second frame"),
        ("refined first", ac_first, "refines a component that was not begun"),
        ("impossible range", patched(&progressive, 0xda, 3, &[0, 5]), "impossible range"),
    ] {
        refused(name, &bytes, "Malformed", why);
    }
    let mut short = ycc.clone();
    short[4..6].copy_from_slice(&[0, 1]);
    refused("a length of 1", &short, "Malformed", "claims a length below");
    let late_height = [&ycc[..end], &[0xff, 0xdc, 0, 4, 0, 40, 0xff, 0xd9]].concat();
    refused("a late height", &late_height, "Unsupported", "DNL");
}

#[test]
fn markers_that_the_standard_reserves_are_refused() {
    let plain = Jpeg::new(60, 40, GRAY).bytes();
    for code in [0x01, 0x02, 0x80, 0xbf, 0xc8, 0xf0, 0xfa, 0xfd] {
        let why = format!("marker FF{code:02X}");
        let early = Jpeg::new(60, 40, GRAY).with(code, vec![0; 9]).bytes();
        refused("in the header", &early, "Malformed", &why);
        let late = [&plain[..plain.len() - 2], &[0xff, code, 0, 2, 0xff, 0xd9]].concat();
        refused("behind the scan", &late, "Malformed", &why);
    }
    refused("DAC", &Jpeg::new(60, 40, GRAY).with(0xcc, vec![0, 0]).bytes(), "Unsupported", "arithmetic");
}

#[test]
fn huffman_tables_that_decoders_refuse_are_refused() {
    let plain = Jpeg::new(60, 40, GRAY).bytes();
    refused("a DC symbol of 16", &patched(&plain, 0xc4, 28, &[16]), "Malformed", "impossible size");
    convert_one(&patched(&plain, 0xc4, 28, &[15])).unwrap();
    // The second table has one code; two of one bit would use the one of only ones.
    let second = [0xff, 0xc4, 0, 20, 0x10, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
    let full = [&plain[..2], &second[..2], &[0, 21], &second[4..], &plain[2..]].concat();
    refused("a code of only ones", &full, "Malformed", "more codes than there can be");
}

#[test]
fn what_was_coded_is_not_coded_again() {
    let whole = Jpeg::new(60, 40, YCC).bytes();
    let (scan, end) = (find(&whole, &[0xff, 0xda]), whole.len() - 2);
    let twice = [&whole[..end], &whole[scan..]].concat();
    refused("two whole scans", &twice, "Malformed", "codes again");
    let progressive = Jpeg::new(60, 40, GRAY).progressive().bytes();
    let (scan, end) = (find(&progressive, &[0xff, 0xda]), progressive.len() - 2);
    let twice = [&progressive[..end], &progressive[scan..]].concat();
    refused("all progressive scans twice", &twice, "Malformed", "codes again");
    // The first scan leaves one bit of the averages to the last; here it says that it leaves two.
    refused("a bit left out", &patched(&progressive, 0xda, 5, &[2]), "Malformed", "refines other bits");
}

/// An image of flat gray blocks beside each other, and the bytes of its one scan replaced.
fn with_samples(image: &Jpeg, samples: &[u8]) -> Vec<u8> {
    let bytes = image.bytes();
    let start = find(&bytes, &[0xff, 0xda]) + 10;
    [&bytes[..start], samples, &[0xff, 0xd9]].concat()
}

#[test]
fn scans_of_fewer_bytes_than_they_must_have_are_refused() {
    let row = Jpeg::new(64, 8, GRAY);
    convert_one(&with_samples(&row, &[0, 0])).unwrap();
    refused("a byte less", &with_samples(&row, &[0]), "Malformed", "needs 2 at least");
    refused("nothing", &with_samples(&row, &[]), "Malformed", "has 0 bytes of samples");
    let parts = row.clone().restart(4);
    convert_one(&with_samples(&parts, &[0, 0xff, 0xd0, 0])).unwrap();
    refused("an empty part", &with_samples(&parts, &[0, 0, 0xff, 0xd0]), "Malformed", "needs 1 at least");
    refused("an empty first part", &with_samples(&parts, &[0xff, 0xd0, 0, 0]), "Malformed", "needs 1");
    let wide = Jpeg::new(64, 8, &[(1, 1, 1)]).bytes();
    let tall = patched(&wide, 0xc0, 1, &[0x04, 0x00]);
    refused("a height that was changed", &tall, "Malformed", "needs 256 at least");
    // A progressive scan can end tens of thousands of blocks with one code, but not with none.
    let progressive = row.progressive().bytes();
    let second = progressive.len() - 2 - find_last(&progressive, &[0xff, 0xda]);
    assert_eq!(second, 11, "the last scan refines eight averages by a bit each");
    let last = progressive.len() - 3;
    let empty = [&progressive[..last], &progressive[last + 1..]].concat();
    refused("an empty refinement", &empty, "Malformed", "needs 1 at least");
}

fn find_last(bytes: &[u8], wanted: &[u8]) -> usize {
    bytes.windows(wanted.len()).rposition(|window| window == wanted).unwrap()
}

#[test]
fn a_profile_in_255_parts_is_kept_and_one_more_part_is_too_many() {
    let mut profile = profile(*b"RGB ");
    profile.resize(255 * 2, 0);
    let numbers: Vec<u8> = (1..=255).collect();
    let mut image = Jpeg::new(9, 9, YCC);
    image.segments.extend(parts(&profile, 255, &numbers));
    let (bytes, report) = convert_one(&image.bytes()).unwrap();
    assert!(pdf::image(&bytes).0.contains("[/ICCBased"), "{:?}", report.pages[0].warnings);
    image.segments.extend(parts(&profile, 255, &[255]));
    let (bytes, report) = convert_one(&image.bytes()).unwrap();
    assert!(!pdf::image(&bytes).0.contains("[/ICCBased"));
    assert!(report.pages[0].warnings[0].contains("parts of it are missing"));
}

#[test]
fn pictures_behind_the_first_are_said_to_be_left_out() {
    for (segment, left_out) in [(&b"MPF\0MM\0\x2a\0\0\0\x08"[..], true), (b"MPFX", false), (b"FPXR\0", false)]
    {
        let image = Jpeg::new(9, 9, YCC).with(0xe2, segment.to_vec()).bytes();
        let (bytes, report) = convert_one(&[image.clone(), Jpeg::new(4, 4, YCC).bytes()].concat()).unwrap();
        assert!(pdf::image(&bytes).1 == image);
        let warned = report.pages[0].warnings.iter().any(|warning| warning.contains("behind the first"));
        assert_eq!(warned, left_out, "{segment:?}");
    }
}

#[test]
fn a_marker_of_adobe_that_contradicts_jfif_is_left_out() {
    let jfif = || b"JFIF\0\x01\x02\0\0\x01\0\x01\0\0".to_vec();
    let plain = Jpeg::new(9, 9, YCC).with(0xe0, jfif());
    for (image, copied) in [
        (plain.clone().adobe(0), plain.clone()),
        (Jpeg::new(9, 9, YCC).adobe(1).with(0xe0, jfif()).adobe(0), plain.clone()),
        // These agree, or say nothing of three components.
        (plain.clone().adobe(1), plain.clone().adobe(1)),
        (plain.clone().adobe(0).adobe(1), plain.adobe(0).adobe(1)),
        (Jpeg::new(9, 9, YCC).adobe(0), Jpeg::new(9, 9, YCC).adobe(0)),
        (
            Jpeg::new(9, 9, CMYK).with(0xe0, jfif()).adobe(0),
            Jpeg::new(9, 9, CMYK).with(0xe0, jfif()).adobe(0),
        ),
        // Too short to be one of JFIF.
        (
            Jpeg::new(9, 9, YCC).with(0xe0, &jfif()[..13]).adobe(0),
            Jpeg::new(9, 9, YCC).with(0xe0, &jfif()[..13]).adobe(0),
        ),
    ] {
        let (bytes, report) = convert_one(&image.bytes()).unwrap();
        assert!(pdf::image(&bytes).1 == copied.bytes(), "{:?}", image.segments);
        let warned = report.pages[0].warnings.iter().any(|warning| warning.contains("Adobe"));
        assert_eq!(warned, image.bytes() != copied.bytes(), "{:?}", image.segments);
    }
}

#[test]
fn restart_markers_must_be_in_order_and_complete() {
    let good = Jpeg::new(60, 40, GRAY).restart(3).bytes();
    let restarts: Vec<_> = good
        .windows(2)
        .enumerate()
        .filter(|(_, pair)| pair[0] == 0xff && (0xd0..=0xd7).contains(&pair[1]))
        .collect();
    assert_eq!(restarts.len(), (8 * 5 - 1) / 3);
    let (second, last) = (restarts[1].0, restarts[restarts.len() - 1].0);
    let mut swapped = good.clone();
    swapped[second + 1] = 0xd5;
    refused("out of order", &swapped, "Malformed", "restart marker FFD5");
    let missing = [&good[..last], &good[good.len() - 2..]].concat();
    refused("one missing", &missing, "Malformed", "after 12 of 13 restart markers");
    let end = good.len() - 2;
    let number = good[last + 1];
    let extra = |count: u8| {
        let markers: Vec<u8> = (1..=count).flat_map(|at| [0xff, 0xd0 + (number - 0xd0 + at) % 8]).collect();
        [&good[..end], &markers, &good[end..]].concat()
    };
    // Some encoders put one behind the last unit.
    convert_one(&extra(1)).unwrap();
    let more = [&extra(1)[..end + 2], &[0x55, 0xff, 0xd9]].concat();
    refused("samples behind the last", &more, "Malformed", "1 bytes of samples");
    let plain = Jpeg::new(60, 40, GRAY).bytes();
    let amid = find(&plain, &[0xff, 0xda]) + 20;
    let unasked = [&plain[..amid], &[0xff, 0xd0], &plain[amid..]].concat();
    refused("without an interval", &unasked, "Malformed", "behind its last restart marker");
    refused("two more", &extra(2), "Malformed", "restart marker");
    let undefined = without(&good, 0xdd);
    convert_one(&undefined).map(|_| ()).unwrap_err();
}

#[test]
fn scans_that_are_whole_are_copied_alike_when_their_codes_are_read() {
    for fixture in jpegs() {
        let checked = convert_checking_scans(&fixture.bytes)
            .unwrap_or_else(|error| panic!("{}: {error}", fixture.name));
        assert!(checked == convert_one(&fixture.bytes).unwrap().0, "{}", fixture.name);
    }
}

/// Where the first scan's samples begin and the end marker is.
fn samples(image: &[u8]) -> (usize, usize) {
    let scan = image.windows(2).position(|bytes| bytes == [0xff, 0xda]).unwrap();
    (scan + 2 + usize::from(image[scan + 3]), image.len() - 2)
}

/// Damage that is copied, unless the codes are read.
fn is_found(name: &str, image: &[u8], why: &str) {
    assert!(convert_one(image).is_ok(), "{name}");
    let error = convert_checking_scans(image).expect_err(name).to_string();
    assert!(error.contains("are damaged") && error.contains(why), "{name}: {error}");
}

#[test]
fn damage_within_scans_is_found_where_their_codes_are_read() {
    for image in [
        Jpeg::new(64, 64, GRAY),
        Jpeg::new(64, 64, YCC_420),
        Jpeg::new(64, 64, YCC).restart(3),
        Jpeg::new(64, 64, YCC).progressive(),
    ] {
        let bytes = image.bytes();
        let (start, end) = samples(&bytes);
        let name = format!("{:?} {} {}", image.components, image.restart, image.progressive);

        // The table's codes end before that of four ones.
        let mut unknown = bytes.clone();
        unknown[start] = 0xf7;
        is_found(&name, &unknown, "a code that no table has");

        if !image.progressive {
            let mut longer = bytes.clone();
            longer.splice(end..end, [0x55; 8]);
            is_found(&name, &longer, "they go on");
            for (left, warned) in [
                (&[0x00][..], false),
                (&[0x7f], false),
                (&[0xff, 0], false),
                (&[0, 0], false),
                (&[0x55], true),
            ] {
                let mut longer = bytes.clone();
                longer.splice(end..end, left.iter().copied());
                let (_, report) = convert_checking_scans_with(&longer, &Limits::default()).expect(&name);
                let warnings = &report.pages[0].warnings;
                assert_eq!(warnings.iter().any(|it| it.contains("mean nothing")), warned, "{name} {left:?}");
            }
            let mut shorter = bytes.clone();
            shorter.drain(end - 4..end);
            if image.restart == 0 {
                is_found(&name, &shorter, "they end before");
            }
        }
    }
    // A run of zeros beyond the block's end, by a table with such a code.
    let mut run = Jpeg::new(16, 16, GRAY).bytes();
    let codes = run.windows(5).position(|bytes| bytes == [0xff, 0xc4, 0, 20, 0x10]).unwrap();
    run[codes + 21] = 0xf0;
    let (start, _) = samples(&run);
    run[start] = 0;
    is_found("zeros", &run, "more coefficients");
}

/// Where the samples of each scan that refines coefficients begin and end.
fn refining_scans(image: &[u8]) -> Vec<(usize, usize)> {
    let scans: Vec<_> = (0..image.len()).filter(|at| image[*at..].starts_with(&[0xff, 0xda])).collect();
    let ends = scans.iter().skip(1).copied().chain([image.len() - 2]);
    let places = scans.iter().zip(ends).map(|(scan, end)| (scan + 2 + usize::from(image[scan + 3]), end));
    places.filter(|(start, _)| image[start - 3] > 0 && image[start - 1] >> 4 > 0).collect()
}

#[test]
fn damage_within_scans_that_refine_is_found() {
    let images = [
        Jpeg::new(97, 61, GRAY).refined(),
        Jpeg::new(97, 61, YCC).refined(),
        Jpeg::new(97, 61, YCC_420).refined().restart(5),
        Jpeg::new(97, 61, CMYK).refined(),
    ];
    for image in images {
        let bytes = image.bytes();
        let scans = refining_scans(&bytes);
        assert_eq!(scans.len(), 2 * image.components.len());
        for (start, end) in scans {
            let name = format!("{:?} {} at {start}", image.components, image.restart);
            // Codes that the first block begins with, instead of what it did.
            let first = |codes: &[u32]| {
                let bits = codes.iter().fold(0, |bits, code| bits << 5 | code) << (24 - 5 * codes.len());
                let length = (5 * codes.len()).div_ceil(8);
                let mut changed = bytes.clone();
                changed[start..start + length].copy_from_slice(&bits.to_be_bytes()[1..=length]);
                changed
            };
            is_found(&name, &first(&[0b11110]), "a code that no table has");
            is_found(&name, &first(&[TWO_BITS_CODE]), "more than a bit");
            if image.components.len() == 1 {
                // The block has nothing but zeros, and there are 63 of them.
                is_found(&name, &first(&[ZEROS_CODE; 4]), "more coefficients");
            }
            let mut longer = bytes.clone();
            longer.splice(end..end, [0x55; 3]);
            is_found(&name, &longer, "they go on");
            let mut shorter = bytes.clone();
            shorter.drain(end - 1..end);
            if convert_one(&shorter).is_ok() {
                is_found(&name, &shorter, "they end before");
            }
        }
    }
}

#[test]
fn a_byte_that_is_missing_within_a_scan_that_refines_is_mostly_found() {
    let bytes = Jpeg::new(160, 120, YCC_420).refined().bytes();
    let (mut found, mut all) = (0, 0);
    for (start, end) in refining_scans(&bytes) {
        for at in start..end {
            let mut shorter = bytes.clone();
            shorter.remove(at);
            if convert_one(&shorter).is_ok() {
                all += 1;
                found += u32::from(convert_checking_scans(&shorter).is_err());
            }
        }
    }
    assert!(all > 100 && found * 10 > all * 9, "{found} of {all} bytes");
}
