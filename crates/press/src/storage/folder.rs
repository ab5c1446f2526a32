//! PDFs as files of a folder: the embedded default, served by this service itself.
//!
//! A PDF is written to `UUID.pdf#1`, synced, and renamed when it is complete, so no reader sees half of one.
//! A killed process leaves such a file behind; the next start removes it, unless another process works in the
//! same folder, which the lock tells. What is older than `PDF_TTL` is no longer to be had, and is deleted in time.

use std::{
    fs, io,
    ops::Range,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};

use anyhow::Context;
use bytes::Bytes;
use futures_util::stream::BoxStream;
use object_store::{
    GetOptions, GetRange, ObjectStore, PutMode, local::LocalFileSystem, path::Path as ObjectPath,
};
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use super::{
    FRESH_MAX, PdfName, Target, Upload,
    lock::Lock,
    sweep::{Sweeper, is_expired},
};
use crate::error::{Cause, Error};

/// How much is written at once: a folder has no least part, so this is what keeps memory low.
const PART_BYTES: usize = 1024 * 1024;

/// How much must fit for the folder to be ready.
const PROBE_BYTES: usize = 64 * 1024;

/// A folder of PDFs.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    /// Its device and its number there.
    id: (u64, u64),
    store: Arc<LocalFileSystem>,
    tasks: TaskTracker,
    ttl: Option<Duration>,
    _lock: Arc<Lock>,
    _sweeper: Option<Sweeper>,
}

/// A PDF that is there.
#[derive(Debug, Clone, Copy)]
pub struct Stored {
    /// Its length in bytes.
    pub length: u64,
    /// When it was completed.
    pub modified: SystemTime,
    /// When it is no longer to be had; `None` where it is kept for ever.
    pub expires: Option<SystemTime>,
}

impl Stored {
    /// How long a copy may be used without asking: as long as the PDF is there.
    pub(crate) fn fresh_for(self) -> Duration {
        let left = self.expires.map(|expires| expires.duration_since(SystemTime::now()).unwrap_or_default());
        left.map_or(FRESH_MAX, |left| left.min(FRESH_MAX))
    }
}

impl Folder {
    /// Makes the folder when it is missing, proves that it can be written and removes what a kill left. PDFs are
    /// kept for `ttl`, or for ever.
    pub fn open(path: &Path, ttl: Option<Duration>) -> anyhow::Result<Self> {
        fs::create_dir_all(path).context("it cannot be made")?;
        let path = path.canonicalize().context("it cannot be entered")?;
        let id = id(&path).context("it cannot be entered")?;
        let lock = Arc::new(Lock::open(&path).context("it cannot be written")?);
        if lock.hold() {
            remove_unfinished(&path).context("what an earlier process left cannot be removed")?;
        }
        let sweeper = ttl.map(|ttl| Sweeper::start(path.clone(), Arc::clone(&lock), ttl)).transpose();
        let sweeper = sweeper.context("no thread could be started that deletes old PDFs")?;
        let store = LocalFileSystem::new_with_prefix(&path)?.with_fsync(true);
        let tasks = TaskTracker::new();
        Ok(Self { path, id, store: Arc::new(store), tasks, ttl, _lock: lock, _sweeper: sweeper })
    }

    pub(super) fn begin(&self, name: PdfName) -> Upload {
        Upload::new(Target {
            store: Arc::clone(&self.store) as Arc<dyn ObjectStore>,
            path: ObjectPath::from(name.file_name()),
            part_bytes: PART_BYTES,
            // By renaming: not every file system has the hard links that `Create` is made of, and the name is
            // a random UUID.
            mode: PutMode::Overwrite,
            attributes: object_store::Attributes::new(),
            right: None,
            tasks: self.tasks.clone(),
        })
    }

    pub(super) fn tasks(&self) -> &TaskTracker {
        &self.tasks
    }

    /// How long PDFs are kept; `None` is for ever.
    pub(super) fn ttl(&self) -> Option<Duration> {
        self.ttl
    }

    /// Whether it is the folder that was opened: not one that has come in its place since, as where a disk is no longer mounted.
    /// What is stored there would be lost to who serves the other.
    pub(super) async fn is_there(&self) -> io::Result<()> {
        let metadata = tokio::fs::metadata(&self.path).await?;
        if (metadata.dev(), metadata.ino()) == self.id {
            return Ok(());
        }
        Err(io::Error::other(
            "it is another folder than when the service started: bring that one back, or start the service again",
        ))
    }

    /// Writes and removes a file as long as a small PDF: an empty one also fits onto a disk that is full.
    pub(super) async fn ready(&self) -> anyhow::Result<()> {
        let probe = self.path.join(format!(".probe-{}", Uuid::new_v4()));
        let write = async {
            self.is_there().await?;
            let written = tokio::fs::write(&probe, vec![0; PROBE_BYTES]).await;
            let removed = tokio::fs::remove_file(&probe).await;
            written.and(removed)
        };
        write.await.with_context(|| format!("the folder {} cannot be written", self.path.display()))
    }

    /// What is known of a PDF; `None` where there is none of that name: a link, which this service never makes
    /// and which may lead anywhere, is none, and neither is an empty file or one that has expired.
    pub async fn stat(&self, name: PdfName) -> Result<Option<Stored>, Error> {
        match tokio::fs::symlink_metadata(self.path.join(name.file_name())).await {
            Ok(metadata) if metadata.is_file() && metadata.len() > 0 => {
                let modified = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
                if self.ttl.is_some_and(|ttl| is_expired(modified, ttl, SystemTime::now())) {
                    return Ok(None);
                }
                let expires = self.ttl.and_then(|ttl| modified.checked_add(ttl));
                Ok(Some(Stored { length: metadata.len(), modified, expires }))
            }
            Ok(_) => Ok(None),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::StoreRefused(error.into())),
        }
    }

    /// The bytes of a PDF, as they are read from the disk; `None` where it is gone since it was asked about.
    pub async fn read(
        &self,
        name: PdfName,
        range: Range<u64>,
    ) -> Result<Option<BoxStream<'static, object_store::Result<Bytes>>>, Error> {
        let options = GetOptions { range: Some(GetRange::Bounded(range)), ..GetOptions::default() };
        let path = ObjectPath::from(name.file_name());
        match self.store.get_opts(&path, options).await {
            Ok(result) => Ok(Some(result.into_stream())),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(Error::StoreRefused(Cause::from(error))),
        }
    }
}

/// Whether the folder could be used, told without making or writing anything.
pub fn check_folder(path: &Path) -> anyhow::Result<String> {
    match fs::metadata(path) {
        Ok(metadata) if !metadata.is_dir() => anyhow::bail!("it is not a folder"),
        Ok(metadata) if metadata.permissions().readonly() => anyhow::bail!("it may not be written"),
        Ok(_) => fs::read_dir(path).map(|_| "is there".to_owned()).context("it cannot be entered"),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok("is made at the first start".to_owned()),
        Err(error) => Err(error).context("it cannot be entered"),
    }
}

/// What tells a folder from all others while it is there.
fn id(folder: &Path) -> io::Result<(u64, u64)> {
    let metadata = fs::metadata(folder)?;
    Ok((metadata.dev(), metadata.ino()))
}

fn remove_unfinished(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_str().is_some_and(is_unfinished) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// `UUID.pdf#N`, or a probe; nothing that someone else may have put there.
fn is_unfinished(file_name: &str) -> bool {
    match file_name.split_once('#') {
        Some((name, attempt)) => {
            PdfName::parse(name).is_some()
                && !attempt.is_empty()
                && attempt.bytes().all(|b| b.is_ascii_digit())
        }
        None => file_name.strip_prefix(".probe-").is_some_and(|id| Uuid::try_parse(id).is_ok()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_removes_what_a_kill_left_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let id = "67e55044-10b1-426f-9247-bb680e5fe0c8";
        let left = [format!("{id}.pdf#1"), format!("{id}.pdf#12"), format!(".probe-{id}")];
        let kept = [format!("{id}.pdf"), "notes#1".into(), format!("{id}.pdf#"), format!("{id}.pdf#x")];
        for name in left.iter().chain(&kept) {
            fs::write(folder.path().join(name), b"x").unwrap();
        }
        let _open = Folder::open(folder.path(), None).unwrap();
        for name in left {
            assert!(!folder.path().join(&name).exists(), "{name}");
        }
        for name in kept {
            assert!(folder.path().join(&name).exists(), "{name}");
        }
    }

    #[test]
    fn a_second_process_leaves_the_first_ones_work_alone() {
        let folder = tempfile::tempdir().unwrap();
        let first = Folder::open(folder.path(), None).unwrap();
        let under_way = folder.path().join("67e55044-10b1-426f-9247-bb680e5fe0c8.pdf#1");
        fs::write(&under_way, b"x").unwrap();
        let _second = Folder::open(folder.path(), None).unwrap();
        assert!(under_way.exists());
        drop(first);
    }

    #[test]
    fn a_file_in_the_folders_place_is_a_clear_fault() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let error = Folder::open(&file.path().join("pdfs"), None).unwrap_err();
        assert_eq!(error.to_string(), "it cannot be made");
    }
}
