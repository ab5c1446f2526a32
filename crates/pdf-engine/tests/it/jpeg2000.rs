use pdf_engine::Embedding;

use crate::support::{convert_one, pdf, raster, refused};

const EIGHT: [u8; 3] = [7, 1, 1];

#[test]
fn an_alpha_of_a_bare_codestream_is_told_in_boxes() {
    let gray = b"\0\0\0\x0fcolr\x01\0\0\0\0\0\x11".as_slice();
    let color = b"\0\0\0\x0fcolr\x01\0\0\0\0\0\x10".as_slice();
    let two = b"\0\0\0\x16cdef\0\x02\0\0\0\0\0\x01\0\x01\0\x01\0\0".as_slice();
    let four =
        b"\0\0\0\x22cdef\0\x04\0\0\0\0\0\x01\0\x01\0\0\0\x02\0\x02\0\0\0\x03\0\x03\0\x01\0\0".as_slice();
    for (components, depth, boxes) in [
        (&[EIGHT; 2][..], 7, &[gray, two][..]),
        (&[EIGHT; 4], 7, &[color, four]),
        (&[[0x8f, 1, 1]; 4], 0x8f, &[color, four]),
        (&[EIGHT, [0, 1, 1]], 255, &[b"\0\0\0\x0abpcc\x07\0".as_slice(), gray, two]),
    ] {
        let image = raster::jpeg2000(23, 17, components);
        let (bytes, report) = convert_one(&image).unwrap();
        let page = &report.pages[0];
        assert_eq!((page.embedding, page.transparency, page.lossless), (Embedding::Copied, true, true));
        assert_eq!(page.bits_per_sample, (components[0][0] & 127) + 1);
        let said = page.warnings.iter().any(|warning| warning.contains("red, green, blue and alpha"));
        assert_eq!(said, components.len() == 4, "{:?}", page.warnings);
        let (dictionary, data) = pdf::image(&bytes);
        assert!(dictionary.contains("/SMaskInData 1") && !dictionary.contains("ColorSpace"), "{dictionary}");
        let count = components.len() as u8;
        let header =
            [b"\0\0\0\x16ihdr\0\0\0\x11\0\0\0\x17\0", [count, depth, 7, 0, 0].as_slice(), &boxes.concat()]
                .concat();
        let length = |content: &[u8]| (content.len() as u32 + 8).to_be_bytes();
        let expected = [
            b"\0\0\0\x0cjP  \r\n\x87\n\0\0\0\x14ftypjp2 \0\0\0\0jp2 ",
            length(&header).as_slice(),
            b"jp2h",
            &header,
            &length(&image),
            b"jp2c",
            &image,
        ]
        .concat();
        assert!(data == expected, "{data:x?}");
        // It is a file of its own, and read as one.
        let (again, report) = convert_one(&data).unwrap();
        assert!(pdf::image(&again).1 == data && report.pages[0].transparency);
    }
}

#[test]
fn a_bare_codestream_without_an_alpha_stays_bare() {
    for (count, space) in [(1, "DeviceGray"), (3, "DeviceRGB")] {
        let image = raster::jpeg2000(23, 17, &vec![EIGHT; count]);
        let (bytes, report) = convert_one(&image).unwrap();
        assert!(!report.pages[0].transparency);
        let (dictionary, data) = pdf::image(&bytes);
        assert!(dictionary.contains(space) && !dictionary.contains("SMaskInData"), "{dictionary}");
        assert!(data == image);
    }
    refused("five", &raster::jpeg2000(23, 17, &[EIGHT; 5]), "Unsupported", "of 5 components");
    refused("six", &raster::jpeg2000(23, 17, &[EIGHT; 6]), "Unsupported", "6 components");
}
