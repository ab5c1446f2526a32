use std::fs;

use crate::support::{
    convert_one,
    fixtures::{jpegs, pngs},
    jpeg::{Jpeg, YCC},
    oracle::{Oracle, python},
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
fn images_that_another_program_made_are_exact() {
    let folder = tempfile::tempdir().unwrap();
    python("make.py", &[folder.path()]);
    let mut oracle = Oracle::new();
    let mut paths: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(paths.len() > 30, "{paths:?}");
    for path in paths {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        add(&mut oracle, &name, &fs::read(&path).unwrap(), "");
    }
    oracle.check();
}
