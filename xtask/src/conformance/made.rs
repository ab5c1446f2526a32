//! Images of the formats that collections of test images have few of, made anew for each run by programs that are not ours.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

use crate::{
    packages,
    process::{self, command, is_installed, root},
};

/// Programs that make what Pillow cannot, or read it, with the Debian packages that they are in.
const MAKERS: [(&str, &str); 3] =
    [("avifenc", "libavif-bin"), ("cjxl", "libjxl-tools"), ("tiff2rgba", "libtiff-tools")];

/// Where the images are, and what some of them are to be compared with.
pub(super) struct Made {
    pub(super) images: PathBuf,
    references: PathBuf,
}

impl Made {
    /// Makes them below this folder, which is not there yet.
    pub(super) fn make(bin: &Path, folder: &Path) -> Result<Self> {
        for (program, package) in MAKERS {
            if !is_installed(program)
                && let Err(error) = packages::install(&[package])
            {
                println!("{error:#}: what needs {program} is left out");
            }
        }
        process::run(
            command(bin.join("python"))
                .arg(root().join("xtask/python/conformance_images.py"))
                .arg(folder)
                .env("PYTHONDONTWRITEBYTECODE", "1")
                .env("PYTHONWARNINGS", "ignore"),
        )?;
        Ok(Self { images: folder.join("images"), references: folder.join("references") })
    }

    /// What an image is compared with in the place of what Pillow reads, if anything: of its name, with an ending more.
    pub(super) fn reference(&self, image: &Path) -> Result<Option<PathBuf>> {
        let Ok(name) = image.strip_prefix(&self.images) else { return Ok(None) };
        for entry in fs::read_dir(&self.references).context("there are no references")? {
            let path = entry?.path();
            if path.file_stem().is_some_and(|stem| stem == name) {
                return Ok(Some(path));
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_has_the_name_of_its_image_and_an_ending_more() {
        let folder = tempfile::tempdir().unwrap();
        let made =
            Made { images: folder.path().join("images"), references: folder.path().join("references") };
        fs::create_dir_all(&made.references).unwrap();
        for name in ["a.jxl.gif", "ab.jxl.png"] {
            fs::write(made.references.join(name), "").unwrap();
        }
        for (image, reference) in
            [("a.jxl", Some("a.jxl.gif")), ("ab.jxl", Some("ab.jxl.png")), ("b.jxl", None), ("a", None)]
        {
            let found = made.reference(&made.images.join(image)).unwrap();
            assert_eq!(found, reference.map(|name| made.references.join(name)), "{image}");
        }
        assert_eq!(made.reference(Path::new("/elsewhere/a.jxl")).unwrap(), None);
    }
}
