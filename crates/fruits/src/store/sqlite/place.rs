//! Where the catalogue's files are found again.
//!
//! A file that is removed or replaced while it is open goes on taking writes, and is gone with the process that
//! has it open. So whoever acknowledges a write asks first whether a restart would find it.

use std::{
    io,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

use crate::Error;

/// The files of an open database: its own and its log, each as it was when they were opened.
#[derive(Debug)]
pub(super) struct Place {
    files: [Found; 2],
}

/// What a path named: the number of the file and of the device that it is on.
#[derive(Debug)]
struct Found {
    path: PathBuf,
    identity: (u64, u64),
}

impl Place {
    /// Of the database at this path, which has been written to since it was opened, so that its log exists.
    pub(super) fn of(database: &Path) -> io::Result<Self> {
        let mut log = database.as_os_str().to_owned();
        log.push("-wal");
        Ok(Self { files: [Found::at(database.to_owned())?, Found::at(log.into())?] })
    }

    /// Whether the paths still name the files that are open.
    pub(super) fn check(&self) -> Result<(), Error> {
        match self.files.iter().find(|file| !file.is_there()) {
            Some(lost) => Err(Error::Displaced(lost.path.clone())),
            None => Ok(()),
        }
    }
}

impl Found {
    fn at(path: PathBuf) -> io::Result<Self> {
        let identity = identity(&path)?;
        Ok(Self { path, identity })
    }

    fn is_there(&self) -> bool {
        identity(&self.path).is_ok_and(|identity| identity == self.identity)
    }
}

fn identity(path: &Path) -> io::Result<(u64, u64)> {
    let metadata = path.metadata()?;
    Ok((metadata.dev(), metadata.ino()))
}
