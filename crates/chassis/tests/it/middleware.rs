//! What every answer has, whatever happened to its request.

use std::io::Read;

use axum::body::Body;
use chassis::Settings;
use http::{Method, StatusCode};

use crate::support::{call, get_with, request, router};

#[tokio::test]
async fn every_answer_carries_an_id_and_the_security_headers() {
    let router = router(&Settings::default());
    for path in
        ["/ping", "/things/1", "/nothing", "/things/abc", "/%", "/fail", "/panic", "/unavailable", "/docs"]
    {
        let reply = get_with(&router, path, &[]).await;
        assert_eq!(reply.header("x-request-id").map(str::len), Some(36), "{path}");
        assert_eq!(reply.header("x-content-type-options"), Some("nosniff"), "{path}");
        assert_eq!(reply.header("referrer-policy"), Some("no-referrer"), "{path}");
        let policy = reply.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'"), "{path}: {policy}");
        assert_eq!(reply.header("strict-transport-security"), None, "{path}");
    }
}

#[tokio::test]
async fn a_clients_id_is_kept_only_if_it_is_harmless() {
    let router = router(&Settings::default());
    let longest = "a".repeat(64);
    let too_long = "a".repeat(65);
    for (id, kept) in [
        ("a", true),
        ("Az09-", true),
        (longest.as_str(), true),
        (too_long.as_str(), false),
        ("", false),
        ("a b", false),
        ("a_b", false),
        ("a\"b", false),
        ("ä", false),
    ] {
        let reply = get_with(&router, "/whoami", &[("x-request-id", id)]).await;
        let answered = reply.header("x-request-id").unwrap();
        assert_eq!(answered == id, kept, "{id:?}");
        // Handlers and clients see the same one.
        assert_eq!(reply.json()["id"], answered);
    }
    let twice = get_with(&router, "/ping", &[("x-request-id", "a"), ("x-request-id", "b")]).await;
    assert_eq!(twice.header("x-request-id").map(str::len), Some(36));
}

#[tokio::test]
async fn failures_say_nothing_of_the_inside() {
    let router = router(&Settings::default());
    for (path, status, slug) in [
        ("/fail", StatusCode::INTERNAL_SERVER_ERROR, "internal-error"),
        ("/panic", StatusCode::INTERNAL_SERVER_ERROR, "internal-error"),
        ("/unavailable", StatusCode::SERVICE_UNAVAILABLE, "service-unavailable"),
    ] {
        let reply = get_with(&router, path, &[]).await;
        assert_eq!((reply.status, reply.slug().as_str()), (status, slug), "{path}");
        for inside in ["disk", "keep", "sky"] {
            assert!(!reply.text().contains(inside), "{path}: {}", reply.text());
        }
    }
    assert_eq!(get_with(&router, "/unavailable", &[]).await.header("retry-after"), Some("2"));
}

#[tokio::test]
async fn answers_are_packed_where_it_is_worth_it() {
    let router = router(&Settings::default());
    let gzip = &[("accept-encoding", "gzip")];
    let packed = get_with(&router, "/large/10000", gzip).await;
    assert_eq!(packed.header("content-encoding"), Some("gzip"));
    let mut text = String::new();
    flate2::read::GzDecoder::new(packed.body.as_ref()).read_to_string(&mut text).unwrap();
    assert_eq!(text, "x".repeat(10_000));
    assert_eq!(
        get_with(&router, "/large/1024", gzip).await.header("content-encoding"),
        Some("gzip"),
        "the limit"
    );

    for (path, headers) in [
        ("/large/10000", &[][..]),
        ("/large/1023", gzip),
        ("/pdf", gzip),
        ("/large/10000", &[("accept-encoding", "gzip;q=0")]),
        ("/large/10000", &[("accept-encoding", "identity;q=0")]),
        ("/large/10000", &[("accept-encoding", "*;q=0")]),
    ] {
        let reply = get_with(&router, path, headers).await;
        assert_eq!(
            (reply.status, reply.header("content-encoding")),
            (StatusCode::OK, None),
            "{path} {headers:?}"
        );
    }
}

/// A strong tag promises the same bytes, which packed ones are not.
#[tokio::test]
async fn a_packed_answers_tag_is_weak() {
    let router = router(&Settings::default());
    for (path, accepted, tag) in [
        ("/tagged/1024", "gzip", "W/\"1\""),
        ("/tagged/1024", "identity", "\"1\""),
        ("/tagged/1023", "gzip", "\"1\""),
    ] {
        let reply = get_with(&router, path, &[("accept-encoding", accepted)]).await;
        assert_eq!(reply.header("etag"), Some(tag), "{path} {accepted}");
    }
}

/// A cache that kept the packed answer for everyone would break those who cannot unpack it.
#[tokio::test]
async fn caches_learn_which_answers_depend_on_the_packing() {
    let router = router(&Settings::default());
    for (path, depends) in
        [("/large/10000", true), ("/things/4294967295", false), ("/large/10", false), ("/pdf", false)]
    {
        for headers in [&[][..], &[("accept-encoding", "gzip")], &[("accept-encoding", "identity")]] {
            let vary = get_with(&router, path, headers).await.header("vary").map(str::to_owned);
            assert_eq!(vary, depends.then(|| "accept-encoding".to_owned()), "{path} {headers:?}");
        }
    }
}

async fn preflight(origins: &[&str], origin: &str) -> (StatusCode, Option<String>, Option<String>) {
    let mut settings = Settings::default();
    settings.hosts.cors_origins = origins.iter().map(|origin| origin.parse().unwrap()).collect();
    let request = request(Method::OPTIONS, "/things")
        .header("origin", origin)
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "content-type");
    let reply = call(&router(&settings), request.body(Body::empty()).unwrap()).await;
    let header = |name| reply.header(name).map(str::to_owned);
    (reply.status, header("access-control-allow-origin"), header("access-control-allow-methods"))
}

#[tokio::test]
async fn pages_of_named_origins_may_call() {
    let app = "https://app.example.com";
    let methods = Some("GET,HEAD,POST,PUT,PATCH,DELETE".to_owned());
    assert_eq!(preflight(&[], app).await, (StatusCode::METHOD_NOT_ALLOWED, None, None));
    assert_eq!(preflight(&[app], app).await, (StatusCode::OK, Some(app.to_owned()), methods.clone()));
    assert_eq!(preflight(&[app], "https://evil.example").await.1, None);
    assert_eq!(
        preflight(&["*"], "https://evil.example").await,
        (StatusCode::OK, Some("*".to_owned()), methods)
    );

    let mut settings = Settings::default();
    settings.hosts.cors_origins = vec![app.parse().unwrap()];
    let reply = get_with(&router(&settings), "/nothing", &[("origin", app)]).await;
    assert_eq!(reply.header("access-control-allow-origin"), Some(app));
    assert!(reply.header("access-control-expose-headers").unwrap().contains("x-request-id"));
    assert_eq!(reply.header("access-control-allow-credentials"), None);
}

#[tokio::test]
async fn pages_can_read_every_refusal() {
    let app = "https://app.example.com";
    let mut settings = Settings::default();
    settings.hosts.cors_origins = vec![app.parse().unwrap()];
    settings.limits.body_bytes_max = 10;
    settings.limits.request_timeout_ms = 50;
    let router = router(&settings);
    for (method, path, body, status) in [
        (Method::POST, "/things", "x".repeat(11), StatusCode::PAYLOAD_TOO_LARGE),
        (Method::GET, "/slow/60000", String::new(), StatusCode::GATEWAY_TIMEOUT),
        (Method::GET, "/fail", String::new(), StatusCode::INTERNAL_SERVER_ERROR),
    ] {
        let request = request(method, path).header("origin", app).header("content-type", "application/json");
        let reply = call(&router, request.body(Body::from(body)).unwrap()).await;
        assert_eq!(reply.status, status, "{path}");
        assert_eq!(reply.header("access-control-allow-origin"), Some(app), "{path}");
    }
}
