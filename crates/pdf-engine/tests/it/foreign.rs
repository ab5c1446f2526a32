/// PDF/A, judged rule by rule.
mod archive;
/// How PDFs are opened, and the boxes of their pages.
mod viewer;

use std::{fs, path::PathBuf};

use pdf_engine::{Cancel, Error, Limits, Options, Source, convert};

use crate::support::{
    convert_checking_scans, convert_one,
    fixtures::{animations, jpegs, pngs},
    jpeg::{Jpeg, YCC},
    kind_of,
    oracle::{Oracle, python},
    pdf,
    png::Png,
    raster, stored,
};

/// Converts an image made here and adds it to what the oracle checks.
fn add(oracle: &mut Oracle, name: &str, image: &[u8], more: &str) {
    let (pdf, _) = convert_one(image).unwrap_or_else(|error| panic!("{name}: {error}"));
    oracle.add(name, image, &pdf, more);
}

#[test]
fn pngs_of_every_kind_are_exact() {
    let mut oracle = Oracle::new();
    for fixture in pngs() {
        let more = format!(
            ", \"points\": {:?}, \"unrendered\": {}",
            fixture.points,
            !fixture.name.contains("turned")
        );
        add(&mut oracle, &fixture.name, &fixture.bytes, &more);
    }
    oracle.check();
}

#[test]
fn frames_of_every_kind_are_exact() {
    let mut oracle = Oracle::new();
    for fixture in animations() {
        add(&mut oracle, &fixture.name, &fixture.bytes, "");
    }
    oracle.check();
}

/// The numbers of a chunk, each in 1/100,000.
fn numbers(numbers: &[u32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_be_bytes()).collect()
}

#[test]
fn colours_that_are_not_those_of_srgb_are_calibrated() {
    const SRGB: [u32; 8] = [31_270, 32_900, 64_000, 33_000, 30_000, 60_000, 15_000, 6_000];
    const ADOBE: [u32; 8] = [31_270, 32_900, 64_000, 33_000, 21_000, 71_000, 15_000, 6_000];
    const D50: [u32; 8] = [34_567, 35_850, 64_000, 33_000, 30_000, 60_000, 15_000, 6_000];
    let mut oracle = Oracle::new();
    for (color, bits) in [(0, 1), (0, 8), (0, 16), (2, 8), (2, 16), (3, 4), (4, 8), (6, 8)] {
        for gamma in [100_000, 55_000, 45_455, 45_000, 43_000] {
            for places in [None, Some(SRGB), Some(ADOBE), Some(D50)] {
                let mut image = Png::new(40, 20, color, bits).with(*b"gAMA", numbers(&[gamma]));
                if let Some(places) = places {
                    image = image.with(*b"cHRM", numbers(&places));
                }
                let name = format!("{color} {bits} {gamma} {places:?}");
                add(&mut oracle, &name, &image.bytes(), ", \"unrendered\": true");
            }
        }
    }
    let linear = |image: Png| image.with(*b"gAMA", numbers(&[100_000]));
    add(&mut oracle, "sRGB", &linear(Png::new(40, 20, 2, 8)).with(*b"sRGB", vec![0]).bytes(), "");
    for color in [0, 2, 3, 6] {
        for primaries in [1, 9, 12] {
            for transfer in [1, 4, 5, 8, 13, 16, 18] {
                let image = Png::new(40, 20, color, 8).with(*b"cICP", vec![primaries, transfer, 0, 1]);
                let name = format!("{color} by numbers {primaries} {transfer}");
                add(&mut oracle, &name, &image.bytes(), ", \"unrendered\": true");
            }
        }
    }
    oracle.check();
}

#[test]
fn jpegs_of_every_kind_are_copied_and_shown() {
    let mut oracle = Oracle::new();
    for fixture in jpegs() {
        let more = format!(", \"points\": {:?}, \"rendering\": 40", fixture.points);
        add(&mut oracle, &fixture.name, &fixture.bytes, &more);
    }
    oracle.check();
}

#[test]
fn colours_are_those_that_decoders_of_images_show_where_markers_contradict() {
    let mut oracle = Oracle::new();
    for transform in [0, 2] {
        let jfif = b"JFIF\0\x01\x02\0\0\x01\0\x01\0\0".to_vec();
        let image = Jpeg::new(60, 40, YCC).with(0xe0, jfif).adobe(transform);
        add(&mut oracle, "contradictory", &image.bytes(), ", \"edited\": true, \"rendering\": 40");
    }
    oracle.check();
}

#[test]
fn what_is_left_of_a_source_that_failed_is_no_fault() {
    let mut oracle = Oracle::new();
    let mut options = Options::default();
    options.skip_failed = true;
    let good = pngs().remove(0).bytes;
    for fixture in pngs().into_iter().chain(jpegs()) {
        let half = &fixture.bytes[..fixture.bytes.len() / 2];
        let sources = [good.as_slice(), half, &good].map(Source::new);
        let mut pdf = Vec::new();
        convert(sources, &mut pdf, &options, &Limits::default(), &Cancel::new()).unwrap();
        oracle.add(&fixture.name, half, &pdf, "");
    }
    oracle.check_with_qpdf();
}

/// Names and bytes of the images that another program makes.
fn made() -> Vec<(String, Vec<u8>)> {
    let folder = tempfile::tempdir().unwrap();
    python("make.py", &[folder.path()]);
    let mut paths: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(paths.len() > 150, "{paths:?}");
    let named = |path: &PathBuf| path.file_name().unwrap().to_string_lossy().into_owned();
    let made = paths.iter().map(|path| (named(path), fs::read(path).unwrap()));
    let kept = stored::ALL.iter().map(|(name, bytes)| ((*name).to_owned(), bytes.to_vec()));
    made.chain(kept).collect()
}

#[test]
fn images_that_another_program_made_are_exact() {
    let mut oracle = Oracle::new();
    for (name, bytes) in made() {
        // Decoders of JPEG round in ways of their own, and so do programs that draw one thing over another.
        let ending = name.rsplit('.').next();
        let more = match name.as_str() {
            // Pillow does not cut, knows no such colours, and shows one frame alone of that.
            "cut-and-wide.avif" | "ycgco.avif" | "moving.jxl" => continue,
            // Pillow divides by the alpha in whole numbers; the PDF says by what to divide.
            "alpha-premultiplied.avif" | "moving-premultiplied.avif" => ", \"tolerance\": 2".to_owned(),
            "moving-lossless.webp" => ", \"tolerance\": 1".to_owned(),
            // Pillow computes with 8 bits: beside these lies what avifdec made of them.
            name if stored::has_reference(name) => {
                format!(", \"reference\": \"{}\"", stored::reference(name).display())
            }
            _ if ending == Some("avif") || name.ends_with("-lossy.jxl") => ", \"tolerance\": 1".to_owned(),
            // So do those that turn lumas and differences into colours.
            name if name.starts_with("ycbcr-") => ", \"tolerance\": 1".to_owned(),
            // Pillow brings back another part than what was below, and mixes alphas as if they were colours.
            name if name.starts_with("apng-") && !name.contains("-2-") && !name.contains("-alpha-") => {
                ", \"by_pillow\": true".to_owned()
            }
            name if name.contains("jpeg") => ", \"tolerance\": 4".to_owned(),
            _ => String::new(),
        };
        add(&mut oracle, &name, &bytes, &more);
    }
    oracle.check();
}

#[test]
fn jpegs_that_another_program_made_have_whole_scans() {
    let jpegs: Vec<_> = made().into_iter().filter(|(name, _)| name.contains(".jpg")).collect();
    assert!(jpegs.len() > 20);
    for (name, bytes) in jpegs {
        let pdf = convert_checking_scans(&bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(pdf == convert_one(&bytes).unwrap().0, "{name}");
    }
}

#[test]
fn images_written_by_hand_are_exact() {
    let mut oracle = Oracle::new();
    let images = [
        ("bmp", raster::bmp(37, 23)),
        ("tga", raster::tga(37, 23)),
        ("pgm", raster::pgm(37, 23, 1)),
        ("qoi", raster::qoi(37, 23)),
        ("farbfeld", raster::farbfeld(37, 23)),
        ("tiff", raster::tiff(37, 23, 3)),
    ];
    for (name, bytes) in images {
        add(&mut oracle, name, &bytes, "");
    }
    oracle.check();
}

/// A TIFF of Lab, 40 by 20 pixels, of 8 or 16 bits, with a sign or as ICC counts them: the same colours in each.
fn lab(kind: u32, bits: u32) -> Vec<u8> {
    let mut strip = Vec::new();
    for at in 0..40 * 20 {
        let (x, y) = (at % 40, at / 40);
        // The first rows are gray.
        let colors = if y < 4 { [0, 0] } else { [x * 3 / 2 - 30, y * 3 - 36] };
        let lightness = 30 + x * 5;
        let numbers = [lightness, colors[0], colors[1]];
        for (channel, number) in numbers.into_iter().enumerate() {
            let number = if channel > 0 && kind == 9 { number + 128 } else { number };
            let scale = if channel == 0 && kind == 8 { 257 } else { 256 };
            match bits {
                8 => strip.push(number as u8),
                _ => strip.extend(((number * scale) as u16).to_le_bytes()),
            }
        }
    }
    let fields = [
        (256, 4, 1, 40),
        (257, 4, 1, 20),
        (258, 4, 1, bits),
        (259, 4, 1, 1),
        (262, 4, 1, kind),
        (273, 4, 1, u32::MAX),
        (277, 4, 1, 3),
        (279, 4, 1, strip.len() as u32),
    ];
    raster::tiff_of(&fields, &strip)
}

#[test]
fn lab_means_the_same_however_it_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    let reference = folder.path().join("signed.tiff");
    fs::write(&reference, lab(8, 8)).unwrap();
    let mut oracle = Oracle::new();
    for (kind, bits) in [(8, 8), (8, 16), (9, 8), (9, 16)] {
        // A sample of 8 bits is 255 parts of the largest one, and one of 16 bits 256.
        let more = format!(", \"reference\": \"{}\", \"tolerance\": 1", reference.display());
        add(&mut oracle, &format!("{kind} of {bits} bits"), &lab(kind, bits), &more);
    }
    oracle.check();
}

#[test]
fn images_that_another_program_made_are_refused_when_they_are_cut() {
    const CUTS: usize = 40;
    for (name, bytes) in made() {
        for cut in (0..CUTS).map(|part| bytes.len() * part / CUTS) {
            match convert_one(&bytes[..cut]) {
                Err(Error::Malformed { detail, .. }) => assert!(detail.len() > 10, "{name}: {detail}"),
                // Without its page, some other part of a file may be what it cannot do without.
                Err(error) => {
                    assert_eq!(kind_of(&error), "Unsupported", "{name} cut after {cut} bytes: {error}");
                }
                Ok(_) => panic!("{name} cut after {cut} of {} bytes is converted", bytes.len()),
            }
        }
    }
}

#[test]
fn images_that_another_program_made_and_a_third_one_damaged_break_nothing() {
    const ROUNDS: usize = 40;
    let mut state = 1_u64;
    let mut next = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    for (name, bytes) in made() {
        for round in 0..ROUNDS {
            let mut damaged = bytes.clone();
            // Headers are small, and half of the damage is theirs.
            let reach = if round % 2 == 0 { bytes.len().min(600) } else { bytes.len() };
            for _ in 0..=next(3) {
                let at = next(reach);
                damaged[at] = [0, 1, 0x7f, 0x80, 0xff, next(256) as u8][next(6)];
            }
            let mut written = Vec::new();
            let limits = Limits { decoded_bytes_max: 16 << 20, ..Limits::default() };
            let result = convert(
                [Source::new(damaged.as_slice())],
                &mut written,
                &Options::default(),
                &limits,
                &Cancel::new(),
            );
            match result {
                Ok(_) => pdf::try_check(&written).unwrap_or_else(|why| panic!("{name} damaged: {why}")),
                Err(error) => assert!(!error.to_string().is_empty()),
            }
        }
    }
}
