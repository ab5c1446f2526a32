//! Writes that meet each other: groups that share a commit, a queue that is full, clients that leave.
//!
//! To make writes wait, the tests hold the database's write lock as another program would. The store leaves it to
//! them between two groups, since it keeps nothing in memory.

use std::{num::NonZeroUsize, sync::Arc, time::Duration};

use fruits::{
    Error, Store,
    domain::Selection,
    store::{Sqlite, sqlite::Limits},
};
use http::{StatusCode, header};
use rusqlite::Connection;
use tokio::task::JoinHandle;

use crate::support::{Folder, ask, new_fruit, post, routes};

/// Keeps every write waiting until it is dropped.
struct Barrier(Connection);

impl Barrier {
    fn new(folder: &Folder) -> Self {
        let connection = folder.connect();
        connection.execute_batch("BEGIN IMMEDIATE").expect("the write lock");
        Self(connection)
    }
}

impl Drop for Barrier {
    fn drop(&mut self) {
        self.0.execute_batch("ROLLBACK").expect("an open transaction");
    }
}

fn limited(folder: &Folder, queue_writes_max: usize, group_writes_max: usize) -> Sqlite {
    let limits = Limits { queue_writes_max, group_writes_max, memory_fruits_max: 0 };
    Sqlite::open_with(&folder.database(), limits).expect("a catalogue")
}

fn spawn_add(store: &Arc<Sqlite>, name: String) -> JoinHandle<Result<i64, Error>> {
    let store = Arc::clone(store);
    tokio::spawn(async move { store.add(new_fruit(&name)).await.map(|fruit| fruit.id.get()) })
}

/// Lets every task that was spawned run up to where it waits: the tests have one thread.
async fn settle() {
    for _ in 0..3 {
        tokio::task::yield_now().await;
    }
}

fn names(store: &Sqlite) -> Vec<String> {
    let page = store.page(&Selection::default(), None, NonZeroUsize::MAX).expect("a page");
    page.fruits.iter().map(|fruit| fruit.fruit.as_str().to_owned()).collect()
}

#[tokio::test]
async fn writes_that_wait_share_a_commit() {
    let folder = Folder::new();
    let store = Arc::new(limited(&folder, 200, 200));
    let barrier = Barrier::new(&folder);
    let adds: Vec<_> = (0..100).map(|number| spawn_add(&store, format!("fruit {number}"))).collect();
    settle().await;
    assert_eq!(store.commits(), 0);
    drop(barrier);
    for (number, add) in adds.into_iter().enumerate() {
        assert_eq!(add.await.unwrap().unwrap(), i64::try_from(number).unwrap() + 1);
    }
    // The first may have been taken alone before the others came.
    assert!(store.commits() <= 2, "{} commits for 100 fruits", store.commits());
    assert_eq!(names(&store).len(), 100);
}

#[tokio::test]
async fn a_group_has_a_limit() {
    let folder = Folder::new();
    let store = Arc::new(limited(&folder, 100, 10));
    let barrier = Barrier::new(&folder);
    let adds: Vec<_> = (0..100).map(|number| spawn_add(&store, format!("fruit {number}"))).collect();
    settle().await;
    drop(barrier);
    for add in adds {
        add.await.unwrap().unwrap();
    }
    assert!((10..=11).contains(&store.commits()), "{} commits", store.commits());
}

#[tokio::test]
async fn one_that_fails_leaves_its_group_alone() {
    let folder = Folder::new();
    let store = Arc::new(limited(&folder, 100, 100));
    store.add(new_fruit("first")).await.unwrap();
    let barrier = Barrier::new(&folder);
    let taken = fruits::domain::NewFruit { id: Some(fruits::domain::FruitId::MIN), ..new_fruit("taken") };
    let adds: Vec<_> = (0..30)
        .map(|number| {
            let store = Arc::clone(&store);
            let fruit = if number % 3 == 1 { taken.clone() } else { new_fruit(&format!("fruit {number}")) };
            tokio::spawn(async move { store.add(fruit).await })
        })
        .collect();
    settle().await;
    drop(barrier);
    for (number, add) in adds.into_iter().enumerate() {
        let outcome = add.await.unwrap();
        assert_eq!(matches!(outcome, Err(Error::IdTaken(_))), number % 3 == 1, "{number}: {outcome:?}");
        assert_eq!(outcome.is_ok(), number % 3 != 1, "{number}: {outcome:?}");
    }
    assert_eq!(names(&store).len(), 21);
    assert!(store.commits() <= 3, "{} commits", store.commits());
}

#[tokio::test]
async fn the_queue_takes_its_limit_and_not_one_more() {
    let folder = Folder::new();
    let store = Arc::new(limited(&folder, 4, 1));
    let barrier = Barrier::new(&folder);
    let mut accepted = Vec::new();
    let mut refused = 0;
    // One is in the writer's hand and four wait; the sixth has no place. Until the writer has taken the first
    // one into its hand, the fifth has none either, and asks again.
    while accepted.len() < 5 {
        let add = spawn_add(&store, "waits".to_owned());
        settle().await;
        if add.is_finished() {
            assert!(matches!(add.await.unwrap(), Err(Error::Busy)));
            refused += 1;
            assert!(refused < 1000, "the writer never took the first");
            tokio::time::sleep(Duration::from_millis(2)).await;
        } else {
            accepted.push(add);
        }
    }
    let sixth = store.add(new_fruit("refused")).await;
    assert!(matches!(sixth, Err(Error::Busy)), "{sixth:?}");
    drop(barrier);
    for add in accepted {
        add.await.unwrap().unwrap();
    }
    assert_eq!(names(&store), ["waits"; 5]);
    store.add(new_fruit("welcome again")).await.unwrap();
}

#[tokio::test]
async fn a_full_queue_is_503_with_a_time_to_try_again() {
    let folder = Folder::new();
    let router = routes(Store::Sqlite(limited(&folder, 1, 1)));
    let barrier = Barrier::new(&folder);
    let add = || {
        let router = router.clone();
        tokio::spawn(async move { ask(&router, post(r#"{"fruit":"apple","color":"red"}"#)).await })
    };
    let adds: Vec<_> = (0..10).map(|_| add()).collect();
    settle().await;
    drop(barrier);
    let mut added = 0;
    for add in adds {
        let answer = add.await.unwrap();
        if answer.status == StatusCode::CREATED {
            added += 1;
        } else {
            assert_eq!(
                (answer.status, answer.problem().as_str()),
                (StatusCode::SERVICE_UNAVAILABLE, "service-unavailable")
            );
            assert_eq!(answer.header(header::RETRY_AFTER), Some("1"));
        }
    }
    assert!((1..=2).contains(&added), "{added}");
    assert_eq!(folder.connect().query_row("SELECT count(*) FROM fruits", [], |row| row.get(0)), Ok(added));
}

#[tokio::test]
async fn what_nobody_waits_for_is_not_written() {
    let folder = Folder::new();
    let store = Arc::new(limited(&folder, 10, 1));
    let barrier = Barrier::new(&folder);
    let stays = spawn_add(&store, "stays".to_owned());
    settle().await;
    let leaves = spawn_add(&store, "leaves".to_owned());
    let follows = spawn_add(&store, "follows".to_owned());
    settle().await;
    leaves.abort();
    assert!(leaves.await.unwrap_err().is_cancelled());
    drop(barrier);
    stays.await.unwrap().unwrap();
    follows.await.unwrap().unwrap();
    assert_eq!(names(&store), ["stays", "follows"]);
}

#[tokio::test]
async fn a_lock_that_is_never_given_back_is_an_answer_too() {
    let folder = Folder::new();
    let router = routes(folder.open_to_others());
    let barrier = Barrier::new(&folder);
    let refused = ask(&router, post(r#"{"fruit":"apple","color":"red"}"#)).await;
    assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(refused.problem(), "service-unavailable");
    drop(barrier);
    let added = ask(&router, post(r#"{"fruit":"apple","color":"red"}"#)).await;
    assert_eq!((added.status, &added.json()["id"]), (StatusCode::CREATED, &serde_json::json!(1)));
}

#[tokio::test]
async fn a_row_that_the_schema_refuses_fails_alone_and_tells_nothing() {
    let folder = Folder::new();
    drop(folder.open());
    folder.execute("CREATE UNIQUE INDEX secret_index ON fruits (fruit)");
    let router = routes(folder.open());
    let apple = r#"{"fruit":"apple","color":"red"}"#;
    assert_eq!(ask(&router, post(apple)).await.status, StatusCode::CREATED);
    let refused = ask(&router, post(apple)).await;
    assert_eq!(refused.problem(), "internal-error");
    assert!(!String::from_utf8_lossy(&refused.body).contains("secret"), "{refused:?}");
    assert_eq!(ask(&router, post(r#"{"fruit":"fig","color":"red"}"#)).await.status, StatusCode::CREATED);
}
