//! How a service stops.

use std::time::Duration;

use clap::value_parser;

const WAIT_MS_MAX: u64 = 600_000;

/// Times of the graceful drain.
#[derive(clap::Args, Debug, Clone)]
#[group(skip)]
pub struct Shutdown {
    /// Milliseconds that requests in flight get after the signal to stop; what is left then is stopped, and answered
    /// 503 where no answer has begun. Cloud Run gives 10 seconds in all, of which that and telemetry need the rest
    #[arg(long, env = "SHUTDOWN_GRACE_MS", default_value_t = 8_000,
          value_parser = value_parser!(u64).range(0..=WAIT_MS_MAX))]
    pub shutdown_grace_ms: u64,

    /// Milliseconds between /readyz failing and the end of accepting, for balancers that find out by probing;
    /// Kubernetes wants about 5000
    #[arg(long, env = "DRAIN_DELAY_MS", default_value_t = 0,
          value_parser = value_parser!(u64).range(0..=WAIT_MS_MAX))]
    pub drain_delay_ms: u64,
}

impl Shutdown {
    /// `SHUTDOWN_GRACE_MS`.
    pub fn grace(&self) -> Duration {
        Duration::from_millis(self.shutdown_grace_ms)
    }

    /// `DRAIN_DELAY_MS`.
    pub fn drain_delay(&self) -> Duration {
        Duration::from_millis(self.drain_delay_ms)
    }
}
