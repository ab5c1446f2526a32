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

/// Addresses in every notation, with private ones closed as the embedded default has it.
#[tokio::test]
async fn addresses_that_are_not_public_are_never_dialled() {
    let internet = Arc::new(Internet::new());
    let press = Press::on(internet.clone(), Tls::system(), |_| ());
    let hosts = [
        "0.0.0.0",
        "0.1.2.3",
        "10.0.0.1",
        "100.64.0.1",
        "127.0.0.1",
        "127.255.255.254",
        "169.254.169.254",
        "169.254.170.2",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.1",
        "192.0.0.192",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.1.1",
        "198.18.0.1",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
        "168.63.129.16",
        "100.100.100.200",
        "2130706433",
        "0x7f000001",
        "017700000001",
        "0177.0.0.1",
        "0x7f.0.0.1",
        "127.1",
        "127.0.1",
        "127.0.0.1.",
        "0",
        "%31%32%37.0.0.1",
        "１２７.0.0.1",
        "127。0。0。1",
        "①②⑦.0.0.1",
        "0xa9fea9fe",
        "2852039166",
        "[::]",
        "[::1]",
        "[0:0:0:0:0:0:0:1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::ffff:8.8.8.8]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[64:ff9b::a00:1]",
        "[64:ff9b:1::a00:1]",
        "[2002:7f00:1::]",
        "[2002:a9fe:a9fe::]",
        "[2001::1]",
        "[2001:0:4136:e378:8000:63bf:3fff:fdd2]",
        "[2001:db8::1]",
        "[100::1]",
        "[fc00::1]",
        "[fd00::1]",
        "[fd00:ec2::254]",
        "[fd20:ce::254]",
        "[fe80::1]",
        "[febf::1]",
        "[fec0::1]",
        "[ff02::1]",
        "[2a00::5efe:7f00:1]",
        "[2a00::200:5efe:a00:1]",
        "[4000::1]",
        "[3fff::1]",
    ];
    for host in hosts {
        for url in [format!("http://{host}/cat.png"), format!("HTTPS://{host}/")] {
            let answer = press.convert(&url).await;
            answer.assert_problem(&url, 422, "source-refused", "not a public address");
        }
    }
    assert!(internet.asked().is_empty() && internet.dialled().is_empty(), "{:?}", internet.dialled());
}

#[tokio::test]
async fn names_that_lead_to_such_addresses_are_refused_without_naming_them() {
    let names: &[(&str, &[&str])] = &[
        ("localhost", &["127.0.0.1"]),
        ("localhost.", &["127.0.0.1"]),
        ("loopback.example", &["::1"]),
        ("metadata.google.internal", &["169.254.169.254"]),
        ("intranet.example", &["10.1.2.3"]),
        ("ula.example", &["fd12:3456::1"]),
        ("mapped.example", &["::ffff:10.1.2.3"]),
        ("nat64.example", &["64:ff9b::10.1.2.3"]),
        ("mixed.example", &["93.184.215.14", "10.1.2.3"]),
        ("mixed-last.example", &["2606:2800:21f:cb07:6820:80da:af6b:8b2c", "93.184.215.14", "::1"]),
        ("mixed-first.example", &["127.0.0.1", "93.184.215.14"]),
        ("xn--tst-bma.example", &["192.168.0.1"]),
    ];
    let internet =
        names.iter().fold(Internet::new(), |internet, (name, answers)| internet.name(name, answers));
    let internet = Arc::new(internet);
    let press = Press::on(internet.clone(), Tls::system(), |_| ());
    for (name, answers) in names {
        let answer = press.convert(&format!("http://{name}/cat.png?token=hidden")).await;
        answer.assert_problem(name, 422, "source-refused", "not a public address");
        let said = String::from_utf8(answer.body.to_vec()).unwrap();
        for secret in answers.iter().copied().chain(["hidden"]) {
            assert!(!said.contains(secret), "{name}: {said}");
        }
    }
    press.convert("http://tést.example/").await.assert_problem(
        "IDN",
        422,
        "source-refused",
        "not a public address",
    );
    assert_eq!(internet.asked().len(), names.len() + 1);
    assert!(internet.dialled().is_empty(), "{:?}", internet.dialled());
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
