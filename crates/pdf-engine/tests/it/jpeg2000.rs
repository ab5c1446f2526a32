use pdf_engine::{Embedding, Limits};

use crate::support::{
    convert_one, convert_with, kind_of, pdf,
    raster::{self, JPEG2000_CODING, JPEG2000_STEPS},
    refused,
};

const EIGHT: [u8; 3] = [7, 1, 1];
const COD: u16 = 0xff52;
const QCD: u16 = 0xff5c;
const RGN: u16 = 0xff5e;
const POC: u16 = 0xff5f;
const PPM: u16 = 0xff60;
const PPT: u16 = 0xff61;
const HEADER: [(u16, &[u8]); 2] = [(COD, JPEG2000_CODING), (QCD, JPEG2000_STEPS)];
/// A packet with one code-block: included, no bit planes empty, one pass, the length of three bits, and three bytes.
const FULL: [u8; 4] = [0b1110_0011, 0x80, 0, 0];
/// Red, green, blue and alpha.
const CHANNELS: [[u16; 3]; 4] = [[0, 0, 1], [1, 0, 2], [2, 0, 3], [3, 1, 0]];

/// A codestream of these components, segments of both headers, and packets.
fn image(
    components: usize,
    header: &[(u16, &[u8])],
    tile_header: &[(u16, &[u8])],
    packets: &[u8],
) -> Vec<u8> {
    raster::jpeg2000_of(23, 17, &vec![EIGHT; components], header, tile_header, packets)
}

/// The segments of a plain header, and these.
fn with<'b>(segments: &[(u16, &'b [u8])]) -> Vec<(u16, &'b [u8])> {
    [HEADER.as_slice(), segments].concat()
}

#[test]
fn an_alpha_of_a_bare_codestream_is_told_in_boxes() {
    let gray = b"\0\0\0\x0fcolr\x01\0\0\0\0\0\x11".as_slice();
    let color = b"\0\0\0\x0fcolr\x01\0\0\0\0\0\x10".as_slice();
    let two = b"\0\0\0\x16cdef\0\x02\0\0\0\0\0\x01\0\x01\0\x01\0\0".as_slice();
    let four =
        b"\0\0\0\x22cdef\0\x04\0\0\0\0\0\x01\0\x01\0\0\0\x02\0\x02\0\0\0\x03\0\x03\0\x01\0\0".as_slice();
    for (components, depth, boxes) in [
        (&[EIGHT; 2][..], 7, &[gray, two][..]),
        (&[EIGHT; 4], 7, &[color, four]),
        (&[[0x8f, 1, 1]; 4], 0x8f, &[color, four]),
        (&[EIGHT, [0, 1, 1]], 255, &[b"\0\0\0\x0abpcc\x07\0".as_slice(), gray, two]),
    ] {
        let image = raster::jpeg2000(23, 17, components);
        let (bytes, report) = convert_one(&image).unwrap();
        let page = &report.pages[0];
        assert_eq!((page.embedding, page.transparency, page.lossless), (Embedding::Copied, true, true));
        assert_eq!(page.bits_per_sample, (components[0][0] & 127) + 1);
        let said = page.warnings.iter().any(|warning| warning.contains("red, green, blue and alpha"));
        assert_eq!(said, components.len() == 4, "{:?}", page.warnings);
        let (dictionary, data) = pdf::image(&bytes);
        assert!(dictionary.contains("/SMaskInData 1") && !dictionary.contains("ColorSpace"), "{dictionary}");
        let count = components.len() as u8;
        let header =
            [b"\0\0\0\x16ihdr\0\0\0\x11\0\0\0\x17\0", [count, depth, 7, 0, 0].as_slice(), &boxes.concat()]
                .concat();
        let length = |content: &[u8]| (content.len() as u32 + 8).to_be_bytes();
        let expected = [
            b"\0\0\0\x0cjP  \r\n\x87\n\0\0\0\x14ftypjp2 \0\0\0\0jp2 ",
            length(&header).as_slice(),
            b"jp2h",
            &header,
            b"\0\0\0\0jp2c",
            &image,
        ]
        .concat();
        assert!(data == expected, "{data:x?}");
        // It is a file of its own, and read as one.
        let (again, report) = convert_one(&data).unwrap();
        assert!(pdf::image(&again).1 == data && report.pages[0].transparency);
    }
}

#[test]
fn a_bare_codestream_without_an_alpha_stays_bare() {
    for (count, space) in [(1, "DeviceGray"), (3, "DeviceRGB")] {
        let image = raster::jpeg2000(23, 17, &vec![EIGHT; count]);
        let (bytes, report) = convert_one(&image).unwrap();
        assert!(!report.pages[0].transparency);
        let (dictionary, data) = pdf::image(&bytes);
        assert!(dictionary.contains(space) && !dictionary.contains("SMaskInData"), "{dictionary}");
        assert!(data == image);
    }
    refused("five", &raster::jpeg2000(23, 17, &[EIGHT; 5]), "Unsupported", "of 5 components");
    refused("six", &raster::jpeg2000(23, 17, &[EIGHT; 6]), "Unsupported", "6 components");
}

#[test]
fn markers_and_headers_that_stand_apart_are_read() {
    let marked = [6, 0, 0, 1, 0, 0, 4, 4, 0, 1];
    let header = [(COD, marked.as_slice()), (QCD, JPEG2000_STEPS)];
    let packet = |number: u8| [b"\xff\x91\0\x04\0", [number].as_slice(), b"\0\xff\x92"].concat();
    let packets: Vec<u8> = (0..4).flat_map(packet).collect();
    let taken = |name: &str, file: &[u8]| assert!(convert_one(file).is_ok(), "{name}");
    taken("numbered", &image(4, &header, &[], &packets));
    // Markers with numbers may be missing, the others not.
    taken("not numbered", &image(4, &header, &[], &b"\0\xff\x92".repeat(4)));
    refused("unended", &image(3, &header, &[], &[0; 3]), "Malformed", "without the marker at its end");

    // In segments that are not in their order.
    let in_tile: [(u16, &[u8]); 2] = [(PPT, &[1, 0]), (PPT, &[0, 0, 0, 0])];
    taken("packed in the tile-part", &image(4, &HEADER, &in_tile, &[]));
    let in_main = with(&[(PPM, &[1, 0, 4, 0, 0]), (PPM, &[2, 0, 0]), (PPM, &[0, 0, 0])]);
    taken("packed in the header", &image(4, &in_main, &[], &[]));
    let short = with(&[(PPM, &[0, 0, 0, 0, 3, 0, 0, 0])]);
    refused("packed and short", &image(4, &short, &[], &[]), "Malformed", "fewer packets");
    let long = with(&[(PPM, &[0, 0, 0, 0, 5, 0, 0, 0, 0, 0])]);
    refused("packed and long", &image(4, &long, &[], &[]), "Malformed", "behind its last packet");
    let cut = with(&[(PPM, &[0, 0, 0, 0, 5, 0])]);
    refused("packed and cut", &image(4, &cut, &[], &[]), "Malformed", "packed headers that are not");
}

#[test]
fn a_tile_may_have_several_tile_parts() {
    let whole = image(4, &HEADER, &[], &[0; 4]);
    let start = whole.windows(2).position(|window| window == b"\xff\x90").unwrap();
    let part = |number: u8, packets: &[u8]| {
        let length = 14 + packets.len() as u8;
        [b"\xff\x90\0\x0a\0\0\0\0\0", [length, number, 0].as_slice(), b"\xff\x93", packets].concat()
    };
    let of = |parts: &[Vec<u8>]| [&whole[..start], &parts.concat(), b"\xff\xd9"].concat();
    let parts = [part(0, &[0]), part(1, &[]), part(2, &[0, 0]), part(3, &[0])];
    assert!(convert_one(&of(&parts)).is_ok());
    for (name, parts) in [
        ("out of order", [part(1, &[0]), part(0, &[0, 0, 0])]),
        ("twice", [part(0, &[0]), part(0, &[0, 0, 0])]),
    ] {
        refused(name, &of(&parts), "Malformed", "none of those it claims");
    }
    refused("one is missing", &of(&parts[..3]), "Malformed", "fewer packets");
}

#[test]
fn damage_within_a_codestream_is_found() {
    let coded =
        |coding: &[u8], steps: &[u8], packets: &[u8]| image(1, &[(COD, coding), (QCD, steps)], &[], packets);
    for (name, packets, why) in [
        ("no packet", &[][..], "fewer packets than its header says"),
        ("a byte too many", &[0, 0], "bytes behind its last packet"),
        ("a header that goes on", &[0b1110_1111], "a header that is not whole"),
        ("a marker in a header", &[0xff, 0x90], "a marker in its header"),
        ("a body that is cut", &FULL[..2], "longer than its tile-part"),
        ("no bit plane", &[0b1100_0000, 0, 0], "a code-block without bit planes"),
        ("passes without planes", &[0b1111_1111, 0b0111_1111, 0b1111_1111, 0x7f, 0x80], "more coding passes"),
        (
            "a length beyond all",
            &[&[0b1110_1111][..], &[0xff, 0x7f].repeat(4)].concat(),
            "more bytes than can be",
        ),
    ] {
        refused(name, &coded(JPEG2000_CODING, JPEG2000_STEPS, packets), "Malformed", why);
    }
    assert!(convert_one(&coded(JPEG2000_CODING, JPEG2000_STEPS, &FULL)).is_ok());
    for (name, coding, steps, why) in [
        ("an order of no number", &[0, 5, 0, 1, 0, 0, 4, 4, 0, 1][..], JPEG2000_STEPS, "order of number 5"),
        ("no layer", &[0, 0, 0, 0, 0, 0, 4, 4, 0, 1], JPEG2000_STEPS, "no layer"),
        ("too many levels", &[0, 0, 0, 1, 0, 33, 4, 4, 0, 1], JPEG2000_STEPS, "cannot be"),
        ("wide code-blocks", &[0, 0, 0, 1, 0, 0, 9, 0, 0, 1], JPEG2000_STEPS, "cannot be"),
        ("large code-blocks", &[0, 0, 0, 1, 0, 0, 5, 4, 0, 1], JPEG2000_STEPS, "cannot be"),
        ("codes of T.814", &[0, 0, 0, 1, 0, 0, 4, 4, 64, 1], JPEG2000_STEPS, "cannot be"),
        (
            "precincts without size",
            &[1, 0, 0, 1, 0, 0, 4, 4, 0, 1],
            JPEG2000_STEPS,
            "fewer sizes of precincts",
        ),
        ("precincts of half", &[1, 0, 0, 1, 0, 1, 4, 4, 0, 1, 0x88, 0x80], JPEG2000_STEPS, "without samples"),
        ("few steps", &[0, 0, 0, 1, 0, 1, 4, 4, 0, 1], JPEG2000_STEPS, "fewer steps"),
        ("steps of no style", JPEG2000_CODING, &[3, 0], "style 3"),
        ("a short style", &[0, 0, 0, 1], JPEG2000_STEPS, "too short"),
    ] {
        refused(name, &coded(coding, steps, &[0, 0, 0, 0]), "Malformed", why);
    }
    for (name, segments, why) in [
        ("nothing of quantization", &[(COD, JPEG2000_CODING)][..], "how it is quantized"),
        ("nothing of coding", &[(QCD, JPEG2000_STEPS)], "how it is coded"),
        ("half a change", &[HEADER[0], HEADER[1], (POC, &[0, 0, 0])], "not whole"),
        ("a change of none", &[HEADER[0], HEADER[1], (POC, &[1, 0, 0, 1, 1, 1, 0])], "about none"),
        ("a region of interest", &[HEADER[0], HEADER[1], (RGN, &[0, 1, 3])], "region of interest"),
    ] {
        refused(name, &image(1, segments, &[], &[0]), "Malformed", why);
    }
}

#[test]
fn layers_that_add_nothing_may_be_left_out_at_the_end() {
    let three = [0, 0, 0, 3, 0, 0, 4, 4, 0, 1];
    let header = [(COD, three.as_slice()), (QCD, JPEG2000_STEPS)];
    for (count, whole) in [(0, false), (1, false), (2, true), (3, true), (6, true), (7, false)] {
        let found = convert_one(&image(2, &header, &[], &vec![0; count]));
        assert_eq!(found.is_ok(), whole, "{count} packets: {:?}", found.err());
    }
}

#[test]
fn a_codestream_that_claims_more_than_its_bytes_can_say_is_refused_at_once() {
    // A precinct a sample, in the one resolution.
    let small = [1, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0];
    let header = [(COD, small.as_slice()), (QCD, JPEG2000_STEPS)];
    let precincts = raster::jpeg2000_of(30_000, 30_000, &[EIGHT], &header, &[], &[0; 9]);
    refused("precincts", &precincts, "Malformed", "900,000,000 precincts in 9 bytes");
    // Code-blocks of four times four.
    let fine = |layers: u8| [0, 0, 0, layers, 0, 0, 0, 0, 0, 1];
    let (one, many) = (fine(1), fine(255));
    let of = |side: u32, coding: &[u8], packets: &[u8]| {
        raster::jpeg2000_of(side, side, &[EIGHT], &[(COD, coding), (QCD, JPEG2000_STEPS)], &[], packets)
    };
    // None of them is in it, which one bit says.
    refused("code-blocks", &of(30_000, &one, &[0x80]), "TooLarge", "code-blocks in a tile");
    let limits = Limits { decoded_bytes_max: 1 << 20, ..Limits::default() };
    assert!(convert_with(&of(800, &one, &[0x80]), &limits).is_ok());
    assert_eq!(kind_of(&convert_with(&of(1000, &one, &[0x80]), &limits).unwrap_err()), "TooLarge");
    refused("layers", &of(3000, &many, &[0x80; 255]), "Unsupported", "far more code-blocks");
    let mut tiles = of(30_000, &one, &[0]);
    tiles[24..32].copy_from_slice(&[0, 0, 0, 1, 0, 0, 0, 1]);
    refused("tiles", &tiles, "Malformed", "claims 900,000,000 tiles");
    tiles[24..32].copy_from_slice(&[0, 0, 0x75, 0x30, 0, 0, 0x3a, 0x98]);
    refused("a tile that is missing", &tiles, "Malformed", "nothing of tile 1");
}

#[test]
fn a_cut_codestream_is_refused() {
    let files = [1, 2, 3, 4].map(|count| raster::jpeg2000(23, 17, &vec![EIGHT; count]));
    let boxed = raster::jp2(&files[3], 16, &CHANNELS);
    for file in files.iter().chain([&boxed]) {
        for cut in 12..file.len() {
            refused(&format!("cut after {cut} bytes"), &file[..cut], "Malformed", "the JPEG 2000 ");
        }
    }
}
