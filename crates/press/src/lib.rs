//! The image-to-PDF service: fetch, convert, store, link.
//!
//! [`service`] is what the binary composes. The parts behind it are public because they are useful apart and
//! because that is how they are tested: [`fetch`] reaches out to an internet that lies, [`address`] knows which
//! of its addresses are public, [`convert`] runs the engine between a source and a store, [`storage`] keeps what
//! comes out.

pub mod address;
mod api;
pub mod convert;
mod error;
pub mod fetch;
pub mod problem;
pub mod settings;
mod source_url;
pub mod storage;

use std::sync::Arc;

use anyhow::Context;
use chassis::{Finding, Gauge, Readiness, Service};

pub use error::{Answer, Cause, Error, Refusal, Slow, Unreachable};
pub use settings::Settings;
pub use source_url::{Invalid, SourceUrl, URL_BYTES_MAX};

use convert::{Admission, Budget, Converter, Limits, Pool};
use fetch::{Client, Network, System, Tls};
use storage::{Bucket, Location, Store};

const NAME: &str = "press";

/// The service as `settings` want it, with its store open.
#[expect(clippy::unused_async, reason = "services are built alike, and another store may have to be asked")]
pub async fn service(settings: &Settings, chassis: &chassis::Settings) -> anyhow::Result<Service> {
    service_on(settings, chassis, Arc::new(System), Tls::system())
}

/// The same on another network, and with other certificate authorities: a test's.
pub fn service_on(
    settings: &Settings,
    chassis: &chassis::Settings,
    network: Arc<dyn Network>,
    tls: Tls,
) -> anyhow::Result<Service> {
    let location = settings.location(chassis).map_err(anyhow::Error::msg)?;
    let store = Arc::new(Store::open(&location, &settings.storage)?);
    let conversion = &settings.conversion;
    let fetch = &settings.fetch;
    let client = Client::new(fetch.policy(), fetch.limits(), fetch.fetch_user_agent.clone(), network, tls);
    let capacity = settings.capacity();
    let (admission, pool) = (Admission::new(capacity), Pool::start(capacity.running_max)?);
    let (bytes_max, decoding_max) = (conversion.conversions_bytes_max, conversion.decoding_max());
    let budget = Budget::new(bytes_max, decoding_max, capacity.wait_max, &admission);
    let limits = Limits { sources_max: conversion.sources_max, engine: conversion.limits() };
    let converter = Arc::new(Converter::new(client, admission, budget, pool, Arc::clone(&store), limits));
    Ok(Service {
        name: NAME,
        router: api::router(Arc::clone(&converter)),
        openapi: openapi(),
        body_limit: Some(api::body_limit(fetch.source_bytes_max)),
        gauges: gauges(&converter),
        finish: Some({
            let store = Arc::clone(&store);
            Box::pin(async move { store.finish().await })
        }),
        ready: Arc::new(move || -> Readiness {
            let store = Arc::clone(&store);
            Box::pin(async move { store.ready().await })
        }),
    })
}

/// How busy the service is: what it has of each, and what there is.
fn gauges(converter: &Arc<Converter>) -> Vec<Gauge> {
    type Read = fn(&convert::Load) -> u64;
    let gauges: [(&str, &str, Read); 8] = [
        ("press_sources_open", "Sources that are waited for or read", |load| load.sources),
        ("press_conversions_running", "Conversions that have a place", |load| load.running),
        ("press_conversions_max", "Places for conversions, CONVERSIONS_MAX", |load| load.running_max),
        ("press_conversions_waiting", "Conversions that wait for a place", |load| load.waiting),
        ("press_decoders_busy", "Conversions that decode or pack", |load| load.decoders),
        ("press_decoders_max", "Those that may at one time, CONVERSIONS_DECODING_MAX", |load| {
            load.decoders_max
        }),
        ("press_memory_held_bytes", "What conversions hold of CONVERSIONS_BYTES_MAX", |load| load.bytes),
        ("press_memory_max_bytes", "CONVERSIONS_BYTES_MAX", |load| load.bytes_max),
    ];
    let gauge = |(name, help, of): (&'static str, &'static str, Read)| {
        let converter = Arc::clone(converter);
        Gauge { name, help, read: Arc::new(move || of(&converter.load())) }
    };
    gauges.map(gauge).into()
}

/// The description of the API, without opening anything.
pub fn openapi() -> utoipa::openapi::OpenApi {
    api::openapi()
}

/// Asks each dependency, without changing anything, whether it would serve.
pub async fn check(settings: &Settings, chassis: &chassis::Settings) -> Vec<Finding> {
    vec![check_store(settings, chassis).await, check_certificates()]
}

async fn check_store(settings: &Settings, chassis: &chassis::Settings) -> Finding {
    let location = match settings.location(chassis) {
        Ok(location) => location,
        Err(fault) => {
            return Finding { dependency: "store".to_owned(), outcome: Err(anyhow::Error::msg(fault)) };
        }
    };
    match location {
        Location::Folder(path) => {
            Finding { dependency: format!("store {}", path.display()), outcome: storage::check_folder(&path) }
        }
        Location::Bucket(name) => {
            let endpoint = settings.storage.pdf_endpoint.as_deref();
            let at = endpoint.map_or_else(String::new, |endpoint| format!(" at {endpoint}"));
            let outcome = match Bucket::open(&name, &settings.storage) {
                Ok(store) => store.check().await,
                Err(error) => Err(error),
            };
            Finding { dependency: format!("store {name}{at}"), outcome }
        }
    }
}

fn check_certificates() -> Finding {
    let outcome = Tls::system()
        .config()
        .map(|_| "read".to_owned())
        .context("no https source can be fetched: install ca-certificates, or name a file in SSL_CERT_FILE");
    Finding { dependency: "certificate authorities".to_owned(), outcome }
}
