//! What is fetched, and at what cost.

use std::time::Duration;

use clap::{
    builder::{BoolishValueParser, RangedU64ValueParser},
    value_parser,
};
use http::HeaderValue;

use crate::fetch::{HostPattern, HostRules, Limits, Policy};

/// Who fetches: hosts such as Wikimedia refuse clients that do not say so and where to complain.
pub const DEFAULT_USER_AGENT: &str =
    concat!("fruitpress/", env!("CARGO_PKG_VERSION"), " (+", env!("CARGO_PKG_REPOSITORY"), ")");

/// What is fetched, and at what cost.
#[derive(clap::Args, Debug, Clone)]
#[group(skip)]
pub struct FetchSettings {
    /// Lets sources be fetched from loopback and private addresses, on any port, for development and tests.
    /// Link-local and metadata addresses stay closed
    #[arg(long, env = "FETCH_ALLOW_PRIVATE", num_args = 0..=1, default_value_t = false,
          default_missing_value = "true", action = clap::ArgAction::Set, value_name = "BOOL",
          value_parser = BoolishValueParser::new())]
    pub fetch_allow_private: bool,

    /// The TCP ports of public sources, separated by commas. Others are where mail servers and databases
    /// listen, which a URL must not make this service talk to
    #[arg(long, env = "FETCH_PORTS", default_value = "80,443", value_delimiter = ',', value_name = "PORT,…",
          value_parser = value_parser!(u16).range(1..))]
    pub fetch_ports: Vec<u16>,

    /// The hosts that sources are fetched from, with commas between them: `example.com` is that name alone,
    /// `*.example.com` every name below it. Redirects are held to it, and addresses in place of a name are on no
    /// list. Any host when unset: which sources there are, only the operator knows
    #[arg(long, env = "FETCH_HOSTS_ALLOW", value_delimiter = ',', value_name = "HOST,…")]
    pub fetch_hosts_allow: Vec<HostPattern>,

    /// The hosts that sources are never fetched from, written as those of `FETCH_HOSTS_ALLOW`, over which it wins.
    /// None when unset
    #[arg(long, env = "FETCH_HOSTS_DENY", value_delimiter = ',', value_name = "HOST,…")]
    pub fetch_hosts_deny: Vec<HostPattern>,

    /// Milliseconds that one source is waited for, from its name to its last byte; later is answered 504, and so is one
    /// whose body stands still: less than 4 KiB in 5 s. Half of what a request has, so that there is time left to store
    /// the PDF
    #[arg(long, env = "FETCH_TIMEOUT_MS", default_value_t = 30_000,
          value_parser = value_parser!(u64).range(1..=3_600_000))]
    pub fetch_timeout_ms: u64,

    /// Sources that are waited for at one time, before their conversions; further ones are answered 503. Each costs
    /// a socket and up to 512 KiB that are read ahead: 256 of them 128 MiB, and a quarter of the 1,024 open files
    /// that a process commonly gets
    #[arg(long, env = "FETCHES_MAX", default_value_t = 256,
          value_parser = RangedU64ValueParser::<usize>::new().range(1..=65_536))]
    pub fetches_max: usize,

    /// Bytes that one source may have, unpacked where its server packs it. 256 MiB: the largest scans that people share have less, and memory does
    /// not grow with it
    #[arg(long, env = "SOURCE_BYTES_MAX", default_value_t = 268_435_456, value_parser = value_parser!(u64).range(1..))]
    pub source_bytes_max: u64,

    /// The User-Agent of each fetch. By default it names the version and the project's page, since hosts such as
    /// Wikimedia refuse clients that do not say who they are
    #[arg(long, env = "FETCH_USER_AGENT", default_value = DEFAULT_USER_AGENT, value_parser = parse_user_agent)]
    pub fetch_user_agent: HeaderValue,
}

impl FetchSettings {
    pub(crate) fn policy(&self) -> Policy {
        let hosts = HostRules { allow: self.fetch_hosts_allow.clone(), deny: self.fetch_hosts_deny.clone() };
        Policy { allow_private: self.fetch_allow_private, ports: self.fetch_ports.clone(), hosts }
    }

    pub(crate) fn limits(&self) -> Limits {
        Limits::new(self.source_bytes_max, Duration::from_millis(self.fetch_timeout_ms))
    }
}

fn parse_user_agent(text: &str) -> Result<HeaderValue, String> {
    if text.trim().is_empty() {
        return Err("must say who fetches".to_owned());
    }
    HeaderValue::from_str(text).map_err(|_| "must be printable ASCII on one line".to_owned())
}
