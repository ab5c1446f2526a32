//! The codes of a fax (ITU-T T.4 and T.6): checked where they are copied, made rows of bits where they are not.

use hayro_ccitt::{DecodeSettings, Decoder, DecoderContext, EncodingMode};

use super::page::Fax;
use crate::{
    decoder::guarded,
    document::Ccitt,
    error::{Count, Fault},
    spool::Spooled,
};

/// Decodes codes into rows of bits; black is 1.
pub(super) fn decode(
    file: Spooled<'_>,
    data: &[u8],
    kind: Fax,
    width: u32,
    rows: u32,
    out: &mut [u8],
) -> Result<(), Fault> {
    out.fill(0);
    let row_bytes = (width as usize).div_ceil(8);
    let mut places = out.chunks_exact_mut(row_bytes);
    read(file, data, kind, width, rows, |changes| {
        if let Some(row) = places.next() {
            for run in changes.chunks(2) {
                let end = run.get(1).copied().unwrap_or(width);
                blacken(row, run[0] as usize, end as usize);
            }
        }
    })
}

/// Checks that codes make so many rows.
pub(super) fn check(file: Spooled<'_>, data: &[u8], kind: Fax, width: u32, rows: u32) -> Result<(), Fault> {
    read(file, data, kind, width, rows, |_| ())
}

/// How codes are told to a PDF reader.
pub(super) fn parameters(kind: Fax, white_is_zero: bool) -> Ccitt {
    let k = match kind {
        Fax::Group4 => -1,
        Fax::Rows | Fax::Group3 => 0,
        Fax::Group3Two => 1,
    };
    Ccitt { k, aligned: kind == Fax::Rows, black_is_1: !white_is_zero }
}

/// Hands on where each of so many rows changes its colour.
pub(super) fn read(
    file: Spooled<'_>,
    data: &[u8],
    kind: Fax,
    width: u32,
    rows: u32,
    mut take: impl FnMut(&[u32]),
) -> Result<(), Fault> {
    let settings = DecodeSettings {
        columns: width,
        rows,
        end_of_block: true,
        end_of_line: false,
        rows_are_byte_aligned: kind == Fax::Rows,
        encoding: match kind {
            Fax::Group4 => EncodingMode::Group4,
            Fax::Group3Two => EncodingMode::Group3_2D,
            Fax::Rows | Fax::Group3 => EncodingMode::Group3_1D,
        },
        strict: true,
    };
    let mut counted = Counted { rows: 0, rows_max: rows, take: &mut take };
    // An error behind the last row is none of the image's: what marks the end is often left out or cut.
    let result =
        guarded("TIFF", || Ok(hayro_ccitt::decode(data, &mut counted, &mut DecoderContext::new(settings))))?;
    let found = counted.rows;
    if found >= rows {
        return Ok(());
    }
    Err(match result {
        Ok(_) => {
            file.fault(format_args!("has {} of {} rows in a strip", Count(found.into()), Count(rows.into())))
        }
        Err(error) => file.fault(format_args!(
            "has a damaged fax code in row {} of a strip: {error}",
            Count(u64::from(found) + 1)
        )),
    })
}

struct Counted<'t> {
    rows: u32,
    rows_max: u32,
    take: &'t mut dyn FnMut(&[u32]),
}

impl Decoder for Counted<'_> {
    fn push_row(&mut self, changes: &[u32]) {
        self.rows += 1;
        if self.rows <= self.rows_max {
            (self.take)(changes);
        }
    }
}

/// Sets the bits from `start` up to `end`.
fn blacken(row: &mut [u8], start: usize, end: usize) {
    let (first, last) = (start / 8, end / 8);
    let (head, tail) = (0xff_u8 >> (start % 8), !(0xff_u8 >> (end % 8)));
    if first == last {
        if let Some(byte) = row.get_mut(first) {
            *byte |= head & tail;
        }
        return;
    }
    if let Some(byte) = row.get_mut(first) {
        *byte |= head;
    }
    if let Some(bytes) = row.get_mut(first + 1..last) {
        bytes.fill(0xff);
    }
    if let Some(byte) = row.get_mut(last) {
        *byte |= tail;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_of_every_place_and_length_are_set() {
        for start in 0..20_usize {
            for end in start..=24_usize {
                let mut row = [0; 3];
                blacken(&mut row, start, end);
                let expected = (start..end).fold(0_u32, |bits, at| bits | 0x80_0000 >> at);
                let [_, found @ ..] = expected.to_be_bytes();
                assert_eq!(row, found, "{start} to {end}");
            }
        }
    }
}
