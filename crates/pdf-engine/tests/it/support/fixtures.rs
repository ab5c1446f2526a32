//! Every image that must be converted, with what the PDF must show.

use super::{
    jpeg::{self, Jpeg},
    png::{self, Frame, Png},
};

/// An image and its page.
pub(crate) struct Fixture {
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
    /// Width and height of the page as it is seen, in points.
    pub(crate) points: [f64; 2],
    /// How many bytes matter: what comes after may be missing.
    pub(crate) significant: usize,
}

fn fixture(name: impl Into<String>, bytes: Vec<u8>, points: [f64; 2]) -> Fixture {
    Fixture { name: name.into(), significant: bytes.len(), bytes, points }
}

/// Width and height in points at 96 dots per inch.
fn points(width: u32, height: u32) -> [f64; 2] {
    [f64::from(width) * 0.75, f64::from(height) * 0.75]
}

/// Colour types with each of their depths.
pub(crate) const KINDS: [(u8, u8); 15] = [
    (0, 1),
    (0, 2),
    (0, 4),
    (0, 8),
    (0, 16),
    (2, 8),
    (2, 16),
    (3, 1),
    (3, 2),
    (3, 4),
    (3, 8),
    (4, 8),
    (4, 16),
    (6, 8),
    (6, 16),
];

/// PNGs of every kind.
pub(crate) fn pngs() -> Vec<Fixture> {
    let mut all = Vec::new();
    for (color, bits) in KINDS {
        for interlaced in [false, true] {
            for (width, height) in [(37, 23), (5, 5), (8, 16), (301, 7)] {
                let mut image = Png::new(width, height, color, bits);
                image.interlaced = interlaced;
                let name = format!("png-{color}-{bits}-{interlaced}-{width}x{height}");
                all.push(fixture(name, image.bytes(), points(width, height)));
            }
            if let Some(key) = key(color, bits) {
                let mut image = Png::new(37, 23, color, bits).with(*b"tRNS", key);
                image.interlaced = interlaced;
                all.push(fixture(
                    format!("png-key-{color}-{bits}-{interlaced}"),
                    image.bytes(),
                    points(37, 23),
                ));
            }
        }
        for filter in 0..=4 {
            let mut image = Png::new(37, 23, color, bits);
            image.filter = Some(filter);
            all.push(fixture(format!("png-filter-{color}-{bits}-{filter}"), image.bytes(), points(37, 23)));
        }
    }
    all.extend(odd_pngs());
    all
}

/// Animated PNGs of every kind.
pub(crate) fn animations() -> Vec<Fixture> {
    let mut all = Vec::new();
    for (color, bits) in KINDS {
        for key in [None, key(color, bits)].into_iter().take(if color < 4 { 2 } else { 1 }) {
            for (interlaced, is_apart) in [(false, false), (true, false), (false, true)] {
                let mut base = Png::new(37, 23, color, bits);
                base.interlaced = interlaced;
                base.idat_bytes = 200;
                let name = format!("apng-{color}-{bits}-{}-{interlaced}-{is_apart}", key.is_some());
                base.before.extend(key.clone().map(|key| (*b"tRNS", key)));
                let bytes = png::file(&png::animation(&base, is_apart, &frames(&base)));
                all.push(fixture(name, bytes, points(37, 23)));
            }
        }
    }
    all
}

/// Frames with every way to draw them and to dispose of them, whole ones and parts.
pub(crate) fn frames(base: &Png) -> Vec<Frame> {
    let mut frames = Vec::new();
    for (at, (disposal, blend)) in
        [(2, 1), (0, 0), (0, 1), (1, 1), (2, 0), (2, 1), (0, 1), (1, 0), (0, 1)].into_iter().enumerate()
    {
        for (is_whole, shift) in [(true, 7), (false, 40), (at % 3 == 0, 3)] {
            let mut image = base.clone();
            image.shift = shift * (at as u32 + 1);
            let mut place = [0, 0];
            if !is_whole {
                (image.width, image.height) = (base.width - 9 - at as u32, base.height - 8);
                place = [9, at as u32 % 8];
            }
            frames.push(Frame { image, place, disposal: (disposal + shift as u8) % 3, blend });
        }
    }
    frames
}

/// A transparent colour, or the alphas of the first half of a palette.
fn key(color: u8, bits: u8) -> Option<Vec<u8>> {
    let most = (1_u32 << bits) - 1;
    let sample = |value: u32| ((value & most) as u16).to_be_bytes();
    match color {
        0 => Some(sample(5).to_vec()),
        2 => Some([sample(5), sample(45), sample(85)].concat()),
        3 => Some((0..=(1_u32 << bits) / 2).map(|at| (at * 83 % 256) as u8).take(1 << bits).collect()),
        _ => None,
    }
}

/// PNGs that are right in unusual ways.
fn odd_pngs() -> Vec<Fixture> {
    let rgb = || Png::new(40, 20, 2, 8);
    let mut all = vec![
        fixture(
            "png-density",
            rgb().with(*b"pHYs", png::density(11_811, 5906, 1)).bytes(),
            [9.599_98, 9.599_19],
        ),
        fixture("png-aspect", rgb().with(*b"pHYs", png::density(1, 2, 0)).bytes(), [60.0, 15.0]),
        fixture("png-density-zero", rgb().with(*b"pHYs", png::density(0, 0, 1)).bytes(), points(40, 20)),
        fixture("png-hint-palette", rgb().with(*b"PLTE", png::palette(7)).bytes(), points(40, 20)),
        fixture(
            "png-key-of-too-many-bits",
            rgb().with(*b"tRNS", vec![1, 5, 2, 45, 3, 85]).bytes(),
            points(40, 20),
        ),
        fixture(
            "png-broken-profile",
            rgb().with(*b"iCCP", b"name\0\0nonsense".to_vec()).bytes(),
            points(40, 20),
        ),
        fixture(
            "png-key-beside-alpha",
            Png::new(40, 20, 6, 8).with(*b"tRNS", vec![0; 6]).bytes(),
            points(40, 20),
        ),
        fixture("png-unknown-chunk", rgb().with(*b"zzZz", vec![7; 100_000]).bytes(), points(40, 20)),
        fixture("png-tiny", Png::new(1, 1, 2, 8).bytes(), [3.0, 3.0]),
        fixture("png-line", Png::new(1, 90, 0, 1).bytes(), [3.0, 67.5]),
    ];
    let mut short = Png::new(40, 20, 3, 8);
    short.before = vec![(*b"PLTE", png::palette(200))];
    all.push(fixture("png-short-palette", short.bytes(), points(40, 20)));
    let mut opaque = Png::new(40, 20, 3, 4);
    opaque.before.push((*b"tRNS", vec![255; 16]));
    all.push(fixture("png-opaque-palette", opaque.bytes(), points(40, 20)));

    let mut bytewise = rgb();
    bytewise.idat_bytes = 1;
    bytewise.before.push((*b"IDAT", Vec::new()));
    all.push(fixture("png-one-byte-idat", bytewise.bytes(), points(40, 20)));
    let mut surplus = fdeflate::compress_to_vec(&rgb().rows());
    surplus.extend(b"something else");
    all.push(fixture("png-surplus", rgb().with_data(&surplus), points(40, 20)));
    all.push(fixture("png-stored", rgb().with_data(&stored(&rgb().rows())), points(40, 20)));
    let mut trailing = fixture("png-trailing", rgb().bytes(), points(40, 20));
    trailing.bytes.extend(b"PK\x03\x04 and more");
    all.push(trailing);
    for orientation in 0..=9 {
        let upright = !(5..=8).contains(&orientation);
        let size = if upright { points(40, 20) } else { points(20, 40) };
        all.push(fixture(
            format!("png-turned-{orientation}"),
            rgb().with(*b"eXIf", exif(orientation, 0)).bytes(),
            size,
        ));
    }
    let mut late = rgb();
    late.after = vec![(*b"eXIf", exif(6, 144)), (*b"tEXt", b"Comment\0late".to_vec())];
    all.push(fixture("png-late-exif", late.bytes(), [10.0, 20.0]));
    all
}

/// JPEGs of every kind.
pub(crate) fn jpegs() -> Vec<Fixture> {
    let mut all = Vec::new();
    let kinds: [(&str, Jpeg); 9] = [
        ("gray", Jpeg::new(60, 40, jpeg::GRAY)),
        ("ycc", Jpeg::new(60, 40, jpeg::YCC)),
        ("ycc420", Jpeg::new(60, 40, jpeg::YCC_420)),
        ("rgb-named", Jpeg::new(60, 40, jpeg::RGB)),
        ("rgb-adobe", Jpeg::new(60, 40, jpeg::YCC).adobe(0)),
        ("ycc-adobe", Jpeg::new(60, 40, jpeg::YCC).adobe(1)),
        ("cmyk", Jpeg::new(60, 40, jpeg::CMYK)),
        ("cmyk-adobe", Jpeg::new(60, 40, jpeg::CMYK).adobe(0)),
        ("ycck-adobe", Jpeg::new(60, 40, jpeg::CMYK).adobe(2)),
    ];
    for (name, image) in kinds {
        all.push(fixture(format!("jpeg-{name}"), image.clone().bytes(), points(60, 40)));
        all.push(fixture(format!("jpeg-{name}-restart"), image.clone().restart(3).bytes(), points(60, 40)));
        all.push(fixture(
            format!("jpeg-{name}-progressive"),
            image.clone().progressive().bytes(),
            points(60, 40),
        ));
        let both = image.clone().progressive().restart(1).bytes();
        all.push(fixture(format!("jpeg-{name}-progressive-restart"), both, points(60, 40)));
        all.push(fixture(format!("jpeg-{name}-refined"), image.clone().refined().bytes(), points(60, 40)));
        let both = image.refined().restart(3).bytes();
        all.push(fixture(format!("jpeg-{name}-refined-restart"), both, points(60, 40)));
    }
    all.extend(odd_jpegs());
    all
}

/// JPEGs that are right in unusual ways.
fn odd_jpegs() -> Vec<Fixture> {
    let ycc = || Jpeg::new(60, 40, jpeg::YCC_420);
    let jfif = |unit: u8, x: u8, y: u8| [b"JFIF\0\x01\x02".as_slice(), &[unit, 0, x, 0, y, 0, 0]].concat();
    let exif_segment = |orientation, dpi| [b"Exif\0\0".as_slice(), &exif(orientation, dpi)].concat();
    let mut extended = ycc();
    extended.frame_marker = Some(0xc1);
    let mut all = vec![
        fixture("jpeg-extended", extended.bytes(), points(60, 40)),
        fixture("jpeg-density", ycc().with(0xe0, jfif(1, 72, 144)).bytes(), [60.0, 20.0]),
        fixture("jpeg-density-cm", ycc().with(0xe0, jfif(2, 100, 50)).bytes(), [17.007_87, 22.677_17]),
        fixture("jpeg-aspect", ycc().with(0xe0, jfif(0, 2, 1)).bytes(), [45.0, 60.0]),
        fixture(
            "jpeg-exif-density",
            ycc().with(0xe0, jfif(0, 1, 1)).with(0xe1, exif_segment(1, 144)).bytes(),
            [30.0, 20.0],
        ),
        fixture(
            "jpeg-both-densities",
            ycc().with(0xe0, jfif(1, 72, 72)).with(0xe1, exif_segment(1, 144)).bytes(),
            [60.0, 40.0],
        ),
        fixture("jpeg-comment", ycc().with(0xfe, b"made here".to_vec()).bytes(), points(60, 40)),
        fixture("jpeg-one-unit", Jpeg::new(1, 1, jpeg::GRAY).bytes(), [3.0, 3.0]),
    ];
    for orientation in 0..=9 {
        let upright = !(5..=8).contains(&orientation);
        let size = if upright { points(60, 40) } else { points(40, 60) };
        let image = ycc().with(0xe1, exif_segment(orientation, 0));
        all.push(fixture(format!("jpeg-turned-{orientation}"), image.bytes(), size));
    }
    let mut trailing = fixture("jpeg-trailing", ycc().bytes(), points(60, 40));
    trailing.bytes.extend(ycc().bytes());
    all.push(trailing);
    let mut filled = Jpeg::new(60, 40, jpeg::GRAY).restart(2).bytes();
    let mut at = 2;
    while let Some(found) = filled[at..].windows(2).position(|pair| pair[0] == 0xff && pair[1] != 0) {
        filled.splice(at + found..at + found, [0xff; 3]);
        at += found + 5;
    }
    all.push(fixture("jpeg-fill-bytes", filled, points(60, 40)));
    all
}

/// A zlib stream of stored blocks.
pub(crate) fn stored(data: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0x78, 0x01];
    let mut parts = data.chunks(1000).peekable();
    while let Some(part) = parts.next() {
        bytes.push(u8::from(parts.peek().is_none()));
        bytes.extend((part.len() as u16).to_le_bytes());
        bytes.extend((!(part.len() as u16)).to_le_bytes());
        bytes.extend(part);
    }
    let sums = data.iter().fold((1_u32, 0_u32), |(low, high), byte| {
        let low = (low + u32::from(*byte)) % 65_521;
        (low, (high + low) % 65_521)
    });
    bytes.extend((sums.1 << 16 | sums.0).to_be_bytes());
    bytes
}

/// An Exif block; without density where `dpi` is 0.
pub(crate) fn exif(orientation: u16, dpi: u32) -> Vec<u8> {
    let mut bytes = b"MM\0\x2a\0\0\0\x08".to_vec();
    bytes.extend([0, if dpi > 0 { 3 } else { 1 }]);
    let mut entry = |tag: u16, kind: u16, value: [u8; 4]| {
        bytes.extend([tag.to_be_bytes(), kind.to_be_bytes()].concat());
        bytes.extend([0, 0, 0, 1]);
        bytes.extend(value);
    };
    let [high, low] = orientation.to_be_bytes();
    entry(0x0112, 3, [high, low, 0, 0]);
    if dpi > 0 {
        let place = 8 + 2 + 3 * 12 + 4_u32;
        entry(0x011a, 5, place.to_be_bytes());
        entry(0x011b, 5, place.to_be_bytes());
    }
    bytes.extend([0; 4]);
    if dpi > 0 {
        bytes.extend([dpi.to_be_bytes(), 1_u32.to_be_bytes()].concat());
    }
    bytes
}

/// A small ICC profile of this colour space that fits a PDF.
pub(crate) fn profile(space: [u8; 4]) -> Vec<u8> {
    let light = b"XYZ \0\0\0\0\0\0\x51\xec\0\0\x51\xec\0\0\x51\xec".to_vec();
    let curve = b"curv\0\0\0\0\0\0\0\0".to_vec();
    let tags: Vec<(&[u8; 4], Vec<u8>)> = match &space {
        b"GRAY" => vec![(b"kTRC", curve)],
        b"CMYK" => {
            let mut table = b"mft1\0\0\0\0\x04\x03\x02".to_vec();
            table.resize(48 + 256 * 7 + 16 * 3, 0);
            vec![(b"A2B0", table)]
        }
        _ => {
            let lights = [b"rXYZ", b"gXYZ", b"bXYZ"].map(|name| (name, light.clone()));
            let curves = [b"rTRC", b"gTRC", b"bTRC"].map(|name| (name, curve.clone()));
            lights.into_iter().chain(curves).collect()
        }
    };
    let mut bytes = vec![0; 128];
    bytes[8] = 2;
    bytes[12..16].copy_from_slice(b"mntr");
    bytes[16..20].copy_from_slice(&space);
    bytes[20..24].copy_from_slice(if &space == b"CMYK" { b"Lab " } else { b"XYZ " });
    bytes[36..40].copy_from_slice(b"acsp");
    bytes.extend((tags.len() as u32).to_be_bytes());
    let mut at = 132 + 12 * tags.len();
    for (name, data) in &tags {
        bytes.extend(*name);
        bytes.extend([at as u32, data.len() as u32].map(u32::to_be_bytes).as_flattened());
        at += data.len();
    }
    bytes.extend(tags.iter().flat_map(|(_, data)| data));
    bytes[..4].copy_from_slice(&(at as u32).to_be_bytes());
    bytes
}
