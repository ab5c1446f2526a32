//! The headers of a BMP: that of OS/2, and those of Windows, which grew.

use super::pixels::Fields;
use crate::{document::Space, error::Fault, spool::Spooled};

/// What the header says, and the palette behind it.
pub(crate) struct Header {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) top_down: bool,
    /// Bits of a pixel.
    pub(crate) bits: u16,
    pub(crate) compression: Compression,
    pub(crate) per_metre: [u32; 2],
    /// Three bytes a colour, as many as indexes can count.
    pub(crate) palette: Vec<u8>,
    /// Where colours lie in a pixel that has no palette.
    pub(crate) fields: Fields,
    /// Behind the header, the masks and the palette.
    pub(crate) end: u64,
    /// Where a profile lies from the header's beginning on, and its length.
    profile: Option<(u32, u32)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compression {
    None,
    Rle4,
    Rle8,
}

/// The header of OS/2, with sides of 16 bits.
const CORE_BYTES: u32 = 12;
/// Windows' first, and the one with masks in it.
const INFO_BYTES: u32 = 40;
const MASKS_BYTES: u32 = 52;
const ALPHA_BYTES: u32 = 56;
const V5_BYTES: u32 = 124;
/// "MBED": the profile lies within the file.
const PROFILE_EMBEDDED: u32 = 0x4d42_4544;
/// Where the field of masks lies.
const MASKS_AT: u64 = 40;

impl Header {
    /// Reads the header at `at`.
    pub(crate) fn read(file: Spooled<'_>, at: u64) -> Result<Self, Fault> {
        let what = "header";
        let size = file.u32_le(at, what)?;
        file.slice(at, size.into(), what)?;
        let short = |offset: u64| file.u16_le(at + offset, what);
        let long = |offset: u64| -> Result<u32, Fault> {
            // OS/2's second header may end anywhere; what is missing is zero.
            if offset + 4 > u64::from(size) { Ok(0) } else { file.u32_le(at + offset, what) }
        };
        let (width, height, bits) = match size {
            CORE_BYTES => (u32::from(short(4)?), i32::from(short(6)?), short(10)?),
            16..=V5_BYTES => (long(4)?, long(8)?.cast_signed(), short(14)?),
            _ => return Err(file.fault(format_args!("has a header of {size} bytes, and there is none such"))),
        };
        if width == 0 || height == 0 || i32::try_from(width).is_err() {
            return Err(file.fault("claims an image without pixels"));
        }
        if !matches!(bits, 1 | 2 | 4 | 8 | 16 | 24 | 32) {
            return Err(file.fault(format_args!("has {bits} bits a pixel, and there is none such")));
        }
        let (compression, has_masks) =
            compression(file, if size == CORE_BYTES { 0 } else { long(16)? }, bits, size)?;
        let mut end = at + u64::from(size);
        let fields = if has_masks {
            let has_alpha = size >= ALPHA_BYTES || long(16)? == 6;
            if size < MASKS_BYTES {
                end += if has_alpha { 16 } else { 12 };
            }
            let mask = |place: u64| file.u32_le(at + MASKS_AT + place * 4, "masks");
            let alpha = if has_alpha { mask(3)? } else { 0 };
            Fields::of_masks(file, [mask(0)?, mask(1)?, mask(2)?, alpha])?
        } else {
            Fields::usual(bits)
        };
        let mut header = Self {
            width,
            height: height.unsigned_abs(),
            top_down: height < 0,
            bits,
            compression,
            per_metre: if size >= INFO_BYTES { [long(24)?, long(28)?] } else { [0; 2] },
            palette: Vec::new(),
            fields,
            end,
            profile: (size >= V5_BYTES && long(56)? == PROFILE_EMBEDDED).then_some((long(112)?, long(116)?)),
        };
        if bits <= 8 {
            header.read_palette(file, size, long(32)?)?;
        }
        Ok(header)
    }

    /// Bits of a sample as it is embedded.
    pub(crate) fn sample_bits(&self) -> u8 {
        match self.bits {
            1 | 2 | 4 if self.compression == Compression::None => u8::try_from(self.bits).unwrap_or(8),
            0..=8 => 8,
            _ => self.fields.sample_bits(),
        }
    }

    /// The profile and the colours it speaks of.
    pub(super) fn profile<'s>(&self, file: Spooled<'s>, at: u64) -> Result<Option<(&'s [u8], Space)>, Fault> {
        let Some((offset, length)) = self.profile else { return Ok(None) };
        file.slice(at + u64::from(offset), length.into(), "colour profile")
            .map(|profile| Some((profile, Space::Rgb)))
    }

    fn read_palette(&mut self, file: Spooled<'_>, size: u32, used: u32) -> Result<(), Fault> {
        let full = 1_u32 << self.bits;
        let entry_bytes = if size == CORE_BYTES { 3 } else { 4 };
        let count = if used == 0 { full } else { used.min(full) };
        let mut bytes = u64::from(count) * entry_bytes;
        // Some files say nothing of a palette that is shorter than it could be: it ends where the pixels begin.
        if used == 0 && file.bytes.starts_with(b"BM") {
            let room = u64::from(file.u32_le(10, "file header")?).saturating_sub(self.end);
            bytes = bytes.min(room - room % entry_bytes);
        }
        let entries =
            file.slice(self.end, bytes, "palette")?.chunks_exact(if size == CORE_BYTES { 3 } else { 4 });
        self.palette = entries.flat_map(|entry| [entry[2], entry[1], entry[0]]).collect();
        // Indexes past the end are black.
        self.palette.resize(3 << self.bits, 0);
        self.end += bytes;
        Ok(())
    }
}

/// How pixels are compressed, and whether masks say where their colours lie.
fn compression(file: Spooled<'_>, number: u32, bits: u16, size: u32) -> Result<(Compression, bool), Fault> {
    // Between Windows' first header and its masks lie the sizes of OS/2's second one.
    let of_os2 = size > INFO_BYTES && size < MASKS_BYTES || size == 64 || size < INFO_BYTES;
    match (number, bits) {
        (0, _) => Ok((Compression::None, false)),
        (1, 8) => Ok((Compression::Rle8, false)),
        (2, 4) => Ok((Compression::Rle4, false)),
        (3 | 6, 16 | 32) if !of_os2 => Ok((Compression::None, true)),
        (3, 1) => {
            Err(file.unsupported("is compressed as a fax, as OS/2 has it; save it without compression"))
        }
        (4, 24) => {
            Err(file
                .unsupported("is compressed in runs of 24 bits, as OS/2 has it; save it without compression"))
        }
        (4 | 5, _) => Err(file.unsupported("holds a JPEG or PNG, as for printers; take that out of it")),
        _ => Err(file.fault(format_args!(
            "names compression {number} for {bits} bits a pixel, and there is none such"
        ))),
    }
}
