use pdf_engine::{Embedding, Limits};

use crate::support::{
    convert_one, convert_with, kind_of,
    raster::{
        JBIG2_ARITHMETIC, Jbig2Segment, jbig2, jbig2_page, jbig2_referring, jbig2_region, jbig2_unended,
    },
    refused,
};

/// The size of every page here.
const PAGE: [u32; 2] = [40, 30];

type Piece = Jbig2Segment<'static>;

/// A file of one page, which these segments make, those of page 0 first.
fn file(pieces: &[Piece]) -> Vec<u8> {
    let begin = (1, 48, 1, [].as_slice(), jbig2_page(PAGE[0], PAGE[1]));
    let (shared, paged): (Vec<_>, Vec<_>) = pieces.iter().cloned().partition(|piece| piece.2 == 0);
    jbig2_referring(1, &[shared, vec![begin], paged, vec![(250, 49, 1, &[], vec![])]].concat())
}

fn generic() -> Vec<u8> {
    jbig2_region(PAGE, [0, 0], JBIG2_ARITHMETIC)
}

/// Sixteen patterns of four by four.
fn patterns() -> Vec<u8> {
    vec![0, 4, 4, 0, 0, 0, 15, 1, 2, 3, 0xff, 0xac]
}

/// A grid of so many patterns across and down.
fn halftone(across: u32, down: u32) -> Vec<u8> {
    let (across, down) = (across.to_be_bytes(), down.to_be_bytes());
    let more = [&[0], across.as_slice(), &down, &[0; 8], &[4, 0, 0, 0], &[1, 2, 3, 0xff, 0xac]].concat();
    jbig2_region([32, 16], [8, 14], &more)
}

/// A symbol dictionary that gives and makes so many, in Huffman's codes.
fn symbols(gives: u32, makes: u32) -> Vec<u8> {
    [&[0, 1], gives.to_be_bytes().as_slice(), &makes.to_be_bytes(), &[0]].concat()
}

/// A text region in arithmetic codes.
fn text() -> Vec<u8> {
    jbig2_region([20, 10], [20, 20], &[0, 0, 0, 0, 0, 1, 7])
}

/// A text region in Huffman's codes of these tables.
fn huffman_text(high: u8, low: u8) -> Vec<u8> {
    jbig2_region([20, 10], [20, 20], &[0, 1, high, low, 0, 0, 0, 1, 7])
}

/// A region that refines another.
fn refinement() -> Vec<u8> {
    jbig2_region(PAGE, [0, 0], &[1, 9, 9, 0xff, 0xac])
}

/// A file may be cut between two segments.
#[test]
fn pages_that_are_missing_or_cut_are_told() {
    let pages = |count: u8| -> Vec<Piece> {
        (1..=count)
            .flat_map(|page| {
                let number = 3 * u32::from(page);
                [
                    (number, 48, page, [].as_slice(), jbig2_page(PAGE[0], PAGE[1])),
                    (number + 1, 38, page, [].as_slice(), generic()),
                    (number + 2, 49, page, [].as_slice(), Vec::new()),
                ]
            })
            .collect()
    };
    let whole = jbig2_unended(1, &pages(2));
    assert_eq!(convert_one(&whole).unwrap().1.pages.len(), 2);
    let one = jbig2_unended(1, &pages(1)).len();
    refused("a page", &whole[..one], "Malformed", "says that it has 2 pages, and has 1");
    let mut three = whole.clone();
    three[12] = 3;
    refused("a claim", &three, "Malformed", "says that it has 3 pages, and has 2");
    refused("its end", &whole[..whole.len() - 11], "Malformed", "has a page 2 without an end");
    let unknown = jbig2_unended(3, &pages(2));
    assert_eq!(convert_one(&unknown).unwrap().1.pages.len(), 2);
    refused("its end", &unknown[..unknown.len() - 11], "Malformed", "has a page 2 without an end");
}

#[test]
fn regions_of_each_kind_are_copied() {
    let cases: [(&str, Vec<Piece>); 10] = [
        ("generic", vec![(2, 38, 1, &[], generic())]),
        ("lossless generic", vec![(2, 39, 1, &[], generic())]),
        ("halftone", vec![(2, 16, 1, &[], patterns()), (3, 22, 1, &[2], halftone(8, 4))]),
        ("halftone of shared patterns", vec![(0, 16, 0, &[], patterns()), (3, 23, 1, &[0], halftone(8, 4))]),
        ("text", vec![(2, 0, 1, &[], symbols(3, 3)), (3, 6, 1, &[2], text())]),
        (
            "text of several dictionaries",
            vec![
                (0, 0, 0, &[], symbols(1, 1)),
                (2, 53, 1, &[], vec![0; 12]),
                (3, 0, 1, &[0, 2], symbols(9, 8)),
                (4, 7, 1, &[0, 2, 3], text()),
            ],
        ),
        (
            "text in Huffman's codes",
            vec![(2, 0, 1, &[], symbols(3, 3)), (3, 6, 1, &[2], huffman_text(0, 0x24))],
        ),
        (
            "text in codes of its own",
            vec![
                (2, 0, 1, &[], symbols(3, 3)),
                (3, 53, 1, &[], vec![0; 12]),
                (4, 6, 1, &[2, 3], huffman_text(0, 3)),
            ],
        ),
        ("refined", vec![(2, 36, 1, &[], generic()), (3, 42, 1, &[2], refinement())]),
        ("the page refined", vec![(2, 38, 1, &[], generic()), (3, 43, 1, &[], refinement())]),
    ];
    for (name, pieces) in cases {
        let (_, report) = convert_one(&file(&pieces)).unwrap_or_else(|error| panic!("{name}: {error}"));
        let page = &report.pages[0];
        assert_eq!((page.width, page.height, page.embedding), (40, 30, Embedding::Copied), "{name}");
    }
}

#[test]
fn content_that_no_reader_decodes_is_refused() {
    let region = |size: [u32; 2], place: [u32; 2]| jbig2_region(size, place, JBIG2_ARITHMETIC);
    let mmr = |codes: &[u8]| jbig2_region(PAGE, [0, 0], &[&[1], codes].concat());
    let region_of = |dictionary: u8| -> Piece {
        let references: &'static [u8] = if dictionary == 2 { &[2] } else { &[3] };
        (9, 6, 1, references, text())
    };
    let with = |mut content: Vec<u8>, at: usize, byte: u8| {
        content[at] = byte;
        content
    };
    let cases: [(Vec<Piece>, &str); 32] = [
        (vec![(2, 38, 1, &[], region([41, 30], [0, 0]))], "not on its page"),
        (vec![(2, 38, 1, &[], region([40, 30], [0, 1]))], "not on its page"),
        (vec![(2, 38, 1, &[], region([1 << 31, 1 << 31], [0, 0]))], "not on its page"),
        (vec![(2, 38, 1, &[], region([1, 1], [u32::MAX, 0]))], "not on its page"),
        (vec![(2, 38, 1, &[], region([0, 0], [0, 0]))], "without pixels"),
        (vec![(2, 38, 1, &[], generic()[..16].to_vec())], "too short"),
        (vec![(2, 38, 1, &[], generic()[..20].to_vec())], "is damaged"),
        // A row that goes on behind its end, and rows that are missing.
        (vec![(2, 38, 1, &[], mmr(&[0; 20]))], "is damaged"),
        (vec![(2, 38, 1, &[], mmr(&[0xff; 3]))], "is damaged"),
        (vec![(2, 38, 1, &[9], generic())], "refers to segment 9, which does not come before"),
        (vec![(2, 38, 1, &[2], generic())], "refers to segment 2, which does not come before"),
        (vec![(3, 38, 1, &[], generic()), (2, 38, 1, &[], generic())], "behind one of number 3"),
        (vec![(0, 38, 0, &[], generic()), (2, 38, 1, &[], generic())], "belongs to no page"),
        (vec![(2, 6, 1, &[], text())], "without the symbols"),
        (vec![(2, 16, 1, &[], patterns()), (3, 6, 1, &[2], text())], "without the symbols"),
        (vec![(2, 0, 1, &[], symbols(1, 1)), (3, 6, 1, &[2], text()[..23].to_vec())], "too short"),
        (vec![(2, 0, 1, &[], symbols(2, 1)), (3, 6, 1, &[2], text())], "gives 2 symbols of 1"),
        (vec![(2, 0, 1, &[], symbols(1, 1)[..9].to_vec()), (3, 6, 1, &[2], text())], "too short"),
        (vec![(2, 0, 1, &[], symbols(0, 1)), (3, 6, 1, &[2], text())], "of symbols, and there are none"),
        (
            vec![(2, 0, 1, &[], symbols(1, 1)), (3, 0, 1, &[2], symbols(4, 2)), region_of(3)],
            "gives 4 symbols of 3",
        ),
        (vec![(2, 0, 1, &[], with(symbols(1, 1), 1, 0b1001)), region_of(2)], "names no table of codes"),
        (vec![(2, 0, 1, &[], with(symbols(1, 1), 1, 0b1101)), region_of(2)], "names no table of codes"),
        (
            vec![(2, 0, 1, &[], [&[8, 0, 0, 0], &symbols(1, 1)[2..]].concat()), region_of(2)],
            "which come later",
        ),
        (
            vec![(2, 0, 1, &[], symbols(1, 1)), (3, 6, 1, &[2], with(text(), 20, 255))],
            "than its data can tell",
        ),
        (vec![(2, 0, 1, &[], symbols(1, 1)), (3, 6, 1, &[2], huffman_text(0, 2))], "names no table of codes"),
        (vec![(2, 0, 1, &[], symbols(1, 1)), (3, 6, 1, &[2], huffman_text(0, 3))], "names no table of codes"),
        (vec![(2, 22, 1, &[], halftone(8, 4))], "without the patterns"),
        (vec![(2, 0, 1, &[], symbols(1, 1)), (3, 22, 1, &[2], halftone(8, 4))], "without the patterns"),
        (vec![(2, 16, 1, &[], vec![0; 12]), (3, 22, 1, &[2], halftone(8, 4))], "without pixels"),
        (vec![(2, 40, 1, &[], refinement()), (3, 38, 1, &[], generic())], "without the region"),
        (vec![(2, 38, 1, &[], generic()), (3, 42, 1, &[2], refinement())], "is damaged"),
        (vec![(2, 38, 1, &[], generic()), (3, 33, 1, &[], vec![])], "is damaged"),
    ];
    for (pieces, why) in cases {
        refused(why, &file(&pieces), "Malformed", why);
    }
    let many: [Piece; 2] = [(2, 0, 1, &[], symbols(1, 65_536)), (3, 6, 1, &[2], text())];
    refused("many symbols", &file(&many), "Unsupported", "more than 65,535 symbols");
    let wide = jbig2(1, &[(1, 48, 1, jbig2_page(65_536, 1)), (2, 38, 1, region([65_536, 1], [0, 0]))]);
    refused("a side that no reader decodes", &wide, "Unsupported", "more than 65,535 pixels");
}

/// A large scan that is copied is checked within the limits that large scans need: a bit a pixel.
#[test]
fn a_scan_of_376_megapixels_is_checked() {
    // Each row is as the white one above it: a code of one bit.
    const SIZE: [u32; 2] = [20_000, 18_800];
    let region = jbig2_region(SIZE, [0, 0], &[vec![1], vec![0xff; 18_800 / 8]].concat());
    let image = jbig2(1, &[(1, 48, 1, jbig2_page(SIZE[0], SIZE[1])), (2, 38, 1, region)]);
    let (_, report) = convert_one(&image).unwrap();
    assert_eq!(report.pages[0].width, 20_000);
}

/// What a few bytes could make is tested before it is made.
#[test]
fn what_decoding_would_take_is_bounded() {
    let many = |regions: u32| -> Vec<u8> {
        let mut all = vec![(1, 48, 1, jbig2_page(4000, 4000))];
        // Of rows that are white.
        let region = jbig2_region([4000, 4000], [0, 0], &[vec![1], vec![0xff; 500]].concat());
        all.extend((0..regions).map(|at| (at + 2, 38, 1, region.clone())));
        jbig2(1, &all)
    };
    let kept = |regions: u32| -> Vec<u8> {
        let mut all = vec![(1, 48, 1, jbig2_page(4000, 4000))];
        let region = jbig2_region([4000, 4000], [0, 0], &[vec![1], vec![0xff; 500]].concat());
        all.extend((0..regions).map(|at| (at + 2, 36, 1, region.clone())));
        all.push((1000, 38, 1, region));
        jbig2(1, &all)
    };
    let limits =
        Limits { decoded_pixels_max: 40_000_000, decoded_bytes_max: 10_000_000, ..Limits::default() };
    let check = |name: &str, image: &[u8], expected: &str| {
        let found = match convert_with(image, &limits) {
            Ok(_) => String::from("converted"),
            Err(error) => format!("{} {error}", kind_of(&error)),
        };
        assert!(found.contains(expected), "{name}: {found}");
    };
    check("two regions", &many(2), "converted");
    check("three regions", &many(3), "TooLarge the JBIG2 has 48,000,000 pixels to decode");
    check("three that are kept", &kept(1), "converted");
    check("four that are kept", &kept(5), "TooLarge the JBIG2 takes");
    let grid: [Piece; 2] = [(2, 16, 1, &[], patterns()), (3, 22, 1, &[2], halftone(60_000, 60_000))];
    check("a grid", &file(&grid), "TooLarge the JBIG2 takes");
    let numbers = [0, 255, 255, 0xff, 0xff, 0xff, 0xff, 1, 2];
    let all: [Piece; 2] = [(2, 16, 1, &[], numbers.to_vec()), (3, 22, 1, &[2], halftone(1, 1))];
    check("patterns", &file(&all), "TooLarge the JBIG2 takes");
}
