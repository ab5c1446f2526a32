//! The binary compiled once more, from a clone of the commit, in folders that have nothing in common with the first ones: what
//! two people who build the same commit on two machines of one kind would compare.

use std::fs;

use anyhow::{Context, Result, bail, ensure};
use tempfile::TempDir;

use super::{Service, build, plain::sha256};
use crate::process::{command, read, root, run};

/// A clone, with a folder that cargo builds into and one that it downloads to.
pub(super) struct Again(TempDir);

impl Again {
    /// Clones what is committed; fails where something else is compiled here.
    pub(super) fn prepare() -> Result<Self> {
        let changed = read(command("git").args(["status", "--porcelain"]))?;
        ensure!(changed.is_empty(), "what is compiled again is the commit: commit these first\n{changed}");
        let folder = tempfile::tempdir().context("no folder to compile in")?;
        run(command("git")
            .args(["clone", "--quiet", "--no-hardlinks"])
            .arg(root())
            .arg(folder.path().join("clone")))?;
        Ok(Self(folder))
    }

    /// Compiles there, and fails unless it is the binary that was laid out, byte for byte; then lays it out in its place.
    pub(super) fn compile(&self, service: Service, quick: bool) -> Result<()> {
        let path = |name: &str| self.0.path().join(name);
        run(build::compilation(&path("clone"), service, quick)
            .env("CARGO_TARGET_DIR", path("built"))
            .env("CARGO_HOME", path("downloaded")))?;
        let (here, there) = (build::binary(service)?, build::compiled(&path("built")));
        let (first, second) = (sha256(&here)?, sha256(&there)?);
        if first != second {
            let kept = here.with_extension("again");
            build::copy(&there, &kept)?;
            let byte = first_difference(&fs::read(&here)?, &fs::read(&there)?);
            bail!(
                "compiled twice, it differs from byte {byte} on: {} and {}",
                here.display(),
                kept.display()
            );
        }
        println!("{}: compiled twice, in folders of their own, {first} each time", service.name());
        build::copy(&there, &here)
    }
}

/// The place of the first byte that is not the same, or the shorter one's end.
fn first_difference(first: &[u8], second: &[u8]) -> usize {
    first
        .iter()
        .zip(second)
        .position(|(first, second)| first != second)
        .unwrap_or(first.len().min(second.len()))
}

#[cfg(test)]
mod tests {
    use super::first_difference;

    #[test]
    fn a_difference_is_where_it_begins() {
        for (first, second, place) in
            [(&b"abc"[..], &b"abd"[..], 2), (b"abc", b"xbc", 0), (b"ab", b"abc", 2), (b"abc", b"ab", 2)]
        {
            assert_eq!(first_difference(first, second), place, "{first:?} {second:?}");
        }
    }
}
