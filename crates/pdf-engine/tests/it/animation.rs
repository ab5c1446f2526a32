use pdf_engine::{Cancel, Embedding, Error, Limits, Options, PageReport, Source, convert};

use crate::support::{
    convert_one, convert_with,
    fixtures::{KINDS, animations, exif, frames},
    kind_of, pdf,
    png::{Chunk, Frame, Png, animation, file},
    refused, refused_when_cut,
};

/// A frame as large as the image, or in its corner.
fn frame(base: &Png, is_whole: bool, disposal: u8, blend: u8) -> Frame {
    let mut image = base.clone();
    if !is_whole {
        (image.width, image.height) = (base.width / 2, base.height / 2);
    }
    Frame { image, place: [0, 0], disposal, blend }
}

/// What is told of each page of an animation.
fn pages(chunks: &[Chunk]) -> Vec<PageReport> {
    convert_one(&file(chunks)).unwrap().1.pages
}

#[test]
fn every_kind_has_a_page_for_each_frame() {
    for fixture in animations() {
        let (_, report) =
            convert_one(&fixture.bytes).unwrap_or_else(|error| panic!("{}: {error}", fixture.name));
        let apart = usize::from(fixture.name.ends_with("true"));
        assert_eq!(report.pages.len(), 27 + apart, "{}", fixture.name);
        for (at, page) in report.pages.iter().enumerate() {
            assert_eq!((page.index, page.frame, page.width, page.height), (0, at, 37, 23));
            for (found, expected) in page.page_points.iter().zip(fixture.points) {
                assert!((found - expected).abs() < 0.001, "{}: {:?}", fixture.name, page.page_points);
            }
        }
    }
}

#[test]
fn the_way_of_each_frame_into_the_pdf_is_reported() {
    use Embedding::{Copied, Packed, Split};
    let (rgb, rgba) = (Png::new(40, 20, 2, 8), Png::new(40, 20, 6, 8));
    let interlaced = Png::new(40, 20, 2, 8).interlaced();
    for (base, frames, expected) in [
        // Without an alpha whatever is whole is alone.
        (&rgb, vec![(true, 0, 1), (true, 0, 0), (true, 2, 1)], vec![Copied, Copied, Copied]),
        (&rgb, vec![(true, 0, 1), (false, 0, 0), (true, 0, 1)], vec![Copied, Packed, Copied]),
        // With one, what replaces what is below, or has nothing below it.
        (&rgba, vec![(true, 0, 0), (true, 0, 0)], vec![Split, Split]),
        (&rgba, vec![(true, 0, 1), (true, 0, 1)], vec![Split, Packed]),
        (&rgba, vec![(true, 1, 1), (true, 0, 1)], vec![Split, Split]),
        (&rgba, vec![(true, 2, 1), (true, 0, 1)], vec![Split, Split]),
        (&rgba, vec![(true, 0, 0), (true, 2, 0), (true, 0, 1)], vec![Split, Split, Packed]),
        (&interlaced, vec![(true, 0, 0), (true, 0, 0)], vec![Packed, Packed]),
    ] {
        let frames: Vec<_> =
            frames.into_iter().map(|frame_of| frame(base, frame_of.0, frame_of.1, frame_of.2)).collect();
        let found: Vec<_> =
            pages(&animation(base, false, &frames)).iter().map(|page| page.embedding).collect();
        assert_eq!(found, expected);
    }
}

#[test]
fn frames_that_are_alone_are_copied_as_they_are() {
    for (color, bits) in KINDS.into_iter().filter(|(color, _)| *color < 4) {
        let base = Png::new(37, 23, color, bits);
        let mut frames = vec![frame(&base, true, 0, 1), frame(&base, true, 1, 0), frame(&base, true, 2, 1)];
        frames.iter_mut().zip(1..).for_each(|(frame, shift)| frame.image.shift = shift);
        let (bytes, report) = convert_one(&file(&animation(&base, false, &frames))).unwrap();
        let images = pdf::images(&bytes);
        assert_eq!(images.len(), 3);
        for ((image, frame), page) in images.iter().zip(&frames).zip(&report.pages) {
            assert!(image.1 == fdeflate::compress_to_vec(&frame.image.rows()), "{color} {bits}");
            assert_eq!((page.bits_per_sample, page.lossless), (bits, true));
        }
    }
}

#[test]
fn colours_that_are_mixed_are_said_to_be() {
    let rgba = Png::new(40, 20, 6, 8);
    for (blend, lossless) in [(0, true), (1, false)] {
        let frames = [frame(&rgba, true, 0, 0), frame(&rgba, false, 0, blend)];
        let page = pages(&animation(&rgba, false, &frames)).remove(1);
        assert_eq!((page.lossless, page.warnings.is_empty()), (lossless, lossless), "{:?}", page.warnings);
    }
    // 16 bits stay 16 bits.
    let wide = Png::new(40, 20, 2, 16);
    let page =
        pages(&animation(&wide, false, &[frame(&wide, true, 0, 0), frame(&wide, false, 0, 0)])).remove(1);
    assert_eq!((page.bits_per_sample, page.embedding, page.lossless), (16, Embedding::Packed, true));
}

#[test]
fn every_cut_is_found() {
    for (color, bits, is_apart) in [(2, 8, false), (6, 8, true), (3, 4, false)] {
        let base = Png::new(9, 7, color, bits);
        let frames = [frame(&base, true, 0, 0), frame(&base, false, 2, 1), frame(&base, true, 0, 0)];
        let bytes = file(&animation(&base, is_apart, &frames));
        refused_when_cut(&format!("{color} {bits}"), &bytes, bytes.len());
    }
}

#[test]
fn every_flipped_bit_is_found() {
    let base = Png::new(9, 7, 6, 8);
    let frames = [frame(&base, true, 0, 0), frame(&base, false, 1, 1)];
    let bytes = file(&animation(&base, false, &frames));
    for (at, bit) in (0..bytes.len()).flat_map(|at| (0..8).map(move |bit| (at, bit))) {
        let mut flipped = bytes.clone();
        flipped[at] ^= 1 << bit;
        let error = convert_one(&flipped).unwrap_err();
        assert!(matches!(kind_of(&error), "Malformed" | "Unsupported" | "TooLarge"), "{at} {bit}: {error}");
    }
}

#[test]
fn one_frame_alone_can_be_asked_for() {
    let mut options = Options::default();
    options.first_frame_only = true;
    let base = Png::new(40, 20, 6, 8);
    for is_apart in [false, true] {
        let bytes = file(&animation(&base, is_apart, &frames(&base)));
        let mut written = Vec::new();
        let limits = Limits { decoded_bytes_max: 0, decoded_pixels_max: 0, ..Limits::default() };
        let report =
            convert([Source::new(bytes.as_slice())], &mut written, &options, &limits, &Cancel::new())
                .unwrap();
        pdf::check(&written);
        assert_eq!(report.pages.len(), 1);
        assert_eq!(report.pages[0].embedding, Embedding::Split);
    }
}

#[test]
fn structure_that_is_wrong_is_refused() {
    let base = Png::new(40, 20, 2, 8);
    let right = animation(&base, false, &[frame(&base, true, 0, 0), frame(&base, false, 0, 0)]);
    // IHDR, acTL, fcTL, IDAT, fcTL, fdAT, IEND.
    let kinds: Vec<_> = right.iter().map(|chunk| chunk.0).collect();
    assert_eq!(kinds, [*b"IHDR", *b"acTL", *b"fcTL", *b"IDAT", *b"fcTL", *b"fdAT", *b"IEND"]);
    let with = |chunk: usize, at: usize, value: u8| {
        let mut chunks = right.clone();
        chunks[chunk].1[at] = value;
        chunks
    };
    let without = |chunk: usize| {
        let mut chunks = right.clone();
        chunks.remove(chunk);
        chunks
    };
    let twice = |chunk: usize| {
        let mut chunks = right.clone();
        chunks.insert(chunk, right[chunk].clone());
        chunks
    };
    let short = |chunk: usize, length: usize| {
        let mut chunks = right.clone();
        chunks[chunk].1.truncate(length);
        chunks
    };
    for (name, chunks, why) in [
        ("two announcements", twice(1), "a second time"),
        ("a short announcement", short(1, 7), "has 7 bytes and must have 8"),
        ("two descriptions of the first", twice(2), "before the last one has image data"),
        ("two descriptions", twice(4), "before the last one has image data"),
        ("a short description", short(4, 25), "has 25 bytes and must have 26"),
        ("no number", short(5, 3), "too short for the number"),
        ("a first frame elsewhere", with(2, 7, 39), "not as large as the image"),
        ("no width", with(4, 7, 0), "without pixels"),
        ("no height", with(4, 11, 0), "without pixels"),
        ("too wide", with(4, 15, 21), "not within the image"),
        ("too high", with(4, 19, 11), "not within the image"),
        ("far too wide", with(4, 12, 0xff), "not within the image"),
        ("beyond all numbers", with(4, 4, 0xff), "not within the image"),
        ("disposal", with(4, 24, 3), "a way to dispose"),
        ("blend", with(4, 25, 2), "a way to blend"),
        ("first number", with(2, 3, 1), "is number 1 of the animation, and 0 must come"),
        ("number", with(4, 3, 3), "is number 3 of the animation, and 1 must come"),
        ("number of data", with(5, 3, 1), "is number 1 of the animation, and 2 must come"),
        ("more frames than there are", with(1, 3, 3), "that its chunk acTL announces: 1 missing"),
        ("no data", without(5), "before its last frame has image data"),
        ("no description", without(4), "that nothing describes"),
        ("other rows", with(4, 11, 9), "more image data"),
    ] {
        refused(name, &file(&chunks), "Malformed", why);
    }
}

#[test]
fn what_is_left_out_is_reported() {
    let base = Png::new(40, 20, 2, 8);
    let frames = [frame(&base, true, 0, 0), frame(&base, false, 0, 0)];
    let with = |count: u8| {
        let mut chunks = animation(&base, false, &frames);
        chunks[1].1[3] = count;
        chunks
    };
    let mut late = base.clone();
    late.after.push((*b"eXIf", exif(6, 144)));
    for (chunks, count, warning) in [
        (with(0), 1, "the animation is left out: it says that it has no frames"),
        (with(1), 1, "the frames behind this one are left out"),
        (animation(&late, false, &frames), 2, "the Exif data are left out"),
    ] {
        let pages = pages(&chunks);
        assert_eq!(pages.len(), count);
        let warnings = pages.iter().flat_map(|page| &page.warnings).cloned().collect::<Vec<_>>();
        assert!(warnings.len() == 1 && warnings[0].contains(warning), "{warnings:?}");
    }
    // Without an announcement it is a PNG like any other, whatever its other chunks say.
    let mut still = with(2);
    still.remove(1);
    assert_eq!(pages(&still).len(), 1);
}

#[test]
fn exif_that_stands_before_the_second_frame_is_of_all() {
    let base = Png::new(40, 20, 2, 8);
    let mut chunks = animation(&base, false, &[frame(&base, true, 0, 0), frame(&base, true, 0, 0)]);
    chunks.insert(4, (*b"eXIf", exif(6, 144)));
    for page in pages(&chunks) {
        assert!(page.warnings.is_empty());
        assert!((page.page_points[0] - 10.0).abs() < 0.001, "{:?}", page.page_points);
    }
}

/// Checks that an animation is converted at a limit, and refused by that limit one below.
fn check_limit(name: &str, image: &[u8], at: u64, set: impl Fn(&mut Limits, u64)) {
    let mut limits = Limits::default();
    set(&mut limits, at);
    convert_with(image, &limits).unwrap_or_else(|error| panic!("{name} at its limit of {at}: {error}"));
    set(&mut limits, at - 1);
    match convert_with(image, &limits) {
        Err(Error::TooLarge { limit, max, .. }) => assert_eq!((limit, max), (name, at - 1)),
        other => panic!("{name} one past its limit: {other:?}"),
    }
}

#[test]
fn limits_hold() {
    let base = Png::new(40, 20, 2, 16);
    let of = |frames: &[(bool, u8)]| {
        let frames: Vec<_> = frames.iter().map(|of| frame(&base, of.0, of.1, 0)).collect();
        file(&animation(&base, false, &frames))
    };
    let three = of(&[(true, 0), (false, 0), (false, 0)]);
    check_limit("frames_max", &three, 3, |limits, value| limits.frames_max = value as u32);
    // A canvas of colours and alpha, of two bytes each; and what was below a frame that is to be gone again.
    let set = |limits: &mut Limits, value| limits.decoded_bytes_max = value;
    check_limit("decoded_bytes_max", &three, 40 * 20 * 8, set);
    let restored = of(&[(true, 0), (false, 2), (false, 0)]);
    check_limit("decoded_bytes_max", &restored, 40 * 20 * 8 + 20 * 10 * 8, set);
    // Each page counts, however small its frame is; what is only copied does not.
    let set = |limits: &mut Limits, value| limits.decoded_pixels_max = value;
    check_limit("decoded_pixels_max", &three, 3 * 40 * 20, set);
    let none = Limits { decoded_bytes_max: 0, decoded_pixels_max: 0, ..Limits::default() };
    convert_with(&of(&[(true, 1), (true, 1), (true, 1)]), &none).unwrap();
    check_limit("decoded_pixels_max", &of(&[(true, 1), (true, 1), (false, 1)]), 40 * 20, set);
}
