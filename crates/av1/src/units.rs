//! What AV1 data consist of: open bitstream units, each with a header and a length (AV1 bitstream specification, 5.3).

use crate::Error;

/// How many frames are to be decoded from `data`, at most; those that are not shown are among them. Decodes nothing.
pub fn frames(mut data: &[u8]) -> Result<u64, Error> {
    const FRAME_HEADER: u8 = 3;
    const FRAME: u8 = 6;
    // It repeats a header, but where there was none it is one.
    const REDUNDANT_FRAME_HEADER: u8 = 7;
    let mut frames = 0;
    while let Some((&header, rest)) = data.split_first() {
        if matches!(header >> 3 & 15, FRAME_HEADER | FRAME | REDUNDANT_FRAME_HEADER) {
            frames += 1;
        }
        let (has_extension, has_length) = (header & 4 > 0, header & 2 > 0);
        let rest = rest.get(usize::from(has_extension)..).ok_or(Error::Malformed)?;
        if !has_length {
            // To the end of the data.
            break;
        }
        let (length, rest) = length(rest).ok_or(Error::Malformed)?;
        data = rest.get(length..).ok_or(Error::Malformed)?;
    }
    Ok(frames)
}

/// A number of up to 8 bytes with 7 bits each, the low ones first (4.10.5), and what follows it.
fn length(data: &[u8]) -> Option<(usize, &[u8])> {
    let mut number = 0_u64;
    for (at, byte) in data.iter().enumerate().take(8) {
        number |= u64::from(byte & 0x7f) << (7 * at);
        if *byte < 0x80 {
            return Some((usize::try_from(number).ok()?, &data[at + 1..]));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_counted_by_their_headers() {
        for (data, expected) in [
            (&[][..], Ok(0)),
            // A delimiter, a header of the sequence, a frame.
            (&[0x12, 0, 0x0a, 1, 9, 0x32, 2, 9, 9], Ok(1)),
            // A header and its tiles, with an extension, and one frame more without a length.
            (&[0x1e, 0, 1, 9, 0x22, 1, 9, 0x30, 9, 9, 9], Ok(2)),
            (&[0x3a, 0x81, 0, 9], Ok(1)),
            (&[0x32, 2, 9], Err(Error::Malformed)),
            (&[0x32], Err(Error::Malformed)),
            (&[0x34], Err(Error::Malformed)),
            (&[0x32, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0], Err(Error::Malformed)),
        ] {
            assert_eq!(frames(data), expected, "{data:?}");
        }
    }
}
