//! The writer's transaction, which stands open for as long as the server lives.
//!
//! SQLite lets other programs write between two transactions. So the next one begins as soon as the last one is
//! committed, not when it is needed: another program finds the database locked, and what is in memory is true without
//! a look at the file. Between the two there is a moment in which a program that waits can have its turn. The memory
//! is closed for that moment, and SQLite tells afterwards whether somebody came.

use std::{sync::Arc, time::Duration};

use rusqlite::Connection;

use super::{connection::BUSY_TIMEOUT, memory::Memory, statements};
use crate::domain::FruitId;

/// The one connection that writes, and its transaction.
pub(super) struct Standing {
    connection: Connection,
    memory: Arc<Memory>,
    /// Whether the transaction has begun and was not ended since, as far as this knows: SQLite ends it by itself
    /// where the disk fails.
    begun: bool,
    /// By what SQLite tells whether another connection has committed something; none before the first transaction.
    seen: Option<i64>,
}

impl Standing {
    /// From now on other programs do not write, unless one holds the lock already.
    pub(super) fn new(connection: Connection, memory: Arc<Memory>) -> Self {
        let mut standing = Self { connection, memory, begun: false, seen: None };
        standing.stand();
        standing
    }

    /// The transaction, begun if it does not stand. It waits for another program that writes, for a while.
    pub(super) fn begin(&mut self) -> rusqlite::Result<&Connection> {
        if !self.has_begun() {
            self.end()?;
            statements::begin_writing(&self.connection)?;
            self.begun = true;
            let version = statements::data_version(&self.connection)?;
            if self.seen.replace(version).is_some_and(|seen| seen != version) {
                self.memory.forget_all();
            }
            self.memory.open();
        }
        Ok(&self.connection)
    }

    /// The same with nothing that was read before: what a disk that failed has given is asked for anew.
    pub(super) fn begin_anew(&mut self) -> rusqlite::Result<&Connection> {
        self.end()?;
        statements::forget_pages(&self.connection)?;
        self.begin()
    }

    /// Makes what was written durable. These fruits are then not what they were. If it fails, nothing was written.
    pub(super) fn commit(&mut self, changed: impl Iterator<Item = FruitId>) -> rusqlite::Result<()> {
        self.memory.close();
        changed.for_each(|id| self.memory.forget(id));
        let committed = statements::commit(&self.connection);
        self.undo();
        committed
    }

    /// Takes back what was written since the last commit.
    pub(super) fn undo(&mut self) {
        // Where it fails, it is tried again before the next one begins.
        let _ = self.end();
        self.stand();
    }

    /// For the end of a turn that has written nothing.
    pub(super) fn rest(&mut self) {
        if !self.memory.has_room() {
            self.undo();
        }
    }

    /// Whether it does not stand though it should: another program was faster, or the disk failed.
    pub(super) fn has_fallen(&self) -> bool {
        self.memory.has_room() && !self.has_begun()
    }

    /// Begins the transaction if that takes no waiting: who has the lock now may keep it for long. Where there is
    /// nothing in memory that could become stale, others may have it.
    pub(super) fn stand(&mut self) {
        if self.has_fallen()
            && let Err(error) = self.at_once()
        {
            tracing::debug!(%error, "other programs can write: the catalogue is read from its file");
        }
    }

    fn at_once(&mut self) -> rusqlite::Result<()> {
        self.connection.busy_timeout(Duration::ZERO)?;
        let begun = self.begin().map(drop);
        self.connection.busy_timeout(BUSY_TIMEOUT)?;
        begun
    }

    fn has_begun(&self) -> bool {
        self.begun && !self.connection.is_autocommit()
    }

    fn end(&mut self) -> rusqlite::Result<()> {
        self.memory.close();
        self.begun = false;
        if self.connection.is_autocommit() { Ok(()) } else { statements::roll_back(&self.connection) }
    }
}
