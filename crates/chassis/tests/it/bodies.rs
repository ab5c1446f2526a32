//! How much of a request's body is read, and for how long.

use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use chassis::Settings;
use futures_util::{StreamExt, stream};
use http::{Method, StatusCode};

use crate::support::{
    call, post_to, request, router,
    server::{Client, Server},
};

fn settings() -> Settings {
    let mut settings = Settings::default();
    settings.limits.body_bytes_max = 100;
    settings.limits.body_stall_timeout_ms = 200;
    settings
}

/// A JSON object of exactly this many bytes.
fn json_of(bytes: usize) -> String {
    format!("{{\"name\":\"{}\"}}", "a".repeat(bytes - 11))
}

/// A body whose length is not announced.
fn chunked(text: &str) -> Body {
    let chunks: Vec<_> = text
        .as_bytes()
        .chunks(7)
        .map(|chunk| Ok::<_, std::io::Error>(Bytes::copy_from_slice(chunk)))
        .collect();
    Body::from_stream(stream::iter(chunks))
}

#[tokio::test]
async fn bodies_are_taken_up_to_the_limit_and_no_further() {
    let router = router(&settings());
    for (bytes, status) in [(100, StatusCode::CREATED), (101, StatusCode::PAYLOAD_TOO_LARGE)] {
        let text = json_of(bytes);
        assert_eq!(text.len(), bytes);
        for body in [Body::from(text.clone()), chunked(&text)] {
            let reply = post_to(&router, "/things", "application/json", body).await;
            assert_eq!(reply.status, status, "{bytes}");
            if status == StatusCode::PAYLOAD_TOO_LARGE {
                assert_eq!(reply.slug(), "body-too-large");
                assert!(reply.text().contains("100 bytes"));
            }
        }
    }
}

#[tokio::test]
async fn a_body_that_stands_still_is_408() {
    let router = router(&settings());
    let stalled = stream::iter([Ok::<_, std::io::Error>(Bytes::from_static(b"{"))]).chain(stream::pending());
    let reply = post_to(&router, "/things", "application/json", Body::from_stream(stalled)).await;
    assert_eq!((reply.status, reply.slug()), (StatusCode::REQUEST_TIMEOUT, "request-timeout".to_owned()));
}

#[tokio::test]
async fn a_body_that_trickles_past_the_requests_time_is_408() {
    let mut settings = settings();
    settings.limits.request_timeout_ms = 300;
    let trickle = stream::unfold((), |()| async {
        tokio::time::sleep(Duration::from_millis(20)).await;
        Some((Ok::<_, std::io::Error>(Bytes::from_static(b" ")), ()))
    });
    let reply = post_to(&router(&settings), "/things", "application/json", Body::from_stream(trickle)).await;
    assert_eq!((reply.status, reply.slug()), (StatusCode::REQUEST_TIMEOUT, "request-timeout".to_owned()));
}

#[tokio::test]
async fn work_that_takes_too_long_is_504() {
    let mut settings = settings();
    settings.limits.request_timeout_ms = 100;
    let slow = request(Method::GET, "/slow/60000").body(Body::empty()).unwrap();
    let reply = call(&router(&settings), slow).await;
    assert_eq!((reply.status, reply.slug()), (StatusCode::GATEWAY_TIMEOUT, "timed-out".to_owned()));
}

#[tokio::test]
async fn a_body_that_breaks_off_is_400() {
    let broken = stream::iter([Ok(Bytes::from_static(b"{")), Err(std::io::Error::other("reset"))]);
    let reply = post_to(&router(&settings()), "/things", "application/json", Body::from_stream(broken)).await;
    assert_eq!((reply.status, reply.slug()), (StatusCode::BAD_REQUEST, "malformed-request".to_owned()));
}

/// Sends a whole body before it reads, as simple clients do: the answer must not be lost to a reset.
#[tokio::test]
async fn refusals_reach_clients_that_are_still_sending() {
    let server = Server::start(settings()).await;
    let body = "x".repeat(10 * 1024 * 1024);
    for (path, status) in [("/things", "413"), ("/ignore", "413"), ("/nothing", "413")] {
        let mut client = Client::connect(server.public).await;
        client
            .send(format!(
                "POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
                 content-length: {}\r\n\r\n",
                body.len()
            ))
            .await;
        client.send(&body).await;
        let answer = client.answer().await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{path}: {answer}");
    }
    server.stop().await.unwrap().unwrap();
}

#[tokio::test]
async fn an_unread_body_does_not_spoil_the_connection() {
    let server = Server::start(Settings::default()).await;
    let mut client = Client::connect(server.public).await;
    let body = "x".repeat(200_000);
    for _ in 0..3 {
        client
            .send(format!(
                "POST /ignore HTTP/1.1\r\nhost: localhost\r\ncontent-length: {}\r\n\r\n",
                body.len()
            ))
            .await;
        client.send(&body).await;
        assert!(client.answer().await.ends_with("ignored"));
    }
    server.stop().await.unwrap().unwrap();
}

#[tokio::test]
async fn a_client_that_asks_first_is_not_told_to_go_on() {
    let server = Server::start(settings()).await;
    let mut client = Client::connect(server.public).await;
    client
        .send("POST /things HTTP/1.1\r\nhost: localhost\r\ncontent-length: 10485760\r\nexpect: 100-continue\r\n\r\n")
        .await;
    let (answer, _) = client.until_closed().await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    server.stop().await.unwrap().unwrap();
}

#[tokio::test]
async fn a_stalled_body_on_a_socket_gets_its_answer_and_is_closed() {
    let server = Server::start(settings()).await;
    let mut client = Client::connect(server.public).await;
    client
        .send(
            "POST /things HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 50\r\n\r\n{",
        )
        .await;
    let (answer, time) = client.until_closed().await;
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert!(answer.to_ascii_lowercase().contains("connection: close"), "{answer}");
    assert!(time < Duration::from_secs(2), "{time:?}");
    server.stop().await.unwrap().unwrap();
}
