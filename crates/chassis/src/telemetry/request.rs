//! On whose behalf something is logged.
//!
//! A request's id belongs on each of its lines. A tracing span could carry it there, but one made, formatted, entered
//! and closed for each request costs more than all the rest of the middleware, also where nothing is logged. So the
//! request is a value of its task, and a line that is written asks for it.

use std::sync::Arc;

use crate::middleware::Arrival;

tokio::task_local! {
    static CURRENT: Arc<Arrival>;
}

/// Does the work on behalf of this request.
pub(crate) fn during<F: Future>(arrival: Arc<Arrival>, work: F) -> impl Future<Output = F::Output> {
    CURRENT.scope(arrival, work)
}

/// As [`during`], for what does not wait.
pub(crate) fn at_once(arrival: &Arc<Arrival>, work: impl FnOnce()) {
    CURRENT.sync_scope(Arc::clone(arrival), work);
}

/// Shows the request that is worked on, if there is one.
pub(super) fn current(show: impl FnOnce(&Arrival) -> std::fmt::Result) -> std::fmt::Result {
    CURRENT.try_with(|arrival| show(arrival)).unwrap_or(Ok(()))
}
