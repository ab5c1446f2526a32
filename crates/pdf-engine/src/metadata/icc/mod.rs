//! Whether an ICC profile may stand in a PDF for an image: ICC.1:2022, section 7; ISO 32000-1, 8.6.5.5.
//!
//! A profile that does not fit would make readers show nothing or the wrong colours, so it is left out and
//! the report says why.

mod tags;

use crate::document::Space;

const HEADER_BYTES: usize = 128;
const TAG_BYTES: usize = 12;

/// Why `profile` cannot stand for samples of `space`; `None` where it can.
pub(crate) fn unfit(profile: &[u8], space: Space) -> Option<String> {
    let Some(header) = profile.get(..HEADER_BYTES + 4) else {
        return Some(String::from("it is shorter than its header"));
    };
    let size = be32(header, 0) as usize;
    if !(HEADER_BYTES + 4..=profile.len()).contains(&size) || &header[36..40] != b"acsp" {
        return Some(String::from("it is damaged"));
    }
    // PDF 1.7 knows versions 2 and 4.
    if !matches!(header[8], 2 | 4) {
        return Some(format!("its version is {}, and PDF readers know 2 and 4", header[8]));
    }
    if !matches!(&header[12..16], b"scnr" | b"mntr" | b"prtr" | b"spac") {
        return Some(format!(
            "its class is \"{}\", not a device or a colour space",
            header[12..16].escape_ascii()
        ));
    }
    let wanted = match space {
        Space::Gray => b"GRAY",
        Space::Rgb => b"RGB ",
        Space::Cmyk => b"CMYK",
        // What they are, the numbers say already, and profiles of Lab are made to change them, if for anything.
        Space::Lab(_) => return Some(String::from("the colours of Lab need none")),
    };
    if &header[16..20] != wanted {
        return Some(format!(
            "it describes {} and the image is {}",
            header[16..20].escape_ascii().to_string().trim_end(),
            wanted.escape_ascii().to_string().trim_end()
        ));
    }
    if !matches!(&header[20..24], b"XYZ " | b"Lab ") {
        return Some(format!(
            "it leads to \"{}\", and profiles lead to XYZ or Lab",
            header[20..24].escape_ascii()
        ));
    }
    tags::unfit(&profile[..size], space)
}

/// Two bytes at `at`; 0 where they are not there.
fn be16(bytes: &[u8], at: usize) -> u16 {
    bytes.get(at..at + 2).and_then(|bytes| bytes.try_into().ok()).map_or(0, u16::from_be_bytes)
}

/// Four bytes at `at`; 0 where they are not there.
fn be32(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at + 4).and_then(|bytes| bytes.try_into().ok()).map_or(0, u32::from_be_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metadata::display;

    #[test]
    fn only_what_fits_is_taken() {
        let profile = display::srgb();
        assert_eq!(unfit(&profile, Space::Rgb), None);
        let padded = [profile.as_slice(), &[0; 3]].concat();
        assert_eq!(unfit(&padded, Space::Rgb), None);
        let entry = |name: &[u8]| profile.windows(4).position(|window| window == name).unwrap_or(0);
        let data = |name: &[u8]| be32(&profile, entry(name) + 4) as usize;
        for (at, bytes, space, why) in [
            (0, &b"\xff"[..], Space::Rgb, "damaged"),
            (0, b"\0\0\0\x83", Space::Rgb, "damaged"),
            (0, b"\0\0\x01\0", Space::Rgb, "tags"),
            (36, b"x", Space::Rgb, "damaged"),
            (8, b"\x05", Space::Rgb, "version is 5"),
            (12, b"link", Space::Rgb, "class is \"link\""),
            (12, b"nmcl", Space::Rgb, "class is \"nmcl\""),
            (12, b"\n", Space::Rgb, "class is \"\\nntr\""),
            (16, b"CMYK", Space::Rgb, "describes CMYK and the image is RGB"),
            (16, b"CMYK", Space::Cmyk, "no tag A2B0"),
            (16, b"GRAY", Space::Gray, "neither a tag A2B0 nor one kTRC"),
            (16, b"RGB ", Space::Gray, "describes RGB and the image is GRAY"),
            (20, b"zzzz", Space::Rgb, "leads to \"zzzz\""),
            (20, b"Lab ", Space::Rgb, "primaries"),
            (131, b"\0", Space::Rgb, "tags"),
            (131, b"\x65", Space::Rgb, "tags"),
            (130, b"\x01", Space::Rgb, "tags"),
            (entry(b"rXYZ") + 4, b"\xff", Space::Rgb, "tags"),
            (entry(b"rXYZ") + 4, b"\0\0\0\x80", Space::Rgb, "tags"),
            (entry(b"rXYZ") + 4, b"\xff\xff\xff\xff\xff\xff\xff\xff", Space::Rgb, "tags"),
            (entry(b"gXYZ"), b"none", Space::Rgb, "neither a tag A2B0 nor one gXYZ"),
            (entry(b"bTRC"), b"A2B0", Space::Rgb, "its tag A2B0 is damaged"),
            (entry(b"bXYZ") + 11, b"\x13", Space::Rgb, "its tag bXYZ is damaged"),
            (data(b"bXYZ"), b"ZZZZ", Space::Rgb, "its tag bXYZ is damaged"),
            (data(b"wtpt"), b"ZZZZ", Space::Rgb, "its tag wtpt is damaged"),
            (data(b"rTRC"), b"ZZZZ", Space::Rgb, "its tag rTRC is damaged"),
        ] {
            let mut changed = profile.clone();
            changed[at..at + bytes.len()].copy_from_slice(bytes);
            let reason = unfit(&changed, space).unwrap_or_default();
            assert!(reason.contains(why), "{why}: {reason}");
        }
        for length in 0..profile.len() {
            assert!(unfit(&profile[..length], Space::Rgb).is_some(), "{length}");
        }
    }
}
