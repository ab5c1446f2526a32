//! Conditional requests: what a client has is not sent again, what it did not see is not written over.

use axum::Router;
use http::{HeaderName, Method, StatusCode, header};

use crate::support::{Place, ask, get, on_each_store, post, routes, send};

on_each_store! {
    a_fruit_that_the_client_has_is_not_sent_again
    what_the_client_did_not_see_is_not_written_over
    concurrent_changes_have_one_winner
}

const IF_MATCH: HeaderName = header::IF_MATCH;
const IF_NONE_MATCH: HeaderName = header::IF_NONE_MATCH;

/// One fruit, at its second revision.
async fn catalogue(place: &Place) -> Router {
    let router = routes(place.open());
    let added = ask(&router, post(r#"{"fruit":"apple","color":"red"}"#)).await;
    assert_eq!(added.header(header::ETAG), Some("\"1\""));
    assert_eq!(change(&router, "green", &[]).await, StatusCode::OK);
    router
}

async fn change(router: &Router, color: &str, conditions: &[(HeaderName, &str)]) -> StatusCode {
    let mut headers = vec![(header::CONTENT_TYPE, "application/merge-patch+json")];
    headers.extend_from_slice(conditions);
    let body = format!(r#"{{"color":"{color}"}}"#);
    ask(router, send(Method::PATCH, "/fruits/1", &headers, &body)).await.status
}

async fn a_fruit_that_the_client_has_is_not_sent_again(place: &Place) {
    let router = catalogue(place).await;
    for (name, value, status) in [
        (IF_NONE_MATCH, "\"2\"", 304),
        (IF_NONE_MATCH, "W/\"2\"", 304),
        (IF_NONE_MATCH, "\"1\", \"2\"", 304),
        (IF_NONE_MATCH, "*", 304),
        (IF_NONE_MATCH, "\"1\"", 200),
        (IF_NONE_MATCH, "\"02\"", 200),
        (IF_NONE_MATCH, "\"some other\"", 200),
        (IF_MATCH, "\"2\"", 200),
        (IF_MATCH, "*", 200),
        (IF_MATCH, "\"1\"", 412),
        (IF_MATCH, "W/\"2\"", 412),
        (IF_MATCH, "2", 400),
        (IF_NONE_MATCH, "", 400),
        (IF_NONE_MATCH, "\"2", 400),
    ] {
        let about = format!("{name}: {value}");
        let answer = ask(&router, send(Method::GET, "/fruits/1", &[(name, value)], "")).await;
        assert_eq!(answer.status.as_u16(), status, "{about}");
        if status < 400 {
            assert_eq!(answer.header(header::ETAG), Some("\"2\""), "{about}");
            assert_eq!(answer.body.is_empty(), status == 304, "{about}");
        }
    }
}

async fn what_the_client_did_not_see_is_not_written_over(place: &Place) {
    let router = catalogue(place).await;
    for (name, value) in
        [(IF_MATCH, "\"1\""), (IF_MATCH, "W/\"2\""), (IF_NONE_MATCH, "*"), (IF_NONE_MATCH, "\"2\"")]
    {
        assert_eq!(change(&router, "blue", &[(name.clone(), value)]).await, StatusCode::PRECONDITION_FAILED);
        let headers = [(header::CONTENT_TYPE, "application/json"), (name.clone(), value)];
        let replace = send(Method::PUT, "/fruits/1", &headers, r#"{"fruit":"fig","color":"blue"}"#);
        assert_eq!(ask(&router, replace).await.problem(), "precondition-failed", "{value}");
        let delete = send(Method::DELETE, "/fruits/1", &[(name, value)], "");
        assert_eq!(ask(&router, delete).await.problem(), "precondition-failed", "{value}");
    }
    assert_eq!(change(&router, "blue", &[(IF_MATCH, "2")]).await, StatusCode::BAD_REQUEST);
    assert_eq!(ask(&router, get("/fruits/1")).await.json()["color"], "green");

    assert_eq!(change(&router, "blue", &[(IF_MATCH, "\"2\"")]).await, StatusCode::OK);
    assert_eq!(change(&router, "gray", &[(IF_MATCH, "\"2\"")]).await, StatusCode::PRECONDITION_FAILED);
    let delete = send(Method::DELETE, "/fruits/1", &[(IF_MATCH, "\"3\"")], "");
    assert_eq!(ask(&router, delete).await.status, StatusCode::NO_CONTENT);
    let gone = send(Method::DELETE, "/fruits/1", &[(IF_MATCH, "*")], "");
    assert_eq!(ask(&router, gone).await.status, StatusCode::NOT_FOUND);
}

/// Of many who change what they all have seen, one does.
async fn concurrent_changes_have_one_winner(place: &Place) {
    let router = catalogue(place).await;
    let colors: Vec<String> = (0..50).map(|number| format!("color {number}")).collect();
    let conditions = [(IF_MATCH, "\"2\"")];
    let changes = colors.iter().map(|color| change(&router, color, &conditions));
    let statuses = futures_util::future::join_all(changes).await;
    let winners = statuses.iter().filter(|status| **status == StatusCode::OK).count();
    let losers = statuses.iter().filter(|status| **status == StatusCode::PRECONDITION_FAILED).count();
    assert_eq!((winners, losers), (1, 49));
}

/// A list of a file has a tag, since whoever serves it sees every change; one of a database has none.
#[tokio::test]
async fn a_list_is_sent_again_after_every_change() {
    let place = Place::file();
    let mut tags: Vec<String> = Vec::new();
    for round in 0..3 {
        let router = if round == 0 { catalogue(&place).await } else { routes(place.open()) };
        for color in ["a", "b"] {
            for path in ["/fruits", "/fruits?q=a", "/fruits?limit=1"] {
                let tag = ask(&router, get(path)).await.header(header::ETAG).expect("ETag").to_owned();
                let again = ask(&router, send(Method::GET, path, &[(IF_NONE_MATCH, &tag)], "")).await;
                assert_eq!((again.status, again.body.len()), (StatusCode::NOT_MODIFIED, 0), "{path}");
                for earlier in &tags {
                    let stale = send(Method::GET, path, &[(IF_NONE_MATCH, earlier)], "");
                    assert_eq!(ask(&router, stale).await.status, StatusCode::OK, "{path} {earlier}");
                }
                if path == "/fruits?limit=1" {
                    tags.push(tag);
                }
            }
            assert_eq!(change(&router, &format!("{color}{round}"), &[]).await, StatusCode::OK);
        }
    }
}

/// A trigger of the file's schema gives it a revision.
#[tokio::test]
async fn another_programs_change_has_a_tag_of_its_own() {
    let place = Place::file();
    drop(catalogue(&place).await);
    let router = routes(place.open_to_others());
    assert_eq!(ask(&router, get("/fruits/1")).await.header(header::ETAG), Some("\"2\""));
    place.execute("UPDATE fruits SET color = 'GOLD' WHERE id = 1");
    let found = ask(&router, get("/fruits/1")).await;
    assert_eq!((found.header(header::ETAG), &found.json()["color"]), (Some("\"3\""), &"GOLD".into()));
    drop(router);
    let router = routes(place.open());
    assert_eq!(ask(&router, get("/fruits?color=gold")).await.json().as_array().map(Vec::len), Some(1));
}
