//! Lists of every size, while the catalogue changes and while the client does not read.

use std::fs;

use axum::{Router, body::Body};
use http::{StatusCode, header};
use http_body_util::BodyExt as _;
use serde_json::Value;
use tower::ServiceExt as _;

use crate::support::{Folder, ask, get, new_fruit, post, routes};

async fn list(router: &Router) -> Vec<Value> {
    let answer = ask(router, get("/fruits")).await;
    assert_eq!(answer.status, StatusCode::OK);
    answer.json().as_array().expect("an array").clone()
}

fn assert_whole(list: &[Value], fruits: u32) {
    let ids: Vec<u64> = list.iter().map(|fruit| fruit["id"].as_u64().expect("an id")).collect();
    assert_eq!(ids, (1..=u64::from(fruits)).collect::<Vec<_>>());
    assert!(
        list.iter()
            .all(|fruit| fruit["fruit"] == format!("fruit {}", fruit["id"]) && fruit["color"] == "red")
    );
}

/// Around one page, around several, and around the largest list that is kept.
#[tokio::test]
async fn lists_of_every_size_are_whole() {
    for fruits in [1, 511, 512, 513, 1023, 1024, 1025, 21_000, 60_000] {
        let folder = Folder::new();
        folder.fill(fruits);
        let router = routes(folder.open());
        for _ in 0..2 {
            assert_whole(&list(&router).await, fruits);
        }
    }
}

#[tokio::test]
async fn every_list_sees_what_was_added_before_it() {
    let folder = Folder::new();
    folder.fill(3);
    let router = routes(folder.open());
    for fruits in 3..40 {
        assert_eq!(list(&router).await.len(), fruits);
        assert_eq!(list(&router).await.len(), fruits);
        ask(&router, post(r#"{"fruit":"apple","color":"red"}"#)).await;
    }
}

#[tokio::test]
async fn every_list_sees_what_another_program_changed() {
    let folder = Folder::new();
    folder.fill(3);
    let router = routes(folder.open_to_others());
    assert_eq!(list(&router).await.len(), 3);
    folder.execute("DELETE FROM fruits WHERE id = 2");
    assert_eq!(list(&router).await.len(), 2);
    assert_eq!(ask(&router, get("/fruits/2")).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn lists_under_writes_never_lack_an_acknowledged_fruit() {
    let folder = Folder::new();
    let router = routes(folder.open());
    let writers: Vec<_> = (0..4)
        .map(|_| {
            let router = router.clone();
            tokio::spawn(async move {
                for _ in 0..60 {
                    let added = ask(&router, post(r#"{"fruit":"apple","color":"red"}"#)).await;
                    let id = added.json()["id"].clone();
                    let listed = list(&router).await;
                    assert!(
                        listed.iter().any(|fruit| fruit["id"] == id),
                        "{id} is not in the list after its 201"
                    );
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    assert_eq!(list(&router).await.len(), 240);
}

#[tokio::test]
async fn a_small_list_has_a_length_and_a_large_one_is_streamed() {
    for (fruits, streamed) in [(500, false), (1000, false), (60_000, true)] {
        let folder = Folder::new();
        folder.fill(fruits);
        let router = routes(folder.open());
        list(&router).await;
        let response = router.oneshot(get("/fruits")).await.unwrap();
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/json");
        let length = http_body::Body::size_hint(response.body()).exact();
        assert_eq!(length.is_none(), streamed, "{fruits}");
    }
}

#[tokio::test]
async fn a_client_that_stops_reading_does_not_hold_the_log() {
    let folder = Folder::new();
    folder.fill(20_000);
    let store = folder.open();
    let router = routes(store);
    let mut body: Body = router.clone().oneshot(get("/fruits")).await.unwrap().into_body();
    let mut received = body.frame().await.unwrap().unwrap().into_data().unwrap().to_vec();

    // Each commit writes at least two pages of 4 KiB to the log: 16 MB if it were never folded back.
    let name = new_fruit(&"x".repeat(100));
    for _ in 0..20 {
        let adds = (0..100).map(|_| {
            let body = format!(r#"{{"fruit":"{}","color":"red"}}"#, name.fruit.as_str());
            let router = router.clone();
            async move { ask(&router, post(body)).await.status }
        });
        for add in adds {
            assert_eq!(add.await, StatusCode::CREATED);
        }
    }
    let log = fs::metadata(folder.path().join("fruits.db-wal")).unwrap().len();
    assert!(log < 8 << 20, "the log grew to {log} bytes");

    while let Some(frame) = body.frame().await {
        received.extend_from_slice(&frame.unwrap().into_data().unwrap());
    }
    let listed: Vec<Value> = serde_json::from_slice(&received).unwrap();
    assert!(listed.len() >= 20_000);
    assert_whole(&listed[..20_000], 20_000);
}

#[tokio::test]
async fn a_list_that_fails_on_its_way_breaks_off() {
    let folder = Folder::new();
    folder.fill(2_000);
    let router = routes(folder.open_to_others());
    let mut body = router.oneshot(get("/fruits")).await.unwrap().into_body();
    body.frame().await.unwrap().unwrap();
    folder.execute("ALTER TABLE fruits RENAME TO gone");
    body.collect().await.expect_err("a list that was cut off must not look whole");
}

#[tokio::test]
async fn a_list_that_fails_at_once_is_a_problem() {
    let folder = Folder::new();
    folder.fill(1);
    let router = routes(folder.open_to_others());
    folder.execute("ALTER TABLE fruits RENAME TO secret_table");
    for path in ["/fruits", "/fruits/1"] {
        let answer = ask(&router, get(path)).await;
        assert_eq!(answer.problem(), "internal-error");
        assert!(!String::from_utf8_lossy(&answer.body).contains("table"), "{answer:?}");
    }
}
