//! The engine reads and writes as if there were files; here are the two ends of that.

use std::{
    fmt,
    io::{self, BufRead, Read, Write},
};

use aws_lc_rs::digest;
use bytes::{Buf, Bytes};
use tokio::sync::mpsc;

use crate::{error::Error, storage::Content};

/// Pieces that wait between two steps. With pieces of some 64 KiB that is half a megabyte a side.
pub(super) const PIECES_IN_FLIGHT: usize = 8;
/// What the writer gathers before it hands on.
const PIECE_BYTES: usize = 64 * 1024;

/// What comes from the source. A sender that goes away without [`Piece::End`] has failed.
#[derive(Debug)]
pub(super) enum Piece {
    /// The next bytes.
    Data(Bytes),
    /// The source is complete.
    End,
}

/// The source's bytes, for a thread that may block.
#[derive(Debug)]
pub(super) struct SourceReader {
    pieces: mpsc::Receiver<Piece>,
    current: Bytes,
    ended: bool,
}

impl SourceReader {
    pub(super) fn new(pieces: mpsc::Receiver<Piece>) -> Self {
        Self { pieces, current: Bytes::new(), ended: false }
    }
}

impl BufRead for SourceReader {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.current.is_empty() && !self.ended {
            match self.pieces.blocking_recv() {
                Some(Piece::Data(bytes)) => self.current = bytes,
                Some(Piece::End) => self.ended = true,
                None => return Err(Error::broken_pipe()),
            }
        }
        Ok(&self.current)
    }

    fn consume(&mut self, amount: usize) {
        self.current.advance(amount);
    }
}

impl Read for SourceReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let length = available.len().min(buffer.len());
        buffer[..length].copy_from_slice(&available[..length]);
        self.consume(length);
        Ok(length)
    }
}

/// The SHA-256 digest of a PDF (FIPS 180-4); shown as 64 hexadecimal digits.
#[derive(Debug, Clone, Copy)]
pub struct Sha256(digest::Digest);

impl fmt::Display for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_ref().iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// The PDF's bytes, from a thread that may block.
pub(super) struct StoreWriter {
    content: mpsc::Sender<Content>,
    gathered: Vec<u8>,
    digest: digest::Context,
}

impl fmt::Debug for StoreWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreWriter").field("gathered", &self.gathered.len()).finish_non_exhaustive()
    }
}

impl StoreWriter {
    pub(super) fn new(content: mpsc::Sender<Content>) -> Self {
        Self { content, gathered: Vec::new(), digest: digest::Context::new(&digest::SHA256) }
    }

    /// Hands on the rest and says that the PDF is complete. Without this it is discarded. Tells its digest.
    pub(super) fn finish(&mut self) -> io::Result<Sha256> {
        self.hand_on()?;
        self.send(Content::End)?;
        Ok(Sha256(self.digest.clone().finish()))
    }

    fn hand_on(&mut self) -> io::Result<()> {
        if self.gathered.is_empty() {
            return Ok(());
        }
        self.digest.update(&self.gathered);
        let piece = Bytes::from(std::mem::take(&mut self.gathered));
        self.send(Content::Data(piece))
    }

    fn send(&self, content: Content) -> io::Result<()> {
        self.content.blocking_send(content).map_err(|_| Error::broken_pipe())
    }
}

impl Write for StoreWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.gathered.capacity() == 0 {
            self.gathered.reserve_exact(PIECE_BYTES);
        }
        let room = PIECE_BYTES - self.gathered.len();
        let taken = bytes.len().min(room);
        self.gathered.extend_from_slice(&bytes[..taken]);
        if taken == room {
            self.hand_on()?;
        }
        Ok(taken)
    }

    /// Does nothing: a store takes parts, and only [`StoreWriter::finish`] ends the last one.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pieces: Vec<Piece>) -> io::Result<Vec<u8>> {
        let (sender, receiver) = mpsc::channel(pieces.len().max(1));
        for piece in pieces {
            sender.try_send(piece).unwrap();
        }
        drop(sender);
        let mut all = Vec::new();
        SourceReader::new(receiver).read_to_end(&mut all).map(|_| all)
    }

    #[test]
    fn a_source_without_its_end_is_an_error_not_a_short_file() {
        let data = |text: &'static str| Piece::Data(Bytes::from_static(text.as_bytes()));
        assert_eq!(read(vec![data("ab"), data(""), data("c"), Piece::End]).unwrap(), b"abc");
        assert_eq!(read(vec![Piece::End]).unwrap(), b"");
        assert_eq!(read(vec![data("ab")]).unwrap_err().kind(), io::ErrorKind::BrokenPipe);
        assert_eq!(read(vec![]).unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    }

    #[test]
    fn the_writer_hands_on_whole_pieces_and_ends_only_when_finished() {
        let (sender, mut content) = mpsc::channel(PIECES_IN_FLIGHT);
        let mut writer = StoreWriter::new(sender);
        writer.write_all(&vec![7; PIECE_BYTES + 1]).unwrap();
        let mut lengths = Vec::new();
        while let Ok(Content::Data(bytes)) = content.try_recv() {
            lengths.push(bytes.len());
        }
        assert_eq!(lengths, [PIECE_BYTES]);
        writer.finish().unwrap();
        assert!(matches!(content.try_recv(), Ok(Content::Data(bytes)) if bytes.len() == 1));
        assert!(matches!(content.try_recv(), Ok(Content::End)));
        drop(content);
        assert_eq!(writer.write(&vec![7; PIECE_BYTES]).unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    }
}
