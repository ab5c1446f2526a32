//! Fruits that were read before, so that reading them again asks no file.
//!
//! What it gives is never stale. It is open only while the writer holds the database's write lock, so that no
//! other program changes anything. Before a commit it is closed, and what is about to change is forgotten; what was
//! read from the file by then is not taken in any more.

use std::sync::{
    Mutex, MutexGuard, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use crate::domain::{Fruit, FruitId};

/// The largest texts of one fruit that are kept, together: as large as the API takes any, 100 characters of 4 bytes
/// twice. Another program may have stored larger ones.
const TEXT_BYTES_MAX: usize = 800;

/// A stretch of time in which nothing is committed, told from all others by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lull(u64);

impl Lull {
    pub(super) fn number(self) -> u64 {
        self.0
    }
}

/// A slot for each fruit whose id leaves the same remainder; the last one that was read has it.
type Slot = Mutex<Option<Box<Fruit>>>;

/// At most as many fruits as it has slots.
#[derive(Debug)]
pub(super) struct Memory {
    /// Odd while it is open, the number of the lull then. Only the writer changes it.
    state: AtomicU64,
    slots: Box<[Slot]>,
}

impl Memory {
    /// Empty and closed.
    pub(super) fn new(fruits_max: usize) -> Self {
        Self { state: AtomicU64::new(0), slots: (0..fruits_max).map(|_| Slot::default()).collect() }
    }

    /// Whether it can keep anything at all.
    pub(super) fn has_room(&self) -> bool {
        !self.slots.is_empty()
    }

    /// The lull that it is, if it is open.
    pub(super) fn lull(&self) -> Option<Lull> {
        Some(self.state.load(Ordering::SeqCst)).filter(|state| state % 2 == 1).map(Lull)
    }

    /// The fruit, if it is kept and the memory is open.
    pub(super) fn get(&self, id: FruitId) -> Option<Fruit> {
        self.lull()?;
        self.slot(id)?.as_deref().filter(|fruit| fruit.id == id).cloned()
    }

    /// Keeps what was read, if the lull in which reading it began is still on.
    pub(super) fn put(&self, read_in: Lull, fruit: &Fruit) {
        let text_bytes = fruit.fruit.as_str().len() + fruit.color.as_str().len();
        if text_bytes > TEXT_BYTES_MAX {
            return;
        }
        let mut kept = Some(Box::new(fruit.clone()));
        if let Some(mut slot) = self.slot(fruit.id)
            // With the slot in hand: whoever closes the memory empties the slot after that, and so after this.
            && self.lull() == Some(read_in)
        {
            std::mem::swap(&mut *slot, &mut kept);
        }
    }

    /// From now on it gives and takes what it has. For the writer, who holds the database's write lock.
    pub(super) fn open(&self) {
        if self.has_room() && self.lull().is_none() {
            self.state.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// From now on it gives nothing and takes nothing. For the writer, before it lets go of the lock.
    pub(super) fn close(&self) {
        if self.lull().is_some() {
            self.state.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// For the writer, once it is closed and before the fruit changes.
    pub(super) fn forget(&self, id: FruitId) {
        if let Some(mut slot) = self.slot(id) {
            *slot = None;
        }
    }

    /// The same for all fruits.
    pub(super) fn forget_all(&self) {
        for slot in &self.slots {
            *lock(slot) = None;
        }
    }

    /// None where there are no slots at all.
    fn slot(&self, id: FruitId) -> Option<MutexGuard<'_, Option<Box<Fruit>>>> {
        let at = usize::try_from(id.get()).ok()?.checked_rem(self.slots.len())?;
        Some(lock(&self.slots[at]))
    }
}

/// A slot is changed in one step: a thread that panics leaves it whole.
fn lock(slot: &Slot) -> MutexGuard<'_, Option<Box<Fruit>>> {
    slot.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Color, FruitName, Revision};

    fn fruit(id: i64, name_bytes: usize) -> Fruit {
        Fruit {
            id: FruitId::new(id).unwrap(),
            fruit: FruitName::stored("x".repeat(name_bytes)),
            color: Color::stored(String::new()),
            revision: Revision::FIRST,
        }
    }

    fn opened(fruits_max: usize) -> (Memory, Lull) {
        let memory = Memory::new(fruits_max);
        memory.open();
        let lull = memory.lull().unwrap();
        (memory, lull)
    }

    #[test]
    fn it_gives_what_it_took_while_it_is_open() {
        let (memory, lull) = opened(4);
        let fruit = fruit(1, 1);
        assert_eq!(memory.get(fruit.id), None);
        memory.put(lull, &fruit);
        assert_eq!(memory.get(fruit.id), Some(fruit.clone()));
        memory.close();
        assert_eq!((memory.lull(), memory.get(fruit.id)), (None, None));
        memory.open();
        assert_eq!(memory.get(fruit.id), Some(fruit.clone()));
        assert_ne!(memory.lull(), Some(lull));
        memory.forget(fruit.id);
        assert_eq!(memory.get(fruit.id), None);
    }

    #[test]
    fn what_was_read_before_a_commit_is_not_taken_behind_it() {
        let (memory, before) = opened(4);
        let fruit = fruit(1, 1);
        memory.close();
        memory.put(before, &fruit);
        memory.open();
        memory.put(before, &fruit);
        assert_eq!(memory.get(fruit.id), None);
    }

    #[test]
    fn it_holds_as_many_as_it_has_slots() {
        let (memory, lull) = opened(2);
        for id in 1..=3 {
            memory.put(lull, &fruit(id, 1));
        }
        let kept: Vec<_> =
            (1..=3).map(|id| memory.get(FruitId::new(id).unwrap()).map(|fruit| fruit.id.get())).collect();
        assert_eq!(kept, [None, Some(2), Some(3)]);
        memory.forget_all();
        assert_eq!(memory.get(FruitId::new(3).unwrap()), None);
        let none = Memory::new(0);
        none.open();
        assert_eq!((none.lull(), none.get(FruitId::MIN)), (None, None));
    }

    #[test]
    fn texts_are_kept_up_to_their_limit() {
        let (memory, lull) = opened(4);
        for (id, bytes) in [(1, TEXT_BYTES_MAX), (2, TEXT_BYTES_MAX + 1)] {
            let fruit = fruit(id, bytes);
            memory.put(lull, &fruit);
            assert_eq!(memory.get(fruit.id).is_some(), bytes == TEXT_BYTES_MAX, "{bytes}");
        }
    }
}
