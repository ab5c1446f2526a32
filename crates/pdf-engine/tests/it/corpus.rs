use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use pdf_engine::Error;

use crate::support::{convert_checking_scans, convert_one, oracle::Oracle};

/// No image of the corpus is large: one that takes this long hangs.
const PATIENCE: Duration = Duration::from_secs(5);

fn corpus() -> PathBuf {
    let folder = std::env::var_os("IMAGE_CORPUS");
    PathBuf::from(folder.expect("IMAGE_CORPUS is not set: run `IMAGE_CORPUS=DIR cargo xtask test`"))
}

/// All files below a folder, in order.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// Files whose page is not what Pillow shows, each with the reason.
const DIFFERENT: &str = include_str!("../oracle/different.tsv");

/// Files that Pillow cannot read.
const UNREAD_MAX: usize = 24;

fn has_ending(path: &Path, endings: &[&str]) -> bool {
    path.extension().is_some_and(|ending| endings.iter().any(|wanted| ending.eq_ignore_ascii_case(wanted)))
}

#[test]
fn every_valid_file_of_pngsuite_is_exact_and_every_broken_one_refused() {
    let mut oracle = Oracle::new();
    let (mut valid, mut broken) = (0, 0);
    for path in files(&corpus().join("png/pngsuite")) {
        if !has_ending(&path, &["png"]) {
            continue;
        }
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let image = fs::read(&path).unwrap();
        match (name.starts_with('x'), convert_one(&image)) {
            (true, Err(Error::Malformed { detail, .. })) => {
                assert!(detail.contains("PNG"), "{name}: {detail}");
                broken += 1;
            }
            (false, Ok((pdf, _))) => {
                oracle.add(&name, &image, &pdf, ", \"unrendered\": true");
                valid += 1;
            }
            (_, other) => panic!("{name}: {:?}", other.map(|(_, report)| report)),
        }
    }
    assert!(valid >= 160 && broken >= 14, "{valid} valid and {broken} broken files are not PngSuite");
    oracle.check();
}

#[test]
fn every_file_that_is_converted_is_exact() {
    let mut oracle = Oracle::new();
    for path in files(&corpus()) {
        let image = fs::read(&path).unwrap();
        if DIFFERENT.lines().filter_map(|line| line.split('\t').next()).any(|name| path.ends_with(name)) {
            assert!(convert_one(&image).is_ok(), "{}", path.display());
            continue;
        }
        if let Ok((pdf, _)) = convert_one(&image) {
            let name = path.strip_prefix(corpus()).unwrap().to_string_lossy().into_owned();
            // Pillow cuts 16 bits to 8, rounds 5 bits down, and draws frames over each other in its own way.
            let rounded = has_ending(&path, &["bmp", "tga", "tif", "tiff", "webp"]);
            let more = match has_ending(&path, &["png"]) {
                true => ", \"unrendered\": true",
                false if rounded => ", \"tolerance\": 1",
                false => "",
            };
            oracle.add(&name, &image, &pdf, more);
        }
    }
    oracle.check_but(UNREAD_MAX);
}

#[test]
fn every_jpeg_that_is_converted_has_whole_scans() {
    let mut broken = Vec::new();
    for path in files(&corpus()) {
        let image = fs::read(&path).unwrap();
        if image.starts_with(&[0xff, 0xd8, 0xff])
            && convert_one(&image).is_ok()
            && let Err(error) = convert_checking_scans(&image)
        {
            broken.push(format!("{}: {error}", path.display()));
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn no_file_panics_or_hangs_or_is_refused_without_a_reason() {
    let all = files(&corpus());
    assert!(all.len() > 100, "the corpus has only {} files", all.len());
    for path in all {
        let image = fs::read(&path).unwrap();
        let start = Instant::now();
        let result = convert_one(&image);
        assert!(start.elapsed() < PATIENCE, "{} took {:?}", path.display(), start.elapsed());
        match result {
            Ok((_, report)) => assert!(!report.pages.is_empty()),
            Err(
                Error::Unsupported { detail, .. }
                | Error::Malformed { detail, .. }
                | Error::TooLarge { detail, .. },
            ) => {
                assert!(detail.len() > 10, "{}: {detail}", path.display());
            }
            Err(other) => panic!("{}: {other:?}", path.display()),
        }
    }
}

#[test]
fn the_picture_in_eight_orientations_is_always_upright() {
    let mut sizes = Vec::new();
    for path in files(&corpus().join("exif-orientation")) {
        if !has_ending(&path, &["jpg"]) {
            continue;
        }
        let (_, report) =
            convert_one(&fs::read(&path).unwrap()).unwrap_or_else(|error| panic!("{path:?}: {error}"));
        let [width, height] = report.pages[0].page_points;
        let landscape = path.file_name().unwrap().to_string_lossy().starts_with("Landscape");
        assert_eq!(width > height, landscape, "{}", path.display());
        sizes.push((width, height));
    }
    assert_eq!(sizes.len(), 18);
}
