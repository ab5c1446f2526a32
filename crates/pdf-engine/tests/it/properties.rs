use proptest::{collection::vec, prelude::*, sample::Index};

use crate::support::{
    convert_one,
    fixtures::{jpegs, pngs},
    pdf,
    png::chunk,
    raster, stored,
};

/// Converts; a PDF that comes of it must hold together.
fn survives(image: &[u8]) -> Result<(), TestCaseError> {
    let mut bytes = Vec::new();
    let source = pdf_engine::Source::new(image);
    let mut options = pdf_engine::Options::default();
    options.check_scans = image.len().is_multiple_of(2);
    let result = pdf_engine::convert(
        [source],
        &mut bytes,
        &options,
        &pdf_engine::Limits::default(),
        &pdf_engine::Cancel::new(),
    );
    match result {
        Ok(_) => pdf::try_check(&bytes).map_err(TestCaseError::fail),
        Err(error) => {
            prop_assert!(!error.to_string().is_empty());
            Ok(())
        }
    }
}

/// Some bytes of an image changed, put in, or taken out.
fn mutated(image: &[u8], changes: &[(Index, u8, u8)]) -> Vec<u8> {
    let mut bytes = image.to_vec();
    for (place, kind, value) in changes {
        let at = place.index(bytes.len());
        match kind % 4 {
            0 => bytes.insert(at, *value),
            1 if bytes.len() > 1 => {
                bytes.remove(at);
            }
            2 => bytes[at] = *value,
            _ => bytes[at] ^= 1 << (value % 8),
        }
    }
    bytes
}

/// The same chunks with their checksums made right, so that what is wrong lies deeper.
fn with_right_checksums(png: &[u8]) -> Vec<u8> {
    let mut fixed = png[..png.len().min(8)].to_vec();
    let mut rest = png.get(8..).unwrap_or_default();
    while let [a, b, c, d, kind0, kind1, kind2, kind3, body @ ..] = rest {
        let length = (u32::from_be_bytes([*a, *b, *c, *d]) as usize).min(body.len());
        fixed.extend(chunk([*kind0, *kind1, *kind2, *kind3], &body[..length]));
        rest = body.get(length + 4..).unwrap_or_default();
    }
    fixed
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1500) })]

    #[test]
    fn random_bytes(head in 0..16_usize, tail in vec(any::<u8>(), 0..600)) {
        let heads = [
            &b""[..],
            b"\x89PNG\r\n\x1a\n",
            b"\xff\xd8\xff",
            b"GIF89a\x09\0\x07\0\x80\0\0\0\0\0\xff\xff\xff,\0\0\0\0\x09\0\x07\0\0\x02",
            b"II*\0\x08\0\0\0",
            b"MM\0+\0\x08\0\0\0\0\0\0\0\0\0\x10",
            b"BM",
            b"\0\0\x01\0\x01\0",
            b"\0\0\x0a\0\0\0\0\0\0\0\0\0\x10\0\x10\0\x20\x28",
            b"P6 9 7 255 ",
            b"P7\nWIDTH 9\nHEIGHT 7\nDEPTH 2\nMAXVAL 31\nENDHDR\n",
            b"qoif\0\0\0\x09\0\0\0\x07\x04\0",
            b"\x97JB2\r\n\x1a\n\x01\0\0\0\x01",
            b"\0\0\0\x0cjP  \r\n\x87\n",
            b"\0\0\0\x14ftypavif\0\0\0\0avif",
            b"RIFF\x40\0\0\0WEBPVP8L\x34\0\0\0\x2f\x08\x80\x01",
        ];
        survives(&[heads[head], &tail].concat())?;
    }

    #[test]
    fn mutated_pngs(which in any::<Index>(), changes in vec(any::<(Index, u8, u8)>(), 1..6), fix in any::<bool>()) {
        thread_local!(static PNGS: Vec<Vec<u8>> = pngs().into_iter().map(|fixture| fixture.bytes).collect());
        let image = PNGS.with(|pngs| mutated(&pngs[which.index(pngs.len())], &changes));
        survives(&if fix { with_right_checksums(&image) } else { image })?;
    }

    #[test]
    fn mutated_rasters(which in any::<Index>(), changes in vec(any::<(Index, u8, u8)>(), 1..6)) {
        let images = [
            raster::bmp(9, 7),
            raster::tga(9, 7),
            raster::pgm(9, 7, 2),
            raster::qoi(9, 7),
            raster::farbfeld(9, 7),
            raster::tiff(9, 7, 2),
            raster::jpeg2000(9, 7, &[[7, 1, 1]; 4]),
            raster::jbig2(
                1,
                &[
                    (1, 48, 1, raster::jbig2_page(9, 7)),
                    (2, 38, 1, raster::jbig2_region([9, 7], [0, 0], raster::JBIG2_ARITHMETIC)),
                ],
            ),
        ];
        survives(&mutated(&images[which.index(images.len())], &changes))?;
    }

    #[test]
    fn mutated_stored_images(which in any::<Index>(), changes in vec(any::<(Index, u8, u8)>(), 1..6)) {
        survives(&mutated(stored::ALL[which.index(stored::ALL.len())].1, &changes))?;
    }

    #[test]
    fn mutated_jpegs(which in any::<Index>(), changes in vec(any::<(Index, u8, u8)>(), 1..6)) {
        thread_local!(static JPEGS: Vec<Vec<u8>> = jpegs().into_iter().map(|fixture| fixture.bytes).collect());
        survives(&JPEGS.with(|jpegs| mutated(&jpegs[which.index(jpegs.len())], &changes)))?;
    }
}

#[test]
fn the_check_can_fail() {
    let (good, _) = convert_one(&pngs()[0].bytes).unwrap();
    assert!(pdf::try_check(&good).is_ok());
    for at in [3, good.len() / 2, good.len() - 3] {
        assert!(pdf::try_check(&[&good[..at], &good[at + 1..]].concat()).is_err(), "{at}");
    }
}
