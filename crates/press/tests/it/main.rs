//! The integration tests of `press`, one binary: the whole service in process, between a source and a store that
//! the tests play.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]
#![expect(unreachable_pub, reason = "what tests share is no library")]

mod answers;
mod azurite;
mod bucket;
mod budget;
mod cancellation;
mod choices;
mod conformance;
mod conversions;
mod documentation;
mod downloads;
mod folder;
mod foreign;
mod hostile_bodies;
mod hostile_urls;
mod hosts;
mod limits;
mod links;
mod logs;
mod many;
mod overload;
mod proxies;
mod rate_limits;
mod redirects;
mod refusals;
mod retention;
mod s3;
mod shutdown;
mod slow_sources;
mod source_faults;
mod store_faults;
mod support;
mod tls;
mod uploads;
