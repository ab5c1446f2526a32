use pdf_engine::{Embedding, Error, Format, Limits, PageReport};

use crate::support::{convert_one, convert_with, kind_of, pdf, refused, stored};

/// Converts one of the images that are kept, and gives its page.
fn page(name: &str) -> PageReport {
    let (_, mut report) = convert_one(stored::image(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(report.pages.len(), 1, "{name}");
    report.pages.remove(0)
}

/// An image with some of its bytes changed, wherever they stand.
fn edited(name: &str, from: &[u8], to: &[u8]) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let mut bytes = stored::image(name).to_vec();
    let places: Vec<_> = (0..bytes.len() - from.len()).filter(|at| bytes[*at..].starts_with(from)).collect();
    assert!(!places.is_empty(), "{name} has no {from:?}");
    for at in places {
        bytes[at..at + to.len()].copy_from_slice(to);
    }
    bytes
}

#[test]
fn pictures_keep_their_size_depth_and_transparency() {
    for (name, size, bits, transparency) in [
        ("bt709.avif", (64, 40), 8, false),
        ("bt2020.avif", (64, 40), 8, false),
        ("lossless-identity.avif", (64, 40), 8, false),
        ("ten-420-alpha.avif", (64, 40), 16, true),
        ("gray-ten.avif", (64, 40), 16, false),
        ("twelve-444.avif", (64, 40), 16, false),
        ("twelve-422-limited.avif", (64, 40), 16, false),
        ("grid.avif", (200, 144), 8, false),
        // Cut by the file itself, and of pixels that are twice as wide as high.
        ("cut-and-wide.avif", (40, 20), 8, false),
    ] {
        let page = page(name);
        assert_eq!((page.width, page.height), size, "{name}");
        assert_eq!((page.format, page.embedding), (Format::Avif, Embedding::Packed), "{name}");
        assert_eq!((page.bits_per_sample, page.transparency), (bits, transparency), "{name}");
        assert!(page.warnings.is_empty(), "{name}: {:?}", page.warnings);
    }
    assert_eq!(page("cut-and-wide.avif").page_points, [60.0, 15.0]);
}

#[test]
fn colours_that_are_not_those_of_srgb_have_a_profile() {
    for (name, expected) in
        [("p3.avif", true), ("bt2020.avif", true), ("bt709.avif", false), ("gray-ten.avif", false)]
    {
        let (pdf, _) = convert_one(stored::image(name)).unwrap();
        let found = pdf.windows(9).any(|bytes| bytes == b"/ICCBased");
        assert_eq!(found, expected, "{name}");
    }
    let warnings = page("bt2020-ten.avif").warnings;
    assert!(warnings.len() == 1 && warnings[0].contains("dynamic range"), "{warnings:?}");
}

#[test]
fn what_is_not_converted_is_told() {
    refused("YCgCo", stored::image("ycgco.avif"), "Unsupported", "matrix coefficients 8");
    for (from, to, kind, why) in [
        (&b"pitm\0"[..], &b"free\0"[..], "Malformed", "which of its items"),
        (b"meta\0", b"free\0", "Malformed", "what its images are"),
        (b"ispe\0", b"free\0", "Malformed", "how large"),
        (
            b"ispe\0\0\0\0\0\0\0\x40",
            b"ispe\0\0\0\0\0\0\0\x41",
            "Malformed",
            "65 × 40 pixels, and its AV1 data 64 × 40",
        ),
        (b"av01Color", b"hvc1Color", "Unsupported", "of the kind hvc1"),
        (b"mdat\x12\0\x0a", b"mdat\x12\0\x02", "Malformed", "AV1 data that are damaged"),
    ] {
        let name = String::from_utf8_lossy(to).into_owned();
        refused(&name, &edited("bt709.avif", from, to), kind, why);
    }
    let uneven = edited("grid.avif", b"\0\0\x01\x01", b"\0\0\x01\x02");
    refused("a grid of too few tiles", &uneven, "Malformed", "tiles do not fill");
}

#[test]
fn a_file_that_is_cut_anywhere_is_refused() {
    for (name, bytes) in stored::ALL.iter().filter(|(name, _)| stored::is_avif(name)) {
        // Before that, it does not say what it is.
        for cut in (12..bytes.len()).step_by(bytes.len().div_ceil(300)).chain([bytes.len() - 1]) {
            refused(&format!("{name} cut after {cut} bytes"), &bytes[..cut], "Malformed", "the AVIF");
        }
    }
}

#[test]
fn damage_in_the_picture_ends_no_process() {
    // rav1d takes a damaged frame apart twice where it works on one at a time, and ends the process.
    let image = stored::image("lossless-identity.avif");
    let start = image.windows(4).position(|bytes| bytes == b"mdat").unwrap() + 4;
    let mut refused = 0;
    for at in (start..image.len()).step_by(7) {
        let mut damaged = image.to_vec();
        for byte in damaged.iter_mut().skip(at).take(5) {
            *byte = !*byte;
        }
        match convert_one(&damaged) {
            Ok((pdf, _)) => pdf::check(&pdf),
            Err(error) => {
                assert_eq!(kind_of(&error), "Malformed", "{error}");
                refused += 1;
            }
        }
    }
    assert!(refused > 0);
}

#[test]
fn memory_is_asked_for_before_it_is_held() {
    let image = stored::image("twelve-444.avif");
    // Three planes of 16 bits, twice, and 4 bytes a pixel.
    let bytes = 64 * 40 * (2 * 6 + 4);
    let limits = |decoded_bytes_max| Limits { decoded_bytes_max, ..Limits::default() };
    convert_with(image, &limits(bytes)).unwrap();
    match convert_with(image, &limits(bytes - 1)) {
        Err(Error::TooLarge { limit, .. }) => assert_eq!(limit, "decoded_bytes_max"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn frames_that_a_picture_hides_cost_as_much_as_the_one_it_shows() {
    let image = stored::image("bt709.avif");
    let start = image.windows(4).position(|bytes| bytes == b"mdat").unwrap() + 4;
    // A delimiter, the header of the sequence, and the frame, which the item's data end with.
    let header = 2 + 2 + usize::from(image[start + 3]);
    let frame = &image[start + header..];
    let place = place_of(image, u32::try_from(image.len() - start).unwrap());
    let of = |frames: usize| {
        let mut file = image.to_vec();
        file.extend(frame.repeat(frames - 1));
        let box_bytes = u32::try_from(file.len() - start + 8).unwrap();
        file[start - 8..start - 4].copy_from_slice(&box_bytes.to_be_bytes());
        file[place..place + 4].copy_from_slice(&(box_bytes - 8).to_be_bytes());
        file
    };
    let limits = |decoded_pixels_max| Limits { decoded_pixels_max, ..Limits::default() };
    convert_with(&of(64), &limits(64 * 64 * 40)).unwrap();
    let error = convert_with(&of(64), &limits(64 * 64 * 40 - 1)).unwrap_err();
    assert_eq!(kind_of(&error), "TooLarge", "{error}");
    refused("65 frames", &of(65), "Unsupported", "65 frames of AV1 for one picture");
}

/// Where the table of places says that an item has so many bytes.
fn place_of(image: &[u8], bytes: u32) -> usize {
    image.windows(4).position(|found| found == bytes.to_be_bytes()).unwrap()
}
