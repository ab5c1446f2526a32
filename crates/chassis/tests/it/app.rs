//! The chassis's own paths, and both fallbacks.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use axum::body::Body;
use chassis::{Service, Settings};
use http::{Method, StatusCode};
use serde_json::json;

use crate::support::{call, get_with, request, router, service};

#[tokio::test]
async fn health_answers_on_both_listeners() {
    let app = chassis::app(&Settings::default(), vec![service()]).unwrap();
    for router in [&app.public, &app.ops] {
        for (path, body) in [
            ("/ping", json!({"ping": "pong"})),
            ("/livez", json!({"status": "ok"})),
            ("/readyz", json!({"status": "ok"})),
        ] {
            let reply = get_with(router, path, &[]).await;
            assert_eq!((reply.status, reply.json()), (StatusCode::OK, body), "{path}");
            assert_eq!(reply.header("cache-control"), Some("no-store"), "{path}");
        }
    }
    assert_eq!(get_with(&app.public, "/metrics", &[]).await.slug(), "not-found");
    assert_eq!(get_with(&app.ops, "/things/1", &[]).await.slug(), "not-found");
}

#[tokio::test]
async fn readiness_names_the_service_and_not_the_reason() {
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&asked);
    let broken = Service {
        name: "broken",
        ready: Arc::new(move || {
            counted.fetch_add(1, Ordering::Relaxed);
            Box::pin(async { Err(anyhow::anyhow!("the secret host db.internal is down")) })
        }),
        router: axum::Router::new(),
        openapi: service().openapi,
        body_limit: None,
        finish: None,
        gauges: Vec::new(),
    };
    let app = chassis::app(&Settings::default(), vec![service(), broken]).unwrap();
    let reply = get_with(&app.public, "/readyz", &[]).await;
    assert_eq!(
        (reply.status, reply.slug()),
        (StatusCode::SERVICE_UNAVAILABLE, "service-unavailable".to_owned())
    );
    assert_eq!(reply.json()["detail"], "Not ready: broken.");
    assert_eq!(reply.header("retry-after"), Some("5"));
    assert!(!reply.text().contains("secret"));

    // Probing hard does not reach the dependency.
    for _ in 0..20 {
        get_with(&app.ops, "/readyz", &[]).await;
    }
    assert_eq!(asked.load(Ordering::Relaxed), 1);
    // The process itself is well.
    assert_eq!(get_with(&app.public, "/livez", &[]).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_dependency_that_hangs_is_not_ready() {
    let hanging = Service {
        name: "hanging",
        ready: Arc::new(|| Box::pin(std::future::pending())),
        router: axum::Router::new(),
        openapi: service().openapi,
        body_limit: None,
        finish: None,
        gauges: Vec::new(),
    };
    let app = chassis::app(&Settings::default(), vec![hanging]).unwrap();
    assert_eq!(get_with(&app.public, "/readyz", &[]).await.json()["detail"], "Not ready: hanging.");
}

#[tokio::test]
async fn what_is_not_there_is_a_problem() {
    let router = router(&Settings::default());
    let reply = get_with(&router, "/nothing", &[]).await;
    assert_eq!((reply.status, reply.slug()), (StatusCode::NOT_FOUND, "not-found".to_owned()));

    for (method, path, allow) in [
        (Method::DELETE, "/things/1", "GET,HEAD"),
        (Method::GET, "/things", "POST"),
        (Method::POST, "/ping", "GET,HEAD"),
        (Method::from_bytes(b"BREW").unwrap(), "/docs", "GET,HEAD"),
    ] {
        let reply = call(&router, request(method, path).body(Body::empty()).unwrap()).await;
        assert_eq!(
            (reply.status, reply.slug()),
            (StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed".to_owned())
        );
        assert_eq!(reply.header("allow"), Some(allow), "{path}");
    }
}

#[tokio::test]
async fn head_is_get_without_the_body() {
    let router = router(&Settings::default());
    for path in ["/ping", "/things/1", "/openapi.json", "/docs", "/nothing"] {
        let get = get_with(&router, path, &[]).await;
        let head = call(&router, request(Method::HEAD, path).body(Body::empty()).unwrap()).await;
        assert_eq!(head.status, get.status, "{path}");
        assert_eq!(head.header("content-type"), get.header("content-type"), "{path}");
        assert_eq!(head.header("content-length"), get.header("content-length"), "{path}");
        assert!(head.body.is_empty(), "{path}");
    }
}

#[tokio::test]
async fn the_first_page_says_what_runs_here() {
    let router = router(&Settings::default());
    let page = get_with(&router, "/", &[("accept", "text/html,application/xhtml+xml,*/*;q=0.8")]).await;
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
    for expected in ["<h2>things</h2>", "href=\"docs\"", "href=\"redoc\"", "/things/{id}", "Takes a thing"] {
        assert!(page.text().contains(expected), "{expected}");
    }
    let json = get_with(&router, "/", &[("accept", "application/json")]).await;
    assert_eq!(json.json()["services"], json!(["things"]));
    assert_eq!(json.json()["links"]["docs"], "/docs");
    // Who takes anything gets the page.
    assert_eq!(
        get_with(&router, "/", &[("accept", "*/*")]).await.header("content-type"),
        page.header("content-type")
    );
}
