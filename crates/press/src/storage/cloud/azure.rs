//! Azure Blob Storage.
//!
//! Links carry a shared access signature: made with the account's key, or with a key that Azure gives to an identity
//! for a while. Another endpoint is the URL of the account (`https://HOST`, or `http://HOST/ACCOUNT` of an emulator)
//! and is sent what the account's key signs, or nothing.

use std::sync::Arc;

use anyhow::{Context, ensure};
use object_store::{
    StaticCredentialProvider,
    azure::{AzureConfigKey, AzureCredential, MicrosoftAzureBuilder},
};

use super::{Client, Connection, Through, client_options, retries};
use crate::settings::StorageSettings;

pub(super) fn connect(
    container: &str,
    settings: &StorageSettings,
    connector: Through,
) -> anyhow::Result<Connection> {
    let account = settings.azure_storage_account_name.as_deref();
    let account = account.context("AZURE_STORAGE_ACCOUNT_NAME is not set")?;
    let endpoint = settings.pdf_endpoint.as_deref();
    let key = settings.azure_storage_account_key.as_ref();
    let anonymous = endpoint.is_some() && key.is_none();
    let own = endpoint.map_or_else(|| format!("https://{account}.blob.core.windows.net"), str::to_owned);
    let url = format!("{own}/{container}");
    let mut builder = if endpoint.is_some() { MicrosoftAzureBuilder::new() } else { from_environment()? };
    if let Some(key) = key {
        builder = builder.with_access_key(key.reveal()).with_credential_type("access_key");
    } else if anonymous {
        let nobody = AzureCredential::BearerToken(String::new());
        builder = builder.with_credentials(Arc::new(StaticCredentialProvider::new(nobody)));
    }
    let store = builder
        .with_account(account)
        .with_endpoint(own)
        .with_container_name(container)
        .with_use_emulator(false)
        .with_use_fabric_endpoint(false)
        .with_skip_signature(anonymous)
        .with_retry(retries())
        .with_client_options(client_options(settings))
        .with_http_connector(connector)
        .build()
        .context("its credentials or the CA certificates cannot be read")?;
    Ok(Connection { client: Client::Azure(Arc::new(store)), url, anonymous })
}

/// What the platform says about identities. An endpoint that it names as well is not passed over in silence.
fn from_environment() -> anyhow::Result<MicrosoftAzureBuilder> {
    let builder = MicrosoftAzureBuilder::from_env();
    ensure!(
        builder.get_config_value(&AzureConfigKey::Endpoint).is_none_or(|endpoint| endpoint.is_empty()),
        "AZURE_STORAGE_ENDPOINT is set; another endpoint is named by PDF_ENDPOINT"
    );
    Ok(builder)
}
