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

/// The lines of the file that are not blank. A bad one is followed by the next: where a line ends is never in doubt. Only
/// the last may lack its end, and where its JSON does too, the file broke off.
pub(super) fn rows<R: BufRead>(mut reader: R) -> impl Iterator<Item = Result<Row, Unreadable>> {
    let (mut number, mut line) = (0, Vec::new());
    iter::from_fn(move || {
        loop {
            let end = match read_line(&mut reader, &mut line) {
                Ok(end) => end?,
                Err(error) => return Some(Err(error.into())),
            };
            number += 1;
            if end != End::Beyond && line.trim_ascii().is_empty() {
                continue;
            }
            if end == End::OfFile && json::ends_early(&line) {
                return Some(Err(broken_off(number)));
            }
            let fruit = if end == End::Beyond {
                Err(vec![Fault::too_long()])
            } else {
                json::judge(&line).unwrap_or_else(|error| Err(vec![not_json(&error)]))
            };
            return Some(Ok(Row { place: Place::Line(number), fruit }));
        }
    })
}

fn not_json(error: &serde_json::Error) -> Fault {
    let (reason, column) = (json::reason(error), error.column());
    Fault::of_row(format_args!("is not valid JSON: {reason}, at column {column}"))
}

fn broken_off(line: u64) -> Unreadable {
    Unreadable::at(
        line,
        "the file ends before this row does: it breaks off, or a quote or a bracket is missing",
    )
}

/// What ends the part of a line that is in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    OfLine,
    OfFile,
    /// It goes on beyond what may be in memory.
    Beyond,
}

/// Reads a line without its end; of one that is longer than may be in memory, the start. `None` at the end of the file.
fn read_line(reader: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<Option<End>> {
    line.clear();
    let read = Read::by_ref(reader).take(ROW_BYTES_MAX as u64 + 1).read_until(b'\n', line)?;
    if read == 0 {
        return Ok(None);
    }
    if line.last() == Some(&b'\n') {
        line.pop();
        return Ok(Some(End::OfLine));
    }
    if line.len() <= ROW_BYTES_MAX {
        return Ok(Some(End::OfFile));
    }
    reader.skip_until(b'\n')?;
    Ok(Some(End::Beyond))
}
