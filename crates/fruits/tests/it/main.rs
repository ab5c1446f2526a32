//! The integration tests of `fruits`, one binary.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

mod anonymous_add;
mod bad_input;
mod changes;
mod chassis_around;
mod conditions;
mod conformance;
mod contract;
mod documents;
mod files;
mod idempotency;
mod kill;
mod list_query;
mod listing;
mod memory;
mod migration;
mod model;
mod paging;
mod postgres;
mod readiness;
mod refused_files;
mod support;
mod transfer;
mod writes;
