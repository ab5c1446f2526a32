//! An ICC profile of sRGB, made here from the numbers of IEC 61966-2-1: small, free, and the same in every PDF.
//!
//! ICC.1:2004-10 (version 4.2, which PDF 1.7 knows), section 8.4: a display profile by three primaries and a curve.

/// Where the primaries and the white of sRGB lie under the light that profiles count in (D50), by the Bradford
/// method: X, Y and Z of red, green and blue.
const PRIMARIES: [[f64; 3]; 3] =
    [[0.436_042, 0.222_485, 0.013_920], [0.385_114, 0.716_905, 0.097_068], [0.143_047, 0.060_611, 0.713_917]];
/// The light that profiles count in.
const D50: [f64; 3] = [0.964_202, 1.0, 0.824_905];
/// From the light of sRGB, D65, to that light.
const ADAPTATION: [f64; 9] =
    [1.047_887, 0.022_919, -0.050_215, 0.029_583, 0.990_482, -0.017_079, -0.009_252, 0.015_072, 0.751_683];
/// The curve: (a x + b)^g from d on, c x below.
const CURVE: [f64; 5] = [2.4, 1.0 / 1.055, 0.055 / 1.055, 1.0 / 12.92, 0.040_45];

/// The profile's bytes.
pub(crate) fn profile() -> Vec<u8> {
    let name = text("sRGB");
    let rights = text("No rights reserved");
    let curve = [&b"para\0\0\0\0\0\x03\0\0"[..], &numbers(&CURVE)].concat();
    let chad = [&b"sf32\0\0\0\0"[..], &numbers(&ADAPTATION)].concat();
    let [red, green, blue] = PRIMARIES.map(|primary| xyz(&primary));
    // What tags share is written once.
    let tags: [(&[&[u8; 4]], Vec<u8>); 8] = [
        (&[b"desc"], name),
        (&[b"cprt"], rights),
        (&[b"wtpt"], xyz(&D50)),
        (&[b"chad"], chad),
        (&[b"rXYZ"], red),
        (&[b"gXYZ"], green),
        (&[b"bXYZ"], blue),
        (&[b"rTRC", b"gTRC", b"bTRC"], curve),
    ];
    let count: usize = tags.iter().map(|(names, _)| names.len()).sum();
    let mut at = 128 + 4 + 12 * count;
    let (mut table, mut data) = (be32(count).to_vec(), Vec::new());
    for (names, mut bytes) in tags {
        for name in names {
            table.extend(name.iter().copied().chain(be32(at)).chain(be32(bytes.len())));
        }
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        at += bytes.len();
        data.append(&mut bytes);
    }
    [header(at).to_vec(), table, data].concat()
}

/// The first 128 bytes: section 7.2.
fn header(size: usize) -> [u8; 128] {
    let mut header = [0; 128];
    let fields: [(usize, &[u8]); 7] = [
        (0, &be32(size)),
        // Version 4.2.
        (8, &[4, 0x20]),
        (12, b"mntrRGB XYZ "),
        // A date must stand here: the first day of the year after sRGB was published.
        (24, &[0x07, 0xd0, 0, 1, 0, 1]),
        (36, b"acsp"),
        (68, &numbers(&D50)),
        (80, &[0; 4]),
    ];
    for (at, bytes) in fields {
        header[at..at + bytes.len()].copy_from_slice(bytes);
    }
    header
}

/// A place or a colour.
fn xyz(numbers_of: &[f64]) -> Vec<u8> {
    [&b"XYZ \0\0\0\0"[..], &numbers(numbers_of)].concat()
}

/// A text in one language: section 10.13.
fn text(text: &str) -> Vec<u8> {
    let letters: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    [b"mluc\0\0\0\0\0\0\0\x01\0\0\0\x0cenUS", &be32(letters.len())[..], &be32(28), &letters].concat()
}

/// Numbers with 16 bits behind the point: section 4.6.
fn numbers(numbers: &[f64]) -> Vec<u8> {
    #[expect(clippy::cast_possible_truncation, reason = "all of them are small")]
    let fixed = |number: &f64| ((number * 65_536.0).round() as i32).to_be_bytes();
    numbers.iter().flat_map(fixed).collect()
}

#[expect(clippy::cast_possible_truncation, reason = "a profile has some hundred bytes")]
fn be32(number: usize) -> [u8; 4] {
    (number as u32).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{document::Space, metadata::icc};

    type Matrix = [[f64; 3]; 3];

    fn times(a: Matrix, b: Matrix) -> Matrix {
        a.map(|row| [0, 1, 2].map(|column| (0..3).map(|at| row[at] * b[at][column]).sum()))
    }

    fn apply(a: Matrix, v: [f64; 3]) -> [f64; 3] {
        a.map(|row| row[0] * v[0] + row[1] * v[1] + row[2] * v[2])
    }

    fn inverse(m: Matrix) -> Matrix {
        let minor = |row: usize, column: usize| {
            let [r0, r1] = [(row + 1) % 3, (row + 2) % 3];
            let [c0, c1] = [(column + 1) % 3, (column + 2) % 3];
            m[r0][c0] * m[r1][c1] - m[r0][c1] * m[r1][c0]
        };
        let determinant: f64 = (0..3).map(|at| m[0][at] * minor(0, at)).sum();
        [0, 1, 2].map(|row| [0, 1, 2].map(|column| minor(column, row) / determinant))
    }

    fn transposed(m: Matrix) -> Matrix {
        [0, 1, 2].map(|row| [0, 1, 2].map(|column| m[column][row]))
    }

    fn diagonal(v: [f64; 3]) -> Matrix {
        [[v[0], 0.0, 0.0], [0.0, v[1], 0.0], [0.0, 0.0, v[2]]]
    }

    /// From where the primaries lie in the standard to the constants above.
    #[test]
    fn the_numbers_are_those_of_the_standard() {
        let place = |[x, y]: [f64; 2]| [x / y, 1.0, (1.0 - x - y) / y];
        let primaries = transposed([[0.64, 0.33], [0.30, 0.60], [0.15, 0.06]].map(place));
        let white = place([0.3127, 0.3290]);
        let shares = apply(inverse(primaries), white);
        let to_xyz = times(primaries, diagonal(shares));
        let bradford = [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]];
        let [from, to] = [white, D50].map(|light| apply(bradford, light));
        let gains = diagonal([to[0] / from[0], to[1] / from[1], to[2] / from[2]]);
        let adaptation = times(inverse(bradford), times(gains, bradford));
        let close = |a: f64, b: f64| assert!((a - b).abs() < 2e-6, "{a} and {b}");
        for (number, expected) in ADAPTATION.iter().zip(adaptation.as_flattened()) {
            close(*number, *expected);
        }
        for (number, expected) in
            PRIMARIES.as_flattened().iter().zip(transposed(times(adaptation, to_xyz)).as_flattened())
        {
            close(*number, *expected);
        }
        for axis in 0..3 {
            close(PRIMARIES.iter().map(|primary| primary[axis]).sum(), D50[axis]);
        }
    }

    #[test]
    fn the_profile_is_one_that_an_image_may_have() {
        assert_eq!(icc::unfit(&profile(), Space::Rgb), None);
        assert!(profile().len() < 600, "{}", profile().len());
    }
}
