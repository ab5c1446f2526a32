//! The bytes of a file, and the line that they stand on.

use std::{
    fmt,
    io::{self, BufRead, Cursor, Read},
};

/// What some programs put before UTF-8, and what they put before UTF-16.
const MARK: &[u8] = b"\xef\xbb\xbf";
const UTF16_MARKS: [&[u8]; 2] = [b"\xff\xfe", b"\xfe\xff"];

/// A file that cannot be read to its end. Nothing that follows could be trusted.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// It, or the disk or the program behind it, failed.
    #[error("it cannot be read")]
    Failed(#[from] io::Error),
    /// It is not of its format, or breaks off.
    #[error("line {line}: {reason}")]
    Malformed {
        /// Where it stops being of its format, the first line being 1.
        line: u64,
        /// What is wrong there.
        reason: String,
    },
}

impl Unreadable {
    pub(super) fn at(line: u64, reason: impl fmt::Display) -> Self {
        Self::Malformed { line, reason: reason.to_string() }
    }
}

/// The file behind its byte order mark, if it has one.
pub(super) fn without_mark<R: BufRead>(mut reader: R) -> Result<impl BufRead, Unreadable> {
    let mut start = Vec::with_capacity(MARK.len());
    reader.by_ref().take(MARK.len() as u64).read_to_end(&mut start)?;
    if UTF16_MARKS.iter().any(|mark| start.starts_with(mark)) {
        return Err(Unreadable::at(1, "it is UTF-16; save it as UTF-8"));
    }
    if start == MARK {
        start.clear();
    }
    Ok(Cursor::new(start).chain(reader))
}

/// A file that is read byte by byte.
pub(super) struct Input<R> {
    reader: R,
    line: u64,
}

impl<R: BufRead> Input<R> {
    pub(super) fn new(reader: R) -> Self {
        Self { reader, line: 1 }
    }

    /// The line of the next byte.
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    /// The next byte, which stays the next one; `None` at the end.
    pub(super) fn peek(&mut self) -> io::Result<Option<u8>> {
        loop {
            match self.reader.fill_buf() {
                Ok(bytes) => return Ok(bytes.first().copied()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// The next byte; `None` at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<u8>> {
        let byte = self.peek()?;
        if let Some(byte) = byte {
            self.reader.consume(1);
            self.line += u64::from(byte == b'\n');
        }
        Ok(byte)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mark_is_left_out_once() {
        for (file, text) in
            [("", ""), ("a", "a"), ("\u{feff}", ""), ("\u{feff}a", "a"), ("\u{feff}\u{feff}", "\u{feff}")]
        {
            let mut read = String::new();
            without_mark(file.as_bytes()).unwrap().read_to_string(&mut read).unwrap();
            assert_eq!(read, text);
        }
        for file in [b"\xff\xfe[\0".as_slice(), b"\xfe\xff\0["] {
            assert!(without_mark(file).err().unwrap().to_string().contains("UTF-16"));
        }
    }
}
