//! Settings that every service shares, one struct a concern.
//!
//! Each field's doc is its help text: the flag, the environment variable and the default come from clap, the
//! unit and the reason stand in the words. Value parsers refuse a wrong value by itself;
//! [`Settings::faults`] finds what is wrong only together.

mod access;
mod bind;
mod hosts;
mod limits;
mod log;
mod rate;
mod shutdown;
mod telemetry;

pub use access::Access;
pub use bind::{Bind, MetricsPort, parse_host};
pub use hosts::{AllowedHost, CorsOrigin, Hosts};
pub use limits::Limits;
pub use log::{Log, LogFormat, LogLevel};
pub use rate::Rate;
pub use shutdown::Shutdown;
pub use telemetry::Telemetry;

/// Everything that the chassis can be told from outside.
#[derive(clap::Args, Debug, Clone)]
#[group(skip)]
pub struct Settings {
    /// Where it listens and keeps its files.
    #[command(flatten)]
    pub bind: Bind,
    /// What a request and a connection may cost.
    #[command(flatten)]
    pub limits: Limits,
    /// How often one client may call.
    #[command(flatten)]
    pub rate: Rate,
    /// Which hosts, origins and proxies are believed.
    #[command(flatten)]
    pub hosts: Hosts,
    /// Who may do what.
    #[command(flatten)]
    pub access: Access,
    /// How it stops.
    #[command(flatten)]
    pub shutdown: Shutdown,
    /// What it writes to its log.
    #[command(flatten)]
    pub log: Log,
    /// Where errors and traces go.
    #[command(flatten)]
    pub telemetry: Telemetry,
}

impl Settings {
    /// What is wrong with these settings taken together; empty when they can be served with.
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if self.bind.metrics_port == MetricsPort::Port(self.bind.port)
            && self.bind.port != 0
            && self.bind.metrics_address().is_some_and(|address| address.ip() == self.bind.host)
        {
            faults.push(format!(
                "METRICS_PORT and PORT are both {}: give the metrics a port of their own, or METRICS_PORT=off",
                self.bind.port
            ));
        }
        if self.limits.header_timeout_ms > self.limits.idle_timeout_ms {
            faults.push(format!(
                "HEADER_TIMEOUT_MS ({}) is longer than IDLE_TIMEOUT_MS ({}): a connection that sends nothing \
                 would be closed before its header is due",
                self.limits.header_timeout_ms, self.limits.idle_timeout_ms
            ));
        }
        if let (Some(url), false) = (&self.hosts.public_url, self.hosts.allowed_hosts.is_empty()) {
            let own = url.host_str().unwrap_or_default();
            if !self.hosts.allowed_hosts.iter().any(|allowed| allowed.name() == own) {
                faults.push(format!(
                    "PUBLIC_URL is at {own}, which ALLOWED_HOSTS does not list: its own links would get 421"
                ));
            }
        }
        faults.extend(self.access.faults());
        faults
    }

    /// Whether the service can tell the base of its own links: [`BaseUrl`](crate::BaseUrl) is answered for each
    /// request. A service whose links point at itself asks this before it starts.
    pub fn knows_own_url(&self) -> bool {
        self.hosts.public_url.is_some() || self.bind.host.is_loopback()
    }
}

impl Default for Settings {
    /// The documented defaults, whatever the environment says.
    fn default() -> Self {
        defaults()
    }
}

/// The documented defaults of any settings struct, read from its clap derive, whatever the environment says.
///
/// # Panics
/// Where a default does not parse or a setting has none and is required: a mistake in the struct itself.
pub fn defaults<A: clap::Args>() -> A {
    let command = A::augment_args(clap::Command::new("defaults").no_binary_name(true))
        .mut_args(|argument| argument.env(clap::builder::Resettable::Reset));
    let matches = command.get_matches_from(std::iter::empty::<&str>());
    A::from_arg_matches(&matches).unwrap_or_else(|error| panic!("{error}"))
}
