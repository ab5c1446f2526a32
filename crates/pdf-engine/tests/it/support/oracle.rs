//! Asks programs that are not ours about our PDFs: one Python process for many files, and qpdf.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

const SCRIPTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/oracle");

/// PDFs on disk, to be checked together.
pub(crate) struct Oracle {
    folder: tempfile::TempDir,
    entries: Vec<String>,
    pdfs: Vec<PathBuf>,
}

impl Oracle {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), entries: Vec::new(), pdfs: Vec::new() }
    }

    /// Adds an image and what it was converted to; `more` are further fields of the manifest, as JSON.
    pub(crate) fn add(&mut self, name: &str, image: &[u8], pdf: &[u8], more: &str) {
        let place = |ending: &str| self.folder.path().join(format!("{}.{ending}", self.pdfs.len()));
        let (image_path, pdf_path) = (place("image"), place("pdf"));
        fs::write(&image_path, image).unwrap();
        fs::write(&pdf_path, pdf).unwrap();
        let (image, pdf) = (image_path.display(), pdf_path.display());
        let entry = format!("{{\"name\": \"{name}\", \"image\": \"{image}\", \"pdf\": \"{pdf}\"{more}}}");
        self.entries.push(entry);
        self.pdfs.push(pdf_path);
    }

    /// Checks all that was added.
    pub(crate) fn check(&self) {
        self.check_but(0);
    }

    /// Checks all that was added, but for so many images that the other programs do not read themselves.
    pub(crate) fn check_but(&self, unread_max: usize) {
        assert!(!self.entries.is_empty());
        self.check_with_qpdf();
        let manifest = self.folder.path().join("manifest.json");
        fs::write(&manifest, format!("[{}]", self.entries.join(",\n"))).unwrap();
        let answer = python("check.py", &[&manifest]);
        let readable = answer.replace("\", \"", "\n");
        assert!(answer.starts_with(&format!("{{\"checked\": {}, ", self.entries.len())), "{readable}");
        assert!(answer.trim().ends_with("\"wrong\": []}"), "{readable}");
        assert!(
            answer.split("\", \"").count() <= unread_max || answer.contains("\"unread\": []"),
            "{readable}"
        );
    }

    /// Checks the syntax of all that was added, whatever it shows.
    pub(crate) fn check_with_qpdf(&self) {
        for pdf in &self.pdfs {
            let output =
                Command::new("qpdf").args(["--check", "--warning-exit-0"]).arg(pdf).output().unwrap_or_else(
                    |error| panic!("qpdf: {error}; run `cargo xtask test`, which installs it"),
                );
            let text = String::from_utf8_lossy(&output.stdout).into_owned()
                + &String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success() && !text.contains("WARNING"), "{}: {text}", pdf.display());
        }
    }
}

/// What one of the scripts prints.
pub(crate) fn python(script: &str, arguments: &[&Path]) -> String {
    #[expect(clippy::disallowed_methods, reason = "the test command tells the tests where Python is")]
    let interpreter = std::env::var("FRUITPRESS_PYTHON")
        .unwrap_or_else(|_| panic!("FRUITPRESS_PYTHON is not set: run `cargo xtask test`, which sets it"));
    let output = Command::new(&interpreter).arg(Path::new(SCRIPTS).join(script)).args(arguments).output();
    let output = output.unwrap_or_else(|error| panic!("{interpreter}: {error}; run `cargo xtask test`"));
    assert!(output.status.success(), "{script}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
