//! What the disk can do.

use std::{
    fs::File,
    io::{Seek as _, SeekFrom, Write as _},
    path::Path,
    time::{Duration, Instant},
};

use anyhow::Result;

/// How often a page can be written and waited for, one after the other: what a store without shared commits
/// could add at most.
pub(super) fn syncs_a_second(folder: &Path, time: Duration) -> Result<f64> {
    const PAGE: [u8; 4096] = [7; 4096];
    const PAGES: u64 = 256;
    let mut file = File::create(folder.join("syncs"))?;
    for _ in 0..PAGES {
        file.write_all(&PAGE)?;
    }
    file.sync_all()?;
    let start = Instant::now();
    let mut syncs: u32 = 0;
    while start.elapsed() < time {
        file.seek(SeekFrom::Start(u64::from(syncs) % PAGES * 4096))?;
        file.write_all(&PAGE)?;
        file.sync_data()?;
        syncs += 1;
    }
    Ok(f64::from(syncs) / start.elapsed().as_secs_f64())
}
