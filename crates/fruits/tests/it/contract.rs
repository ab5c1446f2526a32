//! What each endpoint answers when nothing is wrong, and the two conflicts.

use axum::Router;
use http::{StatusCode, header};
use serde_json::{Value, json};

use crate::support::{Folder, ask, get, post, routes};

fn catalogue(folder: &Folder) -> Router {
    routes(folder.open())
}

async fn add(router: &Router, body: Value) -> (StatusCode, Value) {
    let answer = ask(router, post(body.to_string())).await;
    (answer.status, answer.json())
}

#[tokio::test]
async fn a_fruit_that_is_added_is_found() {
    let folder = Folder::new();
    let router = catalogue(&folder);
    let added = ask(&router, post(r#"{"fruit":"apple","color":"red"}"#)).await;
    assert_eq!(added.status, StatusCode::CREATED);
    assert_eq!(added.header(header::LOCATION), Some("/fruits/1"));
    assert_eq!(added.header(header::CONTENT_TYPE), Some("application/json"));
    assert_eq!(added.body, r#"{"id":1,"fruit":"apple","color":"red"}"#);

    let found = ask(&router, get("/fruits/1")).await;
    assert_eq!(found.status, StatusCode::OK);
    assert_eq!(found.header(header::CONTENT_TYPE), Some("application/json"));
    assert_eq!(found.body, added.body);
}

#[tokio::test]
async fn the_list_is_a_bare_array_by_id() {
    let folder = Folder::new();
    let router = catalogue(&folder);
    let empty = ask(&router, get("/fruits")).await;
    assert_eq!((empty.status, &empty.body[..]), (StatusCode::OK, &b"[]"[..]));
    assert_eq!(empty.header(header::CONTENT_TYPE), Some("application/json"));

    for (id, fruit) in [(7, "pear"), (3, "plum"), (5, "fig")] {
        add(&router, json!({"id": id, "fruit": fruit, "color": "green"})).await;
    }
    let list = ask(&router, get("/fruits")).await;
    assert_eq!(
        list.body,
        r#"[{"id":3,"fruit":"plum","color":"green"},{"id":5,"fruit":"fig","color":"green"},{"id":7,"fruit":"pear","color":"green"}]"#
    );
}

#[tokio::test]
async fn the_same_fruit_may_be_added_twice() {
    let folder = Folder::new();
    let router = catalogue(&folder);
    let apple = json!({"fruit": "apple", "color": "red"});
    assert_eq!(add(&router, apple.clone()).await.1["id"], 1);
    assert_eq!(add(&router, apple).await.1["id"], 2);
}

#[tokio::test]
async fn texts_are_trimmed_and_composed_and_survive_json() {
    let folder = Folder::new();
    let router = catalogue(&folder);
    let (status, fruit) =
        add(&router, json!({"fruit": "  pe\u{301}che \"x\\y\" 🍑 ", "color": "</script>\u{2028}."})).await;
    assert_eq!(status, StatusCode::CREATED);
    let expected = json!({"id": 1, "fruit": "p\u{e9}che \"x\\y\" 🍑", "color": "</script>\u{2028}."});
    assert_eq!(fruit, expected);
    assert_eq!(ask(&router, get("/fruits/1")).await.json(), expected);
    assert_eq!(ask(&router, get("/fruits")).await.json(), json!([expected]));
}

#[tokio::test]
async fn a_free_id_is_used_and_the_sequence_moves_past_it() {
    let folder = Folder::new();
    let router = catalogue(&folder);
    let fruit = |id: Value| json!({"id": id, "fruit": "apple", "color": "red"});
    assert_eq!(add(&router, fruit(json!(10))).await.1["id"], 10);
    assert_eq!(add(&router, fruit(json!(4))).await.1["id"], 4);
    assert_eq!(add(&router, fruit(Value::Null)).await.1["id"], 11);
    assert_eq!(add(&router, fruit(json!(2.0))).await.1["id"], 2);
}

#[tokio::test]
async fn a_taken_id_is_a_conflict() {
    let folder = Folder::new();
    let router = catalogue(&folder);
    let seven = json!({"id": 7, "fruit": "apple", "color": "red"}).to_string();
    assert_eq!(ask(&router, post(seven.clone())).await.status, StatusCode::CREATED);
    let again = ask(&router, post(seven)).await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    assert_eq!(again.problem(), "fruit-id-taken");
    assert_eq!(again.pointers(), ["/id"]);
    assert_eq!(add(&router, json!({"fruit": "fig", "color": "red"})).await.1["id"], 8);
}

#[tokio::test]
async fn an_id_is_never_given_twice_even_when_its_fruit_is_gone() {
    let folder = Folder::new();
    let router = catalogue(&folder);
    for _ in 0..3 {
        add(&router, json!({"fruit": "apple", "color": "red"})).await;
    }
    drop(router);
    folder.execute("DELETE FROM fruits WHERE id = 3");
    let router = catalogue(&folder);
    assert_eq!(add(&router, json!({"fruit": "fig", "color": "red"})).await.1["id"], 4);
}

#[tokio::test]
async fn after_the_largest_id_only_chosen_ids_are_left() {
    let folder = Folder::new();
    let router = catalogue(&folder);
    let largest = 9_007_199_254_740_991_u64;
    let (status, fruit) = add(&router, json!({"id": largest, "fruit": "last", "color": "red"})).await;
    assert_eq!((status, &fruit["id"]), (StatusCode::CREATED, &json!(largest)));
    assert_eq!(ask(&router, get("/fruits/9007199254740991")).await.json(), fruit);
    for _ in 0..3 {
        let refused = ask(&router, post(r#"{"fruit":"one more","color":"red"}"#)).await;
        assert_eq!(refused.status, StatusCode::CONFLICT);
        assert_eq!(refused.problem(), "fruit-ids-exhausted");
    }
    assert_eq!(add(&router, json!({"id": 1, "fruit": "first", "color": "red"})).await.0, StatusCode::CREATED);
    assert_eq!(ask(&router, get("/fruits")).await.json().as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn what_is_not_there_is_404() {
    let folder = Folder::new();
    let router = catalogue(&folder);
    for id in ["1", "9007199254740991"] {
        let answer = ask(&router, get(&format!("/fruits/{id}"))).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND);
        assert_eq!(answer.problem(), "not-found");
        assert!(answer.json()["detail"].as_str().is_some_and(|detail| detail.contains(id)));
    }
}

#[tokio::test]
async fn fruits_outlive_a_restart() {
    let folder = Folder::new();
    let before = {
        let router = catalogue(&folder);
        for fruit in ["apple", "pear"] {
            add(&router, json!({"fruit": fruit, "color": "red"})).await;
        }
        ask(&router, get("/fruits")).await.body
    };
    let router = catalogue(&folder);
    assert_eq!(ask(&router, get("/fruits")).await.body, before);
    assert_eq!(add(&router, json!({"fruit": "fig", "color": "red"})).await.1["id"], 3);
}

#[tokio::test]
async fn it_is_ready_while_it_can_read_and_write() {
    let folder = Folder::new();
    let service = fruits::serve(folder.open_to_others());
    (service.ready)().await.expect("ready");
    folder.execute("ALTER TABLE fruits RENAME TO gone");
    (service.ready)().await.expect_err("there is nothing to read");
}
