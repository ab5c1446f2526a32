//! Memory that several conversions share: asked for before it is taken.
//!
//! [`Limits`](crate::Limits) say what one conversion may hold at most. A process that runs several at once would have
//! to be as large as all of their limits together, though few images come near them; a [`Budget`] lets it be smaller.

use std::{fmt, sync::Arc};

use crate::error::Fault;

/// What is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// The source, or parts of it, as they came.
    Source,
    /// Samples, decoded.
    Samples,
    /// A compressed soft mask that waits until the colours are written.
    Mask,
    /// Which coefficients of a progressive JPEG are not zero, a bit each, where its scans are checked while it is copied.
    Coefficients,
}

/// Who gives leave to hold memory that grows with the image: spooled sources, samples, masks, what is known
/// of coefficients. Some 300 KiB that every
/// conversion holds are not asked for.
pub trait Budget: Send + Sync {
    /// From now on, so many bytes in all are held for `purpose`, until [`release`](Self::release): more than before, or
    /// no more. May block until there are as many. False where there will not be: the conversion ends with
    /// [`Error::OutOfBudget`](crate::Error::OutOfBudget).
    fn hold(&self, purpose: Purpose, bytes: u64) -> bool;

    /// Nothing is held any more: a source is done.
    fn release(&self);
}

/// The budget of a conversion; by default there is none, and what the limits allow is taken.
#[derive(Clone, Default)]
pub struct Memory(Option<Arc<dyn Budget>>);

impl Memory {
    /// Memory that is asked of `budget`.
    pub fn of(budget: Arc<dyn Budget>) -> Self {
        Self(Some(budget))
    }

    pub(crate) fn is_shared(&self) -> bool {
        self.0.is_some()
    }

    pub(crate) fn hold(&self, purpose: Purpose, bytes: u64) -> Result<(), Fault> {
        match &self.0 {
            Some(budget) if !budget.hold(purpose, bytes) => Err(Fault::OutOfBudget),
            _ => Ok(()),
        }
    }

    pub(crate) fn release(&self) {
        if let Some(budget) = &self.0 {
            budget.release();
        }
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Memory(of a budget)" } else { "Memory(unbounded)" })
    }
}

/// The same budget, or none on both sides.
impl PartialEq for Memory {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Some(one), Some(other)) => Arc::ptr_eq(one, other),
            (None, None) => true,
            _ => false,
        }
    }
}

impl Eq for Memory {}
