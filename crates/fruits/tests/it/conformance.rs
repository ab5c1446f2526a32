//! What every store does alike, whatever it keeps fruits in: one suite, run against each.

use std::num::NonZeroUsize;

use fruits::{
    Error, Store,
    domain::{Color, Cursor, Folded, Fruit, FruitId, FruitName, NewFruit, Selection, SortKey},
};

use crate::support::{Place, new_fruit, on_each_store};

on_each_store! {
    an_added_fruit_is_there
    ids_follow_each_other
    chosen_ids_are_kept_once
    the_sequence_moves_past_chosen_ids
    pages_follow_each_other
    lists_are_filtered_without_regard_to_case
    every_selection_is_what_a_few_lines_of_plain_code_select
    a_page_looks_at_a_bounded_number_of_rows
    concurrent_adds_get_ids_of_their_own
    concurrent_adds_of_one_id_have_one_winner
    the_version_changes_with_each_commit_alone
    a_reopened_store_goes_on
}

fn id(number: i64) -> FruitId {
    FruitId::new(number).expect("an id")
}

fn chosen(number: i64, name: &str) -> NewFruit {
    NewFruit { id: Some(id(number)), ..new_fruit(name) }
}

async fn ids(store: &Store, after: Option<FruitId>, fruits_max: usize) -> Vec<i64> {
    let after = after.map(|id| Cursor { id, text: None });
    let fruits_max = NonZeroUsize::new(fruits_max).expect("at least one");
    let page = store.page(&Selection::default(), after.as_ref(), fruits_max).await.expect("a page");
    page.fruits.iter().map(|fruit| fruit.id.get()).collect()
}

/// The whole list, read in pages of this size.
async fn list(store: &Store, selection: &Selection, fruits_max: usize) -> Vec<Fruit> {
    let fruits_max = NonZeroUsize::new(fruits_max).expect("at least one");
    let (mut fruits, mut after) = (Vec::new(), None);
    loop {
        let page = store.page(selection, after.as_ref(), fruits_max).await.expect("a page");
        assert!(page.fruits.len() <= fruits_max.get());
        fruits.extend(page.fruits);
        match page.next {
            Some(next) => after = Some(next),
            None => return fruits,
        }
    }
}

fn folded(text: &str) -> Folded {
    Folded::new(text)
}

async fn an_added_fruit_is_there(place: &Place) {
    let store = place.open();
    assert_eq!(store.get(id(1)).await.unwrap(), None);
    let added = store.add(new_fruit("pêche 🍑")).await.unwrap();
    assert_eq!(added, new_fruit("pêche 🍑").with_id(id(1)));
    assert_eq!(store.get(id(1)).await.unwrap(), Some(added.clone()));
    assert_eq!(list(&store, &Selection::default(), 10).await, [added]);
    store.ready().await.unwrap();
}

async fn ids_follow_each_other(place: &Place) {
    let store = place.open();
    for number in 1..=5 {
        assert_eq!(store.add(new_fruit("apple")).await.unwrap().id, id(number));
    }
}

async fn chosen_ids_are_kept_once(place: &Place) {
    let store = place.open();
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

async fn the_sequence_moves_past_chosen_ids(place: &Place) {
    let store = place.open();
    store.add(chosen(10, "apple")).await.unwrap();
    store.add(chosen(4, "apple")).await.unwrap();
    assert_eq!(store.add(new_fruit("apple")).await.unwrap().id, id(11));
    store.add(chosen(11, "apple")).await.unwrap_err();
    assert_eq!(store.add(new_fruit("apple")).await.unwrap().id, id(12));
}

async fn pages_follow_each_other(place: &Place) {
    let store = place.open();
    for number in [2, 3, 5, 8, 13] {
        store.add(chosen(number, "apple")).await.unwrap();
    }
    assert_eq!(ids(&store, None, 2).await, [2, 3]);
    assert_eq!(ids(&store, Some(id(3)), 2).await, [5, 8]);
    assert_eq!(ids(&store, Some(id(4)), 9).await, [5, 8, 13]);
    assert_eq!(ids(&store, Some(id(13)), 2).await, [0_i64; 0]);
    assert_eq!(ids(&store, Some(FruitId::MAX), usize::MAX).await, [0_i64; 0]);
}

async fn lists_are_filtered_without_regard_to_case(place: &Place) {
    let store = place.open();
    for (fruit, color) in [("Äpfel", "ROT"), ("äPFEL", "grün"), ("σύκος", "rot"), ("Straßenobst", "Rot")]
    {
        store.add(labelled(fruit, color)).await.unwrap();
    }
    let ids = async |selection| -> Vec<i64> {
        list(&store, &selection, 1).await.iter().map(|fruit| fruit.id.get()).collect()
    };
    let all = Selection::default;
    assert_eq!(ids(Selection { fruit: Some(folded("ÄPFEL")), ..all() }).await, [1, 2]);
    assert_eq!(ids(Selection { fruit: Some(folded("apfel")), ..all() }).await, [0_i64; 0]);
    assert_eq!(ids(Selection { color: Some(folded("rot")), ..all() }).await, [1, 3, 4]);
    assert_eq!(
        ids(Selection { fruit: Some(folded("ΣΎΚΟΣ")), color: Some(folded("rOT")), ..all() }).await,
        [3]
    );
    assert_eq!(ids(Selection { contains: Some(folded("SSEN")), ..all() }).await, [4]);
    assert_eq!(ids(Selection { contains: Some(folded("ro")), ..all() }).await, [1, 3, 4]);
    assert_eq!(ids(Selection { contains: Some(folded("%")), ..all() }).await, [0_i64; 0]);
    assert_eq!(ids(Selection { sort: SortKey::Color, ..all() }).await, [2, 1, 3, 4]);
    assert_eq!(ids(Selection { sort: SortKey::Fruit, descending: true, ..all() }).await, [3, 2, 1, 4]);
}

fn labelled(fruit: &str, color: &str) -> NewFruit {
    NewFruit {
        id: None,
        fruit: FruitName::parse(fruit).expect("a name"),
        color: Color::parse(color).expect("a color"),
    }
}

/// Every filter with every other in every order, in pages of every size, over fruits that share their texts.
async fn every_selection_is_what_a_few_lines_of_plain_code_select(place: &Place) {
    let store = place.open();
    let texts = ["a", "B", "ab", "É", "z"];
    let mut all = Vec::new();
    for number in 0..40 {
        let (fruit, color) = (texts[number % 5], texts[number * number % 7 % 5]);
        all.push(store.add(labelled(fruit, color)).await.unwrap());
    }
    let wanted = [None, Some(folded("A")), Some(folded("b")), Some(folded("é")), Some(folded("nothing"))];
    for fruit in &wanted {
        for color in &wanted {
            for contains in &wanted {
                for sort in [SortKey::Id, SortKey::Fruit, SortKey::Color] {
                    for descending in [false, true] {
                        let selection = Selection {
                            fruit: fruit.clone(),
                            color: color.clone(),
                            contains: contains.clone(),
                            sort,
                            descending,
                        };
                        let expected = select(&all, &selection);
                        for fruits_max in [1, 3, 100] {
                            let listed = list(&store, &selection, fruits_max).await;
                            assert_eq!(listed, expected, "{selection:?} {fruits_max}");
                        }
                    }
                }
            }
        }
    }
}

fn select(all: &[Fruit], selection: &Selection) -> Vec<Fruit> {
    let (name, color) = (
        |fruit: &Fruit| Folded::new(fruit.fruit.as_str()),
        |fruit: &Fruit| Folded::new(fruit.color.as_str()),
    );
    let mut fruits: Vec<Fruit> = all
        .iter()
        .filter(|fruit| selection.fruit.as_ref().is_none_or(|wanted| name(fruit) == *wanted))
        .filter(|fruit| selection.color.as_ref().is_none_or(|wanted| color(fruit) == *wanted))
        .filter(|fruit| {
            selection.contains.as_ref().is_none_or(|part| {
                name(fruit).as_str().contains(part.as_str()) || color(fruit).as_str().contains(part.as_str())
            })
        })
        .cloned()
        .collect();
    match selection.sort {
        SortKey::Id => {}
        SortKey::Fruit => fruits.sort_by_key(name),
        SortKey::Color => fruits.sort_by_key(color),
    }
    if selection.descending {
        // What is equal is in the order of the ids, which is turned around too.
        fruits.reverse();
    }
    fruits
}

/// A filter that fits one of many rows still finds it, page by page.
async fn a_page_looks_at_a_bounded_number_of_rows(place: &Place) {
    place.fill(10_000);
    let store = place.open();
    let selection = Selection { contains: Some(folded("FRUIT 9999")), ..Selection::default() };
    let first = store.page(&selection, None, NonZeroUsize::MAX).await.unwrap();
    assert!(first.fruits.is_empty() && first.next.is_some(), "{first:?}");
    let found = list(&store, &selection, 100).await;
    assert_eq!(found.iter().map(|fruit| fruit.id.get()).collect::<Vec<_>>(), [9999]);
}

async fn concurrent_adds_get_ids_of_their_own(place: &Place) {
    let store = place.open();
    let adds = (0..200).map(|number| store.add(new_fruit(&format!("fruit {number}"))));
    let added = futures_util::future::try_join_all(adds).await.unwrap();
    for fruit in &added {
        assert_eq!(store.get(fruit.id).await.unwrap().as_ref(), Some(fruit));
    }
    assert_eq!(ids(&store, None, 1000).await, (1..=200).collect::<Vec<i64>>());
}

async fn concurrent_adds_of_one_id_have_one_winner(place: &Place) {
    let store = place.open();
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

async fn the_version_changes_with_each_commit_alone(place: &Place) {
    let store = place.open();
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

async fn a_reopened_store_goes_on(place: &Place) {
    for number in 1..=3 {
        let store = place.open();
        assert_eq!(store.add(new_fruit("apple")).await.unwrap().id, id(number));
    }
}
