use pdf_engine::{Embedding, Error, Format, Limits};

use crate::support::{convert_one, convert_with, kind_of, pdf, refused, stored};

#[test]
fn pictures_keep_their_size_depth_transparency_and_frames() {
    for (name, bits, transparency, pages) in [
        ("boxed.jxl", 8, false, 1),
        ("alpha-lossy.jxl", 8, true, 1),
        ("wide.jxl", 16, false, 1),
        ("wide-gray.jxl", 16, false, 1),
        ("moving.jxl", 8, false, 3),
    ] {
        let (_, report) = convert_one(stored::image(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(report.pages.len(), pages, "{name}");
        for page in report.pages {
            assert_eq!((page.width, page.height), (64, 40), "{name}");
            assert_eq!((page.format, page.embedding), (Format::JpegXl, Embedding::Packed), "{name}");
            assert_eq!((page.bits_per_sample, page.transparency), (bits, transparency), "{name}");
            assert!(page.warnings.is_empty(), "{name}: {:?}", page.warnings);
        }
    }
}

#[test]
fn a_file_that_is_cut_anywhere_is_refused() {
    for (name, bytes) in stored::ALL.iter().filter(|(name, _)| !stored::is_avif(name)) {
        // Before that, it does not say what it is.
        for cut in (12..bytes.len()).step_by(bytes.len().div_ceil(200)).chain([bytes.len() - 1]) {
            refused(&format!("{name} cut after {cut} bytes"), &bytes[..cut], "Malformed", "the JPEG XL");
        }
    }
}

#[test]
fn boxes_must_hold_one_codestream() {
    let signature = b"\0\0\0\x0cJXL \r\n\x87\n\0\0\0\x14ftypjxl \0\0\0\0jxl ";
    let bare = stored::image("alpha-lossy.jxl");
    assert!(bare.starts_with(&[0xff, 0x0a]));
    let boxed = |kind: &[u8], content: &[u8]| -> Vec<u8> {
        [&(content.len() as u32 + 8).to_be_bytes(), kind, content].concat()
    };
    let piece = |number: u32, content: &[u8]| boxed(b"jxlp", &[&number.to_be_bytes(), content].concat());
    let (first, second) = bare.split_at(bare.len() / 2);
    let last = 1 << 31;
    let file = |boxes: &[Vec<u8>]| [signature.as_slice(), &boxes.concat()].concat();
    for good in [
        file(&[boxed(b"jxlc", bare)]),
        file(&[piece(0, first), boxed(b"free", b"x"), piece(last | 1, second)]),
        file(&[piece(0, b""), piece(last | 1, bare)]),
    ] {
        convert_one(&good).unwrap();
    }
    for (broken, why) in [
        (file(&[piece(0, first), piece(1, second)]), "ends before its codestream"),
        (file(&[piece(1, first), piece(last, second)]), "another order"),
        (file(&[piece(0, first)]), "ends before its codestream"),
        (file(&[piece(last, first)]), "ends"),
        (file(&[boxed(b"jxlc", bare), boxed(b"jxlc", bare)]), "more than one"),
        (file(&[piece(last, bare), piece(last | 1, bare)]), "more than one"),
        (file(&[boxed(b"jxlc", b"nothing")]), "no codestream"),
        (file(&[]), "ends before its codestream"),
    ] {
        refused(why, &broken, "Malformed", why);
    }
}

#[test]
fn what_a_header_claims_is_checked_before_anything_is_decoded() {
    // Sizes of 2 to the power of 30 a side.
    refused("a huge one", b"\xff\x0a\xfe\xff\xff\xff\xff\xff\xff\xff\xff\xff", "TooLarge", "1,073,741,824");
    refused("a cut one", b"\xff\x0a\xfe\xff", "Malformed", "within its headers");
    let image = stored::image("wide.jxl");
    // Three fractions of 32 bits a pixel.
    let held = 64 * 40 * 3 * 4;
    let limits = |decoded_bytes_max| Limits { decoded_bytes_max, ..Limits::default() };
    convert_with(image, &limits(held)).unwrap();
    match convert_with(image, &limits(held - 1)) {
        Err(Error::TooLarge { limit, .. }) => assert_eq!(limit, "decoded_bytes_max"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn damage_in_the_codestream_is_survived() {
    for name in ["wide.jxl", "alpha-lossy.jxl"] {
        let image = stored::image(name);
        let mut refused = 0;
        for at in 4..image.len() {
            let mut damaged = image.to_vec();
            damaged[at] = !damaged[at];
            match convert_with(&damaged, &Limits { pixels_max: 1 << 20, ..Limits::default() }) {
                Ok((pdf, _)) => pdf::check(&pdf),
                Err(error) => {
                    assert!(matches!(kind_of(&error), "Malformed" | "TooLarge" | "Unsupported"), "{error}");
                    refused += 1;
                }
            }
        }
        assert!(refused > 0, "{name}");
    }
}
