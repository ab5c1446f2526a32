//! The thread that writes.
//!
//! Making a commit durable takes one wait for the disk, however much is in it. So whatever waits when a
//! transaction begins goes into it, and what arrives meanwhile goes into the next: the busier, the larger the
//! groups. Each write is answered after the commit that holds it, and fails alone if it is at fault.

use std::{
    iter,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::{self, Receiver, RecvTimeoutError, SyncSender, TrySendError},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use rusqlite::{Connection, ErrorCode};
use tokio::sync::oneshot;

use super::{Limits, failure, health::Health, memory::Memory, standing::Standing, statements};
use crate::{
    Error,
    domain::{Change, Edit, Fruit, FruitId, NewFruit, Once, Precondition},
    store::answers,
};

/// While writes fail the writer tries one of its own this often. Where nobody sends any to a server that is not
/// ready, that is how it becomes ready again.
const RETRY_PERIOD: Duration = Duration::from_secs(1);

/// A write that waits, and where its answer goes.
#[derive(Debug)]
struct Write {
    change: Change,
    answer: oneshot::Sender<Result<Vec<Fruit>, Error>>,
}

/// The handle of the thread. Dropping it waits for the transaction in hand; nobody waits for another, since
/// whoever does holds on to the handle.
#[derive(Debug)]
pub(super) struct Writer {
    /// Always there until the drop: its end is the thread's sign to finish.
    queue: Option<SyncSender<Write>>,
    thread: Option<JoinHandle<()>>,
    commits: Arc<AtomicU64>,
    health: Arc<Health>,
}

impl Writer {
    /// What it changes is not in this memory any more when it is answered.
    pub(super) fn start(
        connection: Connection,
        memory: Arc<Memory>,
        health: Health,
        limits: Limits,
    ) -> std::io::Result<Self> {
        let (queue, writes) = mpsc::sync_channel(limits.queue_writes_max);
        let commits = Arc::new(AtomicU64::new(0));
        let health = Arc::new(health);
        let mut work = Work {
            standing: Standing::new(connection, memory),
            writes,
            group_writes_max: limits.group_writes_max,
            commits: Arc::clone(&commits),
            health: Arc::clone(&health),
        };
        let thread = thread::Builder::new().name("fruits-writer".into()).spawn(move || work.run())?;
        Ok(Self { queue: Some(queue), thread: Some(thread), commits, health })
    }

    pub(super) async fn change(&self, change: Change) -> Result<Vec<Fruit>, Error> {
        let (answer, answered) = oneshot::channel();
        let queue = self.queue.as_ref().ok_or(Error::Stopped)?;
        queue.try_send(Write { change, answer }).map_err(|error| match error {
            TrySendError::Full(_) => Error::Busy,
            TrySendError::Disconnected(_) => Error::Stopped,
        })?;
        answered.await.unwrap_or(Err(Error::Stopped))
    }

    /// Whether a write would do, as far as can be told without one.
    pub(super) fn ready(&self) -> Result<(), Error> {
        match &self.thread {
            Some(thread) if !thread.is_finished() => self.health.check(),
            _ => Err(Error::Stopped),
        }
    }

    pub(super) fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.queue.take());
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the catalogue's writer had panicked");
        }
    }
}

/// What the thread owns.
struct Work {
    standing: Standing,
    writes: Receiver<Write>,
    group_writes_max: usize,
    commits: Arc<AtomicU64>,
    health: Arc<Health>,
}

impl Work {
    /// Until the handle is dropped and the queue is empty.
    fn run(&mut self) {
        let mut group = Vec::new();
        while let Some(first) = self.next() {
            let mut fruits = first.change.fruits();
            group.push(first);
            while fruits < self.group_writes_max
                && let Ok(next) = self.writes.try_recv()
            {
                fruits += next.change.fruits();
                group.push(next);
            }
            // Nobody waits for it any more, so nobody must be told: it is as if it had never come.
            group.retain(|write| !write.answer.is_closed());
            self.write(&mut group);
        }
    }

    /// The next write, as soon as there is one.
    fn next(&mut self) -> Option<Write> {
        while self.health.is_failing() || self.standing.has_fallen() {
            match self.writes.recv_timeout(RETRY_PERIOD) {
                Ok(write) => return Some(write),
                Err(RecvTimeoutError::Disconnected) => return None,
                Err(RecvTimeoutError::Timeout) => self.recover(),
            }
        }
        self.writes.recv().ok()
    }

    /// Looks whether what was in the way is gone.
    fn recover(&mut self) {
        if !self.health.is_failing() {
            self.standing.stand();
            return;
        }
        match self.standing.begin_anew().and_then(statements::rehearse) {
            Ok(()) if self.standing.commit(iter::empty()).is_ok() => self.health.written(),
            _ => self.standing.undo(),
        }
    }

    fn write(&mut self, group: &mut Vec<Write>) {
        match self.commit(group) {
            Ok(outcomes) => {
                for (Write { answer, .. }, outcome) in group.drain(..).zip(outcomes) {
                    // A client that left meanwhile has its change all the same.
                    let _ = answer.send(outcome);
                }
            }
            Err(error) => {
                self.health.failed(&error);
                for Write { answer, .. } in group.drain(..) {
                    let _ = answer.send(Err(error.clone()));
                }
            }
        }
    }

    /// One transaction for the group. `Err` means that none of it is in the catalogue.
    fn commit(&mut self, group: &[Write]) -> Result<Vec<Result<Vec<Fruit>, Error>>, Error> {
        let outcomes = self.make_all(group).inspect_err(|_| self.standing.undo())?;
        if !outcomes.iter().any(Result::is_ok) {
            self.standing.rest();
            return Ok(outcomes);
        }
        // Before, so that a file that is gone takes no more writes; behind, so that none is acknowledged that it took
        // while it went.
        self.health.in_place().inspect_err(|_| self.standing.undo())?;
        self.standing.commit(group.iter().filter_map(|write| write.change.touches()))?;
        self.health.in_place()?;
        self.health.written();
        self.commits.fetch_add(1, Ordering::Relaxed);
        Ok(outcomes)
    }

    fn make_all(&mut self, group: &[Write]) -> rusqlite::Result<Vec<Result<Vec<Fruit>, Error>>> {
        let connection = self.standing.begin()?;
        group.iter().map(|write| make(connection, &write.change)).collect()
    }
}

/// Makes one change. The outer error is the whole group's; the inner one is this change's alone, which then leaves
/// the transaction as it was.
fn make(connection: &Connection, change: &Change) -> rusqlite::Result<Result<Vec<Fruit>, Error>> {
    match change {
        Change::Add(fruits) => match fruits.as_slice() {
            [fruit] => Ok(insert(connection, fruit)?.map(|id| vec![fruit.clone().with_id(id)])),
            fruits => statements::undone_if_refused(connection, || insert_all(connection, fruits)),
        },
        Change::AddOnce(once, fruits) => {
            statements::undone_if_refused(connection, || insert_once(connection, once, fruits))
        }
        Change::Edit { id, edit, precondition } => edit_fruit(connection, *id, edit, precondition),
        Change::Delete { id, precondition } => {
            let found = find(connection, *id, precondition)?;
            if found.is_ok() {
                statements::delete_fruit(connection, *id)?;
            }
            Ok(found.map(|fruit| vec![fruit]))
        }
    }
}

fn edit_fruit(
    connection: &Connection,
    id: FruitId,
    edit: &Edit,
    precondition: &Precondition,
) -> rusqlite::Result<Result<Vec<Fruit>, Error>> {
    let before = match find(connection, id, precondition)? {
        Ok(before) => before,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let after = edit.clone().apply(&before);
    if after != before {
        statements::update_fruit(connection, &after)?;
    }
    Ok(Ok(vec![after]))
}

/// The fruit, if it is there and as it must be.
fn find(
    connection: &Connection,
    id: FruitId,
    precondition: &Precondition,
) -> rusqlite::Result<Result<Fruit, Error>> {
    Ok(match statements::fruit_by_id(connection, id)? {
        None => Err(Error::NotFound(id)),
        Some(fruit) if precondition.allows(fruit.revision) => Ok(fruit),
        Some(_) => Err(Error::PreconditionFailed(id)),
    })
}

/// Adds the fruits, unless this was done before: then the answer is what it was then.
fn insert_once(
    connection: &Connection,
    once: &Once,
    fruits: &[NewFruit],
) -> rusqlite::Result<Result<Vec<Fruit>, Error>> {
    match statements::kept_answer(connection, &once.key)? {
        Some((request, _)) if request != once.request => return Ok(Err(Error::KeyReused)),
        Some((_, answer)) => return answers::read(&answer).map(Ok).map_err(failure::of_json),
        None => {}
    }
    let added = insert_all(connection, fruits)?;
    if let Ok(added) = &added {
        let answer = answers::write(added).map_err(failure::of_json)?;
        statements::keep_answer(connection, once, &answer)?;
    }
    Ok(added)
}

fn insert_all(connection: &Connection, fruits: &[NewFruit]) -> rusqlite::Result<Result<Vec<Fruit>, Error>> {
    let mut added = Vec::with_capacity(fruits.len());
    for (index, fruit) in fruits.iter().enumerate() {
        match insert(connection, fruit)? {
            Ok(id) => added.push(fruit.clone().with_id(id)),
            Err(error) if fruits.len() == 1 => return Ok(Err(error)),
            Err(error) => return Ok(Err(Error::Item { index, error: Box::new(error) })),
        }
    }
    Ok(Ok(added))
}

/// Inserts one fruit. A statement that breaks a constraint undoes itself and leaves the transaction as it was.
pub(super) fn insert(connection: &Connection, fruit: &NewFruit) -> rusqlite::Result<Result<FruitId, Error>> {
    match (statements::insert_fruit(connection, fruit), fruit.id) {
        (Ok(id), _) => Ok(Ok(FruitId::new(id).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(0, id))?)),
        (Err(error), Some(id))
            if breaks(&error, "UNIQUE constraint failed: fruits.id")
                || breaks(&error, "fruits_id_retired") =>
        {
            Ok(Err(Error::IdTaken(id)))
        }
        (Err(error), None) if breaks(&error, "CHECK constraint failed: fruits_id_range") => {
            Ok(Err(Error::IdsExhausted))
        }
        (Err(error), _) if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => {
            Ok(Err(Error::from(error)))
        }
        (Err(error), _) => Err(error),
    }
}

fn breaks(error: &rusqlite::Error, constraint: &str) -> bool {
    matches!(error, rusqlite::Error::SqliteFailure(code, Some(message))
        if code.code == ErrorCode::ConstraintViolation && message == constraint)
}
