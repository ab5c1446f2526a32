//! How often one client may call.

use std::num::NonZeroU32;

use clap::value_parser;

/// A million a minute is no limit any more.
const REQUESTS_MAX: i64 = 1_000_000;

/// What one client may ask of the routes that a service limits.
#[derive(clap::Args, Debug, Clone)]
#[group(skip)]
pub struct Rate {
    /// Requests a minute that one client may make of what is expensive, where the API's description has a 429; further
    /// ones get it. A client is the name of its token, or else its address as `TRUSTED_PROXY_HOPS` tells it (of IPv6
    /// the first 64 bits). Each process counts for itself. No limit when unset, since one client may be all there are
    #[arg(long, env = "CLIENT_REQUESTS_PER_MINUTE_MAX", value_parser = value_parser!(u32).range(1..=REQUESTS_MAX))]
    pub client_requests_per_minute_max: Option<u32>,

    /// Requests that one client may make at once before `CLIENT_REQUESTS_PER_MINUTE_MAX` spaces them: each minute
    /// gives that many back, evenly. 20 are the pictures of one page, asked for together
    #[arg(long, env = "CLIENT_REQUESTS_BURST_MAX", default_value_t = 20,
          value_parser = value_parser!(u32).range(1..=REQUESTS_MAX))]
    pub client_requests_burst_max: u32,
}

impl Rate {
    /// Both numbers, where there is a limit: a minute's and a burst's.
    pub(crate) fn limits(&self) -> Option<(NonZeroU32, NonZeroU32)> {
        let per_minute = NonZeroU32::new(self.client_requests_per_minute_max?)?;
        let burst = NonZeroU32::new(self.client_requests_burst_max).unwrap_or(NonZeroU32::MIN);
        Some((per_minute, burst))
    }
}
