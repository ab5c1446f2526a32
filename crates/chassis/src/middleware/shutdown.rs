//! What becomes of a request that is not done when its server has no more time.

use std::time::Duration;

use axum::response::Response;
use tokio_util::sync::CancellationToken;

use crate::{Problem, problem::kind};

/// By then balancers have found another process, or this one has been started again.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// Ends a request with 503 when the rest is cut: then its answer can still be sent. The work is dropped where it
/// stands.
pub(super) async fn unless_cut(
    cut: &CancellationToken,
    work: impl Future<Output = Result<Response, Problem>>,
) -> Result<Response, Problem> {
    tokio::select! {
        // What is done is answered. And nearly all work is done when it is asked first: the token, which takes a lock
        // that all requests share, is then not looked at.
        biased;
        answered = work => answered,
        () = cut.cancelled() => Err(stopped()),
    }
}

fn stopped() -> Problem {
    kind::UNAVAILABLE
        .because(
            "The service is shutting down; the work was not done in the time that was left and has been stopped.",
        )
        .retry_after(RETRY_AFTER)
        .caused_by(anyhow::anyhow!("the grace time is over"))
}
