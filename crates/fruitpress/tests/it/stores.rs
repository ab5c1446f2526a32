//! The folder and the buckets that the process stores in, and the sources that it fetches from: those of press's own
//! tests, which know what is left in them.
#![expect(unreachable_pub, reason = "what tests share is no library")]
#![expect(dead_code, reason = "these tests need a part of what those of press share")]

use std::{fs, path::PathBuf};

use press::storage::PdfName;
use tokio::runtime::Runtime;

#[path = "../../../press/tests/it/support/gate.rs"]
pub mod gate;
#[path = "../../../press/tests/it/support/gcs.rs"]
pub mod gcs;
#[path = "../../../press/tests/it/support/images.rs"]
pub mod images;
#[path = "../../../press/tests/it/support/s3.rs"]
pub mod s3;
#[path = "../../../press/tests/it/support/source.rs"]
pub mod source;

/// Where a process keeps its PDFs.
pub enum Store {
    /// In its data folder.
    Folder(PathBuf),
    S3(s3::S3),
    Google(gcs::Gcs),
}

impl Store {
    pub fn s3(runtime: &Runtime) -> Self {
        Self::S3(runtime.block_on(s3::S3::start()))
    }

    pub fn google(runtime: &Runtime) -> Self {
        Self::Google(runtime.block_on(gcs::Gcs::start()))
    }

    /// The variables that name it.
    pub fn variables(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Folder(_) => Vec::new(),
            Self::S3(s3) => vec![
                ("PDF_BUCKET", format!("s3://{}/a/b", s3::BUCKET)),
                ("PDF_ENDPOINT", format!("http://{}", s3.gate.address)),
                ("AWS_ACCESS_KEY_ID", s3::ID.to_owned()),
                ("AWS_SECRET_ACCESS_KEY", s3::KEY.to_owned()),
                ("PDF_LINKS", "signed".to_owned()),
            ],
            Self::Google(gcs) => vec![
                ("PDF_BUCKET", "gs://my-pdfs".to_owned()),
                ("PDF_ENDPOINT", format!("http://{}", gcs.address)),
            ],
        }
    }

    /// The names of its PDFs, and something else for each one that is not complete; in order.
    pub fn kept(&self) -> Vec<String> {
        let mut kept = match self {
            Self::Folder(data) => {
                let files = fs::read_dir(data.join("pdfs")).unwrap();
                let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
                names.filter(|name| name != ".lock").collect()
            }
            Self::S3(s3) => s3.kept(),
            Self::Google(gcs) => {
                let paths = gcs.paths().into_iter();
                let names = paths.map(|path| path.rsplit('/').next().unwrap().to_owned());
                names.chain(vec!["unfinished".to_owned(); gcs.unfinished()]).collect()
            }
        };
        kept.sort();
        kept
    }

    /// The names of its PDFs alone.
    pub fn pdfs(&self) -> Vec<String> {
        self.kept().into_iter().filter(|name| PdfName::parse(name).is_some()).collect()
    }

    pub fn read(&self, name: &str) -> Vec<u8> {
        match self {
            Self::Folder(data) => fs::read(data.join("pdfs").join(name)).unwrap(),
            Self::S3(s3) => fs::read(s3.folder.path().join(s3::BUCKET).join("a/b").join(name)).unwrap(),
            Self::Google(gcs) => gcs.objects()[&format!("/my-pdfs/{name}")].bytes.clone(),
        }
    }
}
