//! A look at a database without changing it.

use anyhow::bail;

use super::{
    Target, connection::Connection, connector::Connector, fault::Fault, migrations, session, statements,
};
use crate::{Error, settings::Migrate};

/// A database that was looked at.
#[derive(Debug)]
pub(crate) struct Inspection {
    /// What kind of server it is, or why there is none that serves.
    pub(crate) server: anyhow::Result<String>,
    /// Its schema, where there is a server.
    pub(crate) schema: Option<Result<String, Error>>,
    /// The rights on the schema, where it is there.
    pub(crate) rights: Option<anyhow::Result<String>>,
}

/// Connects to the database and asks what a server would depend on.
pub(crate) async fn inspect(target: Target) -> Inspection {
    match Connector::new(target, Migrate::Off).connect_to_look().await {
        Ok(connection) => look(&connection).await,
        Err(error) => Inspection { server: Err(error), schema: None, rights: None },
    }
}

async fn look(connection: &Connection) -> Inspection {
    let server = async {
        let facts = session::facts(connection).await?;
        facts.verify()?;
        Ok(format!("it is PostgreSQL {}, and takes writes", facts.shown_version))
    };
    let server = server.await;
    let schema = match migrations::applied(connection).await {
        Ok(version) if version > migrations::latest() => Ok(format!(
            "it is at version {version}; this program knows {} and works with newer ones",
            migrations::latest()
        )),
        Ok(version) => Ok(format!("it is at version {version}, the one of this program")),
        Err(error) => Err(error),
    };
    let rights = match schema {
        Ok(_) => Some(rights(connection).await),
        Err(_) => None,
    };
    Inspection { server, schema: Some(schema), rights }
}

async fn rights(connection: &Connection) -> anyhow::Result<String> {
    let missing = connection.query(statements::MISSING_RIGHTS, &[]).await.map_err(Error::from)?;
    let missing = missing.first().map_or(Ok(None), |row| row.try_get::<_, Option<String>>(0));
    if let Some(missing) = missing.map_err(Fault::from).map_err(Error::from)? {
        bail!("the role lacks {missing}");
    }
    Ok("the role has all that a server needs".to_owned())
}
