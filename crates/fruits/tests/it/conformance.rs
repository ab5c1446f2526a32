//! What every store does alike, whatever it keeps fruits in: one suite, run against each.

use fruits::{
    Error, Store,
    domain::{Fruit, FruitId, NewFruit},
};

use crate::support::{Folder, new_fruit};

macro_rules! conformance {
    ($store:ident: $open:expr; $($test:ident)*) => {
        mod $store {
            $(#[tokio::test]
            async fn $test() {
                let folder = $crate::support::Folder::new();
                let open: fn(&$crate::support::Folder) -> fruits::Store = $open;
                super::$test(&folder, open).await;
            })*
        }
    };
}

conformance! {
    sqlite: |folder| folder.open();
    an_added_fruit_is_there
    ids_follow_each_other
    chosen_ids_are_kept_once
    the_sequence_moves_past_chosen_ids
    pages_follow_each_other
    concurrent_adds_get_ids_of_their_own
    concurrent_adds_of_one_id_have_one_winner
    the_version_changes_with_each_commit_alone
    a_reopened_store_goes_on
}

type Open = fn(&Folder) -> Store;

fn id(number: i64) -> FruitId {
    FruitId::new(number).expect("an id")
}

fn chosen(number: i64, name: &str) -> NewFruit {
    NewFruit { id: Some(id(number)), ..new_fruit(name) }
}

async fn ids(store: &Store, after: Option<FruitId>, fruits_max: usize) -> Vec<i64> {
    let page = store.page(after, fruits_max).await.expect("a page");
    page.iter().map(|fruit| fruit.id.get()).collect()
}

async fn an_added_fruit_is_there(folder: &Folder, open: Open) {
    let store = open(folder);
    assert_eq!(store.get(id(1)).await.unwrap(), None);
    let added = store.add(new_fruit("pêche 🍑")).await.unwrap();
    assert_eq!(added, new_fruit("pêche 🍑").with_id(id(1)));
    assert_eq!(store.get(id(1)).await.unwrap(), Some(added.clone()));
    assert_eq!(store.page(None, 10).await.unwrap(), [added]);
    store.ready().await.unwrap();
}

async fn ids_follow_each_other(folder: &Folder, open: Open) {
    let store = open(folder);
    for number in 1..=5 {
        assert_eq!(store.add(new_fruit("apple")).await.unwrap().id, id(number));
    }
}

async fn chosen_ids_are_kept_once(folder: &Folder, open: Open) {
    let store = open(folder);
    for number in [1, 7, FruitId::MAX.get()] {
        assert_eq!(store.add(chosen(number, "apple")).await.unwrap().id, id(number));
        let again = store.add(chosen(number, "pear")).await;
        assert!(matches!(again, Err(Error::IdTaken(taken)) if taken == id(number)), "{again:?}");
        let kept: Option<Fruit> = store.get(id(number)).await.unwrap();
        assert_eq!(kept, Some(new_fruit("apple").with_id(id(number))));
    }
    for _ in 0..2 {
        let next = store.add(new_fruit("apple")).await;
        assert!(matches!(next, Err(Error::IdsExhausted)), "{next:?}");
    }
    assert_eq!(store.add(chosen(8, "apple")).await.unwrap().id, id(8));
}

async fn the_sequence_moves_past_chosen_ids(folder: &Folder, open: Open) {
    let store = open(folder);
    store.add(chosen(10, "apple")).await.unwrap();
    store.add(chosen(4, "apple")).await.unwrap();
    assert_eq!(store.add(new_fruit("apple")).await.unwrap().id, id(11));
    store.add(chosen(11, "apple")).await.unwrap_err();
    assert_eq!(store.add(new_fruit("apple")).await.unwrap().id, id(12));
}

async fn pages_follow_each_other(folder: &Folder, open: Open) {
    let store = open(folder);
    for number in [2, 3, 5, 8, 13] {
        store.add(chosen(number, "apple")).await.unwrap();
    }
    assert_eq!(ids(&store, None, 0).await, [0_i64; 0]);
    assert_eq!(ids(&store, None, 2).await, [2, 3]);
    assert_eq!(ids(&store, Some(id(3)), 2).await, [5, 8]);
    assert_eq!(ids(&store, Some(id(4)), 9).await, [5, 8, 13]);
    assert_eq!(ids(&store, Some(id(13)), 2).await, [0_i64; 0]);
    assert_eq!(ids(&store, Some(FruitId::MAX), usize::MAX).await, [0_i64; 0]);
}

async fn concurrent_adds_get_ids_of_their_own(folder: &Folder, open: Open) {
    let store = open(folder);
    let adds = (0..200).map(|number| store.add(new_fruit(&format!("fruit {number}"))));
    let added = futures_util::future::try_join_all(adds).await.unwrap();
    for fruit in &added {
        assert_eq!(store.get(fruit.id).await.unwrap().as_ref(), Some(fruit));
    }
    assert_eq!(ids(&store, None, 1000).await, (1..=200).collect::<Vec<i64>>());
}

async fn concurrent_adds_of_one_id_have_one_winner(folder: &Folder, open: Open) {
    let store = open(folder);
    let adds = (0..50).map(|number| store.add(chosen(1 + number % 2, &format!("fruit {number}"))));
    let outcomes = futures_util::future::join_all(adds).await;
    let winners: Vec<&Fruit> = outcomes.iter().flatten().collect();
    assert_eq!(winners.len(), 2);
    for winner in winners {
        assert_eq!(store.get(winner.id).await.unwrap().as_ref(), Some(winner));
    }
    let losers = outcomes.iter().filter(|outcome| matches!(outcome, Err(Error::IdTaken(_)))).count();
    assert_eq!(losers, 48);
}

async fn the_version_changes_with_each_commit_alone(folder: &Folder, open: Open) {
    let store = open(folder);
    let first = store.version().await.unwrap();
    if first.is_none() {
        return;
    }
    assert_eq!(store.version().await.unwrap(), first);
    store.add(chosen(1, "apple")).await.unwrap();
    let second = store.version().await.unwrap();
    assert_ne!(second, first);
    store.add(chosen(1, "apple")).await.unwrap_err();
    store.get(id(1)).await.unwrap();
    assert_eq!(store.version().await.unwrap(), second);
}

async fn a_reopened_store_goes_on(folder: &Folder, open: Open) {
    for number in 1..=3 {
        let store = open(folder);
        assert_eq!(store.add(new_fruit("apple")).await.unwrap().id, id(number));
    }
}
