//! JSON bodies, paths and queries: each kind of bad input, and what the client reads about it.

use chassis::Settings;
use http::{Method, StatusCode};
use serde_json::json;

use crate::support::{call, get_with, post_to, request, router};

/// Posts to `/things`; the problem's slug with its errors as `pointer: detail`, or `created` and the body.
async fn post(body: impl Into<axum::body::Body>) -> (String, Vec<String>) {
    let reply = post_to(&router(&Settings::default()), "/things", "application/json", body).await;
    if reply.status == StatusCode::CREATED {
        return ("created".to_owned(), vec![reply.json().to_string()]);
    }
    let errors = reply.json()["errors"].as_array().cloned().unwrap_or_default();
    let line = |error: &serde_json::Value| {
        format!("{}: {}", error["pointer"].as_str().unwrap(), error["detail"].as_str().unwrap())
    };
    (reply.slug(), errors.iter().map(line).collect())
}

#[tokio::test]
async fn objects_are_read_field_by_field() {
    for (body, slug, lines) in [
        (r#"{"name":"a"}"#, "created", vec![r#"{"name":"a","size":null}"#]),
        (r#"{"name":"a","size":null}"#, "created", vec![r#"{"name":"a","size":null}"#]),
        (r#" {"size":255,"name":"a"} "#, "created", vec![r#"{"name":"a","size":255}"#]),
        ("{}", "invalid-fields", vec!["/name: is required"]),
        (r#"{"name":""}"#, "invalid-fields", vec!["/name: must not be empty"]),
        (r#"{"name":7}"#, "invalid-fields", vec!["/name: must be a string, not a number"]),
        (r#"{"name":null}"#, "invalid-fields", vec!["/name: must be a string, not null"]),
        (r#"{"name":["a"]}"#, "invalid-fields", vec!["/name: must be a string, not an array"]),
        (r#"{"name":{}}"#, "invalid-fields", vec!["/name: must be a string, not an object"]),
        (r#"{"name":true}"#, "invalid-fields", vec!["/name: must be a string, not a boolean"]),
        (r#"{"name":"a","size":256}"#, "invalid-fields", vec!["/size: must be at most 255"]),
        (r#"{"name":"a","size":"1"}"#, "invalid-fields", vec!["/size: must be a whole number, not a string"]),
        (
            r#"{"name":"a","size":-1}"#,
            "invalid-fields",
            vec!["/size: must be a whole number from 0 to 18446744073709551615"],
        ),
        (
            r#"{"name":"a","size":1.5}"#,
            "invalid-fields",
            vec!["/size: must be a whole number from 0 to 18446744073709551615"],
        ),
        (
            r#"{"name":"a","size":18446744073709551616}"#,
            "invalid-fields",
            vec!["/size: must be a whole number from 0 to 18446744073709551615"],
        ),
        (r#"{"name":"a","nmae":"b"}"#, "invalid-fields", vec!["/nmae: is not a field that is known here"]),
        (r#"{"name":"a","a/b~c":1}"#, "invalid-fields", vec!["/a~1b~0c: is not a field that is known here"]),
        (r#"{"name":"a","name":"b"}"#, "invalid-fields", vec!["/name: is given more than once"]),
        (
            r#"{"size":"x","other":1}"#,
            "invalid-fields",
            vec![
                "/name: is required",
                "/size: must be a whole number, not a string",
                "/other: is not a field that is known here",
            ],
        ),
        ("[]", "invalid-fields", vec![": The body must be a JSON object, not an array."]),
        ("\"a\"", "invalid-fields", vec![": The body must be a JSON object, not a string."]),
        ("null", "invalid-fields", vec![": The body must be a JSON object, not null."]),
        ("", "malformed-request", vec![]),
        ("{", "malformed-request", vec![]),
        (r#"{"name":"a"}{}"#, "malformed-request", vec![]),
        (r#"{"name":'a'}"#, "malformed-request", vec![]),
        ("{\"name\":\"\u{1}\"}", "malformed-request", vec![]),
        (r#"{"name":"\ud800"}"#, "malformed-request", vec![]),
        (
            r#"{"size":1e999,"name":"a"}"#,
            "invalid-fields",
            vec!["/size: must be a whole number from 0 to 18446744073709551615"],
        ),
    ] {
        let expected = (slug.to_owned(), lines.into_iter().map(str::to_owned).collect::<Vec<_>>());
        assert_eq!(post(body).await, expected, "{body}");
    }
}

#[tokio::test]
async fn malformed_json_is_located() {
    let router = router(&Settings::default());
    let reply = post_to(&router, "/things", "application/json", "{\n  \"name\": nope\n}").await;
    assert_eq!(reply.status, StatusCode::BAD_REQUEST);
    let detail = reply.json()["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("line 2 column"), "{detail}");

    let reply = post_to(&router, "/things", "application/json", b"{\"name\":\"\xff\"}".to_vec()).await;
    assert_eq!(reply.status, StatusCode::BAD_REQUEST);
    assert!(reply.text().contains("offset 9"), "{}", reply.text());
}

#[tokio::test]
async fn hostile_bodies_are_bounded() {
    // Nesting far past any stack.
    assert_eq!(post("[".repeat(500_000)).await.0, "malformed-request");
    // Tens of thousands of repeated fields are one.
    let (slug, errors) = post(format!("{{{}}}", vec!["\"name\":\"a\""; 90_000].join(","))).await;
    assert_eq!(
        (slug.as_str(), errors),
        ("invalid-fields", vec!["/name: is given more than once".to_owned()])
    );
}

#[tokio::test]
async fn an_answer_lists_the_first_fields_and_says_so() {
    let router = router(&Settings::default());
    for (faults, detail) in [
        (20, "20 fields are not acceptable"),
        (21, "More than 20 fields are not acceptable; the first 20 are listed"),
        (40_000, "More than 20 fields are not acceptable; the first 20 are listed"),
    ] {
        // One fault is the name's own.
        let once: Vec<_> = (1..faults).map(|number| format!("\"f{number}\":1")).collect();
        let twice: Vec<_> = (1..faults).map(|number| format!("\"f{number}\":1,\"f{number}\":1")).collect();
        for body in [format!("{{{}}}", once.join(",")), format!("{{\"name\":{{{}}}}}", twice.join(","))] {
            let reply = post_to(&router, "/things", "application/json", body).await.json();
            assert_eq!(reply["detail"], detail);
            assert_eq!(reply["errors"].as_array().unwrap().len(), 20);
        }
    }
}

#[tokio::test]
async fn what_a_client_sent_is_repeated_in_short() {
    let long = "é".repeat(60_000);
    let (slug, errors) = post(format!("{{\"name\":\"a\",\"{long}\":1}}")).await;
    let expected = format!("/{}…: is not a field that is known here", "é".repeat(99));
    assert_eq!((slug.as_str(), errors), ("invalid-fields", vec![expected]));
    let router = router(&Settings::default());
    let plain = "x".repeat(60_000);
    for path in [format!("/things/{plain}"), format!("/search?{plain}=1"), format!("/search?limit={plain}")] {
        let reply = get_with(&router, &path, &[]).await;
        assert_eq!(reply.slug(), "malformed-request");
        assert!(reply.body.len() < 1000, "{}", reply.body.len());
    }
    for content_type in [plain.clone(), format!("application/json; charset={plain}")] {
        let reply = post_to(&router, "/things", &content_type, "{}").await;
        assert_eq!(reply.slug(), "unsupported-media-type");
        assert!(reply.body.len() < 1000, "{}", reply.body.len());
    }
}

#[tokio::test]
async fn packed_bodies_are_refused_by_name() {
    let router = router(&Settings::default());
    for (codings, refused) in [
        (vec!["identity"], None),
        (vec!["Identity, identity"], None),
        (vec!["gzip"], Some("\"gzip\"")),
        (vec!["identity, br"], Some("\"identity, br\"")),
        (vec!["identity", "zstd"], Some("\"zstd\"")),
        (vec![""], Some("\"\"")),
    ] {
        let mut request = request(Method::POST, "/things").header("content-type", "application/json");
        for coding in &codings {
            request = request.header("content-encoding", *coding);
        }
        let reply = call(&router, request.body(r#"{"name":"a"}"#.into()).unwrap()).await;
        let Some(named) = refused else {
            assert_eq!(reply.status, StatusCode::CREATED, "{codings:?}");
            continue;
        };
        assert_eq!(reply.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{codings:?}");
        assert_eq!(reply.slug(), "unsupported-media-type");
        assert_eq!(reply.header("accept-encoding"), Some("identity"));
        assert!(reply.json()["detail"].as_str().unwrap().contains(named), "{}", reply.text());
    }
}

#[tokio::test]
async fn other_content_types_are_refused() {
    let router = router(&Settings::default());
    for (content_type, status) in [
        ("application/json", 201),
        ("Application/JSON; Charset=UTF-8", 201),
        ("application/json; charset=\"utf-8\"", 201),
        ("application/merge-patch+json", 201),
        ("application/json; charset=iso-8859-1", 415),
        ("text/plain", 415),
        ("text/json+json", 415),
        ("application/x-www-form-urlencoded", 415),
        ("", 415),
    ] {
        let reply = post_to(&router, "/things", content_type, r#"{"name":"a"}"#).await;
        assert_eq!(reply.status.as_u16(), status, "{content_type:?}");
        if status == 415 {
            assert_eq!(reply.slug(), "unsupported-media-type");
            assert_eq!(reply.header("accept"), Some("application/json"));
        }
    }
}

#[tokio::test]
async fn path_parameters_parse_or_are_400() {
    let router = router(&Settings::default());
    for (path, status) in [
        ("/things/1", 200),
        ("/things/4294967295", 200),
        ("/things/4294967296", 400),
        ("/things/-1", 400),
        ("/things/abc", 400),
        ("/things/1%20", 400),
        ("/things/%F0%9F%8D%8E", 400),
        ("/plain/%F0%9F%8D%8E", 200),
        ("/plain/a%2Fb", 200),
    ] {
        let reply = get_with(&router, path, &[]).await;
        assert_eq!(reply.status.as_u16(), status, "{path}");
        if status == 400 {
            assert_eq!(reply.slug(), "malformed-request", "{path}");
        }
    }
    let reply = get_with(&router, "/things/abc", &[]).await;
    assert_eq!(reply.json()["detail"], "The path has \"abc\" where a valid u32 belongs.");
    assert_eq!(get_with(&router, "/plain/a%2Fb", &[]).await.text(), "a/b");
}

#[tokio::test]
async fn query_parameters_parse_or_are_400() {
    let router = router(&Settings::default());
    assert_eq!(get_with(&router, "/search?limit=5", &[]).await.json(), json!({"limit": 5}));
    assert_eq!(get_with(&router, "/search", &[]).await.json(), json!({"limit": null}));
    for path in [
        "/search?limit=x",
        "/search?limti=5",
        "/search?limit=1&limit=2",
        "/search?limit=%zz",
        "/search?limit=%ff",
    ] {
        let reply = get_with(&router, path, &[]).await;
        assert_eq!(
            (reply.status, reply.slug()),
            (StatusCode::BAD_REQUEST, "malformed-request".to_owned()),
            "{path}"
        );
    }
}
