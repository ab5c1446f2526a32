//! Compresses what could not be copied.
//!
//! fdeflate's compressor is made for filtered image rows: runs of zeros and one fixed code, at several hundred
//! megabytes a second.

use std::{cell::RefCell, io, rc::Rc};

use fdeflate::Compressor;

use crate::error::Fault;

/// A zlib stream being made.
pub(crate) struct Packer {
    compressor: Compressor<Shared>,
    output: Shared,
}

/// Where the compressor writes: the packer reads it while the compressor owns it. It must be memory, because
/// the compressor panics where its writer fails.
#[derive(Clone, Default)]
struct Shared(Rc<RefCell<Vec<u8>>>);

impl io::Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Packer {
    pub(crate) fn new() -> Result<Self, Fault> {
        let output = Shared::default();
        Ok(Self { compressor: Compressor::new(output.clone()).map_err(Fault::Sink)?, output })
    }

    /// Compresses some data.
    pub(crate) fn write(&mut self, data: &[u8]) -> Result<(), Fault> {
        self.compressor.write_data(data).map_err(Fault::Sink)
    }

    /// Hands on what is compressed so far, and forgets it.
    pub(crate) fn drain(&mut self, mut take: impl FnMut(&[u8]) -> Result<(), Fault>) -> Result<(), Fault> {
        let mut output = self.output.0.borrow_mut();
        take(&output)?;
        output.clear();
        Ok(())
    }

    /// How much compressed data waits.
    pub(crate) fn waiting(&self) -> usize {
        self.output.0.borrow().len()
    }

    /// Ends the stream; gives what is compressed and was not handed on.
    pub(crate) fn finish(self) -> Result<Vec<u8>, Fault> {
        self.compressor.finish().map_err(Fault::Sink)?;
        Ok(self.output.0.take())
    }
}

/// A soft mask being made: it waits in memory, compressed and bounded, until the colours are written.
pub(crate) struct MaskPacker {
    packer: Packer,
    bytes_max: u64,
}

impl MaskPacker {
    pub(crate) fn new(bytes_max: u64) -> Result<Self, Fault> {
        Ok(Self { packer: Packer::new()?, bytes_max })
    }

    /// Compresses a filtered row of the mask.
    pub(crate) fn write(&mut self, row: &[u8]) -> Result<(), Fault> {
        self.packer.write(row)?;
        check(self.packer.waiting(), self.bytes_max)
    }

    /// The mask's compressed samples.
    pub(crate) fn finish(self) -> Result<Vec<u8>, Fault> {
        let Self { packer, bytes_max } = self;
        let bytes = packer.finish()?;
        check(bytes.len(), bytes_max)?;
        Ok(bytes)
    }
}

fn check(length: usize, bytes_max: u64) -> Result<(), Fault> {
    if length as u64 > bytes_max {
        return Err(Fault::too_large(
            "mask_bytes_max",
            bytes_max,
            "the image's transparency takes too many bytes: compressed it",
        ));
    }
    Ok(())
}
