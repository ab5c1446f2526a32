use std::sync::Arc;

use pdf_engine::{
    Budget, Cancel, Embedding, Error, Format, Limits, Memory, Options, PageReport, Purpose, Report, Source,
    convert,
};

use crate::support::{convert_one, convert_with, kind_of, pdf, refused, stored};

/// Three pictures, each later one of which is decoded from those before it.
const PLAIN: &str = "sequence.avif";
/// Three of 10 bits with an alpha, turned by the file.
const ALPHA: &str = "sequence-ten-turned.avif";
/// How far behind the kind of an `stsz` box the count of sizes is: behind its version, and the size that all have.
const SIZES: usize = 4 + 4 + 4;

/// A copy with bytes changed so far behind the box of this kind, of the track of pictures (0) or of its alpha (1).
fn edited(image: &[u8], (kind, track): (&[u8], usize), at: usize, to: &[u8]) -> Vec<u8> {
    let movie = place(image, b"moov", 0);
    let at = movie + place(&image[movie..], kind, track) + at;
    let mut bytes = image.to_vec();
    bytes[at..at + to.len()].copy_from_slice(to);
    bytes
}

/// Where the box of this kind is, after so many others.
fn place(image: &[u8], kind: &[u8], others: usize) -> usize {
    let found = image.windows(4).enumerate().filter(|(_, bytes)| *bytes == kind).nth(others);
    found.unwrap_or_else(|| panic!("no {kind:?}")).0
}

/// A copy whose track says that it has samples of these sizes.
fn with_sizes(image: &[u8], track: usize, sizes: &[u32]) -> Vec<u8> {
    let count = u32::try_from(sizes.len()).unwrap();
    let numbers: Vec<_> = [count].iter().chain(sizes).flat_map(|number| number.to_be_bytes()).collect();
    edited(image, (b"stsz", track), SIZES, &numbers)
}

fn sizes(image: &[u8]) -> [u32; 3] {
    let start = place(image, b"stsz", 0) + SIZES + 4;
    [0, 4, 8].map(|at| u32::from_be_bytes(image[start + at..][..4].try_into().unwrap()))
}

fn pages(image: &[u8]) -> Vec<PageReport> {
    convert_one(image).unwrap().1.pages
}

fn convert_first(image: &[u8], limits: &Limits) -> Result<Report, Error> {
    let mut options = Options::default();
    options.first_frame_only = true;
    let mut bytes = Vec::new();
    let report = convert([Source::new(image)], &mut bytes, &options, limits, &Cancel::new())?;
    pdf::check(&bytes);
    Ok(report)
}

#[test]
fn each_picture_is_a_page() {
    for (name, bits, transparency, points) in
        [(PLAIN, 8, false, [48.0, 30.0]), (ALPHA, 16, true, [30.0, 48.0])]
    {
        let pages = pages(stored::image(name));
        assert_eq!(pages.len(), 3, "{name}");
        for (frame, page) in pages.iter().enumerate() {
            assert_eq!((page.frame, page.width, page.height), (frame, 64, 40), "{name}");
            assert_eq!((page.format, page.embedding), (Format::Avif, Embedding::Packed), "{name}");
            assert_eq!((page.bits_per_sample, page.transparency), (bits, transparency), "{name}");
            assert_eq!(page.page_points, points, "{name}");
            assert!(page.warnings.is_empty(), "{name}: {:?}", page.warnings);
        }
    }
}

#[test]
fn the_major_brand_says_whether_it_is_a_sequence() {
    let image = stored::image(PLAIN);
    let branded = |brand: &[u8; 4], without: Option<&[u8; 4]>| {
        let mut image = image.to_vec();
        image[8..12].copy_from_slice(brand);
        if let Some(kind) = without {
            let at = place(&image, kind, 0);
            image[at..at + 4].copy_from_slice(b"free");
        }
        image
    };
    for (brand, without, expected) in [
        (b"avis", None, 3),
        (b"avis", Some(b"meta"), 3),
        (b"mif1", None, 3),
        (b"mif1", Some(b"moov"), 1),
        (b"avif", None, 1),
        (b"avif", Some(b"meta"), 3),
    ] {
        let pages = pages(&branded(brand, without));
        assert_eq!(pages.len(), expected, "{} without {without:?}", brand.escape_ascii());
        let says_so = pages[0].warnings.iter().any(|warning| warning.contains("the sequence beside"));
        assert_eq!(says_so, (brand, without) == (b"avif", None), "{:?}", pages[0].warnings);
    }
    refused("no movie", &branded(b"avis", Some(b"moov")), "Malformed", "says that it is a sequence");
}

#[test]
fn what_a_track_says_of_its_place_is_left_out_and_told() {
    let image = stored::image(PLAIN);
    // A version, three times, a number, and what is reserved; then the matrix and the size.
    let matrix = if image[place(image, b"tkhd", 0) + 4] == 1 { 4 + 4 + 8 + 8 + 4 + 4 + 8 + 16 } else { 40 };
    for (at, to, expected) in [
        (matrix, &[0, 0, 0, 0][..], "the matrix of the track"),
        (matrix + 36, &[0, 128, 0, 0], "is to be shown at 128 × 40 pixels"),
    ] {
        let warnings = pages(&edited(image, (b"tkhd", 0), at, to)).remove(0).warnings;
        assert!(warnings.len() == 1 && warnings[0].contains(expected), "{warnings:?}");
    }
}

#[test]
fn an_alpha_is_one_by_its_name_and_its_track() {
    let image = stored::image(ALPHA);
    assert!(!pages(&edited(image, (b"auxi", 0), 8, b"urn:depth\0"))[0].transparency);
    // An auxiliary of a track that is not there is none of the pictures'.
    assert!(!pages(&edited(image, (b"auxl", 0), 4, &[0, 0, 0, 9]))[0].transparency);
    assert!(pages(&edited(image, (b"auxi", 0), 0, b"free"))[0].transparency);
}

#[test]
fn the_first_picture_alone_is_decoded_where_no_other_is_wanted() {
    let image = stored::image(ALPHA);
    let mut damaged = image.to_vec();
    damaged[(offset(image) + sizes(image)[0]) as usize..].fill(0xff);
    assert_eq!(kind_of(&convert_one(&damaged).unwrap_err()), "Malformed");
    let limits = Limits { frames_max: 1, decoded_pixels_max: 64 * 40, ..Limits::default() };
    let report = convert_first(&damaged, &limits).unwrap();
    assert_eq!((report.pages.len(), report.pages[0].transparency), (1, true));
}

#[test]
fn limits_hold_for_all_pictures_together() {
    let of = |limit: &str, max: u64| {
        let mut limits = Limits::default();
        match limit {
            "frames_max" => limits.frames_max = max as u32,
            "decoded_pixels_max" => limits.decoded_pixels_max = max,
            "decoded_bytes_max" => limits.decoded_bytes_max = max,
            "side_pixels_max" => limits.side_pixels_max = max as u32,
            _ => limits.spool_bytes_max = max,
        }
        limits
    };
    // Three frames in all, so four pictures of three planes in halves, and notes of two.
    let held = 64 * 40 * (4 * 3 / 2 + 2 * 4);
    for (limit, max) in [
        ("frames_max", 3),
        ("decoded_pixels_max", 3 * 64 * 40),
        ("decoded_bytes_max", held),
        ("side_pixels_max", 64),
        ("spool_bytes_max", stored::image(PLAIN).len() as u64),
    ] {
        convert_with(stored::image(PLAIN), &of(limit, max))
            .unwrap_or_else(|error| panic!("{limit}: {error}"));
        match convert_with(stored::image(PLAIN), &of(limit, max - 1)) {
            Err(Error::TooLarge { limit: found, .. }) => assert_eq!(found, limit),
            Err(error) => panic!("{limit}: {error}"),
            Ok(_) => panic!("{limit}: {} is enough", max - 1),
        }
    }
}

#[test]
fn tables_that_do_not_hold_together_are_refused() {
    let image = stored::image(PLAIN);
    let [first, second, third] = sizes(image);
    for (kind, at, to, expected, why) in [
        (b"stsz", SIZES, &[0xff; 4][..], "TooLarge", "too many frames"),
        (b"stsz", SIZES, &[0, 0, 0, 4], "Malformed", "4 samples, and where 3 of them are"),
        (b"stsz", SIZES, &[0; 4], "Unsupported", "without a sample"),
        (b"stsz", SIZES + 4, &[0; 4], "Malformed", "without a byte"),
        (b"stsz", SIZES + 12, &[0xff; 4], "Malformed", "its sample would be 4,294,967,295 bytes"),
        // All of one size, and so beyond the end.
        (b"stsz", 8, &[0, 0, 4, 0], "Malformed", "its sample would be"),
        (b"stsz", 0, b"free", "Malformed", "how large the samples"),
        (b"stco", 12, &[0xff; 4], "Malformed", "its sample would be"),
        (b"stco", 8, &[0; 4], "Unsupported", "without a track of AV1 pictures"),
        (b"stco", 0, b"free", "Unsupported", "without a track of AV1 pictures"),
        (b"stsc", 8, &[0; 4], "Malformed", "how many samples its first chunk has"),
        (b"stsc", 12, &[0, 0, 0, 2], "Malformed", "how many samples its first chunk has"),
        (b"stsc", 16, &[0; 4], "Malformed", "without a sample"),
        (b"stsc", 16, &[0, 0, 0, 2], "Malformed", "3 samples, and where 2 of them are"),
        (b"stsc", 20, &[0, 0, 0, 2], "Unsupported", "more than one kind"),
        (b"stsc", 0, b"free", "Malformed", "which chunk has which samples"),
        (b"stsd", 8, &[0; 4], "Unsupported", "without a track of AV1 pictures"),
        (b"av01", 0, b"hvc1", "Unsupported", "without a track of AV1 pictures"),
        (b"av01", 28, &[0, 65], "Malformed", "65 × 40 pixels, and its AV1 data 64 × 40"),
        (b"av01", 28, &[0; 2], "Malformed", "have no pixels"),
    ] {
        let name = format!("{} {at} {to:?}", kind.escape_ascii());
        refused(&name, &edited(image, (kind, 0), at, to), expected, why);
    }
    for (name, sizes, why) in [
        ("two in one", &[first + second, third][..], "several pictures where one belongs"),
        ("a delimiter alone", &[first, 2, second - 2], "before their picture is whole"),
        ("half a frame", &[first, second / 2, third], "AV1 data that are damaged"),
        ("no header", &[2, first - 2, second], "AV1 data that are damaged"),
    ] {
        refused(name, &with_sizes(image, 0, sizes), "Malformed", why);
    }
}

#[test]
fn an_alpha_that_does_not_belong_to_its_pictures_is_refused() {
    let image = stored::image(ALPHA);
    for (kind, at, to, why) in [
        (b"stsz", SIZES, &[0, 0, 0, 2], "has 3 pictures, and an alpha of 2"),
        (b"av01", 28, &[0, 40, 0, 40], "an alpha of another size"),
        (b"stco", 12, &[0xff; 4], "its sample would be"),
    ] {
        refused(why, &edited(image, (kind, 1), at, to), "Malformed", why);
    }
}

#[test]
fn samples_that_share_bytes_are_not_multiplied() {
    let image = stored::image(PLAIN);
    // A chunk for each sample, the same for all of them, would make a long sequence of a short file.
    let tables = [
        boxed(b"stsz", &words(&[0, sizes(image)[0], 40])),
        boxed(b"stco", &[words(&[0, 40]), words(&[offset(image)]).repeat(40)].concat()),
        boxed(b"stsc", &words(&[0, 1, 1, 1, 1])),
    ];
    let many = with_tables(image, &tables.concat());
    refused("the same 40 times", &many, "Malformed", "larger than the file");
}

/// A box of this kind.
fn boxed(kind: &[u8], content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len() + 8).unwrap();
    [&length.to_be_bytes()[..], kind, content].concat()
}

/// A copy with these tables in the place of its own, in a movie behind everything else.
fn with_tables(image: &[u8], tables: &[u8]) -> Vec<u8> {
    with_movie(image, &track(image, tables))
}

/// A track as it is in the file, but for its tables.
fn track(image: &[u8], tables: &[u8]) -> Vec<u8> {
    let content = |kind: &[u8]| {
        let at = place(image, kind, 0);
        let length = u32::from_be_bytes(image[at - 4..at].try_into().unwrap()) as usize;
        &image[at + 4..at - 4 + length]
    };
    let table = boxed(b"stbl", &[&boxed(b"stsd", content(b"stsd")), tables].concat());
    let media = boxed(b"mdia", &boxed(b"minf", &table));
    boxed(b"trak", &[boxed(b"tkhd", content(b"tkhd")), media].concat())
}

/// A copy with another movie behind everything else.
fn with_movie(image: &[u8], tracks: &[u8]) -> Vec<u8> {
    let mut bytes = image.to_vec();
    let movie = place(image, b"moov", 0);
    bytes[movie..movie + 4].copy_from_slice(b"free");
    bytes.extend(boxed(b"moov", tracks));
    bytes
}

fn words(numbers: &[u32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_be_bytes()).collect()
}

/// Tables of samples in one chunk.
fn one_chunk(offset: u32, sizes: &[u32]) -> Vec<u8> {
    let count = u32::try_from(sizes.len()).unwrap();
    let sizes = [&words(&[0, 0, count])[..], &words(sizes)].concat();
    let tables = [
        boxed(b"stsz", &sizes),
        boxed(b"stco", &words(&[0, 1, offset])),
        boxed(b"stsc", &words(&[0, 1, 1, count, 1])),
    ];
    tables.concat()
}

fn offset(image: &[u8]) -> u32 {
    let at = place(image, b"stco", 0) + 12;
    u32::from_be_bytes(image[at..at + 4].try_into().unwrap())
}

#[test]
fn frames_of_one_sample_are_counted_before_they_are_decoded() {
    let image = stored::image(PLAIN);
    let start = offset(image) as usize;
    // A delimiter of 2 bytes and a header of 15; what is left of the sample is a frame.
    let (headers, frame) = image[start..start + sizes(image)[0] as usize].split_at(17);
    let of = |frames: usize| {
        let sample = [headers, &frame.repeat(frames)].concat();
        let file = [image, &boxed(b"mdat", &sample)].concat();
        let tables =
            one_chunk(u32::try_from(image.len() + 8).unwrap(), &[u32::try_from(sample.len()).unwrap()]);
        with_movie(&file, &track(image, &tables))
    };
    assert_eq!(pages(&of(1)).len(), 1);
    refused("64 frames", &of(64), "Malformed", "several pictures where one belongs");
    refused("65 frames", &of(65), "Unsupported", "65 frames of AV1 for one picture");
    for (decoded_pixels_max, expected) in [(2 * 64 * 40, "Malformed"), (2 * 64 * 40 - 1, "TooLarge")] {
        let error = convert_with(&of(2), &Limits { decoded_pixels_max, ..Limits::default() }).unwrap_err();
        assert_eq!(kind_of(&error), expected, "{error}");
    }
}

#[test]
fn tracks_are_few() {
    let image = stored::image(PLAIN);
    let one = track(image, &one_chunk(offset(image), &sizes(image)));
    assert_eq!(pages(&with_movie(image, &one.repeat(64))).len(), 3);
    refused("65 tracks", &with_movie(image, &one.repeat(65)), "Unsupported", "more tracks");
}

#[test]
fn tables_of_every_width_are_read() {
    let image = stored::image(PLAIN);
    let expected = convert_one(image).unwrap().0;
    let offset = offset(image);
    let [first, second, third] = sizes(image);
    let wide = [offset, offset + first].map(|at| words(&[0, at])).concat();
    let narrow = [first, second, third].map(|size| (size as u16).to_be_bytes()).concat();
    let runs = boxed(b"stsc", &words(&[0, 2, 1, 1, 1, 2, 2, 1]));
    let wide = boxed(b"co64", &[words(&[0, 2]), wide].concat());
    let narrow = boxed(b"stz2", &[words(&[0, 16, 3]), narrow].concat());
    let tables = [&narrow[..], &wide, &runs].concat();
    assert!(convert_one(&with_tables(image, &tables)).unwrap().0 == expected);
    let odd = [&boxed(b"stz2", &words(&[0, 5, 3])), &wide[..], &runs].concat();
    refused("sizes of 5 bits", &with_tables(image, &odd), "Malformed", "of an unknown width");
    let tiny = [&boxed(b"stz2", &[words(&[0, 4, 3]), vec![0x22, 0x20]].concat()), &wide[..], &runs].concat();
    refused("sizes of 4 bits", &with_tables(image, &tiny), "Malformed", "AV1 data");
    let unordered = boxed(b"stsc", &words(&[0, 2, 1, 1, 1, 1, 2, 1]));
    let unordered = [&narrow[..], &wide, &unordered].concat();
    refused("runs in no order", &with_tables(image, &unordered), "Malformed", "in no order");
}

#[test]
fn boxes_within_boxes_do_not_exhaust_the_stack() {
    let mut inner = Vec::new();
    for _ in 0..2000 {
        inner = boxed(b"mdia", &boxed(b"minf", &inner));
    }
    let movie = boxed(b"moov", &boxed(b"trak", &inner));
    let file = [&b"\0\0\0\x14ftypavis\0\0\0\0avis"[..], &movie].concat();
    refused("nested", &file, "Unsupported", "without a track of AV1 pictures");
}

#[test]
fn damage_in_a_later_picture_ends_no_process() {
    for name in [PLAIN, ALPHA] {
        let image = stored::image(name);
        let start = place(image, b"mdat", 0) + 4;
        let mut refused = 0;
        for at in (start..image.len()).step_by(11) {
            let mut damaged = image.to_vec();
            for byte in damaged.iter_mut().skip(at).take(3) {
                *byte = !*byte;
            }
            match convert_one(&damaged) {
                Ok((_, report)) => assert_eq!(report.pages.len(), 3, "{name}"),
                Err(error) => {
                    assert_eq!(kind_of(&error), "Malformed", "{name}: {error}");
                    refused += 1;
                }
            }
        }
        assert!(refused > 0, "{name}");
    }
}

/// A budget that cancels what asks it for room for samples.
struct Cancelling(Cancel);

impl Budget for Cancelling {
    fn hold(&self, purpose: Purpose, _: u64) -> bool {
        if purpose == Purpose::Samples {
            self.0.cancel();
        }
        true
    }

    fn release(&self) {}
}

#[test]
fn a_conversion_that_is_cancelled_decodes_no_further_picture() {
    let cancel = Cancel::new();
    let memory = Memory::of(Arc::new(Cancelling(cancel.clone())));
    let sources = [Source::new(stored::image(PLAIN))];
    let limits = Limits { memory, ..Limits::default() };
    let result = convert(sources, &mut Vec::new(), &Options::default(), &limits, &cancel);
    assert!(matches!(result, Err(Error::Cancelled)), "{:?}", result.map(|report| report.pages.len()));
}
