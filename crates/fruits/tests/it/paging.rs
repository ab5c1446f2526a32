//! Lists that are read page by page while the catalogue changes.

use std::collections::BTreeSet;

use axum::Router;
use http::{Method, StatusCode};
use proptest::prelude::*;
use serde_json::json;

use crate::{
    list_query::{catalogue, page, pages},
    support::{Place, ask, post, send},
};

/// A catalogue that is read page by page while it changes.
#[derive(Debug)]
struct Paging {
    before: Vec<String>,
    meanwhile: Vec<String>,
    deleted: BTreeSet<u64>,
    limit: usize,
    sort: &'static str,
}

fn paging() -> impl Strategy<Value = Paging> {
    let before = prop::collection::vec("[abc]{1,2}", 1..60);
    let meanwhile = prop::collection::vec("[abcABC]{1,2}", 0..60);
    let deleted = prop::collection::btree_set(1_u64..60, 0..30);
    let sort = prop::sample::select(vec!["id", "-id", "fruit", "-fruit", "color", "-color"]);
    (before, meanwhile, deleted, 1_usize..9, sort).prop_map(|(before, meanwhile, deleted, limit, sort)| {
        Paging { before, meanwhile, deleted, limit, sort }
    })
}

/// Every other one to each of two clients.
fn deal<T>(all: impl IntoIterator<Item = T>) -> [Vec<T>; 2] {
    let (mut dealt, mut spare) = (Vec::new(), Vec::new());
    for one in all {
        dealt.push(one);
        std::mem::swap(&mut dealt, &mut spare);
    }
    [dealt, spare]
}

/// Adds and deletes in turn.
async fn change(router: Router, added: Vec<String>, deleted: Vec<u64>) {
    let mut deleted = deleted.into_iter();
    for text in added {
        let added = ask(&router, post(json!({"fruit": text, "color": text}).to_string())).await;
        assert_eq!(added.status, StatusCode::CREATED);
        if let Some(id) = deleted.next() {
            let gone = ask(&router, send(Method::DELETE, &format!("/fruits/{id}"), &[], "")).await;
            assert!([StatusCode::NO_CONTENT, StatusCode::NOT_FOUND].contains(&gone.status), "{gone:?}");
        }
    }
}

/// Whoever follows the links sees once each fruit that was there all the while, in order, whatever is added and
/// deleted meanwhile.
async fn paging_skips_and_repeats_nothing(place: &Place, paging: Paging) {
    let Paging { before, meanwhile, deleted, limit, sort } = paging;
    let texts: Vec<_> = before.iter().map(|text| (text.as_str(), text.as_str())).collect();
    let router = catalogue(place, &texts).await;
    let (there, _) = page(&router, "/fruits").await;
    assert_eq!(there.len(), before.len());
    let there: BTreeSet<u64> = there.into_iter().filter(|id| !deleted.contains(id)).collect();
    let changers = deal(meanwhile).into_iter().zip(deal(deleted));
    let changers: Vec<_> =
        changers.map(|(added, deleted)| tokio::spawn(change(router.clone(), added, deleted))).collect();
    let seen = pages(&router, &format!("/fruits?limit={limit}&sort={sort}")).await;
    for changer in changers {
        changer.await.unwrap();
    }
    let seen: Vec<u64> = seen.into_iter().flatten().collect();
    let distinct: BTreeSet<u64> = seen.iter().copied().collect();
    assert_eq!(distinct.len(), seen.len(), "a fruit came twice");
    assert!(there.is_subset(&distinct), "a fruit was skipped");
    let (whole, _) = page(&router, &format!("/fruits?sort={sort}")).await;
    let left: BTreeSet<u64> = whole.iter().copied().collect();
    let order: Vec<u64> = whole.into_iter().filter(|id| distinct.contains(id)).collect();
    let seen: Vec<u64> = seen.into_iter().filter(|id| left.contains(id)).collect();
    assert_eq!(seen, order, "the pages are not in the list's order");
}

fn check(place: &Place, paging: Paging) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(paging_skips_and_repeats_nothing(place, paging));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn paging_under_concurrent_changes_skips_and_repeats_nothing(paging in paging()) {
        check(&Place::file(), paging);
    }
}

mod postgres {
    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

        #[test]
        fn paging_under_concurrent_changes_skips_and_repeats_nothing(paging in paging()) {
            check(&Place::database(), paging);
        }
    }
}
