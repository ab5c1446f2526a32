//! `ALLOW_ANONYMOUS_ADD`: who may do what where tokens are asked for, and how much of a stranger's body is read.

use std::{
    fs,
    io::{self, Write as _},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes},
};
use chassis::tokens;
use futures_util::{StreamExt as _, stream};
use http::{Method, Request, header};

use crate::support::{Answer, Folder, ask, get, send};

const FRUIT: &str = r#"{"fruit":"apple","color":"red"}"#;
/// What the longest body of a caller without a token has.
const BODY_BYTES_MAX: usize = 16 << 10;

struct Guarded {
    folder: Folder,
    router: Router,
    /// May change the catalogue.
    writer: String,
    /// Is known, and may not.
    reader: String,
}

impl Guarded {
    /// The service behind a file of tokens.
    fn new(allow_anonymous_add: bool) -> Self {
        let folder = Folder::new();
        let (writer, reader) = (tokens::generate().unwrap(), tokens::generate().unwrap());
        let path = folder.path().join("tokens");
        let mut file = fs::File::create(&path).unwrap();
        writeln!(file, "writer {} fruits:write", tokens::hash(&writer)).unwrap();
        writeln!(file, "reader {} other:scope", tokens::hash(&reader)).unwrap();
        let mut settings = chassis::Settings::default();
        settings.access.api_tokens_file = Some(path);
        let fruits = fruits::Settings { allow_anonymous_add, ..fruits::Settings::default() };
        let service = fruits::serve_with(folder.open(), &fruits);
        let router = chassis::app(&settings, vec![service]).expect("an app").public;
        Self { folder, router, writer, reader }
    }

    async fn send(&self, method: Method, path: &str, authorization: Option<&str>, body: &str) -> Answer {
        let mut headers = vec![(header::CONTENT_TYPE, "application/json")];
        if method == Method::PATCH {
            headers[0].1 = "application/merge-patch+json";
        }
        headers.extend(authorization.map(|value| (header::AUTHORIZATION, value)));
        ask(&self.router, send(method, path, &headers, body)).await
    }

    async fn check(&self, authorization: Option<&str>, body: &str, status: u16) -> Answer {
        let answer = self.send(Method::POST, "/fruits", authorization, body).await;
        assert_eq!(answer.status.as_u16(), status, "{authorization:?} {body}: {answer:?}");
        if status == 401 || status == 403 {
            assert!(answer.header(header::WWW_AUTHENTICATE).unwrap().contains("fruits:write"), "{answer:?}");
        }
        answer
    }
}

#[tokio::test]
async fn a_stranger_may_add_one_fruit_and_nothing_else() {
    for open in [true, false] {
        let guarded = Guarded::new(open);
        let (writer, reader) = (format!("Bearer {}", guarded.writer), format!("Bearer {}", guarded.reader));
        guarded.check(None, FRUIT, if open { 201 } else { 401 }).await;
        guarded.check(None, r#"{"id":7,"fruit":"fig","color":"blue"}"#, if open { 201 } else { 401 }).await;
        guarded.check(None, r#"{"fruit":""}"#, if open { 422 } else { 401 }).await;
        guarded.check(Some("Basic dTpw"), FRUIT, if open { 201 } else { 401 }).await;
        for array in ["[]", &format!("[{FRUIT}]"), &format!(" \n[{FRUIT},{FRUIT}]"), "["] {
            guarded.check(None, array, 401).await;
        }
        // Who sends a token wants to be known by it.
        for body in [FRUIT, "[]"] {
            guarded.check(Some("Bearer unknown"), body, 401).await;
            guarded.check(Some("Bearer"), body, 400).await;
            guarded.check(Some(&reader), body, 403).await;
        }
        guarded.check(Some(&writer), FRUIT, 201).await;
        guarded.check(Some(&writer), &format!("[{FRUIT},{FRUIT}]"), 201).await;
        for (method, body) in
            [(Method::PUT, FRUIT), (Method::PATCH, r#"{"color":"blue"}"#), (Method::DELETE, "")]
        {
            let refused = guarded.send(method.clone(), "/fruits/1", None, body).await;
            assert_eq!(
                (refused.status.as_u16(), refused.problem().as_str()),
                (401, "unauthorized"),
                "{method}"
            );
        }
        assert_eq!(ask(&guarded.router, get("/fruits/1")).await.json()["fruit"], "apple");
    }
}

#[tokio::test]
async fn without_tokens_it_changes_nothing() {
    let folder = Folder::new();
    let settings = fruits::Settings { allow_anonymous_add: true, ..fruits::Settings::default() };
    let service = fruits::serve_with(folder.open(), &settings);
    let router = chassis::app(&chassis::Settings::default(), vec![service]).unwrap().public;
    let answer = ask(&router, crate::support::post(format!("[{FRUIT},{FRUIT}]"))).await;
    assert_eq!(answer.status.as_u16(), 201);
}

#[tokio::test]
async fn a_strangers_body_is_read_as_far_as_one_fruit_needs() {
    let guarded = Guarded::new(true);
    let padded = |bytes: usize| FRUIT.replace(',', &format!(",{}", " ".repeat(bytes - FRUIT.len())));
    guarded.check(None, &padded(BODY_BYTES_MAX), 201).await;
    let refused = guarded.check(None, &padded(BODY_BYTES_MAX + 1), 413).await;
    assert_eq!(refused.problem(), "body-too-large");
    assert!(refused.json()["detail"].as_str().unwrap().contains("Without a token"), "{refused:?}");
    guarded.check(Some(&format!("Bearer {}", guarded.writer)), &padded(BODY_BYTES_MAX + 1), 201).await;
    // Also where its length is not told beforehand.
    let long: Vec<_> =
        padded(3 << 20).as_bytes().chunks(4096).map(|piece| Ok::<_, io::Error>(piece.to_vec())).collect();
    let request = Request::post("/fruits").header(header::CONTENT_TYPE, "application/json");
    let refused = ask(&guarded.router, request.body(Body::from_stream(stream::iter(long))).unwrap()).await;
    assert_eq!((refused.status.as_u16(), refused.problem().as_str()), (413, "body-too-large"));
    assert!(refused.json()["detail"].as_str().unwrap().contains("16384 bytes"), "{refused:?}");
    // The longest texts in their longest form: a fruit of these is not refused for its length.
    let text = "\\ud83c\\udf4f".repeat(100);
    guarded.check(None, &format!(r#"{{"fruit":"{text}","color":"{text}"}}"#), 201).await;

    // An array is refused at its bracket, though its end never comes.
    let start = stream::iter(
        [" ", "\n[", FRUIT].map(|piece| Ok::<_, io::Error>(Bytes::from_static(piece.as_bytes()))),
    );
    let request = Request::post("/fruits").header(header::CONTENT_TYPE, "application/json");
    let request = request.body(Body::from_stream(start.chain(stream::pending()))).unwrap();
    let answer = tokio::time::timeout(Duration::from_secs(10), ask(&guarded.router, request)).await;
    assert_eq!(answer.expect("it waits for the rest").status.as_u16(), 401);

    let store = guarded.folder.connect();
    let fruits: u32 = store.query_row("SELECT count(*) FROM fruits", [], |row| row.get(0)).unwrap();
    assert_eq!(fruits, 3);
}
