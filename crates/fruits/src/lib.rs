//! The catalogue service: list, get and add fruits.
//!
//! `domain` says what a fruit is, `store` keeps it, `api` speaks HTTP. What was answered with 201 is on the
//! disk; a read sees every fruit whose 201 was sent before it.

mod api;
mod check;
mod error;
mod fields;

pub mod domain;
pub mod settings;
pub mod store;
pub mod transfer;

use std::path::Path;

use chassis::Service;

use self::settings::Location;

pub use self::{
    api::{openapi, serve, serve_with},
    check::check,
    error::{Error, KINDS},
    settings::Settings,
    store::{Migrated, Store},
};

/// Opens the catalogue that the settings name, making it when it is missing, and serves it. One behind a network need
/// not be there yet: the service becomes ready when it is.
pub async fn service(settings: &Settings, data_dir: &Path) -> anyhow::Result<Service> {
    let location = settings.location(data_dir)?;
    let store = Store::open_as(&location, settings.migrate(&location))?;
    if let Location::Postgres(target) = &location
        && let Err(error) = store.ready().await
    {
        let reason = format!("{:#}", anyhow::Error::new(error));
        tracing::warn!(catalogue = %target, reason, "the catalogue is not ready yet");
    }
    Ok(serve_with(store, settings))
}

/// Brings the catalogue's schema up to date, making the catalogue when it is missing.
pub async fn migrate(settings: &Settings, data_dir: &Path) -> anyhow::Result<Migrated> {
    Store::migrate(&settings.location(data_dir)?).await
}
