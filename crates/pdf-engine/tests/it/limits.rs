use std::sync::{Arc, Mutex};

use pdf_engine::{Budget, Embedding, Error, Limits, Memory, Purpose, Report};

use crate::support::{
    convert_checking_scans, convert_checking_scans_with, convert_with,
    fixtures::{exif, profile},
    jpeg::{GRAY, Jpeg, YCC, YCC_420},
    png::{Frame, Png, animation, file},
    raster, refused,
};

/// Checks that an image is converted at a limit, and refused by that limit one below.
fn check(name: &str, image: &[u8], at: u64, set: impl Fn(&mut Limits, u64)) {
    let mut limits = Limits::default();
    set(&mut limits, at);
    if let Err(error) = convert_with(image, &limits) {
        panic!("{name} at its limit of {at}: {error}");
    }
    set(&mut limits, at - 1);
    match convert_with(image, &limits) {
        Err(Error::TooLarge { limit, max, detail, .. }) => {
            assert_eq!((limit, max), (name, at - 1), "{detail}");
            assert!(detail.contains("at most"), "{detail}");
        }
        other => panic!("{name} one past its limit: {other:?}"),
    }
}

#[test]
fn sides_and_pixels() {
    let images = [
        Png::new(40, 20, 2, 8).bytes(),
        Png::new(20, 40, 6, 8).interlaced().bytes(),
        Jpeg::new(40, 20, YCC).bytes(),
    ];
    for image in images {
        check("side_pixels_max", &image, 40, |limits, value| limits.side_pixels_max = value as u32);
        check("pixels_max", &image, 800, |limits, value| limits.pixels_max = value);
    }
}

#[test]
fn decoded_bytes_count_only_where_an_image_is_decoded() {
    let set = |limits: &mut Limits, value| limits.decoded_bytes_max = value;
    check("decoded_bytes_max", &Png::new(40, 20, 2, 16).interlaced().bytes(), 40 * 20 * 6, set);
    check("decoded_bytes_max", &Png::new(41, 20, 0, 1).interlaced().bytes(), 6 * 20, set);
    let none = Limits { decoded_bytes_max: 0, ..Limits::default() };
    for copied in
        [Png::new(40, 20, 2, 16).bytes(), Png::new(40, 20, 6, 8).bytes(), Jpeg::new(40, 20, YCC).bytes()]
    {
        convert_with(&copied, &none).unwrap();
    }
}

#[test]
fn scans_that_refine_are_checked_where_there_is_room_for_what_is_known_of_coefficients() {
    // Eight bytes a block: 9 by 7 of luma, 5 by 4 of each other component.
    const BYTES: u64 = 8 * (9 * 7 + 2 * 5 * 4);
    let image = Jpeg::new(70, 50, YCC_420).refined().bytes();
    let mut damaged = image.clone();
    let last = image.windows(2).rposition(|bytes| bytes == [0xff, 0xda]).unwrap();
    damaged.splice(last - 3..last, [0x55; 9]);
    let check = |decoded_bytes_max: u64, is_checked: bool| {
        let limits = Limits { decoded_bytes_max, ..Limits::default() };
        let (_, report) = convert_checking_scans_with(&image, &limits).unwrap();
        let warned = report.pages[0].warnings.iter().any(|warning| warning.contains("decoded_bytes_max"));
        assert_eq!(warned, !is_checked, "{decoded_bytes_max}: {:?}", report.pages[0].warnings);
        assert_eq!(
            convert_checking_scans_with(&damaged, &limits).is_err(),
            is_checked,
            "{decoded_bytes_max}"
        );
    };
    check(BYTES, true);
    check(BYTES - 1, false);
    check(0, false);
    // What does not refine is checked without.
    let none = Limits { decoded_bytes_max: 0, ..Limits::default() };
    let plain = Jpeg::new(70, 50, YCC_420).progressive().bytes();
    let (bytes, report) = convert_checking_scans_with(&plain, &none).unwrap();
    assert!(report.pages[0].warnings.is_empty() && bytes == convert_checking_scans(&plain).unwrap());
}

#[test]
fn masks() {
    let palette = Png::new(40, 20, 3, 4).with(*b"tRNS", (0..16).map(|at| at * 16).collect::<Vec<_>>());
    for image in [
        Png::new(40, 20, 6, 8),
        Png::new(40, 20, 4, 16),
        palette.clone(),
        Png::new(40, 20, 6, 8).interlaced(),
        palette.interlaced(),
    ] {
        let bytes = image.bytes();
        let (pdf, _) = convert_with(&bytes, &Limits::default()).unwrap();
        let mask = &crate::support::pdf::images(&pdf)[1];
        check("mask_bytes_max", &bytes, mask.1.len() as u64, |limits, value| limits.mask_bytes_max = value);
    }
}

#[test]
fn profiles() {
    let set = |limits: &mut Limits, value| limits.icc_bytes_max = value;
    let profile = profile(*b"RGB ");
    let chunk = [b"name\0\0".as_slice(), &fdeflate::compress_to_vec(&profile)].concat();
    let segment = [b"ICC_PROFILE\0\x01\x01".as_slice(), &profile].concat();
    check("icc_bytes_max", &Png::new(9, 9, 2, 8).with(*b"iCCP", chunk).bytes(), profile.len() as u64, set);
    check("icc_bytes_max", &Jpeg::new(9, 9, YCC).with(0xe2, segment).bytes(), profile.len() as u64, set);
    // What expands a thousandfold stops at the limit.
    let bomb = [b"name\0\0".as_slice(), &fdeflate::compress_to_vec(&vec![0; 64 << 20])].concat();
    let bomb = Png::new(9, 9, 2, 8).with(*b"iCCP", bomb).bytes();
    let error = convert_with(&bomb, &Limits::default()).unwrap_err();
    assert!(matches!(error, Error::TooLarge { limit: "icc_bytes_max", .. }), "{error:?}");
}

#[test]
fn metadata() {
    let set = |limits: &mut Limits, value| limits.metadata_bytes_max = value;
    let block = exif(6, 300);
    check(
        "metadata_bytes_max",
        &Png::new(9, 9, 2, 8).with(*b"eXIf", block.clone()).bytes(),
        block.len() as u64,
        set,
    );
    let image = Jpeg::new(9, 9, YCC).with(0xe5, vec![0; 5000]).bytes();
    let header = image.windows(2).position(|pair| pair == [0xff, 0xda]).unwrap() + 2 + 12;
    check("metadata_bytes_max", &image, header as u64, set);
}

#[test]
fn scans() {
    let set = |limits: &mut Limits, value| limits.scans_max = value as u32;
    check("scans_max", &Jpeg::new(9, 9, YCC).progressive().bytes(), 5, set);
    check("scans_max", &Jpeg::new(9, 9, GRAY).bytes(), 1, set);
}

#[test]
fn a_large_claim_costs_nothing() {
    let mut huge = Png::new(40, 20, 6, 16).interlaced();
    (huge.width, huge.height) = (40_000, 20_000);
    let header = huge.with_data(&fdeflate::compress_to_vec(&[0; 100]));
    let error = convert_with(&header, &Limits::default()).unwrap_err();
    assert!(matches!(error, Error::TooLarge { limit: "decoded_bytes_max", .. }), "{error:?}");
}

#[test]
fn a_scan_of_376_megapixels_is_copied() {
    let scan = Png::new(20_000, 18_800, 0, 1);
    let rows = vec![0; 18_800 * (1 + 2500)];
    let limits = Limits { decoded_bytes_max: 0, mask_bytes_max: 0, ..Limits::default() };
    let (_, report) = convert_with(&scan.with_data(&fdeflate::compress_to_vec(&rows)), &limits).unwrap();
    assert_eq!((report.pages[0].width, report.pages[0].height), (20_000, 18_800));
}

#[test]
fn what_must_be_held_whole_is_spooled_up_to_a_limit() {
    let set = |limits: &mut Limits, value| limits.spool_bytes_max = value;
    for image in [raster::bmp(9, 7), raster::tiff(9, 7, 1)] {
        check("spool_bytes_max", &image, image.len() as u64, set);
    }
    let none = Limits { spool_bytes_max: 0, ..Limits::default() };
    for forward in [raster::pgm(9, 7, 2), raster::qoi(9, 7), raster::farbfeld(9, 7), raster::tga(9, 7)] {
        convert_with(&forward, &none).unwrap();
    }
}

#[test]
fn frames() {
    let set = |limits: &mut Limits, value| limits.frames_max = value as u32;
    check("frames_max", &raster::pgm(9, 7, 3), 3, set);
    check("frames_max", &raster::tiff(9, 7, 3), 3, set);
}

#[test]
fn pixels_that_are_decoded_count_over_all_frames() {
    let set = |limits: &mut Limits, value| limits.decoded_pixels_max = value;
    check("decoded_pixels_max", &raster::pgm(9, 7, 3), 9 * 7 * 3, set);
    check("decoded_pixels_max", &raster::tiff(9, 7, 2), 9 * 7 * 2, set);
    for image in [raster::bmp(9, 7), raster::tga(9, 7), raster::qoi(9, 7), raster::farbfeld(9, 7)] {
        check("decoded_pixels_max", &image, 9 * 7, set);
    }
}

#[test]
fn sizes_are_checked_before_samples_are_read() {
    let images = [
        raster::bmp(40, 20),
        raster::tga(40, 20),
        raster::pgm(40, 20, 1),
        raster::qoi(40, 20),
        raster::farbfeld(40, 20),
        raster::tiff(40, 20, 1),
    ];
    for image in images {
        check("side_pixels_max", &image, 40, |limits, value| limits.side_pixels_max = value as u32);
        check("pixels_max", &image, 800, |limits, value| limits.pixels_max = value);
    }
    check("decoded_bytes_max", &raster::tga(40, 20), 40 * 20 * 4, |limits, value| {
        limits.decoded_bytes_max = value;
    });
    check("decoded_bytes_max", &raster::tiff(40, 20, 1), 40 * 20, |limits, value| {
        limits.decoded_bytes_max = value;
    });
}

/// Gives leave for so many bytes, and notes what was asked for.
struct Counted {
    bytes_max: u64,
    asked: Mutex<Vec<(Purpose, u64)>>,
    released: Mutex<usize>,
}

impl Budget for Counted {
    fn hold(&self, purpose: Purpose, bytes: u64) -> bool {
        self.asked.lock().unwrap().push((purpose, bytes));
        bytes <= self.bytes_max
    }

    fn release(&self) {
        *self.released.lock().unwrap() += 1;
    }
}

/// Converts with a shared budget; gives what was asked for, and whether it was enough.
fn ask(image: &[u8], bytes_max: u64) -> (Vec<(Purpose, u64)>, bool) {
    ask_for(image, bytes_max, convert_with)
}

/// As [`ask`], by another conversion.
fn ask_for(
    image: &[u8],
    bytes_max: u64,
    convert: impl Fn(&[u8], &Limits) -> Result<(Vec<u8>, Report), Error>,
) -> (Vec<(Purpose, u64)>, bool) {
    let budget = Arc::new(Counted { bytes_max, asked: Mutex::default(), released: Mutex::default() });
    let limits = Limits { memory: Memory::of(Arc::<Counted>::clone(&budget)), ..Limits::default() };
    let converted = convert(image, &limits);
    assert!(matches!(converted, Ok(_) | Err(Error::OutOfBudget)), "{converted:?}");
    assert_eq!(*budget.released.lock().unwrap(), 1, "what is held for a source is released when it is done");
    let asked = budget.asked.lock().unwrap().clone();
    (asked, converted.is_ok())
}

#[test]
fn a_shared_budget_is_asked_for_what_grows_with_the_image() {
    let interlaced = Png::new(40, 20, 2, 8).interlaced().bytes();
    assert_eq!(ask(&interlaced, u64::MAX), (vec![(Purpose::Samples, 40 * 20 * 3)], true));
    assert!(!ask(&interlaced, 40 * 20 * 3 - 1).1);

    let spooled = raster::tiff(64, 64, 1);
    let (asked, converted) = ask(&spooled, u64::MAX);
    assert!(
        converted
            && asked
                .iter()
                .any(|(purpose, bytes)| { *purpose == Purpose::Source && *bytes >= spooled.len() as u64 }),
        "{asked:?}"
    );
    assert!(!ask(&spooled, 0).1);

    // A mask that is made on a thread of its own.
    let split = Png::new(1024, 1024, 6, 8).interlaced().bytes();
    let (asked, converted) = ask(&split, u64::MAX);
    assert!(converted && asked.iter().any(|(purpose, _)| *purpose == Purpose::Mask), "{asked:?}");
    assert!(asked.contains(&(Purpose::Samples, 1024 * 1024 * 4)), "{asked:?}");

    // The canvas of an animation, and what is to come back on it; without a frame that needs one, there is none.
    let base = Png::new(40, 20, 2, 8);
    let part = Frame { image: Png::new(20, 10, 2, 8), place: [20, 10], disposal: 2, blend: 0 };
    let whole = Frame { image: base.clone(), place: [0, 0], disposal: 0, blend: 0 };
    let moving = file(&animation(&base, false, &[whole.clone(), part, whole.clone()]));
    let (canvas, before) = (40 * 20 * 4, 20 * 10 * 4);
    assert_eq!(
        ask(&moving, u64::MAX),
        (vec![(Purpose::Samples, canvas), (Purpose::Samples, canvas + before)], true)
    );
    assert!(!ask(&moving, canvas + before - 1).1);
    let alone = Frame { disposal: 1, ..whole };
    let (asked, converted) = ask(&file(&animation(&base, false, &[alone.clone(), alone])), 0);
    assert!(converted && asked.is_empty(), "{asked:?}");

    // What is known of the coefficients of a JPEG whose scans are checked: eight bytes for each of 5 by 3 blocks.
    let refined = Jpeg::new(40, 20, YCC).refined().bytes();
    let of_coefficients = |(asked, converted): (Vec<(Purpose, u64)>, bool)| {
        let asked = asked.into_iter().filter(|(purpose, _)| *purpose == Purpose::Coefficients);
        (asked.map(|(_, bytes)| bytes).collect::<Vec<_>>(), converted)
    };
    let checked = |bytes_max: u64| of_coefficients(ask_for(&refined, bytes_max, convert_checking_scans_with));
    assert_eq!(checked(u64::MAX), (vec![120, 240, 360], true));
    let header = refined.windows(2).position(|pair| pair == [0xff, 0xda]).unwrap() + 2 + 12;
    assert!(header < 359 && !checked(359).1 && checked(360).1, "{header}");
    assert_eq!(of_coefficients(ask(&refined, u64::MAX)), (vec![], true));

    // What is copied holds nothing that grows.
    let (asked, converted) = ask(&Png::new(40, 20, 2, 16).bytes(), 0);
    assert!(converted && asked.is_empty(), "{asked:?}");
}

/// Segments of a JBIG2 may be empty and many. Those of 200 pages stand apart, so that finding each page's anew would show.
#[test]
fn segments_of_a_jbig2() {
    const SEGMENTS_MAX: usize = 1 << 18;
    const PAGES: usize = 200;
    let image = |segments: usize| {
        let mut all: Vec<(u32, u8, u8, Vec<u8>)> = Vec::new();
        for page in 1..=PAGES as u8 {
            let region = raster::jbig2_region([9, 7], [0, 0], raster::JBIG2_ARITHMETIC);
            all.extend([
                (1, 48, page, raster::jbig2_page(9, 7)),
                (2, 38, page, region),
                (3, 49, page, Vec::new()),
            ]);
        }
        // Extensions that say nothing, of each page in turn.
        all.extend((all.len()..segments).map(|at| (at as u32, 62, (at % PAGES) as u8 + 1, vec![0; 4])));
        raster::jbig2(1, &all)
    };
    let (_, report) = convert_with(&image(SEGMENTS_MAX), &Limits::default()).unwrap();
    assert_eq!(report.pages.len(), PAGES);
    refused("one segment more", &image(SEGMENTS_MAX + 1), "Unsupported", "more than 262,144 segments");
}

/// Directories of a TIFF may lie over one another: 9 of 65,535 fields each take little more room than one.
#[test]
fn fields_of_a_tiff() {
    const FIELDS: usize = 0xffff;
    let image = |directories: usize| {
        // All that counts them is this byte, and so is every field.
        let mut bytes = vec![0xff; 8 + 16 * directories + 12 * FIELDS + 64];
        bytes[..8].copy_from_slice(b"II*\0\x08\0\0\0");
        for at in 0..directories {
            let start = 8 + 16 * at;
            let next = if at + 1 < directories { start as u32 + 16 } else { 0 };
            bytes[start + 2 + 12 * FIELDS..][..4].copy_from_slice(&next.to_le_bytes());
        }
        bytes
    };
    refused("few enough to be looked at", &image(8), "Malformed", "the TIFF");
    refused("too many", &image(9), "Unsupported", "more than 524,288 fields");
}

/// Where strips and tiles lie is held in memory, and a tile may be one pixel.
#[test]
fn tiles_of_a_tiff() {
    const TILES_MAX: u64 = 1 << 20;
    // Places of one byte each, without lengths.
    let image = |width: u32, height: u32, planes: u32| {
        let tiles = (u64::from(width) * u64::from(height)).min(TILES_MAX) as u32;
        let sides = [(256, 4, 1, width), (257, 4, 1, height), (322, 4, 1, 1), (323, 4, 1, 1)];
        let rest = [(258, 4, 1, 8), (259, 4, 1, 32_773), (262, 4, 1, 1), (277, 4, 1, planes), (284, 4, 1, 2)];
        let places = [(324, 1, tiles, u32::MAX)];
        let mut image = raster::tiff_of(&[&sides[..], &rest, &places].concat(), &vec![0; tiles as usize]);
        // The largest side is the very number that stands for a place.
        for (at, side) in [(18, width), (30, height)] {
            image[at..at + 4].copy_from_slice(&side.to_le_bytes());
        }
        image
    };
    let unknown = "strips or tiles of unknown length";
    refused("as many as may be", &image(1024, 1024, 1), "Malformed", unknown);
    refused("a row more", &image(1024, 1025, 1), "Unsupported", "1,049,600 strips or tiles, and 1,048,576");
    refused(
        "beyond all numbers",
        &image(u32::MAX, u32::MAX, 4),
        "Unsupported",
        "18,446,744,073,709,551,615 strips",
    );
}

/// A long scan of many pages may cost more than a small file that claims as much.
#[test]
fn a_longer_source_may_have_more_pixels() {
    let image = |bytes: usize| {
        let mut image = raster::tiff(9, 7, 2);
        image.resize(bytes, 0);
        image
    };
    let pixels = 9 * 7 * 2;
    for (bytes, times) in [(1 << 16, 1), ((32 << 20) - 1, 1), (32 << 20, 2), (48 << 20, 3)] {
        let mut limits = Limits { decoded_pixels_max: pixels / times, ..Limits::default() };
        assert!(convert_with(&image(bytes), &limits).is_ok(), "{bytes}");
        limits.decoded_pixels_max -= 1;
        let error = convert_with(&image(bytes), &limits).unwrap_err();
        assert!(
            matches!(error, Error::TooLarge { limit: "decoded_pixels_max", max, .. } if max == pixels - times),
            "{bytes}: {error}"
        );
    }
}

/// Strips of fax codes that are together no longer than the file become one fax of any size; others are decoded under the
/// limits of decoding.
#[test]
fn strips_of_a_fax_that_are_named_again() {
    // Group 4: white rows, each as the one above it.
    let strip = [0xff; 100];
    let image = |strips: u32, length: u32| {
        let place = 8 + 2 + 9 * 12 + 4;
        let bytes = 4 * strips;
        let fields = [
            (256, 4, 1, 40),
            (257, 4, 1, 8 * strips),
            (258, 4, 1, 1),
            (259, 4, 1, 4),
            (262, 4, 1, 0),
            (273, 4, strips, place),
            (277, 4, 1, 1),
            (278, 4, 1, 8),
            (279, 4, strips, place + bytes),
        ];
        let mut data = (place + 2 * bytes).to_le_bytes().repeat(strips as usize);
        data.extend(length.to_le_bytes().repeat(strips as usize));
        data.extend(&strip);
        raster::tiff_of(&fields, &data)
    };
    let limits = Limits { decoded_pixels_max: 1, ..Limits::default() };
    let (pdf, report) = convert_with(&image(40, 1), &limits).unwrap();
    assert_eq!((report.pages[0].height, report.pages[0].embedding), (320, Embedding::Packed));
    let pdf = String::from_utf8_lossy(&pdf);
    assert!(pdf.contains("/CCITTFaxDecode /DecodeParms << /K -1 /Columns 40 /Rows 320 >>"), "{pdf}");

    let set = |limits: &mut Limits, value| limits.decoded_pixels_max = value;
    check("decoded_pixels_max", &image(40, 100), 40 * 320, set);
}

/// What the strips of a page name together is never more than the file, or one strip could be joined to any length.
#[test]
fn strips_of_jpeg_that_are_named_again() {
    let strip = Jpeg::new(40, 8, GRAY).bytes();
    let image = |strips: usize, length: u32| {
        let place = 8 + 2 + 9 * 12 + 4;
        let (count, bytes) = (strips as u32, 4 * strips as u32);
        let fields = [
            (256, 4, 1, 40),
            (257, 4, 1, 8 * count),
            (258, 4, 1, 8),
            (259, 4, 1, 7),
            (262, 4, 1, 1),
            (273, 4, count, u32::MAX),
            (277, 4, 1, 1),
            (278, 4, 1, 8),
            (279, 4, count, place + bytes),
        ];
        let mut data = (place + 2 * bytes).to_le_bytes().repeat(strips);
        data.extend(length.to_le_bytes().repeat(strips));
        data.extend(&strip);
        // Room that belongs to nothing.
        data.resize(data.len() + strip.len(), 0);
        raster::tiff_of(&fields, &data)
    };
    let (_, report) = convert_with(&image(2, strip.len() as u32), &Limits::default()).unwrap();
    assert_eq!(report.pages[0].height, 16);
    refused("many", &image(40, strip.len() as u32), "Malformed", "strips of JPEG that lie over one another");
}

/// Checking what is copied ends where it is far too much, not with the data.
#[test]
fn a_strip_that_inflates_without_end() {
    let image = |inflated: usize| {
        let strip = fdeflate::compress_to_vec(&vec![0; inflated]);
        let fields = [
            (256, 4, 1, 9),
            (257, 4, 1, 7),
            (258, 4, 1, 8),
            (259, 4, 1, 8),
            (262, 4, 1, 1),
            (273, 4, 1, u32::MAX),
            (277, 4, 1, 1),
            (278, 4, 1, 7),
            (279, 4, 1, strip.len() as u32),
        ];
        raster::tiff_of(&fields, &strip)
    };
    let most = 9 * 7 * 8 + (1 << 20);
    for inflated in [9 * 7, 9 * 16, most] {
        convert_with(&image(inflated), &Limits::default()).unwrap();
    }
    refused("no less", &image(9 * 7 - 1), "Malformed", "less image data");
    refused("no more", &image(most + 1), "Malformed", "far more image data");
}
