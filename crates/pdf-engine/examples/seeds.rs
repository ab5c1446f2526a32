//! Writes what fuzzing starts from, a folder a target: the images that the tests make, and those of a folder, by their
//! endings: `cargo run --example seeds -- TO FROM`. `cargo xtask fuzz` runs it.
#![expect(
    dead_code,
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "it shares the tests' makers of images, which make more than is used here and fail as tests do"
)]

#[path = "../tests/it/support/fixtures.rs"]
mod fixtures;
#[path = "../tests/it/support/jpeg.rs"]
mod jpeg;
#[path = "../tests/it/support/png.rs"]
mod png;
#[path = "../tests/it/support/raster.rs"]
mod raster;

use std::{
    collections::BTreeMap,
    error::Error,
    fs,
    path::{Path, PathBuf},
};

use fixtures::Fixture;
use jpeg::Jpeg;
use png::Png;

/// Longer ones are slow to change, and show nothing that a short one does not.
const BYTES_MAX: usize = 4096;
/// What parts several images of one input, and how many bytes of options follow them: as `fuzz/src/any.rs` reads them.
const PARTING: &[u8] = b"\xfe~part~\xfe";
const CHOICES: [&[u8; 8]; 4] = [
    b"\xff\xff\xff\xff\xff\xff\xff\xff",
    b"\x02\0\0\0\0\0\0\0",
    b"\x0b\x01\xff\x01\0\x01\x01\x02",
    b"\x1e\x03\x02\x03\x04\x22\x02\x03",
];

/// Images by target and name.
type Seeds = BTreeMap<&'static str, BTreeMap<String, Vec<u8>>>;

fn main() -> Result<(), Box<dyn Error>> {
    let mut folders = std::env::args_os().skip(1).map(PathBuf::from);
    let to = folders.next().ok_or("name a folder to write to")?;
    let mut seeds = made_here();
    if let Some(from) = folders.next() {
        add_folder(&mut seeds, &from)?;
    }
    for images in seeds.values_mut() {
        images.retain(|_, image| image.len() <= BYTES_MAX);
    }
    let together = together(&seeds);
    seeds.insert("any", together);
    for (target, images) in &seeds {
        let folder = to.join(target);
        fs::create_dir_all(&folder)?;
        for (name, image) in images {
            fs::write(folder.join(name), image)?;
        }
    }
    Ok(())
}

fn made_here() -> Seeds {
    let named =
        |fixtures: Vec<Fixture>| fixtures.into_iter().map(|fixture| (fixture.name, fixture.bytes)).collect();
    let one = |image: Vec<u8>| BTreeMap::from([("made-here".to_owned(), image)]);
    let mut pngs: BTreeMap<_, _> = named(fixtures::pngs());
    pngs.extend((0..7).map(|color| (format!("animation-{color}"), animation(color))));
    let mut jpegs: BTreeMap<_, _> = named(fixtures::jpegs());
    jpegs.extend([0x0002_0002, 0, 0x0001_0001].map(|kind| (format!("several-{kind:x}"), several(kind))));
    Seeds::from([
        ("png", pngs),
        ("jpeg", jpegs),
        ("bmp", one(raster::bmp(9, 7))),
        ("tga", one(raster::tga(9, 7))),
        ("pnm", one(raster::pgm(9, 7, 2))),
        ("qoi", one(raster::qoi(9, 7))),
        ("jpeg2000", one(raster::jpeg2000(9, 7, &[[7, 1, 1]; 3]))),
        ("farbfeld", one(raster::farbfeld(9, 7))),
        ("tiff", one(raster::tiff(9, 7, 2))),
        ("jbig2", (0..4).map(|flags| (format!("flags-{flags}"), jbig2(flags))).collect()),
    ])
}

/// Adds the images of a folder to the targets that their endings name.
fn add_folder(seeds: &mut Seeds, folder: &Path) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let target = match path.extension().and_then(|ending| ending.to_str()) {
            Some("avif") => "avif",
            Some("bmp") => "bmp",
            Some("gif") => "gif",
            Some("ico") => "ico",
            Some("jpg") => "jpeg",
            Some("jp2" | "j2k") => "jpeg2000",
            Some("jxl") => "jpegxl",
            Some("png") => "png",
            Some("pgm" | "pnm") => "pnm",
            Some("qoi") => "qoi",
            Some("tga") => "tga",
            Some("tiff") => "tiff",
            Some("webp") => "webp",
            _ => return Err(format!("{}: of no target", path.display()).into()),
        };
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        seeds.entry(target).or_default().insert(name, fs::read(&path)?);
    }
    Ok(())
}

/// Each of the smallest images beside one of the next format, with options.
fn together(seeds: &Seeds) -> BTreeMap<String, Vec<u8>> {
    let smallest = |images: &BTreeMap<String, Vec<u8>>| {
        let mut images: Vec<_> = images.values().cloned().collect();
        images.sort_by_key(Vec::len);
        images
    };
    let sorted: Vec<_> = seeds.iter().map(|(target, images)| (target, smallest(images))).collect();
    let mut all = BTreeMap::new();
    for (at, (target, images)) in sorted.iter().enumerate() {
        let (_, next) = &sorted[(at + 1) % sorted.len()];
        for (number, (image, choices)) in images.iter().zip(CHOICES.iter().cycle()).take(8).enumerate() {
            let beside = next.get(number % next.len().max(1)).map(Vec::as_slice).unwrap_or_default();
            let input = [image, PARTING, beside, choices.as_slice()].concat();
            all.insert(format!("{target}-{number}"), input);
        }
    }
    all
}

/// A PNG of frames that are disposed of and drawn in several ways.
fn animation(color: u8) -> Vec<u8> {
    let mut base = Png::new(20, 9, if matches!(color, 1 | 5) { 3 } else { color }, 8);
    base.interlaced = color == 5;
    let frames: Vec<_> = fixtures::frames(&base).into_iter().step_by(4).collect();
    png::file(&png::animation(&base, color == 1, &frames))
}

/// A JPEG of two pictures, the second of which is called so.
fn several(kind: u32) -> Vec<u8> {
    jpeg::several(&Jpeg::new(20, 12, jpeg::YCC), &[(kind, Jpeg::new(9, 7, jpeg::GRAY).bytes())])
}

/// A JBIG2 of two pages and what both share.
fn jbig2(flags: u8) -> Vec<u8> {
    let page = raster::jbig2_page(9, 7);
    let segments = [
        (0, 0, 0, vec![0; 10]),
        (1, 48, 1, page.clone()),
        (2, 38, 1, vec![5; 30]),
        (3, 49, 1, Vec::new()),
        (4, 48, 2, page),
        (5, 38, 2, vec![6; 30]),
        (6, 49, 2, Vec::new()),
        (7, 51, 0, Vec::new()),
    ];
    raster::jbig2(flags, &segments)
}
