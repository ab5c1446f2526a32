//! The source as the formats read it: forward, counted, cancellable, with its errors told apart.

use std::{
    cell::Cell,
    fmt::{self, Write},
    io::{BufRead, ErrorKind},
    rc::Rc,
};

use crate::{
    Cancel, Limits, Purpose, Source,
    error::{Count, Fault},
    format::{Format, SNIFFED_BYTES},
};

/// What is asked for at once for a source that is held whole; then twice as much, and so on.
const SPOOL_BYTES_MIN: usize = 64 << 10;
/// A source beyond this gets room for as much as it may have, of which memory is only what is filled: to move it to larger
/// and larger places would take it twice.
const SPOOL_BYTES_MOVED_MAX: usize = 1 << 20;

/// A source and how far it was read.
pub(crate) struct Input<'a> {
    reader: Box<dyn BufRead + 'a>,
    cancel: &'a Cancel,
    /// The first bytes, read ahead to tell the format.
    head: Vec<u8>,
    /// How much of `head` was consumed.
    head_used: usize,
    position: Rc<Cell<u64>>,
    format: &'static str,
    place: String,
}

impl<'a> Input<'a> {
    pub(crate) fn new(source: Source<'a>, cancel: &'a Cancel) -> Self {
        Self {
            reader: source.reader,
            cancel,
            head: Vec::with_capacity(SNIFFED_BYTES),
            head_used: 0,
            position: Rc::default(),
            format: "image",
            place: String::from("its first bytes"),
        }
    }

    /// Reads the first bytes, tells the format by them, and leaves them to be read.
    pub(crate) fn sniff(&mut self) -> Result<Format, Fault> {
        while self.head.len() < SNIFFED_BYTES {
            let wanted = SNIFFED_BYTES - self.head.len();
            let more = fill(self.reader.as_mut(), self.cancel)?;
            if more.is_empty() {
                break;
            }
            let taken = more.len().min(wanted);
            self.head.extend_from_slice(&more[..taken]);
            self.reader.consume(taken);
        }
        let format = Format::sniff(&self.head)?;
        self.format = format.name();
        Ok(format)
    }

    /// Says what is being read, for the message if the source ends within it.
    pub(crate) fn enter(&mut self, place: fmt::Arguments<'_>) {
        self.place.clear();
        // Writing to a string cannot fail.
        let _ = self.place.write_fmt(place);
    }

    /// How many bytes were read so far.
    pub(crate) fn position(&self) -> u64 {
        self.position.get()
    }

    /// The same, wherever that is.
    pub(crate) fn read_bytes(&self) -> Rc<Cell<u64>> {
        Rc::clone(&self.position)
    }

    /// Some bytes that come next, at least one; the end of the source is an error.
    pub(crate) fn fill(&mut self) -> Result<&[u8], Fault> {
        if self.head_used < self.head.len() {
            return Ok(&self.head[self.head_used..]);
        }
        // Asked twice, because the borrow checker cannot see that an empty buffer is not kept.
        if fill(self.reader.as_mut(), self.cancel)?.is_empty() {
            return Err(self.ended());
        }
        fill(self.reader.as_mut(), self.cancel)
    }

    /// Whether the source has come to its end.
    pub(crate) fn is_at_end(&mut self) -> Result<bool, Fault> {
        Ok(self.head_used >= self.head.len() && fill(self.reader.as_mut(), self.cancel)?.is_empty())
    }

    /// The flag that stops the conversion.
    pub(crate) fn cancel(&self) -> &'a Cancel {
        self.cancel
    }

    /// All that comes until the end, in memory.
    pub(crate) fn spool(&mut self, limits: &Limits) -> Result<Vec<u8>, Fault> {
        let (format, bytes_max) = (self.format, limits.spool_bytes_max);
        let too_large = || {
            let what = format_args!(
                "the {format} is read from more than one place, so it must be held in memory: it"
            );
            Fault::too_large("spool_bytes_max", bytes_max, what)
        };
        let (mut bytes, mut held) = (Vec::new(), 0);
        while !self.is_at_end()? {
            let more = self.fill()?;
            let count = more.len();
            if (bytes.len() + count) as u64 > bytes_max {
                return Err(too_large());
            }
            if bytes.len() + count > held {
                let most = usize::try_from(bytes_max).unwrap_or(usize::MAX);
                held = (2 * held).max(bytes.len() + count).max(SPOOL_BYTES_MIN).min(most);
                limits.memory.hold(Purpose::Source, held as u64)?;
                let room = if held > SPOOL_BYTES_MOVED_MAX { most } else { held };
                // Where there is no room for so much, there may be for less.
                bytes
                    .try_reserve_exact(room - bytes.len())
                    .or_else(|_| bytes.try_reserve_exact(held - bytes.len()))
                    .map_err(|_| too_large())?;
            }
            bytes.extend_from_slice(more);
            self.consume(count);
        }
        Ok(bytes)
    }

    /// Takes `count` bytes of what [`fill`](Self::fill) gave.
    pub(crate) fn consume(&mut self, count: usize) {
        if self.head_used < self.head.len() {
            self.head_used += count;
        } else {
            self.reader.consume(count);
        }
        self.position.set(self.position() + count as u64);
    }

    /// Fills `buffer`.
    pub(crate) fn read_exact(&mut self, mut buffer: &mut [u8]) -> Result<(), Fault> {
        while !buffer.is_empty() {
            let more = self.fill()?;
            let taken = more.len().min(buffer.len());
            let (now, later) = buffer.split_at_mut(taken);
            now.copy_from_slice(&more[..taken]);
            buffer = later;
            self.consume(taken);
        }
        Ok(())
    }

    /// The next `N` bytes.
    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        let mut bytes = [0; N];
        self.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    fn ended(&self) -> Fault {
        Fault::malformed(format!(
            "the {} ends after {} bytes, inside {}",
            self.format,
            Count(self.position()),
            self.place
        ))
    }
}

/// What the reader has next; nothing at its end.
fn fill<'r>(reader: &'r mut dyn BufRead, cancel: &Cancel) -> Result<&'r [u8], Fault> {
    loop {
        if cancel.is_cancelled() {
            return Err(Fault::Cancelled);
        }
        match reader.fill_buf() {
            Ok(_) => break,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(Fault::Source(error)),
        }
    }
    // The buffer is filled: this returns what was just seen.
    reader.fill_buf().map_err(Fault::Source)
}
