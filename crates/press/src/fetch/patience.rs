//! How long a source is waited for.
//!
//! Only time spent waiting for the source counts. Where the store is the slower side the source is not read
//! meanwhile, and is not to be blamed for that.

use std::{future::Future, time::Duration};

use tokio::time::{Instant, timeout};

use crate::error::{Error, Slow};

/// What is left of the waiting time of one source.
#[derive(Debug)]
pub(super) struct Patience {
    total: Duration,
    left: Duration,
}

impl Patience {
    pub(super) fn new(total: Duration) -> Self {
        Self { total, left: total }
    }

    /// Waits for `step`, at most as long as is left.
    pub(super) async fn spend<F: Future>(&mut self, step: F) -> Result<F::Output, Error> {
        match self.spend_at_most(self.left, step).await {
            (Some(output), _) => Ok(output),
            (None, _) => Err(self.exhausted()),
        }
    }

    /// Waits for `step` at most `limit` long, and tells how long that was.
    pub(super) async fn spend_at_most<F: Future>(
        &mut self,
        limit: Duration,
        step: F,
    ) -> (Option<F::Output>, Duration) {
        let start = Instant::now();
        let output = timeout(limit.min(self.left), step).await.ok();
        let waited = start.elapsed();
        self.left = self.left.saturating_sub(waited);
        (output, waited)
    }

    pub(super) fn is_exhausted(&self) -> bool {
        self.left.is_zero()
    }

    pub(super) fn exhausted(&self) -> Error {
        Error::TooSlow(Slow::Total(self.total))
    }
}
