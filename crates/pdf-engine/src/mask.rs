//! The soft mask while it waits: compressed and bounded, until the colours are written.

use crate::{deflate::Deflater, error::Fault};

/// A soft mask being made.
pub(crate) struct MaskPacker {
    deflater: Deflater,
    bytes_max: u64,
}

impl MaskPacker {
    pub(crate) fn new(bytes_max: u64) -> Self {
        Self { deflater: Deflater::new(), bytes_max }
    }

    /// Compresses a filtered row of the mask.
    pub(crate) fn write(&mut self, row: &[u8]) -> Result<(), Fault> {
        self.deflater.write(row);
        check(self.deflater.output().len(), self.bytes_max)
    }

    /// The mask's compressed samples.
    pub(crate) fn finish(self) -> Result<Vec<u8>, Fault> {
        let bytes = self.deflater.finish();
        check(bytes.len(), self.bytes_max)?;
        Ok(bytes)
    }
}

fn check(length: usize, bytes_max: u64) -> Result<(), Fault> {
    if length as u64 > bytes_max {
        let what = "the image's transparency takes too many bytes: compressed it";
        return Err(Fault::too_large("mask_bytes_max", bytes_max, what));
    }
    Ok(())
}
