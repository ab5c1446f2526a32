//! Zlib streams, inflated as they come, in memory that does not grow.

use fdeflate::{DecompressionError, Decompressor};

use crate::error::Fault;

/// How far back deflate refers.
const HISTORY_BYTES: usize = 32 << 10;
/// Small enough for a processor's cache, and large enough that moving the history costs little.
const WINDOW_BYTES: usize = 256 << 10;

/// A zlib stream under way.
pub(crate) struct Inflater {
    /// What the stream belongs to, for messages.
    owner: &'static str,
    decompressor: Decompressor,
    window: Vec<u8>,
    /// Up to where the window is filled.
    at: usize,
    surplus: bool,
}

impl Inflater {
    pub(crate) fn new(owner: &'static str) -> Self {
        Self {
            owner,
            decompressor: Decompressor::new(),
            window: vec![0; WINDOW_BYTES],
            at: 0,
            surplus: false,
        }
    }

    /// Takes compressed data and hands on what comes of them.
    pub(crate) fn push(
        &mut self,
        mut input: &[u8],
        mut take: impl FnMut(&[u8]) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        while !self.decompressor.is_done() {
            if self.at == WINDOW_BYTES {
                self.window.copy_within(WINDOW_BYTES - HISTORY_BYTES.., 0);
                self.at = HISTORY_BYTES;
            }
            let (used, made) = self
                .decompressor
                .read(input, &mut self.window, self.at, false)
                .map_err(|error| damaged(self.owner, &error))?;
            let end = self.at + made;
            take(&self.window[self.at..end])?;
            self.at = end;
            input = &input[used..];
            if input.is_empty() && self.at < WINDOW_BYTES {
                return Ok(());
            }
        }
        self.surplus |= !input.is_empty();
        Ok(())
    }

    /// Whether the stream has come to its end, with its checksum right.
    pub(crate) fn is_done(&self) -> bool {
        self.decompressor.is_done()
    }

    /// Whether something came after the stream's end.
    pub(crate) fn has_surplus(&self) -> bool {
        self.surplus
    }
}

/// Fills `out` with what compressed data begin with; tells how much of it was filled.
pub(crate) fn inflate_into(owner: &str, mut data: &[u8], out: &mut [u8]) -> Result<usize, Fault> {
    let mut decompressor = Decompressor::new();
    let mut filled = 0;
    while filled < out.len() && !decompressor.is_done() {
        let (used, made) =
            decompressor.read(data, out, filled, true).map_err(|error| damaged(owner, &error))?;
        data = &data[used..];
        filled += made;
        if used == 0 && made == 0 {
            break;
        }
    }
    Ok(filled)
}

fn damaged(owner: &str, error: &DecompressionError) -> Fault {
    Fault::malformed(format!("the {owner}'s compressed data are damaged: {}", reason(error)))
}

fn reason(error: &DecompressionError) -> &'static str {
    match error {
        DecompressionError::BadZlibHeader => "they are no zlib stream",
        DecompressionError::InsufficientInput => "they end too early",
        DecompressionError::WrongChecksum => "their checksum is wrong",
        DecompressionError::DistanceTooFarBack | DecompressionError::InputStartsWithRun => {
            "they repeat what was not there"
        }
        _ => "they hold an impossible code",
    }
}
