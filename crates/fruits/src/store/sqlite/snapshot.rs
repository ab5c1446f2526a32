//! The state that a file had at one moment.

use std::{num::NonZeroUsize, path::Path};

use anyhow::Context as _;
use rusqlite::Connection;

use super::{connection, list, said_once, statements};
use crate::{
    Error,
    domain::{Cursor, Page, Selection},
};

/// A reading transaction on a file. What is written meanwhile stays in the log until this is dropped.
#[derive(Debug)]
pub struct Snapshot {
    connection: Connection,
}

impl Snapshot {
    /// Opens a catalogue of this release's schema. It works beside a running server.
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        let open = || {
            let connection = connection::open_beside(path)?;
            statements::begin_reading(&connection)?;
            Ok(Self { connection })
        };
        open().map_err(said_once).with_context(|| format!("cannot read the catalogue {}", path.display()))
    }

    /// The next fruits of a list.
    pub fn page(
        &mut self,
        selection: &Selection,
        after: Option<&Cursor>,
        fruits_max: NonZeroUsize,
    ) -> Result<Page, Error> {
        Ok(list::page(&self.connection, selection, after, fruits_max)?)
    }
}
