//! What goes wrong on a connection, by what it means for who waits.

use std::{error::Error as _, time::Duration};

use tokio_postgres::error::{Severity, SqlState};

use crate::{Error, store::Failure};

/// Why something was not done, or is not known to be.
#[derive(Debug)]
pub(super) enum Fault {
    /// The server refused it and said why. It changed nothing, and the connection is as good as before.
    Said(tokio_postgres::Error),
    /// The connection is gone, or will be. What was under way and not to be committed yet was not done.
    Lost(Failure),
    /// There was no answer in time. As above.
    Silent(Duration),
    /// As either of them, while a change was being committed: it may or may not have been done.
    Unknown(Failure),
    /// Nothing went wrong but the request.
    Refused(Error),
}

impl From<tokio_postgres::Error> for Fault {
    fn from(error: tokio_postgres::Error) -> Self {
        match error.as_db_error().map(tokio_postgres::error::DbError::parsed_severity) {
            Some(None | Some(Severity::Error)) => Self::Said(error),
            // A fatal one ends the session.
            Some(_) => Self::Lost(failure(&error)),
            // What cannot be written or read fails before it is sent, or behind its answer.
            None if error.is_closed() || is_of_the_network(&error) => Self::Lost(failure(&error)),
            None => Self::Said(error),
        }
    }
}

fn is_of_the_network(error: &tokio_postgres::Error) -> bool {
    error.source().and_then(|source| source.downcast_ref::<std::io::Error>()).is_some()
}

impl Fault {
    /// The same where the change was being committed.
    pub(super) fn while_committing(self) -> Self {
        match self {
            Self::Lost(failure) => Self::Unknown(failure),
            Self::Silent(after) => Self::Unknown(silence(after)),
            known => known,
        }
    }

    /// Whether the connection may be used on.
    pub(super) fn leaves_sound(&self) -> bool {
        match self {
            Self::Said(_) => !self.is_stale() && !self.is_read_only(),
            Self::Refused(_) => true,
            Self::Lost(_) | Self::Silent(_) | Self::Unknown(_) => false,
        }
    }

    /// Whether the same change may well succeed when it is tried again, and is certain not to have been made.
    pub(super) fn may_pass(&self) -> bool {
        let conflicts = [SqlState::T_R_SERIALIZATION_FAILURE, SqlState::T_R_DEADLOCK_DETECTED];
        match self {
            Self::Said(error) => error.code().is_some_and(|code| conflicts.contains(code)) || self.is_stale(),
            Self::Lost(_) => true,
            Self::Silent(_) | Self::Unknown(_) | Self::Refused(_) => false,
        }
    }

    /// A statement that was prepared before somebody changed the schema, or that somebody between us and the server
    /// does not know.
    pub(super) fn is_stale(&self) -> bool {
        let Self::Said(error) = self else { return false };
        let Some(said) = error.as_db_error() else { return false };
        *said.code() == SqlState::INVALID_SQL_STATEMENT_NAME
            || *said.code() == SqlState::FEATURE_NOT_SUPPORTED
                && said.routine() == Some("RevalidateCachedQuery")
    }

    fn is_read_only(&self) -> bool {
        matches!(self, Self::Said(error) if error.code() == Some(&SqlState::READ_ONLY_SQL_TRANSACTION))
    }

    /// Whether it broke the constraint of this name.
    pub(super) fn breaks(&self, constraint: &str) -> bool {
        let Self::Said(error) = self else { return false };
        error.as_db_error().is_some_and(|said| said.constraint() == Some(constraint))
    }

    /// Whether it has this code.
    pub(super) fn is(&self, code: &SqlState) -> bool {
        matches!(self, Self::Said(error) if error.code() == Some(code))
    }

    /// Whether what was sent is at fault: its values, or a rule of the schema about them (classes 22 and 23).
    pub(super) fn is_about_values(&self) -> bool {
        let Self::Said(error) = self else { return false };
        error.code().is_some_and(|code| code.code().starts_with("22") || code.code().starts_with("23"))
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Refused(error) => error,
            Fault::Unknown(failure) => Self::Unknown(failure),
            Fault::Lost(failure) => Self::Unavailable(failure),
            Fault::Silent(after) => Self::Unavailable(silence(after)),
            Fault::Said(error) => said(&error),
        }
    }
}

/// What the server's refusal means, by its code: appendix A of PostgreSQL's documentation.
fn said(error: &tokio_postgres::Error) -> Error {
    let failure = failure(error);
    let Some(code) = error.code() else { return Error::Database(failure) };
    let class = &code.code()[..2];
    if *code == SqlState::DISK_FULL {
        Error::StorageFull(failure)
    } else if *code == SqlState::SEQUENCE_GENERATOR_LIMIT_EXCEEDED {
        Error::IdsExhausted
    } else if ["08", "40", "53", "55", "57"].contains(&class) || *code == SqlState::READ_ONLY_SQL_TRANSACTION
    {
        Error::Unavailable(failure)
    } else {
        Error::Database(failure)
    }
}

fn silence(after: Duration) -> Failure {
    Failure::new(format!("no answer within {} ms", after.as_millis()))
}

/// The error with its causes, each said once.
pub(super) fn failure(error: &tokio_postgres::Error) -> Failure {
    if let Some(said) = error.as_db_error() {
        return Failure::new(format!("{} (SQLSTATE {})", said.message(), said.code().code()));
    }
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let said = error.to_string();
        if !words.ends_with(&said) {
            words = format!("{words}: {said}");
        }
        cause = error.source();
    }
    Failure::new(words)
}
