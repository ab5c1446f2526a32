//! What makes a PDF of images a PDF/A of level B: ISO 19005-2 and 19005-3, the clauses that images alone can meet.
//!
//! Fonts, annotations, forms, actions, layers and attachments are not written at all, and what is written keeps the
//! rules of syntax in every PDF. What is left: colours that do not depend on a device (6.2.3, 6.2.4), JPEG 2000 of
//! known colours (6.2.8.3), metadata in XMP (6.6.2), and the implementation limits (6.1.13).

use crate::{PdfA, error::Fault, metadata::display};

use super::{Document, Image, Metadata, Ref, Space, image::Encoding, xmp};

/// The largest integer, and so the longest stream.
const INTEGER_MAX: u64 = i32::MAX as u64;
/// The most objects.
const OBJECTS_MAX: u64 = 8_388_607;

/// Why an image may not be in a PDF/A; `None` where it may.
pub(super) fn unfit(image: &Image<'_>) -> Option<String> {
    // JPEG 2000 says its colours itself: its own module judges them.
    let says_its_colors = matches!(image.encoding, Encoding::Jpeg2000 { .. });
    let is_bare_ink = image.color.space == Space::Cmyk && image.color.profile.is_none();
    (is_bare_ink && !says_its_colors).then(|| {
        String::from(
            "PDF/A wants to know what inks the image is made for, and it has no colour profile that says so: give it one, convert it to RGB, or make a PDF that is no PDF/A",
        )
    })
}

/// An error where a stream is longer than PDF/A lets it be.
pub(super) fn check_length(bytes: u64) -> Result<(), Fault> {
    check_count(bytes, INTEGER_MAX, "one of the streams of the PDF/A would be longer: it")
}

/// An error where there are more objects than PDF/A lets there be.
pub(super) fn check_objects(count: usize) -> Result<(), Fault> {
    check_count(count as u64, OBJECTS_MAX, "the PDF/A would have more objects: it")
}

fn check_count(count: u64, max: u64, what: &str) -> Result<(), Fault> {
    if count > max { Err(Fault::too_large("pdf_bytes_max", max, what)) } else { Ok(()) }
}

/// Writes what the colours refer to and the metadata, and gives the entries of the catalog that name them.
pub(super) fn finish(document: &mut Document<'_>, pdfa: PdfA, metadata: &Metadata) -> Result<String, Fault> {
    let profile = document.profile(&display::srgb(), Space::Rgb, false)?;
    let described: Ref = document.reserve();
    let mut stream = document.stream(described, "/Type /Metadata /Subtype /XML")?;
    stream.write(xmp::packet(pdfa, metadata).as_bytes())?;
    stream.finish()?;
    Ok(format!(
        " /Metadata {described} /OutputIntents [<< /Type /OutputIntent /S /GTS_PDFA1 /OutputConditionIdentifier (sRGB) /Info (sRGB, IEC 61966-2-1) /DestOutputProfile {profile} >>]"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limits_of_pdfa_are_kept() {
        assert!(check_length(2_147_483_647).is_ok() && check_length(2_147_483_648).is_err());
        assert!(check_objects(8_388_607).is_ok() && check_objects(8_388_608).is_err());
    }
}
