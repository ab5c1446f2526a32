//! The file that is written: whole, or not there at all.
//!
//! It is written beside its place and renamed, so that nobody sees half of it and a failure keeps what was there.
//! A signal that ends the program ends the unfinished file too.

use std::{
    fs::{self, File, Permissions},
    io,
    os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    process,
    sync::{Mutex, MutexGuard, PoisonError},
    thread,
};

use anyhow::{Context, anyhow, ensure};
use tempfile::TempPath;
use tokio::sync::oneshot;

use super::{
    interrupt::{self, Interrupts},
    is_dash,
};

/// A place for a file.
pub(super) struct Output {
    path: PathBuf,
    /// Of the file that is there already; `None` where there is none.
    permissions: Option<Permissions>,
    /// A pipe or a device, which can be written and not replaced.
    in_place: bool,
}

impl Output {
    /// The place `path`, which must be none of the `sources`: each of those is `called` so.
    pub(super) fn at(path: &Path, sources: &[PathBuf], called: &str) -> anyhow::Result<Self> {
        // Through links, so that the file behind one is replaced and not the link.
        let resolved = match fs::symlink_metadata(path) {
            Ok(there) if there.is_symlink() => fs::canonicalize(path)
                .with_context(|| format!("{} is a link to something that is not there", path.display()))?,
            _ => path.to_owned(),
        };
        let Ok(there) = fs::metadata(&resolved) else {
            return Ok(Self { path: resolved, permissions: None, in_place: false });
        };
        ensure!(!there.is_dir(), "{} is a directory", path.display());
        for source in sources {
            let source = if is_dash(source) { Path::new("/dev/stdin") } else { source };
            let same = fs::metadata(source).is_ok_and(|source| {
                (source.dev(), source.ino()) == (there.dev(), there.ino()) && source.is_file()
            });
            ensure!(!same, "{} is {called}: it would be overwritten", path.display());
        }
        let kind = there.file_type();
        let in_place = kind.is_char_device() || kind.is_block_device() || kind.is_fifo() || kind.is_socket();
        Ok(Self { path: resolved, permissions: Some(there.permissions()), in_place })
    }

    /// Which file is there already, if one is: its device and its number on it.
    #[cfg(feature = "press")]
    pub(super) fn there(&self) -> Option<(u64, u64)> {
        fs::metadata(&self.path).ok().map(|there| (there.dev(), there.ino()))
    }

    /// Writes it by `work`, which gets the file.
    pub(super) fn write<T: Send>(
        self,
        work: impl FnOnce(File) -> anyhow::Result<T> + Send,
    ) -> anyhow::Result<T> {
        if self.in_place {
            let device = File::options().write(true).open(&self.path);
            return work(device.with_context(|| self.cannot_write())?);
        }
        unless_interrupted(|unfinished| self.write_among(unfinished, true, work))
    }

    /// The same beside others, within one [`unless_interrupted`] for all of them. What is there already stays, unless it
    /// may be replaced.
    pub(super) fn write_among<T>(
        self,
        unfinished: &Unfinished,
        replace: bool,
        work: impl FnOnce(File) -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        let (file, place) = unfinished.add(|| self.begin()).with_context(|| self.cannot_write())?;
        let name = place.to_path_buf();
        let written = work(file).and_then(|done| {
            let renamed =
                if replace { place.persist(&self.path) } else { place.persist_noclobber(&self.path) };
            renamed.map_err(|error| error.error).with_context(|| self.cannot_write())?;
            Ok(done)
        });
        unfinished.remove(&name);
        written
    }

    /// The unfinished file, in the folder of the finished one: a rename does not cross file systems.
    fn begin(&self) -> io::Result<(File, TempPath)> {
        let folder = match self.path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        // As any new file: what the umask leaves of it. The library's default is private.
        let permissions = Permissions::from_mode(0o666);
        let unfinished = tempfile::Builder::new()
            .prefix(".fruitpress-")
            .suffix(".unfinished")
            .permissions(permissions)
            .tempfile_in(folder)
            // The library names the unfinished file, which means nothing to who asked for another.
            .map_err(|error| match error.kind() {
                io::ErrorKind::NotFound => io::Error::new(error.kind(), "its folder is not there"),
                kind => io::Error::from(kind),
            })?;
        if let Some(permissions) = &self.permissions {
            unfinished.as_file().set_permissions(permissions.clone())?;
        }
        Ok(unfinished.into_parts())
    }

    fn cannot_write(&self) -> String {
        format!("{} cannot be written", self.path.display())
    }
}

/// Files that are being written.
#[derive(Debug, Default)]
pub(super) struct Unfinished(Mutex<Vec<PathBuf>>);

impl Unfinished {
    fn add<T>(&self, begin: impl FnOnce() -> io::Result<(T, TempPath)>) -> io::Result<(T, TempPath)> {
        // Locked meanwhile: a file that is there is known.
        let mut names = self.names();
        let begun = begin()?;
        names.push(begun.1.to_path_buf());
        Ok(begun)
    }

    fn remove(&self, name: &Path) {
        self.names().retain(|unfinished| unfinished != name);
    }

    fn names(&self) -> MutexGuard<'_, Vec<PathBuf>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Does the work; a signal that would end the program removes its unfinished files first. The work may hang in
/// a read from a pipe, so it is not waited for.
pub(super) fn unless_interrupted<T: Send>(
    work: impl FnOnce(&Unfinished) -> anyhow::Result<T> + Send,
) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let _entered = runtime.enter();
    let mut interrupts = Interrupts::listen();
    interrupt::outlive_file_size_limit();
    let unfinished = &Unfinished::default();
    thread::scope(|scope| {
        let (done, ended) = oneshot::channel::<()>();
        let work = move || {
            // Dropped at the end, also by a panic.
            let _done = done;
            work(unfinished)
        };
        let worker = thread::Builder::new().name("work".to_owned()).spawn_scoped(scope, work);
        let worker = worker.context("no thread can be started: this process may have no more")?;
        let ended_by = runtime.block_on(async {
            tokio::select! {
                biased;
                _ = ended => None,
                status = interrupts.status() => Some(status),
            }
        });
        if let Some(status) = ended_by {
            // None is begun any more. What cannot be removed cannot be helped: the process ends now.
            let names = unfinished.names();
            names.iter().for_each(|name| drop(fs::remove_file(name)));
            process::exit(status.into());
        }
        let panicked = || anyhow!("the work panicked: please report this fault, with what was read");
        worker.join().unwrap_or_else(|_| Err(panicked()))
    })
}
