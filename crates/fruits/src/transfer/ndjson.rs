//! JSON objects, a line each (NDJSON).

use std::{
    io::{self, BufRead, Read},
    iter,
};

use super::{
    input::Unreadable,
    json,
    row::{Fault, Place, ROW_BYTES_MAX, Row},
};

/// The lines of the file that are not blank. A bad one is followed by the next: where a line ends is never in doubt.
pub(super) fn rows<R: BufRead>(mut reader: R) -> impl Iterator<Item = Result<Row, Unreadable>> {
    let (mut number, mut line) = (0, Vec::new());
    iter::from_fn(move || {
        loop {
            let whole = match read_line(&mut reader, &mut line) {
                Ok(whole) => whole?,
                Err(error) => return Some(Err(error.into())),
            };
            number += 1;
            if whole && line.trim_ascii().is_empty() {
                continue;
            }
            let fruit = if whole {
                json::judge(&line).unwrap_or_else(|error| Err(vec![not_json(&error)]))
            } else {
                Err(vec![Fault::too_long()])
            };
            return Some(Ok(Row { place: Place::Line(number), fruit }));
        }
    })
}

fn not_json(error: &serde_json::Error) -> Fault {
    let (reason, column) = (json::reason(error), error.column());
    Fault::of_row(format_args!("is not valid JSON: {reason}, at column {column}"))
}

/// Reads a line without its end. Whether it is whole: of more than may be in memory, the start is left. `None` at
/// the end of the file.
fn read_line(reader: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<Option<bool>> {
    line.clear();
    let read = Read::by_ref(reader).take(ROW_BYTES_MAX as u64 + 1).read_until(b'\n', line)?;
    if read == 0 {
        return Ok(None);
    }
    if line.last() == Some(&b'\n') {
        line.pop();
        return Ok(Some(true));
    }
    if line.len() <= ROW_BYTES_MAX {
        return Ok(Some(true));
    }
    reader.skip_until(b'\n')?;
    Ok(Some(false))
}
