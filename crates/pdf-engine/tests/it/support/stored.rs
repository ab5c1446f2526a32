//! Images that no program of the tests makes: made once by avifenc 0.11.1 and by Pillow, and kept.

use std::path::PathBuf;

macro_rules! stored {
    ($($name:literal),+ $(,)?) => {
        /// Names and bytes.
        pub(crate) const ALL: &[(&str, &[u8])] =
            &[$(($name, include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/images/", $name)))),+];
    };
}

stored!(
    "bt2020-ten.avif",
    "bt2020.avif",
    "bt709.avif",
    "cut-and-wide.avif",
    "gray-ten.avif",
    "grid.avif",
    "lossless-identity.avif",
    "p3.avif",
    "sequence.avif",
    "ten-420-alpha.avif",
    "twelve-422-limited.avif",
    "twelve-444.avif",
    "ycgco.avif",
);

/// The bytes of one.
pub(crate) fn image(name: &str) -> &'static [u8] {
    ALL.iter().find(|(stored, _)| *stored == name).unwrap_or_else(|| panic!("{name} is not kept")).1
}

/// Where a PNG of 16 bits is that another decoder made of one, if there is one.
pub(crate) fn reference(name: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/images")).join(name).with_extension("png")
}

pub(crate) fn has_reference(name: &str) -> bool {
    reference(name).is_file()
}
