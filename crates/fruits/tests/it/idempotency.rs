//! Adds that are sent again under their `Idempotency-Key`.

use axum::{Router, body::Body};
use http::{HeaderName, Method, Request, StatusCode, header};
use serde_json::Value;

use crate::support::{Place, ask, get, on_each_store, routes, send};

on_each_store! {
    the_same_request_is_made_once
    another_request_under_the_key_is_refused
    a_refused_request_leaves_its_key_free
    of_concurrent_requests_one_is_made
    an_answer_is_kept_for_a_day
    keys_that_cannot_be_used_are_400
}

const KEY: HeaderName = HeaderName::from_static("idempotency-key");
const APPLE: &str = r#"{"fruit":"apple","color":"red"}"#;
const FIG: &str = r#"{"fruit":"fig","color":"blue"}"#;

fn add(key: &str, body: &str) -> Request<Body> {
    send(Method::POST, "/fruits", &[(header::CONTENT_TYPE, "application/json"), (KEY, key)], body)
}

async fn count(router: &Router) -> usize {
    ask(router, get("/fruits")).await.json().as_array().map_or(0, Vec::len)
}

async fn the_same_request_is_made_once(place: &Place) {
    let several = format!("[{APPLE},{FIG}]");
    let mut router = routes(place.open());
    for (key, body) in
        [("one", APPLE), ("two", FIG), ("three", &several), ("four", "[{\"fruit\":\"a\",\"color\":\"b\"}]")]
    {
        let first = ask(&router, add(key, body)).await;
        assert_eq!(first.status, StatusCode::CREATED, "{first:?}");
        let fruits = count(&router).await;
        // Also after a restart, when the fruit has changed, and with the quotes that the header may have.
        drop(router);
        place.execute("UPDATE fruits SET color = 'changed'");
        router = routes(place.open());
        for key in [key.to_owned(), format!("\"{key}\"")] {
            let again = ask(&router, add(&key, body)).await;
            assert_eq!((again.status, &again.body), (first.status, &first.body), "{key}");
            for name in [header::LOCATION, header::ETAG] {
                assert_eq!(again.header(name.clone()), first.header(name), "{key}");
            }
        }
        assert_eq!(count(&router).await, fruits);
    }
}

async fn another_request_under_the_key_is_refused(place: &Place) {
    let router = routes(place.open());
    assert_eq!(ask(&router, add("key", APPLE)).await.status, StatusCode::CREATED);
    for body in [FIG, &format!("[{APPLE}]"), &format!(" {APPLE}")] {
        assert_eq!(ask(&router, add("key", body)).await.problem(), "idempotency-key-reused", "{body}");
    }
    assert_eq!(count(&router).await, 1);
}

async fn a_refused_request_leaves_its_key_free(place: &Place) {
    let router = routes(place.open());
    assert_eq!(ask(&router, add("key", "{}")).await.problem(), "invalid-fields");
    let taken = r#"[{"id":1,"fruit":"a","color":"b"},{"id":1,"fruit":"a","color":"b"}]"#;
    let refused = ask(&router, add("key", taken)).await;
    assert_eq!(
        (refused.problem().as_str(), refused.pointers()),
        ("fruit-id-taken", vec!["/1/id".to_owned()])
    );
    assert_eq!(ask(&router, add("key", APPLE)).await.json()["id"], 1);
}

async fn of_concurrent_requests_one_is_made(place: &Place) {
    let router = routes(place.open());
    let requests = (0..20).map(|_| ask(&router, add("key", APPLE)));
    let answers = futures_util::future::join_all(requests).await;
    let made = answers.iter().filter(|answer| answer.status == StatusCode::CREATED).count();
    assert!(made >= 1);
    for answer in answers.iter().filter(|answer| answer.status != StatusCode::CREATED) {
        assert_eq!(
            (answer.status, answer.problem().as_str()),
            (StatusCode::CONFLICT, "idempotency-key-in-use")
        );
        assert_eq!(answer.header(header::RETRY_AFTER), Some("1"));
    }
    assert!(made < 20, "the first was answered before the last arrived");
    assert_eq!(count(&router).await, 1);
    assert_eq!(ask(&router, add("key", APPLE)).await.status, StatusCode::CREATED);
    assert_eq!(count(&router).await, 1);
}

/// Makes the answer under this key as old as this.
fn age(place: &Place, key: &str, seconds: u32) {
    place.execute(&match place {
        Place::File(_) => {
            format!("UPDATE idempotency_keys SET kept_at = unixepoch() - {seconds} WHERE key = '{key}'")
        }
        Place::Database(_) => format!(
            "UPDATE fruits_idempotency_keys SET kept_at = now() - interval '{seconds} seconds' WHERE key = '{key}'"
        ),
    });
}

/// The keys that are kept.
fn keys(place: &Place) -> Vec<String> {
    match place {
        Place::File(folder) => {
            let connection = folder.connect();
            let mut statement = connection.prepare("SELECT key FROM idempotency_keys").unwrap();
            let keys = statement.query_map([], |row| row.get(0)).unwrap();
            keys.collect::<Result<_, _>>().unwrap()
        }
        Place::Database(database) => database.rows("SELECT key FROM fruits_idempotency_keys"),
    }
}

async fn an_answer_is_kept_for_a_day(place: &Place) {
    const DAY_SECONDS: u32 = 24 * 3600;
    let router = routes(place.open_to_others());
    for (key, seconds) in [("young", DAY_SECONDS - 60), ("old", DAY_SECONDS + 1)] {
        ask(&router, add(key, APPLE)).await;
        age(place, key, seconds);
    }
    assert_eq!(ask(&router, add("young", APPLE)).await.json()["id"], 1);
    assert_eq!(ask(&router, add("old", FIG)).await.json()["id"], 3);
    for key in ["young", "old"] {
        age(place, key, DAY_SECONDS + 1);
    }
    ask(&router, add("another", APPLE)).await;
    assert_eq!(keys(place), ["another"]);
}

async fn keys_that_cannot_be_used_are_400(place: &Place) {
    let router = routes(place.open());
    for key in ["", "a b", "\"\"", &"k".repeat(256)] {
        assert_eq!(ask(&router, add(key, APPLE)).await.problem(), "malformed-request", "{key}");
    }
    let headers = [(header::CONTENT_TYPE, "application/json"), (KEY, "a"), (KEY, "b")];
    let twice = ask(&router, send(Method::POST, "/fruits", &headers, APPLE)).await;
    assert_eq!(twice.problem(), "malformed-request");
    assert_eq!(ask(&router, get("/fruits")).await.json(), Value::Array(Vec::new()));
    assert_eq!(ask(&router, add(&"k".repeat(255), APPLE)).await.status, StatusCode::CREATED);
}
