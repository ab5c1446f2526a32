//! How far a conversion has come, told by its readers and its writer.

use std::{
    cell::{Cell, RefCell},
    io::{self, BufRead, Read, Write},
};

use super::super::progress::Progress;

const MEGABYTE: u64 = 1_000_000;

/// What was read and written until now, on a line of the terminal.
pub(super) struct Meter {
    progress: RefCell<Progress>,
    images: usize,
    /// The image that was read last, from 0.
    index: Cell<usize>,
    read_bytes: Cell<u64>,
    written_bytes: Cell<u64>,
}

/// An image that tells what is read of it.
pub(super) struct Metered<'m, R> {
    pub(super) meter: &'m Meter,
    pub(super) index: usize,
    pub(super) reader: R,
}

/// A PDF that tells what is written of it.
pub(super) struct MeteredSink<'m, W> {
    pub(super) meter: &'m Meter,
    pub(super) sink: W,
}

impl Meter {
    pub(super) fn start(images: usize) -> Self {
        Self {
            progress: RefCell::new(Progress::start()),
            images,
            index: Cell::new(0),
            read_bytes: Cell::new(0),
            written_bytes: Cell::new(0),
        }
    }

    fn show(&self) {
        self.progress.borrow_mut().show(|| {
            let [read, written] = [&self.read_bytes, &self.written_bytes].map(|bytes| bytes.get() / MEGABYTE);
            format!("image {} of {}, {read} MB read, {written} MB written", self.index.get() + 1, self.images)
        });
    }
}

impl<R: Read> Read for Metered<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.reader.read(buffer)
    }
}

impl<R: BufRead> BufRead for Metered<'_, R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.reader.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.reader.consume(amount);
        self.meter.index.set(self.index);
        self.meter.read_bytes.update(|bytes| bytes + amount as u64);
        self.meter.show();
    }
}

impl<W: Write> Write for MeteredSink<'_, W> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let written = self.sink.write(buffer)?;
        self.meter.written_bytes.update(|bytes| bytes + written as u64);
        self.meter.show();
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.sink.flush()
    }
}
