//! From a page's chunks to the rows that the document takes: tiles beside each other, planes between each other,
//! samples of odd depths spread over whole bytes.

use super::{
    page::{Page, Palette, Photometric},
    windowed::Window,
};
use crate::{
    Limits,
    document::{Color, Ref},
    error::Fault,
    pack::{Alpha, Raster, Rows, check_held, zeroed},
    spool::Spooled,
};

impl Page<'_> {
    /// How the page is packed.
    pub(super) fn raster(&self, profile: Option<Ref>) -> Raster<'_> {
        let alpha = match self.alpha {
            Some(alpha) => Alpha::Channel { premultiplied: alpha.premultiplied },
            None => Alpha::None,
        };
        Raster {
            width: self.width,
            height: self.height,
            bits: self.packed_bits(),
            color: Color { space: self.space(), profile, palette: self.kept_palette() },
            inverted: self.photometric == Photometric::WhiteIsZero,
            alpha,
        }
    }

    /// Bits of a sample in the PDF, which knows fewer depths, and of a mask's fewer still.
    pub(super) fn packed_bits(&self) -> u8 {
        match self.bits {
            _ if matches!(self.palette, Palette::Words(_)) => 16,
            1 | 2 | 4 if self.alpha.is_none() => u8::try_from(self.bits).unwrap_or(8),
            0..=8 => 8,
            _ => 16,
        }
    }

    /// Hands over all rows.
    pub(super) fn fill(
        &self,
        file: Spooled<'_>,
        limits: &Limits,
        rows: &mut Rows<'_, '_>,
    ) -> Result<(), Fault> {
        let mut band = Band::new(self, limits)?;
        let mut out = Vec::new();
        for top in (0..self.height).step_by(self.chunk.1 as usize) {
            band.read(self, file, top)?;
            for y in 0..self.chunk.1.min(self.height - top) {
                out.clear();
                self.convert(&band, y as usize, &mut out);
                rows.write(&out)?;
            }
        }
        Ok(())
    }

    /// Appends a row of the band as it is packed.
    fn convert(&self, band: &Band, y: usize, out: &mut Vec<u8>) {
        let start = out.len();
        self.gather(band, y, out);
        if let Some(ycbcr) = &self.ycbcr {
            ycbcr.convert(&mut out[start..]);
        }
        if let Some(lab) = self.lab() {
            lab.convert(self.shown().count(), &mut out[start..]);
        }
    }

    /// Appends a row of the band, its samples as PDF orders them.
    fn gather(&self, band: &Band, y: usize, out: &mut Vec<u8>) {
        let bits = self.packed_bits();
        let wanted = self.shown().count();
        let row = |plane: usize| &band.planes[plane][y * band.row_bytes..][..band.row_bytes];
        let is_ready = !self.planar && wanted == usize::from(self.samples) && u16::from(bits) == self.bits;
        if is_ready && (self.photometric != Photometric::Palette || self.kept_palette().is_some()) {
            let bytes = usize::try_from(self.row_bytes(self.width)).unwrap_or(0);
            let start = out.len();
            out.extend_from_slice(&row(0)[..bytes]);
            if bits == 16 && !self.big_endian {
                out[start..].as_chunks_mut::<2>().0.iter_mut().for_each(|sample| sample.reverse());
            }
            return;
        }
        let mut packer = BitPacker { out, bits: bits.into(), waiting: 0, count: 0 };
        for x in 0..self.width as usize {
            for (channel, place) in self.shown().enumerate() {
                let sample = if self.planar {
                    self.sample(row(channel), x)
                } else {
                    self.sample(row(0), x * usize::from(self.samples) + place)
                };
                self.put(&mut packer, sample, channel);
            }
        }
        packer.finish();
    }

    fn put(&self, packer: &mut BitPacker<'_>, sample: u32, channel: usize) {
        if self.photometric == Photometric::Palette && channel == 0 {
            if self.kept_palette().is_some() {
                return packer.put(sample);
            }
            let color = sample as usize * 3..sample as usize * 3 + 3;
            match &self.palette {
                Palette::Bytes(palette) => {
                    palette[color].iter().for_each(|sample| packer.put((*sample).into()));
                }
                Palette::Words(palette) => {
                    palette[color].iter().for_each(|sample| packer.put((*sample).into()));
                }
            }
            return;
        }
        let max = (1_u32 << self.bits) - 1;
        let full = (1_u32 << packer.bits) - 1;
        // A product of two numbers of 16 bits, and half of one, fits.
        packer.put(if max == full { sample } else { (sample * full + max / 2) / max });
    }

    /// The sample at `index` of a row.
    fn sample(&self, row: &[u8], index: usize) -> u32 {
        match (self.bits, self.big_endian) {
            (8, _) => row[index].into(),
            (16, true) => u16::from_be_bytes([row[index * 2], row[index * 2 + 1]]).into(),
            (16, false) => u16::from_le_bytes([row[index * 2], row[index * 2 + 1]]).into(),
            _ => {
                let bits = usize::from(self.bits);
                let at = index * bits;
                let byte = |at: usize| u32::from(row.get(at).copied().unwrap_or(0));
                let three = byte(at / 8) << 16 | byte(at / 8 + 1) << 8 | byte(at / 8 + 2);
                three >> (24 - at % 8 - bits) & ((1 << bits) - 1)
            }
        }
    }
}

/// The rows of one strip, or of the tiles beside each other.
struct Band {
    planes: Vec<Vec<u8>>,
    /// Bytes of a row, as wide as the tiles are together.
    row_bytes: usize,
    chunk: Vec<u8>,
    chunk_row_bytes: usize,
    /// A chunk whose pixels share their colours, as it is stored.
    blocks: Vec<u8>,
    /// What decoding a chunk may take.
    window: Window,
    across: usize,
}

impl Band {
    fn new(page: &Page<'_>, limits: &Limits) -> Result<Self, Fault> {
        let across = page.width.div_ceil(page.chunk.0);
        let chunk_row = page.row_bytes(page.chunk.0);
        let what = "the TIFF has a strip or tile that";
        let chunk = chunk_row.saturating_mul(page.chunk.1.into());
        let band = chunk.saturating_mul(across.into());
        let planes = if page.planar { page.shown().count() } else { 1 };
        // Tiles beside each other must begin on whole bytes; those of the standard do.
        if across > 1 && !(u64::from(page.chunk.0) * u64::from(page.bits)).is_multiple_of(8) {
            return Err(Fault::unsupported("the TIFF has tiles that are no whole bytes wide; save it anew"));
        }
        let beside = if across > 1 { chunk } else { 0 };
        let shared = page.ycbcr.as_ref().filter(|ycbcr| ycbcr.is_shared());
        let blocks = shared.map_or(0, |ycbcr| ycbcr.chunk_bytes(page.chunk.0, page.chunk.1));
        let held = band.saturating_mul(planes as u64).saturating_add(beside).saturating_add(blocks);
        let window = Window::new(page.compression, chunk.max(blocks), held, limits);
        check_held(held.saturating_add(window.held()), limits, what)?;
        let planes = (0..planes).map(|_| zeroed(band, limits, what)).collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            planes,
            row_bytes: usize::try_from(chunk_row * u64::from(across)).unwrap_or(0),
            chunk: zeroed(beside, limits, what)?,
            chunk_row_bytes: usize::try_from(chunk_row).unwrap_or(0),
            blocks: zeroed(blocks, limits, what)?,
            window,
            across: across as usize,
        })
    }

    /// Decodes the chunks whose first row is `top`.
    fn read(&mut self, page: &Page<'_>, file: Spooled<'_>, top: u32) -> Result<(), Fault> {
        let down = page.height.div_ceil(page.chunk.1) as usize;
        let first = (top / page.chunk.1) as usize * self.across;
        // Tiles are whole, the last strip is as long as the image.
        let rows = if page.is_tiled { page.chunk.1 } else { page.chunk.1.min(page.height - top) };
        let bytes = self.chunk_row_bytes * rows as usize;
        // Where all samples are beside each other, the plane of the first one is that of all.
        for (plane, band) in page.shown().zip(&mut self.planes) {
            let first = plane * down * self.across + first;
            if self.across == 1 {
                page.decode_pixels(file, first, rows, &mut self.blocks, self.window, &mut band[..bytes])?;
                continue;
            }
            for column in 0..self.across {
                let chunk = &mut self.chunk[..bytes];
                page.decode_pixels(file, first + column, rows, &mut self.blocks, self.window, chunk)?;
                let places = band.chunks_exact_mut(self.row_bytes);
                for (place, row) in places.zip(self.chunk.chunks_exact(self.chunk_row_bytes)) {
                    place[column * self.chunk_row_bytes..][..self.chunk_row_bytes].copy_from_slice(row);
                }
            }
        }
        Ok(())
    }
}

/// Puts samples beside each other, the high bit first.
struct BitPacker<'o> {
    out: &'o mut Vec<u8>,
    bits: u32,
    waiting: u32,
    count: u32,
}

impl BitPacker<'_> {
    fn put(&mut self, sample: u32) {
        self.waiting = self.waiting << self.bits | sample;
        self.count += self.bits;
        while self.count >= 8 {
            self.count -= 8;
            let [.., byte] = (self.waiting >> self.count).to_be_bytes();
            self.out.push(byte);
            self.waiting &= (1 << self.count) - 1;
        }
    }

    fn finish(self) {
        if self.count > 0 {
            let [.., byte] = (self.waiting << (8 - self.count)).to_be_bytes();
            self.out.push(byte);
        }
    }
}
