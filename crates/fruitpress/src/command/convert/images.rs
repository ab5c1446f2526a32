//! Which images: those named on the command line, or in a list that `find -print0` makes.

use std::{
    ffi::OsString,
    fs::File,
    io::{self, Read},
    os::unix::ffi::OsStringExt,
    path::{Path, PathBuf},
};

use anyhow::{Context, ensure};

use super::{
    super::{is_dash, misuse},
    name,
};

/// Bytes of a list: a million paths, and more than that many pages no reader opens.
const LIST_BYTES_MAX: u64 = 64 << 20;

/// Images by their paths.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct ImageArgs {
    /// The images, in the order of their pages; `-` is standard input.
    #[arg(required_unless_present = "from_file", conflicts_with = "from_file", value_name = "IMAGE")]
    images: Vec<PathBuf>,

    /// Takes the paths of the images from a file, in place of the command line; `-` is standard input.
    ///
    /// NUL bytes stand between the paths, as `find -print0` writes them, so that there may be any number of them and any
    /// characters in them; at most 64 MiB.
    #[arg(long, value_name = "FILE")]
    pub(crate) from_file: Option<PathBuf>,
}

impl ImageArgs {
    /// The paths of the images. Standard input is among them once at most, as `-`.
    pub(crate) fn paths(&self) -> anyhow::Result<Vec<PathBuf>> {
        let Some(list) = &self.from_file else {
            let piped = self.images.iter().filter(|image| is_dash(image)).count();
            misuse::ensure(
                piped <= 1,
                "standard input can be read once: `-` stands several times among the images",
            )?;
            return Ok(self.images.clone());
        };
        let bytes = read(list).with_context(|| name(list))?;
        let paths: Vec<_> =
            bytes.split(|byte| *byte == 0).filter(|path| !path.is_empty()).map(path).collect();
        ensure!(!paths.is_empty(), "{}: there is no path in it", name(list));
        Ok(paths)
    }
}

/// The list, which may not be longer than lists are.
fn read(list: &Path) -> anyhow::Result<Vec<u8>> {
    let reader: Box<dyn Read> = if is_dash(list) {
        Box::new(io::stdin())
    } else {
        Box::new(File::open(list).context("it cannot be opened")?)
    };
    let mut bytes = Vec::new();
    reader.take(LIST_BYTES_MAX + 1).read_to_end(&mut bytes).context("it cannot be read")?;
    ensure!(bytes.len() as u64 <= LIST_BYTES_MAX, "a list of images may have at most 64 MiB");
    Ok(bytes)
}

/// A path of a list, where `-` is a file of this name.
fn path(bytes: &[u8]) -> PathBuf {
    let path = PathBuf::from(OsString::from_vec(bytes.to_vec()));
    if is_dash(&path) { Path::new(".").join(path) } else { path }
}
