//! Databases that are lost or damaged under the server: nothing is acknowledged that is not kept, and balancers
//! are told.

use std::{
    fs::{self, File},
    os::unix::fs::FileExt as _,
    path::Path,
    time::{Duration, Instant},
};

use axum::Router;
use chassis::Service;
use fruits::{Error, Store};
use http::StatusCode;

use crate::support::{Answer, Folder, ask, get, new_fruit, post, routes, served};

const APPLE: &str = r#"{"fruit":"apple","color":"red"}"#;

async fn add(router: &Router) -> Answer {
    ask(router, post(APPLE)).await
}

/// What `/readyz` would log.
async fn reason(service: &Service) -> String {
    format!("{:#}", (service.ready)().await.expect_err("must not be ready"))
}

/// An add fails while this has been done to the files, and works again once it has been undone.
async fn check_loss(lose: impl Fn(&Path), undo: impl Fn(&Path)) {
    let folder = Folder::new();
    let service = served(folder.open());
    assert_eq!(add(&service.router).await.status, StatusCode::CREATED);
    (service.ready)().await.expect("is ready");

    lose(folder.path());
    let refused = add(&service.router).await;
    assert_eq!((refused.status.as_u16(), refused.problem().as_str()), (500, "internal-error"));
    assert!(!String::from_utf8_lossy(&refused.body).contains("fruits.db"), "{refused:?}");
    let said = reason(&service).await;
    assert!(said.contains("was removed or replaced") || said.contains("SQLite code"), "{said}");

    undo(folder.path());
    (service.ready)().await.expect("is ready again");
    let added = add(&service.router).await;
    assert_eq!((added.status, &added.json()["id"]), (StatusCode::CREATED, &serde_json::json!(2)));
    drop(service);
    // What was refused is not in there, what was acknowledged is.
    let router = routes(folder.open());
    assert_eq!(ask(&router, get("/fruits")).await.json().as_array().map(Vec::len), Some(2));
}

fn rename(folder: &Path, from: &str, to: &str) {
    fs::rename(folder.join(from), folder.join(to)).expect("a renamed file");
}

#[tokio::test]
async fn no_add_is_acknowledged_into_a_file_that_is_gone() {
    check_loss(
        |folder| rename(folder, "fruits.db", "gone.db"),
        |folder| rename(folder, "gone.db", "fruits.db"),
    )
    .await;
}

#[tokio::test]
async fn no_add_is_acknowledged_into_a_log_that_is_gone() {
    check_loss(
        |folder| rename(folder, "fruits.db-wal", "gone-wal"),
        |folder| rename(folder, "gone-wal", "fruits.db-wal"),
    )
    .await;
}

#[tokio::test]
async fn no_add_is_acknowledged_into_a_file_that_was_replaced() {
    check_loss(
        |folder| {
            rename(folder, "fruits.db", "gone.db");
            fs::copy(folder.join("gone.db"), folder.join("fruits.db")).expect("a copy");
        },
        |folder| rename(folder, "gone.db", "fruits.db"),
    )
    .await;
}

#[tokio::test]
async fn a_server_without_its_files_answers_no_201() {
    let folder = Folder::new();
    let service = served(folder.open());
    assert_eq!(add(&service.router).await.status, StatusCode::CREATED);
    for name in ["fruits.db", "fruits.db-wal", "fruits.db-shm", "fruits.db.lock"] {
        fs::remove_file(folder.path().join(name)).expect("a file to remove");
    }
    for _ in 0..3 {
        assert_eq!(add(&service.router).await.status, StatusCode::INTERNAL_SERVER_ERROR);
        reason(&service).await;
    }
}

/// Overwrites the file from its second page on and answers what stood there. The connections are made to forget
/// what they have read by a commit of another program.
fn damage(folder: &Folder) -> Vec<u8> {
    folder.execute("PRAGMA user_version = 0; PRAGMA wal_checkpoint");
    let whole = fs::read(folder.database()).expect("the file");
    write_from_second_page(folder, &vec![0xff; whole.len() - PAGE_BYTES]);
    whole[PAGE_BYTES..].to_vec()
}

const PAGE_BYTES: usize = 4096;

fn write_from_second_page(folder: &Folder, bytes: &[u8]) {
    let file = File::options().write(true).open(folder.database()).expect("the file");
    file.write_all_at(bytes, PAGE_BYTES as u64).expect("a write");
}

#[tokio::test]
async fn a_damaged_database_is_not_ready_until_writes_work_again() {
    let folder = Folder::new();
    folder.fill(2_000);
    let store = folder.open_to_others();
    store.ready().await.expect("is ready");
    let whole = damage(&folder);
    let failed = store.add(new_fruit("apple")).await.expect_err("cannot be added");
    assert!(matches!(failed, Error::Database(_)), "{failed:?}");
    not_ready(&store).await;

    // Repaired, but nobody writes: the writer finds out by itself.
    write_from_second_page(&folder, &whole);
    let deadline = Instant::now() + Duration::from_secs(10);
    while let Err(error) = store.ready().await {
        assert!(Instant::now() < deadline, "still not ready: {error:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(store.add(new_fruit("apple")).await.expect("an add").id.get(), 2_001);
}

/// For longer than the writer waits before it tries by itself.
async fn not_ready(store: &Store) {
    for _ in 0..6 {
        let said = store.ready().await.expect_err("must not be ready");
        assert!(matches!(said, Error::Database(_)), "{said:?}");
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
}

#[tokio::test]
async fn a_write_that_works_makes_it_ready_at_once() {
    let folder = Folder::new();
    let store = folder.open_to_others();
    folder.execute("ALTER TABLE fruits RENAME TO gone");
    store.add(new_fruit("apple")).await.expect_err("cannot be added");
    store.ready().await.expect_err("must not be ready");
    folder.execute("ALTER TABLE gone RENAME TO fruits");
    store.add(new_fruit("apple")).await.expect("an add");
    store.ready().await.expect("is ready");
}

#[tokio::test]
async fn what_one_request_does_wrong_says_nothing_about_the_rest() {
    let folder = Folder::new();
    let service = served(folder.open());
    let chosen = r#"{"id":9007199254740991,"fruit":"apple","color":"red"}"#;
    assert_eq!(ask(&service.router, post(chosen)).await.status, StatusCode::CREATED);
    assert_eq!(ask(&service.router, post(chosen)).await.status, StatusCode::CONFLICT);
    assert_eq!(add(&service.router).await.status, StatusCode::CONFLICT);
    (service.ready)().await.expect("is ready");
}

/// As docs/api-design.md says it.
#[tokio::test]
async fn there_is_a_way_out_of_exhausted_ids() {
    let folder = Folder::new();
    folder.fill(3);
    let router = routes(folder.open());
    let chosen = r#"{"id":9007199254740991,"fruit":"apple","color":"red"}"#;
    assert_eq!(ask(&router, post(chosen)).await.status, StatusCode::CREATED);
    assert_eq!(add(&router).await.problem(), "fruit-ids-exhausted");
    drop(router);
    folder.execute(
        "DELETE FROM fruits WHERE id = 9007199254740991;
         UPDATE sqlite_sequence SET seq = 1000 WHERE name = 'fruits';",
    );
    let router = routes(folder.open());
    assert_eq!(add(&router).await.json()["id"], 1001);
}
