//! The blocks of a GIF: screen, colour tables, extensions, frames (`GIF89a`, sections 15 to 27).

use weezl::{BitOrder, LzwStatus, decode::Decoder};

use crate::{
    Limits,
    embed::Context,
    error::{Count, Fault},
    input::Input,
    pack::zeroed,
};

const EXTENSION: u8 = 0x21;
const IMAGE: u8 = 0x2c;
const TRAILER: u8 = 0x3b;
const GRAPHIC_CONTROL: u8 = 0xf9;
const APPLICATION: u8 = 0xff;
/// The application that ICC's profiles are under.
const ICC: &[u8] = b"ICCRGBG1012";

/// What comes next and matters.
pub(super) enum Block {
    /// A frame, whose indexes are to be read.
    Frame(Frame),
    End,
}

/// A frame's description.
pub(super) struct Frame {
    pub(super) left: u32,
    pub(super) top: u32,
    pub(super) width: u32,
    pub(super) height: u32,
    /// The index that leaves what is below.
    pub(super) hole: Option<u8>,
    pub(super) disposal: Disposal,
    interlaced: bool,
    local: Option<Vec<u8>>,
}

/// What becomes of a frame before the next one is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Disposal {
    Keep,
    Clear,
    Restore,
}

/// A GIF, read block by block.
pub(super) struct Blocks<'i, 'a> {
    input: &'i mut Input<'a>,
    pub(super) screen: (u32, u32),
    global: Option<Vec<u8>>,
    pub(super) profile: Option<Vec<u8>>,
    profile_bytes_max: u64,
    hole: Option<u8>,
    disposal: Disposal,
    surplus: bool,
}

impl<'i, 'a> Blocks<'i, 'a> {
    /// Reads up to the first block.
    pub(super) fn begin(input: &'i mut Input<'a>, limits: &Limits) -> Result<Self, Fault> {
        input.enter(format_args!("its header"));
        let _: [u8; 6] = input.array()?;
        let [w0, w1, h0, h1, flags, _, _] = input.array()?;
        let screen = (u16::from_le_bytes([w0, w1]).into(), u16::from_le_bytes([h0, h1]).into());
        let global = table(input, flags)?;
        let profile_bytes_max = limits.icc_bytes_max;
        let (profile, hole, disposal) = (None, None, Disposal::Keep);
        Ok(Self { input, screen, global, profile, profile_bytes_max, hole, disposal, surplus: false })
    }

    /// Reads up to the next frame's indexes, or to the end.
    pub(super) fn next(&mut self) -> Result<Block, Fault> {
        loop {
            // Many encoders leave the end mark out.
            if self.input.is_at_end()? {
                return Ok(Block::End);
            }
            let position = self.input.position();
            self.input.enter(format_args!("the block at byte {}", Count(position)));
            match self.input.array()? {
                [EXTENSION] => self.extension()?,
                [IMAGE] => return self.frame().map(Block::Frame),
                [TRAILER] => return Ok(Block::End),
                // Some encoders end a block twice.
                [0] => {}
                [other] => {
                    return Err(Fault::malformed(format!(
                        "the GIF has no block at byte {}, where one must be: it begins with {other:02X}",
                        Count(position)
                    )));
                }
            }
        }
    }

    /// The colours of a frame: three bytes each.
    pub(super) fn palette<'f>(&'f self, frame: &'f Frame) -> Result<&'f [u8], Fault> {
        let palette = frame.local.as_deref().or(self.global.as_deref());
        palette.ok_or_else(|| Fault::malformed("the GIF has a frame without any colour table"))
    }

    /// Whether the frame's data had more than its pixels; asked once.
    pub(super) fn take_surplus(&mut self) -> bool {
        std::mem::take(&mut self.surplus)
    }

    fn extension(&mut self) -> Result<(), Fault> {
        let [label] = self.input.array()?;
        match label {
            GRAPHIC_CONTROL => {
                let mut fields = Vec::new();
                self.sub_blocks(|data| fields.extend_from_slice(data))?;
                if let [flags, _, _, index, ..] = *fields {
                    self.hole = (flags & 1 == 1).then_some(index);
                    self.disposal = match flags >> 2 & 7 {
                        2 => Disposal::Clear,
                        3 => Disposal::Restore,
                        _ => Disposal::Keep,
                    };
                }
                Ok(())
            }
            APPLICATION if self.profile.is_none() => {
                let mut name = None;
                let mut profile = Vec::new();
                let max = self.profile_bytes_max;
                self.sub_blocks(|data| {
                    if name.get_or_insert(data == ICC) == &true && data != ICC && profile.len() as u64 <= max
                    {
                        profile.extend_from_slice(data);
                    }
                })?;
                self.profile = (name == Some(true)).then_some(profile);
                Ok(())
            }
            _ => self.sub_blocks(|_| ()),
        }
    }

    /// Hands on each of the data blocks up to the empty one.
    fn sub_blocks(&mut self, mut take: impl FnMut(&[u8])) -> Result<(), Fault> {
        let mut data = [0; 255];
        loop {
            let [length] = self.input.array()?;
            if length == 0 {
                return Ok(());
            }
            let data = &mut data[..usize::from(length)];
            self.input.read_exact(data)?;
            take(data);
        }
    }

    fn frame(&mut self) -> Result<Frame, Fault> {
        let [x0, x1, y0, y1, w0, w1, h0, h1, flags] = self.input.array()?;
        let [left, top, width, height] =
            [[x0, x1], [y0, y1], [w0, w1], [h0, h1]].map(|bytes| u32::from(u16::from_le_bytes(bytes)));
        if width == 0 || height == 0 {
            return Err(Fault::malformed("the GIF has a frame without pixels"));
        }
        Ok(Frame {
            left,
            top,
            width,
            height,
            hole: self.hole.take(),
            disposal: std::mem::replace(&mut self.disposal, Disposal::Keep),
            interlaced: flags & 0x40 != 0,
            local: table(self.input, flags)?,
        })
    }

    /// Reads a frame's indexes, rows from the top.
    pub(super) fn read_indexes(&mut self, frame: &Frame, context: &Context<'_>) -> Result<Vec<u8>, Fault> {
        let [code_bits] = self.input.array()?;
        if !(1..=8).contains(&code_bits) {
            return Err(Fault::malformed(format!(
                "the GIF has codes of {code_bits} bits, and there are 1 to 8"
            )));
        }
        let bytes = u64::from(frame.width) * u64::from(frame.height);
        let mut indexes = zeroed(bytes, context.limits, "the GIF has a frame that")?;
        let mut decoder = Decoder::new(BitOrder::Lsb, code_bits);
        let (mut filled, mut done, mut surplus, mut damaged) = (0, false, false, false);
        self.sub_blocks(|mut data| {
            while !data.is_empty() && !done && !damaged && filled < indexes.len() {
                let result = decoder.decode_bytes(data, &mut indexes[filled..]);
                data = &data[result.consumed_in..];
                filled += result.consumed_out;
                match result.status {
                    Ok(LzwStatus::Done) => done = true,
                    Ok(LzwStatus::Ok) => {}
                    Ok(LzwStatus::NoProgress) => break,
                    Err(_) => damaged = true,
                }
            }
            surplus |= !data.is_empty() && data.len() > 2;
        })?;
        // A last code may leave indexes that wait within the decoder.
        while filled < indexes.len() && !done && !damaged {
            let result = decoder.decode_bytes(&[], &mut indexes[filled..]);
            filled += result.consumed_out;
            if result.consumed_out == 0 {
                break;
            }
        }
        self.surplus = surplus;
        if damaged {
            return Err(Fault::malformed("the GIF has a frame whose compressed pixels are damaged"));
        }
        if filled < indexes.len() {
            return Err(Fault::malformed(format!(
                "the GIF has a frame of {} pixels, and data for {}",
                Count(bytes),
                Count(filled as u64)
            )));
        }
        Ok(if frame.interlaced { in_order(&indexes, frame) } else { indexes })
    }
}

/// The colour table that these flags announce.
fn table(input: &mut Input<'_>, flags: u8) -> Result<Option<Vec<u8>>, Fault> {
    if flags & 0x80 == 0 {
        return Ok(None);
    }
    let mut table = vec![0; 3 << ((flags & 7) + 1)];
    input.read_exact(&mut table)?;
    Ok(Some(table))
}

/// Rows that come in four passes, put in order: `GIF89a`, appendix E.
fn in_order(indexes: &[u8], frame: &Frame) -> Vec<u8> {
    let (width, height) = (frame.width as usize, frame.height as usize);
    let passes = [(0, 8), (4, 8), (2, 4), (1, 2)];
    let order = passes.into_iter().flat_map(|(first, step)| (first..height).step_by(step));
    let mut ordered = vec![0; indexes.len()];
    for (row, y) in indexes.chunks_exact(width).zip(order) {
        ordered[y * width..][..width].copy_from_slice(row);
    }
    ordered
}
