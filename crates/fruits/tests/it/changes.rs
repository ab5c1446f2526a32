//! Replacing, changing and deleting a fruit, and adding several.

use axum::Router;
use http::{HeaderName, Method, StatusCode, header};
use serde_json::{Value, json};

use crate::support::{Answer, Place, ask, get, on_each_store, post, routes, send};

on_each_store! {
    a_replaced_fruit_is_the_new_one
    a_changed_fruit_keeps_the_rest
    a_deleted_fruit_and_its_id_are_gone
    several_are_added_in_their_order
    several_are_added_all_or_none
    a_thousand_are_added_and_not_one_more
    bad_changes_change_nothing
    a_change_must_be_a_merge_patch
}

const JSON: (HeaderName, &str) = (header::CONTENT_TYPE, "application/json");
const MERGE_PATCH: (HeaderName, &str) = (header::CONTENT_TYPE, "application/merge-patch+json");

async fn catalogue(place: &Place, fruits: usize) -> Router {
    let router = routes(place.open());
    for _ in 0..fruits {
        assert_eq!(
            ask(&router, post(r#"{"fruit":"apple","color":"red"}"#)).await.status,
            StatusCode::CREATED
        );
    }
    router
}

async fn put(router: &Router, path: &str, body: &Value) -> Answer {
    ask(router, send(Method::PUT, path, &[JSON], &body.to_string())).await
}

async fn patch(router: &Router, path: &str, body: &Value) -> Answer {
    ask(router, send(Method::PATCH, path, &[MERGE_PATCH], &body.to_string())).await
}

async fn delete(router: &Router, path: &str) -> Answer {
    ask(router, send(Method::DELETE, path, &[], "")).await
}

async fn a_replaced_fruit_is_the_new_one(place: &Place) {
    let router = catalogue(place, 2).await;
    let replaced = put(&router, "/fruits/1", &json!({"fruit": " Birne ", "color": "gelb"})).await;
    assert_eq!((replaced.status, replaced.header(header::ETAG)), (StatusCode::OK, Some("\"2\"")));
    assert_eq!(replaced.body, r#"{"id":1,"fruit":"Birne","color":"gelb"}"#);
    assert_eq!(ask(&router, get("/fruits/1")).await.body, replaced.body);
    assert_eq!(ask(&router, get("/fruits?fruit=BIRNE")).await.json(), json!([replaced.json()]));
    assert_eq!(ask(&router, get("/fruits?fruit=apple")).await.json().as_array().map(Vec::len), Some(1));
    // What was got can be sent back, and changes nothing.
    let again = put(&router, "/fruits/1", &replaced.json()).await;
    assert_eq!((again.status, again.header(header::ETAG)), (StatusCode::OK, Some("\"2\"")));
}

async fn a_changed_fruit_keeps_the_rest(place: &Place) {
    let router = catalogue(place, 1).await;
    for (body, fruit, color, tag) in [
        (json!({"color": "green"}), "apple", "green", "\"2\""),
        (json!({"fruit": "fig"}), "fig", "green", "\"3\""),
        (json!({}), "fig", "green", "\"3\""),
        (json!({"color": " green "}), "fig", "green", "\"3\""),
        (json!({"id": 1, "fruit": "Fig", "color": "green"}), "Fig", "green", "\"4\""),
    ] {
        let changed = patch(&router, "/fruits/1", &body).await;
        assert_eq!((changed.status, changed.header(header::ETAG)), (StatusCode::OK, Some(tag)), "{body}");
        assert_eq!(changed.json(), json!({"id": 1, "fruit": fruit, "color": color}), "{body}");
        assert_eq!(ask(&router, get("/fruits/1")).await.body, changed.body);
    }
}

async fn a_deleted_fruit_and_its_id_are_gone(place: &Place) {
    {
        let router = catalogue(place, 3).await;
        for path in ["/fruits/2", "/fruits/3"] {
            let deleted = delete(&router, path).await;
            assert_eq!((deleted.status, deleted.body.len()), (StatusCode::NO_CONTENT, 0));
            assert_eq!(ask(&router, get(path)).await.problem(), "not-found");
            assert_eq!(delete(&router, path).await.problem(), "not-found");
            assert_eq!(
                put(&router, path, &json!({"fruit": "fig", "color": "red"})).await.problem(),
                "not-found"
            );
            assert_eq!(patch(&router, path, &json!({"fruit": "fig"})).await.problem(), "not-found");
        }
    }
    // Neither is it after a restart.
    let router = catalogue(place, 0).await;
    let chosen = ask(&router, post(r#"{"id":3,"fruit":"fig","color":"red"}"#)).await;
    assert_eq!((chosen.problem().as_str(), chosen.pointers()), ("fruit-id-taken", vec!["/id".to_owned()]));
    let added = ask(&router, post(r#"{"fruit":"fig","color":"red"}"#)).await;
    assert_eq!(added.json()["id"], 4);
    assert_eq!(ask(&router, get("/fruits")).await.json().as_array().map(Vec::len), Some(2));
}

async fn several_are_added_in_their_order(place: &Place) {
    let router = catalogue(place, 1).await;
    let body = json!([
        {"fruit": "a", "color": "x"}, {"id": 10, "fruit": "b", "color": "x"}, {"fruit": "c", "color": "x"}
    ]);
    let added = ask(&router, post(format!(" \n{body}"))).await;
    assert_eq!((added.status, added.header(header::LOCATION)), (StatusCode::CREATED, None));
    let ids: Vec<_> = added.json().as_array().unwrap().iter().map(|fruit| fruit["id"].clone()).collect();
    assert_eq!(ids, [2, 10, 11]);
    assert_eq!(ask(&router, get("/fruits?color=x")).await.body, added.body);
}

async fn several_are_added_all_or_none(place: &Place) {
    let router = catalogue(place, 1).await;
    let before = ask(&router, get("/fruits")).await.body;
    for (body, pointer) in [
        (json!([{"fruit": "a", "color": "x"}, {"id": 1, "fruit": "b", "color": "x"}]), "/1/id"),
        (json!([{"id": 1, "fruit": "b", "color": "x"}]), "/0/id"),
        (json!([{"id": 7, "fruit": "a", "color": "x"}, {"id": 7, "fruit": "b", "color": "x"}]), "/1/id"),
    ] {
        let refused = ask(&router, post(body.to_string())).await;
        assert_eq!(
            (refused.problem().as_str(), refused.pointers()),
            ("fruit-id-taken", vec![pointer.to_owned()])
        );
        assert_eq!(ask(&router, get("/fruits")).await.body, before);
    }
    // The id of one that was taken back with the others is still free.
    assert_eq!(ask(&router, post(r#"{"id":7,"fruit":"c","color":"x"}"#)).await.status, StatusCode::CREATED);
}

async fn a_thousand_are_added_and_not_one_more(place: &Place) {
    let router = catalogue(place, 0).await;
    let fruits = |count| Value::from(vec![json!({"fruit": "fig", "color": "blue"}); count]).to_string();
    let refused = ask(&router, post(fruits(1001))).await;
    assert_eq!((refused.problem().as_str(), refused.pointers()), ("invalid-fields", vec![String::new()]));
    assert_eq!(ask(&router, get("/fruits")).await.body, "[]");
    assert_eq!(ask(&router, post(fruits(1000))).await.status, StatusCode::CREATED);
    assert_eq!(ask(&router, get("/fruits")).await.json().as_array().map(Vec::len), Some(1000));
}

async fn bad_changes_change_nothing(place: &Place) {
    let router = catalogue(place, 1).await;
    let long = "a".repeat(101);
    for (method, body, pointers) in [
        (Method::PUT, json!({}), &["/fruit", "/color"][..]),
        (Method::PUT, json!({"fruit": "fig"}), &["/color"]),
        (Method::PUT, json!({"id": 2, "fruit": "fig", "color": "red"}), &["/id"]),
        (Method::PUT, json!({"id": "1", "fruit": "fig", "color": "red"}), &["/id"]),
        (Method::PUT, json!([{"fruit": "fig", "color": "red"}]), &[""]),
        (Method::PATCH, json!({"fruit": null}), &["/fruit"]),
        (Method::PATCH, json!({"id": null, "color": null}), &["/id", "/color"]),
        (Method::PATCH, json!({"id": 2}), &["/id"]),
        (Method::PATCH, json!({"fruit": "", "color": long}), &["/fruit", "/color"]),
        (Method::PATCH, json!({"size": 1}), &["/size"]),
        (Method::PATCH, json!("fig"), &[""]),
        (Method::PATCH, json!(null), &[""]),
    ] {
        let refused = if method == Method::PUT {
            put(&router, "/fruits/1", &body).await
        } else {
            patch(&router, "/fruits/1", &body).await
        };
        assert_eq!(refused.problem(), "invalid-fields", "{method} {body}");
        assert_eq!(refused.pointers(), pointers, "{method} {body}");
    }
    for method in [Method::PUT, Method::PATCH] {
        let malformed = send(method.clone(), "/fruits/1", &[MERGE_PATCH], "{\"fruit\":");
        assert_eq!(ask(&router, malformed).await.problem(), "malformed-request");
        for path in ["/fruits/0", "/fruits/x", "/fruits/1?force"] {
            let request = send(method.clone(), path, &[MERGE_PATCH], "{}");
            assert_eq!(ask(&router, request).await.problem(), "malformed-request", "{method} {path}");
        }
    }
    assert_eq!(
        ask(&router, send(Method::DELETE, "/fruits/1?force", &[], "")).await.problem(),
        "malformed-request"
    );
    let found = ask(&router, get("/fruits/1")).await;
    assert_eq!((found.header(header::ETAG), &found.json()["fruit"]), (Some("\"1\""), &json!("apple")));
}

async fn a_change_must_be_a_merge_patch(place: &Place) {
    let router = catalogue(place, 1).await;
    for headers in [&[JSON][..], &[], &[(header::CONTENT_TYPE, "application/json-patch+json")]] {
        let refused = ask(&router, send(Method::PATCH, "/fruits/1", headers, "{}")).await;
        assert_eq!(refused.problem(), "unsupported-media-type");
        let accepted = refused.header(HeaderName::from_static("accept-patch"));
        assert_eq!(accepted, Some("application/merge-patch+json"));
    }
    let charset = (header::CONTENT_TYPE, "Application/Merge-Patch+JSON; charset=utf-8");
    assert_eq!(ask(&router, send(Method::PATCH, "/fruits/1", &[charset], "{}")).await.status, StatusCode::OK);
}
