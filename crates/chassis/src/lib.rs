//! What every Fruitpress service shares: settings, serving, problems, telemetry, health, API docs.
//!
//! A service hands over a [`Service`]: its routes, their description, and whether it can do its work. The binary
//! parses [`Settings`], starts telemetry ([`init_telemetry`]) and hands both to [`run()`]. The chassis knows no
//! service; everything that is the same for each request stands in `middleware`, in one order.

mod address;
mod app;
mod docs;
pub mod extract;
mod health;
mod metrics;
mod middleware;
pub mod problem;
mod rate_limit;
mod run;
mod serve;
mod service;
pub mod settings;
mod signal;
mod streamed;
mod telemetry;
pub mod tokens;

pub use address::{BaseUrl, ClientAddress};
pub use app::{App, app};
pub use docs::openapi;
pub use middleware::RequestId;
pub use problem::Problem;
pub use rate_limit::{RateLimited, rate_limited, too_many_requests};
pub use run::{Listeners, run, run_on};
pub use service::{BodyLimit, Finding, Finish, Gauge, Readiness, Service};
pub use settings::Settings;
pub use signal::shutdown_signal;
pub use streamed::Streamed;
pub use telemetry::{TelemetryGuard, init_telemetry};
