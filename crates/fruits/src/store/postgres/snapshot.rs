//! The state that a database had at one moment.

use std::num::NonZeroUsize;

use anyhow::Context as _;

use super::{Target, connection::Connection, connector::Connector, list, migrations, session};
use crate::{
    Error,
    domain::{Cursor, Page, Selection},
    settings::Migrate,
};

/// Every statement behind it sees the state that the first one saw.
const BEGIN_READING: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// A reading transaction on a connection of its own.
#[derive(Debug)]
pub struct Snapshot {
    connection: Connection,
}

impl Snapshot {
    /// Opens a catalogue, on a standby too. It works beside servers.
    pub async fn open(target: Target) -> anyhow::Result<Self> {
        let shown = target.to_string();
        let open = async {
            let connection = Connector::new(target, Migrate::Off).connect_to_look().await?;
            migrations::applied(&connection).await?;
            session::take_time(&connection).await.map_err(Error::from)?;
            connection.run_for_long(BEGIN_READING).await.map_err(Error::from)?;
            anyhow::Ok(Self { connection })
        };
        open.await.with_context(|| format!("cannot read the catalogue {shown}"))
    }

    /// The next fruits of a list.
    pub async fn page(
        &mut self,
        selection: &Selection,
        after: Option<&Cursor>,
        fruits_max: NonZeroUsize,
    ) -> Result<Page, Error> {
        Ok(list::page(&self.connection, selection, after, fruits_max).await?)
    }
}
