//! Orientation and density out of Exif: a TIFF file within the file (TIFF 6.0, section 2; Exif 2.32, 4.6.4).
//!
//! Exif is advice, often damaged: what cannot be read is as if it were not there.

use crate::page::{Density, Orientation};

/// What the first image directory says.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Exif {
    pub(crate) orientation: Orientation,
    pub(crate) density: Option<Density>,
}

const ORIENTATION: u16 = 0x0112;
const X_RESOLUTION: u16 = 0x011a;
const Y_RESOLUTION: u16 = 0x011b;
const RESOLUTION_UNIT: u16 = 0x0128;

const SHORT: u16 = 3;
const LONG: u16 = 4;
const RATIONAL: u16 = 5;

const ENTRY_BYTES: usize = 12;

/// A TIFF file and its byte order.
struct Tiff<'a> {
    bytes: &'a [u8],
    big_endian: bool,
}

impl Exif {
    /// Reads the TIFF file that an Exif block is.
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        let big_endian = match bytes.get(..2)? {
            b"MM" => true,
            b"II" => false,
            _ => return None,
        };
        let tiff = Tiff { bytes, big_endian };
        if tiff.u16(2)? != 42 {
            return None;
        }
        let directory = tiff.u32(4)? as usize;
        let entries = usize::from(tiff.u16(directory)?);

        let (mut orientation, mut x, mut y, mut unit) = (None, None, None, None);
        for at in (0..entries).map(|entry| directory + 2 + entry * ENTRY_BYTES) {
            // Entries past the end are missing, those before are still good.
            let Some(tag) = tiff.u16(at) else { break };
            match tag {
                ORIENTATION => orientation = orientation.or_else(|| tiff.integer(at)),
                X_RESOLUTION => x = x.or_else(|| tiff.rational(at)),
                Y_RESOLUTION => y = y.or_else(|| tiff.rational(at)),
                RESOLUTION_UNIT => unit = unit.or_else(|| tiff.integer(at)),
                _ => {}
            }
        }
        Some(Self {
            orientation: orientation.map(Orientation::from_exif).unwrap_or_default(),
            density: density(x.or(y), y.or(x), unit),
        })
    }
}

/// Where one direction is missing, the other stands for both.
fn density(x: Option<f64>, y: Option<f64>, unit: Option<u32>) -> Option<Density> {
    const CENTIMETRES: f64 = 2.54;
    let (x, y) = (x?, y?);
    match unit.unwrap_or(2) {
        1 => Some(Density::Aspect { x, y }),
        2 => Some(Density::Dpi { x, y }),
        3 => Some(Density::Dpi { x: x * CENTIMETRES, y: y * CENTIMETRES }),
        _ => None,
    }
}

impl Tiff<'_> {
    fn array<const N: usize>(&self, at: usize) -> Option<[u8; N]> {
        self.bytes.get(at..at.checked_add(N)?)?.try_into().ok()
    }

    fn u16(&self, at: usize) -> Option<u16> {
        self.array(at).map(if self.big_endian { u16::from_be_bytes } else { u16::from_le_bytes })
    }

    fn u32(&self, at: usize) -> Option<u32> {
        self.array(at).map(if self.big_endian { u32::from_be_bytes } else { u32::from_le_bytes })
    }

    /// The one integer of the entry at `at`.
    fn integer(&self, at: usize) -> Option<u32> {
        match self.u16(at + 2)? {
            SHORT => self.u16(at + 8).map(u32::from),
            LONG => self.u32(at + 8),
            _ => None,
        }
    }

    /// The one fraction that the entry at `at` points to; nothing where it is no number.
    fn rational(&self, at: usize) -> Option<f64> {
        if self.u16(at + 2)? != RATIONAL {
            return None;
        }
        let place = self.u32(at + 8)? as usize;
        let (above, below) = (self.u32(place)?, self.u32(place.checked_add(4)?)?);
        (below != 0).then(|| f64::from(above) / f64::from(below))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A TIFF file of one directory; a value of 8 bytes is put behind it.
    fn tiff(big_endian: bool, entries: &[(u16, u16, &[u32])]) -> Vec<u8> {
        let u16_bytes = |value: u16| if big_endian { value.to_be_bytes() } else { value.to_le_bytes() };
        let u32_bytes = |value: u32| if big_endian { value.to_be_bytes() } else { value.to_le_bytes() };
        let mut bytes = if big_endian { b"MM".to_vec() } else { b"II".to_vec() };
        bytes.extend(u16_bytes(42));
        bytes.extend(u32_bytes(8));
        bytes.extend(u16_bytes(u16::try_from(entries.len()).unwrap()));
        let mut heap = Vec::new();
        let heap_at = 10 + entries.len() * ENTRY_BYTES;
        for (tag, kind, values) in entries {
            bytes.extend(u16_bytes(*tag));
            bytes.extend(u16_bytes(*kind));
            bytes.extend(u32_bytes(1));
            match (*kind, *values) {
                (SHORT, [value]) => {
                    bytes.extend(u16_bytes(u16::try_from(*value).unwrap()));
                    bytes.extend([0, 0]);
                }
                (_, [value]) => bytes.extend(u32_bytes(*value)),
                (_, values) => {
                    bytes.extend(u32_bytes(u32::try_from(heap_at + heap.len()).unwrap()));
                    heap.extend(values.iter().flat_map(|value| u32_bytes(*value)));
                }
            }
        }
        [bytes, heap].concat()
    }

    #[test]
    fn orientation_and_density_are_found_in_both_byte_orders() {
        for big_endian in [false, true] {
            for (unit, expected) in [
                (1, Some(Density::Aspect { x: 300.0, y: 150.0 })),
                (2, Some(Density::Dpi { x: 300.0, y: 150.0 })),
                (3, Some(Density::Dpi { x: 762.0, y: 381.0 })),
                (4, None),
            ] {
                let bytes = tiff(
                    big_endian,
                    &[
                        (ORIENTATION, SHORT, &[6]),
                        (X_RESOLUTION, RATIONAL, &[600, 2]),
                        (Y_RESOLUTION, RATIONAL, &[150, 1]),
                        (RESOLUTION_UNIT, SHORT, &[unit]),
                    ],
                );
                let exif = Exif::parse(&bytes).unwrap();
                assert_eq!(exif.orientation, Orientation::from_exif(6));
                assert_eq!(exif.density, expected);
            }
        }
    }

    #[test]
    fn damage_is_as_if_nothing_were_there() {
        let whole = tiff(false, &[(ORIENTATION, SHORT, &[6]), (X_RESOLUTION, RATIONAL, &[300, 1])]);
        for length in 0..whole.len() {
            if let Some(exif) = Exif::parse(&whole[..length]) {
                assert_eq!(exif.density, None, "{length}");
            }
        }
        for (entry, why) in [
            ((X_RESOLUTION, RATIONAL, &[300, 0][..]), "a zero denominator"),
            ((X_RESOLUTION, SHORT, &[300][..]), "a wrong type"),
            ((X_RESOLUTION, RATIONAL, &[u32::MAX][..]), "an offset past the end"),
        ] {
            assert_eq!(Exif::parse(&tiff(true, &[entry])), Some(Exif::default()), "{why}");
        }
        for bytes in [&b""[..], b"II", b"XX*\0\x08\0\0\0", b"II+\0\x08\0\0\0", b"II*\0\xff\xff\xff\xff"] {
            assert_eq!(Exif::parse(bytes), None);
        }
    }
}
