//! The services that this binary carries, each behind its cargo feature.

use std::fmt;

use chassis::{Finding, Service};
use clap::ValueEnum;
use utoipa::openapi::OpenApi;

use crate::settings::Settings;

#[cfg(not(any(feature = "fruits", feature = "press")))]
compile_error!("a binary without a service serves nothing: enable the feature `fruits` or `press`");

/// A service by its name on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum ServiceName {
    /// The fruit catalogue.
    #[cfg(feature = "fruits")]
    Fruits,
    /// The image-to-PDF API.
    #[cfg(feature = "press")]
    Press,
}

impl ServiceName {
    /// All that this binary carries.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        Self::value_variants().iter().copied()
    }

    /// Builds the service: opens what it needs.
    pub(crate) async fn build(self, settings: &Settings) -> anyhow::Result<Service> {
        match self {
            #[cfg(feature = "fruits")]
            Self::Fruits => fruits::service(&settings.fruits, &settings.chassis.bind.data_dir).await,
            #[cfg(feature = "press")]
            Self::Press => press::service(&settings.press, &settings.chassis).await,
        }
    }

    /// Its API as it is documented, without opening anything.
    pub(crate) fn described(self) -> (&'static str, OpenApi) {
        match self {
            #[cfg(feature = "fruits")]
            Self::Fruits => ("fruits", fruits::openapi()),
            #[cfg(feature = "press")]
            Self::Press => ("press", press::openapi()),
        }
    }

    /// Whether each thing it depends on would answer, asked without changing it.
    pub(crate) async fn check(self, settings: &Settings) -> Vec<Finding> {
        match self {
            #[cfg(feature = "fruits")]
            Self::Fruits => fruits::check(&settings.fruits, &settings.chassis.bind.data_dir).await,
            #[cfg(feature = "press")]
            Self::Press => press::check(&settings.press, &settings.chassis).await,
        }
    }

    /// What is wrong with its settings taken together.
    pub(crate) fn faults(self, settings: &Settings) -> Vec<String> {
        match self {
            #[cfg(feature = "fruits")]
            Self::Fruits => settings.fruits.faults(),
            #[cfg(feature = "press")]
            Self::Press => settings.press.faults(&settings.chassis),
        }
    }
}

impl fmt::Display for ServiceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.described().0)
    }
}
