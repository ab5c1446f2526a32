//! The clouds whose buckets can hold PDFs: how each is reached, and what each calls things.

mod amazon;
mod azure;
mod google;

use std::{sync::Arc, time::Duration};

use http::{HeaderValue, Method};
use object_store::{
    BackoffConfig, ClientOptions, ObjectStore, RetryConfig,
    aws::AmazonS3,
    azure::MicrosoftAzure,
    client::{HttpClient, HttpConnector},
    gcp::GoogleCloudStorage,
    path::Path as ObjectPath,
    signer::Signer,
};
use url::Url;

use super::BucketName;
use crate::settings::{DEFAULT_USER_AGENT, StorageSettings};

/// Whose bucket it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cloud {
    /// Google Cloud Storage.
    Google,
    /// Amazon S3, and stores that speak like it.
    Amazon,
    /// Azure Blob Storage.
    Azure,
}

/// A bucket that can be talked to.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) client: Client,
    /// The URL of the bucket, as its objects' public URLs have it; without a slash at its end.
    pub(super) url: String,
    /// Whether requests carry no credentials that mean anything: at an endpoint of which no keys are known.
    pub(super) anonymous: bool,
}

/// What sends the requests.
#[derive(Debug)]
pub(super) enum Client {
    Google(Arc<GoogleCloudStorage>),
    Amazon(Arc<AmazonS3>),
    Azure(Arc<MicrosoftAzure>),
}

impl Cloud {
    pub(super) const ALL: [Self; 3] = [Self::Google, Self::Amazon, Self::Azure];

    /// What its buckets' URLs begin with.
    pub(super) fn scheme(self) -> &'static str {
        match self {
            Self::Google => "gs",
            Self::Amazon => "s3",
            Self::Azure => "az",
        }
    }

    /// What it calls a bucket.
    pub(super) fn bucket_words(self) -> &'static str {
        match self {
            Self::Google => "a Google Cloud Storage bucket",
            Self::Amazon => "an S3 bucket",
            Self::Azure => "an Azure container",
        }
    }

    /// The right that storing a PDF needs.
    pub(super) fn right_to_store(self) -> &'static str {
        match self {
            Self::Google => "storage.objects.create, as in roles/storage.objectCreator, on the bucket",
            Self::Amazon => "s3:PutObject and s3:AbortMultipartUpload on the bucket's objects",
            Self::Azure => "the role Storage Blob Data Contributor on the container",
        }
    }

    /// The right that signing a link needs.
    pub(super) fn right_to_sign(self) -> &'static str {
        match self {
            Self::Google => "iam.serviceAccounts.signBlob on the account that signs, for the one that runs",
            Self::Amazon => "s3:GetObject on the bucket's objects",
            Self::Azure => "the role Storage Blob Delegator on the account, or its key",
        }
    }

    /// How an answer says that there is no such bucket.
    pub(super) fn no_bucket_code(self) -> &'static str {
        match self {
            Self::Google | Self::Amazon => "NoSuchBucket",
            Self::Azure => "ContainerNotFound",
        }
    }

    /// How an answer with 403 says that whoever asks may do nothing at all: nobody it knows, or from nowhere it serves.
    pub(super) fn stranger_codes(self) -> &'static [&'static str] {
        match self {
            Self::Google => &[],
            Self::Amazon => &["InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken", "NotSignedUp"],
            Self::Azure => &["AuthenticationFailed", "AuthorizationFailure", "InvalidAuthenticationInfo"],
        }
    }

    /// Prepares to talk to the bucket; nothing is sent yet.
    pub(super) fn connect(
        bucket: &BucketName,
        settings: &StorageSettings,
        connector: Arc<dyn HttpConnector>,
    ) -> anyhow::Result<Connection> {
        let connector = Through(connector);
        match bucket.cloud() {
            Self::Google => google::connect(bucket.name(), settings, connector),
            Self::Amazon => amazon::connect(bucket.name(), settings, connector),
            Self::Azure => azure::connect(bucket.name(), settings, connector),
        }
    }
}

impl Client {
    pub(super) fn objects(&self) -> Arc<dyn ObjectStore> {
        match self {
            Self::Google(store) => Arc::clone(store) as _,
            Self::Amazon(store) => Arc::clone(store) as _,
            Self::Azure(store) => Arc::clone(store) as _,
        }
    }

    /// A URL that downloads the object for so long; the object need not be there yet.
    pub(super) async fn sign(&self, path: &ObjectPath, ttl: Duration) -> object_store::Result<Url> {
        match self {
            Self::Google(store) => store.signed_url(Method::GET, path, ttl).await,
            Self::Amazon(store) => store.signed_url(Method::GET, path, ttl).await,
            Self::Azure(store) => store.signed_url(Method::GET, path, ttl).await,
        }
    }

    /// Obtains credentials, from wherever they come.
    pub(super) async fn authenticate(&self) -> object_store::Result<()> {
        match self {
            Self::Google(store) => store.credentials().get_credential().await.map(drop),
            Self::Amazon(store) => store.credentials().get_credential().await.map(drop),
            Self::Azure(store) => store.credentials().get_credential().await.map(drop),
        }
    }
}

/// A connector behind a pointer, which the clients' builders do not take as it is.
#[derive(Debug)]
struct Through(Arc<dyn HttpConnector>);

impl HttpConnector for Through {
    fn connect(&self, options: &ClientOptions) -> object_store::Result<HttpClient> {
        self.0.connect(options)
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

fn client_options(settings: &StorageSettings) -> ClientOptions {
    ClientOptions::new()
        .with_allow_http(settings.pdf_endpoint.is_some())
        .with_user_agent(HeaderValue::from_static(DEFAULT_USER_AGENT))
        .with_connect_timeout(Duration::from_secs(5))
        .with_timeout(Duration::from_secs(20))
}
