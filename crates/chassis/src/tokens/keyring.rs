//! The tokens that are valid now: those of the file as it was read last.
//!
//! The file is read every two seconds, so a token that is added or taken back is known that soon, however the file is
//! replaced: by an editor, by a rename, by a cluster that swaps a link to a folder. A signal would not reach a process
//! in a container that easily, and the times of files are too coarse. A file that has a fault changes nothing: the
//! tokens before it stay valid, and the log says so.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError, RwLock, Weak},
    thread,
    time::Duration,
};

use anyhow::Context;

use super::{Token, TokenHash, file, hash};

const REREAD_INTERVAL: Duration = Duration::from_secs(2);
/// Longer than any token that is given out; hashing a longer text would be work for nothing.
const TOKEN_LENGTH_MAX: usize = 512;

pub(crate) struct Keyring {
    path: PathBuf,
    tokens: RwLock<Vec<Arc<Token>>>,
    /// The file, or why there is none, as it was when it was looked at last.
    last: Mutex<Result<Vec<u8>, String>>,
}

impl Keyring {
    /// The file's tokens, kept up to date for as long as the keyring is there.
    pub(crate) fn open(path: PathBuf) -> anyhow::Result<Arc<Self>> {
        let bytes = file::read_bytes(&path).map_err(anyhow::Error::msg)?;
        let tokens = file::parse(&bytes).map_err(|faults| anyhow::anyhow!(faults.join("; ")))?;
        let keyring = Arc::new(Self { path, tokens: RwLock::default(), last: Mutex::new(Ok(bytes)) });
        keyring.replace(tokens);
        let watched = Arc::downgrade(&keyring);
        thread::Builder::new()
            .name("api-tokens".to_owned())
            .spawn(move || watch(&watched))
            .context("cannot watch API_TOKENS_FILE")?;
        Ok(keyring)
    }

    /// The token, if it is known. Looks at all of them, so that the time tells nothing about any.
    pub(crate) fn find(&self, token: &str) -> Option<Arc<Token>> {
        if token.len() > TOKEN_LENGTH_MAX {
            return None;
        }
        let hash: TokenHash = hash(token);
        let tokens = self.tokens.read().unwrap_or_else(PoisonError::into_inner);
        let mut found = None;
        for known in tokens.iter() {
            if known.hash == hash {
                found = Some(known);
            }
        }
        found.cloned()
    }

    /// Reads the file again, and takes it over where it has changed.
    fn reread(&self) {
        let now = file::read_bytes(&self.path);
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if *last == now {
            return;
        }
        match now.as_ref().map_err(|fault| vec![fault.clone()]).and_then(|bytes| file::parse(bytes)) {
            Ok(tokens) => self.replace(tokens),
            Err(faults) => {
                let faults = faults.join("; ");
                tracing::error!(
                    faults,
                    "API_TOKENS_FILE has changed and cannot be used: the tokens before it stay"
                );
            }
        }
        *last = now;
    }

    fn replace(&self, tokens: Vec<Token>) {
        let count = tokens.len();
        let tokens = tokens.into_iter().map(Arc::new).collect();
        *self.tokens.write().unwrap_or_else(PoisonError::into_inner) = tokens;
        tracing::info!(tokens = count, "API_TOKENS_FILE was read");
    }
}

/// On a thread of its own: a disk that hangs must hold no request.
fn watch(keyring: &Weak<Keyring>) {
    loop {
        thread::sleep(REREAD_INTERVAL);
        match keyring.upgrade() {
            Some(keyring) => keyring.reread(),
            None => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::telemetry::logged;

    #[test]
    fn changes_are_taken_over_and_faults_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tokens");
        let write = |names: &[&str]| {
            let lines: Vec<_> = names.iter().map(|name| format!("{name} {}\n", hash(name))).collect();
            fs::write(&path, lines.concat()).unwrap();
        };
        write(&["one"]);
        let keyring = Keyring::open(path.clone()).unwrap();
        let known = |name: &str| keyring.find(name).is_some_and(|token| token.name == name);
        assert!(known("one") && !known("two") && !known("") && !known("One"));

        write(&["two"]);
        keyring.reread();
        assert!(known("two") && !known("one"));

        // Each fault is told once, and what was valid before stays.
        let lines = logged(false, || {
            for broken in [Some("what is this"), None] {
                match broken {
                    Some(text) => fs::write(&path, text).unwrap(),
                    None => fs::remove_file(&path).unwrap(),
                }
                keyring.reread();
                keyring.reread();
            }
        });
        assert_eq!(lines.iter().filter(|line| line["level"] == "error").count(), 2, "{lines:#?}");
        assert!(known("two"));

        // The last one is taken back.
        write(&[]);
        keyring.reread();
        assert!(!known("two"));
    }

    #[test]
    fn a_token_has_a_longest_length() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tokens");
        let (longest, too_long) = ("t".repeat(512), "t".repeat(513));
        fs::write(&path, format!("a {}\nb {}\n", hash(&longest), hash(&too_long))).unwrap();
        let keyring = Keyring::open(path).unwrap();
        assert!(keyring.find(&longest).is_some());
        assert!(keyring.find(&too_long).is_none());
    }
}
