//! How many sources are waited for, how many conversions run, and how many wait.

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

use super::{Load, crowd::Crowd};
use crate::error::Error;

/// A place among the conversions that run, free again when its last copy is dropped.
pub(super) type Permit = Arc<OwnedSemaphorePermit>;

/// How much is taken on at one time.
#[derive(Debug, Clone, Copy)]
pub struct Capacity {
    /// Sources that are waited for, those in the queue among them.
    pub fetches_max: usize,
    /// Conversions that run.
    pub running_max: usize,
    /// Conversions in the queue before them.
    pub waiting_max: usize,
    /// How long one stays in the queue.
    pub wait_max: Duration,
}

/// Two gates, one behind the other, and a short queue between them.
///
/// The outer gate is wide, since waiting for a source costs little; the inner one is narrow, since converting
/// costs memory and a processor. The queue is bounded in length and in time: a client that would wait longer than
/// it has patience for is better told at once.
#[derive(Debug)]
pub struct Admission {
    fetches: Arc<Semaphore>,
    places: Arc<Semaphore>,
    waiting: AtomicUsize,
    capacity: Capacity,
    crowd: Crowd,
}

impl Admission {
    /// Room for so much.
    pub fn new(capacity: Capacity) -> Self {
        Self {
            fetches: Arc::new(Semaphore::new(capacity.fetches_max)),
            places: Arc::new(Semaphore::new(capacity.running_max)),
            waiting: AtomicUsize::new(0),
            capacity,
            crowd: Crowd::default(),
        }
    }

    /// Leave to wait for a source, at once or not at all; given back when dropped.
    pub(super) fn fetch(&self) -> Result<OwnedSemaphorePermit, Error> {
        Arc::clone(&self.fetches).try_acquire_owned().map_err(|_| self.busy())
    }

    /// The same once there is room, for a conversion that is admitted: its further sources.
    pub(super) async fn fetch_later(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.fetches).acquire_owned().await.ok()
    }

    /// A place to convert, at once or after a short wait, first come, first served.
    pub(super) async fn enter(&self) -> Result<Permit, Error> {
        if let Ok(permit) = Arc::clone(&self.places).try_acquire_owned() {
            return Ok(Arc::new(permit));
        }
        let _place_in_queue = self.queue()?;
        let _in_crowd = self.crowd.join();
        match timeout(self.capacity.wait_max, Arc::clone(&self.places).acquire_owned()).await {
            Ok(Ok(permit)) => Ok(Arc::new(permit)),
            Ok(Err(_)) | Err(_) => Err(self.busy()),
        }
    }

    /// Whether someone waits for what conversions hold: for a place, or within one for memory or a decoder.
    pub(super) fn is_crowded(&self) -> bool {
        self.crowd.is_there()
    }

    /// What it has given out.
    pub(super) fn tell(&self, load: &mut Load) {
        let Capacity { fetches_max, running_max, .. } = self.capacity;
        load.sources = (fetches_max - self.fetches.available_permits()) as u64;
        load.running = (running_max - self.places.available_permits()) as u64;
        load.running_max = running_max as u64;
        load.waiting = self.waiting.load(Ordering::Relaxed) as u64;
    }

    /// Those who wait.
    pub(super) fn crowd(&self) -> Crowd {
        self.crowd.clone()
    }

    fn queue(&self) -> Result<InQueue<'_>, Error> {
        let place = InQueue(&self.waiting);
        // Counted first and taken back by the drop, so that two that come at once do not both see the last place.
        if self.waiting.fetch_add(1, Ordering::Relaxed) < self.capacity.waiting_max {
            Ok(place)
        } else {
            Err(self.busy())
        }
    }

    fn busy(&self) -> Error {
        Error::Busy { retry_after: self.capacity.wait_max }
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

    fn admission(running_max: usize) -> Admission {
        let wait_max = Duration::from_secs(10);
        Admission::new(Capacity { fetches_max: 2, running_max, waiting_max: 1, wait_max })
    }

    #[test]
    fn fetches_are_bounded_and_do_not_wait() {
        let admission = admission(1);
        let first = admission.fetch().unwrap();
        let _second = admission.fetch().unwrap();
        assert!(matches!(admission.fetch(), Err(Error::Busy { .. })));
        drop(first);
        assert!(admission.fetch().is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn the_queue_is_bounded_in_length() {
        let admission = admission(2);
        let first = admission.enter().await.unwrap();
        let second = admission.enter().await.unwrap();
        let mut third = Box::pin(admission.enter());
        assert!(!admission.is_crowded());
        assert!(poll!(&mut third).is_pending());
        assert!(admission.is_crowded());
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
        let admission = admission(1);
        let place = admission.enter().await.unwrap();
        let start = tokio::time::Instant::now();
        assert!(matches!(admission.enter().await, Err(Error::Busy { .. })));
        assert_eq!(start.elapsed().as_secs(), 10);
        drop(place);
        assert!(admission.enter().await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn who_gives_up_waiting_leaves_the_queue() {
        let admission = admission(1);
        let _place = admission.enter().await.unwrap();
        for _ in 0..3 {
            let mut waiting = Box::pin(admission.enter());
            assert!(poll!(&mut waiting).is_pending());
        }
    }
}
