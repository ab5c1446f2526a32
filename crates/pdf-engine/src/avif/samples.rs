//! Where the samples of a track are: their sizes, the chunks that they lie in, and how many lie in each (ISO/IEC
//! 14496-12, 8.7).

use crate::{
    boxes::Fields,
    error::{Count, Fault},
    spool::Spooled,
};

/// The places of a track's tables.
#[derive(Default)]
pub(super) struct Table {
    /// `stsz`, or `stz2`, whose numbers are narrower.
    pub(super) sizes: Option<(u64, u64)>,
    pub(super) narrow_sizes: Option<(u64, u64)>,
    /// `stco`, or `co64`, whose numbers are wider.
    pub(super) chunks: Option<(u64, u64)>,
    pub(super) wide_chunks: Option<(u64, u64)>,
    /// `stsc`.
    pub(super) runs: Option<(u64, u64)>,
}

/// The sizes of samples, one behind the other.
struct Sizes<'s> {
    fields: Fields<'s>,
    /// Where all have the same.
    common: Option<u64>,
    /// Bits of each.
    bits: u8,
    /// The second of two numbers that share a byte.
    pending: Option<u8>,
    count: u32,
}

/// How many samples lie in a chunk, from one chunk on until the next such run.
struct Runs<'s> {
    fields: Fields<'s>,
    left: u32,
    samples: u32,
    next: Option<(u32, u32)>,
}

impl Table {
    /// How many samples there are.
    pub(super) fn count(&self, file: Spooled<'_>) -> Result<u32, Fault> {
        self.sizes(file).map(|sizes| sizes.count)
    }

    /// Whether there is a place for any sample.
    pub(super) fn has_chunks(&self, file: Spooled<'_>) -> bool {
        self.chunks(file).is_ok_and(|(_, _, count)| count > 0)
    }

    /// The first samples, at most so many, each of which must be there.
    pub(super) fn read<'s>(&self, file: Spooled<'s>, samples_max: u32) -> Result<Vec<&'s [u8]>, Fault> {
        let mut sizes = self.sizes(file)?;
        let (mut chunks, offset_bytes, chunk_count) = self.chunks(file)?;
        let mut runs = self.runs(file)?;
        let wanted = sizes.count.min(samples_max) as usize;
        let mut samples = Vec::new();
        let mut bytes = 0;
        for chunk in 1..=chunk_count {
            let mut at = chunks.sized(offset_bytes)?;
            for _ in 0..runs.samples_of(file, chunk)? {
                if samples.len() == wanted {
                    return Ok(samples);
                }
                let size = sizes.next(file)?;
                samples.push(file.slice(at, size, "sample")?);
                (at, bytes) = (at + size, bytes + size);
                // Samples that overlap could make much of little.
                if bytes > file.bytes.len() as u64 {
                    return Err(file.fault("has samples that are larger than the file"));
                }
            }
        }
        if samples.len() < wanted {
            return Err(file.fault(format_args!(
                "says that its track has {} samples, and where {} of them are",
                Count(sizes.count.into()),
                Count(samples.len() as u64)
            )));
        }
        Ok(samples)
    }

    fn sizes<'s>(&self, file: Spooled<'s>) -> Result<Sizes<'s>, Fault> {
        let (mut fields, narrow) = match (self.sizes, self.narrow_sizes) {
            (Some((start, end)), _) => (Fields::new(file, "stsz", start, end), false),
            (None, Some((start, end))) => (Fields::new(file, "stz2", start, end), true),
            (None, None) => return Err(file.fault("does not say how large the samples of its track are")),
        };
        fields.version()?;
        let first = fields.u32()?;
        let (common, bits) = match (narrow, first) {
            (false, 0) => (None, 32),
            (false, size) => (Some(u64::from(size)), 0),
            (true, _) => match first.to_be_bytes()[3] {
                bits @ (4 | 8 | 16) => (None, bits),
                _ => return Err(file.fault("has sizes of samples of an unknown width")),
            },
        };
        let count = fields.u32()?;
        if count == 0 {
            return Err(file.unsupported(
                "has a track without a sample; save it anew, not in fragments, if it is a sequence",
            ));
        }
        Ok(Sizes { fields, common, bits, pending: None, count })
    }

    /// The places of the chunks, how many bytes each has, and how many there are.
    fn chunks<'s>(&self, file: Spooled<'s>) -> Result<(Fields<'s>, u8, u32), Fault> {
        let (mut fields, offset_bytes) = match (self.chunks, self.wide_chunks) {
            (Some((start, end)), _) => (Fields::new(file, "stco", start, end), 4),
            (None, Some((start, end))) => (Fields::new(file, "co64", start, end), 8),
            (None, None) => return Err(file.fault("does not say where the samples of its track are")),
        };
        fields.version()?;
        let count = fields.u32()?;
        Ok((fields, offset_bytes, count))
    }

    fn runs<'s>(&self, file: Spooled<'s>) -> Result<Runs<'s>, Fault> {
        let (start, end) =
            self.runs.ok_or_else(|| file.fault("does not say which chunk has which samples of its track"))?;
        let mut fields = Fields::new(file, "stsc", start, end);
        fields.version()?;
        let left = fields.u32()?;
        let mut runs = Runs { fields, left, samples: 0, next: None };
        runs.advance(file, 0)?;
        if !matches!(runs.next, Some((1, _))) {
            return Err(file.fault("does not say how many samples its first chunk has"));
        }
        Ok(runs)
    }
}

impl Sizes<'_> {
    fn next(&mut self, file: Spooled<'_>) -> Result<u64, Fault> {
        if let Some(size) = self.common {
            return Ok(size);
        }
        let size = match self.bits {
            4 => {
                if let Some(low) = self.pending.take() {
                    low.into()
                } else {
                    let byte = self.fields.u8()?;
                    self.pending = Some(byte & 15);
                    u64::from(byte >> 4)
                }
            }
            bits => self.fields.sized(bits / 8)?,
        };
        if size == 0 {
            return Err(file.fault("has a sample without a byte"));
        }
        Ok(size)
    }
}

impl Runs<'_> {
    /// How many samples a chunk has; chunks are asked for in their order.
    fn samples_of(&mut self, file: Spooled<'_>, chunk: u32) -> Result<u32, Fault> {
        if let Some((first, samples)) = self.next
            && first == chunk
        {
            self.samples = samples;
            self.advance(file, first)?;
        }
        Ok(self.samples)
    }

    /// Reads the next run, which must begin behind this chunk.
    fn advance(&mut self, file: Spooled<'_>, behind: u32) -> Result<(), Fault> {
        self.next = None;
        if self.left > 0 {
            self.left -= 1;
            let [first, samples, description] = [self.fields.u32()?, self.fields.u32()?, self.fields.u32()?];
            if first <= behind || samples == 0 {
                return Err(file.fault("has chunks without a sample, or in no order"));
            }
            if description != 1 {
                return Err(file.unsupported("has a track whose samples are of more than one kind"));
            }
            self.next = Some((first, samples));
        }
        Ok(())
    }
}
