//! Each is as small as what showed the fault, and says what it was. `fuzz/README.md` tells how they are looked for.

use std::io::BufReader;

use pdf_engine::{Cancel, Limits, Options, Source, convert};

use crate::support::{
    convert_one,
    jpeg::{GRAY, Jpeg},
    raster, refused,
};

/// The codes of a scan were read before their bytes had come, where these come a few at a time.
#[test]
fn jpeg_of_long_blocks_in_small_pieces() {
    let mut image = Jpeg::new(64, 64, GRAY).bytes();
    // The one code of its table becomes one of a coefficient of ten bits: with zeros alone, all of a block's.
    let codes = image.windows(5).position(|bytes| bytes == [0xff, 0xc4, 0, 20, 0x10]).unwrap();
    image[codes + 21] = 0x0a;
    let scan = image.windows(2).position(|bytes| bytes == [0xff, 0xda]).unwrap();
    image.truncate(scan + 10);
    image.extend(vec![0; 64 * (4 + 63 * 11) / 8]);
    image.extend([0xff, 0xd9]);
    let mut options = Options::default();
    options.check_scans = true;
    for piece in [1, 7, 100, image.len()] {
        let source = Source::new(BufReader::with_capacity(piece, image.as_slice()));
        let result = convert([source], &mut Vec::new(), &options, &Limits::default(), &Cancel::new());
        assert!(result.is_ok(), "by {piece} bytes: {result:?}");
    }
}

/// Depths that no sample has were copied, and reported as bits of a sample.
#[test]
fn jpeg2000_of_impossible_samples() {
    let (_, report) = convert_one(&raster::jpeg2000(23, 17, &[[7, 1, 1]; 3])).unwrap();
    assert_eq!(report.pages[0].bits_per_sample, 8);
    let (_, report) = convert_one(&raster::jpeg2000(23, 17, &[[0xa5, 1, 1]])).unwrap();
    assert_eq!(report.pages[0].bits_per_sample, 38);
    for (place, component, why) in [
        (0, [0x7a, 1, 1], "claims samples of 123 bits"),
        (2, [38, 1, 1], "claims samples of 39 bits, and 1 to 38 are possible"),
        (0, [7, 0, 1], "claims a component without samples"),
        (1, [7, 1, 0], "claims a component without samples"),
    ] {
        let mut components = [[7, 1, 1]; 3];
        components[place] = component;
        refused(&format!("{component:?}"), &raster::jpeg2000(23, 17, &components), "Malformed", why);
    }
}
