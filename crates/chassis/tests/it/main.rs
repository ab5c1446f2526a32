//! The chassis as its services and its operators see it: in process, over sockets, and as a process.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

mod addresses;
mod app;
mod bodies;
mod browser;
mod connections;
mod docs;
mod drain;
mod fields;
mod hosts;
mod logs;
mod metrics;
mod middleware;
mod problems;
mod process;
mod rate_limits;
mod reports;
mod settings;
mod support;
mod tokens;
