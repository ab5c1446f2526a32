//! The hold of one process on the catalogue's file.
//!
//! SQLite lets several processes write to one file. This service does not: the second one would be a second
//! server that someone started by mistake, on the same volume or with the same command. A lock on a file beside
//! the database keeps it out. The lock belongs to the open file, so the system ends it with the process,
//! however the process ends; the lock file itself stays.

use std::{
    fs::{self, File, Metadata, TryLockError},
    io::{self, Read as _, Write as _},
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    process, thread,
    time::Duration,
};

use anyhow::{Context as _, bail, ensure};

/// How often a taken lock is asked for again: whoever looks at it holds it for a moment too.
const LOCK_ATTEMPTS: u32 = 5;
const LOCK_PAUSE: Duration = Duration::from_millis(20);

/// A catalogue's file that exists, in a folder that exists, and that no other process holds.
#[derive(Debug)]
pub(super) struct Hold {
    path: PathBuf,
    lock: Lock,
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
        // Before anything is made beside it.
        if let Ok(metadata) = path.metadata() {
            ensure_own_file(&metadata)?;
        }
        let lock = Lock::take(lock_path(&path))?;
        create_file(&path).context("cannot make the file")?;
        Ok(Self { path, lock })
    }

    /// Says that the file is a catalogue's: from now on its lock file stays. Until then it is what a start that
    /// was refused takes away again, so that nothing is left beside a file of someone else.
    pub(super) fn keep(&mut self) {
        self.lock.made = false;
    }

    /// The database's own path, without links.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

/// Refuses what SQLite would write beside or into without being able to keep it safe.
pub(super) fn ensure_own_file(metadata: &Metadata) -> anyhow::Result<()> {
    ensure!(!metadata.is_dir(), "it is a folder, not a file");
    ensure!(metadata.is_file(), "it is not a regular file");
    // Lock and log are found by the file's name: under two names it would have two of each.
    ensure!(
        metadata.nlink() <= 1,
        "it has {} names (hard links), and a server at each of them would damage it; copy the file to give it \
         a single name",
        metadata.nlink()
    );
    Ok(())
}

/// A process that serves a catalogue, or imports into it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Holder {
    /// Its number, as far as the lock file tells.
    pub(crate) id: Option<u32>,
}

/// The process that has hold of the database now, where one does.
pub(crate) fn holder(database: &Path) -> Option<Holder> {
    let path = lock_path(&fs::canonicalize(database).ok()?);
    let mut file = File::open(path).ok()?;
    // Taken for a moment, which a server that starts just now waits out, and given back with the file.
    matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)).then(|| Holder { id: read_id(&mut file) })
}

fn lock_path(database: &Path) -> PathBuf {
    let mut path = database.as_os_str().to_owned();
    path.push(".lock");
    PathBuf::from(path)
}

/// The lock, for as long as its file is open.
#[derive(Debug)]
struct Lock {
    path: PathBuf,
    file: File,
    /// Whether its file was made by this start and nobody has said yet that it may stay.
    made: bool,
}

impl Lock {
    fn take(path: PathBuf) -> anyhow::Result<Self> {
        loop {
            let (mut file, made) =
                open_lock(&path).with_context(|| format!("cannot open {}", path.display()))?;
            lock(&mut file, &path)?;
            // Another start may have taken the file away between the two: then this is a lock on nothing.
            if !is_at(&file.metadata()?, &path) {
                continue;
            }
            // For the message of the next one; a disk too full for it is no reason not to serve.
            let _ = file.set_len(0).and_then(|()| write!(file, "{}", process::id()));
            return Ok(Self { path, file, made });
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Still locked: nobody else relies on it.
        if self.made && self.file.metadata().is_ok_and(|metadata| is_at(&metadata, &self.path)) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Whether the file of this metadata is the one at the path.
fn is_at(metadata: &Metadata, path: &Path) -> bool {
    path.metadata().is_ok_and(|other| (other.dev(), other.ino()) == (metadata.dev(), metadata.ino()))
}

/// The lock's file, and whether it was made for this.
fn open_lock(path: &Path) -> io::Result<(File, bool)> {
    let mut options = File::options();
    options.read(true).write(true);
    match options.clone().create_new(true).open(path) {
        Ok(file) => Ok((file, true)),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            Ok((options.create(true).truncate(false).open(path)?, false))
        }
        Err(error) => Err(error),
    }
}

fn lock(file: &mut File, path: &Path) -> anyhow::Result<()> {
    let mut attempt = 1;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) if attempt < LOCK_ATTEMPTS => thread::sleep(LOCK_PAUSE),
            Err(TryLockError::WouldBlock) => bail!(
                "another process{} uses it: serves it, or imports into it. One file has one such process: let that one \
                 end first, or give this one a DATABASE_URL of its own",
                read_id(file).map(|id| format!(" ({id})")).unwrap_or_default()
            ),
            Err(TryLockError::Error(error)) => {
                return Err(error).with_context(|| format!("cannot lock {}", path.display()));
            }
        }
        attempt += 1;
    }
}

/// Who holds the lock, as far as the file tells.
fn read_id(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.take(16).read_to_string(&mut text).ok()?;
    text.parse().ok()
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
