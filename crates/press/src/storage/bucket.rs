//! PDFs as objects of a Google Cloud Storage bucket.
//!
//! No right beyond creating objects is needed: nothing is listed, read or overwritten. An object is created
//! under the condition that its name is free, so that a request that is sent twice cannot become an overwrite,
//! which a create-only account is refused.

use std::{sync::Arc, time::Duration};

use anyhow::Context;
use http::HeaderValue;
use object_store::{
    Attribute, AttributeValue, Attributes, BackoffConfig, ClientOptions, ObjectStore, ObjectStoreExt,
    PutMode, RetryConfig, StaticCredentialProvider,
    gcp::{GcpCredential, GoogleCloudStorage, GoogleCloudStorageBuilder},
    path::Path as ObjectPath,
};
use tokio_util::task::TaskTracker;

use super::{PROBE_TIMEOUT, PdfName, Target, Upload};
use crate::settings::{DEFAULT_USER_AGENT, StorageSettings};

/// The cloud's own endpoint, and the host of the public links.
const GOOGLE: &str = "https://storage.googleapis.com";
/// The least that a part of an object may have (the last one aside).
const PART_BYTES: usize = 5 * 1024 * 1024;
/// What is shown of a cause that a server wrote.
const CAUSE_CHARS_MAX: usize = 200;

/// A bucket of PDFs.
#[derive(Debug)]
pub struct Bucket {
    store: Arc<GoogleCloudStorage>,
    /// `https://storage.googleapis.com/BUCKET/PREFIX/`.
    base: String,
    prefix: ObjectPath,
    /// Whether `PDF_ENDPOINT` replaces Google's own.
    elsewhere: bool,
    tasks: TaskTracker,
}

impl Bucket {
    /// Prepares the bucket; nothing is sent yet.
    pub fn open(bucket: &str, prefix: &str, settings: &StorageSettings) -> anyhow::Result<Self> {
        let endpoint = settings.pdf_endpoint.as_deref();
        let mut builder = GoogleCloudStorageBuilder::new()
            .with_bucket_name(bucket)
            .with_retry(retries())
            .with_client_options(client_options(endpoint.is_some()));
        if let Some(endpoint) = endpoint {
            // Without these, the running account's token would be sent to whatever listens there.
            let nobody = GcpCredential { bearer: "none".to_owned() };
            let credentials = Arc::new(StaticCredentialProvider::new(nobody));
            builder = builder.with_base_url(endpoint).with_credentials(credentials);
        } else if let Some(path) = &settings.google_application_credentials {
            builder = builder.with_application_credentials(path.to_string_lossy());
        }
        let store = builder.build().context("its credentials or the CA certificates cannot be read")?;
        let mut base = format!("{}/{bucket}/", endpoint.unwrap_or(GOOGLE));
        if !prefix.is_empty() {
            base = format!("{base}{prefix}/");
        }
        Ok(Self {
            store: Arc::new(store),
            base,
            prefix: ObjectPath::from(prefix),
            elsewhere: endpoint.is_some(),
            tasks: TaskTracker::new(),
        })
    }

    pub(super) fn begin(&self, name: PdfName) -> Upload {
        let file_name = name.file_name();
        let disposition = format!("inline; filename=\"{file_name}\"");
        let attributes = Attributes::from_iter([
            (Attribute::ContentType, AttributeValue::from("application/pdf")),
            (Attribute::ContentDisposition, AttributeValue::from(disposition)),
            // The name is never used for another PDF.
            (Attribute::CacheControl, AttributeValue::from("private, max-age=31536000, immutable")),
        ]);
        Upload::new(Target {
            store: Arc::clone(&self.store) as Arc<dyn ObjectStore>,
            path: self.prefix.clone().join(file_name),
            part_bytes: PART_BYTES,
            mode: PutMode::Create,
            attributes,
            tasks: self.tasks.clone(),
        })
    }

    pub(super) fn tasks(&self) -> &TaskTracker {
        &self.tasks
    }

    /// The base of its objects' URLs, ending in a slash.
    pub(super) fn base(&self) -> &str {
        &self.base
    }

    /// Whether credentials can be had; the bucket itself is not asked, for that would need a right of its own.
    pub(super) async fn ready(&self) -> anyhow::Result<()> {
        let credentials = self.store.credentials().get_credential().await;
        credentials.map(drop).context("no Google Cloud credentials can be had")
    }

    /// Asks for an object that cannot be there: the answer tells whether the bucket is.
    pub(crate) async fn check(&self) -> anyhow::Result<String> {
        let path = self.prefix.clone().join(PdfName::random().file_name());
        let ask = async {
            self.ready().await?;
            judge(self.store.get(&path).await.map(drop), self.elsewhere)
        };
        tokio::time::timeout(PROBE_TIMEOUT, ask).await.context("it did not answer in time")?
    }
}

/// What the answer for a random name tells of the bucket. `elsewhere` is another endpoint than Google's: it is sent no
/// credentials, and what it thinks of them does not matter.
fn judge(answer: object_store::Result<()>, elsewhere: bool) -> anyhow::Result<String> {
    use object_store::Error::{NotFound, PermissionDenied, Unauthenticated};
    let answered = match answer {
        Err(NotFound { source, .. }) if source.to_string().contains("NoSuchBucket") => {
            anyhow::bail!("there is no bucket of this name")
        }
        Ok(()) => "found",
        Err(NotFound { .. }) => "not found, as it should be",
        Err(PermissionDenied { .. }) => "403, so reading is not allowed, which storing does not need",
        Err(Unauthenticated { .. }) if elsewhere => "401",
        Err(Unauthenticated { .. }) => anyhow::bail!("the credentials were obtained and are not accepted"),
        Err(error) => {
            anyhow::bail!("asked for a random name, it did not answer as a store does: {}", root(error))
        }
    };
    let credentials = if elsewhere { "no credentials are sent there" } else { "credentials were obtained" };
    Ok(format!("{credentials}; asked for a random name, it answered: {answered}; storing was not tried"))
}

/// The innermost cause on one line: those around it repeat it, and a server's page may have many.
fn root(error: object_store::Error) -> String {
    let cause = anyhow::Error::from(error).root_cause().to_string();
    let line = cause.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().take(CAUSE_CHARS_MAX).collect()
}

/// Short, because a client waits: the library's own default is ten times over three minutes.
fn retries() -> RetryConfig {
    RetryConfig {
        backoff: BackoffConfig {
            init_backoff: Duration::from_millis(200),
            max_backoff: Duration::from_secs(2),
            base: 2.0,
        },
        max_retries: 3,
        retry_timeout: Duration::from_secs(15),
    }
}

fn client_options(plain_http: bool) -> ClientOptions {
    ClientOptions::new()
        .with_allow_http(plain_http)
        .with_user_agent(HeaderValue::from_static(DEFAULT_USER_AGENT))
        .with_connect_timeout(Duration::from_secs(5))
        .with_timeout(Duration::from_secs(20))
}

#[cfg(test)]
mod tests {
    use object_store::Error;

    use super::*;

    fn not_found(body: &str) -> Error {
        Error::NotFound { path: "a.pdf".to_owned(), source: body.into() }
    }

    fn denied() -> Error {
        Error::PermissionDenied { path: "a.pdf".to_owned(), source: "403".into() }
    }

    fn unknown() -> Error {
        Error::Unauthenticated { path: "a.pdf".to_owned(), source: "401".into() }
    }

    fn broken() -> Error {
        Error::Generic { store: "GCS", source: "code 503:\n<html>\n busy".into() }
    }

    #[test]
    fn an_answer_tells_what_it_shows_and_no_more() {
        for (answer, elsewhere, expected) in [
            (
                Err(not_found("<Code>NoSuchKey</Code>")),
                false,
                Ok("credentials were obtained; asked for a random name"),
            ),
            (
                Err(not_found("<Code>NoSuchKey</Code>")),
                false,
                Ok("not found, as it should be; storing was not tried"),
            ),
            (Err(not_found("<Code>NoSuchBucket</Code>")), false, Err("there is no bucket of this name")),
            (Err(not_found("<Code>NoSuchBucket</Code>")), true, Err("there is no bucket of this name")),
            (Err(not_found("")), true, Ok("no credentials are sent there; asked for a random name")),
            (Err(denied()), false, Ok("403, so reading is not allowed, which storing does not need")),
            (Err(denied()), true, Ok("no credentials are sent there")),
            (Err(unknown()), false, Err("the credentials were obtained and are not accepted")),
            (Err(unknown()), true, Ok("it answered: 401")),
            (Ok(()), true, Ok("it answered: found")),
            (Err(broken()), true, Err("did not answer as a store does: code 503: <html> busy")),
            (Err(broken()), false, Err("did not answer as a store does: code 503: <html> busy")),
        ] {
            let said = judge(answer, elsewhere).map_err(|error| error.to_string());
            match (&said, expected) {
                (Ok(said), Ok(expected)) | (Err(said), Err(expected)) if said.contains(expected) => {}
                _ => panic!("{said:?} where {expected:?} was expected"),
            }
        }
    }
}
