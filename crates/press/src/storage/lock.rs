//! The lock of a folder of PDFs: whoever holds it may remove what others left.

use std::{
    fs, io,
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
};

const FILE: &str = ".lock";

/// Held while the process lives, once it is held.
#[derive(Debug)]
pub(super) struct Lock {
    file: fs::File,
    held: AtomicBool,
}

impl Lock {
    /// Makes the file when it is missing, which proves that the folder can be written.
    pub(super) fn open(folder: &Path) -> io::Result<Self> {
        Ok(Self { file: fs::File::create(folder.join(FILE))?, held: AtomicBool::new(false) })
    }

    /// Whether it is ours: it is taken when nobody has it.
    pub(super) fn hold(&self) -> bool {
        if !self.held.load(Ordering::Relaxed) && self.file.try_lock().is_ok() {
            self.held.store(true, Ordering::Relaxed);
        }
        self.held.load(Ordering::Relaxed)
    }
}
