//! PBM, PGM, PPM and PAM (Netpbm): plain and raw, forward, a page for each image in the file.

use crate::{
    Embedding, Format,
    document::{Color, Document, Space},
    embed::{Context, Shown},
    error::Fault,
    input::Input,
    pack::{Alpha, Raster, Rows, pack},
    page::Orientation,
};

/// A word of a header, or a plain sample, has no more letters: a file that is no text ends here.
const WORD_BYTES_MAX: usize = 32;

/// Brings each image of a PNM into the document.
pub(crate) fn embed(
    input: &mut Input<'_>,
    document: &mut Document<'_>,
    context: &mut Context<'_>,
) -> Result<(), Fault> {
    loop {
        let header = Header::read(input)?;
        context.check_decoded(Format::Pnm, header.width, header.height)?;
        input.enter(format_args!("its pixels"));
        let raster = header.raster();
        let image = pack(document, context, &raster, |rows| header.copy_rows(input, &raster, rows))?;
        let more = follows(input, context)?;
        let shown = Shown {
            image,
            format: Format::Pnm,
            width: header.width,
            height: header.height,
            bits_per_sample: raster.bits,
            densities: &[],
            orientation: Orientation::default(),
            embedding: Embedding::Packed,
            transparency: raster.transparency(),
        };
        context.show(document, &shown)?;
        if !more || !context.wants_frame(Format::Pnm)? {
            return Ok(());
        }
    }
}

/// Whether another image follows; white space may.
fn follows(input: &mut Input<'_>, context: &mut Context<'_>) -> Result<bool, Fault> {
    while !input.is_at_end()? {
        match input.fill()?[0] {
            space if space.is_ascii_whitespace() => input.consume(1),
            b'P' => return Ok(true),
            _ => {
                context.warn("the image is followed by bytes that are none");
                return Ok(false);
            }
        }
    }
    Ok(false)
}

/// What stands before the samples.
struct Header {
    width: u32,
    height: u32,
    /// Samples of a pixel, an alpha among them.
    channels: u8,
    has_alpha: bool,
    /// The sample that is brightest; that of plain bits is 1.
    max: u16,
    samples: Samples,
}

/// How samples are written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Samples {
    /// Numbers in decimal.
    Plain,
    /// A byte each, or two.
    Raw,
    /// `0` and `1`, where 1 is black.
    PlainBits,
    /// Eight to a byte, where 1 is black.
    RawBits,
}

impl Header {
    fn read(input: &mut Input<'_>) -> Result<Self, Fault> {
        input.enter(format_args!("its header"));
        let [first, kind] = input.array()?;
        let (channels, samples) = match (first, kind) {
            (b'P', b'1') => (1, Samples::PlainBits),
            (b'P', b'2') => (1, Samples::Plain),
            (b'P', b'3') => (3, Samples::Plain),
            (b'P', b'4') => (1, Samples::RawBits),
            (b'P', b'5') => (1, Samples::Raw),
            (b'P', b'6') => (3, Samples::Raw),
            (b'P', b'7') => return Self::read_pam(input),
            _ => return Err(Fault::malformed("the PNM has something behind its image that is no other")),
        };
        let [width, height] = [number(input, "width")?, number(input, "height")?];
        let is_bits = matches!(samples, Samples::PlainBits | Samples::RawBits);
        let max = if is_bits { 1 } else { number(input, "largest sample")? };
        Self { width, height, channels, has_alpha: false, max: checked_max(max)?, samples }.checked()
    }

    /// The header of PAM: lines of a name and a value.
    fn read_pam(input: &mut Input<'_>) -> Result<Self, Fault> {
        let (mut width, mut height, mut depth, mut max) = (0, 0, 0, 0);
        loop {
            match word(input)?.as_slice() {
                b"WIDTH" => width = number(input, "width")?,
                b"HEIGHT" => height = number(input, "height")?,
                b"DEPTH" => depth = number(input, "depth")?,
                b"MAXVAL" => max = number(input, "largest sample")?,
                // The depth says the same.
                b"TUPLTYPE" => drop(word(input)?),
                b"ENDHDR" => break,
                other => {
                    let name = other.escape_ascii();
                    return Err(Fault::malformed(format!("the PAM's header has an unknown line {name}")));
                }
            }
        }
        let channels = match depth {
            1..=4 => u8::try_from(depth).unwrap_or(0),
            0 => return Err(Fault::malformed("the PAM's header does not say its depth")),
            _ => {
                return Err(Fault::unsupported(format!(
                    "the PAM has {depth} samples a pixel, and up to 4 are converted"
                )));
            }
        };
        let has_alpha = matches!(channels, 2 | 4);
        Self { width, height, channels, has_alpha, max: checked_max(max)?, samples: Samples::Raw }.checked()
    }

    fn checked(self) -> Result<Self, Fault> {
        if self.width == 0 || self.height == 0 {
            return Err(Fault::malformed("the PNM claims an image without pixels"));
        }
        Ok(self)
    }

    fn raster(&self) -> Raster<'static> {
        let is_bits = matches!(self.samples, Samples::PlainBits | Samples::RawBits);
        let space = if self.channels >= 3 { Space::Rgb } else { Space::Gray };
        Raster {
            width: self.width,
            height: self.height,
            bits: match self.max {
                _ if is_bits => 1,
                0..=255 => 8,
                _ => 16,
            },
            color: Color::device(space),
            inverted: is_bits,
            alpha: if self.has_alpha { Alpha::Channel { premultiplied: false } } else { Alpha::None },
        }
    }

    fn copy_rows(
        &self,
        input: &mut Input<'_>,
        raster: &Raster<'_>,
        rows: &mut Rows<'_, '_>,
    ) -> Result<(), Fault> {
        let mut row = vec![0; raster.row_bytes()];
        for _ in 0..self.height {
            match self.samples {
                Samples::Raw | Samples::RawBits => input.read_exact(&mut row)?,
                Samples::Plain => self.plain_row(input, &mut row)?,
                Samples::PlainBits => plain_bits(input, self.width, &mut row)?,
            }
            self.scale(&mut row, raster.bits)?;
            rows.write(&row)?;
        }
        Ok(())
    }

    fn plain_row(&self, input: &mut Input<'_>, row: &mut [u8]) -> Result<(), Fault> {
        for sample in row.chunks_exact_mut(if self.max > 255 { 2 } else { 1 }) {
            let value = u16::try_from(number(input, "sample")?).unwrap_or(u16::MAX);
            match sample {
                [byte] => *byte = u8::try_from(value).map_err(|_| too_bright())?,
                bytes => bytes.copy_from_slice(&value.to_be_bytes()),
            }
        }
        Ok(())
    }

    /// Spreads samples over all that their bits can say.
    fn scale(&self, row: &mut [u8], bits: u8) -> Result<(), Fault> {
        let max = u32::from(self.max);
        let spread = |value: u32, full: u32| {
            if value > max { Err(too_bright()) } else { Ok((value * full + max / 2) / max) }
        };
        match (bits, self.max) {
            (1, _) | (_, 255 | u16::MAX) => {}
            (8, _) => {
                for byte in row {
                    *byte = u8::try_from(spread((*byte).into(), 255)?).unwrap_or(u8::MAX);
                }
            }
            _ => {
                for sample in row.as_chunks_mut().0 {
                    let spread = spread(u16::from_be_bytes(*sample).into(), 65_535)?;
                    *sample = u16::try_from(spread).unwrap_or(u16::MAX).to_be_bytes();
                }
            }
        }
        Ok(())
    }
}

fn too_bright() -> Fault {
    Fault::malformed("the PNM has a sample that is larger than its header allows")
}

fn checked_max(max: u32) -> Result<u16, Fault> {
    match u16::try_from(max) {
        Ok(max @ 1..) => Ok(max),
        _ => Err(Fault::malformed(format!("the PNM's largest sample would be {max}, and may be 1 to 65535"))),
    }
}

/// Digits that need nothing between them.
fn plain_bits(input: &mut Input<'_>, width: u32, row: &mut [u8]) -> Result<(), Fault> {
    row.fill(0);
    for x in 0..width as usize {
        let digit = loop {
            let [byte] = input.array()?;
            match byte {
                b'0' | b'1' => break byte & 1,
                b'#' => skip_comment(input)?,
                space if space.is_ascii_whitespace() => {}
                _ => return Err(Fault::malformed("the PNM has a pixel that is neither 0 nor 1")),
            }
        };
        row[x / 8] |= digit << (7 - x % 8);
    }
    Ok(())
}

/// A number in decimal.
fn number(input: &mut Input<'_>, what: &str) -> Result<u32, Fault> {
    let word = word(input)?;
    let digits =
        std::str::from_utf8(&word).ok().filter(|word| word.bytes().all(|byte| byte.is_ascii_digit()));
    digits.and_then(|digits| digits.parse().ok()).ok_or_else(|| {
        Fault::malformed(format!("the PNM's {what} is no number: \"{}\"", word.escape_ascii()))
    })
}

/// What stands between white space, and the one byte of that behind it; comments count as white space.
fn word(input: &mut Input<'_>) -> Result<Vec<u8>, Fault> {
    let mut word = Vec::new();
    loop {
        // The last sample of a plain file may end it.
        if !word.is_empty() && input.is_at_end()? {
            return Ok(word);
        }
        let [byte] = input.array()?;
        match byte {
            b'#' => {
                skip_comment(input)?;
                if !word.is_empty() {
                    return Ok(word);
                }
            }
            space if space.is_ascii_whitespace() => {
                if !word.is_empty() {
                    return Ok(word);
                }
            }
            _ if word.len() == WORD_BYTES_MAX => {
                return Err(Fault::malformed(format!(
                    "the PNM has no number where \"{}\" stands",
                    word.escape_ascii()
                )));
            }
            _ => word.push(byte),
        }
    }
}

fn skip_comment(input: &mut Input<'_>) -> Result<(), Fault> {
    while !matches!(input.array()?, [b'\n' | b'\r']) {}
    Ok(())
}
