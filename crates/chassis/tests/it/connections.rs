//! Connections that give the server nothing, or take nothing from it: closed in time, and not holding a place.

use std::time::Duration;

use chassis::Settings;

use crate::support::server::{Client, Server};

/// What the tests set as time limits, and how exactly they are kept at most on a busy machine.
const LIMIT: Duration = Duration::from_millis(300);
const SLACK: Duration = Duration::from_millis(1500);

fn settings() -> Settings {
    let mut settings = Settings::default();
    settings.limits.header_timeout_ms = 300;
    settings.limits.idle_timeout_ms = 600;
    settings
}

fn in_time(time: Duration, limit: Duration) {
    assert!(
        time + Duration::from_millis(50) >= limit && time < limit + SLACK,
        "{time:?} for a limit of {limit:?}"
    );
}

#[tokio::test]
async fn what_never_becomes_a_request_is_closed() {
    let server = Server::start(settings()).await;
    for start in [
        "",
        "G",
        "P",
        "GET /ping HTTP/1.1\r\nhost: local",
        // The beginning of HTTP/2, a byte short, and whole.
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ] {
        let mut client = Client::connect(server.public).await;
        client.send(start).await;
        let (_, time) = client.until_closed().await;
        in_time(time, LIMIT);
    }
    server.stop().await.unwrap().unwrap();
}

#[tokio::test]
async fn trickling_bytes_buy_no_time() {
    let server = Server::start(settings()).await;
    let mut client = Client::connect(server.public).await;
    let mut closed = None;
    let started = std::time::Instant::now();
    for byte in "GET /ping HTTP/1.1\r\nx-header: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa".bytes() {
        client.send([byte]).await;
        if !client.stays_open(Duration::from_millis(50)).await {
            closed = Some(started.elapsed());
            break;
        }
    }
    in_time(closed.expect("the server to close"), LIMIT);
    server.stop().await.unwrap().unwrap();
}

#[tokio::test]
async fn a_connection_waits_for_its_next_request_and_not_for_ever() {
    let server = Server::start(settings()).await;
    let mut client = Client::connect(server.public).await;
    for _ in 0..2 {
        client.get("/ping").await;
        assert!(client.answer().await.contains("pong"));
        // Longer than a header may take, shorter than the idle limit.
        assert!(client.stays_open(Duration::from_millis(400)).await);
    }
    client.get("/ping").await;
    client.answer().await;
    in_time(client.until_closed().await.1, Duration::from_millis(600));

    // Half of a second header has the header's time, not the idle limit's.
    let mut client = Client::connect(server.public).await;
    client.get("/ping").await;
    client.answer().await;
    client.send("GET /pi").await;
    in_time(client.until_closed().await.1, LIMIT);
    server.stop().await.unwrap().unwrap();
}

#[tokio::test]
async fn slow_work_is_not_an_idle_connection() {
    let server = Server::start(settings()).await;
    let mut client = Client::connect(server.public).await;
    client.get("/slow/1500").await;
    assert!(client.answer().await.ends_with("done"));
    server.stop().await.unwrap().unwrap();
}

#[tokio::test]
async fn an_answer_that_nobody_takes_is_given_up() {
    let server = Server::start(settings()).await;
    let mut client = Client::connect(server.public).await;
    client.get("/endless").await;
    // While it is read, it goes on past every limit.
    let started = std::time::Instant::now();
    while started.elapsed() < Duration::from_millis(1500) {
        assert_ne!(client.read_some().await, 0);
    }
    // Then it is not; what the sockets hold is read after the server has given up.
    tokio::time::sleep(Duration::from_millis(600) + SLACK).await;
    client.until_closed().await;
    server.stop().await.unwrap().unwrap();
}

#[tokio::test]
async fn silent_connections_do_not_keep_others_out() {
    let mut settings = settings();
    settings.limits.connections_max = 4;
    let server = Server::start(settings).await;
    let mut silent = Vec::new();
    for _ in 0..8 {
        silent.push(Client::connect(server.public).await);
    }
    let started = std::time::Instant::now();
    let mut client = Client::connect(server.public).await;
    client.get("/ping").await;
    assert!(client.answer().await.contains("pong"));
    // Two rounds of silent ones had to go first.
    assert!(started.elapsed() < 3 * LIMIT + SLACK, "{:?}", started.elapsed());
    server.stop().await.unwrap().unwrap();
}

#[tokio::test]
async fn at_the_cap_idle_connections_make_room_and_busy_ones_stay() {
    let mut settings = Settings::default();
    settings.limits.connections_max = 2;
    let server = Server::start(settings).await;
    let mut idle = Client::connect(server.public).await;
    idle.get("/ping").await;
    idle.answer().await;
    let mut busy = Client::connect(server.public).await;
    busy.get("/slow/500").await;

    // At the cap nothing is closed; one past it, the idle one is, long before its limit of a minute.
    assert!(idle.stays_open(Duration::from_millis(100)).await);
    let mut third = Client::connect(server.public).await;
    third.get("/ping").await;
    assert!(third.answer().await.contains("pong"));
    assert!(idle.until_closed().await.1 < SLACK);
    assert!(busy.answer().await.ends_with("done"));
    server.stop().await.unwrap().unwrap();
}

#[tokio::test]
async fn a_crowd_is_served_one_after_the_other() {
    let mut settings = Settings::default();
    settings.limits.connections_max = 3;
    let server = Server::start(settings).await;
    let address = server.public;
    let crowd = (0..40).map(|_| async move {
        let mut client = Client::connect(address).await;
        client.get("/slow/20").await;
        client.answer().await
    });
    for answer in futures_util::future::join_all(crowd).await {
        assert!(answer.ends_with("done"), "{answer}");
    }
    server.stop().await.unwrap().unwrap();
}

/// One whole answer that is a problem, has an id, and closes.
fn is_a_problem(answer: &str) {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let field = |name: &str| {
        let mut found = head.lines().filter_map(|line| line.strip_prefix(&format!("{name}: ")));
        let value = found.next().unwrap_or_else(|| panic!("no {name} in {head}"));
        assert_eq!(found.next(), None, "{name} twice in {head}");
        value
    };
    assert_eq!(field("content-type"), "application/problem+json");
    assert_eq!(field("content-length"), body.len().to_string());
    assert_eq!(field("connection"), "close");
    assert_eq!(field("x-request-id").len(), 36);
    let problem: serde_json::Value = serde_json::from_str(body).unwrap();
    assert_eq!(problem["status"].as_u64(), head[9..12].parse().ok());
    assert!(problem["type"].as_str().is_some_and(|kind| kind.contains("/docs/problems.md#")));
    assert!(problem["detail"].as_str().is_some_and(|detail| detail.ends_with('.')));
}

#[tokio::test]
async fn garbage_behind_a_request_is_refused_after_its_answer() {
    let server = Server::start(Settings::default()).await;
    let mut client = Client::connect(server.public).await;
    client.get("/ping").await;
    assert!(client.answer().await.contains("pong"));
    client.send(b"GET /\xff HTTP/1.1\r\nhost: a\r\n\r\n").await;
    let (answer, _) = client.until_closed().await;
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    is_a_problem(&answer);

    // The same where both come at once.
    let mut client = Client::connect(server.public).await;
    client.send(b"GET /ping HTTP/1.1\r\nhost: a\r\n\r\nGET /\xff HTTP/1.1\r\nhost: a\r\n\r\n").await;
    let (answers, _) = client.until_closed().await;
    let (_, answer) = answers.split_once(r#"{"ping":"pong"}"#).unwrap();
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    is_a_problem(answer);

    // An answer that looks like the library's own is left alone.
    let mut client = Client::connect(server.public).await;
    client.send("GET /like-a-refusal HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").await;
    let (answer, _) = client.until_closed().await;
    assert!(answer.starts_with("HTTP/1.1 400") && answer.ends_with("\r\n\r\n"), "{answer}");
    server.stop().await.unwrap().unwrap();
}

#[tokio::test]
async fn what_is_no_http_is_refused_at_once() {
    let server = Server::start(Settings::default()).await;
    for (bytes, status) in [
        ("nonsense\r\n\r\n".to_owned(), "HTTP/1.1 400"),
        (format!("GET /{} HTTP/1.1\r\nhost: a\r\n\r\n", "a".repeat(70_000)), "HTTP/1.1 431"),
        (format!("GET / HTTP/1.1\r\nhost: a\r\nx: {}\r\n\r\n", "a".repeat(70_000)), "HTTP/1.1 431"),
        (format!("GET / HTTP/1.1\r\nhost: a\r\n{}\r\n", "x: y\r\n".repeat(101)), "HTTP/1.1 431"),
        (
            "POST /things HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n".to_owned(),
            "HTTP/1.1 400",
        ),
        ("POST /things HTTP/1.1\r\nhost: a\r\ncontent-length: -1\r\n\r\n".to_owned(), "HTTP/1.1 400"),
        ("GET / HTTP/9.9\r\nhost: a\r\n\r\n".to_owned(), "HTTP/1.1 400"),
    ] {
        for listener in [server.public, server.ops] {
            let mut client = Client::connect(listener).await;
            client.send(&bytes).await;
            let (answer, time) = client.until_closed().await;
            assert!(answer.starts_with(status), "{answer}");
            assert!(time < SLACK, "{time:?}");
            is_a_problem(&answer);
        }
    }
    server.stop().await.unwrap().unwrap();
}

#[tokio::test]
async fn both_versions_of_the_protocol_are_spoken() {
    let server = Server::start(settings()).await;
    let url = format!("http://{}/ping", server.public);
    let http2 = reqwest::Client::builder().http2_prior_knowledge().no_proxy().build().unwrap();
    for (client, version) in [
        (reqwest::Client::builder().no_proxy().build().unwrap(), http::Version::HTTP_11),
        (http2.clone(), http::Version::HTTP_2),
    ] {
        let reply = client.get(&url).send().await.unwrap();
        assert_eq!((reply.status().as_u16(), reply.version()), (200, version));
    }
    // Requests on one connection do not wait for each other, nor does slow work make it idle.
    let slow = (0..20).map(|_| http2.get(format!("http://{}/slow/800", server.public)).send());
    let started = std::time::Instant::now();
    for reply in futures_util::future::join_all(slow).await {
        assert_eq!(reply.unwrap().status().as_u16(), 200);
    }
    assert!(started.elapsed() < Duration::from_millis(800) + SLACK, "{:?}", started.elapsed());
    server.stop().await.unwrap().unwrap();
}
