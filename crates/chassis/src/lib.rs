//! What every Fruitpress service shares: settings, serving, problems, telemetry, health, API docs.

pub mod problem;
mod service;

pub use problem::Problem;
pub use service::{Readiness, Service};
