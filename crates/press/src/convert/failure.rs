//! Why no PDF was made, of how many sources and steps there were.

use super::{budget::RETRY_AFTER, engine};
use crate::error::Error;

/// What is wrong with one of the sources.
#[derive(Debug)]
pub struct SourceFailure {
    /// Which of them, from 0.
    pub index: usize,
    /// Why it is no page.
    pub error: Error,
}

/// Why there is no PDF.
#[derive(Debug)]
pub enum Failure {
    /// These sources are no good, in order. None where there was no source at all.
    Sources(Vec<SourceFailure>),
    /// Something else than a source.
    Whole(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Whole(error)
    }
}

/// What two ends make together: the sources' and the engine's. A step that fails makes its neighbours fail as well: the
/// cause is the one that does not speak of a neighbour. What the engine left out comes beside what it made.
pub(super) fn outcome(
    fed: Result<Vec<SourceFailure>, Error>,
    converted: Result<engine::Made, engine::Failure>,
) -> Result<(engine::Made, Vec<SourceFailure>), Failure> {
    let error = match converted {
        // Where the sources themselves are lost, what was made of them means nothing.
        Ok(mut made) => {
            let fed = fed?;
            // A source that failed when the engine had all it needed is a page all the same.
            let skipped = std::mem::take(&mut made.report.skipped);
            return Ok((made, explained(skipped, fed)));
        }
        Err(engine::Failure::Panic) => return Err(Error::Internal("the engine panicked".to_owned()).into()),
        Err(engine::Failure::Error(error)) => error,
    };
    Err(match error {
        pdf_engine::Error::OutOfBudget => Error::Busy { retry_after: RETRY_AFTER }.into(),
        pdf_engine::Error::Sources(skipped) => Failure::Sources(explained(skipped, fed?)),
        error if error.index().is_some() => Failure::Sources(explained(vec![error], fed?)),
        pdf_engine::Error::NoSource => Failure::Sources(explained(Vec::new(), fed?)),
        error => Failure::Whole(fed.err().unwrap_or(Error::Image(error))),
    })
}

/// What the engine says of the sources that it could not read is not why they could not be.
fn explained(skipped: Vec<pdf_engine::Error>, fed: Vec<SourceFailure>) -> Vec<SourceFailure> {
    let mut fed = fed.into_iter().peekable();
    skipped
        .into_iter()
        .map(|error| {
            let index = error.index().unwrap_or_default();
            while fed.next_if(|failure| failure.index < index).is_some() {}
            match error {
                pdf_engine::Error::Source { .. } => fed
                    .next_if(|failure| failure.index == index)
                    .unwrap_or_else(|| SourceFailure { index, error: unheard() }),
                error => SourceFailure { index, error: Error::Image(error) },
            }
        })
        .collect()
}

fn unheard() -> Error {
    Error::Internal("a source ended unheard".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(error: pdf_engine::Error) -> Result<engine::Made, engine::Failure> {
        Err(engine::Failure::Error(error))
    }

    fn malformed(index: usize) -> pdf_engine::Error {
        pdf_engine::Error::Malformed { index, detail: "broken".to_owned() }
    }

    fn unread(index: usize) -> pdf_engine::Error {
        pdf_engine::Error::Source { index, error: Error::broken_pipe() }
    }

    fn too_large(index: usize) -> SourceFailure {
        SourceFailure { index, error: Error::SourceTooLarge { limit_bytes: 1 } }
    }

    /// The sources that are told to be no good, or the error of the whole.
    fn told(
        fed: Result<Vec<SourceFailure>, Error>,
        converted: Result<engine::Made, engine::Failure>,
    ) -> String {
        match outcome(fed, converted).expect_err("nothing was made") {
            Failure::Whole(error) => error.to_string(),
            Failure::Sources(failures) => failures
                .iter()
                .map(|failure| format!("{}: {}", failure.index, failure.error))
                .collect::<Vec<_>>()
                .join("; "),
        }
    }

    #[test]
    fn the_step_that_failed_first_is_the_one_that_is_told() {
        let not_image = "0: the source is not convertible";
        assert_eq!(told(Ok(vec![]), failed(malformed(0))), not_image);
        assert_eq!(told(Ok(vec![too_large(0)]), failed(unread(0))), "0: the source is larger than 1 bytes");
        // The source failed as well, but only after the engine had seen enough.
        assert_eq!(told(Ok(vec![too_large(0)]), failed(malformed(0))), not_image);
        assert_eq!(told(Ok(vec![too_large(0)]), Err(engine::Failure::Panic)), "the engine panicked");
        assert_eq!(
            told(Ok(vec![]), failed(pdf_engine::Error::OutOfBudget)),
            "too many conversions are waiting"
        );
        let lost = || Err(Error::NotTaken);
        assert_eq!(told(lost(), failed(unread(0))), "the PDF was not taken in time");
        assert_eq!(told(lost(), failed(pdf_engine::Error::Cancelled)), "the PDF was not taken in time");
    }

    #[test]
    fn each_source_is_told_once_and_by_its_own_error() {
        let all = pdf_engine::Error::Sources(vec![unread(0), malformed(1), unread(2)]);
        assert_eq!(
            told(Ok(vec![too_large(0), too_large(1), too_large(2)]), failed(all)),
            "0: the source is larger than 1 bytes; 1: the source is not convertible; \
             2: the source is larger than 1 bytes"
        );
        assert_eq!(told(Ok(vec![too_large(0)]), failed(unread(1))), "1: a source ended unheard");
    }
}
