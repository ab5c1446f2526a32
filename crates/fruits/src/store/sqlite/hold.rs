//! The hold of one process on the catalogue's file.
//!
//! SQLite lets several processes write to one file. This service does not: the second one would be a second
//! server that someone started by mistake, on the same volume or with the same command. A lock on a file beside
//! the database keeps it out. The lock belongs to the open file, so the system ends it with the process,
//! however the process ends; the lock file itself stays.

use std::{
    fs::{self, File, TryLockError},
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
    process,
};

use anyhow::{Context as _, bail};

/// A catalogue's file that exists, in a folder that exists, and that no other process holds.
#[derive(Debug)]
pub(super) struct Hold {
    path: PathBuf,
    _lock: File,
}

impl Hold {
    /// Takes hold of the database at `path`, and makes its folder and the file itself when they are missing.
    /// Both get the permissions that the process's umask leaves.
    pub(super) fn take(path: &Path) -> anyhow::Result<Self> {
        let name = path.file_name().context("the path names no file")?;
        let folder = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        create_folder(folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
        // One file has one lock, by whichever of its paths it is opened.
        let path = match fs::canonicalize(path) {
            Ok(path) => path,
            Err(_) => fs::canonicalize(folder)
                .with_context(|| format!("cannot use the folder {}", folder.display()))?
                .join(name),
        };
        if path.is_dir() {
            bail!("it is a folder, not a file");
        }
        let lock = lock_beside(&path)?;
        create_file(&path).context("cannot make the file")?;
        Ok(Self { path, _lock: lock })
    }

    /// The database's own path, without links.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

fn lock_beside(database: &Path) -> anyhow::Result<File> {
    let mut path = database.as_os_str().to_owned();
    path.push(".lock");
    let path = PathBuf::from(path);
    let cannot_open = || format!("cannot open {}", path.display());
    let mut file = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .with_context(cannot_open)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => bail!(
            "another process{} serves it: one file has one server; stop that one first, or give this one a \
             DATABASE_URL of its own",
            holder(&mut file)
        ),
        Err(TryLockError::Error(error)) => {
            return Err(error).with_context(|| format!("cannot lock {}", path.display()));
        }
    }
    // For the message above, on the day it is needed; a disk too full for it is no reason not to serve.
    let _ = file.set_len(0).and_then(|()| write!(file, "{}", process::id()));
    Ok(file)
}

/// Who holds the lock, as far as the file tells.
fn holder(file: &mut File) -> String {
    let mut text = String::new();
    let read = file.take(16).read_to_string(&mut text);
    match (read, text.parse::<u32>()) {
        (Ok(_), Ok(id)) => format!(" ({id})"),
        _ => String::new(),
    }
}

/// Makes the folder and those above it, and makes sure that they outlive a power cut.
fn create_folder(folder: &Path) -> io::Result<()> {
    let missing: Vec<&Path> =
        folder.ancestors().take_while(|path| !path.as_os_str().is_empty() && !path.exists()).collect();
    fs::create_dir_all(folder)?;
    for path in missing {
        sync_entry(path)?;
    }
    Ok(())
}

/// Makes the file, empty, which SQLite takes for a new database. An existing one is not even opened: closing a
/// file drops every lock that this process holds on it.
fn create_file(path: &Path) -> io::Result<()> {
    match File::create_new(path) {
        Ok(_) => sync_entry(path),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

/// A new name is on the disk once the folder that lists it is.
fn sync_entry(path: &Path) -> io::Result<()> {
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    File::open(folder)?.sync_all()
}
