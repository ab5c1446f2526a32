//! Bad input: every field, path and query as people and attackers send them. Nothing may be added by it.

use axum::{Router, body::Body};
use http::{Method, Request, StatusCode, header};
use serde_json::{Value, json};

use crate::support::{Answer, Folder, ask, get, post, routes, send};

struct Catalogue {
    router: Router,
    _folder: Folder,
}

impl Catalogue {
    fn new() -> Self {
        let folder = Folder::new();
        Self { router: routes(folder.open()), _folder: folder }
    }

    /// The request is refused so, and leaves the catalogue empty.
    async fn check(&self, request: Request<Body>, status: u16, kind: &str, pointers: &[&str]) -> Answer {
        let about = format!("{request:?}");
        let answer = ask(&self.router, request).await;
        assert_eq!(answer.status.as_u16(), status, "{about}: {answer:?}");
        assert_eq!(answer.problem(), kind, "{about}");
        assert_eq!(answer.pointers(), pointers, "{about}");
        assert_eq!(ask(&self.router, get("/fruits")).await.body, "[]", "{about}");
        answer
    }

    async fn invalid(&self, body: &Value, pointers: &[&str]) -> Answer {
        self.check(post(body.to_string()), 422, "invalid-fields", pointers).await
    }
}

#[tokio::test]
async fn fields_that_are_missing_unknown_or_of_another_type() {
    let catalogue = Catalogue::new();
    let ok = "apple";
    for (body, pointers) in [
        (json!({}), &["/fruit", "/color"][..]),
        (json!({"fruit": ""}), &["/fruit", "/color"]),
        (json!({"fruit": ok}), &["/color"]),
        (json!({"color": ok}), &["/fruit"]),
        (json!({"fruit": ok, "color": ok, "size": 1}), &["/size"]),
        (json!({"fruit": ok, "colour": ok}), &["/color", "/colour"]),
        (json!({"Fruit": ok, "fruit": ok, "color": ok}), &["/Fruit"]),
        (json!({"fruit": 1, "color": ok}), &["/fruit"]),
        (json!({"fruit": ok, "color": null}), &["/color"]),
        (json!({"fruit": [ok], "color": {"x": 1}}), &["/fruit", "/color"]),
        (json!({"fruit": true, "color": ok}), &["/fruit"]),
        (json!([]), &[""]),
        (json!([{"fruit": ok, "color": ok}, {"fruit": ok}]), &["/1/color"]),
        (
            json!([{"fruit": "", "color": ok}, 7, {"id": 0, "fruit": ok, "color": ok}, []]),
            &["/0/fruit", "/1", "/2/id", "/3"],
        ),
        (json!([{"fruit": ok, "color": ok, "x/y": 1}]), &["/0/x~1y"]),
        (json!("apple"), &[""]),
        (json!(null), &[""]),
        (json!({"a/b~c": 1, "fruit": ok, "color": ok}), &["/a~1b~0c"]),
    ] {
        catalogue.invalid(&body, pointers).await;
    }
}

#[tokio::test]
async fn texts_that_are_no_names() {
    let catalogue = Catalogue::new();
    let long = "a".repeat(101);
    let marks = "e\u{301}".repeat(101);
    let emoji = "🍏".repeat(101);
    for text in [
        "",
        " ",
        "\u{200b}",
        "\u{3164}",
        "\u{3000}\n",
        "a\u{0}b",
        "a\tb",
        "a\nb",
        "a\u{7f}",
        "a\u{85}b",
        &long,
        &marks,
        &emoji,
    ] {
        catalogue.invalid(&json!({"fruit": text, "color": "red"}), &["/fruit"]).await;
        catalogue.invalid(&json!({"fruit": "apple", "color": text}), &["/color"]).await;
    }
}

#[tokio::test]
async fn texts_at_the_limit_are_added() {
    let folder = Folder::new();
    let router = routes(folder.open());
    for (text, kept) in [
        ("a".repeat(100), "a".repeat(100)),
        ("e\u{301}".repeat(100), "\u{e9}".repeat(100)),
        ("🍏".repeat(100), "🍏".repeat(100)),
        (format!("  {}  ", "x".repeat(100)), "x".repeat(100)),
    ] {
        let answer = ask(&router, post(json!({"fruit": text, "color": text}).to_string())).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
        assert_eq!((&answer.json()["fruit"], &answer.json()["color"]), (&json!(kept), &json!(kept)));
    }
}

#[tokio::test]
async fn ids_in_the_body_that_are_none() {
    let catalogue = Catalogue::new();
    for id in [
        "0",
        "-1",
        "1.5",
        "9007199254740992",
        "9223372036854775808",
        "1e300",
        "\"1\"",
        "\"\"",
        "true",
        "[]",
        "9007199254740990.6",
        "20.000000000000000000001",
        "1e400",
        "-1e400",
        "1e-400",
        "1e16",
    ] {
        let body = format!(r#"{{"id":{id},"fruit":"apple","color":"red"}}"#);
        let answer = catalogue.check(post(body), 422, "invalid-fields", &["/id"]).await;
        assert!(
            answer.json()["detail"].as_str().is_some_and(|detail| detail.contains("1 to 9007199254740991"))
        );
    }
}

#[tokio::test]
async fn a_whole_number_is_an_id_however_it_is_written() {
    let folder = Folder::new();
    let router = routes(folder.open());
    for (id, number) in [("2e1", 20), ("21.0", 21), ("9007199254740990.0", 9_007_199_254_740_990_u64)] {
        let body = format!(r#"{{"id":{id},"fruit":"apple","color":"red"}}"#);
        let answer = ask(&router, post(body)).await;
        assert_eq!((answer.status, &answer.json()["id"]), (StatusCode::CREATED, &json!(number)), "{id}");
    }
    for (request, id) in
        [(Method::PUT, "19.99999999999999999999"), (Method::PATCH, "20.00000000000000000001")]
    {
        let content_type =
            if request == Method::PUT { "application/json" } else { "application/merge-patch+json" };
        let headers = [(header::CONTENT_TYPE, content_type)];
        let body = format!(r#"{{"id":{id},"fruit":"apple","color":"red"}}"#);
        let answer = ask(&router, send(request, "/fruits/20", &headers, &body)).await;
        assert_eq!((answer.status.as_u16(), answer.pointers()), (422, vec!["/id".to_owned()]), "{answer:?}");
    }
}

#[tokio::test]
async fn more_faults_than_are_listed_are_told() {
    let catalogue = Catalogue::new();
    let unknown = |fields: usize| {
        let fields = (0..fields).map(|number| format!(r#""f{number}":1"#)).collect::<Vec<_>>().join(",");
        format!(r#"{{"fruit":"a","color":"b",{fields}}}"#)
    };
    let twenty = "20 fields are not acceptable";
    let more = "More than 20 fields are not acceptable; the first 20 are listed";
    for (body, detail) in [
        (format!("[{}]", ["{}"; 10].join(",")), twenty),
        (format!("[{},7]", ["{}"; 10].join(",")), more),
        (format!("[{}]", ["{}"; 30].join(",")), more),
        (format!("[{}]", unknown(20)), twenty),
        (format!("[{}]", unknown(21)), more),
        (format!("[{{}},{}]", unknown(19)), more),
    ] {
        let answer = ask(&catalogue.router, post(body.clone())).await;
        assert_eq!((answer.status.as_u16(), answer.pointers().len()), (422, 20), "{body}");
        assert_eq!(answer.json()["detail"], detail, "{body}");
    }
}

#[tokio::test]
async fn another_value_is_told_what_is_taken() {
    let catalogue = Catalogue::new();
    for (body, name) in [("null", "null"), ("\"x\"", "a string"), ("7.5", "a number")] {
        let answer = catalogue.check(post(body), 422, "invalid-fields", &[""]).await;
        let detail = format!("The body must be a JSON object, or an array of them, not {name}.");
        assert_eq!(answer.json()["detail"], detail);
    }
}

#[tokio::test]
async fn bodies_that_are_no_json() {
    let catalogue = Catalogue::new();
    let deep = "[".repeat(100_000);
    for body in [
        "",
        " ",
        "{",
        "{\"fruit\":\"apple\",\"color\":\"red\"",
        "[",
        "[{\"fruit\":\"apple\",\"color\":\"red\"}",
        "[{\"fruit\":\"apple\",\"color\":\"red\"},]",
        "[{\"fruit\":\"apple\",\"color\":\"red\"}]]",
        "[{\"fruit\":\"\\ud800\",\"color\":\"red\"}]",
        "{'fruit':'apple'}",
        "fruit=apple",
        "\u{feff}{}",
        "{} {}",
        "{\"fruit\":NaN}",
        "{\"fruit\":\"\\ud800\",\"color\":\"red\"}",
        &deep,
    ] {
        catalogue.check(post(body.to_owned()), 400, "malformed-request", &[]).await;
    }
    for bytes in
        [&b"\xff\xfe"[..], b"{\"fruit\":\"\xc3\",\"color\":\"red\"}", b"{\"fruit\":\"\xed\xa0\x80\"}"]
    {
        catalogue.check(post(bytes.to_vec()), 400, "malformed-request", &[]).await;
    }
}

#[tokio::test]
async fn a_key_given_twice_is_refused() {
    let catalogue = Catalogue::new();
    let body = r#"{"fruit":"apple","fruit":"pear","color":"red"}"#;
    catalogue.check(post(body), 422, "invalid-fields", &["/fruit"]).await;
}

#[tokio::test]
async fn other_content_types_are_415() {
    let catalogue = Catalogue::new();
    for content_type in
        ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin1", ""]
    {
        let request = Request::post("/fruits")
            .header(header::CONTENT_TYPE, content_type)
            .body(Body::from(r#"{"fruit":"apple","color":"red"}"#))
            .unwrap();
        catalogue.check(request, 415, "unsupported-media-type", &[]).await;
    }
    let without = Request::post("/fruits").body(Body::from("{}")).unwrap();
    catalogue.check(without, 415, "unsupported-media-type", &[]).await;
}

#[tokio::test]
async fn paths_that_hold_no_id() {
    let catalogue = Catalogue::new();
    for id in [
        "0",
        "-1",
        "+1",
        "01",
        "1.0",
        "1e3",
        "abc",
        "%31%20",
        "%00",
        "%F0%9F%8D%8F",
        "%FF",
        "9007199254740992",
        "9223372036854775807",
        "9223372036854775808",
        "18446744073709551616",
        "1;drop",
        "null",
    ] {
        catalogue.check(get(&format!("/fruits/{id}")), 400, "malformed-request", &[]).await;
    }
    let long = format!("/fruits/{}", "9".repeat(10_000));
    catalogue.check(get(&long), 400, "malformed-request", &[]).await;
}

#[tokio::test]
async fn a_percent_encoded_id_is_the_id() {
    let folder = Folder::new();
    folder.fill(1);
    let router = routes(folder.open());
    assert_eq!(ask(&router, get("/fruits/%31")).await.json()["fruit"], "fruit 1");
}

#[tokio::test]
async fn unknown_query_parameters_are_400_everywhere() {
    let catalogue = Catalogue::new();
    catalogue.check(get("/fruits?limt=1"), 400, "malformed-request", &["?limt"]).await;
    catalogue.check(get("/fruits?&color=red&x"), 400, "malformed-request", &["?x"]).await;
    catalogue.check(get("/fruits?Color=red"), 400, "malformed-request", &["?Color"]).await;
    catalogue.check(get("/fruits?%ff"), 400, "malformed-request", &[]).await;
    catalogue.check(get("/fruits?q=%ff"), 400, "malformed-request", &[]).await;
    catalogue.check(get("/fruits?q=%zz"), 400, "malformed-request", &[]).await;
    catalogue.check(get("/fruits/1?%ff"), 400, "malformed-request", &["?%ff"]).await;
    catalogue.check(get("/fruits?="), 400, "malformed-request", &["?"]).await;
    catalogue.check(get("/fruits/1?verbose"), 400, "malformed-request", &["?verbose"]).await;
    let request = Request::post("/fruits?dry_run=1")
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(r#"{"fruit":"apple","color":"red"}"#))
        .unwrap();
    catalogue.check(request, 400, "malformed-request", &["?dry_run"]).await;
    let long = format!("/fruits?{}=1", "x".repeat(5_000));
    let answer =
        catalogue.check(get(&long), 400, "malformed-request", &[&format!("?{}", "x".repeat(40))]).await;
    assert!(answer.body.len() < 1000);
    assert_eq!(ask(&catalogue.router, get("/fruits?")).await.status, StatusCode::OK);
}
