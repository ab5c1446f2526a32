//! Whether anybody waits for what conversions hold: a place, memory, a decoder.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

/// Those who wait. While there are any, whoever holds something and is slow is not waited for.
#[derive(Debug, Clone, Default)]
pub(super) struct Crowd(Arc<AtomicUsize>);

impl Crowd {
    /// One more, until what is returned is dropped: also when its client goes away.
    pub(super) fn join(&self) -> InCrowd {
        self.0.fetch_add(1, Ordering::Relaxed);
        InCrowd(self.clone())
    }

    /// Whether anybody waits.
    pub(super) fn is_there(&self) -> bool {
        self.0.load(Ordering::Relaxed) > 0
    }
}

/// One of those who wait.
#[derive(Debug)]
pub(super) struct InCrowd(Crowd);

impl Drop for InCrowd {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}
