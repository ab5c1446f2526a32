//! The connections that read: as many as threads can read at once.

use std::{
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use rusqlite::Connection;

use super::{connection, hold::Hold};

#[derive(Debug)]
pub(super) struct Readers {
    connections: Box<[Mutex<Connection>]>,
    next: AtomicUsize,
}

impl Readers {
    /// One connection for each processor: a read never waits inside, so more could not run at once.
    pub(super) fn open(hold: &Hold) -> anyhow::Result<Self> {
        let count = thread::available_parallelism().map_or(1, usize::from);
        let connections = (0..count)
            .map(|_| connection::open_reader(hold).map(Mutex::new))
            .collect::<anyhow::Result<_>>()?;
        Ok(Self { connections, next: AtomicUsize::new(0) })
    }

    /// Runs `read` on a connection that is free, or on the one whose turn it is once it is free.
    pub(super) fn read<T>(
        &self,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<T> {
        let free = self.connections.iter().find_map(|connection| connection.try_lock().ok());
        let connection = free.unwrap_or_else(|| {
            let turn = self.next.fetch_add(1, Ordering::Relaxed) % self.connections.len();
            lock(&self.connections[turn])
        });
        read(&connection)
    }
}

/// A connection stays sound when a thread panics beside it: its statements reset themselves.
pub(super) fn lock(connection: &Mutex<Connection>) -> MutexGuard<'_, Connection> {
    connection.lock().unwrap_or_else(PoisonError::into_inner)
}
