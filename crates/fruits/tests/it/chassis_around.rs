//! The service inside the chassis: what the middleware answers on the catalogue's paths.

use std::{
    io::{self, Write},
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::{Body, Bytes},
};
use http::{Method, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

use crate::support::{Folder, ask, get, post};

fn app(folder: &Folder) -> Router {
    chassis::app(&chassis::Settings::default(), vec![fruits::serve(folder.open_to_others())])
        .expect("an app")
        .public
}

/// A request as it arrives over the network, which names its host.
fn addressed(mut request: Request<Body>) -> Request<Body> {
    request.headers_mut().insert(header::HOST, header::HeaderValue::from_static("127.0.0.1:8080"));
    request
}

#[tokio::test]
async fn ten_megabytes_are_too_large() {
    let folder = Folder::new();
    let app = app(&folder);
    let body = format!(r#"{{"fruit":"{}","color":"red"}}"#, "a".repeat(10 << 20));
    let answer = ask(&app, addressed(post(body.clone()))).await;
    assert_eq!((answer.status, answer.problem().as_str()), (StatusCode::PAYLOAD_TOO_LARGE, "body-too-large"));
    let pieces = futures_util::stream::iter(
        body.into_bytes()
            .chunks(1 << 16)
            .map(|piece| Ok::<_, io::Error>(Bytes::copy_from_slice(piece)))
            .collect::<Vec<_>>(),
    );
    let answer = ask(&app, addressed(post(Body::from_stream(pieces)))).await;
    assert_eq!((answer.status, answer.problem().as_str()), (StatusCode::PAYLOAD_TOO_LARGE, "body-too-large"));
    assert_eq!(ask(&app, addressed(get("/fruits"))).await.body, "[]");
}

#[tokio::test]
async fn other_paths_and_methods_are_problems() {
    let folder = Folder::new();
    folder.fill(1);
    let app = app(&folder);
    for path in ["/fruit", "/fruits/", "/fruits/1/2", "/fruits//"] {
        let answer = ask(&app, addressed(get(path))).await;
        assert_eq!(
            (answer.status, answer.problem().as_str()),
            (StatusCode::NOT_FOUND, "not-found"),
            "{path}"
        );
    }
    for (method, path, allowed) in [
        (Method::DELETE, "/fruits", ["GET", "POST"].as_slice()),
        (Method::POST, "/fruits/1", &["GET", "PUT", "PATCH", "DELETE"]),
    ] {
        let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
        let answer = ask(&app, addressed(request)).await;
        assert_eq!(
            (answer.status, answer.problem().as_str()),
            (StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed")
        );
        let allow = answer.header(header::ALLOW).expect("Allow");
        assert!(allowed.iter().all(|method| allow.contains(method)), "{allow}");
    }
}

#[tokio::test]
async fn head_answers_without_a_body() {
    let folder = Folder::new();
    folder.fill(3);
    let app = app(&folder);
    for (path, status) in [("/fruits", 200), ("/fruits/2", 200), ("/fruits/4", 404), ("/fruits/x", 400)] {
        let request = Request::head(path).body(Body::empty()).unwrap();
        let answer = ask(&app, addressed(request)).await;
        assert_eq!((answer.status.as_u16(), answer.body.len()), (status, 0), "{path}");
    }
}

/// The log's lines, as they are written.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_list_that_breaks_off_is_logged_as_its_requests_failure() {
    let folder = Folder::new();
    folder.fill(2_000);
    let app = app(&folder);
    let log = Log::default();
    let writer = log.clone();
    let lines = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
    let _logging = tracing::subscriber::set_default(lines);
    let mut body = app.oneshot(addressed(get("/fruits"))).await.unwrap().into_body();
    body.frame().await.unwrap().unwrap();
    folder.execute("ALTER TABLE fruits RENAME TO gone");
    body.collect().await.expect_err("a list that was cut off must not look whole");
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    let line = log.lines().find(|line| line.contains("answer broke off")).expect("a line about it");
    assert!(line.contains("ERROR") && line.contains(r#"http.route="/fruits""#), "{line}");
    assert!(line.contains("no such table: fruits"), "{line}");
}
