//! The image data: chunks of one zlib stream of rows (ISO/IEC 15948, section 11.2.4).

use super::{
    chunk::{Chunks, Kind},
    header::Header,
    rows::{Row, Rows},
};
use crate::{embed::Context, error::Fault, inflate::Inflater};

pub(super) const IDAT: Kind = Kind(*b"IDAT");

/// What becomes of the image data.
pub(super) trait Target {
    /// Whether [`row`](Self::row) is called: counting rows is cheaper than gathering them.
    const WANTS_ROWS: bool;

    /// Takes compressed data as they stand in the file.
    fn compressed(&mut self, bytes: &[u8]) -> Result<(), Fault>;

    /// Takes a filtered row.
    fn row(&mut self, row: Row<'_>) -> Result<(), Fault>;
}

/// Reads all image data from the first IDAT on, which was just begun, checks them, and begins the next chunk.
pub(super) fn read<T: Target>(
    chunks: &mut Chunks<'_, '_>,
    context: &mut Context<'_>,
    header: &Header,
    target: &mut T,
) -> Result<(), Fault> {
    let mut inflater = Inflater::new("PNG");
    let mut rows = Rows::new(header, T::WANTS_ROWS);
    loop {
        chunks.stream(|bytes| {
            target.compressed(bytes)?;
            inflater.push(bytes, |data| rows.push(data, |row| target.row(row)))
        })?;
        if chunks.next()? != IDAT {
            break;
        }
    }
    if !inflater.is_done() {
        return Err(Fault::malformed("the PNG's compressed image data end too early"));
    }
    rows.finish()?;
    if inflater.has_surplus() {
        context.warn("the image data are followed by bytes that mean nothing");
    }
    Ok(())
}
