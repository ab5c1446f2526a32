//! Is the process alive, and can its services do their work?
//!
//! `/readyz` asks each service, which asks its dependencies. It stands on the open listener too, so an answer is
//! kept for a moment: probing it hard costs the dependencies nothing. Clients read which service is not ready;
//! why stands in the log, once a change and not once a probe.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use axum::{
    Json, Router,
    extract::State,
    response::{IntoResponse, Response},
    routing::get,
};
use futures_util::future::join_all;
use http::{HeaderValue, header};
use serde::Serialize;
use tokio::sync::Mutex;
use utoipa::ToSchema;

use crate::{
    Problem, Readiness,
    problem::{self, kind},
};

/// A dependency that takes longer is not one to send requests to.
const CHECK_TIMEOUT: Duration = Duration::from_secs(2);
/// How long an answer is kept.
const KEPT_FOR: Duration = Duration::from_secs(1);
/// What a balancer that honours it should wait.
const RETRY_AFTER: Duration = Duration::from_secs(5);

type Check = Arc<dyn Fn() -> Readiness + Send + Sync>;

/// What `/readyz` knows.
pub(crate) struct Health {
    services: Vec<(&'static str, Check)>,
    draining: AtomicBool,
    last: Mutex<Option<Checked>>,
}

#[derive(Clone)]
struct Checked {
    at: Instant,
    unready: Vec<(&'static str, String)>,
}

impl Health {
    pub(crate) fn new(services: Vec<(&'static str, Check)>) -> Self {
        Self { services, draining: AtomicBool::new(false), last: Mutex::new(None) }
    }

    /// From now on `/readyz` fails: balancers are to send their requests elsewhere.
    pub(crate) fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    async fn ready(&self) -> Result<(), Problem> {
        if self.draining.load(Ordering::Relaxed) {
            return Err(unready("The process is shutting down."));
        }
        let names: Vec<&str> = self.check().await.iter().map(|(name, _)| *name).collect();
        if names.is_empty() { Ok(()) } else { Err(unready(format!("Not ready: {}.", names.join(", ")))) }
    }

    /// The services that are not ready, each with its reason. Callers that come together share one check.
    async fn check(&self) -> Vec<(&'static str, String)> {
        let mut last = self.last.lock().await;
        if let Some(checked) = last.as_ref().filter(|checked| checked.at.elapsed() < KEPT_FOR) {
            return checked.unready.clone();
        }
        let checks = self.services.iter().map(|(name, check)| async move {
            let reason = match tokio::time::timeout(CHECK_TIMEOUT, check()).await {
                Ok(Ok(())) => return None,
                Ok(Err(error)) => format!("{error:#}"),
                Err(_) => format!("no answer within {} s", CHECK_TIMEOUT.as_secs()),
            };
            Some((*name, reason))
        });
        let unready: Vec<_> = join_all(checks).await.into_iter().flatten().collect();
        log_changes(last.as_ref().map_or(&[], |checked| &checked.unready), &unready);
        *last = Some(Checked { at: Instant::now(), unready: unready.clone() });
        unready
    }
}

fn log_changes(before: &[(&'static str, String)], now: &[(&'static str, String)]) {
    let names = |list: &[(&'static str, String)]| list.iter().map(|(name, _)| *name).collect::<Vec<_>>();
    for (service, reason) in now {
        if !names(before).contains(service) {
            tracing::warn!(service, reason, "service is not ready");
        }
    }
    for (service, _) in before {
        if !names(now).contains(service) {
            tracing::info!(service, "service is ready again");
        }
    }
}

fn unready(detail: impl Into<std::borrow::Cow<'static, str>>) -> Problem {
    kind::UNAVAILABLE
        .because(detail)
        .retry_after(RETRY_AFTER)
        .header(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))
}

/// The answer to `/ping`.
#[derive(Serialize, ToSchema)]
pub(crate) struct Pong {
    /// Always `pong`.
    #[schema(example = "pong")]
    ping: &'static str,
}

/// The answer to `/livez` and `/readyz`.
#[derive(Serialize, ToSchema)]
pub(crate) struct Healthy {
    /// Always `ok`.
    #[schema(example = "ok")]
    status: &'static str,
}

/// The health paths, the same on both listeners.
pub(crate) fn router(health: &Arc<Health>) -> Router {
    Router::new()
        .route("/ping", get(ping))
        .route("/livez", get(livez))
        .route("/readyz", get(readyz))
        .with_state(Arc::clone(health))
}

/// Ping the service
#[utoipa::path(
    get, path = "/ping", tag = "health", operation_id = "ping",
    responses((status = 200, description = "The service answers.", body = Pong,
               example = json!({"ping": "pong"})))
)]
pub(crate) async fn ping() -> Response {
    fresh(Json(Pong { ping: "pong" }))
}

/// Check that the process is alive
///
/// Restart it when this fails.
#[utoipa::path(
    get, path = "/livez", tag = "health", operation_id = "get_livez",
    responses((status = 200, description = "The process is alive.", body = Healthy,
               example = json!({"status": "ok"})))
)]
pub(crate) async fn livez() -> Response {
    fresh(Json(Healthy { status: "ok" }))
}

/// Check that the services can do their work
///
/// Send no requests while this fails.
#[utoipa::path(
    get, path = "/readyz", tag = "health", operation_id = "get_readyz",
    responses(
        (status = 200, description = "Every service is ready.", body = Healthy, example = json!({"status": "ok"})),
        Unready,
    )
)]
pub(crate) async fn readyz(State(health): State<Arc<Health>>) -> Result<Response, Problem> {
    health.ready().await?;
    Ok(fresh(Json(Healthy { status: "ok" })))
}

/// A service is not ready, or the process is shutting down.
struct Unready;

impl utoipa::IntoResponses for Unready {
    fn responses() -> BTreeMap<String, utoipa::openapi::RefOr<utoipa::openapi::Response>> {
        problem::responses([&unready("Not ready: fruits."), &unready("The process is shutting down.")])
    }
}

/// Health is about this moment: no cache may keep it.
fn fresh(body: impl IntoResponse) -> Response {
    ([(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))], body).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::logged;

    #[test]
    fn a_change_is_logged_once() {
        let down = vec![("a", "no disk".to_owned())];
        let still_down = vec![("a", "no disk, still".to_owned())];
        let lines = logged(false, || {
            log_changes(&[], &[]);
            log_changes(&[], &down);
            log_changes(&down, &still_down);
            log_changes(&still_down, &[]);
            log_changes(&[], &[]);
        });
        let lines: Vec<_> =
            lines.iter().map(|line| (line["level"].as_str(), line["reason"].as_str())).collect();
        assert_eq!(lines, [(Some("warn"), Some("no disk")), (Some("info"), None)]);
    }
}
