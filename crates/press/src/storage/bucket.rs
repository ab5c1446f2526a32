//! PDFs as objects of a Google Cloud Storage bucket.
//!
//! No right beyond creating objects is needed: nothing is listed, read or overwritten. An object is created
//! under the condition that its name is free, so that a request that is sent twice cannot become an overwrite,
//! which a create-only account is refused.

use std::{sync::Arc, time::Duration};

use anyhow::Context;
use http::HeaderValue;
use object_store::{
    Attribute, AttributeValue, Attributes, BackoffConfig, ClientOptions, ObjectStore, PutMode, RetryConfig,
    StaticCredentialProvider,
    gcp::{GcpCredential, GoogleCloudStorage, GoogleCloudStorageBuilder},
    path::Path as ObjectPath,
};

use super::{PdfName, Target, Upload};
use crate::settings::{DEFAULT_USER_AGENT, StorageSettings};

/// The cloud's own endpoint, and the host of the public links.
const GOOGLE: &str = "https://storage.googleapis.com";
/// The least that a part of an object may have (the last one aside).
const PART_BYTES: usize = 5 * 1024 * 1024;

/// A bucket of PDFs.
#[derive(Debug)]
pub struct Bucket {
    store: Arc<GoogleCloudStorage>,
    /// `https://storage.googleapis.com/BUCKET/PREFIX/`.
    base: String,
    prefix: ObjectPath,
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
        Ok(Self { store: Arc::new(store), base, prefix: ObjectPath::from(prefix) })
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
        })
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
