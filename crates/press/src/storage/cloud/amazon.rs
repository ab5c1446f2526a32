//! Amazon S3, and stores that speak like it.
//!
//! At Amazon's own endpoint the credentials are the given key, or what the platform's `AWS_` variables lead to: a web
//! identity, a container's or an instance's role. Another endpoint is sent the given key alone: a machine's identity
//! is none of its business.

use std::sync::Arc;

use anyhow::{Context, ensure};
use object_store::{
    StaticCredentialProvider,
    aws::{AmazonS3Builder, AmazonS3ConfigKey, AwsCredential, S3ConditionalPut},
};

use super::{Client, Connection, Through, client_options, retries};
use crate::settings::{Secret, StorageSettings};

/// What S3-compatible stores expect in a signature unless they were told otherwise.
const DEFAULT_REGION: &str = "us-east-1";

pub(super) fn connect(
    bucket: &str,
    settings: &StorageSettings,
    connector: Through,
) -> anyhow::Result<Connection> {
    let endpoint = settings.pdf_endpoint.as_deref();
    let region = settings.aws_region.as_deref().unwrap_or(DEFAULT_REGION);
    let key = key(settings);
    let anonymous = endpoint.is_some() && key.is_none();
    // A bucket with dots has no certificate as a host.
    let virtual_hosted = endpoint.is_none() && !bucket.contains('.');
    let own = match (endpoint, virtual_hosted) {
        (Some(endpoint), _) => endpoint.to_owned(),
        (None, true) => format!("https://{bucket}.s3.{region}.amazonaws.com"),
        (None, false) => format!("https://s3.{region}.amazonaws.com"),
    };
    let url = if virtual_hosted { own.clone() } else { format!("{own}/{bucket}") };
    let mut builder = if endpoint.is_some() { AmazonS3Builder::new() } else { from_environment()? };
    if let Some(key) = key {
        builder = builder.with_credentials(Arc::new(StaticCredentialProvider::new(key)));
    } else if anonymous {
        let nobody = AwsCredential { key_id: String::new(), secret_key: String::new(), token: None };
        builder = builder.with_credentials(Arc::new(StaticCredentialProvider::new(nobody)));
    }
    let store = builder
        .with_bucket_name(bucket)
        .with_config(AmazonS3ConfigKey::S3Endpoint, own)
        .with_region(region)
        .with_virtual_hosted_style_request(virtual_hosted)
        .with_skip_signature(anonymous)
        .with_s3_express(false)
        .with_conditional_put(S3ConditionalPut::ETagMatch)
        // One object at a time is deleted, for which each store has a plain request.
        .with_disable_bulk_delete(true)
        .with_retry(retries())
        .with_client_options(client_options(settings))
        .with_http_connector(connector)
        .build()
        .context("its credentials or the CA certificates cannot be read")?;
    Ok(Connection { client: Client::Amazon(Arc::new(store)), url, anonymous })
}

fn key(settings: &StorageSettings) -> Option<AwsCredential> {
    let reveal = |secret: &Secret| secret.reveal().to_owned();
    Some(AwsCredential {
        key_id: settings.aws_access_key_id.clone()?,
        secret_key: settings.aws_secret_access_key.as_ref().map(reveal)?,
        token: settings.aws_session_token.as_ref().map(reveal),
    })
}

/// What the platform says about identities. An endpoint that it names as well is not passed over in silence.
fn from_environment() -> anyhow::Result<AmazonS3Builder> {
    let builder = AmazonS3Builder::from_env();
    for (variable, key) in [
        ("AWS_ENDPOINT_URL", AmazonS3ConfigKey::Endpoint),
        ("AWS_ENDPOINT_URL_S3", AmazonS3ConfigKey::S3Endpoint),
    ] {
        ensure!(
            builder.get_config_value(&key).is_none_or(|endpoint| endpoint.is_empty()),
            "{variable} is set; another endpoint is named by PDF_ENDPOINT"
        );
    }
    Ok(builder)
}
