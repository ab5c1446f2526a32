//! How the server stops.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use chassis::{Service, Settings};

use crate::support::{
    server::{Client, Server},
    service,
};

fn settings(grace_ms: u64, delay_ms: u64) -> Settings {
    let mut settings = Settings::default();
    settings.shutdown.shutdown_grace_ms = grace_ms;
    settings.shutdown.drain_delay_ms = delay_ms;
    settings
}

#[tokio::test]
async fn requests_in_flight_finish_and_idle_connections_close() {
    let server = Server::start(settings(5000, 0)).await;
    let address = server.public;
    let mut busy = Client::connect(address).await;
    busy.get("/slow/500").await;
    let mut idle = Client::connect(address).await;
    idle.get("/ping").await;
    idle.answer().await;
    let mut fresh = Client::connect(address).await;
    assert!(fresh.stays_open(Duration::from_millis(100)).await);

    let started = Instant::now();
    let stopped = server.stop();
    assert!(idle.until_closed().await.1 < Duration::from_millis(300));
    assert!(fresh.until_closed().await.1 < Duration::from_millis(300));
    let (answer, _) = busy.until_closed().await;
    assert!(answer.ends_with("done"), "{answer}");
    assert!(answer.to_ascii_lowercase().contains("connection: close"), "{answer}");
    stopped.await.unwrap().unwrap();
    assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
    assert!(tokio::net::TcpStream::connect(address).await.is_err(), "still accepting");
}

#[tokio::test]
async fn what_is_left_after_the_grace_time_is_cut() {
    let server = Server::start(settings(300, 0)).await;
    let mut busy = Client::connect(server.public).await;
    busy.get("/slow/60000").await;
    assert!(busy.stays_open(Duration::from_millis(100)).await);
    let started = Instant::now();
    server.stop().await.unwrap().unwrap();
    let time = started.elapsed();
    assert!(time >= Duration::from_millis(300) && time < Duration::from_secs(2), "{time:?}");
    let answer = busy.until_closed().await.0;
    assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("shutting down"), "{answer}");
    let head = answer.to_ascii_lowercase();
    assert!(head.contains("retry-after: 5\r\n") && head.contains("connection: close\r\n"), "{answer}");
}

/// Neither one that never ends nor one that its client does not take, nor a request that is not whole.
#[tokio::test]
async fn no_answer_or_header_keeps_the_process() {
    let server = Server::start(settings(300, 0)).await;
    let mut taken = Client::connect(server.public).await;
    taken.get("/endless").await;
    let mut not_taken = Client::connect(server.public).await;
    not_taken.get("/endless").await;
    let mut half = Client::connect(server.public).await;
    half.get("/ping").await;
    half.answer().await;
    half.send("GET /ping HTTP/1.1\r\nhost").await;
    let started = Instant::now();
    let take = async { while taken.read_some().await > 0 {} };
    let (stopped, ()) = tokio::join!(server.stop(), take);
    stopped.unwrap().unwrap();
    let time = started.elapsed();
    assert!(time >= Duration::from_millis(300) && time < Duration::from_secs(3), "{time:?}");
}

/// A body that is still on its way is no reason to say nothing.
#[tokio::test]
async fn an_upload_that_is_cut_is_answered() {
    let server = Server::start(settings(300, 0)).await;
    let mut client = Client::connect(server.public).await;
    client.send("POST /things HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n").await;
    client.send("content-length: 1000\r\n\r\n{").await;
    assert!(client.stays_open(Duration::from_millis(100)).await);
    let (stopped, answered) = tokio::join!(server.stop(), client.until_closed());
    stopped.unwrap().unwrap();
    assert!(answered.0.starts_with("HTTP/1.1 503"), "{}", answered.0);
}

#[tokio::test]
async fn readiness_fails_before_accepting_ends() {
    let server = Server::start(settings(1000, 600)).await;
    let (address, ops) = (server.public, server.ops);
    let stopped = server.stop();
    tokio::time::sleep(Duration::from_millis(100)).await;
    for listener in [address, ops] {
        let mut client = Client::connect(listener).await;
        client.get("/readyz").await;
        let answer = client.answer().await;
        assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("shutting down"), "{answer}");
        // Requests that still come are served.
        client.get("/ping").await;
        assert!(client.answer().await.contains("pong"));
    }
    stopped.await.unwrap().unwrap();
    assert!(tokio::net::TcpStream::connect(address).await.is_err(), "still accepting");
    assert!(tokio::net::TcpStream::connect(ops).await.is_err(), "metrics still accepting");
}

#[tokio::test]
async fn work_that_outlives_its_request_is_finished() {
    let done = Arc::new(AtomicBool::new(false));
    let mark = Arc::clone(&done);
    let finish = async move {
        tokio::time::sleep(Duration::from_millis(300)).await;
        mark.store(true, Ordering::Relaxed);
    };
    let service = Service { finish: Some(Box::pin(finish)), ..service() };
    let server = Server::start_with(settings(100, 0), service).await;
    server.stop().await.unwrap().unwrap();
    assert!(done.load(Ordering::Relaxed));
}

#[tokio::test]
async fn work_that_never_ends_does_not_keep_the_process() {
    let service = Service { finish: Some(Box::pin(std::future::pending())), ..service() };
    let server = Server::start_with(settings(100, 0), service).await;
    let started = Instant::now();
    server.stop().await.unwrap().unwrap();
    let time = started.elapsed();
    assert!(time >= Duration::from_secs(1) && time < Duration::from_secs(3), "{time:?}");
}
