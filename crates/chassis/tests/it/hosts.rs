//! Which hosts are served, and which links a request is told.

use axum::body::Body;
use chassis::Settings;
use http::{Request, StatusCode, Version};

use crate::support::{Reply, call, get_with, router};

async fn get(settings: &Settings, uri: &str, hosts: &[&str], version: Version) -> Reply {
    let mut request = Request::get(uri).version(version);
    for host in hosts {
        request = request.header("host", *host);
    }
    call(&router(settings), request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn only_allowed_hosts_are_served() {
    let mut settings = Settings::default();
    settings.hosts.allowed_hosts =
        vec!["api.example.com".parse().unwrap(), "127.0.0.1:8080".parse().unwrap()];
    for (uri, host, status) in [
        ("/things/1", "api.example.com", 200),
        ("/things/1", "API.EXAMPLE.COM:443", 200),
        ("/things/1", "127.0.0.1:8080", 200),
        ("/things/1", "127.0.0.1", 421),
        ("/things/1", "evil.example", 421),
        ("/things/1", "api.example.com.evil.example", 421),
        ("/nothing", "evil.example", 421),
        ("/docs", "evil.example", 421),
        ("/ping", "evil.example", 200),
        ("/livez", "10.0.0.7:8080", 200),
        ("/readyz", "10.0.0.7:8080", 200),
        ("/readyz/", "10.0.0.7:8080", 421),
        // The target's own authority wins over the header.
        ("http://evil.example/things/1", "api.example.com", 421),
        ("http://api.example.com/things/1", "evil.example", 200),
    ] {
        let reply = get(&settings, uri, &[host], Version::HTTP_11).await;
        assert_eq!(reply.status.as_u16(), status, "{uri} {host}");
        if status == 421 {
            assert_eq!(reply.slug(), "misdirected-request");
        }
    }
}

#[tokio::test]
async fn a_request_has_one_host() {
    let settings = Settings::default();
    for (uri, hosts, version, status) in [
        ("/things/1", &[][..], Version::HTTP_11, 400),
        ("/things/1", &[], Version::HTTP_10, 200),
        ("/ping", &[], Version::HTTP_11, 200),
        ("/things/1", &["a", "a"], Version::HTTP_11, 400),
        ("/things/1", &["a b"], Version::HTTP_11, 400),
        ("/things/1", &[""], Version::HTTP_11, 400),
        ("/things/1", &["user@host"], Version::HTTP_11, 400),
        ("/things/1", &["[::1]:8080"], Version::HTTP_11, 200),
        ("http://localhost/things/1", &[], Version::HTTP_2, 200),
        ("http://user@localhost/things/1", &[], Version::HTTP_2, 400),
        ("http://user:secret@localhost/things/1", &["localhost"], Version::HTTP_11, 400),
        // Nothing to make a link of.
        ("/whoami", &[], Version::HTTP_10, 400),
    ] {
        let reply = get(&settings, uri, hosts, version).await;
        assert_eq!(reply.status.as_u16(), status, "{uri} {hosts:?}");
        if status == 400 {
            assert_eq!(reply.slug(), "malformed-request");
        }
    }
}

#[tokio::test]
async fn a_host_that_makes_no_link_is_malformed() {
    for host in ["localhost:99999", "localhost:x", "1.2.3.4.5", "a%00b"] {
        let reply = get(&Settings::default(), "/whoami", &[host], Version::HTTP_11).await;
        assert_eq!((reply.status.as_u16(), reply.slug()), (400, "malformed-request".to_owned()), "{host}");
    }
}

#[tokio::test]
async fn malformed_paths_are_400() {
    let router = router(&Settings::default());
    for path in ["/%", "/%4", "/%zz", "/things/%ff", "/plain/%c3%28", "/nothing/%"] {
        let reply = get_with(&router, path, &[]).await;
        assert_eq!(
            (reply.status, reply.slug()),
            (StatusCode::BAD_REQUEST, "malformed-request".to_owned()),
            "{path}"
        );
    }
}

#[tokio::test]
async fn links_come_from_the_public_url_or_on_loopback_from_the_request() {
    let on_loopback = Settings::default();
    let mut public = Settings::default();
    public.hosts.public_url = Some("https://api.example.com/base".parse().unwrap());
    let mut open = Settings::default();
    open.bind.host = "0.0.0.0".parse().unwrap();
    let mut both = public.clone();
    both.bind.host = open.bind.host;

    for (settings, link) in [
        (&on_loopback, Some("http://localhost:3000/things/1")),
        (&public, Some("https://api.example.com/base/things/1")),
        (&both, Some("https://api.example.com/base/things/1")),
        (&open, None),
    ] {
        assert_eq!(settings.knows_own_url(), link.is_some());
        let maybe = get(settings, "/maybe-link", &["localhost:3000"], Version::HTTP_11).await;
        assert_eq!((maybe.status.as_u16(), maybe.json().is_string()), (200, link.is_some()));
        let reply = get(settings, "/whoami", &["localhost:3000"], Version::HTTP_11).await;
        if let Some(link) = link {
            assert_eq!(reply.json()["link"], link);
        } else {
            // A client's Host is not to be believed here, and the answer says nothing of why.
            assert_eq!((reply.status.as_u16(), reply.slug()), (500, "internal-error".to_owned()));
            assert!(!reply.text().contains("PUBLIC_URL"));
        }
    }
}
