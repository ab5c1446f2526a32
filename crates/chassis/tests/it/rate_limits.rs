//! How often one client may ask for what a service limits.

use std::{
    fs,
    time::{Duration, Instant},
};

use axum::{
    Router,
    body::Body,
    http::Request,
    routing::{get, post},
};
use chassis::{Service, Settings, rate_limited, tokens};
use http::{Method, StatusCode};

use crate::support::{Reply, call, request, service};

const FORWARDED: &str = "x-forwarded-for";

fn router(settings: &Settings) -> Router {
    let limited = post(|body: String| async { body }).route_layer(rate_limited()).get(|| async { "free" });
    let router = Router::new().route("/limited", limited).route("/free", get(|| async { "free" }));
    chassis::app(settings, vec![Service { router, ..service() }]).unwrap().public
}

/// Behind one proxy.
fn settings(per_minute: u32, burst: u32) -> Settings {
    let mut settings = Settings::default();
    settings.hosts.trusted_proxy_hops = 1;
    settings.rate.client_requests_per_minute_max = Some(per_minute);
    settings.rate.client_requests_burst_max = burst;
    settings
}

async fn ask(router: &Router, headers: &[(&str, &str)]) -> Reply {
    let mut request = request(Method::POST, "/limited");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    call(router, request.body(Body::from("body")).unwrap()).await
}

/// How many of 10 requests are taken.
async fn taken(router: &Router, headers: &[(&str, &str)]) -> usize {
    let mut taken = 0;
    for _ in 0..10 {
        taken += usize::from(ask(router, headers).await.status == StatusCode::OK);
    }
    taken
}

#[tokio::test]
async fn there_is_no_limit_until_one_is_set() {
    let router = router(&Settings::default());
    for _ in 0..1000 {
        assert_eq!(ask(&router, &[]).await.text(), "body");
    }
}

#[tokio::test]
async fn who_asks_too_often_is_told_when_to_go_on() {
    let router = router(&settings(20, 3));
    for _ in 0..3 {
        assert_eq!(ask(&router, &[]).await.status, StatusCode::OK);
    }
    let refused = ask(&router, &[]).await;
    assert_eq!((refused.status.as_u16(), refused.slug()), (429, "too-many-requests".to_owned()));
    let told = refused.header("retry-after").unwrap();
    assert!(["2", "3"].contains(&told), "{told}");
    assert!(refused.json()["detail"].as_str().unwrap().contains("20 times a minute"), "{refused:?}");
    assert!(refused.header("x-request-id").is_some(), "it passed the rest of the middleware");
    // What is not limited is free, on the same path too.
    for path in ["/limited", "/free", "/ping", "/docs"] {
        let reply = call(&router, request(Method::GET, path).body(Body::empty()).unwrap()).await;
        assert_eq!(reply.status, StatusCode::OK, "{path}");
    }
    let wrong = call(&router, request(Method::DELETE, "/limited").body(Body::empty()).unwrap()).await;
    assert_eq!(wrong.status, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn nothing_is_read_of_a_request_that_is_one_too_many() {
    let router = router(&settings(1, 1));
    assert_eq!(ask(&router, &[]).await.status, StatusCode::OK);
    // It would be waited for.
    let silent = Body::from_stream(futures_util::stream::pending::<Result<bytes::Bytes, std::io::Error>>());
    let one_more = call(&router, request(Method::POST, "/limited").body(silent).unwrap());
    let reply = tokio::time::timeout(Duration::from_secs(5), one_more).await.expect("it waits for the body");
    assert_eq!(reply.status, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn waiting_as_long_as_told_is_enough() {
    let router = router(&settings(60, 1));
    let start = Instant::now();
    assert_eq!(ask(&router, &[]).await.status, StatusCode::OK);
    let refused = ask(&router, &[]).await;
    let told = Duration::from_secs(refused.header("retry-after").unwrap().parse().unwrap());
    assert_eq!(told, Duration::from_secs(1));
    let refused_at = Instant::now();
    loop {
        let waited = refused_at.elapsed();
        if ask(&router, &[]).await.status == StatusCode::OK {
            break;
        }
        assert!(waited < told, "it is still refused");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(start.elapsed() >= told, "it was taken too early: {:?}", start.elapsed());
}

#[tokio::test]
async fn clients_are_told_apart_as_the_proxy_saw_them() {
    for (one, other, are_one) in [
        (&[(FORWARDED, "198.51.100.1")][..], &[(FORWARDED, "198.51.100.2")][..], false),
        // What stands before the proxy's own entry is forged.
        (&[(FORWARDED, "6.6.6.6, 198.51.100.1")], &[(FORWARDED, "7.7.7.7, 198.51.100.1")], true),
        (&[(FORWARDED, "198.51.100.2, 198.51.100.1")], &[(FORWARDED, "198.51.100.1, 198.51.100.2")], false),
        (&[(FORWARDED, "198.51.100.1:4711")], &[(FORWARDED, "::ffff:198.51.100.1")], true),
        (&[(FORWARDED, "2001:db8::1")], &[(FORWARDED, "2001:db8::2:1")], true),
        (&[(FORWARDED, "2001:db8::1")], &[(FORWARDED, "2001:db8:0:1::1")], false),
        (&[], &[("forwarded", "for=198.51.100.1")], true),
        // No tokens are asked for, so none makes a client.
        (&[("authorization", "Bearer a")], &[("authorization", "Bearer b")], true),
    ] {
        let router = router(&settings(1, 3));
        assert_eq!(taken(&router, one).await, 3, "{one:?}");
        assert_eq!(taken(&router, other).await, if are_one { 0 } else { 3 }, "{one:?} {other:?}");
    }
}

#[tokio::test]
async fn without_a_trusted_proxy_forwarded_headers_make_no_client() {
    let mut settings = settings(1, 3);
    settings.hosts.trusted_proxy_hops = 0;
    let router = router(&settings);
    assert_eq!(taken(&router, &[(FORWARDED, "198.51.100.1")]).await, 3);
    assert_eq!(taken(&router, &[(FORWARDED, "198.51.100.2")]).await, 0);
}

#[tokio::test]
async fn a_token_is_a_client_wherever_it_comes_from() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tokens");
    let lines = ["one", "other"].map(|name| format!("{name} {}\n", tokens::hash(&format!("{name}-1"))));
    fs::write(&path, lines.concat()).unwrap();
    let mut settings = settings(1, 3);
    settings.access.api_tokens_file = Some(path);
    let router = router(&settings);
    let with = |token, address| [("authorization", token), (FORWARDED, address)];
    for (headers, expected) in [
        (with("Bearer one-1", "198.51.100.1"), 3),
        (with("Bearer one-1", "198.51.100.2"), 0),
        (with("Bearer other-1", "198.51.100.1"), 3),
        // Whoever guesses is counted by the address, whatever is guessed.
        (with("Bearer one-2", "198.51.100.1"), 3),
        (with("Bearer one-3", "198.51.100.1"), 0),
        (with("Basic dTpw", "198.51.100.1"), 0),
    ] {
        assert_eq!(taken(&router, &headers).await, expected, "{headers:?}");
    }
}

#[tokio::test]
async fn a_router_without_the_chassis_is_a_mistake_that_shows() {
    let router = Router::new().route("/limited", post(|| async {}).route_layer(rate_limited()));
    let reply = call(&router, Request::post("/limited").body(Body::empty()).unwrap()).await;
    assert_eq!(reply.slug(), "internal-error");
}
