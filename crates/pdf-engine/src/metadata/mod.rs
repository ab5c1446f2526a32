//! What stands beside samples: Exif and ICC profiles.

pub(crate) mod display;
pub(crate) mod exif;
pub(crate) mod icc;
