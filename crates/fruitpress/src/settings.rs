//! The settings of a server: those of the chassis and of each service that this binary carries.

use std::collections::BTreeSet;

use clap::{ArgMatches, parser::ValueSource};

use crate::services::ServiceName;

/// Which services run, and how.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Settings {
    /// The services to run; all that this binary carries when none is named.
    #[arg(value_enum, value_name = "SERVICE")]
    services: Vec<ServiceName>,

    /// Variables that must be set, separated by commas, before the server starts.
    ///
    /// Deployments list what they cannot do without, so that a forgotten variable stops the start instead of
    /// falling back to a default (PDFs on a disk that vanishes with its container). An empty value counts as
    /// missing, but for the variables whose empty value means "off": `SENTRY_DSN` and `OTEL_EXPORTER_OTLP_ENDPOINT`.
    #[arg(
        long = "require-settings",
        env = "REQUIRE_SETTINGS",
        value_name = "VARIABLE,…",
        value_delimiter = ','
    )]
    required: Vec<String>,

    #[command(flatten)]
    pub(crate) chassis: chassis::Settings,

    #[cfg(feature = "fruits")]
    #[command(flatten)]
    pub(crate) fruits: fruits::Settings,

    #[cfg(feature = "press")]
    #[command(flatten)]
    pub(crate) press: press::Settings,
}

/// Variables for which an empty value is an answer: it switches the thing off.
const EMPTY_MEANS_OFF: [&str; 2] = ["SENTRY_DSN", "OTEL_EXPORTER_OTLP_ENDPOINT"];

impl Settings {
    /// The services to run, each once, in one order.
    pub(crate) fn services(&self) -> BTreeSet<ServiceName> {
        if self.services.is_empty() {
            ServiceName::all().collect()
        } else {
            self.services.iter().copied().collect()
        }
    }

    /// What is wrong with the settings taken together, a line each.
    pub(crate) fn faults<'a>(
        &self,
        known: impl Iterator<Item = &'a clap::Arg>,
        matches: &ArgMatches,
    ) -> Vec<String> {
        let mut faults = self.missing(known, matches);
        faults.extend(self.chassis.faults());
        for service in self.services() {
            faults.extend(service.faults(self));
        }
        faults
    }

    fn missing<'a>(&self, known: impl Iterator<Item = &'a clap::Arg>, matches: &ArgMatches) -> Vec<String> {
        let given: BTreeSet<&str> = known
            .filter(|argument| {
                let source = matches.value_source(argument.get_id().as_str());
                matches!(source, Some(ValueSource::CommandLine | ValueSource::EnvVariable))
            })
            .filter_map(|argument| argument.get_env()?.to_str())
            .collect();
        self.required
            .iter()
            .map(|name| name.trim())
            .filter(|name| !name.is_empty() && !given.contains(name))
            .filter(|name| !(EMPTY_MEANS_OFF.contains(name) && std::env::var_os(name).is_some()))
            .map(|name| {
                let off =
                    if EMPTY_MEANS_OFF.contains(&name) { " (an empty value switches it off)" } else { "" };
                format!("{name} is not set, and REQUIRE_SETTINGS lists it{off}")
            })
            .collect()
    }
}
