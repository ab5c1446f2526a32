//! The flag that stops a conversion from outside.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// A flag that several threads share: once set, a conversion that polls it ends with [`Error::Cancelled`].
///
/// It is polled before each read from the source, so a conversion stops within one buffer of input.
/// A reader that blocks for ever must be woken by whoever made it.
///
/// [`Error::Cancelled`]: crate::Error::Cancelled
#[derive(Debug, Clone, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// A flag that is not set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the flag, for good.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether the flag is set.
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
