//! Imports and exports beside servers.

use std::num::NonZeroUsize;

use fruits::{
    Error,
    domain::{Fruit, FruitId, NewFruit, Selection},
    settings::{Location, Migrate},
    store::{BulkAdd, Snapshot},
};

use crate::support::{Database, new_fruit};

fn location(database: &Database<'_>) -> Location {
    Location::Postgres(Box::new(database.target()))
}

fn chosen(number: i64) -> NewFruit {
    NewFruit { id: FruitId::new(number).ok(), ..new_fruit("chosen") }
}

async fn everything(snapshot: &mut Snapshot) -> Vec<Fruit> {
    let (mut fruits, mut after) = (Vec::new(), None);
    loop {
        let five = NonZeroUsize::new(5).unwrap();
        let page = snapshot.page(&Selection::default(), after.as_ref(), five).await.unwrap();
        fruits.extend(page.fruits);
        after = page.next;
        if after.is_none() {
            return fruits;
        }
    }
}

#[tokio::test]
async fn many_are_added_as_a_whole_beside_a_server() {
    let database = Database::new();
    let store = database.open();
    store.add(new_fruit("first")).await.unwrap();
    let given_up = {
        let mut bulk = BulkAdd::begin(&location(&database), Migrate::Off).await.unwrap();
        bulk.add(&[new_fruit("a"), chosen(5)]).await.unwrap()
    };
    assert!(given_up.is_empty());
    let mut bulk = BulkAdd::begin(&location(&database), Migrate::Off).await.unwrap();
    let lot = [new_fruit("a"), chosen(1), chosen(70), chosen(70), new_fruit("b"), chosen(20), new_fruit("c")];
    let refused = bulk.add(&lot).await.unwrap();
    let places: Vec<_> = refused
        .iter()
        .map(|refused| match refused.error {
            Error::IdTaken(id) => (refused.index, id.get()),
            ref other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(places, [(1, 1), (3, 70)]);
    // Nobody sees it yet, and the server goes on; also where the sequence falls back under the import.
    assert_eq!(store.add(new_fruit("meanwhile")).await.unwrap().id.get(), 73);
    database.execute("SELECT setval('fruits_ids', 60)");
    assert!(bulk.add(&vec![new_fruit("many"); 2000]).await.unwrap().is_empty());
    assert_eq!(database.rows("SELECT count(*) FROM fruits"), ["2"]);
    bulk.commit().await.unwrap();
    assert_eq!(database.rows("SELECT count(*) FROM fruits"), ["2007"]);
    let last: i64 = database.rows("SELECT max(id) FROM fruits")[0].parse().unwrap();
    assert_eq!(store.add(new_fruit("next")).await.unwrap().id.get(), last + 1);
}

#[tokio::test]
async fn rows_behind_the_last_id_are_refused_alone() {
    let database = Database::new();
    database.migrate();
    let mut bulk = BulkAdd::begin(&location(&database), Migrate::Off).await.unwrap();
    let refused = bulk.add(&[chosen(FruitId::MAX.get()), new_fruit("a"), chosen(3)]).await.unwrap();
    assert_eq!(refused.len(), 1);
    assert!(refused[0].index == 1 && matches!(refused[0].error, Error::IdsExhausted), "{refused:?}");
    bulk.commit().await.unwrap();
    assert_eq!(database.rows("SELECT count(*) FROM fruits"), ["2"]);
}

#[tokio::test]
async fn a_snapshot_is_one_state() {
    let database = Database::new();
    database.fill(23);
    let store = database.open();
    let mut snapshot = Snapshot::open(&location(&database)).await.unwrap();
    let before = everything(&mut snapshot).await;
    assert_eq!(before.len(), 23);
    store.add(new_fruit("later")).await.unwrap();
    database.execute("DELETE FROM fruits WHERE id = 7");
    assert_eq!(everything(&mut snapshot).await, before);
}

#[tokio::test]
async fn a_schema_that_is_not_there_is_named() {
    let database = Database::new();
    for said in [
        format!("{:#}", BulkAdd::begin(&location(&database), Migrate::Off).await.unwrap_err()),
        format!("{:#}", Snapshot::open(&location(&database)).await.unwrap_err()),
    ] {
        assert!(said.contains("run `fruitpress migrate`"), "{said}");
    }
    assert_eq!(database.rows("SELECT to_regclass('fruits') IS NULL"), ["t"]);
    let mut bulk = BulkAdd::begin(&location(&database), Migrate::Auto).await.unwrap();
    assert!(bulk.add(&[new_fruit("a")]).await.unwrap().is_empty());
    bulk.commit().await.unwrap();
    assert_eq!(database.rows("SELECT count(*) FROM fruits"), ["1"]);
}
