//! What Prometheus reads.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use axum::body::Body;
use chassis::{Gauge, Settings};
use http::Method;

use crate::support::{
    call, get_with, request,
    server::{Client, Server},
    service,
};

#[tokio::test]
async fn requests_are_counted_under_the_conventions_names() {
    let app = chassis::app(&Settings::default(), vec![service()]).unwrap();
    for path in ["/things/1", "/things/2", "/wp-login.php", "/.env", "/fail"] {
        get_with(&app.public, path, &[]).await;
    }
    for method in ["BREW", "PROPFIND"] {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        call(&app.public, request(method, "/nothing").body(Body::empty()).unwrap()).await;
    }
    // The client goes away.
    let abandoned = get_with(&app.public, "/slow/60000", &[]);
    assert!(tokio::time::timeout(std::time::Duration::from_millis(50), abandoned).await.is_err());

    let reply = get_with(&app.ops, "/metrics", &[]).await;
    assert_eq!(
        reply.header("content-type"),
        Some("application/openmetrics-text; version=1.0.0; charset=utf-8")
    );
    let text = reply.text();
    let count = "http_server_request_duration_seconds_count";
    for line in [
        &format!(
            r#"{count}{{http_request_method="GET",http_route="/things/{{id}}",http_response_status_code="200",url_scheme="http"}} 2"#
        ),
        &format!(
            r#"{count}{{http_request_method="GET",http_response_status_code="404",url_scheme="http"}} 2"#
        ),
        &format!(
            r#"{count}{{http_request_method="GET",http_route="/fail",http_response_status_code="500",error_type="500",url_scheme="http"}} 1"#
        ),
        &format!(
            r#"{count}{{http_request_method="_OTHER",http_response_status_code="404",url_scheme="http"}} 2"#
        ),
        &format!(
            r#"{count}{{http_request_method="GET",http_route="/slow/{{milliseconds}}",error_type="client_disconnected",url_scheme="http"}} 1"#
        ),
        "http_server_active_requests 0",
        concat!("build_info{version=\"", env!("CARGO_PKG_VERSION"), "\"} 1"),
        "# TYPE http_server_request_duration_seconds histogram",
        "# UNIT http_server_request_duration_seconds seconds",
        "# EOF",
    ] {
        assert!(text.lines().any(|found| found == line), "no line {line} in\n{text}");
    }
    let buckets = text.lines().filter(|line| line.contains("_bucket{le=") && line.contains("/fail"));
    assert_eq!(buckets.count(), 15, "fourteen, and the one for the rest");
    assert!(text.contains("process_start_time_seconds 1"), "{text}");
    assert!(!text.contains("wp-login"), "a client's path became a series");
}

#[tokio::test]
async fn what_is_no_request_is_counted_too() {
    let server = Server::start(Settings::default()).await;
    // What the operators' own listener refuses is none of the public's.
    for listener in [server.public, server.public, server.ops] {
        let mut client = Client::connect(listener).await;
        client.send("nonsense\r\n\r\n").await;
        assert!(client.until_closed().await.0.starts_with("HTTP/1.1 400"));
    }
    let mut scraper = Client::connect(server.ops).await;
    scraper.get("/metrics").await;
    let text = scraper.answer().await;
    let line = r#"http_server_request_duration_seconds_count{http_request_method="_OTHER",http_response_status_code="400",url_scheme="http"} 2"#;
    assert!(text.lines().any(|found| found == line), "{text}");
    assert!(text.contains("http_server_active_requests 0"), "{text}");
    server.stop().await.unwrap().unwrap();
}

#[tokio::test]
async fn requests_in_flight_are_gauged() {
    let app = chassis::app(&Settings::default(), vec![service()]).unwrap();
    let public = app.public.clone();
    let slow = tokio::spawn(async move { get_with(&public, "/slow/300", &[]).await.status });
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    let gauge = async || {
        let text = get_with(&app.ops, "/metrics", &[]).await.text().to_owned();
        text.lines().find(|line| line.starts_with("http_server_active_requests ")).unwrap().to_owned()
    };
    assert_eq!(gauge().await, "http_server_active_requests 1");
    assert_eq!(slow.await.unwrap(), 200);
    assert_eq!(gauge().await, "http_server_active_requests 0");
}

#[tokio::test]
async fn a_service_tells_of_itself() {
    let mut service = service();
    let number = Arc::new(AtomicU64::new(3));
    let read = Arc::clone(&number);
    service.gauges = vec![Gauge {
        name: "things_waiting",
        help: "Things that wait",
        read: Arc::new(move || read.load(Ordering::Relaxed)),
    }];
    let app = chassis::app(&Settings::default(), vec![service]).unwrap();
    for waiting in [3, 0] {
        number.store(waiting, Ordering::Relaxed);
        let text = get_with(&app.ops, "/metrics", &[]).await.text().to_owned();
        for line in [
            "# HELP things_waiting Things that wait.",
            "# TYPE things_waiting gauge",
            &format!("things_waiting {waiting}"),
        ] {
            assert!(text.lines().any(|found| found == line), "no line {line} in\n{text}");
        }
    }
}

#[tokio::test]
async fn an_unknown_path_is_told_what_is_on_this_port() {
    let app = chassis::app(&Settings::default(), vec![service()]).unwrap();
    let reply = get_with(&app.ops, "/nothing", &[]).await;
    assert_eq!(reply.slug(), "not-found");
    let detail = reply.json()["detail"].as_str().unwrap().to_owned();
    let named: Vec<_> =
        detail.split([' ', ',', '.']).filter(|word| word.starts_with('/')).map(str::to_owned).collect();
    assert_eq!(named.len(), 4, "{detail}");
    for path in named {
        assert_eq!(get_with(&app.ops, &path, &[]).await.status, 200, "{path}");
    }
}
