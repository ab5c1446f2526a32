//! What a new connection convinces the server with.
//!
//! It is looked up for each connection anew, so that a password or token that was replaced meanwhile works without a
//! restart.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use tokio::io::AsyncReadExt as _;

use super::{
    Secret,
    azure::{Identity, Tokens},
};

/// The largest file of a password: tokens that some platforms keep in files have a few kilobytes.
const PASSWORD_FILE_BYTES_MAX: u64 = 64 << 10;

/// Where the password of a connection comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credentials {
    /// There is none: the server asks for none, or knows the process by its user or its certificate.
    None,
    /// The one that was typed.
    Password(Secret),
    /// What this file holds at the time.
    File(PathBuf),
    /// A token of Azure's.
    Azure(Identity),
}

/// The credentials, with what is remembered between two connections.
#[derive(Debug)]
pub(super) enum Keys {
    None,
    Password(Secret),
    File(PathBuf),
    Azure(Tokens),
}

impl Keys {
    pub(super) fn new(credentials: Credentials) -> Self {
        match credentials {
            Credentials::None => Self::None,
            Credentials::Password(password) => Self::Password(password),
            Credentials::File(file) => Self::File(file),
            Credentials::Azure(identity) => Self::Azure(Tokens::new(identity)),
        }
    }

    /// The password for the next connection.
    pub(super) async fn password(&self) -> anyhow::Result<Option<Secret>> {
        match self {
            Self::None => Ok(None),
            Self::Password(password) => Ok(Some(password.clone())),
            Self::File(file) => read(file).await.map(Some),
            Self::Azure(tokens) => tokens.token().await.map(Some).context("no token from Azure"),
        }
    }

    /// The server did not accept the last one: what was kept of it is not offered again.
    pub(super) fn refused(&self) {
        if let Self::Azure(tokens) = self {
            tokens.forget();
        }
    }
}

async fn read(file: &Path) -> anyhow::Result<Secret> {
    let mut password = String::new();
    let read = async {
        let file = tokio::fs::File::open(file).await?;
        file.take(PASSWORD_FILE_BYTES_MAX + 1).read_to_string(&mut password).await
    };
    let bytes =
        read.await.with_context(|| format!("DATABASE_PASSWORD_FILE: cannot read {}", file.display()))?;
    ensure!(
        bytes as u64 <= PASSWORD_FILE_BYTES_MAX,
        "DATABASE_PASSWORD_FILE: {} is larger than {PASSWORD_FILE_BYTES_MAX} bytes",
        file.display()
    );
    // Editors and `echo` end a file with a line break, which is no part of the password.
    let password = password.strip_suffix('\n').unwrap_or(&password);
    let password = password.strip_suffix('\r').unwrap_or(password);
    ensure!(!password.is_empty(), "DATABASE_PASSWORD_FILE: {} is empty", file.display());
    Ok(Secret::new(password))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[tokio::test]
    async fn a_password_file_is_read_each_time() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("password");
        let keys = Keys::new(Credentials::File(file.clone()));
        let refused = format!("{:#}", keys.password().await.unwrap_err());
        assert!(refused.contains("DATABASE_PASSWORD_FILE") && refused.contains("No such file"), "{refused}");
        let longest = "x".repeat(64 << 10);
        for (text, password) in [
            ("one", "one"),
            ("two\n", "two"),
            ("three\r\n", "three"),
            (" a b \n\n", " a b \n"),
            (&longest, &longest),
        ] {
            fs::write(&file, text).unwrap();
            assert_eq!(keys.password().await.unwrap(), Some(Secret::new(password)));
        }
        for (text, words) in
            [("", "is empty"), ("\n", "is empty"), (&format!("{longest}x"), "larger than 65536 bytes")]
        {
            fs::write(&file, text).unwrap();
            let refused = format!("{:#}", keys.password().await.unwrap_err());
            assert!(refused.contains(words), "{refused}");
            assert!(!refused.contains("xxx"), "{refused}");
        }
        fs::write(&file, [0xff]).unwrap();
        keys.password().await.unwrap_err();
    }
}
