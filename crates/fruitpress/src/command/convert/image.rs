//! An image on the command line, read when its turn comes.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read},
    path::Path,
};

use super::{super::is_dash, BUFFER_BYTES};

/// An image that is opened when it is first read, so that a thousand images do not hold a thousand files open.
pub(in super::super) enum Image<'a> {
    Unopened(&'a Path),
    Open(Box<dyn BufRead>),
}

/// The file was not opened, which is another thing to mend than a file that breaks off.
#[derive(Debug, thiserror::Error)]
#[error("it cannot be opened")]
pub(super) struct CannotOpen(#[source] io::Error);

impl<'a> Image<'a> {
    pub(in super::super) fn new(path: &'a Path) -> Self {
        Self::Unopened(path)
    }

    fn reader(&mut self) -> io::Result<&mut Box<dyn BufRead>> {
        if let Self::Unopened(path) = self {
            let reader: Box<dyn BufRead> = if is_dash(path) {
                Box::new(BufReader::with_capacity(BUFFER_BYTES, io::stdin()))
            } else {
                let file =
                    File::open(path).map_err(|error| io::Error::new(error.kind(), CannotOpen(error)))?;
                Box::new(BufReader::with_capacity(BUFFER_BYTES, file))
            };
            *self = Self::Open(reader);
        }
        match self {
            Self::Open(reader) => Ok(reader),
            Self::Unopened(_) => Err(io::Error::other("the image was not opened")),
        }
    }
}

impl Read for Image<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.reader()?.read(buffer)
    }
}

impl BufRead for Image<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.reader()?.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        if let Self::Open(reader) = self {
            reader.consume(amount);
        }
    }
}
