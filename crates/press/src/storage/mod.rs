//! Where PDFs are kept, and under which URL a plain GET downloads them.

mod bucket;
mod cloud;
mod failure;
mod folder;
mod link;
mod location;
mod lock;
mod naming;
mod sweep;
mod upload;

use std::{sync::Arc, time::Duration};

use anyhow::Context;
use chassis::BaseUrl;
use object_store::{ObjectStore, path::Path as ObjectPath};
use tokio_util::task::TaskTracker;
use uuid::Uuid;

pub use bucket::Bucket;
pub use cloud::Cloud;
pub use folder::{Folder, Stored, check_folder};
pub use link::{Expiry, Link, Links};
pub use location::{BucketName, Location};
pub use upload::{Content, Finished, Unfinished, Unnamed, Upload};

use crate::{error::Error, settings::StorageSettings};

/// How long a dependency is waited for where only its state is asked.
const PROBE_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a copy of a PDF stays fresh where nothing ends it: its name is never used for another.
const FRESH_MAX: Duration = Duration::from_hours(365 * 24);

/// The name of a stored PDF: a random UUID, so that a URL tells nothing and cannot be guessed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PdfName(Uuid);

impl PdfName {
    /// A name that nothing has.
    pub fn random() -> Self {
        Self(Uuid::new_v4())
    }

    /// Reads `UUID.pdf` as this service writes it: no other spelling is a name.
    pub fn parse(file_name: &str) -> Option<Self> {
        let stem = file_name.strip_suffix(".pdf")?;
        let name = Self(Uuid::try_parse(stem).ok()?);
        (name.file_name() == file_name).then_some(name)
    }

    /// `UUID.pdf`.
    pub fn file_name(self) -> String {
        format!("{}.pdf", self.0.hyphenated())
    }
}

/// The store of a running service.
#[derive(Debug)]
pub enum Store {
    /// A folder, served by this service.
    Folder(Folder),
    /// A bucket, served by its cloud.
    Bucket(Bucket),
}

impl Store {
    /// Opens what the settings name; a folder is made when missing.
    pub fn open(location: &Location, settings: &StorageSettings) -> anyhow::Result<Self> {
        match location {
            Location::Folder(path) => Folder::open(path, settings.pdf_ttl)
                .map(Self::Folder)
                .with_context(|| format!("the folder for PDFs cannot be used: {}", path.display())),
            Location::Bucket(name) => Bucket::open(name, settings)
                .map(Self::Bucket)
                .with_context(|| format!("the bucket {name} cannot be used")),
        }
    }

    /// Begins to store a PDF. Nothing is there under its name until it is complete.
    pub fn begin(&self, name: PdfName) -> Upload {
        match self {
            Self::Folder(folder) => folder.begin(name),
            Self::Bucket(bucket) => bucket.begin(name),
        }
    }

    /// How PDFs will be linked, asked before one is made. `service` is where this service is reached, which only
    /// a folder needs: a bucket is served by its cloud, and its links are known wherever this runs.
    pub fn links(&self, service: Option<&BaseUrl>) -> Result<Links<'_>, Error> {
        match (self, service) {
            (Self::Folder(folder), Some(service)) => {
                Ok(Links(link::Kind::Folder { base: service.join("/pdfs/").into(), folder }))
            }
            (Self::Folder(_), None) => Err(Error::Internal(
                "the links of the folder are not known: PUBLIC_URL says how clients reach this service"
                    .into(),
            )),
            (Self::Bucket(bucket), _) => Ok(Links(link::Kind::Bucket(bucket))),
        }
    }

    /// Where what belongs to an upload is spawned: it outlives a request that is dropped.
    pub(crate) fn tasks(&self) -> &TaskTracker {
        match self {
            Self::Folder(folder) => folder.tasks(),
            Self::Bucket(bucket) => bucket.tasks(),
        }
    }

    /// Waits until every upload has ended, and those that were cut are taken back.
    pub(crate) async fn finish(&self) {
        self.tasks().close();
        self.tasks().wait().await;
    }

    /// Whether PDFs can be stored now, as far as that can be told without storing one.
    pub async fn ready(&self) -> anyhow::Result<()> {
        let probe = async {
            match self {
                Self::Folder(folder) => folder.ready().await,
                Self::Bucket(bucket) => bucket.ready().await,
            }
        };
        tokio::time::timeout(PROBE_TIMEOUT, probe).await.context("the store did not answer in time")?
    }
}

/// What an upload needs to know of its store.
#[derive(Debug, Clone)]
struct Target {
    store: Arc<dyn ObjectStore>,
    path: ObjectPath,
    part_bytes: usize,
    mode: object_store::PutMode,
    attributes: object_store::Attributes,
    /// The right that storing needs, to be told where it is missing.
    right: Option<&'static str>,
    tasks: TaskTracker,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_names_are_names() {
        let name = PdfName::random();
        assert_eq!(PdfName::parse(&name.file_name()), Some(name));
        for text in [
            "",
            ".pdf",
            "a.pdf",
            "67e55044-10b1-426f-9247-bb680e5fe0c8",
            "67e55044-10b1-426f-9247-bb680e5fe0c8.PDF",
            "67E55044-10B1-426F-9247-BB680E5FE0C8.pdf",
            "67e5504410b1426f9247bb680e5fe0c8.pdf",
            "{67e55044-10b1-426f-9247-bb680e5fe0c8}.pdf",
            "../67e55044-10b1-426f-9247-bb680e5fe0c8.pdf",
            "67e55044-10b1-426f-9247-bb680e5fe0c8.pdf#1",
            ".lock",
        ] {
            assert_eq!(PdfName::parse(text), None, "{text}");
        }
    }
}
