//! What a database said, in words that are said once.

use std::fmt;

/// What went wrong with a database, with the code that its documentation explains it under, where it has one.
///
/// The driver's error is not kept: its chain of causes says much twice, and this can be shared by all who waited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure(String);

impl Failure {
    /// A failure in these words.
    pub(crate) fn new(words: impl Into<String>) -> Self {
        Self(words.into())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for Failure {}
