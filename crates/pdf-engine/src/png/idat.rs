//! The image data: chunks of one zlib stream of rows (ISO/IEC 15948, section 11.2.4). Those of an animation's further
//! frames are the same behind a number each (PNG, third edition, section 11.3.6.3).

use super::{
    animation::Sequence,
    chunk::{Chunks, Kind},
    header::Header,
    rows::{Row, Rows},
};
use crate::{embed::Context, error::Fault, inflate::Inflater};

pub(super) const IDAT: Kind = Kind(*b"IDAT");
pub(super) const FDAT: Kind = Kind(*b"fdAT");

/// Where the image data of one image stand.
pub(super) struct Data<'d, 'i, 'a> {
    pub(super) chunks: &'d mut Chunks<'i, 'a>,
    /// In which order, where they are those of a further frame: in fdAT.
    pub(super) sequence: Option<&'d mut Sequence>,
    /// Who is shown each row beside the target.
    pub(super) beside: Option<&'d mut dyn FnMut(Row<'_>)>,
}

/// What becomes of the image data.
pub(super) trait Target {
    /// Whether [`row`](Self::row) is called: counting rows is cheaper than gathering them.
    const WANTS_ROWS: bool;

    /// Takes compressed data as they stand in the file.
    fn compressed(&mut self, bytes: &[u8]) -> Result<(), Fault>;

    /// Takes a filtered row.
    fn row(&mut self, row: Row<'_>) -> Result<(), Fault>;
}

/// Reads all image data from their first chunk on, which was just begun, checks them, and begins the next chunk.
pub(super) fn read<T: Target>(
    data: Data<'_, '_, '_>,
    context: &mut Context<'_>,
    header: &Header,
    target: &mut T,
) -> Result<(), Fault> {
    let Data { chunks, mut sequence, mut beside } = data;
    let kind = if sequence.is_some() { FDAT } else { IDAT };
    let mut inflater = Inflater::new("PNG");
    let mut rows = Rows::new(header, T::WANTS_ROWS || beside.is_some());
    loop {
        if let Some(sequence) = &mut sequence {
            sequence.check(chunks)?;
        }
        chunks.stream(|bytes| {
            target.compressed(bytes)?;
            inflater.push(bytes, |data| {
                rows.push(data, |row| {
                    if let Some(beside) = &mut beside {
                        beside(row);
                    }
                    target.row(row)
                })
            })
        })?;
        if chunks.next()? != kind {
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
