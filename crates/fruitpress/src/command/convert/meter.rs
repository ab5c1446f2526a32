//! How far a conversion has come, told by its readers and its writer.

use std::{
    io::{self, BufRead, Read, Write},
    sync::{
        Mutex,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
};

use super::super::progress::Progress;

const MEGABYTE: u64 = 1_000_000;

/// What was read and written until now, on a line of the terminal.
pub(super) struct Meter {
    progress: Mutex<Progress>,
    images: usize,
    /// How many images have been begun.
    begun: AtomicUsize,
    read_bytes: AtomicU64,
    written_bytes: AtomicU64,
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
            progress: Mutex::new(Progress::start()),
            images,
            begun: AtomicUsize::new(0),
            read_bytes: AtomicU64::new(0),
            written_bytes: AtomicU64::new(0),
        }
    }

    fn show(&self) {
        // Where another thread writes the line, it is written.
        let Ok(mut progress) = self.progress.try_lock() else { return };
        progress.show(|| {
            let [read, written] =
                [&self.read_bytes, &self.written_bytes].map(|bytes| bytes.load(Ordering::Relaxed) / MEGABYTE);
            let begun = self.begun.load(Ordering::Relaxed);
            format!("image {begun} of {}, {read} MB read, {written} MB written", self.images)
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
        self.meter.begun.fetch_max(self.index + 1, Ordering::Relaxed);
        self.meter.read_bytes.fetch_add(amount as u64, Ordering::Relaxed);
        self.meter.show();
    }
}

impl<W: Write> Write for MeteredSink<'_, W> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let written = self.sink.write(buffer)?;
        self.meter.written_bytes.fetch_add(written as u64, Ordering::Relaxed);
        self.meter.show();
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.sink.flush()
    }
}
