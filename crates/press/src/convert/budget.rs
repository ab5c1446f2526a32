//! The memory that all conversions share for what grows with their images, and how many decode at one time.
//!
//! What is only copied is not counted: it holds the same however large it is. A conversion that must hold a source,
//! samples or a mask, or know the coefficients of a JPEG, asks here first, and waits a while where others hold too much.
//! Two that each wait for what the other holds end so as well: one of them, at the latest after the wait, is told to come
//! again.

use std::{
    fmt,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use pdf_engine::{Cancel, Purpose};

use super::{Load, admission::Admission, crowd::Crowd};

/// How often one that waits looks whether its client is still there.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// What is held of a source that is copied: the header of a JPEG, which phones make large.
const COPIED_BYTES_MAX: u64 = 1024 * 1024;

/// When one that waited in vain may try again.
pub(super) const RETRY_AFTER: Duration = Duration::from_secs(10);

/// What all conversions may hold together.
#[derive(Debug)]
pub struct Budget {
    free: Mutex<Free>,
    /// Told whenever something is given back.
    given_back: Condvar,
    wait_max: Duration,
    crowd: Crowd,
    bytes_max: u64,
    decoders_max: usize,
}

#[derive(Debug)]
struct Free {
    bytes: u64,
    decoders: usize,
}

impl Budget {
    /// So many bytes for all that are admitted, so many decoders at one time, and how long one waits for either.
    pub fn new(bytes: u64, decoders: usize, wait_max: Duration, admission: &Admission) -> Self {
        let free = Mutex::new(Free { bytes, decoders });
        let crowd = admission.crowd();
        Self { free, given_back: Condvar::new(), wait_max, crowd, bytes_max: bytes, decoders_max: decoders }
    }

    /// What is held of it.
    pub(super) fn tell(&self, load: &mut Load) {
        let free = lock(&self.free);
        load.bytes = self.bytes_max - free.bytes;
        load.bytes_max = self.bytes_max;
        load.decoders = (self.decoders_max - free.decoders) as u64;
        load.decoders_max = self.decoders_max as u64;
    }

    /// What one conversion holds of it: nothing yet. It ends with `cancel`, and gives everything back when dropped.
    pub(super) fn share(self: &Arc<Self>, cancel: Cancel) -> Share {
        Share { budget: Arc::clone(self), cancel, held: Mutex::default() }
    }

    fn take(&self, wanted: &Wanted, cancel: &Cancel, wait_max: Duration) -> bool {
        let start = Instant::now();
        let mut in_crowd = None;
        let mut free = lock(&self.free);
        loop {
            if free.bytes >= wanted.bytes && free.decoders >= usize::from(wanted.decoder) {
                free.bytes -= wanted.bytes;
                free.decoders -= usize::from(wanted.decoder);
                return true;
            }
            let left = wait_max.saturating_sub(start.elapsed());
            if left.is_zero() || cancel.is_cancelled() {
                return false;
            }
            in_crowd.get_or_insert_with(|| self.crowd.join());
            let waited = self.given_back.wait_timeout(free, left.min(LOOK_EVERY));
            free = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn give_back(&self, held: &Held) {
        let mut free = lock(&self.free);
        free.bytes += held.bytes();
        free.decoders += usize::from(held.decoder);
        drop(free);
        self.given_back.notify_all();
    }
}

struct Wanted {
    bytes: u64,
    decoder: bool,
}

/// What one conversion holds.
pub(super) struct Share {
    budget: Arc<Budget>,
    cancel: Cancel,
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    source: u64,
    samples: u64,
    mask: u64,
    coefficients: u64,
    /// Of a PDF that is an answer.
    kept: u64,
    decoder: bool,
}

impl Held {
    fn bytes(&self) -> u64 {
        self.source + self.samples + self.mask + self.coefficients + self.kept
    }

    fn of(&mut self, purpose: Purpose) -> &mut u64 {
        match purpose {
            Purpose::Source => &mut self.source,
            Purpose::Samples => &mut self.samples,
            Purpose::Mask => &mut self.mask,
            Purpose::Coefficients => &mut self.coefficients,
        }
    }
}

impl Share {
    /// So many bytes more of what is kept of a PDF until its answer may begin, if they can be had at once.
    pub(super) fn keep(&self, bytes: u64) -> bool {
        let wanted = Wanted { bytes, decoder: false };
        let kept = self.budget.take(&wanted, &self.cancel, Duration::ZERO);
        if kept {
            lock(&self.held).kept += bytes;
        }
        kept
    }

    /// So many bytes of that were taken by the client; those that were not counted are among them.
    pub(super) fn let_go(&self, bytes: u64) {
        let mut held = lock(&self.held);
        let kept = bytes.min(held.kept);
        held.kept -= kept;
        self.budget.give_back(&Held { kept, ..Held::default() });
    }

    /// Whether anything is held.
    pub(super) fn holds(&self) -> bool {
        lock(&self.held).bytes() > 0
    }
}

impl pdf_engine::Budget for Share {
    fn hold(&self, purpose: Purpose, bytes: u64) -> bool {
        // Locked for as long as it waits: the threads of one conversion wait for each other anyway.
        let mut held = lock(&self.held);
        // Whoever holds samples, or packs a mask, keeps a processor busy; whoever holds a source will. Were each to
        // hold one and wait for more, none would go on. What is copied and checked takes as long as its source.
        let decodes = match purpose {
            Purpose::Samples | Purpose::Mask => true,
            Purpose::Source => bytes > COPIED_BYTES_MAX,
            Purpose::Coefficients => false,
        };
        let wanted =
            Wanted { bytes: bytes.saturating_sub(*held.of(purpose)), decoder: decodes && !held.decoder };
        if wanted.bytes == 0 && !wanted.decoder {
            return true;
        }
        let taken = self.budget.take(&wanted, &self.cancel, self.budget.wait_max);
        if taken {
            *held.of(purpose) += wanted.bytes;
            held.decoder |= wanted.decoder;
        }
        taken
    }

    fn release(&self) {
        let held = std::mem::take(&mut *lock(&self.held));
        self.budget.give_back(&held);
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        pdf_engine::Budget::release(self);
    }
}

impl fmt::Debug for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Share").field("held", &self.held).finish_non_exhaustive()
    }
}

/// A thread that panicked left numbers that are right: each is changed in one step.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::thread;

    use pdf_engine::Budget as _;

    use super::{super::admission::Capacity, *};

    fn budget(bytes: u64, decoders: usize, wait_ms: u64) -> Arc<Budget> {
        let wait_max = Duration::from_millis(wait_ms);
        let capacity = Capacity { fetches_max: 1, running_max: 1, waiting_max: 1, wait_max };
        Arc::new(Budget::new(bytes, decoders, wait_max, &Admission::new(capacity)))
    }

    fn free(budget: &Budget) -> (u64, usize) {
        let free = lock(&budget.free);
        (free.bytes, free.decoders)
    }

    #[test]
    fn what_is_held_is_counted_once_and_given_back() {
        let budget = budget(100, 2, 0);
        let share = budget.share(Cancel::new());
        assert!(share.hold(Purpose::Source, 30));
        assert_eq!(free(&budget), (70, 2));
        assert!(share.hold(Purpose::Source, 20));
        assert!(share.hold(Purpose::Source, 40));
        assert!(share.hold(Purpose::Samples, 50));
        assert_eq!(free(&budget), (10, 1));
        assert!(share.hold(Purpose::Mask, 10));
        assert!(!share.hold(Purpose::Mask, 11));
        assert_eq!(free(&budget), (0, 1));
        share.release();
        assert_eq!(free(&budget), (100, 2));
        assert!(share.hold(Purpose::Samples, 100));
        drop(share);
        assert_eq!(free(&budget), (100, 2));
    }

    #[test]
    fn decoders_are_counted_and_copies_are_not() {
        let budget = budget(100, 1, 0);
        let (decoding, copying, waiting) =
            (budget.share(Cancel::new()), budget.share(Cancel::new()), budget.share(Cancel::new()));
        assert!(decoding.hold(Purpose::Mask, 1));
        assert!(copying.hold(Purpose::Source, 1) && copying.hold(Purpose::Coefficients, 1));
        assert!(!waiting.hold(Purpose::Samples, 1));
        decoding.release();
        assert!(waiting.hold(Purpose::Samples, 1));
    }

    #[test]
    fn sources_that_are_held_wait_for_a_decoder_before_they_hold_anything() {
        let budget = budget(u64::MAX, 1, 0);
        let (first, second) = (budget.share(Cancel::new()), budget.share(Cancel::new()));
        assert!(first.hold(Purpose::Source, COPIED_BYTES_MAX + 1));
        assert!(second.hold(Purpose::Source, COPIED_BYTES_MAX));
        assert!(!second.hold(Purpose::Source, COPIED_BYTES_MAX + 1));
    }

    #[test]
    fn what_is_kept_of_an_answer_waits_for_nobody() {
        let budget = budget(100, 1, 60_000);
        let share = budget.share(Cancel::new());
        assert!(share.keep(60));
        assert!(share.keep(40));
        assert!(!share.keep(1));
        drop(share);
        assert_eq!(free(&budget), (100, 1));
    }

    #[test]
    fn one_that_waits_goes_on_when_another_is_done() {
        let budget = budget(100, 2, 60_000);
        let first = budget.share(Cancel::new());
        assert!(first.hold(Purpose::Source, 80));
        let second = budget.share(Cancel::new());
        let waiting = thread::spawn(move || second.hold(Purpose::Source, 40));
        drop(first);
        assert!(waiting.join().unwrap());
        assert_eq!(free(&budget), (100, 2));
    }

    #[test]
    fn one_whose_client_has_left_waits_no_longer() {
        let budget = budget(100, 2, 60_000);
        let first = budget.share(Cancel::new());
        assert!(first.hold(Purpose::Source, 80));
        let cancel = Cancel::new();
        let second = budget.share(cancel.clone());
        let waiting = thread::spawn(move || second.hold(Purpose::Source, 40));
        cancel.cancel();
        assert!(!waiting.join().unwrap());
    }
}
