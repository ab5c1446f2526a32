//! SQLite's own failures, in words that are said once.

use crate::store::Failure;

impl From<&rusqlite::Error> for Failure {
    /// With SQLite's extended result code, where it was asked at all.
    fn from(error: &rusqlite::Error) -> Self {
        match error.sqlite_error() {
            Some(failure) => Self::new(format!("{error} (SQLite code {})", failure.extended_code)),
            None => Self::new(error.to_string()),
        }
    }
}

/// What is kept in JSON and cannot be read or written.
pub(super) fn of_json(error: serde_json::Error) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(1, rusqlite::types::Type::Text, error.into())
}

/// The same error with the driver's part of its causes said once.
pub(crate) fn said_once(error: anyhow::Error) -> anyhow::Error {
    let causes: Vec<_> = error.chain().collect();
    let Some((at, failure)) = causes
        .iter()
        .enumerate()
        .find_map(|(at, cause)| Some((at, cause.downcast_ref::<rusqlite::Error>()?)))
    else {
        return error;
    };
    let above = causes[..at].iter().rev().map(ToString::to_string);
    above.fold(anyhow::Error::new(Failure::from(failure)), anyhow::Error::context)
}

#[cfg(test)]
mod tests {
    use anyhow::Context as _;
    use rusqlite::ffi;

    use super::*;

    #[test]
    fn each_cause_is_said_once() {
        for (code, message) in [
            (ffi::SQLITE_CORRUPT, "database disk image is malformed"),
            (ffi::SQLITE_FULL, "database or disk is full"),
            (ffi::SQLITE_CANTOPEN, "unable to open database file"),
            (ffi::SQLITE_NOTADB, "file is not a database"),
        ] {
            let failed = || rusqlite::Error::SqliteFailure(ffi::Error::new(code), Some(message.to_owned()));
            let doubled = anyhow::Error::new(failed()).context("it cannot be read").context("cannot open it");
            assert_eq!(
                format!("{:#}", said_once(doubled)),
                format!("cannot open it: it cannot be read: {message} (SQLite code {code})")
            );
            let shown = format!("{:#}", anyhow::Error::new(crate::Error::from(failed())));
            assert_eq!(shown.matches("SQLite code").count(), 1, "{shown}");
            assert!(!shown.contains("Error code"), "{shown}");
        }
    }

    #[test]
    fn other_errors_stay_as_they_are() {
        let error = std::fs::File::open("/nowhere/at/all").context("cannot open it").expect_err("missing");
        let before = format!("{error:#}");
        assert_eq!(format!("{:#}", said_once(error)), before);
    }
}
