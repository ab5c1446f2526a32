//! Filtered rows on their way into a stream of the document.

use crate::{deflate::Deflater, document::Stream, error::Fault};

/// What is compressed leaves when so much waits.
const DRAIN_BYTES: usize = 32 << 10;

/// Colours on their way into a stream.
pub(crate) struct Colors<'d, 'a> {
    stream: Stream<'d, 'a>,
    deflater: Deflater,
}

impl<'d, 'a> Colors<'d, 'a> {
    pub(crate) fn new(stream: Stream<'d, 'a>) -> Self {
        Self { stream, deflater: Deflater::new() }
    }

    /// Takes a filtered row.
    pub(crate) fn write(&mut self, row: &[u8]) -> Result<(), Fault> {
        self.stream.poll()?;
        self.deflater.write(row);
        let output = self.deflater.output();
        if output.len() >= DRAIN_BYTES {
            self.stream.write(output)?;
            output.clear();
        }
        Ok(())
    }

    pub(crate) fn finish(mut self) -> Result<(), Fault> {
        self.stream.write(&self.deflater.finish())?;
        self.stream.finish()
    }
}
