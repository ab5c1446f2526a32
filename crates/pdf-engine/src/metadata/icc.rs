//! Whether an ICC profile may stand in a PDF for an image: ICC.1:2022, section 7; ISO 32000-1, 8.6.5.5.
//!
//! A profile that does not fit would make readers show nothing or the wrong colours, so it is left out and
//! the report says why.

use crate::document::Space;

const HEADER_BYTES: usize = 128;
const TAG_BYTES: usize = 12;

/// Why `profile` cannot stand for samples of `space`; `None` where it can.
pub(crate) fn unfit(profile: &[u8], space: Space) -> Option<String> {
    let Some(header) = profile.get(..HEADER_BYTES + 4) else {
        return Some(String::from("it is shorter than its header"));
    };
    let size = be32(header, 0) as usize;
    if size > profile.len() || &header[36..40] != b"acsp" {
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
    };
    if &header[16..20] != wanted {
        return Some(format!(
            "it describes {} and the image is {}",
            header[16..20].escape_ascii().to_string().trim_end(),
            wanted.escape_ascii().to_string().trim_end()
        ));
    }
    (!tags_are_inside(profile)).then(|| String::from("its tags lie outside of it"))
}

/// Whether each tag's data are within the profile, and there is at least one.
fn tags_are_inside(profile: &[u8]) -> bool {
    let count = be32(profile, HEADER_BYTES) as usize;
    let table = &profile[HEADER_BYTES + 4..];
    count > 0
        && table.len() / TAG_BYTES >= count
        && table.chunks_exact(TAG_BYTES).take(count).all(|tag| {
            let (offset, length) = (u64::from(be32(tag, 4)), u64::from(be32(tag, 8)));
            offset >= HEADER_BYTES as u64 && offset + length <= profile.len() as u64
        })
}

/// Four bytes at `at`, which the caller knows to be there.
fn be32(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at + 4).and_then(|bytes| bytes.try_into().ok()).map_or(0, u32::from_be_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The smallest profile that passes: one tag of four bytes.
    fn profile() -> Vec<u8> {
        let mut bytes = vec![0; 148];
        bytes[..4].copy_from_slice(&148_u32.to_be_bytes());
        bytes[8] = 4;
        bytes[12..20].copy_from_slice(b"mntrRGB ");
        bytes[36..40].copy_from_slice(b"acsp");
        bytes[131] = 1;
        bytes[132..136].copy_from_slice(b"desc");
        bytes[139] = 144;
        bytes[143] = 4;
        bytes
    }

    #[test]
    fn only_what_fits_is_taken() {
        assert_eq!(unfit(&profile(), Space::Rgb), None);
        for (at, bytes, space, why) in [
            (0, &b"\xff"[..], Space::Rgb, "damaged"),
            (36, b"x", Space::Rgb, "damaged"),
            (8, b"\x05", Space::Rgb, "version is 5"),
            (12, b"link", Space::Rgb, "class is \"link\""),
            (12, b"\n", Space::Rgb, "class is \"\\nntr\""),
            (16, b"CMYK", Space::Rgb, "describes CMYK and the image is RGB"),
            (0, b"\0", Space::Gray, "describes RGB and the image is GRAY"),
            (131, b"\0", Space::Rgb, "tags"),
            (131, b"\x02", Space::Rgb, "tags"),
            (139, b"\x91", Space::Rgb, "tags"),
            (136, b"\xff\xff\xff\xff\xff\xff\xff\xff", Space::Rgb, "tags"),
            (139, b"\x10", Space::Rgb, "tags"),
        ] {
            let mut changed = profile();
            changed[at..at + bytes.len()].copy_from_slice(bytes);
            let reason = unfit(&changed, space).unwrap_or_default();
            assert!(reason.contains(why), "{why}: {reason}");
        }
        for length in 0..profile().len() {
            assert!(unfit(&profile()[..length], Space::Rgb).is_some(), "{length}");
        }
    }
}
