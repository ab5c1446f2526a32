//! What is to be converted: images behind URLs, or images that the request itself brings.

use bytes::Bytes;
use futures_util::{StreamExt, stream::BoxStream};
use tokio::sync::OwnedSemaphorePermit;

use crate::{error::Error, fetch, source_url::SourceUrl};

/// The sources of one conversion, in order.
pub enum Sources {
    /// Fetched, each when its turn comes near.
    Urls(Vec<SourceUrl>),
    /// Read from the request as it arrives.
    Upload(Upload),
}

/// The images of a request's body, one behind the other.
pub type Upload = BoxStream<'static, Result<Uploaded, Error>>;

/// What comes next of them.
#[derive(Debug)]
pub enum Uploaded {
    /// An image begins; the one before has ended.
    Begin,
    /// The next bytes of it.
    Data(Bytes),
}

/// One source that is read.
pub(super) enum Incoming {
    Fetched(Box<fetch::Body>),
    Uploaded(CurrentUpload),
}

impl Incoming {
    /// At least how many bytes are said to come, as far as anything is said.
    pub(super) fn stated_bytes(&self) -> u64 {
        match self {
            Self::Fetched(body) => body.stated_bytes(),
            // A request tells how long it is, not how long its images are.
            Self::Uploaded(_) => 0,
        }
    }

    /// The next bytes; `None` once the source has ended.
    pub(super) async fn chunk(&mut self) -> Result<Option<Bytes>, Error> {
        match self {
            Self::Fetched(body) => body.chunk().await,
            Self::Uploaded(upload) => upload.chunk().await,
        }
    }
}

/// An upload, at one of its images.
pub(super) struct CurrentUpload {
    upload: Upload,
    /// What ended the image that was read last.
    ended_by: Option<Ended>,
    left_bytes: u64,
    limit_bytes: u64,
    /// Leave to hold what is read ahead of its first image.
    leave: Option<OwnedSemaphorePermit>,
}

#[derive(Clone, Copy)]
enum Ended {
    NextImage,
    EndOfBody,
}

impl CurrentUpload {
    /// Before its first image; each may have so many bytes.
    pub(super) fn new(upload: Upload, limit_bytes: u64, leave: Option<OwnedSemaphorePermit>) -> Self {
        Self { upload, ended_by: None, left_bytes: limit_bytes, limit_bytes, leave }
    }

    pub(super) fn take_leave(&mut self) -> Option<OwnedSemaphorePermit> {
        self.leave.take()
    }

    /// Goes on to the next image, past what is left of this one; false where there is none.
    pub(super) async fn next_image(&mut self) -> Result<bool, Error> {
        while self.ended_by.is_none() {
            match self.upload.next().await.transpose()? {
                Some(Uploaded::Data(_)) => {}
                Some(Uploaded::Begin) => self.ended_by = Some(Ended::NextImage),
                None => self.ended_by = Some(Ended::EndOfBody),
            }
        }
        let more = matches!(self.ended_by, Some(Ended::NextImage));
        if more {
            self.ended_by = None;
            self.left_bytes = self.limit_bytes;
        }
        Ok(more)
    }

    async fn chunk(&mut self) -> Result<Option<Bytes>, Error> {
        if self.ended_by.is_some() {
            return Ok(None);
        }
        match self.upload.next().await.transpose()? {
            Some(Uploaded::Data(bytes)) => {
                let left = self.left_bytes.checked_sub(bytes.len() as u64);
                self.left_bytes = left.ok_or(Error::SourceTooLarge { limit_bytes: self.limit_bytes })?;
                Ok(Some(bytes))
            }
            Some(Uploaded::Begin) => {
                self.ended_by = Some(Ended::NextImage);
                Ok(None)
            }
            None => {
                self.ended_by = Some(Ended::EndOfBody);
                Ok(None)
            }
        }
    }
}
