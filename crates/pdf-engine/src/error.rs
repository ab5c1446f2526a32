//! The one error of the crate: its variant says who must act.

use std::{fmt, io};

/// Why a conversion failed. What was written until then is no PDF: discard it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The source is something that is not converted; another image may be.
    #[error("{detail}")]
    Unsupported {
        /// Which of the sources, from 0.
        index: usize,
        /// What it is and what would be right.
        detail: String,
    },
    /// The source is broken: a new copy of it may help.
    #[error("{detail}")]
    Malformed {
        /// Which of the sources, from 0.
        index: usize,
        /// What is wrong, and where.
        detail: String,
    },
    /// The source is beyond one of the [`Limits`](crate::Limits).
    #[error("{detail}")]
    TooLarge {
        /// Which of the sources, from 0.
        index: usize,
        /// The limit's name: a field of [`Limits`](crate::Limits), or `pdf_bytes_max` for what PDF itself bounds.
        limit: &'static str,
        /// The limit's value.
        max: u64,
        /// What is too large, and how large it may be.
        detail: String,
    },
    /// The [`Budget`](crate::Budget) that several conversions share is used up: later, this one may succeed.
    #[error("the memory that conversions share is in use")]
    OutOfBudget,
    /// The [`Cancel`](crate::Cancel) flag was set.
    #[error("the conversion was cancelled")]
    Cancelled,
    /// Reading a source failed.
    #[error("the image could not be read to its end")]
    Source {
        /// Which of the sources, from 0.
        index: usize,
        /// What its reader said.
        #[source]
        error: io::Error,
    },
    /// Writing the PDF failed.
    #[error("the PDF could not be written")]
    Sink(#[source] io::Error),
    /// None of the sources can be converted, where those that fail are left out: why, of each.
    #[error("none of the images can be converted")]
    Sources(Vec<Self>),
    /// The options contradict each other, or ask to open the PDF at a page that it has not, whatever the images are.
    #[error("{detail}")]
    Layout {
        /// Which ones, and how.
        detail: String,
    },
    /// There was no source at all, and a PDF needs a page.
    #[error("there is no image to convert")]
    NoSource,
}

impl Error {
    /// Which of the sources is at fault, from 0; `None` where none is.
    pub fn index(&self) -> Option<usize> {
        match self {
            Self::Unsupported { index, .. }
            | Self::Malformed { index, .. }
            | Self::TooLarge { index, .. }
            | Self::Source { index, .. } => Some(*index),
            Self::OutOfBudget
            | Self::Cancelled
            | Self::Sink(_)
            | Self::Sources(_)
            | Self::Layout { .. }
            | Self::NoSource => None,
        }
    }
}

/// An [`Error`] before it is known which source it is about.
#[derive(Debug)]
pub(crate) enum Fault {
    Unsupported(String),
    Malformed(String),
    TooLarge { limit: &'static str, max: u64, detail: String },
    OutOfBudget,
    Cancelled,
    Source(io::Error),
    Sink(io::Error),
}

impl Fault {
    pub(crate) fn unsupported(detail: impl Into<String>) -> Self {
        Self::Unsupported(detail.into())
    }

    pub(crate) fn malformed(detail: impl Into<String>) -> Self {
        Self::Malformed(detail.into())
    }

    /// `what` names the thing, as in "the JPEG's colour profile".
    pub(crate) fn too_large(limit: &'static str, max: u64, what: impl fmt::Display) -> Self {
        let detail = format!("{what} may have at most {} here", Count(max));
        Self::TooLarge { limit, max, detail }
    }

    /// Whether another source may do better.
    pub(crate) fn is_of_one_source(&self) -> bool {
        match self {
            Self::Unsupported(_) | Self::Malformed(_) | Self::TooLarge { .. } | Self::Source(_) => true,
            Self::OutOfBudget | Self::Cancelled | Self::Sink(_) => false,
        }
    }

    pub(crate) fn at(self, index: usize) -> Error {
        match self {
            Self::Unsupported(detail) => Error::Unsupported { index, detail },
            Self::Malformed(detail) => Error::Malformed { index, detail },
            Self::TooLarge { limit, max, detail } => Error::TooLarge { index, limit, max, detail },
            Self::OutOfBudget => Error::OutOfBudget,
            Self::Cancelled => Error::Cancelled,
            Self::Source(error) => Error::Source { index, error },
            Self::Sink(error) => Error::Sink(error),
        }
    }
}

/// A number with its digits in groups of three, as people read it.
pub(crate) struct Count(pub(crate) u64);

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.0.to_string();
        for (at, digit) in digits.chars().enumerate() {
            if at > 0 && (digits.len() - at).is_multiple_of(3) {
                f.write_str(",")?;
            }
            write!(f, "{digit}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_grouped() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (1000, "1,000"),
            (12_345, "12,345"),
            (123_456, "123,456"),
            (u64::MAX, "18,446,744,073,709,551,615"),
        ] {
            assert_eq!(Count(number).to_string(), text);
        }
    }

    #[test]
    fn an_error_never_repeats_its_source() {
        let error = Fault::Source(io::Error::other("the cable is cut")).at(3);
        assert_eq!(error.index(), Some(3));
        assert!(!error.to_string().contains("cable"));
        assert!(std::error::Error::source(&error).is_some_and(|source| source.to_string().contains("cable")));
    }
}
