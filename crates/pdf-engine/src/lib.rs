//! Image bytes to PDF bytes: lossless, streaming, checked.
