//! How many conversions run, and how many wait.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use crate::error::Error;

/// A place among the conversions that run, free again when its last copy is dropped.
pub(super) type Permit = Arc<OwnedSemaphorePermit>;

/// A number of places and a short queue before them.
///
/// The queue is bounded in length and in time: a client that would wait longer than it has patience for is
/// better told at once.
#[derive(Debug)]
pub struct Admission {
    places: Arc<Semaphore>,
    waiting: AtomicUsize,
    waiting_max: usize,
    wait_max: Duration,
}

impl Admission {
    /// `running_max` places, `waiting_max` in the queue, each for `wait_max` at most.
    pub fn new(running_max: usize, waiting_max: usize, wait_max: Duration) -> Self {
        let places = Arc::new(Semaphore::new(running_max));
        Self { places, waiting: AtomicUsize::new(0), waiting_max, wait_max }
    }

    /// A place, at once or after a short wait, first come, first served.
    pub(super) async fn enter(&self) -> Result<Permit, Error> {
        if let Ok(permit) = Arc::clone(&self.places).try_acquire_owned() {
            return Ok(Arc::new(permit));
        }
        let _place_in_queue = self.queue()?;
        match timeout(self.wait_max, Arc::clone(&self.places).acquire_owned()).await {
            Ok(Ok(permit)) => Ok(Arc::new(permit)),
            Ok(Err(_)) | Err(_) => Err(self.busy()),
        }
    }

    fn queue(&self) -> Result<InQueue<'_>, Error> {
        let place = InQueue(&self.waiting);
        // Counted first and taken back by the drop, so that two that come at once do not both see the last place.
        if self.waiting.fetch_add(1, Ordering::Relaxed) < self.waiting_max {
            Ok(place)
        } else {
            Err(self.busy())
        }
    }

    fn busy(&self) -> Error {
        Error::Busy { retry_after: self.wait_max }
    }
}

/// Counted among those who wait, until dropped: also when the client goes away.
struct InQueue<'a>(&'a AtomicUsize);

impl Drop for InQueue<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::{FutureExt, poll};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_queue_is_bounded_in_length() {
        let admission = Admission::new(2, 1, Duration::from_secs(10));
        let first = admission.enter().await.unwrap();
        let second = admission.enter().await.unwrap();
        let mut third = Box::pin(admission.enter());
        assert!(poll!(&mut third).is_pending());
        let fourth = admission.enter().now_or_never().expect("answered at once");
        assert!(matches!(fourth, Err(Error::Busy { .. })));
        drop(first);
        let third = third.await.unwrap();
        drop((second, third));
        assert_eq!(admission.places.available_permits(), 2);
        assert_eq!(admission.waiting.load(Ordering::Relaxed), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn the_queue_is_bounded_in_time() {
        let admission = Admission::new(1, 1, Duration::from_secs(10));
        let place = admission.enter().await.unwrap();
        let start = tokio::time::Instant::now();
        assert!(matches!(admission.enter().await, Err(Error::Busy { .. })));
        assert_eq!(start.elapsed().as_secs(), 10);
        drop(place);
        assert!(admission.enter().await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn who_gives_up_waiting_leaves_the_queue() {
        let admission = Admission::new(1, 1, Duration::from_secs(10));
        let _place = admission.enter().await.unwrap();
        for _ in 0..3 {
            let mut waiting = Box::pin(admission.enter());
            assert!(poll!(&mut waiting).is_pending());
        }
    }
}
