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

pub use self::{
    api::{openapi, serve, serve_with},
    check::check,
    error::{Error, KINDS},
    settings::Settings,
    store::{Store, sqlite::Migrated},
};

/// Opens the catalogue that the settings name, making it when it is missing, and serves it.
#[expect(clippy::unused_async, reason = "a store behind a network has to wait here")]
pub async fn service(settings: &Settings, data_dir: &Path) -> anyhow::Result<Service> {
    Ok(serve_with(Store::open(&settings.location(data_dir)?)?, settings))
}

/// Brings the catalogue's schema up to date, making the catalogue when it is missing.
pub fn migrate(settings: &Settings, data_dir: &Path) -> anyhow::Result<Migrated> {
    match settings.location(data_dir)? {
        settings::Location::Sqlite(path) => store::Sqlite::migrate(&path),
    }
}
