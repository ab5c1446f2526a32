//! The routers of both listeners, put together from the services and the chassis's own paths.

use std::sync::Arc;

use axum::{Router, extract::Request};
use tokio_util::sync::CancellationToken;
use tower_http::cors::CorsLayer;

use crate::{
    BaseUrl, Problem, Service, Settings, docs,
    health::{self, Health},
    metrics::{self, Metrics},
    middleware,
    problem::kind,
    rate_limit::RateLimit,
    service::{BodyLimit, Finish, Gauge},
    settings::{Hosts, Limits},
    telemetry::sentry::Reporter,
    tokens::Keyring,
};

/// Everything that is served, in process: tests call the routers, [`run`](crate::run()) binds them to sockets.
pub struct App {
    /// What the world sees: the services' routes and the chassis's, behind the middleware.
    pub public: Router,
    /// What the operators see: `/metrics` and health, without middleware.
    pub ops: Router,
    pub(crate) health: Arc<Health>,
    pub(crate) finish: Vec<Finish>,
    pub(crate) context: Arc<Context>,
}

/// What the middleware and the chassis's own handlers share.
pub(crate) struct Context {
    pub(crate) limits: Limits,
    /// Those of the services, where they take larger bodies than `BODY_BYTES_MAX`.
    body_limits: Vec<BodyLimit>,
    pub(crate) hosts: Hosts,
    /// `PUBLIC_URL`, as the base of links.
    pub(crate) public_url: Option<BaseUrl>,
    /// `CORS_ORIGINS`, ready to be applied.
    pub(crate) cors: Option<CorsLayer>,
    /// Whether only this machine can ask: then the Host header may become a link.
    pub(crate) on_loopback: bool,
    pub(crate) project_id: Option<String>,
    pub(crate) metrics: Arc<Metrics>,
    /// Cancelled when the requests that are left are cut.
    pub(crate) cut: CancellationToken,
    pub(crate) reporter: Option<Reporter>,
    /// The tokens of `API_TOKENS_FILE`; none where everyone may do everything.
    pub(crate) keyring: Option<Arc<Keyring>>,
    /// What one client may ask of the routes that are [`rate_limited`](crate::rate_limited); none where it is off.
    pub(crate) rate_limit: Option<RateLimit>,
}

impl Context {
    /// Bytes that the request's body may have.
    pub(crate) fn body_bytes_max(&self, request: &Request) -> u64 {
        let (method, uri, headers) = (request.method(), request.uri(), request.headers());
        let own = self.body_limits.iter().find_map(|limit| limit(method, uri, headers));
        own.unwrap_or(self.limits.body_bytes_max)
    }
}

/// Puts the routers together. Fails where the settings do not fit each other.
///
/// Error reports go to the Sentry client that is current when this is called, if there is one.
pub fn app(settings: &Settings, services: Vec<Service>) -> anyhow::Result<App> {
    let faults = settings.faults();
    anyhow::ensure!(faults.is_empty(), "{}", faults.join("; "));
    let keyring = settings.access.api_tokens_file.clone().map(Keyring::open).transpose()?;
    if keyring.is_none() && !settings.bind.host.is_loopback() {
        tracing::warn!("API_TOKENS_FILE is not set: whoever reaches this service may do everything");
    }
    let body_limits = services.iter().filter_map(|service| service.body_limit.clone()).collect();
    let gauges = services.iter().flat_map(|service| service.gauges.iter().cloned()).collect();
    let context = context(settings, Reporter::current(), keyring, body_limits, gauges);
    let mut routes = docs::router(&services)?;
    let mut ready = Vec::new();
    let mut finish = Vec::new();
    for service in services {
        routes = routes.merge(service.router);
        ready.push((service.name, service.ready));
        finish.extend(service.finish);
    }
    let health = Arc::new(Health::new(ready));
    let routes = routes.merge(health::router(&health));
    let public = middleware::stack(
        with_fallbacks(routes, "Nothing is at this path; /openapi.json lists what is."),
        &context,
    );
    let ops = with_fallbacks(
        health::router(&health).merge(metrics::router(&context)),
        "Nothing is at this path; /metrics, /ping, /livez and /readyz are here.",
    );
    Ok(App { public, ops, health, finish, context })
}

pub(crate) fn context(
    settings: &Settings,
    reporter: Option<Reporter>,
    keyring: Option<Arc<Keyring>>,
    body_limits: Vec<BodyLimit>,
    gauges: Vec<Gauge>,
) -> Arc<Context> {
    Arc::new(Context {
        limits: settings.limits.clone(),
        body_limits,
        hosts: settings.hosts.clone(),
        public_url: settings.hosts.public_url.clone().map(BaseUrl::new),
        cors: middleware::cors::layer(&settings.hosts.cors_origins),
        on_loopback: settings.bind.host.is_loopback(),
        project_id: settings.log.project_id.clone(),
        metrics: Arc::new(Metrics::new(gauges)),
        cut: CancellationToken::new(),
        reporter,
        keyring,
        rate_limit: settings.rate.limits().map(RateLimit::new),
    })
}

/// Without both, axum answers 404 and 405 with empty bodies.
fn with_fallbacks(routes: Router, not_found: &'static str) -> Router {
    let not_found = move || std::future::ready(kind::NOT_FOUND.because(not_found));
    routes.fallback(not_found).method_not_allowed_fallback(method_not_allowed)
}

async fn method_not_allowed() -> Problem {
    kind::METHOD_NOT_ALLOWED.because("This path does not take this method; see the Allow header.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::logged;

    #[test]
    fn a_service_that_others_reach_says_that_it_is_open() {
        for (host, told) in [("127.0.0.1", false), ("::1", false), ("0.0.0.0", true), ("192.0.2.1", true)] {
            let mut settings = Settings::default();
            settings.bind.host = host.parse().unwrap();
            let lines = logged(false, || drop(app(&settings, Vec::new()).unwrap()));
            let warned = |line: &serde_json::Value| line["level"] == "warn";
            assert_eq!(lines.iter().any(warned), told, "{host}: {lines:?}");
        }
    }
}
