//! What a row of a file turned out to be.

use std::fmt;

use chassis::Problem;

use crate::{Error, domain::NewFruit};

/// The longest row, as it stands in the file: as much as the API's default for a body.
pub const ROW_BYTES_MAX: usize = 1 << 20;

/// A row, judged.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) place: Place,
    pub(super) fruit: Result<NewFruit, Vec<Fault>>,
}

/// Which row of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// The one that begins on this line, the first of which is 1.
    Line(u64),
    /// This item of a JSON array, the first of which is 0.
    Item(u64),
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(line) => write!(formatter, "line {line}"),
            Self::Item(index) => write!(formatter, "/{index}"),
        }
    }
}

/// A row that cannot be added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadRow {
    /// Which one.
    pub place: Place,
    /// What is wrong with it: at least one thing.
    pub faults: Vec<Fault>,
}

impl fmt::Display for BadRow {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: ", self.place)?;
        for (index, fault) in self.faults.iter().enumerate() {
            let separator = if index > 0 { "; " } else { "" };
            write!(formatter, "{separator}{fault}")?;
        }
        Ok(())
    }
}

/// What is wrong with a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The field that it is about; empty where it is the whole row.
    pub field: String,
    /// What about it, as a sentence that wants a subject.
    pub reason: String,
}

impl Fault {
    pub(super) fn of_row(reason: impl fmt::Display) -> Self {
        Self { field: String::new(), reason: reason.to_string() }
    }

    pub(super) fn of_field(field: &str, reason: impl fmt::Display) -> Self {
        Self { field: field.to_owned(), reason: reason.to_string() }
    }

    pub(super) fn too_long() -> Self {
        Self::of_row(format_args!("is longer than {ROW_BYTES_MAX} bytes"))
    }

    /// What a catalogue says of a fruit that it does not take; an error if it is not about the fruit.
    pub(super) fn refused(error: Error) -> Result<Self, Error> {
        match error {
            Error::IdTaken(id) => {
                Ok(Self::of_field("id", format_args!("{id} is taken: a fruit has it, or had it once")))
            }
            Error::IdsExhausted => {
                Ok(Self::of_field("id", "must be given: the largest has been, so that none follows"))
            }
            other => Err(other),
        }
    }
}

/// What the judge of a request's body says, for people who did not send one.
pub(super) fn faults(problem: &Problem) -> Vec<Fault> {
    let faults = problem.errors().iter();
    faults.map(|error| Fault::of_field(error.pointer.trim_start_matches('/'), &error.detail)).collect()
}

impl fmt::Display for Fault {
    /// On one line of a terminal, whatever the file has in the names of its fields.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let subject = if self.field.is_empty() { "it" } else { &self.field };
        for character in format!("{subject} {}", self.reason).chars() {
            if character.is_control() {
                write!(formatter, "{}", character.escape_default())?;
            } else {
                write!(formatter, "{character}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_row_is_one_line() {
        let faults = vec![
            Fault::of_row("has 2 columns"),
            Fault::of_field("a\u{1b}[31m\nb\u{85}", "is not a field that is known here"),
        ];
        assert_eq!(
            BadRow { place: Place::Line(3), faults }.to_string(),
            "line 3: it has 2 columns; a\\u{1b}[31m\\nb\\u{85} is not a field that is known here"
        );
        let row = BadRow { place: Place::Item(0), faults: vec![Fault::of_field("id", "is taken")] };
        assert_eq!(row.to_string(), "/0: id is taken");
    }
}
