//! ICC profiles made here, of a display by its white, its primaries and its curve: small, and the same in every PDF.
//!
//! ICC.1:2004-10 (version 4.2, which PDF 1.7 knows), sections 7 and 8.4. They stand for what PNG says in chunks of its
//! own, and sRGB's for what PDF/A asks of a file. PDF's own way, `CalGray` and CalRGB, is shown less well: `PDFium` does
//! not apply it to images, and poppler tints its grays.

/// The light that profiles count in.
const D50: Light = [0.964_202_88, 1.0, 0.824_905_40];
/// The responses of the eye by which whites are adapted to each other: Bradford's, as Annex E has them.
const BRADFORD: [Light; 3] =
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]];

/// X, Y and Z.
type Light = [f64; 3];
/// Three rows.
type Matrix = [Light; 3];

/// Where lights lie: x and y of white, red, green and blue.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Places(pub(crate) [[f64; 2]; 4]);

/// How samples become light.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Curve {
    /// That of sRGB: IEC 61966-2-1.
    Srgb,
    /// A power.
    Gamma(f64),
}

impl Places {
    /// Those of sRGB.
    pub(crate) const SRGB: Self = Self([[0.3127, 0.3290], [0.64, 0.33], [0.30, 0.60], [0.15, 0.06]]);
}

/// The profile of sRGB.
pub(crate) fn srgb() -> Vec<u8> {
    rgb("sRGB", Places::SRGB, Curve::Srgb).unwrap_or_default()
}

/// The profile of colours; nothing where no lights lie so.
pub(crate) fn rgb(name: &str, Places(places): Places, curve: Curve) -> Option<Vec<u8>> {
    let mut lights = [[0.0; 3]; 4];
    for (light, place) in lights.iter_mut().zip(places) {
        *light = light_at(place)?;
    }
    let [white, red, green, blue] = lights;
    // All three together are white: each is as strong as that makes it.
    let primaries = transposed([red, green, blue]);
    let shares = apply(inverse(primaries)?, white);
    if shares.iter().any(|share| *share <= 0.0) {
        return None;
    }
    let adaptation = adaptation(white)?;
    let [red, green, blue] = [0, 1, 2].map(|at| {
        let light = [red, green, blue][at].map(|number| number * shares[at]);
        tag(*b"XYZ ", &apply(adaptation, light))
    });
    Some(profile(
        *b"RGB ",
        name,
        &[
            (&[b"chad"], tag(*b"sf32", adaptation.as_flattened())),
            (&[b"rXYZ"], red),
            (&[b"gXYZ"], green),
            (&[b"bXYZ"], blue),
            (&[b"rTRC", b"gTRC", b"bTRC"], curve.tag()),
        ],
    ))
}

/// The profile of grays. Where their white lies does not matter: they are shown between black and the white that is there.
pub(crate) fn gray(name: &str, curve: Curve) -> Vec<u8> {
    profile(*b"GRAY", name, &[(&[b"kTRC"], curve.tag())])
}

impl Curve {
    /// Section 10.15.
    fn tag(self) -> Vec<u8> {
        let (kind, numbers): (u8, &[f64]) = match self {
            Self::Gamma(gamma) => (0, &[gamma]),
            // (a x + b)^g from d on, c x below.
            Self::Srgb => (3, &[2.4, 1.0 / 1.055, 0.055 / 1.055, 1.0 / 12.92, 0.040_45]),
        };
        [&b"para\0\0\0\0\0"[..], &[kind, 0, 0], &fixed(numbers)].concat()
    }
}

/// A profile of these tags and of those that every one has. What tags share is written once.
fn profile(space: [u8; 4], name: &str, tags: &[(&[&[u8; 4]], Vec<u8>)]) -> Vec<u8> {
    let common: [(&[&[u8; 4]], Vec<u8>); 3] = [
        (&[b"desc"], text(name)),
        (&[b"cprt"], text("No rights reserved")),
        (&[b"wtpt"], tag(*b"XYZ ", &D50)),
    ];
    let tags = || common.iter().chain(tags);
    let count: usize = tags().map(|(names, _)| names.len()).sum();
    let mut at = 128 + 4 + 12 * count;
    let (mut table, mut data) = (be32(count).to_vec(), Vec::new());
    for (names, bytes) in tags() {
        for name in *names {
            table.extend(name.iter().copied().chain(be32(at)).chain(be32(bytes.len())));
        }
        let padded = bytes.len().next_multiple_of(4);
        data.extend(bytes.iter().copied().chain(std::iter::repeat_n(0, padded - bytes.len())));
        at += padded;
    }
    [header(space, at).to_vec(), table, data].concat()
}

/// The first 128 bytes: section 7.2.
fn header(space: [u8; 4], size: usize) -> [u8; 128] {
    let mut header = [0; 128];
    let fields: [(usize, &[u8]); 8] = [
        (0, &be32(size)),
        // Version 4.2.
        (8, &[4, 0x20]),
        (12, b"mntr"),
        (16, &space),
        (20, b"XYZ "),
        // A date must stand here: always the same, the first day of 2000.
        (24, &[0x07, 0xd0, 0, 1, 0, 1]),
        (36, b"acsp"),
        (68, &fixed(&D50)),
    ];
    for (at, bytes) in fields {
        header[at..at + bytes.len()].copy_from_slice(bytes);
    }
    header
}

/// A tag of numbers.
fn tag(kind: [u8; 4], numbers: &[f64]) -> Vec<u8> {
    [&kind[..], &[0; 4], &fixed(numbers)].concat()
}

/// A text in one language: section 10.13.
fn text(text: &str) -> Vec<u8> {
    let letters: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    [b"mluc\0\0\0\0\0\0\0\x01\0\0\0\x0cenUS", &be32(letters.len())[..], &be32(28), &letters].concat()
}

/// Numbers with 16 bits behind the point: section 4.6.
fn fixed(numbers: &[f64]) -> Vec<u8> {
    #[expect(clippy::cast_possible_truncation, reason = "all of them are small, and the cast saturates")]
    let fixed = |number: &f64| ((number * 65_536.0).round() as i32).to_be_bytes();
    numbers.iter().flat_map(fixed).collect()
}

#[expect(clippy::cast_possible_truncation, reason = "a profile has some hundred bytes")]
fn be32(number: usize) -> [u8; 4] {
    (number as u32).to_be_bytes()
}

/// The light at this place that is as bright as white.
fn light_at([x, y]: [f64; 2]) -> Option<Light> {
    (x > 0.0 && y > 0.0 && x + y <= 1.0).then(|| [x / y, 1.0, (1.0 - x - y) / y])
}

/// From lights under this white to lights under that of profiles: Annex E.
fn adaptation(white: Light) -> Option<Matrix> {
    let [from, to] = [white, D50].map(|light| apply(BRADFORD, light));
    let mut adapted = BRADFORD;
    for (row, gain) in adapted.iter_mut().zip([0, 1, 2].map(|at| to[at] / from[at])) {
        *row = row.map(|number| number * gain);
    }
    let columns = transposed(adapted).map(|column| apply(inverse(BRADFORD).unwrap_or_default(), column));
    from.iter().all(|response| *response > 0.0).then(|| transposed(columns))
}

fn apply(matrix: Matrix, light: Light) -> Light {
    matrix.map(|row| row[0] * light[0] + row[1] * light[1] + row[2] * light[2])
}

fn transposed(matrix: Matrix) -> Matrix {
    [0, 1, 2].map(|row| [0, 1, 2].map(|column| matrix[column][row]))
}

/// Nothing where rows or columns lie in one plane.
fn inverse(matrix: Matrix) -> Option<Matrix> {
    let minor = |row: usize, column: usize| {
        let [r0, r1] = [(row + 1) % 3, (row + 2) % 3];
        let [c0, c1] = [(column + 1) % 3, (column + 2) % 3];
        matrix[r0][c0] * matrix[r1][c1] - matrix[r0][c1] * matrix[r1][c0]
    };
    let determinant: f64 = (0..3).map(|at| matrix[0][at] * minor(0, at)).sum();
    (determinant.abs() > 1e-6)
        .then(|| [0, 1, 2].map(|row| [0, 1, 2].map(|column| minor(column, row) / determinant)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{document::Space, metadata::icc};

    /// The numbers that other profiles of sRGB have, which were worked out from rounder ones.
    #[test]
    fn the_primaries_of_srgb_are_as_published() {
        let profile = srgb();
        let published =
            [[0.43607, 0.22249, 0.01392], [0.38515, 0.71687, 0.09708], [0.14307, 0.06061, 0.71410]];
        for (name, published) in [b"rXYZ", b"gXYZ", b"bXYZ"].into_iter().zip(published) {
            let entry = profile.windows(4).position(|window| window == name).unwrap();
            let at = usize::from(profile[entry + 6]) << 8 | usize::from(profile[entry + 7]);
            for (number, published) in profile[at + 8..at + 20].chunks_exact(4).zip(published) {
                let number = f64::from(i32::from_be_bytes(number.try_into().unwrap())) / 65_536.0;
                assert!((number - published).abs() < 3e-4, "{number} and {published}");
            }
        }
    }

    #[test]
    fn the_profiles_are_such_that_an_image_may_have() {
        assert_eq!(icc::unfit(&srgb(), Space::Rgb), None);
        assert_eq!(icc::unfit(&gray("gray", Curve::Gamma(1.0)), Space::Gray), None);
        assert!(srgb().len() < 600, "{}", srgb().len());
    }

    #[test]
    fn places_where_no_lights_are_make_no_profile() {
        let Places(srgb) = Places::SRGB;
        let changed = |at: usize, place: [f64; 2]| {
            let mut places = srgb;
            places[at] = place;
            places
        };
        for places in [
            changed(0, [0.3127, 0.0]),
            changed(1, [0.7, 0.33]),
            changed(0, [f64::INFINITY, 0.3]),
            // White outside of what the primaries make, and primaries on one line.
            changed(0, [0.1, 0.329]),
            [srgb[0], [0.2, 0.2], [0.3, 0.3], [0.4, 0.4]],
        ] {
            assert_eq!(rgb("none", Places(places), Curve::Gamma(2.0)), None, "{places:?}");
        }
    }
}
