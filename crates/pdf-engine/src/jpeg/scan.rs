//! The coded samples of scans, which pass through, and what stands between them.
//!
//! What can be told without reading them is always checked: restart markers come in order and in the number that the
//! image's size asks for, there are no fewer bytes than could code so many blocks, every component is coded, and the end
//! marker is there. Where it is asked for, their codes are read too.

use super::{
    codes::Reader,
    nonzero::Nonzero,
    progress::{Expected, Progress},
    segment::{DHP, DNL, EOI, EXP, SOS, Segment, is_frame},
    tables::Tables,
};
use crate::{
    document::Stream,
    error::{Count, Fault},
    input::Input,
};

/// Copies all scans and what stands between them, up to and with the end marker; reads their codes where what they say of
/// coefficients can be kept. Tells whether bytes were met among them that mean nothing.
pub(super) fn copy(
    input: &mut Input<'_>,
    stream: &mut Stream<'_, '_>,
    tables: &mut Tables,
    progress: &mut Progress,
    first_scan: Segment,
    mut nonzero: Option<&mut Nonzero<'_>>,
) -> Result<bool, Fault> {
    let mut segment = first_scan;
    let mut bytes = Vec::new();
    let mut has_strays = false;
    loop {
        match segment.marker {
            SOS => {
                let expected = progress.begin(&segment, tables)?;
                input.enter(format_args!("scan {}", progress.scans()));
                let mut reader = match &mut nonzero {
                    Some(nonzero) => expected.reader(tables, nonzero)?,
                    None => None,
                };
                segment = copy_samples(input, stream, &expected, reader.as_mut())?;
                has_strays |= reader.is_some_and(|reader| reader.has_strays());
            }
            EOI => return progress.finish(&segment).map(|()| has_strays),
            DNL => {
                return Err(Fault::unsupported(
                    "the JPEG tells its height behind its first scan (DNL), which PDF readers do not read; save it anew",
                ));
            }
            DHP | EXP => return Err(segment.fault("makes the JPEG hierarchical behind its first scan")),
            marker if is_frame(marker) => return Err(segment.fault("is a second frame")),
            _ => {
                tables.take(&segment)?;
                segment = Segment::read(input)?;
            }
        }
        bytes.clear();
        segment.append_to(&mut bytes);
        stream.write(&bytes)?;
    }
}

/// Copies coded samples up to a marker that is no restart, and reads that marker's segment.
fn copy_samples(
    input: &mut Input<'_>,
    stream: &mut Stream<'_, '_>,
    expected: &Expected,
    mut reader: Option<&mut Reader<'_>>,
) -> Result<Segment, Fault> {
    let restarts = expected.restarts();
    if let Some(reader) = &mut reader {
        reader.begin(expected.units(0));
    }
    // Bytes since the last restart marker: stuffed zeros too, so there are never fewer than the samples have.
    let (mut seen, mut bytes) = (0, 0);
    loop {
        bytes += copy_until_marker(input, stream, &mut reader)?;
        let position = input.position();
        let [_, mut code]: [u8; 2] = input.array()?;
        let mut filled = false;
        while code == 0xff {
            stream.write(&[0xff])?;
            filled = true;
            [code] = input.array()?;
        }
        match code {
            0 if !filled => {
                stream.write(&[0xff, 0])?;
                if let Some(reader) = &mut reader {
                    reader.take(&[0xff, 0], position)?;
                }
                bytes += 2;
            }
            0xd0..=0xd7 => {
                if u64::from(code - 0xd0) != seen % 8 || seen > restarts {
                    return Err(Fault::malformed(format!(
                        "the JPEG has restart marker FF{code:02X} at byte {}, where another must be",
                        Count(position)
                    )));
                }
                check_enough(bytes, expected.bytes_min(seen), position)?;
                if let Some(reader) = &mut reader {
                    reader.end(position)?;
                    reader.begin(expected.units(seen + 1));
                }
                (seen, bytes) = (seen + 1, 0);
                stream.write(&[0xff, code])?;
            }
            _ => {
                if seen < restarts {
                    return Err(Fault::malformed(format!(
                        "the JPEG's scan ends at byte {} after {} of {} restart markers: samples are missing",
                        Count(position),
                        Count(seen),
                        Count(restarts)
                    )));
                }
                check_enough(bytes, expected.bytes_min(seen), position)?;
                // Some encoders put a restart marker behind the last unit, and nothing can follow that.
                if seen > restarts && bytes > 0 {
                    return Err(Fault::malformed(format!(
                        "the JPEG has {} bytes of samples before byte {}, behind its last restart marker",
                        Count(bytes),
                        Count(position)
                    )));
                }
                if let Some(reader) = reader {
                    reader.end(position)?;
                }
                return Segment::after_marker(input, code, position);
            }
        }
    }
}

/// Checks that what ends before the marker at `position` can be whole.
fn check_enough(bytes: u64, bytes_min: u64, position: u64) -> Result<(), Fault> {
    if bytes >= bytes_min {
        return Ok(());
    }
    Err(Fault::malformed(format!(
        "the JPEG has {} bytes of samples before byte {} and needs {} at least: samples are missing",
        Count(bytes),
        Count(position),
        Count(bytes_min)
    )))
}

/// Copies up to the next byte FF, and leaves that to be read; tells how many bytes that were.
fn copy_until_marker(
    input: &mut Input<'_>,
    stream: &mut Stream<'_, '_>,
    reader: &mut Option<&mut Reader<'_>>,
) -> Result<u64, Fault> {
    let mut copied = 0;
    loop {
        let position = input.position();
        let more = input.fill()?;
        let plain = plain_length(more);
        let found = plain < more.len();
        stream.write(&more[..plain])?;
        if let Some(reader) = reader {
            reader.take(&more[..plain], position + plain as u64)?;
        }
        input.consume(plain);
        copied += plain as u64;
        if found {
            return Ok(copied);
        }
    }
}

/// How many bytes come before the first FF that does not begin a stuffed zero within `bytes`.
fn plain_length(bytes: &[u8]) -> usize {
    let mut at = 0;
    while let Some(found) = bytes[at..].iter().position(|byte| *byte == 0xff) {
        if bytes.get(at + found + 1) != Some(&0) {
            return at + found;
        }
        at += found + 2;
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stuffed_bytes_are_samples() {
        for (bytes, length) in [
            (&b""[..], 0),
            (b"abc", 3),
            (b"ab\xff\0c", 5),
            (b"ab\xff\0", 4),
            (b"ab\xff", 2),
            (b"\xff\xd9", 0),
            (b"\xff\0\xff\xd9", 2),
            (b"\xff\xff\0", 0),
        ] {
            assert_eq!(plain_length(bytes), length, "{bytes:?}");
        }
    }
}
