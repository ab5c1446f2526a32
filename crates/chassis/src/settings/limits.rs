//! What one request and one connection may cost.

use std::time::Duration;

use clap::value_parser;

/// An hour: longer than this is no limit any more.
const TIMEOUT_MS_MAX: u64 = 3_600_000;

/// Limits of the HTTP server.
#[derive(clap::Args, Debug, Clone)]
#[group(skip)]
pub struct Limits {
    /// Milliseconds from a request's header to its answer's header; later it is answered 504, or 408 where the
    /// client's own body is what is missing. A minute is what load balancers give
    #[arg(long, env = "REQUEST_TIMEOUT_MS", default_value_t = 60_000,
          value_parser = value_parser!(u64).range(1..=TIMEOUT_MS_MAX))]
    pub request_timeout_ms: u64,

    /// Bytes that a request's body may have; a larger one is answered 413. 1 MiB is far above any JSON that a
    /// person writes; images that are sent to press have a limit of their own, `SOURCE_BYTES_MAX`
    #[arg(long, env = "BODY_BYTES_MAX", default_value_t = 1_048_576,
          value_parser = value_parser!(u64).range(1..))]
    pub body_bytes_max: u64,

    /// Milliseconds that a started request body may stand still; then it is answered 408
    #[arg(long, env = "BODY_STALL_TIMEOUT_MS", default_value_t = 10_000,
          value_parser = value_parser!(u64).range(1..=TIMEOUT_MS_MAX))]
    pub body_stall_timeout_ms: u64,

    /// Milliseconds in which a new connection must have sent its first request's header, and any later request
    /// the whole of its header; then the connection is closed
    #[arg(long, env = "HEADER_TIMEOUT_MS", default_value_t = 10_000,
          value_parser = value_parser!(u64).range(1..=TIMEOUT_MS_MAX))]
    pub header_timeout_ms: u64,

    /// Milliseconds that a connection may wait for its next request, and that a client may take none of its
    /// answer. Longer than the 60 seconds after which common proxies drop theirs, so that they close first
    #[arg(long, env = "IDLE_TIMEOUT_MS", default_value_t = 75_000,
          value_parser = value_parser!(u64).range(1..=TIMEOUT_MS_MAX))]
    pub idle_timeout_ms: u64,

    /// Connections to the API at one time; further ones wait in the system's queue. Half of the 1,024 open files
    /// that a process commonly gets, so that its own work has the other half
    #[arg(long, env = "CONNECTIONS_MAX", default_value_t = 512,
          value_parser = value_parser!(u32).range(1..=1_000_000))]
    pub connections_max: u32,
}

impl Limits {
    /// `REQUEST_TIMEOUT_MS`.
    pub fn request_timeout(&self) -> Duration {
        Duration::from_millis(self.request_timeout_ms)
    }

    /// `BODY_STALL_TIMEOUT_MS`.
    pub fn body_stall_timeout(&self) -> Duration {
        Duration::from_millis(self.body_stall_timeout_ms)
    }

    /// `HEADER_TIMEOUT_MS`.
    pub fn header_timeout(&self) -> Duration {
        Duration::from_millis(self.header_timeout_ms)
    }

    /// `IDLE_TIMEOUT_MS`.
    pub fn idle_timeout(&self) -> Duration {
        Duration::from_millis(self.idle_timeout_ms)
    }
}
