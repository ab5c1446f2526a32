//! Lists that are selected, ordered and paged by their query.

use std::collections::BTreeSet;

use axum::Router;
use http::{StatusCode, header};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use crate::support::{Place, ask, get, on_each_store, post, routes};

on_each_store! {
    filters_and_orders_by_query
    a_limit_pages_and_links
    filtered_lists_of_many_pages_are_whole
}

/// With these fruits, each with its color.
pub(crate) async fn catalogue(place: &Place, fruits: &[(&str, &str)]) -> Router {
    let router = routes(place.open());
    for (fruit, color) in fruits {
        let body = json!({"fruit": fruit, "color": color}).to_string();
        assert_eq!(ask(&router, post(body)).await.status, StatusCode::CREATED);
    }
    router
}

fn ids(list: &Value) -> Vec<u64> {
    list.as_array().expect("an array").iter().map(|fruit| fruit["id"].as_u64().expect("an id")).collect()
}

/// The ids of one answer, and where its `Link` leads.
pub(crate) async fn page(router: &Router, path: &str) -> (Vec<u64>, Option<String>) {
    let answer = ask(router, get(path)).await;
    assert_eq!(answer.status, StatusCode::OK, "{path}: {answer:?}");
    let next = answer.header(header::LINK).map(|link| {
        let path = link.strip_prefix('<').and_then(|link| link.strip_suffix(">; rel=\"next\""));
        path.expect("one link to the next page").to_owned()
    });
    (ids(&answer.json()), next)
}

/// Page after page, from this one on.
pub(crate) async fn pages(router: &Router, path: &str) -> Vec<Vec<u64>> {
    let (mut pages, mut next) = (Vec::new(), Some(path.to_owned()));
    while let Some(path) = next {
        let (ids, link) = page(router, &path).await;
        pages.push(ids);
        next = link;
        assert!(pages.len() < 1000, "the links go round in a circle: {path}");
    }
    pages
}

async fn filters_and_orders_by_query(place: &Place) {
    let fruits = [("apple", "Red"), ("Apple", "green"), ("fig", "red"), ("Crab apple", "RED")];
    let router = catalogue(place, &fruits).await;
    for (query, expected) in [
        ("fruit=APPLE", &[1, 2][..]),
        ("fruit=apple&color=red", &[1]),
        ("color=%20ReD%20", &[1, 3, 4]),
        ("q=pple", &[1, 2, 4]),
        ("q=crab+a", &[4]),
        ("q=ed", &[1, 3, 4]),
        ("sort=fruit", &[1, 2, 4, 3]),
        ("sort=-fruit", &[3, 4, 2, 1]),
        ("sort=-id", &[4, 3, 2, 1]),
        ("sort=color&fruit=apple", &[2, 1]),
        ("after=2", &[3, 4]),
        ("sort=-id&after=2", &[1]),
        ("after=2,apple&sort=fruit", &[4, 3]),
        ("fruit=nothing", &[]),
        ("after=9007199254740991", &[]),
    ] {
        assert_eq!(page(&router, &format!("/fruits?{query}")).await, (expected.to_vec(), None), "{query}");
    }
}

async fn a_limit_pages_and_links(place: &Place) {
    let router =
        catalogue(place, &[("a", "x"), ("B", "ü & ö"), ("a", "Ü & Ö"), ("c", "x"), ("b", "ü & ö")]).await;
    for (query, expected) in [
        ("limit=2", vec![vec![1, 2], vec![3, 4], vec![5]]),
        ("limit=5", vec![vec![1, 2, 3, 4, 5]]),
        ("limit=1000", vec![vec![1, 2, 3, 4, 5]]),
        ("limit=4&sort=-id", vec![vec![5, 4, 3, 2], vec![1]]),
        ("sort=fruit&limit=1", vec![vec![1], vec![3], vec![2], vec![5], vec![4]]),
        ("sort=-color&limit=2", vec![vec![5, 3], vec![2, 4], vec![1]]),
        ("color=%C3%BC+%26+%c3%b6&limit=2", vec![vec![2, 3], vec![5]]),
        ("limit=1&q=b&sort=color", vec![vec![2], vec![5]]),
    ] {
        assert_eq!(pages(&router, &format!("/fruits?{query}")).await, expected, "{query}");
    }
    let answer = ask(&router, get("/fruits?q=%C3%BC%20%26&limit=1&sort=color")).await;
    let link = "</fruits?q=%C3%BC%20%26&limit=1&sort=color&after=2%2C%C3%BC%20%26%20%C3%B6>; rel=\"next\"";
    assert_eq!(answer.header(header::LINK), Some(link));
}

#[tokio::test]
async fn values_that_cannot_be_used_are_400() {
    let place = Place::file();
    let router = catalogue(&place, &[("apple", "red")]).await;
    let long = "a".repeat(101);
    let cursor = format!("1,{}", "a".repeat(4097));
    for (name, values) in [
        ("limit", &["", "0", "1001", "-1", "+1", "01", "1.0", "ten", "99999999999999999999999", " 1"][..]),
        ("sort", &["", "-", "name", "ID", "--id", "id,fruit", "+id"]),
        ("after", &["", "0", "-1", "abc", "01", "9007199254740992", "1,apple", ","]),
        ("fruit", &["", "  ", "a\tb", &long]),
        ("color", &["", "a\u{0}b", &long]),
        ("q", &["", "\n", &long]),
        ("sort=fruit&after", &["1", "apple", ",apple", "0,apple", &cursor, "1,\0", "1,a\tb", "1,\u{85}"]),
    ] {
        for value in values {
            let value = utf8_percent_encode(value, NON_ALPHANUMERIC);
            let answer = ask(&router, get(&format!("/fruits?{name}={value}"))).await;
            assert_eq!(answer.problem(), "malformed-request", "{name}={value}: {answer:?}");
            let name = name.rsplit('&').next().unwrap();
            assert_eq!(answer.pointers(), [format!("?{name}")], "{value}");
        }
    }
    for query in ["limit=1&limit=1", "q=a&sort=id&q=b", "fruit=apple&fruit=apple", "after=1&%61fter=1"] {
        let answer = ask(&router, get(&format!("/fruits?{query}"))).await;
        assert_eq!((answer.status, answer.pointers().len()), (StatusCode::BAD_REQUEST, 1), "{query}");
        assert!(answer.json()["detail"].as_str().unwrap().contains("more than once"), "{answer:?}");
    }
    let answer = ask(&router, get("/fruits?after=abc")).await;
    assert_eq!(
        answer.json()["detail"],
        "The query parameter after names a fruit by its id, which must be a whole number from 1 to 9007199254740991, \
         in plain digits."
    );
    let hundred = "a".repeat(100);
    for query in ["limit=1", "limit=1000", &format!("q={hundred}"), &format!("sort=fruit&after=1,{hundred}")]
    {
        assert_eq!(ask(&router, get(&format!("/fruits?{query}"))).await.status, StatusCode::OK, "{query}");
    }
}

/// Long lists with filters are streamed too, whether much of them fits, little or nothing.
async fn filtered_lists_of_many_pages_are_whole(place: &Place) {
    place.fill(20_000);
    place.execute("UPDATE fruits SET color = 'Blue', color_folded = 'blue', revision = 2 WHERE id % 2 = 0");
    let router = routes(place.open());
    for (query, fruits) in [
        ("color=red", 10_000),
        ("sort=-color", 20_000),
        ("sort=fruit&color=BLUE", 10_000),
        ("q=fruit", 20_000),
        ("q=99", (1..=20_000).filter(|id: &u32| id.to_string().contains("99")).count()),
        ("q=FRUIT+19999", 1),
        ("q=nothing", 0),
        ("sort=color&q=nothing", 0),
    ] {
        let (ids, _) = page(&router, &format!("/fruits?{query}")).await;
        let distinct: BTreeSet<_> = ids.iter().collect();
        assert_eq!((ids.len(), distinct.len()), (fruits, fruits), "{query}");
    }
    let (last, next) = page(&router, "/fruits?q=fruit+19999&limit=1").await;
    assert_eq!((last, next), (vec![19_999], None));
}
