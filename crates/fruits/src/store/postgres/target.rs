//! Which database, and how it is reached.

use std::{fmt, path::PathBuf, time::Duration};

use super::Credentials;

/// A database of PostgreSQL, and how it is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Where its server listens.
    pub host: Host,
    /// The port there, which a socket's name has in it too.
    pub port: u16,
    /// The role to connect as.
    pub user: String,
    /// The database's name.
    pub database: String,
    /// What the server's views show of these connections.
    pub application_name: Option<String>,
    /// Settings for each session as `-c NAME=VALUE`, such as the `search_path`.
    pub options: Option<String>,
    /// Who is believed to be the server.
    pub tls: Tls,
    /// What convinces the server.
    pub credentials: Credentials,
    /// What may be waited for, and for how long.
    pub limits: Limits,
}

impl fmt::Display for Target {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port, database, .. } = self;
        match host {
            Host::Name(name) if name.contains(':') => {
                write!(formatter, "postgres://[{name}]:{port}/{database}")
            }
            Host::Name(name) => write!(formatter, "postgres://{name}:{port}/{database}"),
            Host::Socket(folder) => write!(formatter, "postgres:///{database}?host={}", folder.display()),
        }
    }
}

/// Where a server listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Host {
    /// A name or an address.
    Name(String),
    /// The folder of a Unix socket.
    Socket(PathBuf),
}

/// Who is believed to be the server. Certificates are always checked, with the name that was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tls {
    /// Whom the system's certificate authorities vouch for.
    System,
    /// Whom the authorities in this PEM file vouch for, and nobody else.
    File(PathBuf),
    /// Whoever answers: nothing is encrypted.
    Disabled,
}

/// What may be waited for, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Connections in all, the one that reads by id share among them; at least two.
    pub connections_max: usize,
    /// How long a connection may take until it can be used.
    pub connect_timeout: Duration,
    /// How long a request waits for a connection while all are in use.
    pub queue_timeout: Duration,
    /// How long a statement may take, its way there and back included.
    pub statement_timeout: Duration,
    /// How many adds may wait; one more is told to try again.
    pub queue_adds_max: usize,
    /// How many adds one statement takes: bounds how long the first of them waits for the last.
    pub group_adds_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections_max: 10,
            connect_timeout: Duration::from_secs(3),
            queue_timeout: Duration::from_secs(2),
            statement_timeout: Duration::from_secs(5),
            queue_adds_max: 4096,
            group_adds_max: 512,
        }
    }
}

/// A text that nothing shows.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Keeps the text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text, for whom it is meant.
    pub(super) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(…)")
    }
}
