//! Makes PNGs of every kind, right ones and wrong ones.

/// A PNG to be made. The pixels are a pattern in which neighbours differ and nothing is symmetric.
#[derive(Clone)]
pub(crate) struct Png {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) bits: u8,
    pub(crate) color: u8,
    pub(crate) interlaced: bool,
    /// Between the header and the image data.
    pub(crate) before: Vec<Chunk>,
    /// Between the image data and the end.
    pub(crate) after: Vec<Chunk>,
    /// Bytes of one IDAT at most.
    pub(crate) idat_bytes: usize,
    /// Of each row its filter; `None` uses all five in turn.
    pub(crate) filter: Option<u8>,
    /// How far along the pattern is.
    pub(crate) shift: u32,
}

/// An image as a frame of an animation: where it lies, what becomes of it, and whether it is drawn over what is below.
#[derive(Clone)]
pub(crate) struct Frame {
    pub(crate) image: Png,
    pub(crate) place: [u32; 2],
    pub(crate) disposal: u8,
    pub(crate) blend: u8,
}

/// A chunk's type and data.
pub(crate) type Chunk = ([u8; 4], Vec<u8>);

pub(crate) const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

impl Png {
    pub(crate) fn new(width: u32, height: u32, color: u8, bits: u8) -> Self {
        let mut png = Self {
            width,
            height,
            bits,
            color,
            interlaced: false,
            before: Vec::new(),
            after: Vec::new(),
            idat_bytes: 8192,
            filter: None,
            shift: 0,
        };
        if color == 3 {
            png.before.push((*b"PLTE", palette(1 << bits)));
        }
        png
    }

    pub(crate) fn interlaced(mut self) -> Self {
        self.interlaced = true;
        self
    }

    pub(crate) fn with(mut self, kind: [u8; 4], data: impl Into<Vec<u8>>) -> Self {
        self.before.push((kind, data.into()));
        self
    }

    /// The file.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.with_data(&fdeflate::compress_to_vec(&self.rows()))
    }

    /// The file with other image data.
    pub(crate) fn with_data(&self, compressed: &[u8]) -> Vec<u8> {
        let mut chunks = vec![(*b"IHDR", self.header())];
        chunks.extend(self.before.iter().cloned());
        chunks.extend(compressed.chunks(self.idat_bytes).map(|part| (*b"IDAT", part.to_vec())));
        chunks.extend(self.after.iter().cloned());
        chunks.push((*b"IEND", Vec::new()));
        file(&chunks)
    }

    pub(crate) fn header(&self) -> Vec<u8> {
        let mut header = [self.width.to_be_bytes(), self.height.to_be_bytes()].concat();
        header.extend([self.bits, self.color, 0, 0, u8::from(self.interlaced)]);
        header
    }

    fn channels(&self) -> u32 {
        [1, 0, 3, 1, 2, 0, 4][usize::from(self.color)]
    }

    fn sample(&self, x: u32, y: u32, channel: u32) -> u32 {
        let x = x + self.shift;
        let noise = (x * 7919 + y * 104_729 + channel * 31).wrapping_mul(2_654_435_761) >> 16;
        // Mostly smooth, so that filters matter, with a tenth of noise.
        let smooth = x * 5 + y * 9 + channel * 40 + (x / 5) * (y / 3);
        let value = if noise.is_multiple_of(10) { noise } else { smooth };
        match self.bits {
            16 => value.wrapping_mul(257) & 0xffff,
            bits => value & ((1 << bits) - 1),
        }
    }

    /// All rows, filtered, of all passes.
    pub(crate) fn rows(&self) -> Vec<u8> {
        const ADAM7: [[u32; 4]; 7] = [
            [0, 0, 8, 8],
            [4, 0, 8, 8],
            [0, 4, 4, 8],
            [2, 0, 4, 4],
            [0, 2, 2, 4],
            [1, 0, 2, 2],
            [0, 1, 1, 2],
        ];
        let passes = if self.interlaced { ADAM7.to_vec() } else { vec![[0, 0, 1, 1]] };
        let mut data = Vec::new();
        for [left, top, right, down] in passes {
            let columns: Vec<_> = (left..self.width).step_by(right as usize).collect();
            if columns.is_empty() {
                continue;
            }
            let mut previous = Vec::new();
            for (count, y) in (top..self.height).step_by(down as usize).enumerate() {
                let row = self.row(&columns, y);
                previous.resize(row.len(), 0);
                let filter = self.filter.unwrap_or((count % 5) as u8);
                data.push(filter);
                data.extend(filtered(filter, &row, &previous, self.distance()));
                previous = row;
            }
        }
        data
    }

    fn distance(&self) -> usize {
        (usize::from(self.bits) * self.channels() as usize / 8).max(1)
    }

    fn row(&self, columns: &[u32], y: u32) -> Vec<u8> {
        let samples =
            columns.iter().flat_map(|x| (0..self.channels()).map(|channel| self.sample(*x, y, channel)));
        if self.bits == 16 {
            return samples.flat_map(|sample| (sample as u16).to_be_bytes()).collect();
        }
        let per_byte = usize::from(8 / self.bits);
        let samples: Vec<_> = samples.collect();
        samples
            .chunks(per_byte)
            .map(|group| {
                let packed = group.iter().fold(0, |byte, sample| byte << self.bits | sample);
                (packed << (u32::from(self.bits) * (per_byte - group.len()) as u32)) as u8
            })
            .collect()
    }
}

/// The chunks of an animation, whose size and colours are those of `base`. That is its first frame, or stands before
/// it, where it `is_apart`.
pub(crate) fn animation(base: &Png, is_apart: bool, frames: &[Frame]) -> Vec<Chunk> {
    let mut chunks = vec![(*b"IHDR", base.header())];
    chunks.extend(base.before.iter().cloned());
    let counts = [frames.len() as u32, 0];
    chunks.push((*b"acTL", counts.map(u32::to_be_bytes).concat()));
    let compressed = |image: &Png| fdeflate::compress_to_vec(&image.rows());
    let parts = |image: &Png| -> Vec<Vec<u8>> {
        compressed(image).chunks(base.idat_bytes).map(<[u8]>::to_vec).collect()
    };
    if is_apart {
        chunks.extend(parts(base).into_iter().map(|part| (*b"IDAT", part)));
    }
    let mut number = 0_u32;
    let mut numbered = |data: &[u8]| {
        number += 1;
        [&(number - 1).to_be_bytes(), data].concat()
    };
    for (at, frame) in frames.iter().enumerate() {
        let [left, top] = frame.place;
        let sizes = [frame.image.width, frame.image.height, left, top].map(u32::to_be_bytes).concat();
        let control = [&sizes[..], &[0, 1, 0, 10, frame.disposal, frame.blend]].concat();
        chunks.push((*b"fcTL", numbered(&control)));
        if at == 0 && !is_apart {
            chunks.extend(parts(&frame.image).into_iter().map(|part| (*b"IDAT", part)));
        } else {
            chunks.extend(parts(&frame.image).into_iter().map(|part| (*b"fdAT", numbered(&part))));
        }
    }
    chunks.extend(base.after.iter().cloned());
    chunks.push((*b"IEND", Vec::new()));
    chunks
}

/// So many colours.
pub(crate) fn palette(colors: usize) -> Vec<u8> {
    (0..colors)
        .flat_map(|at| [at * 37 % 256, at * 91 % 256, 255 - at % 256].map(|value| value as u8))
        .collect()
}

/// A file of these chunks.
pub(crate) fn file(chunks: &[([u8; 4], Vec<u8>)]) -> Vec<u8> {
    let mut bytes = SIGNATURE.to_vec();
    for (kind, data) in chunks {
        bytes.extend(chunk(*kind, data));
    }
    bytes
}

/// One chunk with a right checksum.
pub(crate) fn chunk(kind: [u8; 4], data: &[u8]) -> Vec<u8> {
    let body = [kind.as_slice(), data].concat();
    let length = (data.len() as u32).to_be_bytes();
    [length.as_slice(), &body, &crc32fast::hash(&body).to_be_bytes()].concat()
}

/// A chunk with so many pixels a metre.
pub(crate) fn density(x: u32, y: u32, unit: u8) -> Vec<u8> {
    [x.to_be_bytes().as_slice(), &y.to_be_bytes(), &[unit]].concat()
}

fn filtered(filter: u8, row: &[u8], previous: &[u8], distance: usize) -> Vec<u8> {
    (0..row.len())
        .map(|at| {
            let left = if at < distance { 0 } else { row[at - distance] };
            let corner = if at < distance { 0 } else { previous[at - distance] };
            let above = previous[at];
            let guess = match filter {
                1 => left,
                2 => above,
                3 => left.midpoint(above),
                4 => nearest(left, above, corner),
                _ => 0,
            };
            row[at].wrapping_sub(guess)
        })
        .collect()
}

fn nearest(left: u8, above: u8, corner: u8) -> u8 {
    let guess = i32::from(left) + i32::from(above) - i32::from(corner);
    // The first of equals: `min_by_key` keeps it.
    [left, above, corner].into_iter().min_by_key(|byte| (guess - i32::from(*byte)).abs()).unwrap()
}
