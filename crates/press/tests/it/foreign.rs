//! What comes out, read by programs that are not ours.

use std::{
    path::Path,
    process::{Command, Output},
};

use super::support::{images, press::Press, source::Source};

fn run(program: &str, arguments: &[&str]) -> Output {
    Command::new(program)
        .args(arguments)
        .output()
        .unwrap_or_else(|error| panic!("{program} is needed ({error}): run `cargo xtask test`"))
}

async fn converted(image: &[u8]) -> (tempfile::TempDir, String) {
    let press = Press::start();
    let pdf = press.pdf(&Source::body(image).await.url("/")).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("image.pdf");
    std::fs::write(&path, &pdf).unwrap();
    let path = path.to_str().unwrap().to_owned();
    (folder, path)
}

#[tokio::test]
async fn every_pdf_passes_qpdf() {
    for image in [images::png(), images::transparent_png(), images::noise_png(700)] {
        let (_folder, path) = converted(&image).await;
        let checked = run("qpdf", &["--check", &path]);
        assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
    }
}

#[tokio::test]
async fn the_pixels_that_arrive_are_the_pixels_that_were_sent() {
    let image = images::noise_png(300);
    let (folder, path) = converted(&image).await;
    let prefix = folder.path().join("out");
    let extracted = run("pdfimages", &["-png", &path, prefix.to_str().unwrap()]);
    assert!(extracted.status.success(), "{}", String::from_utf8_lossy(&extracted.stderr));
    assert_eq!(pixels(&folder.path().join("out-000.png")), decode(&image));
}

fn pixels(path: &Path) -> Vec<u8> {
    decode(&std::fs::read(path).unwrap())
}

fn decode(bytes: &[u8]) -> Vec<u8> {
    let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let frame = reader.next_frame(&mut pixels).unwrap();
    pixels.truncate(frame.buffer_size());
    pixels
}
