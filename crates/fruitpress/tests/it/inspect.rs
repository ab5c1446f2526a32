//! `fruitpress inspect`: what images are, and how they would be embedded.

use std::{fs, path::Path, process::Output};

use serde_json::{Value, json};

use crate::support::{folder, fruitpress, run, stderr, stdout, write_png};

/// Two good images and two that are none, among them one that breaks off.
fn images(folder: &Path) -> [&'static str; 4] {
    write_png(&folder.join("a.png"), 96, 48);
    let whole = fs::read(folder.join("a.png")).unwrap();
    fs::write(folder.join("cut.png"), &whole[..whole.len() / 2]).unwrap();
    fs::write(folder.join("gray.pgm"), b"P5 2 1 255\n\x00\x80").unwrap();
    ["a.png", "cut.png", "missing.png", "gray.pgm"]
}

fn inspect(folder: &Path, arguments: &[&str]) -> Output {
    run(fruitpress().current_dir(folder).arg("inspect").args(arguments))
}

#[test]
fn every_image_is_told_also_beside_broken_ones() {
    let folder = folder();
    let images = images(folder.path());
    let output = inspect(folder.path(), &images);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let told = stdout(&output);
    let lines: Vec<_> = told.lines().collect();
    assert_eq!(lines[0], "IMAGE     FORMAT  PIXELS   BITS  PAGE IN POINTS  EMBEDDING           LOSSLESS");
    assert_eq!(lines[1], "a.png     PNG     96 × 48  8     72 × 36         split, transparent  yes");
    assert!(lines[2].starts_with("cut.png  cannot be converted: the PNG ends after "), "{told}");
    assert!(lines[3].starts_with("missing.png  cannot be converted: it cannot be opened: No such"), "{told}");
    assert_eq!(lines[4], "gray.pgm  PNM     2 × 1    8     3 × 3           packed              yes");
    assert!(lines[5].starts_with("  warning: the page has a margin"), "{told}");
    assert_eq!(lines.len(), 6);
    let said = stderr(&output);
    assert!(said.contains("cut.png: the PNG ends") && said.contains("missing.png: it cannot"), "{said}");
    assert_eq!(said.lines().count(), 2);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3, "nothing is written");
}

#[test]
fn json_has_an_object_a_page() {
    let folder = folder();
    let images = images(folder.path());
    let output = inspect(folder.path(), &[&["--json", "--pagesize", "A4^T"], &images[..]].concat());
    assert_eq!(output.status.code(), Some(1));
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(told[0]["page_points"], json!([841.89, 595.28]));
    assert_eq!((&told[0]["embedding"], &told[0]["image"]), (&json!("split"), &json!("a.png")));
    assert_eq!(told[1]["image"], "cut.png");
    assert!(told[1]["error"].as_str().unwrap().contains("ends after"), "{told}");
    assert_eq!(told[3]["format"], "PNM");
    assert_eq!(told.as_array().unwrap().len(), 4);
}

#[test]
fn what_is_told_is_what_convert_does() {
    let folder = folder();
    write_png(&folder.path().join("a.png"), 33, 70);
    fs::write(folder.path().join("b.ppm"), b"P6 1 1 255\nabc").unwrap();
    let flags = ["a.png", "b.ppm", "--border", "1cm", "--json"];
    let inspected: Value = serde_json::from_slice(&inspect(folder.path(), &flags).stdout).unwrap();
    let converted =
        run(fruitpress().current_dir(folder.path()).arg("convert").args(flags).args(["-o", "out.pdf"]));
    let converted: Value = serde_json::from_slice(&converted.stdout).unwrap();
    assert_eq!(inspected, converted["pages"]);
}

#[test]
fn many_images_are_told_in_their_order() {
    let folder = folder();
    let names: Vec<_> = (1..=40).map(|width| format!("{width}.png")).collect();
    for (name, width) in names.iter().zip(1..) {
        write_png(&folder.path().join(name), width, 5);
    }
    let arguments: Vec<_> = ["--json"].into_iter().chain(names.iter().map(String::as_str)).collect();
    let output = inspect(folder.path(), &arguments);
    assert!(output.status.success(), "{}", stderr(&output));
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    let widths: Vec<_> = told.as_array().unwrap().iter().map(|page| page["width_pixels"].clone()).collect();
    assert_eq!(widths, (1..=40).map(Value::from).collect::<Vec<_>>());
}

#[test]
fn options_that_no_image_can_meet_are_an_error_of_their_own() {
    let folder = folder();
    let images = images(folder.path());
    let output = inspect(folder.path(), &[images[0], "-S", "A6", "-b", "20cm"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty());
    assert!(stderr(&output).starts_with("fruitpress: the borders leave nothing"), "{}", stderr(&output));
}
