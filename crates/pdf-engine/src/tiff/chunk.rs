//! Strips and tiles, brought back to rows of samples as the page has them.

use weezl::{BitOrder, LzwStatus, decode::Decoder};

use super::{
    fax,
    page::{Compression, Page},
    windowed::{self, Window},
};
use crate::{
    error::{Count, Fault},
    inflate::inflate_into,
    spool::Spooled,
};

impl Page<'_> {
    /// The bytes of a chunk as they stand in the file, the first bit of each the high one.
    pub(super) fn stored<'s>(
        &self,
        file: Spooled<'s>,
        index: usize,
    ) -> Result<std::borrow::Cow<'s, [u8]>, Fault> {
        let (at, length) = self.chunks[index];
        let bytes = file.slice(at, length, "strip or tile")?;
        Ok(if self.reversed {
            bytes.iter().map(|byte| byte.reverse_bits()).collect::<Vec<_>>().into()
        } else {
            bytes.into()
        })
    }

    /// Decodes a chunk that has so many rows into `out`, which is as long as those, each pixel with samples of its own. `blocks` is
    /// room for a chunk whose pixels share some.
    pub(super) fn decode_pixels(
        &self,
        file: Spooled<'_>,
        index: usize,
        rows: u32,
        blocks: &mut [u8],
        window: Window,
        out: &mut [u8],
    ) -> Result<(), Fault> {
        let Some(ycbcr) = self.ycbcr.as_ref().filter(|ycbcr| ycbcr.is_shared()) else {
            return self.decode(file, index, rows, window, out);
        };
        let count = usize::try_from(ycbcr.chunk_bytes(self.chunk.0, rows)).unwrap_or(usize::MAX);
        let blocks = blocks.get_mut(..count).unwrap_or_default();
        self.decode(file, index, rows, window, blocks)?;
        ycbcr.spread(blocks, self.chunk.0, out);
        Ok(())
    }

    /// Decodes a chunk that has so many rows into `out`, which is as long as those.
    fn decode(
        &self,
        file: Spooled<'_>,
        index: usize,
        rows: u32,
        window: Window,
        out: &mut [u8],
    ) -> Result<(), Fault> {
        let stored = self.stored(file, index)?;
        let filled = match self.compression {
            Compression::None => {
                let count = out.len().min(stored.len());
                out[..count].copy_from_slice(&stored[..count]);
                count
            }
            Compression::Lzw => lzw(file, &stored, out)?,
            Compression::Deflate => inflate_into("TIFF", &stored, out)?,
            Compression::PackBits => packbits(&stored, out),
            Compression::Zstd => windowed::zstd(file, &stored, window, out)?,
            Compression::Xz => windowed::xz(file, &stored, window, out)?,
            Compression::Fax(kind) => {
                fax::decode(file, &stored, kind, self.chunk.0, rows, out)?;
                out.len()
            }
            Compression::Jpeg => {
                return Err(file.unsupported("has tiles of JPEG, and strips are converted; save it anew"));
            }
        };
        if filled < out.len() {
            return Err(file.fault(format_args!(
                "has a strip or tile of {} bytes, and data for {}",
                Count(out.len() as u64),
                Count(filled as u64)
            )));
        }
        if self.differences {
            let row_bytes = out.len() / rows as usize;
            out.chunks_exact_mut(row_bytes).for_each(|row| self.sum(row));
        }
        Ok(())
    }

    /// Makes samples of differences from the pixel before: TIFF 6.0, section 14.
    fn sum(&self, row: &mut [u8]) {
        let distance = if self.planar { 1 } else { usize::from(self.samples) };
        if self.bits == 8 {
            for at in distance..row.len() {
                row[at] = row[at].wrapping_add(row[at - distance]);
            }
            return;
        }
        let (mut read, mut write) = (u16::from_le_bytes as fn(_) -> _, u16::to_le_bytes as fn(_) -> _);
        if self.big_endian {
            (read, write) = (u16::from_be_bytes, u16::to_be_bytes);
        }
        let samples = row.as_chunks_mut::<2>().0;
        for at in distance..samples.len() {
            samples[at] = write(read(samples[at]).wrapping_add(read(samples[at - distance])));
        }
    }
}

/// Tells how many bytes came of it.
fn lzw(file: Spooled<'_>, mut data: &[u8], out: &mut [u8]) -> Result<usize, Fault> {
    // Before 1989 the bits were the other way round: the first code, which clears the table, shows that.
    if let [0, second, ..] = data
        && second & 1 == 1
    {
        return Err(file.unsupported("is compressed with an old form of LZW; save it anew"));
    }
    let mut decoder = Decoder::with_tiff_size_switch(BitOrder::Msb, 8);
    let mut filled = 0;
    while filled < out.len() {
        let result = decoder.decode_bytes(data, &mut out[filled..]);
        data = &data[result.consumed_in..];
        filled += result.consumed_out;
        match result.status {
            Ok(LzwStatus::Ok) if result.consumed_in + result.consumed_out > 0 => {}
            Ok(_) => break,
            Err(_) => return Err(file.fault("has a strip or tile whose LZW data are damaged")),
        }
    }
    Ok(filled)
}

/// Tells how many bytes came of it: TIFF 6.0, section 9.
fn packbits(mut data: &[u8], out: &mut [u8]) -> usize {
    let mut filled = 0;
    while let [head, rest @ ..] = data
        && filled < out.len()
    {
        let room = out.len() - filled;
        data = rest;
        match (head.cast_signed(), rest) {
            (-128, _) => {}
            (0.., _) => {
                let length = usize::from(*head) + 1;
                let count = length.min(rest.len()).min(room);
                out[filled..filled + count].copy_from_slice(&rest[..count]);
                filled += count;
                data = rest.get(length..).unwrap_or_default();
            }
            (_, [value, more @ ..]) => {
                let count = (257 - usize::from(*head)).min(room);
                out[filled..filled + count].fill(*value);
                filled += count;
                data = more;
            }
            (_, []) => {}
        }
    }
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_and_literals_fill_what_there_is_room_for() {
        for (data, room, expected) in [
            (&[2, 7, 8, 9][..], 4, &[7, 8, 9][..]),
            (&[0xfe, 5], 3, &[5, 5, 5]),
            (&[0xfe, 5], 2, &[5, 5]),
            (&[0x80, 0, 4], 2, &[4]),
            (&[5, 1, 2], 9, &[1, 2]),
            (&[0xff], 9, &[]),
            (&[0xff, 1, 1, 2, 3], 9, &[1, 1, 2, 3]),
        ] {
            let mut out = vec![0; room];
            let filled = packbits(data, &mut out);
            assert_eq!(&out[..filled], expected, "{data:?}");
        }
    }
}
