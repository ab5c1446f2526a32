//! What a source is, told by its first bytes: names and media types lie.

use std::fmt;

use crate::{error::Fault, tga};

/// How many of the first bytes are looked at: SVG and HTML may begin with comments.
pub(crate) const SNIFFED_BYTES: usize = 512;

/// The formats that are converted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// JPEG, ITU-T T.81.
    Jpeg,
    /// PNG, ISO/IEC 15948.
    Png,
    /// WebP, RFC 9649: still and animated.
    Webp,
    /// GIF, versions 87a and 89a.
    Gif,
    /// TIFF 6.0, and `BigTIFF`.
    Tiff,
    /// BMP of Windows and OS/2.
    Bmp,
    /// AVIF, AV1 Image File Format.
    Avif,
    /// JPEG 2000, ITU-T T.800: files and bare codestreams.
    Jpeg2000,
    /// PBM, PGM, PPM and PAM of Netpbm.
    Pnm,
    /// ICO and CUR of Windows.
    Ico,
    /// TGA of Truevision.
    Tga,
    /// JBIG2, ITU-T T.88.
    Jbig2,
    /// JPEG XL, ISO/IEC 18181: files and bare codestreams.
    JpegXl,
    /// QOI.
    Qoi,
    /// farbfeld.
    Farbfeld,
}

impl Format {
    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Jpeg => "JPEG",
            Self::Png => "PNG",
            Self::Webp => "WebP",
            Self::Gif => "GIF",
            Self::Tiff => "TIFF",
            Self::Bmp => "BMP",
            Self::Avif => "AVIF",
            Self::Jpeg2000 => "JPEG 2000",
            Self::Pnm => "PNM",
            Self::Ico => "ICO",
            Self::Tga => "TGA",
            Self::Jbig2 => "JBIG2",
            Self::JpegXl => "JPEG XL",
            Self::Qoi => "QOI",
            Self::Farbfeld => "farbfeld",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

const PNG_SIGNATURE: &[u8; 8] = b"\x89PNG\r\n\x1a\n";

/// What each format begins with, where that is enough to know it.
const MAGIC: [(&[u8], Format); 21] = [
    (b"\xff\xd8\xff", Format::Jpeg),
    (PNG_SIGNATURE, Format::Png),
    (b"GIF87a", Format::Gif),
    (b"GIF89a", Format::Gif),
    (b"II*\0", Format::Tiff),
    (b"MM\0*", Format::Tiff),
    (b"II+\0", Format::Tiff),
    (b"MM\0+", Format::Tiff),
    (b"BM", Format::Bmp),
    (b"\0\0\0\x0cjP  \r\n\x87\n", Format::Jpeg2000),
    (b"\xff\x4f\xff\x51", Format::Jpeg2000),
    (b"\0\0\x01\0", Format::Ico),
    (b"\x97JB2\r\n\x1a\n", Format::Jbig2),
    (b"\xff\x0a", Format::JpegXl),
    (b"\0\0\0\x0cJXL \r\n\x87\n", Format::JpegXl),
    (b"qoif", Format::Qoi),
    (b"farbfeld", Format::Farbfeld),
    (b"P7\n", Format::Pnm),
    (b"P7\r\n", Format::Pnm),
    (b"P7 ", Format::Pnm),
    (b"P7\t", Format::Pnm),
];

const CONVERTED: &str = "JPEG, PNG, WebP, GIF, TIFF, BMP, AVIF, JPEG 2000, PNM, ICO, TGA, JBIG2, JPEG XL, QOI and farbfeld are converted";

impl Format {
    /// The format of a source that begins with `head`, which is shorter than [`SNIFFED_BYTES`] only if the
    /// source is.
    pub(crate) fn sniff(head: &[u8]) -> Result<Self, Fault> {
        if let Some((_, format)) = MAGIC.iter().find(|(magic, _)| head.starts_with(magic)) {
            Ok(*format)
        } else if head.starts_with(b"RIFF") && head.get(8..12) == Some(b"WEBP") {
            Ok(Self::Webp)
        } else if brands(head).any(|brand| matches!(brand, b"avif" | b"avis")) {
            Ok(Self::Avif)
        } else if is_pnm(head) {
            Ok(Self::Pnm)
        } else if matches!(head, [0, 0, 2, 0, count, more, ..] if (*count, *more) != (0, 0)) {
            // Cursors; a TGA may begin so, but for the count.
            Ok(Self::Ico)
        } else if head.is_empty() {
            Err(Fault::malformed("the image is empty"))
        } else if let Some(what) = damaged(head) {
            Err(Fault::malformed(what))
        } else if let Some(name) = other(head) {
            Err(Fault::unsupported(format!("this is {name}; {CONVERTED}")))
        } else if tga::is_header(head) {
            Ok(Self::Tga)
        } else {
            Err(Fault::unsupported(format!("this is no image of a known format; {CONVERTED}")))
        }
    }
}

/// `P1` to `P6` and what must part that from a number.
fn is_pnm(head: &[u8]) -> bool {
    matches!(head, [b'P', b'1'..=b'6', next, ..] if next.is_ascii_whitespace() || *next == b'#')
}

/// A PNG or JPEG that did not survive its way here.
fn damaged(head: &[u8]) -> Option<&'static str> {
    const CUT: &str = "the image ends within its first bytes";
    let alike = PNG_SIGNATURE.iter().zip(head).filter(|(expected, found)| expected == found).count();
    if PNG_SIGNATURE.starts_with(head) || b"\xff\xd8\xff".starts_with(head) {
        Some(CUT)
    } else if head.get(1..4) == Some(b"PNG") || alike >= 5 {
        Some("the PNG's signature is damaged, as by a transfer that took it for text")
    } else if head.starts_with(b"\xff\xd8") {
        Some("the JPEG's first marker is not followed by another")
    } else {
        None
    }
}

/// The name, with its article, of a format that is recognised and not converted.
fn other(head: &[u8]) -> Option<&'static str> {
    const HEIC: [&[u8]; 8] = [b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"];
    const MAGIC: [(&[u8], &str); 5] = [
        (b"%PDF-", "a PDF document already"),
        (b"PK\x03\x04", "a ZIP archive"),
        (b"\x1f\x8b", "a gzip file"),
        (b"8BPS", "a Photoshop document"),
        (b"\x76\x2f\x31\x01", "an OpenEXR image"),
    ];
    if let Some((_, name)) = MAGIC.iter().find(|(magic, _)| head.starts_with(magic)) {
        return Some(name);
    }
    if brands(head).any(|brand| HEIC.contains(&brand)) {
        return Some("a HEIC image");
    }
    markup(head)
}

/// The brands of an ISO media file: the major one, and the compatible ones behind its version.
fn brands(head: &[u8]) -> impl Iterator<Item = &[u8]> {
    let is_media = head.get(4..8) == Some(b"ftyp");
    let length = head.get(..4).and_then(|bytes| bytes.try_into().ok()).map_or(0, u32::from_be_bytes);
    let end = if is_media { head.len().min(length as usize) } else { 0 };
    head.get(8..end).unwrap_or_default().chunks_exact(4)
}

/// SVG and HTML, after a byte order mark, white space, an XML declaration and comments.
fn markup(head: &[u8]) -> Option<&'static str> {
    let text = String::from_utf8_lossy(head).to_ascii_lowercase();
    let mut rest = text.trim_start_matches('\u{feff}').trim_start();
    while let Some((_, after)) = [("<?", "?>"), ("<!--", "-->")]
        .iter()
        .find_map(|(open, close)| rest.strip_prefix(open)?.split_once(close))
    {
        rest = after.trim_start();
    }
    if rest.starts_with("<svg") || rest.starts_with("<!doctype svg") {
        Some("an SVG drawing")
    } else if ["<!doctype html", "<html", "<head", "<body"].iter().any(|tag| rest.starts_with(tag)) {
        Some("an HTML page, not an image")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(head: &[u8], expected: &str) {
        let found = match Format::sniff(head) {
            Ok(format) => format.to_string(),
            Err(Fault::Unsupported(detail) | Fault::Malformed(detail)) => detail,
            Err(other) => panic!("{other:?}"),
        };
        assert!(found.starts_with(expected), "{head:?}: {found}");
    }

    #[test]
    fn formats_are_told_by_their_first_bytes() {
        for (head, expected) in [
            (&b"\xff\xd8\xff\xe0"[..], "JPEG"),
            (b"\x89PNG\r\n\x1a\nrest", "PNG"),
            (b"", "the image is empty"),
            (b"\x89PN", "the image ends"),
            (b"\xff\xd8", "the image ends"),
            (b"\xff\xd8\x00", "the JPEG's first marker"),
            (b"\x89pNg\r\n\x1a\n", "the PNG's signature is damaged"),
            (b"\x89PNG\n\x1a\n", "the PNG's signature is damaged"),
            (b"RIFF\x10\0\0\0WEBPVP8 ", "WebP"),
            (b"RIFF\x10\0\0\0WAVE", "this is no image"),
            (b"GIF89a\x01", "GIF"),
            (b"II*\0\x08", "TIFF"),
            (b"MM\0*\0", "TIFF"),
            (b"MM\0+\0", "TIFF"),
            (b"BM\x36", "BMP"),
            (b"P6\n", "PNM"),
            (b"P1#", "PNM"),
            (b"P7\n", "PNM"),
            (b"P71", "this is no image"),
            (b"P8\n", "this is no image"),
            (b"\0\0\x01\0\x01\0", "ICO"),
            (b"\0\0\x02\0\0\0\0\0\0\0\0\0\x10\0\x10\0\x18\0", "TGA"),
            (b"\0\0\x02\0\x01\0\x10\x10", "ICO"),
            (b"\0\0\x0a\0\0\0\0\0\0\0\0\0\x10\0\x10\0\x20\x28", "TGA"),
            (b"\0\0\x0a\0\0\0\0\0\0\0\0\0\0\0\x10\0\x20\x28", "this is no image"),
            (b"qoif\0", "QOI"),
            (b"farbfeld", "farbfeld"),
            (b"\x97JB2\r\n\x1a\n", "JBIG2"),
            (b"\0\0\0\x1cftypavif\0\0\0\0", "AVIF"),
            (b"\0\0\0\x1cftypmif1\0\0\0\0avif", "AVIF"),
            (b"\0\0\0\x10ftypmif1\0\0\0\0avif", "this is a HEIC"),
            (b"\0\0\0\x18ftypmif1\0\0\0\0heicmif1", "this is a HEIC"),
            (b"\0\0\0\x20ftypmp42\0\0\0\0isommp42", "this is no image"),
            (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG 2000"),
            (b"\xff\x4f\xff\x51", "JPEG 2000"),
            (b"\xff\x0a\xfa", "JPEG XL"),
            (b"<svg xmlns=", "this is an SVG"),
            (b"\xef\xbb\xbf <?xml version='1.0'?>\n<!-- a > b --> <svg>", "this is an SVG"),
            (b"<?xml version='1.0'?><rss>", "this is no image"),
            (b"<!DOCTYPE html><html>", "this is an HTML page"),
            (b"  <HTML lang=en>", "this is an HTML page"),
            (b"%PDF-1.4", "this is a PDF document already"),
            (b"{\"error\":1}", "this is no image"),
            (b"\0", "this is no image"),
        ] {
            check(head, expected);
        }
    }
}
