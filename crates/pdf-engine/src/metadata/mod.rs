//! What formats share beside their samples: Exif and ICC profiles.

pub(crate) mod exif;
pub(crate) mod icc;
