//! PDFs as objects of a bucket, in whichever cloud.
//!
//! No right beyond creating objects is needed: nothing is listed, read or overwritten. An object is created
//! under the condition that its name is free, so that a request that is sent twice cannot become an overwrite,
//! which a create-only account is refused.

use std::{sync::Arc, time::Duration};

use anyhow::Context;
use object_store::{
    Attribute, AttributeValue, Attributes, ObjectStoreExt, PutMode,
    client::{HttpConnector, ReqwestConnector},
    path::Path as ObjectPath,
};
use tokio_util::task::TaskTracker;

use super::{
    BucketName, FRESH_MAX, PROBE_TIMEOUT, PdfName, Target, Upload,
    cloud::{Cloud, Connection},
    failure,
    link::{Expiry, Link},
};
use crate::{
    error::Error,
    settings::{Links, StorageSettings},
};

/// The least that a part of an object may have (the last one aside): what Google and Amazon ask for.
const PART_BYTES: usize = 5 * 1024 * 1024;
/// What is shown of a cause that a server wrote.
const CAUSE_CHARS_MAX: usize = 200;

/// A bucket of PDFs.
#[derive(Debug)]
pub struct Bucket {
    cloud: Cloud,
    connection: Connection,
    prefix: ObjectPath,
    /// The URL of the bucket and the prefix, ending in a slash.
    base: String,
    /// How long links last; `None` where they are not signed.
    link_ttl: Option<Duration>,
    tasks: TaskTracker,
}

impl Bucket {
    /// Prepares the bucket; nothing is sent yet.
    pub fn open(name: &BucketName, settings: &StorageSettings) -> anyhow::Result<Self> {
        Self::open_through(name, settings, Arc::new(ReqwestConnector::default()))
    }

    /// The same, with another way to send requests: a test's.
    pub fn open_through(
        name: &BucketName,
        settings: &StorageSettings,
        connector: Arc<dyn HttpConnector>,
    ) -> anyhow::Result<Self> {
        let connection = Cloud::connect(name, settings, connector)?;
        let base = match name.prefix() {
            "" => format!("{}/", connection.url),
            prefix => format!("{}/{prefix}/", connection.url),
        };
        Ok(Self {
            cloud: name.cloud(),
            connection,
            prefix: ObjectPath::from(name.prefix()),
            base,
            link_ttl: (settings.pdf_links == Links::Signed).then_some(settings.pdf_link_ttl),
            tasks: TaskTracker::new(),
        })
    }

    pub(super) fn begin(&self, name: PdfName) -> Upload {
        let file_name = name.file_name();
        let fresh_s = self.link_ttl.unwrap_or(FRESH_MAX).as_secs();
        let attributes = Attributes::from_iter([
            (Attribute::ContentType, AttributeValue::from("application/pdf")),
            (
                Attribute::ContentDisposition,
                AttributeValue::from(format!("inline; filename=\"{file_name}\"")),
            ),
            (Attribute::CacheControl, AttributeValue::from(format!("private, max-age={fresh_s}, immutable"))),
        ]);
        Upload::new(Target {
            store: self.connection.client.objects(),
            path: self.path(name),
            part_bytes: PART_BYTES,
            mode: PutMode::Create,
            attributes,
            right: Some(self.cloud.right_to_store()),
            tasks: self.tasks.clone(),
        })
    }

    pub(super) fn tasks(&self) -> &TaskTracker {
        &self.tasks
    }

    pub(super) async fn link(&self, name: PdfName) -> Result<Link, Error> {
        let Some(ttl) = self.link_ttl else {
            return Ok(Link { url: format!("{}{}", self.base, name.file_name()), expires_at: None });
        };
        // Before the time that is signed, so that no link is gone before it is said to be.
        let expires_at = Expiry::after(ttl);
        let signed = self.connection.client.sign(&self.path(name), ttl).await;
        let url = signed.map_err(|error| failure::judge(error, Some(self.cloud.right_to_sign())))?;
        Ok(Link { url: url.into(), expires_at })
    }

    /// Whether credentials can be had; the bucket itself is not asked, for that would need a right of its own.
    pub(super) async fn ready(&self) -> anyhow::Result<()> {
        if self.connection.anonymous {
            return Ok(());
        }
        let credentials = self.connection.client.authenticate().await;
        credentials.with_context(|| format!("no credentials can be had for {}", self.cloud.bucket_words()))
    }

    /// Asks for an object that cannot be there: the answer tells whether the bucket is. Signs a link to it, where
    /// links are signed.
    pub(crate) async fn check(&self) -> anyhow::Result<String> {
        let name = PdfName::random();
        let ask = async {
            self.ready().await?;
            let answer = self.connection.client.objects().get(&self.path(name)).await;
            let found = judge(self.cloud, self.connection.anonymous, answer.map(drop))?;
            if self.link_ttl.is_none() {
                return Ok(found);
            }
            self.link(name).await.map(|_| format!("{found}; a link was signed")).map_err(|error| {
                let cause = anyhow::Error::from(error);
                cause.context(format!("links cannot be signed; that needs {}", self.cloud.right_to_sign()))
            })
        };
        tokio::time::timeout(PROBE_TIMEOUT, ask).await.context("it did not answer in time")?
    }

    fn path(&self, name: PdfName) -> ObjectPath {
        self.prefix.clone().join(name.file_name())
    }
}

/// What the answer for a random name tells of the bucket. Where nothing is known that would be accepted, what it thinks
/// of credentials does not matter.
fn judge(cloud: Cloud, anonymous: bool, answer: object_store::Result<()>) -> anyhow::Result<String> {
    use object_store::Error::{NotFound, PermissionDenied, Unauthenticated};
    let answered = match answer {
        Err(NotFound { source, .. }) if source.to_string().contains(cloud.no_bucket_code()) => {
            anyhow::bail!("there is no bucket of this name")
        }
        Ok(()) => "found",
        Err(NotFound { .. }) => "not found, as it should be",
        Err(Unauthenticated { .. }) if anonymous => "401",
        Err(Unauthenticated { .. }) => anyhow::bail!("the credentials were obtained and are not accepted"),
        Err(PermissionDenied { source, .. })
            if !anonymous && is_of_a_stranger(cloud, &source.to_string()) =>
        {
            anyhow::bail!("the credentials were obtained and are not accepted")
        }
        Err(PermissionDenied { .. }) => "403, so reading is not allowed, which storing does not need",
        Err(error) => {
            anyhow::bail!("asked for a random name, it did not answer as a store does: {}", root(error))
        }
    };
    let credentials = if anonymous { "no credentials are sent there" } else { "credentials were obtained" };
    Ok(format!("{credentials}; asked for a random name, it answered: {answered}; storing was not tried"))
}

fn is_of_a_stranger(cloud: Cloud, said: &str) -> bool {
    cloud.stranger_codes().iter().any(|code| said.contains(code))
}

/// The innermost cause on one line: those around it repeat it, and a server's page may have many.
fn root(error: object_store::Error) -> String {
    let cause = anyhow::Error::from(error).root_cause().to_string();
    let line = cause.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().take(CAUSE_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use object_store::Error;

    use super::*;

    fn not_found(body: &str) -> Error {
        Error::NotFound { path: "a.pdf".to_owned(), source: body.into() }
    }

    fn denied(code: &str) -> Error {
        Error::PermissionDenied { path: "a.pdf".to_owned(), source: code.into() }
    }

    fn unknown() -> Error {
        Error::Unauthenticated { path: "a.pdf".to_owned(), source: "401".into() }
    }

    fn broken() -> Error {
        Error::Generic { store: "GCS", source: "code 503:\n<html>\n busy".into() }
    }

    #[test]
    fn an_answer_tells_what_it_shows_and_no_more() {
        use Cloud::{Amazon, Azure, Google};
        let obtained = "credentials were obtained; asked for a random name";
        let no_bucket = "there is no bucket of this name";
        let not_accepted = "the credentials were obtained and are not accepted";
        let no_reading = "403, so reading is not allowed, which storing does not need";
        for (cloud, anonymous, answer, expected) in [
            (Google, false, Err(not_found("<Code>NoSuchKey</Code>")), Ok(obtained)),
            (
                Google,
                false,
                Err(not_found("<Code>NoSuchKey</Code>")),
                Ok("not found, as it should be; storing was not tried"),
            ),
            (Google, false, Err(not_found("<Code>NoSuchBucket</Code>")), Err(no_bucket)),
            (Google, true, Err(not_found("<Code>NoSuchBucket</Code>")), Err(no_bucket)),
            (Google, true, Err(not_found("")), Ok("no credentials are sent there; asked for a random name")),
            (Google, false, Err(denied("AccessDenied")), Ok(no_reading)),
            (Google, true, Err(denied("AccessDenied")), Ok("no credentials are sent there")),
            (Google, false, Err(unknown()), Err(not_accepted)),
            (Google, true, Err(unknown()), Ok("it answered: 401")),
            (Google, true, Ok(()), Ok("it answered: found")),
            (Google, true, Err(broken()), Err("did not answer as a store does: code 503: <html> busy")),
            (Google, false, Err(broken()), Err("did not answer as a store does: code 503: <html> busy")),
            (Amazon, false, Err(not_found("<Code>NoSuchBucket</Code>")), Err(no_bucket)),
            (Amazon, false, Err(denied("<Code>AccessDenied</Code>")), Ok(no_reading)),
            (Amazon, false, Err(denied("<Code>InvalidAccessKeyId</Code>")), Err(not_accepted)),
            (Amazon, false, Err(denied("<Code>SignatureDoesNotMatch</Code>")), Err(not_accepted)),
            (Azure, false, Err(not_found("<Code>ContainerNotFound</Code>")), Err(no_bucket)),
            (Azure, false, Err(not_found("<Code>BlobNotFound</Code>")), Ok("not found, as it should be")),
            (Azure, false, Err(denied("<Code>AuthorizationPermissionMismatch</Code>")), Ok(no_reading)),
            (Azure, false, Err(denied("<Code>AuthenticationFailed</Code>")), Err(not_accepted)),
        ] {
            let said = judge(cloud, anonymous, answer).map_err(|error| error.to_string());
            match (&said, expected) {
                (Ok(said), Ok(expected)) | (Err(said), Err(expected)) if said.contains(expected) => {}
                _ => panic!("{cloud:?}: {said:?} where {expected:?} was expected"),
            }
        }
    }
}
