//! The least that copying a PNG into a PDF takes, if it is checked: each chunk's CRC, and that the compressed data inflate to as
//! many bytes as the header says.

use std::{
    num::NonZeroUsize,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use fdeflate::Decompressor;

const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";
/// How far back deflate refers.
const HISTORY_BYTES: usize = 32 << 10;
/// Fits into a processor's cache.
const WINDOW_BYTES: usize = 256 << 10;

/// Checks a PNG of 8 bits a sample without interlacing; hands on each chunk of its compressed data.
pub(super) fn check(png: &[u8], mut take: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
    let mut rest = png.strip_prefix(SIGNATURE).context("this is no PNG")?;
    let (mut expected, mut inflater) = (0, Inflater::new());
    while let Some((length, more)) = rest.split_first_chunk::<4>() {
        let length = usize::try_from(u32::from_be_bytes(*length))?;
        let (chunk, more) = more.split_at_checked(4 + length).context("a chunk is cut")?;
        let (crc, more) = more.split_first_chunk::<4>().context("a chunk is cut")?;
        ensure!(crc32fast::hash(chunk) == u32::from_be_bytes(*crc), "a chunk is damaged");
        let (name, data) = chunk.split_at(4);
        match name {
            b"IHDR" => expected = inflated_bytes(data)?,
            b"IDAT" => {
                inflater.push(data)?;
                take(data)?;
            }
            _ => {}
        }
        rest = more;
    }
    ensure!(inflater.decompressor.is_done(), "the compressed data have no end");
    ensure!(inflater.made == expected, "{} bytes were inflated instead of {expected}", inflater.made);
    Ok(())
}

/// How many of these are checked a second, on all processors.
pub(super) fn checks_a_second(png: &[u8], time: Duration) -> Result<f64> {
    let started = Instant::now();
    let count = || -> Result<u32> {
        let mut count = 0;
        // One in any case: on a busy machine a thread may begin late.
        while count == 0 || started.elapsed() < time {
            check(png, |_| Ok(()))?;
            count += 1;
        }
        Ok(count)
    };
    let processors = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let counts = thread::scope(|scope| {
        let threads: Vec<_> = (0..processors).map(|_| scope.spawn(count)).collect();
        threads.into_iter().map(|thread| thread.join().expect("does not panic")).collect::<Result<Vec<_>>>()
    })?;
    Ok(f64::from(counts.iter().sum::<u32>()) / started.elapsed().as_secs_f64())
}

/// The bytes of all rows, each with its filter.
fn inflated_bytes(header: &[u8]) -> Result<u64> {
    let (width, rest) = header.split_first_chunk::<4>().context("the header is cut")?;
    let (height, rest) = rest.split_first_chunk::<4>().context("the header is cut")?;
    let channels = match rest {
        [8, 0, 0, 0, 0] => 1,
        [8, 2, 0, 0, 0] => 3,
        [8, 6, 0, 0, 0] => 4,
        _ => bail!("this kind of PNG is not measured"),
    };
    let [width, height] = [width, height].map(|size| u64::from(u32::from_be_bytes(*size)));
    Ok(height * (1 + width * channels))
}

struct Inflater {
    decompressor: Decompressor,
    window: Vec<u8>,
    /// Up to where the window is filled.
    at: usize,
    made: u64,
}

impl Inflater {
    fn new() -> Self {
        Self { decompressor: Decompressor::new(), window: vec![0; WINDOW_BYTES], at: 0, made: 0 }
    }

    fn push(&mut self, mut input: &[u8]) -> Result<()> {
        while !self.decompressor.is_done() {
            if self.at == WINDOW_BYTES {
                self.window.copy_within(WINDOW_BYTES - HISTORY_BYTES.., 0);
                self.at = HISTORY_BYTES;
            }
            let (used, made) = self
                .decompressor
                .read(input, &mut self.window, self.at, false)
                .map_err(|error| anyhow::anyhow!("the compressed data are damaged: {error:?}"))?;
            self.at += made;
            self.made += u64::try_from(made)?;
            input = &input[used..];
            if input.is_empty() && self.at < WINDOW_BYTES {
                return Ok(());
            }
        }
        ensure!(input.is_empty(), "something follows the compressed data");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{Pixel, png};

    #[test]
    fn what_is_whole_passes_and_what_is_not_is_refused() {
        for pixel in [Pixel::Rgb, Pixel::Rgba] {
            let whole = png(pixel, 700, 500).unwrap();
            let mut bytes = 0;
            let counted = |data: &[u8]| {
                bytes += data.len();
                Ok(())
            };
            check(&whole, counted).unwrap();
            assert!(bytes > whole.len() / 2 && bytes < whole.len());
            assert!(checks_a_second(&whole, Duration::from_millis(10)).unwrap() > 0.0);
            for (at, flipped) in [(0, 1), (18, 1), (whole.len() / 2, 0x40), (whole.len() - 13, 1)] {
                let mut damaged = whole.clone();
                damaged[at] ^= flipped;
                assert!(check(&damaged, |_| Ok(())).is_err(), "{pixel:?}, damaged at {at}");
            }
            for cut in [8, 30, whole.len() / 2, whole.len() - 13] {
                assert!(check(&whole[..cut], |_| Ok(())).is_err(), "{pixel:?}, cut at {cut}");
            }
        }
    }

    #[test]
    fn a_header_that_lies_is_refused() {
        let mut image = png(Pixel::Rgb, 40, 30).unwrap();
        // One row more, with a CRC that is right.
        image[23] += 1;
        let crc = crc32fast::hash(&image[12..29]);
        image[29..33].copy_from_slice(&crc.to_be_bytes());
        let refused = check(&image, |_| Ok(())).unwrap_err().to_string();
        assert_eq!(refused, format!("{} bytes were inflated instead of {}", 30 * 121, 31 * 121));
    }
}
