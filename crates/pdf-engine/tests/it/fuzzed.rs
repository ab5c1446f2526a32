//! Each is as small as what showed the fault, and says what it was. `fuzz/README.md` tells how they are looked for.

use crate::support::{convert_one, raster, refused};

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
