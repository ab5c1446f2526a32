//! What stands beside samples: Exif, ICC profiles, and numbers that stand for one.

pub(crate) mod display;
pub(crate) mod exif;
pub(crate) mod icc;
pub(crate) mod numbers;
