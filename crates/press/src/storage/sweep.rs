//! Deleting the PDFs of a folder that are older than `PDF_TTL` lets them be.
//!
//! Only files that this service names are ever touched, only by the process that holds the folder's lock, and by the
//! time that their last byte was written. A download that has begun goes on: an open file outlives its name.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        mpsc::{self, RecvTimeoutError},
    },
    thread,
    time::{Duration, SystemTime},
};

use super::{PdfName, lock::Lock};

/// The thread that deletes; it ends when this is dropped.
#[derive(Debug)]
pub(super) struct Sweeper {
    _stop: mpsc::Sender<()>,
}

impl Sweeper {
    /// Begins to delete, now and again and again.
    pub(super) fn start(folder: PathBuf, lock: Arc<Lock>, ttl: Duration) -> io::Result<Self> {
        let (stop, stopped) = mpsc::channel();
        thread::Builder::new().name("sweep".to_owned()).spawn(move || {
            loop {
                round(&folder, &lock, ttl);
                if stopped.recv_timeout(pause(ttl)) != Err(RecvTimeoutError::Timeout) {
                    return;
                }
            }
        })?;
        Ok(Self { _stop: stop })
    }
}

/// Whether a PDF that was completed at `modified` is no longer to be had.
pub(super) fn is_expired(modified: SystemTime, ttl: Duration, now: SystemTime) -> bool {
    modified.checked_add(ttl).is_some_and(|expiry| expiry <= now)
}

/// A tenth of the time that PDFs are kept, so that at most a tenth more than those are on the disk.
fn pause(ttl: Duration) -> Duration {
    (ttl / 10).min(Duration::from_hours(1))
}

fn round(folder: &Path, lock: &Lock, ttl: Duration) {
    // Another process may have held it until now, and have ended.
    if !lock.hold() {
        return;
    }
    match sweep(folder, ttl, SystemTime::now()) {
        Ok((0, None)) => {}
        Ok((deleted, None)) => tracing::info!(pdfs.deleted = deleted, "expired PDFs deleted"),
        Ok((deleted, Some(error))) => {
            tracing::warn!(pdfs.deleted = deleted, error = %error, "some expired PDFs could not be deleted");
        }
        Err(error) => {
            tracing::warn!(error = %error, "the folder of PDFs could not be read to find expired ones");
        }
    }
}

/// How many were deleted, and the last that could not be.
fn sweep(folder: &Path, ttl: Duration, now: SystemTime) -> io::Result<(u64, Option<io::Error>)> {
    let (mut deleted, mut failed) = (0, None);
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_str().and_then(PdfName::parse).is_none() {
            continue;
        }
        let expired = entry
            .metadata()
            .and_then(|metadata| Ok(metadata.is_file() && is_expired(metadata.modified()?, ttl, now)));
        match expired
            .and_then(|expired| if expired { fs::remove_file(entry.path()).map(|()| 1) } else { Ok(0) })
        {
            Ok(count) => deleted += count,
            // Gone by itself.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => failed = Some(error),
        }
    }
    Ok((deleted, failed))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_hours(1);

    #[test]
    fn what_is_ours_and_old_goes_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let now = SystemTime::now();
        let written = |name: &str, age: Duration| {
            let file = fs::File::create(folder.path().join(name)).unwrap();
            file.set_modified(now - age).unwrap();
        };
        let (old, young) = (PdfName::random().file_name(), PdfName::random().file_name());
        let folder_of_that_name = PdfName::random().file_name();
        written(&old, HOUR);
        written(&young, Duration::from_secs(3_599));
        for kept in ["notes.pdf", "67E55044-10B1-426F-9247-BB680E5FE0C8.pdf", ".lock", "a.txt"] {
            written(kept, 100 * HOUR);
        }
        written(&format!("{}#1", PdfName::random().file_name()), 100 * HOUR);
        fs::create_dir(folder.path().join(&folder_of_that_name)).unwrap();
        let before = fs::read_dir(folder.path()).unwrap().count();

        let (deleted, failed) = sweep(folder.path(), HOUR, now).unwrap();
        assert!(deleted == 1 && failed.is_none(), "{deleted} {failed:?}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), before - 1);
        assert!(!folder.path().join(&old).exists() && folder.path().join(&young).exists());
        assert!(folder.path().join(&folder_of_that_name).exists());
    }

    #[test]
    fn whoever_has_not_the_lock_deletes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let old = folder.path().join(PdfName::random().file_name());
        fs::File::create(&old).unwrap().set_modified(SystemTime::now() - HOUR).unwrap();
        let (first, second) = (Lock::open(folder.path()).unwrap(), Lock::open(folder.path()).unwrap());
        assert!(first.hold());
        round(folder.path(), &second, HOUR);
        assert!(old.exists());
        drop(first);
        round(folder.path(), &second, HOUR);
        assert!(!old.exists());
    }

    #[test]
    fn a_pdf_lasts_as_long_as_it_is_kept_and_no_longer() {
        let now = SystemTime::now();
        for (age, expired) in [
            (Duration::ZERO, false),
            (Duration::from_millis(3_599_999), false),
            (HOUR, true),
            (100 * HOUR, true),
        ] {
            assert_eq!(is_expired(now - age, HOUR, now), expired, "{age:?}");
        }
        // Written by a clock that is ahead.
        assert!(!is_expired(now + HOUR, HOUR, now));
    }

    #[test]
    fn sweeps_are_neither_rare_nor_without_pause() {
        for (ttl_s, pause_s) in [(60, 6), (600, 60), (6_000, 600), (36_000, 3_600), (3_600_000, 3_600)] {
            assert_eq!(pause(Duration::from_secs(ttl_s)), Duration::from_secs(pause_s));
        }
    }
}
