//! Boxes, of which JPEG 2000 and AVIF files consist (ISO/IEC 14496-12, 4.2; T.800, annex I): a length, a kind, a content.

use crate::{
    error::{Count, Fault},
    spool::Spooled,
};

/// A box at `at`: its kind, where its content begins, and where it ends.
pub(crate) fn box_at(file: Spooled<'_>, at: u64, end: u64) -> Result<([u8; 4], u64, u64), Fault> {
    let [a, b, c, d, kind @ ..]: [u8; 8] = file.array(at, "box")?;
    let (start, length) = match u32::from_be_bytes([a, b, c, d]) {
        // To the end of the file.
        0 => (at + 8, end - at),
        1 => (at + 16, u64::from_be_bytes(file.array(at + 8, "box")?)),
        length => (at + 8, length.into()),
    };
    let next = at.saturating_add(length);
    if next < start || next > end {
        let kind = kind.escape_ascii();
        return Err(
            file.fault(format_args!("has a box {kind} at byte {} that does not end within it", Count(at)))
        );
    }
    Ok((kind, start, next))
}

/// The boxes from `at` to `end`, one behind the other.
pub(crate) fn each(
    file: Spooled<'_>,
    mut at: u64,
    end: u64,
    mut take: impl FnMut([u8; 4], u64, u64) -> Result<(), Fault>,
) -> Result<(), Fault> {
    while at < end {
        let (kind, start, next) = box_at(file, at, end)?;
        take(kind, start, next)?;
        at = next;
    }
    Ok(())
}

/// Numbers in a box's content, one behind the other.
#[derive(Clone, Copy)]
pub(crate) struct Fields<'s> {
    file: Spooled<'s>,
    /// What the box is called, for messages.
    what: &'static str,
    at: u64,
    end: u64,
}

impl<'s> Fields<'s> {
    pub(crate) fn new(file: Spooled<'s>, what: &'static str, start: u64, end: u64) -> Self {
        Self { file, what, at: start, end }
    }

    /// The version and flags that full boxes begin with.
    pub(crate) fn version(&mut self) -> Result<(u8, u32), Fault> {
        let word = self.u32()?;
        Ok((word.to_be_bytes()[0], word & 0xff_ffff))
    }

    pub(crate) fn u8(&mut self) -> Result<u8, Fault> {
        self.array().map(u8::from_be_bytes)
    }

    pub(crate) fn u16(&mut self) -> Result<u16, Fault> {
        self.array().map(u16::from_be_bytes)
    }

    pub(crate) fn u32(&mut self) -> Result<u32, Fault> {
        self.array().map(u32::from_be_bytes)
    }

    /// A number of two bytes, or of four where the box's version makes numbers wide.
    pub(crate) fn narrow_or_wide(&mut self, wide: bool) -> Result<u32, Fault> {
        if wide { self.u32() } else { self.u16().map(u32::from) }
    }

    /// A number of so many bytes, at most 8.
    pub(crate) fn sized(&mut self, bytes: u8) -> Result<u64, Fault> {
        (0..bytes).try_fold(0_u64, |number, _| Ok(number << 8 | u64::from(self.u8()?)))
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        if self.end.saturating_sub(self.at) < N as u64 {
            return Err(self.file.fault(format_args!("has a {} box that is too short", self.what)));
        }
        let array = self.file.array(self.at, self.what)?;
        self.at += N as u64;
        Ok(array)
    }

    /// What was not read yet.
    pub(crate) fn rest(&self) -> Result<&'s [u8], Fault> {
        self.file.slice(self.at, self.end - self.at, self.what)
    }

    /// Where that begins and ends.
    pub(crate) fn place(&self) -> (u64, u64) {
        (self.at, self.end)
    }
}
