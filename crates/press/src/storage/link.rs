//! Where a PDF is downloaded from, and until when.

use std::{
    fmt,
    time::{Duration, SystemTime},
};

use super::{Bucket, Folder, PdfName};
use crate::error::Error;

/// A URL that downloads a PDF with a plain GET.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Absolute.
    pub url: String,
    /// When the link or the PDF behind it is gone, whichever comes first; `None` where neither goes by itself.
    pub expires_at: Option<Expiry>,
}

/// A moment. Shown as RFC 3339 has it, in UTC and whole seconds, never later than it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Expiry(SystemTime);

/// How the PDFs of a store are linked.
#[derive(Debug, Clone)]
pub struct Links<'a>(pub(super) Kind<'a>);

#[derive(Debug, Clone)]
pub(super) enum Kind<'a> {
    /// Served by this service, below a URL whose path ends in a slash.
    Folder {
        base: String,
        folder: &'a Folder,
    },
    Bucket(&'a Bucket),
}

impl Links<'_> {
    /// The link of a PDF, which need not be there yet. It is made before the PDF is stored: what cannot be linked is
    /// not stored, and an account that may only create objects could not take it back.
    pub async fn to(&self, name: PdfName) -> Result<Link, Error> {
        match &self.0 {
            Kind::Folder { base, folder } => {
                folder.is_there().await.map_err(|error| Error::StoreUnavailable(error.into()))?;
                let url = format!("{base}{}", name.file_name());
                Ok(Link { url, expires_at: folder.ttl().and_then(Expiry::after) })
            }
            Kind::Bucket(bucket) => bucket.link(name).await,
        }
    }
}

impl Expiry {
    /// So long from now; `None` where no calendar reaches.
    pub(super) fn after(ttl: Duration) -> Option<Self> {
        SystemTime::now().checked_add(ttl).map(Self)
    }

    /// The same as a moment.
    pub fn time(self) -> SystemTime {
        self.0
    }
}

impl fmt::Display for Expiry {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        humantime::format_rfc3339_seconds(self.0).fmt(formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_shown_in_utc_and_not_later_than_it_is() {
        let moment = SystemTime::UNIX_EPOCH + Duration::from_millis(1_767_225_599_999);
        assert_eq!(Expiry(moment).to_string(), "2025-12-31T23:59:59Z");
    }
}
