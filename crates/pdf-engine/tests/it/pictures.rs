use std::io::BufReader;

use pdf_engine::{Cancel, Embedding, Error, Limits, Options, PageReport, Source, convert};

use crate::support::{
    convert_one, convert_with,
    fixtures::exif,
    jpeg::{GRAY, Jpeg, YCC, several},
    kind_of, pdf, refused,
};

const DISPARITY: u32 = 0x0002_0002;
const UNDEFINED: u32 = 0;

fn first() -> Jpeg {
    Jpeg::new(60, 40, YCC)
}

fn second() -> Jpeg {
    Jpeg::new(30, 50, GRAY)
}

/// With a segment of XMP.
fn with_xmp(jpeg: Jpeg, xmp: &str) -> Jpeg {
    jpeg.with(0xe1, [b"http://ns.adobe.com/xap/1.0/\0", xmp.as_bytes()].concat())
}

fn pages(image: &[u8]) -> Vec<PageReport> {
    convert_one(image).unwrap_or_else(|error| panic!("{error}")).1.pages
}

#[test]
fn pictures_in_their_own_right_are_pages_copied_byte_for_byte() {
    let third =
        Jpeg::new(20, 10, YCC).progressive().with(0xe1, [b"Exif\0\0".as_slice(), &exif(6, 144)].concat());
    for kind in [DISPARITY, 0x0002_0001, 0x0002_0003, 0x0004_0000, 0x8002_0002, UNDEFINED] {
        let further = [(kind, second().bytes()), (kind, third.bytes())];
        let image = several(&first(), &further);
        let (bytes, report) = convert_one(&image).unwrap();
        let images = pdf::images(&bytes);
        assert!(image.starts_with(&images[0].1), "{kind:x}");
        assert!(images[1].1 == further[0].1 && images[2].1 == further[1].1, "{kind:x}");
        let found: Vec<_> = report.pages.iter().map(|page| (page.frame, page.width, page.height)).collect();
        assert_eq!(found, [(0, 60, 40), (1, 30, 50), (2, 20, 10)]);
        assert!(
            report.pages.iter().all(|page| page.embedding == Embedding::Copied && page.warnings.is_empty())
        );
        // Each is turned by its own Exif.
        assert!((report.pages[1].page_points[0] - 22.5).abs() < 0.001);
        assert!((report.pages[2].page_points[0] - 5.0).abs() < 0.001);

        let mut slowly = Vec::new();
        let source = Source::new(BufReader::with_capacity(1, image.as_slice()));
        convert([source], &mut slowly, &Options::default(), &Limits::default(), &Cancel::new()).unwrap();
        assert!(slowly == bytes);
    }
}

#[test]
fn what_lies_between_pictures_is_passed_over() {
    let image = several(&first(), &[(DISPARITY, second().bytes())]);
    let end = image.len() - second().bytes().len();
    let mut wide = [&image[..end], b"something else", &image[end..]].concat();
    let start = wide.windows(4).position(|window| window == b"MPF\0").unwrap() + 4;
    let offset = start + 8 + 2 + 3 * 12 + 4 + 16 + 8;
    wide[offset..offset + 4].copy_from_slice(&((end + 14 - start) as u32).to_be_bytes());
    assert_eq!(pages(&wide).len(), 2);
}

#[test]
fn pictures_that_belong_to_another_are_left_out_and_told() {
    let screens = "light for bright screens";
    let gain_map = "xmlns:hdrgm='http://ns.adobe.com/hdr-gain-map/1.0/' hdrgm:GainMapMax='2'";
    let container = "<Container:Item Item:Semantic='Primary'/><Container:Item Item:Semantic='Depth'/>";
    let iso = [b"urn:iso:std:iso:ts:21496:-1\0".as_slice(), &[0; 40]].concat();
    for (kind, first, second, why) in [
        (0x0001_0001, first(), second(), "a smaller version"),
        (0x4001_0002, first(), second(), "a smaller version"),
        (0x0005_0000, first(), second(), screens),
        (0x0700_0000, first(), second(), "does not say that it is a JPEG"),
        (UNDEFINED, with_xmp(first(), gain_map), with_xmp(second(), gain_map), screens),
        (UNDEFINED, first(), with_xmp(second(), "http://ns.apple.com/HDRGainMap/1.0/"), screens),
        (UNDEFINED, first(), with_xmp(second(), "'urn:com:apple:photo:2020:aux:hdrgainmap'"), screens),
        (UNDEFINED, first(), with_xmp(second(), "apdi:AuxiliaryImageType='x'"), screens),
        (UNDEFINED, first(), with_xmp(second(), "http://ns.google.com/photos/1.0/depthmap/"), screens),
        (UNDEFINED, first(), second().with(0xe2, iso), screens),
        (UNDEFINED, with_xmp(first(), container), second(), screens),
    ] {
        let pages = pages(&several(&first, &[(kind, second.bytes()), (DISPARITY, self::second().bytes())]));
        assert_eq!(pages.len(), 2, "{kind:x} {why}");
        assert!(
            pages[0].warnings.len() == 1 && pages[0].warnings[0].contains(why),
            "{:?}",
            pages[0].warnings
        );
        assert!(pages[1].warnings.is_empty());
    }
    // What the first picture's own XMP says of it, and of another eye's, leaves nothing out.
    let both = "<Container:Item Item:Semantic='Primary'/><Container:Item Item:Semantic='Original'/>";
    for (kind, xmp) in [(UNDEFINED, both), (DISPARITY, container)] {
        let image = several(&with_xmp(first(), xmp), &[(kind, with_xmp(second(), "nothing").bytes())]);
        assert_eq!(pages(&image).len(), 2);
    }
}

#[test]
fn every_cut_is_found_but_that_between_two_pictures() {
    let image = several(&first(), &[(DISPARITY, second().bytes()), (DISPARITY, first().bytes())]);
    let ends =
        [image.len() - first().bytes().len() - second().bytes().len(), image.len() - first().bytes().len()];
    for cut in 0..image.len() {
        match (convert_one(&image[..cut]), ends.iter().position(|end| *end == cut)) {
            (Err(Error::Malformed { .. }), None) => {}
            // An editor has dropped the others, and kept their index.
            (Ok((_, report)), Some(at)) => {
                assert_eq!(report.pages.len(), at + 1);
                assert!(report.pages[at].warnings[0].contains("none where the file says"));
            }
            (other, _) => panic!("cut after {cut} bytes: {other:?}"),
        }
    }
}

#[test]
fn an_index_that_does_not_fit_is_passed_over_and_told() {
    let image = several(&first(), &[(DISPARITY, second().bytes())]);
    let start = image.windows(4).position(|window| window == b"MPF\0").unwrap() + 4;
    let entries = 8 + 2 + 3 * 12 + 4;
    let offset = entries + 16 + 8;
    let (elsewhere, unreadable) = ("none where the file says", "their index cannot be read");
    for (at, bytes, why) in [
        (offset, &0_u32.to_be_bytes()[..], elsewhere),
        (offset, &9_u32.to_be_bytes(), elsewhere),
        (offset, &u32::MAX.to_be_bytes(), elsewhere),
        (offset + 3, &[image[start + offset + 3] ^ 1], elsewhere),
        // It has no order of bytes, no directory, no entries, the first alone, too few bytes, and they lie nowhere.
        (0, b"XX", unreadable),
        (4, &[0xff; 4], unreadable),
        (8, &[0, 2], unreadable),
        (8 + 2 + 2 * 12 + 4, &16_u32.to_be_bytes(), unreadable),
        (8 + 2 + 2 * 12 + 4, &u32::MAX.to_be_bytes(), unreadable),
        (8 + 2 + 2 * 12 + 8, &u32::MAX.to_be_bytes(), unreadable),
    ] {
        let mut image = image.clone();
        image[start + at..][..bytes.len()].copy_from_slice(bytes);
        let pages = pages(&image);
        assert_eq!(pages.len(), 1, "{at} {bytes:?}");
        assert!(
            pages[0].warnings.len() == 1 && pages[0].warnings[0].contains(why),
            "{at} {:?}",
            pages[0].warnings
        );
    }
}

#[test]
fn a_further_picture_that_is_broken_is_refused() {
    let image = |further: Vec<u8>| several(&first(), &[(DISPARITY, further)]);
    let good = second().bytes();
    let mut arithmetic = second();
    arithmetic.frame_marker = Some(0xc9);
    refused("no end", &image(good[..good.len() - 2].to_vec()), "Malformed", "the JPEG ends after");
    refused("no scan", &image(b"\xff\xd8\xff\xd9".to_vec()), "Malformed", "before it has a scan");
    refused("arithmetic", &image(arithmetic.bytes()), "Unsupported", "arithmetic");
    let mut flipped = good.clone();
    flipped[2] = 0;
    refused("no marker", &image(flipped), "Malformed", "no marker at byte");
}

#[test]
fn limits_and_options_count_further_pictures() {
    let image = several(&first(), &[(DISPARITY, second().bytes()), (DISPARITY, second().bytes())]);
    for (frames_max, taken) in [(3, true), (2, false)] {
        let limits = Limits { frames_max, ..Limits::default() };
        match convert_with(&image, &limits) {
            Ok((_, report)) => assert!(taken && report.pages.len() == 3),
            Err(error) => assert!(!taken && kind_of(&error) == "TooLarge", "{error}"),
        }
    }
    let mut options = Options::default();
    options.first_frame_only = true;
    let mut bytes = Vec::new();
    let source = Source::new(image.as_slice());
    let report = convert([source], &mut bytes, &options, &Limits::default(), &Cancel::new()).unwrap();
    assert!(report.pages.len() == 1 && report.pages[0].warnings.is_empty());
}
