//! Images that no program of the tests makes: made once by avifenc 0.11.1, cjxl 0.7 and Pillow,
//! and kept.

use std::path::PathBuf;

macro_rules! stored {
    ($($name:literal),+ $(,)?) => {
        /// Names and bytes.
        pub(crate) const ALL: &[(&str, &[u8])] =
            &[$(($name, include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/images/", $name)))),+];
    };
}

stored!(
    "alpha-lossy.jxl",
    "boxed.jxl",
    "bt2020-ten.avif",
    "bt2020.avif",
    "bt709.avif",
    "cut-and-wide.avif",
    "gray-ten.avif",
    "grid.avif",
    "lossless-identity.avif",
    "moving.jxl",
    "p3.avif",
    "sequence-ten-turned.avif",
    "sequence.avif",
    "ten-420-alpha.avif",
    "twelve-422-limited.avif",
    "twelve-444.avif",
    "wide-gray.jxl",
    "wide.jxl",
    "ycgco.avif",
);

/// The bytes of one.
pub(crate) fn image(name: &str) -> &'static [u8] {
    ALL.iter().find(|(stored, _)| *stored == name).unwrap_or_else(|| panic!("{name} is not kept")).1
}

/// Where a PNG of 16 bits is that another decoder made of one, if there is one; those of further frames lie beside it.
pub(crate) fn reference(name: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/images")).join(format!("{name}.png"))
}

pub(crate) fn has_reference(name: &str) -> bool {
    reference(name).is_file()
}

/// Whether it is an AVIF; the others are JPEG XL.
pub(crate) fn is_avif(name: &str) -> bool {
    name.rsplit('.').next() == Some("avif")
}
