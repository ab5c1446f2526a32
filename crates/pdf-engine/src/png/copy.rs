//! Images without an alpha channel: their compressed data are what PDF's `/FlateDecode` with a PNG predictor
//! reads, so they are copied. The transparency of a palette becomes a soft mask, made beside the copy.

use super::{
    header::Header,
    idat::{self, Data, Target},
    rows::Row,
};
use crate::{
    Limits,
    document::Stream,
    embed::Context,
    error::Fault,
    pack::{
        filter,
        mask::{Mask, MaskMaker},
    },
};

/// Copies the image data; makes the mask of a palette with these alphas.
pub(super) fn copy(
    data: Data<'_, '_, '_>,
    stream: Stream<'_, '_>,
    context: &mut Context<'_>,
    header: &Header,
    alphas: Option<&[u8]>,
) -> Result<Option<Mask>, Fault> {
    let Some(alphas) = alphas else {
        let mut target = Copy(stream);
        idat::read(data, context, header, &mut target)?;
        target.0.finish()?;
        return Ok(None);
    };
    let row_bytes = header.row_bytes(header.width);
    let mut target = CopyAndMask {
        stream,
        previous: vec![0; row_bytes],
        indexes: vec![0; row_bytes],
        mask: PaletteMask::new(header, alphas, context.limits),
    };
    idat::read(data, context, header, &mut target)?;
    target.stream.finish()?;
    target.mask.finish().map(Some)
}

struct Copy<'d, 'a>(Stream<'d, 'a>);

impl Target for Copy<'_, '_> {
    const WANTS_ROWS: bool = false;

    fn compressed(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        self.0.write(bytes)
    }

    fn row(&mut self, _: Row<'_>) -> Result<(), Fault> {
        Ok(())
    }
}

struct CopyAndMask<'d, 'a, 'p> {
    stream: Stream<'d, 'a>,
    previous: Vec<u8>,
    indexes: Vec<u8>,
    mask: PaletteMask<'p>,
}

impl Target for CopyAndMask<'_, '_, '_> {
    const WANTS_ROWS: bool = true;

    fn compressed(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        self.stream.write(bytes)
    }

    fn row(&mut self, row: Row<'_>) -> Result<(), Fault> {
        self.indexes.copy_from_slice(&row.bytes[1..]);
        filter::undo(row.bytes[0], &mut self.indexes, &self.previous, 1);
        self.mask.write(&self.indexes)?;
        std::mem::swap(&mut self.previous, &mut self.indexes);
        Ok(())
    }
}

/// The soft mask of a palette image: each pixel's is its index's alpha.
pub(super) struct PaletteMask<'p> {
    alphas: &'p [u8],
    bits: u8,
    row: Vec<u8>,
    maker: MaskMaker,
}

impl<'p> PaletteMask<'p> {
    pub(super) fn new(header: &Header, alphas: &'p [u8], limits: &Limits) -> Self {
        let width = header.width as usize;
        Self {
            alphas,
            bits: header.bits,
            row: vec![0; width],
            maker: MaskMaker::new(header.width, 8, limits),
        }
    }

    /// Takes a row of indexes, without a filter, several to a byte where they have less than 8 bits.
    pub(super) fn write(&mut self, indexes: &[u8]) -> Result<(), Fault> {
        let per_byte = usize::from(8 / self.bits);
        let index_mask = u8::MAX >> (8 - self.bits);
        for (pixels, byte) in self.row.chunks_mut(per_byte).zip(indexes) {
            let mut byte = *byte;
            for pixel in pixels {
                byte = byte.rotate_left(u32::from(self.bits));
                *pixel = self.alphas[usize::from(byte & index_mask)];
            }
        }
        self.maker.write(&self.row)
    }

    pub(super) fn finish(self) -> Result<Mask, Fault> {
        self.maker.finish()
    }
}
