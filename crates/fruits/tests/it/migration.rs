//! Files of earlier releases, and earlier releases on the files of this one.

use std::num::NonZeroUsize;

use fruits::{
    Settings,
    domain::{Folded, FruitId, Selection},
    settings::{Location, Migrate},
    store::{BulkAdd, Migrated, sqlite::migrations},
};

use crate::support::{Folder, new_fruit};

/// The file as the first release made it, with two fruits.
const FIRST_RELEASE: &str = concat!(
    "PRAGMA application_id = 1179800905;",
    "CREATE TABLE migrations (version INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum INTEGER NOT NULL,
        applied_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ'))) STRICT;",
    "INSERT INTO migrations (version, name, checksum) VALUES (1, 'fruits', 1425149662);",
    include_str!("../../migrations/sqlite/0001_fruits.sql"),
    "INSERT INTO fruits (fruit, color) VALUES ('Äpfel', 'Rot'), ('fig', 'Grün');"
);

/// The statements with which the first release served.
fn serve_as_the_first_release(folder: &Folder) {
    let connection = folder.connect();
    let insert = "INSERT INTO fruits (id, fruit, color) VALUES (?1, ?2, ?3)";
    connection.execute(insert, (None::<i64>, "Pfirsich", "ORANGE")).expect("an add");
    connection.execute(insert, (77, "pfirsich", "gelb")).expect("an add with an id");
    connection.execute(insert, (77, "pfirsich", "gelb")).expect_err("the id is taken");
    let count = |sql: &str| {
        let mut statement = connection.prepare(sql).expect("a statement");
        let rows = statement.query_map([0], |row| row.get::<_, String>(1)).expect("rows");
        rows.collect::<Result<Vec<String>, _>>().expect("readable rows").len()
    };
    assert_eq!(count("SELECT id, fruit, color FROM fruits WHERE id > ?1 ORDER BY id LIMIT 10"), 4);
}

async fn find(folder: &Folder, fruit: &str) -> Vec<i64> {
    let store = folder.open();
    let selection = Selection { fruit: Some(Folded::new(fruit)), ..Selection::default() };
    let page = store.page(&selection, None, NonZeroUsize::MAX).await.expect("a page");
    page.fruits.iter().map(|fruit| fruit.id.get()).collect()
}

#[tokio::test]
async fn a_file_of_the_first_release_is_carried_over() {
    let folder = Folder::new();
    folder.execute(FIRST_RELEASE);
    assert_eq!(find(&folder, "ÄPFEL").await, [1]);
    let store = folder.open();
    assert_eq!(store.add(new_fruit("plum")).await.unwrap().id, FruitId::new(3).unwrap());
}

#[tokio::test]
async fn an_import_migrates_only_where_it_may() {
    let folder = Folder::new();
    let location = Location::Sqlite(folder.database());
    let refused = async || format!("{:#}", BulkAdd::begin(&location, Migrate::Off).await.unwrap_err());
    let said = refused().await;
    assert!(said.contains("version 0") && said.contains("run `fruitpress migrate`"), "{said}");
    assert!(!folder.database().exists());
    folder.execute(FIRST_RELEASE);
    let said = refused().await;
    assert!(said.contains("version 1") && said.contains("run `fruitpress migrate`"), "{said}");
    serve_as_the_first_release(&folder);
    let versions = "SELECT count(*) FROM migrations";
    let applied = || folder.connect().query_row(versions, [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(applied(), 1);
    let mut bulk = BulkAdd::begin(&location, Migrate::Auto).await.unwrap();
    bulk.add(&[new_fruit("plum")]).await.unwrap();
    bulk.commit().await.unwrap();
    assert!(applied() > 1);
    BulkAdd::begin(&location, Migrate::Off).await.unwrap();
}

#[tokio::test]
async fn the_first_release_still_works_on_the_new_schema() {
    let folder = Folder::new();
    folder.execute(FIRST_RELEASE);
    drop(folder.open());
    serve_as_the_first_release(&folder);
    assert_eq!(find(&folder, "PFIRSICH").await, [3, 77]);
    assert_eq!(folder.open().add(new_fruit("plum")).await.unwrap().id, FruitId::new(78).unwrap());
}

#[tokio::test]
async fn a_file_that_is_behind_is_not_served_until_somebody_migrates() {
    let folder = Folder::new();
    let settings = Settings { migrate: Some(Migrate::Off), ..Settings::default() };
    let refusal = async || {
        let refused = fruits::service(&settings, folder.path()).await;
        format!("{:#}", refused.err().expect("the schema is behind"))
    };
    let missing = refusal().await;
    assert!(missing.contains("version 0") && missing.contains("run `fruitpress migrate`"), "{missing}");
    assert!(!folder.database().exists(), "a refused catalogue was made");

    folder.execute(FIRST_RELEASE);
    let behind = refusal().await;
    assert!(behind.contains("version 1") && behind.contains("run `fruitpress migrate`"), "{behind}");
    assert!(behind.contains(&folder.database().display().to_string()), "{behind}");
    // It is as it was, for the first release to go on with.
    serve_as_the_first_release(&folder);
    assert_eq!(refusal().await, behind);

    let migrated = fruits::migrate(&settings, folder.path()).await.unwrap();
    assert_eq!(migrated, Migrated { from: 1, to: migrations::latest() });
    let service = fruits::service(&settings, folder.path()).await.unwrap();
    (service.ready)().await.unwrap();
}
