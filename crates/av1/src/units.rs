//! What AV1 data consist of: open bitstream units, each with a header and a length (AV1 bitstream specification, 5.3).

/// How many frames are to be decoded from `data`, at most; those that are not shown are among them. Decodes nothing, and
/// counts as far as units can be told apart: a decoder comes no further.
pub fn frames(mut data: &[u8]) -> u64 {
    const FRAME_HEADER: u8 = 3;
    const FRAME: u8 = 6;
    // It repeats a header, but where there was none it is one.
    const REDUNDANT_FRAME_HEADER: u8 = 7;
    let mut frames = 0;
    while let Some(&header) = data.first() {
        if matches!(header >> 3 & 15, FRAME_HEADER | FRAME | REDUNDANT_FRAME_HEADER) {
            frames += 1;
        }
        match behind(data) {
            Some(rest) => data = rest,
            None => break,
        }
    }
    frames
}

/// What follows the first unit; nothing where that says no length, or is not whole.
fn behind(data: &[u8]) -> Option<&[u8]> {
    let (&header, rest) = data.split_first()?;
    let (has_extension, has_length) = (header & 4 > 0, header & 2 > 0);
    let rest = rest.get(usize::from(has_extension)..)?;
    let (length, rest) = has_length.then(|| length(rest))??;
    rest.get(length..)
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
            (&[][..], 0),
            // A delimiter, a header of the sequence, a frame.
            (&[0x12, 0, 0x0a, 1, 9, 0x32, 2, 9, 9], 1),
            // A header and its tiles, with an extension, and one frame more without a length.
            (&[0x1e, 0, 1, 9, 0x22, 1, 9, 0x30, 9, 9, 9], 2),
            (&[0x3a, 0x81, 0, 9], 1),
            // One that is cut, and nothing behind it.
            (&[0x32, 1, 9, 0x32, 2, 9], 2),
            (&[0x32], 1),
            (&[0x34], 1),
            // A length that does not end.
            (&[0x32, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0, 0x32, 0], 1),
        ] {
            assert_eq!(frames(data), expected, "{data:?}");
        }
    }
}
