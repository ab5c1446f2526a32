//! A JSON array, item by item.
//!
//! What stands between the commas is found without understanding it, so that one item is in memory at a time; then
//! it is judged as if it were a request's body. An item that is no JSON ends the file: where a quote is missing, what looks
//! like one item may be several.

use std::{io::BufRead, iter};

use chassis::extract::{Fields, NoFields};

use super::{
    input::{Input, Unreadable},
    row::{self, Fault, Place, ROW_BYTES_MAX, Row},
};
use crate::{domain::NewFruit, fields};

/// The items of the array that is the file.
pub(super) fn rows<R: BufRead>(reader: R) -> impl Iterator<Item = Result<Row, Unreadable>> {
    let mut items = Items { input: Input::new(reader), index: 0, item: Vec::new(), at: At::Start };
    iter::from_fn(move || items.next().transpose())
}

/// The fruit that one JSON value is. `Err` where the text is no JSON at all.
pub(super) fn judge(json: &[u8]) -> serde_json::Result<Result<NewFruit, Vec<Fault>>> {
    match Fields::from_json(json) {
        Ok(fields) => Ok(fields::new_fruit(fields).map_err(|problem| row::faults(&problem))),
        Err(NoFields::NotJson(error)) => Err(error),
        Err(error) => Ok(Err(vec![Fault::of_row(error)])),
    }
}

/// What the error says, without the place, which is counted from the start of the text that was judged.
pub(super) fn reason(error: &serde_json::Error) -> String {
    let said = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    said.strip_suffix(&place).unwrap_or(&said).to_owned()
}

/// Whether the text ends within quotes or brackets. Unlike a parser's word, this holds whatever else is wrong with it.
pub(super) fn ends_early(text: &[u8]) -> bool {
    let mut nesting = Nesting::default();
    for byte in text {
        nesting.take(*byte);
    }
    nesting.is_open()
}

struct Items<R> {
    input: Input<R>,
    index: u64,
    item: Vec<u8>,
    at: At,
}

/// What stands open at some place of a text that is JSON, or was to be.
#[derive(Default)]
struct Nesting {
    depth: u64,
    in_text: bool,
    escaped: bool,
}

impl Nesting {
    fn take(&mut self, byte: u8) {
        match byte {
            _ if self.escaped => self.escaped = false,
            b'\\' if self.in_text => self.escaped = true,
            b'"' => self.in_text = !self.in_text,
            _ if self.in_text => {}
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
    }

    fn is_open(&self) -> bool {
        self.in_text || self.depth > 0
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    Start,
    Item,
    End,
}

impl<R: BufRead> Items<R> {
    fn next(&mut self) -> Result<Option<Row>, Unreadable> {
        match self.at {
            At::Start => {
                self.expect_start()?;
                if self.skip_space()? == Some(b']') {
                    self.input.next()?;
                    return self.end().map(|()| None);
                }
                self.at = At::Item;
            }
            At::Item => match self.input.next()? {
                Some(b',') => {}
                Some(b']') => return self.end().map(|()| None),
                // An item ends where one of these stands.
                _ => return Err(self.broken_off(self.input.line())),
            },
            At::End => return Ok(None),
        }
        self.skip_space()?;
        let line = self.input.line();
        let whole = self.read_item(line)?;
        let place = Place::Item(self.index);
        self.index += 1;
        let fruit = if whole {
            judge(&self.item).map_err(|error| {
                let line = line + error.line().saturating_sub(1) as u64;
                Unreadable::at(line, format_args!("{place} is not valid JSON: {}", reason(&error)))
            })?
        } else {
            Err(vec![Fault::too_long()])
        };
        Ok(Some(Row { place, fruit }))
    }

    fn expect_start(&mut self) -> Result<(), Unreadable> {
        let wanted = "a JSON array of fruits was expected";
        match self.skip_space()? {
            Some(b'[') => {
                self.input.next()?;
                Ok(())
            }
            Some(b'{') => {
                let line = self.input.line();
                Err(Unreadable::at(line, format_args!("{wanted}, not an object; is the file NDJSON?")))
            }
            Some(_) => Err(Unreadable::at(self.input.line(), wanted)),
            None => Err(Unreadable::at(self.input.line(), format_args!("the file is empty; {wanted}"))),
        }
    }

    /// Behind the bracket nothing may follow.
    fn end(&mut self) -> Result<(), Unreadable> {
        self.at = At::End;
        match self.skip_space()? {
            None => Ok(()),
            Some(_) => Err(Unreadable::at(self.input.line(), "something follows the end of the array")),
        }
    }

    /// What is missing may be missing anywhere in the item, which is named for that.
    fn broken_off(&self, line: u64) -> Unreadable {
        let place = Place::Item(self.index);
        Unreadable::at(
            line,
            format_args!(
                "the file ends before {place} does: it breaks off, or a quote or a bracket is missing"
            ),
        )
    }

    /// Takes white space and looks at what is behind it.
    fn skip_space(&mut self) -> Result<Option<u8>, Unreadable> {
        loop {
            match self.input.peek()? {
                Some(b' ' | b'\t' | b'\n' | b'\r') => self.input.next()?,
                other => return Ok(other),
            };
        }
    }

    /// Takes what stands from this line on before the next comma or bracket that is not inside of something. Whether it is whole: of
    /// more than may be in memory, the start is left.
    fn read_item(&mut self, line: u64) -> Result<bool, Unreadable> {
        self.item.clear();
        let (mut whole, mut nesting) = (true, Nesting::default());
        loop {
            let Some(byte) = self.input.peek()? else { return Err(self.broken_off(line)) };
            if matches!(byte, b',' | b']') && !nesting.is_open() {
                return Ok(whole);
            }
            nesting.take(byte);
            self.input.next()?;
            if self.item.len() < ROW_BYTES_MAX {
                self.item.push(byte);
            } else {
                whole = false;
            }
        }
    }
}
