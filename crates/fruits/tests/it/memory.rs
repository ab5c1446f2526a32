//! What is answered from memory is never stale, whoever changes the file.

use std::{
    array,
    num::NonZeroUsize,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use fruits::{
    domain::{Change, Color, Edit, FruitId, Precondition, Selection},
    store::{Sqlite, sqlite::Limits},
};
use rusqlite::{Connection, ErrorCode};

use crate::support::{Folder, new_fruit};

const FRUITS: usize = 4;

fn remembering(folder: &Folder, memory_fruits_max: usize) -> Sqlite {
    let limits = Limits { memory_fruits_max, ..Limits::default() };
    Sqlite::open_with(&folder.database(), limits).expect("a catalogue")
}

fn id(index: usize) -> FruitId {
    FruitId::new(i64::try_from(index).expect("a small number") + 1).expect("an id")
}

fn paint(id: FruitId, color: &str) -> Change {
    let color = Some(Color::parse(color).expect("a color"));
    Change::Edit { id, edit: Edit { fruit: None, color }, precondition: Precondition::default() }
}

/// Reads all fruits until it is told to end. `acknowledged` has the least revision that a read sees that begins now;
/// no read sees an earlier one than the read before it.
fn read_until(ended: &AtomicBool, store: &Sqlite, acknowledged: &[AtomicI64; FRUITS]) -> usize {
    let mut seen = [0; FRUITS];
    let mut reads = 0;
    while !ended.load(Ordering::SeqCst) {
        for (index, seen) in seen.iter_mut().enumerate() {
            let floor = acknowledged[index].load(Ordering::SeqCst).max(*seen);
            let fruit = store.get(id(index)).expect("a read").expect("the fruit");
            assert!(fruit.revision.get() >= floor, "{fruit:?} after revision {floor}");
            *seen = fruit.revision.get();
            reads += 1;
        }
    }
    reads
}

/// With room for all of them, and with one place that all of them take from each other.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_read_sees_each_change_that_was_acknowledged_before_it() {
    for memory_fruits_max in [1, FRUITS] {
        let folder = Folder::new();
        let store = Arc::new(remembering(&folder, memory_fruits_max));
        for _ in 0..FRUITS {
            store.add(new_fruit("apple")).await.unwrap();
        }
        let acknowledged: Arc<[AtomicI64; FRUITS]> = Arc::new(array::from_fn(|_| AtomicI64::new(1)));
        let ended = Arc::new(AtomicBool::new(false));
        let readers: Vec<_> = (0..4)
            .map(|_| {
                let (ended, store, acknowledged) = (ended.clone(), store.clone(), acknowledged.clone());
                thread::spawn(move || read_until(&ended, &store, &acknowledged))
            })
            .collect();
        let writers = (0..FRUITS).map(|index| {
            let (store, acknowledged) = (Arc::clone(&store), Arc::clone(&acknowledged));
            tokio::spawn(async move {
                for round in 0..150 {
                    let changed = store.change(paint(id(index), &format!("color {round}"))).await.unwrap();
                    acknowledged[index].store(changed[0].revision.get(), Ordering::SeqCst);
                    let read = store.get(id(index)).unwrap().unwrap();
                    assert_eq!(read, changed[0]);
                }
            })
        });
        for writer in futures_util::future::join_all(writers).await {
            writer.unwrap();
        }
        ended.store(true, Ordering::SeqCst);
        for reader in readers {
            assert!(reader.join().expect("a reader that saw nothing stale") > 0);
        }
    }
}

#[tokio::test]
async fn a_fruit_that_was_deleted_is_gone_from_memory() {
    let folder = Folder::new();
    let store = remembering(&folder, FRUITS);
    for index in 0..FRUITS {
        store.add(new_fruit("apple")).await.unwrap();
        assert!(store.get(id(index)).unwrap().is_some());
        assert!(store.get(id(index)).unwrap().is_some());
        store.change(Change::Delete { id: id(index), precondition: Precondition::default() }).await.unwrap();
        assert_eq!(store.get(id(index)).unwrap(), None);
    }
}

/// What another program sees that tries to write once.
fn write(connection: &Connection, sql: &str) -> Result<(), ErrorCode> {
    connection.busy_timeout(Duration::ZERO).expect("a setting");
    connection.execute_batch(sql).map_err(|error| error.sqlite_error_code().expect("SQLite's answer"))
}

#[tokio::test]
async fn other_programs_read_and_copy_the_file_but_do_not_write_to_it() {
    let folder = Folder::new();
    let store = folder.sqlite();
    store.add(new_fruit("apple")).await.unwrap();
    let other = folder.connect();
    let copy = format!("VACUUM INTO '{}'", folder.path().join("copy.db").display());
    for fruits in 1..5_i64 {
        assert_eq!(write(&other, "DELETE FROM fruits"), Err(ErrorCode::DatabaseBusy));
        assert_eq!(other.query_row("SELECT count(*) FROM fruits", [], |row| row.get(0)), Ok(fruits));
        store.add(new_fruit("apple")).await.unwrap();
    }
    other.execute_batch(&copy).expect("a backup");
    store.add(new_fruit("apple")).await.unwrap();
    drop(store);
    write(&other, "DELETE FROM fruits").expect("nobody serves it");
    let copied = Connection::open(folder.path().join("copy.db")).unwrap();
    assert_eq!(copied.query_row("SELECT count(*) FROM fruits", [], |row| row.get(0)), Ok(5));
}

/// A program that tries without a pause has its turn between two commits now and then. From the moment its own
/// commit is done, nothing older is read.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_another_program_has_slipped_in_is_seen_at_once() {
    const TURNS: i64 = 10;
    let folder = Folder::new();
    let store = Arc::new(remembering(&folder, FRUITS));
    for _ in 0..2 {
        store.add(new_fruit("apple")).await.unwrap();
    }
    let ended = Arc::new(AtomicBool::new(false));
    let other = thread::spawn({
        let (ended, store, connection) = (ended.clone(), store.clone(), folder.connect());
        move || {
            let deadline = Instant::now() + Duration::from_mins(1);
            let mut revision = 1;
            while revision <= TURNS {
                assert!(Instant::now() < deadline, "it had {revision} turns");
                let before = store.version().unwrap();
                let read = store.get(id(0)).unwrap().unwrap();
                assert_eq!(read.revision.get(), revision, "nobody else changes it");
                if write(&connection, "UPDATE fruits SET revision = revision + 1 WHERE id = 1").is_ok() {
                    revision += 1;
                    let read = store.get(id(0)).unwrap().unwrap();
                    assert_eq!(read.revision.get(), revision);
                    assert_ne!(store.version().unwrap(), before);
                    let page = store.page(&Selection::default(), None, NonZeroUsize::MIN).unwrap();
                    assert_eq!(page.fruits, [read]);
                }
            }
            ended.store(true, Ordering::SeqCst);
        }
    });
    let mut round = 0;
    while !ended.load(Ordering::SeqCst) && !other.is_finished() {
        round += 1;
        store.change(paint(id(1), &format!("color {round}"))).await.unwrap();
        // Time for the other program to fill the memory.
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    other.join().expect("another program that saw nothing stale");
}
