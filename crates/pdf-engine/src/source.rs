//! One image, as the caller hands it in.

use std::{fmt, io::BufRead};

/// An image to convert: any reader, read forward once. Its name and media type do not matter, its bytes do.
pub struct Source<'a> {
    pub(crate) reader: Box<dyn BufRead + 'a>,
}

impl<'a> Source<'a> {
    /// An image that is read from `reader`. A buffer of 64 KiB or more serves best.
    pub fn new(reader: impl BufRead + 'a) -> Self {
        Self { reader: Box::new(reader) }
    }
}

impl fmt::Debug for Source<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source").finish_non_exhaustive()
    }
}
