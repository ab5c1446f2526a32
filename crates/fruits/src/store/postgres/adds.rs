//! Adds of one fruit, which share statements and so commits.
//!
//! Making a commit durable takes one wait for the disk, however much is in it, and each statement takes its way to
//! the server and back. So whatever waits when a lane is free goes into one statement, and what arrives meanwhile into
//! the next: the busier, the larger the groups. Each add is answered after the commit that holds it, and fails alone
//! if it is at fault.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::sync::{Mutex, mpsc, oneshot};

use super::{Limits, change, pool::Pool};
use crate::{
    Error,
    domain::{Change, Fruit, NewFruit},
    store::Failure,
};

/// Statements under way at one time: while one waits for its commit, the next is on its way.
const LANES: usize = 2;

/// An add that waits, and where its answer goes.
#[derive(Debug)]
struct Add {
    fruit: NewFruit,
    since: Instant,
    answer: oneshot::Sender<Result<Fruit, Error>>,
}

/// The queue of adds. Its lanes end with it.
#[derive(Debug)]
pub(super) struct Adds {
    queue: mpsc::Sender<Add>,
}

impl Adds {
    pub(super) fn start(pool: &Pool, limits: Limits) -> Self {
        let (queue, adds) = mpsc::channel(limits.queue_adds_max);
        let adds = Arc::new(Mutex::new(adds));
        for _ in 0..LANES {
            let lane = Lane {
                adds: Arc::clone(&adds),
                pool: pool.clone(),
                group_adds_max: limits.group_adds_max,
                queue_timeout: limits.queue_timeout,
            };
            tokio::spawn(lane.run());
        }
        Self { queue }
    }

    /// Adds a fruit that wants no id in particular.
    pub(super) async fn add(&self, fruit: NewFruit) -> Result<Fruit, Error> {
        let (answer, answered) = oneshot::channel();
        self.queue.try_send(Add { fruit, since: Instant::now(), answer }).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => Error::Busy,
            mpsc::error::TrySendError::Closed(_) => Error::Stopped,
        })?;
        answered.await.unwrap_or(Err(Error::Stopped))
    }
}

/// One of those that take what waits.
struct Lane {
    adds: Arc<Mutex<mpsc::Receiver<Add>>>,
    pool: Pool,
    group_adds_max: usize,
    queue_timeout: Duration,
}

impl Lane {
    async fn run(self) {
        loop {
            let mut group = Vec::new();
            if self.adds.lock().await.recv_many(&mut group, self.group_adds_max).await == 0 {
                return;
            }
            // Nobody waits for it any more, so nobody must be told: it is as if it had never come.
            group.retain(|add| !add.answer.is_closed());
            let group = self.refuse_late(group);
            if !group.is_empty() {
                self.add(group).await;
            }
        }
    }

    /// Those that have not waited too long. The others stood behind statements that were stuck, and would be in the
    /// next one for as long again.
    fn refuse_late(&self, group: Vec<Add>) -> Vec<Add> {
        let (late, rest): (Vec<_>, Vec<_>) =
            group.into_iter().partition(|add| add.since.elapsed() > self.queue_timeout);
        for Add { answer, .. } in late {
            let failure = Failure::new("the adds before it took longer than a request waits");
            let _ = answer.send(Err(Error::Unavailable(failure)));
        }
        rest
    }

    async fn add(&self, group: Vec<Add>) {
        let (fruits, answers): (Vec<_>, Vec<_>) =
            group.into_iter().map(|Add { fruit, answer, .. }| (fruit, answer)).unzip();
        let change = Change::Add(fruits);
        let outcomes = match change::make(&self.pool, &change).await {
            Ok(added) => added.into_iter().map(Ok).collect(),
            Err(fault) if fault.is_about_values() && answers.len() > 1 => self.add_one_by_one(change).await,
            Err(fault) => vec![Err(Error::from(fault)); answers.len()],
        };
        for (answer, outcome) in answers.into_iter().zip(outcomes) {
            // A client that left meanwhile has its fruit all the same.
            let _ = answer.send(outcome);
        }
    }

    /// Among them is one that the schema refuses. A statement that is refused has added nothing.
    async fn add_one_by_one(&self, group: Change) -> Vec<Result<Fruit, Error>> {
        let Change::Add(fruits) = group else { return Vec::new() };
        let mut outcomes = Vec::with_capacity(fruits.len());
        for fruit in fruits {
            let added = change::make(&self.pool, &Change::Add(vec![fruit])).await;
            outcomes.push(match added {
                Ok(added) => added.into_iter().next().ok_or(Error::Stopped),
                Err(fault) => Err(fault.into()),
            });
        }
        outcomes
    }
}
