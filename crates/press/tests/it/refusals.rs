//! Requests that name no source which may be fetched. Nothing is dialled for any of them.

use std::sync::Arc;

use http::{Request, header};
use press::fetch::Tls;

use super::support::{network::Internet, press::Press};

#[tokio::test]
async fn a_body_that_is_no_request() {
    let internet = Arc::new(Internet::new());
    let press = Press::on(internet.clone(), Tls::system(), |_| ());
    for (body, status, slug) in [
        ("", 400, "malformed-request"),
        ("{", 400, "malformed-request"),
        ("{\"source_url\":\"http://a/\"", 400, "malformed-request"),
        ("nonsense", 400, "malformed-request"),
        ("{}", 422, "invalid-fields"),
        (r#"{"source_url":null}"#, 422, "invalid-fields"),
        (r#"{"source_url":1}"#, 422, "invalid-fields"),
        (r#"{"source_url":["http://example.com/"]}"#, 422, "invalid-fields"),
        (r#"{"source_url":{}}"#, 422, "invalid-fields"),
        (r#"{"source_url":true}"#, 422, "invalid-fields"),
        (r#"{"source_url":""}"#, 422, "invalid-fields"),
        (r#"{"source_url":"/cat.png"}"#, 422, "invalid-fields"),
        (r#"{"source_url":"file:///etc/passwd"}"#, 422, "invalid-fields"),
        (r#"{"source_url":"ftp://example.com/cat.png"}"#, 422, "invalid-fields"),
        (r#"{"source_url":"http:///cat.png"}"#, 422, "invalid-fields"),
        (r#"{"source_url":"http://user:secret@example.com/cat.png"}"#, 422, "invalid-fields"),
        (r#"{"source_url":"http://example.com/","source_url":"http://example.org/"}"#, 422, "invalid-fields"),
    ] {
        press.post(body).await.assert_problem(body, status, slug, "");
    }
    let latin = b"{\"source_url\":\"http://example.com/\xe9\"}".to_vec();
    press.post(latin).await.assert_problem("broken UTF-8", 400, "malformed-request", "");
    assert!(internet.asked().is_empty() && internet.dialled().is_empty());
    assert!(press.stored().is_empty());
}

#[tokio::test]
async fn a_body_of_another_shape_points_at_what_is_wrong() {
    let press = Press::on(Arc::new(Internet::new()), Tls::system(), |_| ());
    for (body, pointer) in [
        ("[]", ""),
        ("\"http://example.com/\"", ""),
        ("null", ""),
        (r#"{"source_url":"http://a/","url":1}"#, "/url"),
    ] {
        let answer = press.post(body).await;
        assert_eq!(answer.status, 422, "{body}");
        assert_eq!(answer.json()["errors"][0]["pointer"], pointer, "{body}: {}", answer.json());
    }
}

#[tokio::test]
async fn the_body_is_json_and_of_a_bounded_size() {
    let press = Press::on(Arc::new(Internet::new()), Tls::system(), |_| ());
    let body = r#"{"source_url":"http://example.com/"}"#;
    for content_type in
        ["text/plain", "application/x-www-form-urlencoded", "multipart/mixed; boundary=x", "video/mp4"]
    {
        let request = Request::post("/image_to_pdf").header(header::CONTENT_TYPE, content_type);
        let answer = press.call(request.body(body.into()).unwrap()).await;
        answer.assert_problem(content_type, 415, "unsupported-media-type", "");
    }
    let huge = format!(r#"{{"source_url":"http://example.com/{}"}}"#, "a".repeat(10 << 20));
    press.post(huge).await.assert_problem("10 MB", 413, "body-too-large", "");
    let long = format!(r#"{{"source_url":"http://example.com/{}"}}"#, "a".repeat(8192));
    press.post(long).await.assert_problem("a URL too long", 422, "invalid-fields", "8192 bytes");
}

#[tokio::test]
async fn other_methods_and_paths() {
    let press = Press::on(Arc::new(Internet::new()), Tls::system(), |_| ());
    for method in ["GET", "PUT", "DELETE", "PATCH", "HEAD"] {
        let request = Request::builder().method(method).uri("/image_to_pdf");
        let answer = press.call(request.body(axum::body::Body::empty()).unwrap()).await;
        assert_eq!(answer.status, 405, "{method}");
        assert_eq!(answer.header("allow"), "POST", "{method}");
    }
    press.get("/image_to_pdf/", &[]).await.assert_problem("a slash more", 404, "not-found", "");
}

#[tokio::test]
async fn ports_of_public_sources() {
    let internet = Arc::new(Internet::new().name("public.example", &["93.184.215.14"]));
    let press = Press::on(internet.clone(), Tls::system(), |settings| {
        settings.fetch.fetch_ports = vec![80, 443, 8443];
    });
    for port in [0, 1, 22, 25, 79, 81, 442, 444, 6379, 8080, 8442, 65535] {
        for host in ["public.example", "93.184.215.14"] {
            let url = format!("http://{host}:{port}/");
            press.convert(&url).await.assert_problem(&url, 422, "source-refused", &format!("port {port} "));
        }
    }
    assert!(internet.asked().is_empty() && internet.dialled().is_empty());
    for (url, dialled) in [
        ("http://public.example/", "93.184.215.14:80"),
        ("https://public.example/", "93.184.215.14:443"),
        ("https://public.example:8443/", "93.184.215.14:8443"),
    ] {
        press.convert(url).await.assert_problem(url, 502, "source-unreachable", "no connection");
        assert_eq!(internet.dialled().last().unwrap(), dialled);
    }
}

#[tokio::test]
async fn opening_private_addresses_opens_no_others() {
    let internet = Internet::new()
        .name("public.example", &["93.184.215.14"])
        .name("private.example", &["10.0.0.1"])
        .name("mixed.example", &["93.184.215.14", "10.0.0.1"])
        .name("metadata.google.internal", &["169.254.169.254"]);
    let internet = Arc::new(internet);
    let press =
        Press::on(internet.clone(), Tls::system(), |settings| settings.fetch.fetch_allow_private = true);
    for host in [
        "169.254.169.254",
        "168.63.129.16",
        "100.100.100.200",
        "192.0.0.192",
        "[fd00:ec2::254]",
        "[fd20:ce::254]",
        "[fe80::1]",
        "0.0.0.0",
        "[::]",
        "[::ffff:127.0.0.1]",
        "224.0.0.1",
        "metadata.google.internal",
        "mixed.example",
    ] {
        let url = format!("http://{host}:8080/latest/meta-data/");
        press.convert(&url).await.assert_problem(&url, 422, "source-refused", "not a public address");
    }
    let url = "http://public.example:8080/";
    press.convert(url).await.assert_problem(url, 422, "source-refused", "port 8080");
    assert!(internet.dialled().is_empty(), "{:?}", internet.dialled());
    let url = "http://private.example:6379/";
    press.convert(url).await.assert_problem(url, 502, "source-unreachable", "no connection");
    assert_eq!(internet.dialled(), ["10.0.0.1:6379"]);
}

#[tokio::test]
async fn a_name_that_changes_its_mind_is_asked_once() {
    let internet = Internet::new()
        .name("rebinding.example", &["93.184.215.14"])
        .name("rebinding.example", &["127.0.0.1"]);
    let internet = Arc::new(internet);
    let press = Press::on(internet.clone(), Tls::system(), |_| ());
    let url = "http://rebinding.example/";
    press.convert(url).await.assert_problem(url, 502, "source-unreachable", "no connection");
    assert_eq!(internet.asked(), ["rebinding.example"]);
    assert_eq!(internet.dialled(), ["93.184.215.14:80"]);
    press.convert(url).await.assert_problem(url, 422, "source-refused", "not a public address");
    assert_eq!(internet.dialled().len(), 1);
}

#[tokio::test]
async fn names_that_lead_nowhere() {
    let internet = Arc::new(Internet::new().name("empty.example", &[]));
    let press = Press::on(internet.clone(), Tls::system(), |_| ());
    for url in ["http://empty.example/", "http://unknown.example/", "http://exam_ple.invalid/"] {
        press.convert(url).await.assert_problem(url, 502, "source-unreachable", "does not resolve");
    }
    assert!(internet.dialled().is_empty());
}
