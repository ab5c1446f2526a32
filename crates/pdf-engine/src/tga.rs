//! TGA of Truevision (version 2.0): palettes, colours and grays, plain and in runs.
//!
//! The format has no mark at its beginning, so it is known by a header that nothing else would have.

use crate::{
    Embedding, Format,
    document::Document,
    embed::{Context, Shown},
    error::Fault,
    input::Input,
    pack::{
        whole::{Packed, Whole, pack_whole},
        zeroed,
    },
    page::Orientation,
};

const HEADER_BYTES: usize = 18;

/// What the header says.
#[derive(Debug, Clone, Copy)]
struct Header {
    id_bytes: u8,
    kind: Kind,
    in_runs: bool,
    /// The first entry of the palette that is there, how many are, and their bits.
    palette: Option<(u16, u16, u8)>,
    width: u32,
    height: u32,
    /// Bits of a pixel.
    bits: u8,
    alpha_bits: u8,
    from_right: bool,
    from_top: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Indexed,
    Color,
    Gray,
}

/// Whether these first bytes can be a TGA's header.
pub(crate) fn is_header(head: &[u8]) -> bool {
    head.first_chunk().is_some_and(|header| Header::parse(header).is_some())
}

impl Header {
    /// Reads a header in which everything is possible.
    fn parse(header: &[u8; HEADER_BYTES]) -> Option<Self> {
        let [
            id_bytes,
            has_palette,
            kind,
            f0,
            f1,
            c0,
            c1,
            entry_bits,
            _,
            _,
            _,
            _,
            w0,
            w1,
            h0,
            h1,
            bits,
            flags,
        ] = *header;
        let [first, count, width, height] = [[f0, f1], [c0, c1], [w0, w1], [h0, h1]].map(u16::from_le_bytes);
        let alpha_bits = flags & 15;
        let palette = match (has_palette, entry_bits) {
            (0, _) => None,
            (1, 15 | 16 | 24 | 32) if count > 0 => Some((first, count, entry_bits)),
            _ => return None,
        };
        let (in_runs, kind) = (
            kind >= 9,
            match kind & !8 {
                1 => Kind::Indexed,
                2 => Kind::Color,
                3 => Kind::Gray,
                _ => return None,
            },
        );
        let fits = match kind {
            Kind::Indexed => palette.is_some() && matches!(bits, 8 | 16),
            Kind::Color => matches!((bits, alpha_bits), (15 | 16, 0 | 1) | (24 | 32, 0 | 8)),
            Kind::Gray => matches!((bits, alpha_bits), (8 | 16, 0 | 8)),
        };
        // The two highest bits interleave rows, which no program has done in decades.
        if !fits || width == 0 || height == 0 || flags & 0xc0 != 0 {
            return None;
        }
        Some(Self {
            id_bytes,
            kind,
            in_runs,
            palette,
            width: width.into(),
            height: height.into(),
            bits,
            alpha_bits,
            from_right: flags & 0x10 != 0,
            from_top: flags & 0x20 != 0,
        })
    }

    fn pixel_bytes(&self) -> usize {
        usize::from(self.bits).div_ceil(8)
    }
}

/// Brings a TGA into the document.
pub(crate) fn embed(
    input: &mut Input<'_>,
    document: &mut Document<'_>,
    context: &mut Context<'_>,
) -> Result<(), Fault> {
    input.enter(format_args!("its header"));
    let header: [u8; HEADER_BYTES] = input.array()?;
    let header = Header::parse(&header).ok_or_else(|| Fault::malformed("the TGA's header is impossible"))?;
    context.check_decoded(Format::Tga, header.width, header.height)?;
    input.read_exact(&mut vec![0; header.id_bytes.into()])?;
    let palette = read_palette(input, &header)?;

    let (width, height) = (header.width as usize, header.height as usize);
    let mut samples = zeroed(width as u64 * height as u64 * 4, context.limits, "the TGA")?;
    input.enter(format_args!("its pixels"));
    let mut pixels = Pixels { header: &header, palette: &palette, left: 0, repeated: None };
    for y in 0..height {
        let place = if header.from_top { y } else { height - 1 - y };
        let row = samples[place * width * 4..][..width * 4].as_chunks_mut().0;
        for pixel in row.iter_mut() {
            *pixel = pixels.next(input)?;
        }
        if header.from_right {
            row.reverse();
        }
    }
    // Programs that know no alpha leave it zero.
    if samples.chunks_exact(4).all(|pixel| pixel[3] == 0) {
        samples.chunks_exact_mut(4).for_each(|pixel| pixel[3] = 255);
    }
    let whole = Whole { width: header.width, height: header.height, channels: 4, samples: &samples };
    let Packed { image, transparency } = pack_whole(document, context, whole, None)?;
    let shown = Shown {
        image,
        format: Format::Tga,
        width: header.width,
        height: header.height,
        bits_per_sample: 8,
        densities: &[],
        orientation: Orientation::default(),
        embedding: Embedding::Packed,
        transparency,
    };
    context.show(document, &shown)
}

/// The palette from index 0 on: what comes before its first entry is black.
fn read_palette(input: &mut Input<'_>, header: &Header) -> Result<Vec<[u8; 4]>, Fault> {
    let Some((first, count, bits)) = header.palette else { return Ok(Vec::new()) };
    input.enter(format_args!("its palette"));
    let mut palette = vec![[0, 0, 0, 255]; first.into()];
    for _ in 0..count {
        let mut entry = [0; 4];
        let entry = &mut entry[..usize::from(bits).div_ceil(8)];
        input.read_exact(entry)?;
        palette.push(color(entry, false));
    }
    Ok(palette)
}

/// The pixels in the order of the file.
struct Pixels<'h> {
    header: &'h Header,
    palette: &'h [[u8; 4]],
    /// Of the run or the literal under way.
    left: u8,
    repeated: Option<[u8; 4]>,
}

impl Pixels<'_> {
    fn next(&mut self, input: &mut Input<'_>) -> Result<[u8; 4], Fault> {
        if !self.header.in_runs {
            return self.read(input);
        }
        if self.left == 0 {
            let [head] = input.array()?;
            self.left = (head & 127) + 1;
            self.repeated = if head >= 128 { Some(self.read(input)?) } else { None };
        }
        self.left -= 1;
        match self.repeated {
            Some(pixel) => Ok(pixel),
            None => self.read(input),
        }
    }

    fn read(&self, input: &mut Input<'_>) -> Result<[u8; 4], Fault> {
        let mut bytes = [0; 4];
        let bytes = &mut bytes[..self.header.pixel_bytes()];
        input.read_exact(bytes)?;
        match (self.header.kind, &*bytes) {
            (Kind::Indexed, [low]) => self.of_index(usize::from(*low)),
            (Kind::Indexed, [low, high, ..]) => self.of_index(u16::from_le_bytes([*low, *high]).into()),
            (Kind::Gray, [gray]) => Ok([*gray, *gray, *gray, 255]),
            (Kind::Gray, [gray, alpha, ..]) => Ok([*gray, *gray, *gray, *alpha]),
            (_, bytes) => Ok(color(bytes, self.header.alpha_bits > 0)),
        }
    }

    fn of_index(&self, index: usize) -> Result<[u8; 4], Fault> {
        let missing = || Fault::malformed("the TGA has a pixel of a colour that its palette does not have");
        self.palette.get(index).copied().ok_or_else(missing)
    }
}

/// A colour of 2 to 4 bytes; the one bit of alpha counts where it is said to be one.
fn color(bytes: &[u8], has_alpha: bool) -> [u8; 4] {
    match *bytes {
        [low, high] => {
            let value = u16::from_le_bytes([low, high]);
            let spread = |shift: u16| {
                let field = value >> shift & 31;
                u8::try_from((field * 255 + 15) / 31).unwrap_or(u8::MAX)
            };
            let alpha = if has_alpha && value >> 15 == 0 { 0 } else { 255 };
            [spread(10), spread(5), spread(0), alpha]
        }
        [blue, green, red, alpha] => [red, green, blue, alpha],
        [blue, green, red, ..] => [red, green, blue, 255],
        _ => [0, 0, 0, 255],
    }
}
