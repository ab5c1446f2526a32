//! What can go wrong with the catalogue, by who must act, and how a client reads it.

use std::{path::PathBuf, time::Duration};

use chassis::{
    Problem,
    problem::{Kind, kind},
};
use http::StatusCode;

use crate::{domain::FruitId, store::Failure};

/// The wanted id belongs, or once belonged, to another fruit.
pub(crate) const ID_TAKEN: Kind = Kind::new("fruit-id-taken", StatusCode::CONFLICT, "Id already taken");
/// The largest id has been given: the catalogue can give none by itself any more.
pub(crate) const IDS_EXHAUSTED: Kind =
    Kind::new("fruit-ids-exhausted", StatusCode::CONFLICT, "Ids exhausted");
/// A request with the same `Idempotency-Key` is being answered.
pub(crate) const KEY_IN_USE: Kind =
    Kind::new("idempotency-key-in-use", StatusCode::CONFLICT, "Idempotency key in use");
/// The `Idempotency-Key` was used for another request.
pub(crate) const KEY_REUSED: Kind =
    Kind::new("idempotency-key-reused", StatusCode::UNPROCESSABLE_ENTITY, "Idempotency key reused");
/// The disk under the catalogue is full.
pub(crate) const STORAGE_FULL: Kind =
    Kind::new("storage-full", StatusCode::INSUFFICIENT_STORAGE, "No room for the fruit");

/// The kinds of problem that only this service answers, for the page that explains them.
pub const KINDS: &[Kind] = &[ID_TAKEN, IDS_EXHAUSTED, KEY_IN_USE, KEY_REUSED, STORAGE_FULL];

/// When a client may try again after the catalogue was too busy: queued writes are done long before.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Why the catalogue did not do what it was asked. Nothing was changed by a request that got one, with two
/// exceptions that no store can rule out: [`Error::Unknown`], and where the disk itself failed during a commit, which
/// may hold what it refused.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// The client must choose another id.
    #[error("the id {0} is taken")]
    IdTaken(FruitId),
    /// The client must choose an id.
    #[error("the ids are exhausted")]
    IdsExhausted,
    /// The client asks for a fruit that is not there.
    #[error("there is no fruit with the id {0}")]
    NotFound(FruitId),
    /// The client must look at the fruit again: it is not as the request demands.
    #[error("the fruit {0} is not as the request demands")]
    PreconditionFailed(FruitId),
    /// The client must wait for its other request under the same `Idempotency-Key`.
    #[error("a request with this idempotency key is being answered")]
    KeyInUse,
    /// The client must give its new request a key of its own.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// One of several fruits could not be added, so none was.
    #[error("the fruit at index {index} cannot be added")]
    Item {
        /// Its place in the request, from 0 on.
        index: usize,
        /// What is wrong with it.
        #[source]
        error: Box<Self>,
    },
    /// The client should try again: as many writes wait already as may.
    #[error("too many writes wait")]
    Busy,
    /// The client should try again: another program keeps the database locked.
    #[error("the database is locked by another program")]
    Locked(#[source] Failure),
    /// The client should try again: the database cannot be reached, or cannot do it now.
    #[error("the database is not available")]
    Unavailable(#[source] Failure),
    /// The client must look before it tries again: the answer to the commit is missing.
    #[error("the connection broke off while the change was committed")]
    Unknown(#[source] Failure),
    /// The operator must migrate the database.
    #[error(
        "the schema of the database is at version {found}, and this program needs {needed}: run `fruitpress migrate`"
    )]
    SchemaBehind {
        /// How many steps it has.
        found: u32,
        /// How many it must have at least.
        needed: u32,
    },
    /// The operator must make room.
    #[error("the disk is full")]
    StorageFull(#[source] Failure),
    /// The operator must see what is wrong with the database.
    #[error("the database failed")]
    Database(#[source] Failure),
    /// The operator must put the file back or restart the server: what is written to it would be lost.
    #[error("{} was removed or replaced while it was open", .0.display())]
    Displaced(PathBuf),
    /// The service is being stopped, or a bug stopped its writer.
    #[error("the writer has stopped")]
    Stopped,
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode::{DatabaseBusy, DatabaseLocked, DiskFull};
        match error.sqlite_error_code() {
            Some(DatabaseBusy | DatabaseLocked) => Self::Locked(Failure::from(&error)),
            Some(DiskFull) => Self::StorageFull(Failure::from(&error)),
            _ => Self::Database(Failure::from(&error)),
        }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match &error {
            Error::IdTaken(id) => id_taken(*id, "/id"),
            Error::Item { index, error: inner } => match **inner {
                Error::IdTaken(id) => id_taken(id, &format!("/{index}/id")),
                _ => (**inner).clone().into(),
            },
            Error::KeyInUse => KEY_IN_USE
                .because("A request with this Idempotency-Key is being answered. Wait, then send it again.")
                .retry_after(RETRY_AFTER),
            Error::KeyReused => KEY_REUSED.because(
                "This Idempotency-Key was used for a request with another body. Give each request a key of its own.",
            ),
            Error::NotFound(id) => kind::NOT_FOUND.because(format!("There is no fruit with the id {id}.")),
            Error::PreconditionFailed(id) => kind::PRECONDITION_FAILED.because(format!(
                "The fruit {id} has changed since, or is not one that the request names. Get it again, and send its \
                 new ETag as If-Match."
            )),
            Error::IdsExhausted => IDS_EXHAUSTED.because(format!(
                "The largest id, {}, has been given, so none follows. Choose a free id and send it as `id`.",
                FruitId::MAX
            )),
            Error::Busy => kind::UNAVAILABLE
                .because("More writes wait than the catalogue takes. Nothing was added; try again.")
                .retry_after(RETRY_AFTER),
            Error::Locked(_) => kind::UNAVAILABLE
                .because("The catalogue is locked for the moment. Nothing was changed; try again.")
                .retry_after(RETRY_AFTER)
                .caused_by(error),
            Error::Unavailable(_) | Error::SchemaBehind { .. } => kind::UNAVAILABLE
                .because("The catalogue's database is not available now. Nothing was changed; try again.")
                .retry_after(RETRY_AFTER)
                .caused_by(error),
            Error::Unknown(_) => kind::UNAVAILABLE
                .because(
                    "The connection to the database broke off while the change was being made: it may or may not have \
                     been done. Look before you try again; an add with an Idempotency-Key may be sent again as it is.",
                )
                .retry_after(RETRY_AFTER)
                .caused_by(error),
            Error::StorageFull(_) => STORAGE_FULL
                .because("There is no room left to keep the fruit. It was not added; try again later.")
                .caused_by(error),
            Error::Database(_) | Error::Displaced(_) | Error::Stopped => Self::internal(error),
        }
    }
}

fn id_taken(id: FruitId, pointer: &str) -> Problem {
    ID_TAKEN
        .because(format!("The id {id} is taken. Choose another, or leave it out to be given one."))
        .at(pointer)
}

#[cfg(test)]
mod tests {
    use rusqlite::ffi;

    use super::*;

    fn sqlite(code: i32) -> Error {
        Error::from(rusqlite::Error::SqliteFailure(ffi::Error::new(code), Some("secret path".into())))
    }

    #[test]
    fn each_failure_of_sqlite_says_who_must_act() {
        for (code, slug) in [
            (ffi::SQLITE_FULL, "storage-full"),
            (ffi::SQLITE_BUSY, "service-unavailable"),
            (ffi::SQLITE_BUSY_SNAPSHOT, "service-unavailable"),
            (ffi::SQLITE_IOERR_WRITE, "internal-error"),
            (ffi::SQLITE_CORRUPT, "internal-error"),
            (ffi::SQLITE_READONLY, "internal-error"),
        ] {
            let problem = Problem::from(sqlite(code));
            assert_eq!(problem.kind().slug, slug, "{code}");
            assert!(problem.kind().status.is_server_error(), "{code}");
            assert!(!problem.detail().contains("secret"), "{code}");
        }
    }
}
