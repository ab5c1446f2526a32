//! Google Cloud Storage.
//!
//! Links are signed by IAM (`signBlob`), so that no key needs to exist, and by another account than the running one
//! where the settings name it: the running one then needs no right to read PDFs.

use std::sync::Arc;

use anyhow::Context;
use object_store::{
    StaticCredentialProvider,
    gcp::{GcpCredential, GcpSigningCredential, GoogleCloudStorageBuilder},
};

use super::{Client, Connection, Through, client_options, retries};
use crate::settings::StorageSettings;

/// The cloud's own endpoint, and the host of the public links.
const ENDPOINT: &str = "https://storage.googleapis.com";

pub(super) fn connect(
    bucket: &str,
    settings: &StorageSettings,
    connector: Through,
) -> anyhow::Result<Connection> {
    let endpoint = settings.pdf_endpoint.as_deref();
    let mut builder = GoogleCloudStorageBuilder::new()
        .with_bucket_name(bucket)
        .with_retry(retries())
        .with_client_options(client_options(settings))
        .with_http_connector(connector);
    if let Some(endpoint) = endpoint {
        // Without these, the running account's token would be sent to whatever listens there.
        let nobody = GcpCredential { bearer: "none".to_owned() };
        let credentials = Arc::new(StaticCredentialProvider::new(nobody));
        builder = builder.with_base_url(endpoint).with_credentials(credentials);
    } else if let Some(path) = &settings.google_application_credentials {
        builder = builder.with_application_credentials(path.to_string_lossy());
    }
    if let Some(signer) = &settings.pdf_link_signer {
        let signer = GcpSigningCredential { email: signer.clone(), private_key: None };
        builder = builder.with_signing_credentials(Arc::new(StaticCredentialProvider::new(signer)));
    }
    let store = builder.build().context("its credentials or the CA certificates cannot be read")?;
    Ok(Connection {
        client: Client::Google(Arc::new(store)),
        url: format!("{}/{bucket}", endpoint.unwrap_or(ENDPOINT)),
        anonymous: endpoint.is_some(),
    })
}
