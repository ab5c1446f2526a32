//! Whether writes work, as far as the last ones tell.

use std::{
    io,
    path::Path,
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::place::Place;
use crate::Error;

/// Shared by the writer, which learns how writes go, and by those who ask.
#[derive(Debug)]
pub(super) struct Health {
    place: Place,
    failure: Mutex<Option<Error>>,
}

impl Health {
    /// Of an open database, of which nothing bad is known.
    pub(super) fn new(database: &Path) -> io::Result<Self> {
        Ok(Self { place: Place::of(database)?, failure: Mutex::new(None) })
    }

    /// The files are still where a restart would look for them.
    pub(super) fn in_place(&self) -> Result<(), Error> {
        self.place.check()
    }

    /// A write is on the disk.
    pub(super) fn written(&self) {
        *self.failure() = None;
    }

    /// A write failed. A full disk or a lock of another program passes by itself and says nothing about the
    /// database; any other failure of a whole group would meet the next one too.
    pub(super) fn failed(&self, error: &Error) {
        if let Error::Database(_) = error {
            *self.failure() = Some(error.clone());
        }
    }

    /// The failure that no write has succeeded since, if there is one.
    pub(super) fn check(&self) -> Result<(), Error> {
        self.in_place()?;
        self.failure().clone().map_or(Ok(()), Err)
    }

    /// Whether the last write failed for a reason that stays.
    pub(super) fn is_failing(&self) -> bool {
        self.failure().is_some()
    }

    fn failure(&self) -> MutexGuard<'_, Option<Error>> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
