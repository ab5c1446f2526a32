//! Who may do what.

use std::path::PathBuf;

use crate::tokens;

/// The tokens of the API.
#[derive(clap::Args, Debug, Clone)]
#[group(skip)]
pub struct Access {
    /// The file of the tokens without which nothing may be changed, a line each: `NAME sha256:HASH [SCOPE…]`, where
    /// HASH is the SHA-256 of the token. It is read again when it changes; where it
    /// is gone or broken then, the last good one stays in force and an error is logged. Everyone may do everything when unset,
    /// which is for a service that only this machine or a trusted network reaches
    #[arg(long, env = "API_TOKENS_FILE", value_name = "FILE")]
    pub api_tokens_file: Option<PathBuf>,
}

impl Access {
    /// What is wrong with the file, a sentence each.
    pub(super) fn faults(&self) -> Vec<String> {
        self.api_tokens_file.as_deref().and_then(|path| tokens::read(path).err()).unwrap_or_default()
    }
}
