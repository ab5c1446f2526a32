use pdf_engine::{Cancel, Embedding, Limits, Options, PdfA, Source, convert};

use crate::support::{
    convert_one, convert_with, kind_of, pdf,
    raster::{self, JPEG2000_CODING, JPEG2000_STEPS},
    refused,
};

const EIGHT: [u8; 3] = [7, 1, 1];
const COD: u16 = 0xff52;
const COC: u16 = 0xff53;
const QCD: u16 = 0xff5c;
const QCC: u16 = 0xff5d;
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

fn borrowed(segments: &[(u16, Vec<u8>)]) -> Vec<(u16, &[u8])> {
    segments.iter().map(|(kind, content)| (*kind, content.as_slice())).collect()
}

/// What a stream of the PDF has behind its boxes.
fn codestream(data: &[u8]) -> &[u8] {
    let at = data.windows(4).position(|window| window == b"jp2c").unwrap();
    &data[at + 4..]
}

/// Checks that the colours and the mask of a file are these codestreams.
fn parted(name: &str, file: &[u8], colors: &[u8], mask: &[u8]) {
    let (bytes, report) = convert_one(file).unwrap_or_else(|error| panic!("{name}: {error}"));
    let page = &report.pages[0];
    assert_eq!((page.embedding, page.transparency, page.lossless), (Embedding::Split, true, true), "{name}");
    let images = pdf::images(&bytes);
    let [(dictionary, found), (mask_dictionary, found_mask)] = images.as_slice() else {
        panic!("{name}: {} images", images.len())
    };
    assert!(dictionary.contains("/SMask ") && !dictionary.contains("/SMaskInData"), "{name}: {dictionary}");
    assert!(
        mask_dictionary.contains("/ColorSpace /DeviceGray /Filter /JPXDecode"),
        "{name}: {mask_dictionary}"
    );
    assert!(codestream(found) == colors, "{name}: {:x?}\nfor {colors:x?}", codestream(found));
    assert!(codestream(found_mask) == mask, "{name}: {:x?}\nfor {mask:x?}", codestream(found_mask));
}

#[test]
fn an_alpha_of_a_bare_codestream_is_parted_and_boxes_say_what_is_left() {
    let gray = b"\0\0\0\x0fcolr\x01\0\0\0\0\0\x11".as_slice();
    let color = b"\0\0\0\x0fcolr\x01\0\0\0\0\0\x10".as_slice();
    let ycc = b"\0\0\0\x0fcolr\x01\0\0\0\0\0\x12".as_slice();
    for (components, depth, boxes) in [
        (&[EIGHT; 2][..], 7, &[gray][..]),
        (&[EIGHT; 4], 7, &[color]),
        (&[[0x8f, 1, 1]; 4], 0x8f, &[color]),
        (&[EIGHT, [9, 1, 1], EIGHT, EIGHT], 255, &[b"\0\0\0\x0bbpcc\x07\x09\x07".as_slice(), color]),
        (&[EIGHT, [7, 2, 2], [7, 2, 2], EIGHT], 7, &[ycc]),
        (&[EIGHT, [0, 1, 1]], 7, &[gray]),
    ] {
        let image = raster::jpeg2000(23, 17, components);
        let (bytes, report) = convert_one(&image).unwrap();
        let page = &report.pages[0];
        assert_eq!((page.embedding, page.transparency, page.lossless), (Embedding::Split, true, true));
        assert_eq!(page.bits_per_sample, (components[0][0] & 127) + 1);
        let said = page.warnings.iter().any(|warning| warning.contains("red, green, blue and alpha"));
        assert_eq!(said, components.len() == 4, "{:?}", page.warnings);
        let images = pdf::images(&bytes);
        let written = |count: u8, depth: u8, boxes: &[u8], codestream: &[u8]| {
            let image =
                [b"\0\0\0\x16ihdr\0\0\0\x11\0\0\0\x17\0", [count, depth, 7, 0, 0].as_slice()].concat();
            let length = (image.len() + boxes.len()) as u32 + 8;
            [
                b"\0\0\0\x0cjP  \r\n\x87\n\0\0\0\x14ftypjp2 \0\0\0\0jp2 ",
                length.to_be_bytes().as_slice(),
                b"jp2h",
                &image,
                boxes,
                b"\0\0\0\0jp2c",
                codestream,
            ]
            .concat()
        };
        let (alpha, colors) = components.split_last().unwrap();
        let expected = written(colors.len() as u8, depth, &boxes.concat(), &raster::jpeg2000(23, 17, colors));
        assert!(images[0].1 == expected, "{:x?}", images[0].1);
        let expected = written(1, alpha[0], gray, &raster::jpeg2000(23, 17, &[*alpha]));
        assert!(images[1].1 == expected, "{:x?}", images[1].1);
        // Each is a file of its own, and read as one.
        for (_, data) in images {
            let (again, report) = convert_one(&data).unwrap();
            assert!(pdf::image(&again).1 == data && !report.pages[0].transparency);
        }
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
fn headers_are_written_anew_for_the_components_that_are_left() {
    let coding = |component: u8| [&[component], [0, 0, 3, 3, 0, 1].as_slice()].concat();
    let steps = |component: u8| [&[component], JPEG2000_STEPS].concat();
    let own = |numbers: &[u8]| -> Vec<(u16, Vec<u8>)> {
        let of = |number: &u8| [(COC, coding(*number)), (QCC, steps(*number)), (RGN, vec![*number, 0, 5])];
        numbers.iter().flat_map(of).collect()
    };
    // The alpha is the second of four: what is behind it has another number.
    let channels = [[0, 0, 1], [1, 1, 0], [2, 0, 2], [3, 0, 3]];
    let (all, colors, mask) = (own(&[1, 2]), own(&[1]), own(&[0]));
    let (all, colors, mask) = (borrowed(&all), borrowed(&colors), borrowed(&mask));
    for in_tile in [false, true] {
        let part = |count: usize, segments: &[(u16, &[u8])]| {
            let (header, tile) =
                if in_tile { (with(&[]), segments) } else { (with(segments), [].as_slice()) };
            image(count, &header, tile, &[0; 4][..count])
        };
        let file = raster::jp2(&part(4, &all), 16, &channels);
        parted("for components", &file, &part(3, &colors), &part(1, &mask));

        // An order for the colours, in two changes, and one for all.
        let changes: [&[u8]; 3] = [&[0, 0, 0, 1, 1, 2, 4], &[0, 2, 0, 1, 1, 4, 1], &[0, 0, 0, 1, 33, 0, 0]];
        let colors: [&[u8]; 3] = [&[0, 0, 0, 1, 1, 1, 4], &[0, 1, 0, 1, 1, 3, 1], &[0, 0, 0, 1, 33, 3, 0]];
        let mask: [&[u8]; 2] = [&[0, 0, 0, 1, 1, 1, 4], &[0, 0, 0, 1, 33, 1, 0]];
        let [changes, colors, mask] = [changes.concat(), colors.concat(), mask.concat()];
        let file = raster::jp2(&part(4, &[(POC, &changes)]), 16, &channels);
        parted("changes of order", &file, &part(3, &[(POC, &colors)]), &part(1, &[(POC, &mask)]));
    }
    // Places of components, comments, and lengths of tile-parts.
    let header = with(&[
        (0xff63, &[0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8]),
        (0xff64, b"\0\x01a"),
        (0xff55, &[0, 0]),
    ]);
    let colors = with(&[(0xff63, &[0, 1, 0, 2, 0, 5, 0, 6, 0, 7, 0, 8]), (0xff64, b"\0\x01a")]);
    let mask = with(&[(0xff63, &[0, 3, 0, 4])]);
    let lengths: [(u16, &[u8]); 1] = [(0xff58, &[0, 1, 1, 1, 1])];
    let file = raster::jp2(&image(4, &header, &lengths, &[0; 4]), 16, &channels);
    parted("others", &file, &image(3, &colors, &[], &[0; 3]), &image(1, &mask, &[], &[0]));
    // The colours are still mixed, and what is left of two components is not.
    let mixing = [0, 0, 0, 1, 1, 0, 4, 4, 0, 1];
    let header = [(COD, mixing.as_slice()), (QCD, JPEG2000_STEPS)];
    let file = raster::jp2(&image(4, &header, &[], &[0; 4]), 16, &CHANNELS);
    parted("mixed", &file, &image(3, &header, &[], &[0; 3]), &image(1, &HEADER, &[], &[0]));
}

#[test]
fn markers_and_headers_that_stand_apart_come_to_each_packet() {
    let marked = [6, 0, 0, 1, 0, 0, 4, 4, 0, 1];
    let header = [(COD, marked.as_slice()), (QCD, JPEG2000_STEPS)];
    let packet = |number: u8| [b"\xff\x91\0\x04\0", [number].as_slice(), b"\0\xff\x92"].concat();
    let packets = |count: u8| -> Vec<u8> { (0..count).flat_map(packet).collect() };
    let (colors, mask) = (image(3, &header, &[], &packets(3)), image(1, &header, &[], &packets(1)));
    parted("numbered", &image(4, &header, &[], &packets(4)), &colors, &mask);
    // Markers with numbers may be missing, the others not.
    let unnumbered = b"\0\xff\x92".repeat(4);
    let (colors, mask) = (image(3, &header, &[], &unnumbered[..9]), image(1, &header, &[], &unnumbered[..3]));
    parted("not numbered", &image(4, &header, &[], &unnumbered), &colors, &mask);
    refused("unended", &image(3, &header, &[], &[0; 3]), "Malformed", "without the marker at its end");

    let (colors, mask) = (image(3, &HEADER, &[], &[0; 3]), image(1, &HEADER, &[], &[0]));
    // In segments that are not in their order.
    let in_tile: [(u16, &[u8]); 2] = [(PPT, &[1, 0]), (PPT, &[0, 0, 0, 0])];
    parted("packed in the tile-part", &image(4, &HEADER, &in_tile, &[]), &colors, &mask);
    let in_main = with(&[(PPM, &[1, 0, 4, 0, 0]), (PPM, &[2, 0, 0]), (PPM, &[0, 0, 0])]);
    parted("packed in the header", &image(4, &in_main, &[], &[]), &colors, &mask);
    let short = with(&[(PPM, &[0, 0, 0, 0, 3, 0, 0, 0])]);
    refused("packed and short", &image(4, &short, &[], &[]), "Malformed", "fewer packets");
    let long = with(&[(PPM, &[0, 0, 0, 0, 5, 0, 0, 0, 0, 0])]);
    refused("packed and long", &image(4, &long, &[], &[]), "Malformed", "behind its last packet");
    let cut = with(&[(PPM, &[0, 0, 0, 0, 5, 0])]);
    refused("packed and cut", &image(4, &cut, &[], &[]), "Malformed", "packed headers that are not");
}

#[test]
fn tile_parts_of_a_tile_become_one() {
    let whole = image(4, &HEADER, &[], &[0; 4]);
    let start = whole.windows(2).position(|window| window == b"\xff\x90").unwrap();
    let part = |number: u8, packets: &[u8]| {
        let length = 14 + packets.len() as u8;
        [b"\xff\x90\0\x0a\0\0\0\0\0", [length, number, 0].as_slice(), b"\xff\x93", packets].concat()
    };
    let of = |parts: &[Vec<u8>]| [&whole[..start], &parts.concat(), b"\xff\xd9"].concat();
    let parts = [part(0, &[0]), part(1, &[]), part(2, &[0, 0]), part(3, &[0])];
    let (colors, mask) = (image(3, &HEADER, &[], &[0; 3]), image(1, &HEADER, &[], &[0]));
    parted("four parts", &of(&parts), &colors, &mask);
    for (name, parts) in [
        ("out of order", [part(1, &[0]), part(0, &[0, 0, 0])]),
        ("twice", [part(0, &[0]), part(0, &[0, 0, 0])]),
    ] {
        refused(name, &of(&parts), "Malformed", "none of those it claims");
    }
    refused("one is missing", &of(&parts[..3]), "Malformed", "fewer packets");
}

#[test]
fn tile_parts_of_several_tiles_may_lie_between_each_other() {
    // Two tiles, 12 and 11 samples wide.
    let start = |count: usize| {
        let mut whole = image(count, &HEADER, &[], &[]);
        let start = whole.windows(2).position(|window| window == b"\xff\x90").unwrap();
        whole.truncate(start);
        whole[27] = 12;
        whole
    };
    let part = |tile: u8, number: u8, count: u8, packets: &[u8]| {
        let length = 14 + packets.len() as u8;
        [&[0xff, 0x90, 0, 10, 0, tile, 0, 0, 0, length, number, count, 0xff, 0x93], packets].concat()
    };
    let of =
        |count: usize, parts: &[Vec<u8>]| [&start(count), parts.concat().as_slice(), b"\xff\xd9"].concat();
    let parts = [part(1, 0, 2, &[0]), part(0, 0, 0, &[0; 3]), part(1, 1, 2, &[0; 3]), part(0, 1, 2, &[0])];
    let halves = [3, 1].map(|count| of(count, &[0, 1].map(|tile| part(tile, 0, 1, &[0; 4][..count]))));
    parted("two tiles", &of(4, &parts), &halves[0], &halves[1]);
    refused("one is missing", &of(4, &[part(1, 0, 1, &[0; 4])]), "Malformed", "nothing of tile 0");
    refused("a third one", &of(4, &[part(2, 0, 1, &[0; 4])]), "Malformed", "none of those it claims");
}

#[test]
fn a_coarser_alpha_is_as_wide_as_its_samples() {
    let image = raster::jpeg2000(24, 18, &[EIGHT, [7, 2, 3]]);
    let (bytes, _) = convert_one(&image).unwrap();
    let images = pdf::images(&bytes);
    assert!(images[1].0.contains("/Width 12 /Height 6 "), "{}", images[1].0);
    assert!(codestream(&images[1].1) == raster::jpeg2000(12, 6, &[EIGHT]), "{:x?}", images[1].1);
}

#[test]
fn colours_that_were_multiplied_by_the_alpha_have_a_matte() {
    for (count, color, channels, matte) in [
        (4, 16, &[[0, 0, 1], [1, 0, 2], [2, 0, 3], [3, 2, 0]][..], "/Matte [0 0 0]"),
        (2, 17, &[[0, 0, 1], [1, 2, 0]], "/Matte [0]"),
    ] {
        let file = raster::jp2(&raster::jpeg2000(23, 17, &vec![EIGHT; count]), color, channels);
        let (bytes, _) = convert_one(&file).unwrap();
        let images = pdf::images(&bytes);
        assert!(images[1].0.contains(matte) && !images[0].0.contains("Matte"), "{}", images[1].0);
    }
}

#[test]
fn channels_that_are_in_another_order_stay_so() {
    let file = |channels: &[[u16; 3]]| raster::jp2(&raster::jpeg2000(23, 17, &[EIGHT; 4]), 16, channels);
    let (bytes, _) = convert_one(&file(&[[0, 1, 0], [1, 0, 3], [2, 0, 2], [3, 0, 1]])).unwrap();
    let data = pdf::images(&bytes).remove(0).1;
    let told = b"cdef\0\x03\0\0\0\0\0\x03\0\x01\0\0\0\x02\0\x02\0\0\0\x01";
    assert!(data.windows(told.len()).any(|window| window == told), "{data:x?}");
    let (bytes, _) = convert_one(&file(&CHANNELS)).unwrap();
    assert!(!pdf::images(&bytes).remove(0).1.windows(4).any(|window| window == b"cdef"));
}

#[test]
fn an_alpha_that_cannot_be_taken_out_stays_where_it_is() {
    let mixing = [0, 0, 0, 1, 1, 0, 4, 4, 0, 1];
    let mixed = image(4, &[(COD, &mixing), (QCD, JPEG2000_STEPS)], &[], &[0; 4]);
    let without: Vec<u8> = [0, 0, 0, 1, 1, 3, 0].to_vec();
    let unordered = image(4, &[HEADER.as_slice(), &[(POC, &without)]].concat(), &[], &[0; 3]);
    let plain = raster::jpeg2000(23, 17, &[EIGHT; 4]);
    let mut extended = plain.clone();
    extended[6] = 0x80;
    let mut coarse = raster::jpeg2000(23, 17, &[EIGHT, EIGHT, EIGHT, [7, 2, 2]]);
    // The image begins one sample to the right.
    coarse[19] = 1;
    let premultiplied = [[0, 0, 1], [1, 0, 2], [2, 0, 3], [3, 2, 0]];
    let several = [[0, 0, 1], [1, 0, 2], [2, 1, 0], [3, 1, 0]];
    let mut palette = raster::jp2(&plain, 16, &CHANNELS);
    let at = palette.windows(4).position(|window| window == b"jp2h").unwrap();
    palette.splice(at + 4..at + 4, *b"\0\0\0\x08pclr");
    palette[at - 1] += 8;
    for (name, file, why) in [
        (
            "mixed",
            raster::jp2(&mixed, 16, &[[0, 0, 1], [1, 1, 0], [2, 0, 2], [3, 0, 3]]),
            "mixed with the colours",
        ),
        ("extended", extended, "more than T.800"),
        ("without an order", unordered, "no order of its packets"),
        ("coarse", coarse, "further apart"),
        ("multiplied", raster::jp2(&plain, 18, &premultiplied), "begin with black"),
        ("several", raster::jp2(&plain, 16, &several), "several"),
        ("of a palette", palette, "palette"),
        ("alone", raster::jp2(&raster::jpeg2000(23, 17, &[EIGHT]), 17, &[[0, 1, 0]]), "no colours beside it"),
    ] {
        let (bytes, report) = convert_one(&file).unwrap_or_else(|error| panic!("{name}: {error}"));
        let page = &report.pages[0];
        assert_eq!((page.embedding, page.transparency), (Embedding::Copied, true), "{name}");
        assert!(page.warnings.iter().any(|warning| warning.contains(why)), "{name}: {:?}", page.warnings);
        let (dictionary, data) = pdf::image(&bytes);
        let kind = if name == "multiplied" { "/SMaskInData 2" } else { "/SMaskInData 1" };
        assert!(dictionary.contains(kind) && data.ends_with(&file), "{name}: {dictionary}");
        let mut options = Options::default();
        options.pdfa = Some(PdfA::A2b);
        let source = Source::new(file.as_slice());
        let error =
            convert([source], &mut Vec::new(), &options, &Limits::default(), &Cancel::new()).unwrap_err();
        assert!(kind_of(&error) == "Unsupported" && error.to_string().contains(why), "{name}: {error}");
    }
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
        ("half a step", JPEG2000_CODING, &[2, 0, 0, 0], "not whole"),
        ("steps where one is told", JPEG2000_CODING, &[1, 0, 0, 0, 0], "not whole"),
        ("no wavelet", &[0, 0, 0, 1, 0, 0, 4, 4, 0, 2], JPEG2000_STEPS, "cannot be"),
        ("an unknown mix", &[0, 0, 0, 1, 2, 0, 4, 4, 0, 1], JPEG2000_STEPS, "cannot be"),
        ("an unknown flag", &[8, 0, 0, 1, 0, 0, 4, 4, 0, 1], JPEG2000_STEPS, "cannot be"),
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

/// Readers show nothing of it, or whatever they like.
#[test]
fn boxes_that_do_not_fit_the_codestream_are_refused() {
    let plain = raster::jpeg2000(23, 17, &[EIGHT; 4]);
    let good = raster::jp2(&plain, 16, &CHANNELS);
    let image = good.windows(4).position(|window| window == b"ihdr").unwrap();
    let with = |at: usize, byte: u8| {
        let mut file = good.clone();
        file[at] = byte;
        file
    };
    let mixing = [0, 0, 0, 1, 1, 0, 4, 4, 0, 1];
    let header: [(u16, &[u8]); 2] = [(COD, &mixing), (QCD, JPEG2000_STEPS)];
    let mixed = raster::jpeg2000_of(23, 17, &[EIGHT, [7, 2, 2], [7, 2, 2]], &header, &[], &[0; 3]);
    for (name, file, why) in [
        ("another width", with(image + 11, 24), "another size"),
        ("another height", with(image + 7, 16), "another size"),
        ("another number of components", with(image + 13, 3), "number of components"),
        ("no header", with(image, b'x'), "before the boxes"),
        ("no brands", with(16, b'x'), "before the boxes"),
        ("no such component", raster::jp2(&plain, 16, &[[4, 1, 0]]), "channels that it does not have"),
        ("no such kind", raster::jp2(&plain, 16, &[[0, 3, 0]]), "channels that it does not have"),
        ("no such colour", raster::jp2(&plain, 16, &[[0, 0, 9]]), "channels that it does not have"),
        ("colours of different sizes", raster::jp2(&mixed, 18, &[]), "not of the same size"),
    ] {
        refused(name, &file, "Malformed", why);
    }
    assert!(convert_one(&good).is_ok());
}

#[test]
fn a_component_that_nothing_tells_of_is_an_alpha() {
    for (components, color) in [(4, 16), (2, 17)] {
        let file = raster::jp2(&raster::jpeg2000(23, 17, &vec![EIGHT; components]), color, &[]);
        let (_, report) = convert_one(&file).unwrap();
        let page = &report.pages[0];
        assert_eq!((page.embedding, page.transparency), (Embedding::Split, true));
        assert!(page.warnings[0].contains("taken for an alpha"), "{:?}", page.warnings);
        // The same without the box of its colours.
        let at = file.windows(4).position(|window| window == b"colr").unwrap();
        let mut untold = file;
        untold[at] = b'x';
        let (_, report) = convert_one(&untold).unwrap();
        assert_eq!((report.pages[0].embedding, report.pages[0].transparency), (Embedding::Split, true));
    }
    // Inks.
    let file = raster::jp2(&raster::jpeg2000(23, 17, &[EIGHT; 4]), 12, &[]);
    let (bytes, report) = convert_one(&file).unwrap();
    assert!(!report.pages[0].transparency && pdf::image(&bytes).1 == file);
    // Without colours, a PDF tells them, and the boxes are left out.
    let plain = raster::jpeg2000(23, 17, &[EIGHT; 3]);
    let mut untold = raster::jp2(&plain, 16, &[]);
    let at = untold.windows(4).position(|window| window == b"colr").unwrap();
    untold[at] = b'x';
    let (bytes, _) = convert_one(&untold).unwrap();
    let (dictionary, data) = pdf::image(&bytes);
    assert!(dictionary.contains("/ColorSpace /DeviceRGB") && data == plain, "{dictionary}");
}

#[test]
fn what_readers_show_otherwise_is_said() {
    let of = |components: &[[u8; 3]], channels: &[[u16; 3]]| {
        let header: [(u16, &[u8]); 2] = [(COD, JPEG2000_CODING), (QCD, JPEG2000_STEPS)];
        let packets = vec![0; components.len()];
        raster::jp2(&raster::jpeg2000_of(23, 17, components, &header, &[], &packets), 16, channels)
    };
    for (name, file, why) in [
        ("one bit", of(&[[0, 1, 1]; 3], &[]), "too dark"),
        ("coarser", of(&[EIGHT, [7, 2, 2], [7, 2, 2]], &[]), "size or depth"),
        ("of 9 bits", of(&[EIGHT, [8, 1, 1], EIGHT], &[]), "size or depth"),
        ("blue first", of(&[EIGHT; 3], &[[0, 0, 3], [1, 0, 2], [2, 0, 1]]), "exchange them"),
    ] {
        let warnings =
            convert_one(&file).unwrap_or_else(|error| panic!("{name}: {error}")).1.pages.remove(0).warnings;
        assert!(warnings.len() == 1 && warnings[0].contains(why), "{name}: {warnings:?}");
    }
    assert!(convert_one(&of(&[EIGHT; 3], &[])).unwrap().1.pages[0].warnings.is_empty());
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
