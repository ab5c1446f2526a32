//! Bytes on their way to the sink: gathered, counted, fingerprinted.

use std::io::Write;

use super::fragment::{Piece, PieceOutput};
use crate::{Cancel, error::Fault};

/// Stands before the number of an object where that may still change. No text has this character.
pub(super) const NUMBER: char = '\u{1}';

/// Written at once. The fingerprint works on whole blocks, so it does not depend on how writes are cut.
const BLOCK_BYTES: usize = 64 << 10;

/// The largest offset that a cross-reference table can hold: it has ten digits.
const PDF_BYTES_MAX: u64 = 9_999_999_999;

/// Where a document goes.
pub(super) enum Output<'a> {
    Sink(SinkOutput<'a>),
    /// To another document, of which it is a part.
    Pieces(PieceOutput<'a>),
}

impl Output<'_> {
    pub(super) fn position(&self) -> u64 {
        match self {
            Self::Sink(output) => output.position(),
            Self::Pieces(output) => output.position(),
        }
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        match self {
            Self::Sink(output) => output.write(bytes),
            Self::Pieces(output) => output.write(bytes),
        }
    }

    /// Begins an object; its number may change where this is a part.
    pub(super) fn begin_object(&mut self, number: usize) -> Result<(), Fault> {
        match self {
            Self::Sink(output) => output.write(format!("{number} 0 obj\n").as_bytes()),
            Self::Pieces(output) => output.send(Piece::Object(number)),
        }
    }

    /// Writes text in which objects are named, each by the number that `place` gives it.
    pub(super) fn text(&mut self, text: &str, place: impl Fn(usize) -> usize) -> Result<(), Fault> {
        match self {
            Self::Sink(output) => {
                let mut parts = text.split(NUMBER);
                output.write(parts.next().unwrap_or_default().as_bytes())?;
                for part in parts {
                    let digits = part.bytes().take_while(u8::is_ascii_digit).count();
                    let number = part[..digits].parse().map_or(0, &place);
                    output.write(format!("{number}{}", &part[digits..]).as_bytes())?;
                }
                Ok(())
            }
            Self::Pieces(output) => output.send(Piece::Text(text.to_owned())),
        }
    }

    /// A number that is made of all that was written so far; of a part, none.
    pub(super) fn fingerprint(&self) -> u128 {
        match self {
            Self::Sink(output) => output.fingerprint(),
            Self::Pieces(_) => 0,
        }
    }

    /// Ends the output; a part is ended by [`Document::hand_over`](super::Document::hand_over).
    pub(super) fn finish(self) -> Result<u64, Fault> {
        match self {
            Self::Sink(output) => output.finish(),
            Self::Pieces(output) => Ok(output.position()),
        }
    }

    /// An error if the conversion was cancelled.
    pub(super) fn poll(&self) -> Result<(), Fault> {
        match self {
            Self::Sink(output) => output.poll(),
            Self::Pieces(output) => output.poll(),
        }
    }
}

/// To the sink, in blocks.
pub(super) struct SinkOutput<'a> {
    sink: &'a mut dyn Write,
    cancel: &'a Cancel,
    block: Vec<u8>,
    /// Bytes that left with earlier blocks.
    flushed: u64,
    fingerprint: Fingerprint,
}

impl<'a> SinkOutput<'a> {
    pub(super) fn new(sink: &'a mut dyn Write, cancel: &'a Cancel) -> Self {
        Self {
            sink,
            cancel,
            block: Vec::with_capacity(BLOCK_BYTES),
            flushed: 0,
            fingerprint: Fingerprint::default(),
        }
    }

    pub(super) fn position(&self) -> u64 {
        self.flushed + self.block.len() as u64
    }

    pub(super) fn write(&mut self, mut bytes: &[u8]) -> Result<(), Fault> {
        if self.position() + bytes.len() as u64 > PDF_BYTES_MAX {
            return Err(Fault::TooLarge {
                limit: "pdf_bytes_max",
                max: PDF_BYTES_MAX,
                detail: String::from(
                    "the PDF would be larger than 9,999,999,999 bytes, which PDF cannot address",
                ),
            });
        }
        while !bytes.is_empty() {
            let room = BLOCK_BYTES - self.block.len();
            let (now, later) = bytes.split_at(bytes.len().min(room));
            self.block.extend_from_slice(now);
            bytes = later;
            if self.block.len() == BLOCK_BYTES {
                self.flush_block()?;
            }
        }
        Ok(())
    }

    /// A number that is made of all that was written so far.
    pub(super) fn fingerprint(&self) -> u128 {
        let mut all = self.fingerprint.clone();
        all.update(&self.block);
        all.finish(self.position())
    }

    pub(super) fn finish(mut self) -> Result<u64, Fault> {
        self.flush_block()?;
        self.sink.flush().map_err(Fault::Sink)?;
        Ok(self.flushed)
    }

    /// An error if the conversion was cancelled.
    pub(super) fn poll(&self) -> Result<(), Fault> {
        if self.cancel.is_cancelled() { Err(Fault::Cancelled) } else { Ok(()) }
    }

    fn flush_block(&mut self) -> Result<(), Fault> {
        self.poll()?;
        self.sink.write_all(&self.block).map_err(Fault::Sink)?;
        self.fingerprint.update(&self.block);
        self.flushed += self.block.len() as u64;
        self.block.clear();
        Ok(())
    }
}

/// A hash for naming, not for defence: four lanes of multiply and rotate, at memory speed.
#[derive(Debug, Clone)]
struct Fingerprint([u64; 4]);

/// Odd, with about as many ones as zeros: the digits of the golden ratio.
const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;

impl Default for Fingerprint {
    fn default() -> Self {
        Self([1, 2, 3, 4].map(|lane: u64| lane.wrapping_mul(MULTIPLIER)))
    }
}

impl Fingerprint {
    fn update(&mut self, block: &[u8]) {
        let mut stripes = block.chunks_exact(32);
        for stripe in &mut stripes {
            self.stripe(stripe);
        }
        let rest = stripes.remainder();
        if !rest.is_empty() {
            let mut padded = [0; 32];
            padded[..rest.len()].copy_from_slice(rest);
            self.stripe(&padded);
        }
    }

    fn stripe(&mut self, stripe: &[u8]) {
        for (lane, word) in self.0.iter_mut().zip(stripe.chunks_exact(8)) {
            let word = word.try_into().map_or(0, u64::from_le_bytes);
            *lane = (*lane ^ word).wrapping_mul(MULTIPLIER).rotate_left(29);
        }
    }

    fn finish(&self, length: u64) -> u128 {
        let [a, b, c, d] = self.0;
        let low = mix(a ^ mix(b ^ mix(length)));
        let high = mix(c ^ mix(d ^ mix(low)));
        u128::from(high) << 64 | u128::from(low)
    }
}

/// Lets every bit of a word touch every other.
fn mix(mut word: u64) -> u64 {
    for shift in [32, 29] {
        word = (word ^ (word >> shift)).wrapping_mul(MULTIPLIER);
    }
    word ^ (word >> 32)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fingerprint(pieces: &[&[u8]]) -> u128 {
        let (mut sink, cancel) = (Vec::new(), Cancel::new());
        let mut output = SinkOutput::new(&mut sink, &cancel);
        for piece in pieces {
            output.write(piece).unwrap();
        }
        output.fingerprint()
    }

    #[test]
    fn a_fingerprint_depends_on_the_bytes_and_not_on_the_writes() {
        let long = vec![7; 3 * BLOCK_BYTES / 2];
        let mut changed = long.clone();
        changed[17] ^= 1;
        let whole = fingerprint(&[&long]);
        assert_eq!(whole, fingerprint(&[&long[..1], &long[1..BLOCK_BYTES + 3], &long[BLOCK_BYTES + 3..]]));
        assert_ne!(whole, fingerprint(&[&changed]));
        assert_ne!(fingerprint(&[b"a"]), fingerprint(&[b"a\0"]));
    }

    #[test]
    fn the_pdf_ends_where_offsets_do() {
        let (mut sink, cancel) = (Vec::new(), Cancel::new());
        let mut output = SinkOutput::new(&mut sink, &cancel);
        output.flushed = PDF_BYTES_MAX - 2;
        output.write(b"12").unwrap();
        let fault = output.write(b"3").unwrap_err();
        assert!(matches!(fault, Fault::TooLarge { limit: "pdf_bytes_max", .. }), "{fault:?}");
    }
}
