//! What a service hands to the chassis.

use std::{fmt, future::Future, pin::Pin, sync::Arc};

use axum::Router;
use http::{HeaderMap, Method, Uri};
use utoipa::openapi::OpenApi;

/// Whether a service can do its work now; `Err` is the reason, for the log and for `check`.
pub type Readiness = Pin<Box<dyn Future<Output = anyhow::Result<()>> + Send>>;

/// The end of what a service still does after its last request.
pub type Finish = Pin<Box<dyn Future<Output = ()> + Send>>;

/// How many bytes the body of such a request may have, by its method, path and header; `None` for `BODY_BYTES_MAX`.
pub type BodyLimit = Arc<dyn Fn(&Method, &Uri, &HeaderMap) -> Option<u64> + Send + Sync>;

/// One service, composed by the binary and served by [`crate::run()`].
pub struct Service {
    /// Its name in logs, metrics and the API's title: `fruits` or `press`.
    pub name: &'static str,
    /// Its routes, without the chassis's own.
    pub router: Router,
    /// The description of those routes.
    pub openapi: OpenApi,
    /// Asked by `/readyz`: does each dependency answer?
    pub ready: Arc<dyn Fn() -> Readiness + Send + Sync>,
    /// Of requests that bring more than JSON. `None` where there are none.
    pub body_limit: Option<BodyLimit>,
    /// Waited for, a short while, when requests have ended and before the process does: work that outlives its
    /// request, such as taking back what a cut request left half done. `None` where there is none.
    pub finish: Option<Finish>,
    /// What `/metrics` tells of it beside its requests.
    pub gauges: Vec<Gauge>,
}

/// A number that goes up and down, read whenever it is asked for.
#[derive(Clone)]
pub struct Gauge {
    /// As Prometheus has names, the service's own first: `press_conversions_running`.
    pub name: &'static str,
    /// What it counts.
    pub help: &'static str,
    /// Reads it.
    pub read: Arc<dyn Fn() -> u64 + Send + Sync>,
}

impl fmt::Debug for Gauge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gauge").field("name", &self.name).finish_non_exhaustive()
    }
}

/// What was found when one dependency was asked, without changing it, whether it would serve.
#[derive(Debug)]
pub struct Finding {
    /// What was asked, for a person: `catalogue sqlite:data/fruits.db`.
    pub dependency: String,
    /// What it said, or why it would not do.
    pub outcome: anyhow::Result<String>,
}
