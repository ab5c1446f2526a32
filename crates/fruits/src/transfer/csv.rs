//! Comma-separated values (RFC 4180), record by record.
//!
//! The usual parsers read what the RFC does not allow as well as they can, take a file that breaks off within quotes for
//! whole, and bound no record. This one gives the file up where quotes stand wrong: they are what tells where a record
//! ends.

use std::{io::BufRead, iter, str};

use super::{
    input::{Input, Unreadable},
    row::{Fault, Place, ROW_BYTES_MAX, Row},
};
use crate::domain::{Color, Fruit, FruitId, FruitName, NewFruit};

/// The columns, in the order that an export gives them.
pub(super) const COLUMNS: [&str; 3] = ["id", "fruit", "color"];

/// The line of an export that names them.
pub(super) const HEADER: &[u8] = b"id,fruit,color\r\n";

/// Writes a fruit as a record. What a text says is kept as it is, also where a spreadsheet would take it for a formula:
/// what is exported is what an import reads.
pub(super) fn write(fruit: &Fruit, into: &mut Vec<u8>) {
    into.extend_from_slice(fruit.id.to_string().as_bytes());
    for text in [fruit.fruit.as_str(), fruit.color.as_str()] {
        into.push(b',');
        if text.contains([',', '"', '\r', '\n']) {
            into.push(b'"');
            into.extend_from_slice(text.replace('"', "\"\"").as_bytes());
            into.push(b'"');
        } else {
            into.extend_from_slice(text.as_bytes());
        }
    }
    into.extend_from_slice(b"\r\n");
}

/// The records below the header, but for lines without anything.
pub(super) fn rows<R: BufRead>(reader: R) -> impl Iterator<Item = Result<Row, Unreadable>> {
    let mut table = Table { input: Input::new(reader), record: Record::default(), header: None };
    iter::from_fn(move || table.next().transpose())
}

struct Table<R> {
    input: Input<R>,
    record: Record,
    header: Option<Header>,
}

/// Where the columns stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Header {
    id: Option<usize>,
    fruit: usize,
    color: usize,
    columns: usize,
}

/// The fields of a record, one behind the other.
#[derive(Debug, Default)]
struct Record {
    bytes: Vec<u8>,
    /// Where each field ends.
    ends: Vec<usize>,
    /// How many bytes it has in the file, without the last one of its line end.
    length: usize,
}

/// Where in a record the next byte stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    FieldStart,
    Plain,
    Quoted,
    /// Behind a quote in a quoted field, which ends it or is the first of two.
    Quote,
}

impl<R: BufRead> Table<R> {
    fn next(&mut self) -> Result<Option<Row>, Unreadable> {
        let header = match self.header {
            Some(header) => header,
            None => self.read_header()?,
        };
        self.header = Some(header);
        let Some(line) = self.read_record()? else { return Ok(None) };
        Ok(Some(Row { place: Place::Line(line), fruit: self.record.judge(header) }))
    }

    fn read_header(&mut self) -> Result<Header, Unreadable> {
        let wanted = "columns named id, fruit and color, with commas between them";
        match self.read_record()? {
            None => Err(Unreadable::at(1, format_args!("the file is empty; it must begin with {wanted}"))),
            Some(line) => Header::read(&self.record).map_err(|fault| {
                Unreadable::at(line, format_args!("{fault}; the file must begin with {wanted}"))
            }),
        }
    }

    /// Reads the next record that is not an empty line, and says on which line it begins; `None` at the end.
    fn read_record(&mut self) -> Result<Option<u64>, Unreadable> {
        loop {
            let line = self.input.line();
            if self.input.peek()?.is_none() {
                return Ok(None);
            }
            self.record.clear();
            self.read_fields()?;
            if !self.record.is_empty_line() {
                return Ok(Some(line));
            }
        }
    }

    fn read_fields(&mut self) -> Result<(), Unreadable> {
        let (record, mut at) = (&mut self.record, At::FieldStart);
        // Where the quote stands that is not closed yet.
        let mut opened = 0;
        loop {
            let line = self.input.line();
            let byte = self.input.next()?;
            record.length += usize::from(byte.is_some_and(|byte| byte != b'\n' || at == At::Quoted));
            at = match (at, byte) {
                (At::Quoted, None) => {
                    return Err(Unreadable::at(
                        opened,
                        "the file breaks off within the quotes that begin here",
                    ));
                }
                (At::Quoted, Some(b'"')) => At::Quote,
                (At::Quoted, Some(byte)) => {
                    record.push(byte);
                    At::Quoted
                }
                (_, None | Some(b'\n')) => {
                    record.end_last_field(at);
                    return Ok(());
                }
                (_, Some(b',')) => {
                    record.end_field();
                    At::FieldStart
                }
                (At::FieldStart, Some(b'"')) => {
                    opened = line;
                    At::Quoted
                }
                (At::Quote, Some(b'"')) => {
                    record.push(b'"');
                    At::Quoted
                }
                // Of a line end of two; its other half follows, or this was a text behind quotes.
                (At::Quote, Some(b'\r')) if matches!(self.input.peek()?, None | Some(b'\n')) => At::Quote,
                (At::Quote, Some(_)) => {
                    return Err(Unreadable::at(
                        line,
                        "something stands behind a closing quote; a quote within quotes is written twice",
                    ));
                }
                (At::Plain, Some(b'"')) => {
                    return Err(Unreadable::at(
                        line,
                        "a quote stands within a field that does not begin with one; put the field into quotes, and \
                         write those within twice",
                    ));
                }
                (At::FieldStart | At::Plain, Some(byte)) => {
                    record.push(byte);
                    At::Plain
                }
            };
        }
    }
}

impl Header {
    fn read(record: &Record) -> Result<Self, String> {
        let mut at = [None; COLUMNS.len()];
        for (index, name) in record.fields().enumerate() {
            let name = String::from_utf8_lossy(name);
            let Some(column) = COLUMNS.iter().position(|column| *column == name) else {
                let shown: String = name.chars().take(40).collect();
                return Err(format!("the column {shown:?} is not known"));
            };
            if at[column].replace(index).is_some() {
                return Err(format!("the column {name} stands there twice"));
            }
        }
        let [id, Some(fruit), Some(color)] = at else {
            let missing = if at[1].is_none() { COLUMNS[1] } else { COLUMNS[2] };
            return Err(format!("the column {missing} is missing"));
        };
        Ok(Self { id, fruit, color, columns: record.ends.len() })
    }
}

impl Record {
    fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
        self.length = 0;
    }

    fn push(&mut self, byte: u8) {
        if self.length <= ROW_BYTES_MAX {
            self.bytes.push(byte);
        }
    }

    fn end_field(&mut self) {
        if self.length <= ROW_BYTES_MAX {
            self.ends.push(self.bytes.len());
        }
    }

    /// A field that is not quoted has the first half of a line end of two as its last byte.
    fn end_last_field(&mut self, at: At) {
        if at == At::Plain && self.bytes.last() == Some(&b'\r') {
            self.bytes.pop();
        }
        self.end_field();
    }

    fn is_empty_line(&self) -> bool {
        self.bytes.is_empty() && self.ends.len() == 1 && self.length <= "\r".len()
    }

    fn fields(&self) -> impl Iterator<Item = &[u8]> {
        let starts = iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, end)| &self.bytes[start..*end])
    }

    fn judge(&self, header: Header) -> Result<NewFruit, Vec<Fault>> {
        if self.length > ROW_BYTES_MAX {
            return Err(vec![Fault::too_long()]);
        }
        if self.ends.len() != header.columns {
            let (found, wanted) = (self.ends.len(), header.columns);
            return Err(vec![Fault::of_row(format_args!(
                "has {found} columns, and the first line names {wanted}"
            ))]);
        }
        let fields: Vec<&[u8]> = self.fields().collect();
        let mut faults = Vec::new();
        let id = header.id.map(|at| read(&mut faults, COLUMNS[0], fields[at], id));
        let fruit = read(&mut faults, COLUMNS[1], fields[header.fruit], FruitName::parse);
        let color = read(&mut faults, COLUMNS[2], fields[header.color], Color::parse);
        match (id.unwrap_or(Some(None)), fruit, color) {
            (Some(id), Some(fruit), Some(color)) => Ok(NewFruit { id, fruit, color }),
            _ => Err(faults),
        }
    }
}

fn read<T, E: ToString>(
    faults: &mut Vec<Fault>,
    name: &str,
    field: &[u8],
    parse: impl FnOnce(&str) -> Result<T, E>,
) -> Option<T> {
    let read = str::from_utf8(field)
        .map_err(|error| format!("is not UTF-8: see its byte at offset {}", error.valid_up_to()))
        .and_then(|text| parse(text).map_err(|error| error.to_string()));
    read.map_err(|reason| faults.push(Fault::of_field(name, reason))).ok()
}

/// An empty field gives no id. What gives one has digits alone, as in a path.
fn id(field: &str) -> Result<Option<FruitId>, String> {
    if field.is_empty() {
        return Ok(None);
    }
    field.parse().map(Some).map_err(|error| format!("{error}, in plain digits"))
}
