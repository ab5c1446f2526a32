//! Images with an alpha channel: colours and alpha are parted without undoing a filter.
//!
//! Each filter relates a byte to bytes of the same channel in neighbouring pixels. So the colour bytes of a
//! filtered row are the filtered row of the colours, by the same filter, and the alpha bytes likewise; only
//! the compression is done anew.

use super::{
    header::Header,
    idat::{self, Data, Target},
    rows::Row,
};
use crate::{
    document::Stream,
    embed::Context,
    error::Fault,
    pack::{
        Colors, Parts,
        mask::{Mask, MaskPacker},
    },
};

/// Writes the colours to the stream; gives the compressed mask.
pub(super) fn split(
    data: Data<'_, '_, '_>,
    stream: Stream<'_, '_>,
    context: &mut Context<'_>,
    header: &Header,
) -> Result<Mask, Fault> {
    let mut target = Split {
        colors: Colors::new(stream),
        parts: Parts::new(header.width, header.color_channels(), usize::from(header.bits / 8)),
        mask: MaskPacker::new(context.limits),
    };
    idat::read(data, context, header, &mut target)?;
    target.colors.finish()?;
    Ok(Mask { bits: header.bits, bytes: target.mask.finish()? })
}

struct Split<'d, 'a> {
    colors: Colors<'d, 'a>,
    mask: MaskPacker,
    parts: Parts,
}

impl Target for Split<'_, '_> {
    const WANTS_ROWS: bool = true;

    fn compressed(&mut self, _: &[u8]) -> Result<(), Fault> {
        Ok(())
    }

    fn row(&mut self, row: Row<'_>) -> Result<(), Fault> {
        let (color, alpha) = self.parts.part(&row.bytes[1..]);
        color[0] = row.bytes[0];
        alpha[0] = row.bytes[0];
        self.colors.write(color)?;
        self.mask.write(alpha)
    }
}
