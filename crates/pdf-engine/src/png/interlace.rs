//! Interlaced images: PDF has no interlacing, so they are decoded, put in order, and packed again.

use super::{
    copy::PaletteMask,
    header::{ColorType, Header},
    idat::{self, Data, Target},
    rows::{Pass, Row},
};
use crate::{
    Limits,
    document::Stream,
    embed::Context,
    error::Fault,
    pack::{
        Colors, Parts,
        filter::{self, Filter},
        mask::{Mask, MaskMaker},
        zeroed,
    },
};

/// Packs the image into the stream; gives its mask, of its alpha channel or of a palette with these alphas.
pub(super) fn pack(
    data: Data<'_, '_, '_>,
    stream: Stream<'_, '_>,
    context: &mut Context<'_>,
    header: &Header,
    alphas: Option<&[u8]>,
) -> Result<Option<Mask>, Fault> {
    let mut target = Deinterlace::new(header, context)?;
    idat::read(data, context, header, &mut target)?;
    let rows = target.image.chunks_exact(target.row_bytes);
    let limits = context.limits;
    if header.color.has_alpha() {
        return pack_parts(rows, stream, header, limits).map(Some);
    }
    let mut mask = alphas.map(|alphas| PaletteMask::new(header, alphas, limits));
    let adaptive = header.bits >= 8 && header.color != ColorType::Indexed;
    let mut filter = Filter::new(target.row_bytes, header.filter_distance(), adaptive);
    let mut colors = Colors::new(stream);
    for row in rows {
        colors.write(filter.apply(row))?;
        if let Some(mask) = &mut mask {
            mask.write(row)?;
        }
    }
    colors.finish()?;
    mask.map(PaletteMask::finish).transpose()
}

/// Packs colours and alpha apart.
fn pack_parts<'r>(
    rows: impl Iterator<Item = &'r [u8]>,
    stream: Stream<'_, '_>,
    header: &Header,
    limits: &Limits,
) -> Result<Mask, Fault> {
    let mut parts = Parts::new(header.width, header.color_channels(), usize::from(header.bits / 8));
    let alpha_bytes = usize::from(header.bits / 8);
    let alpha_row = header.width as usize * alpha_bytes;
    let color_row = header.row_bytes(header.width) - alpha_row;
    let mut color_filter = Filter::new(color_row, header.filter_distance() - alpha_bytes, true);
    let mut colors = Colors::new(stream);
    let mut mask = MaskMaker::new(header.width, header.bits, limits);
    for row in rows {
        let (color, alpha) = parts.part(row);
        colors.write(color_filter.apply(&color[1..]))?;
        mask.write(&alpha[1..])?;
    }
    colors.finish()?;
    mask.finish()
}

/// The whole image, filled pass by pass.
struct Deinterlace {
    image: Vec<u8>,
    /// Bytes of a row of the whole image.
    row_bytes: usize,
    bits_per_pixel: usize,
    filter_distance: usize,
    /// The row of this pass above, and this one, both without filter.
    previous: Vec<u8>,
    current: Vec<u8>,
}

impl Deinterlace {
    fn new(header: &Header, context: &Context<'_>) -> Result<Self, Fault> {
        let row_bytes = header.row_bytes(header.width);
        let bytes = row_bytes as u64 * u64::from(header.height);
        Ok(Self {
            image: zeroed(bytes, context.limits, "the PNG is interlaced: it")?,
            row_bytes,
            bits_per_pixel: usize::from(header.bits) * usize::from(header.color.channels()),
            filter_distance: header.filter_distance(),
            previous: Vec::new(),
            current: Vec::new(),
        })
    }

    /// Puts the row's pixels where they belong.
    fn scatter(&mut self, pass: Pass, y: u32) {
        let start = (pass.top + y * pass.down_step) as usize * self.row_bytes;
        let whole_row = &mut self.image[start..start + self.row_bytes];
        let places = (0..pass.width).map(|x| (pass.left + x * pass.right_step) as usize);
        if self.bits_per_pixel >= 8 {
            let bytes = self.bits_per_pixel / 8;
            for (place, pixel) in places.zip(self.current.chunks_exact(bytes)) {
                whole_row[place * bytes..][..bytes].copy_from_slice(pixel);
            }
            return;
        }
        let bits = self.bits_per_pixel;
        for (x, place) in places.enumerate() {
            let from = self.current[x * bits / 8] << (x * bits % 8) >> (8 - bits);
            whole_row[place * bits / 8] |= from << (8 - bits - place * bits % 8);
        }
    }
}

impl Target for Deinterlace {
    const WANTS_ROWS: bool = true;

    fn compressed(&mut self, _: &[u8]) -> Result<(), Fault> {
        Ok(())
    }

    fn row(&mut self, row: Row<'_>) -> Result<(), Fault> {
        let (filter, data) = (row.bytes[0], &row.bytes[1..]);
        if row.y == 0 {
            self.previous.clear();
            self.previous.resize(data.len(), 0);
        }
        self.current.clear();
        self.current.extend_from_slice(data);
        filter::undo(filter, &mut self.current, &self.previous, self.filter_distance);
        self.scatter(row.pass, row.y);
        std::mem::swap(&mut self.previous, &mut self.current);
        Ok(())
    }
}
