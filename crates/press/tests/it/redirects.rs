//! Redirects: each hop is judged as the first one was.

use std::sync::Arc;

use press::fetch::{REDIRECTS_MAX, Tls};
use tokio::io::AsyncWriteExt;

use super::support::{
    images,
    network::Internet,
    press::Press,
    source::{Source, ok, redirect},
};

/// `/N` redirects to `/N-1`, and `/0` is the image.
async fn countdown() -> Source {
    Source::start(|head, mut stream| async move {
        let path = head.split(' ').nth(1).unwrap();
        let left: usize = path.trim_start_matches('/').parse().unwrap();
        let answer = match left {
            0 => ok(&images::png()),
            left => redirect([301, 302, 303, 307, 308][left % 5], &format!("/{}", left - 1)),
        };
        let _ = stream.write_all(&answer).await;
    })
    .await
}

#[tokio::test]
async fn as_many_redirects_as_the_limit_and_not_one_more() {
    let press = Press::start();
    let source = countdown().await;
    press.pdf(&source.url(&format!("/{REDIRECTS_MAX}"))).await;
    assert_eq!(source.connections(), REDIRECTS_MAX + 1);
    let url = source.url(&format!("/{}", REDIRECTS_MAX + 1));
    press.convert(&url).await.assert_problem(
        "one more",
        422,
        "source-refused",
        "redirects more than 5 times",
    );
}

#[tokio::test]
async fn a_loop_ends() {
    let press = Press::start();
    let source = Source::raw(redirect(302, "/again")).await;
    press.convert(&source.url("/")).await.assert_problem("loop", 422, "source-refused", "more than 5 times");
    assert_eq!(source.connections(), REDIRECTS_MAX + 1);
}

#[tokio::test]
async fn nothing_is_taken_from_one_hop_to_the_next() {
    let press = Press::start();
    let target = Source::body(&images::png()).await;
    let location = target.url("/image");
    let answer = format!(
        "HTTP/1.1 302 Found\r\nSet-Cookie: a=b\r\nWWW-Authenticate: Basic\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n"
    );
    let source = Source::raw(answer).await;
    press.pdf(&source.url("/start?secret=1")).await;
    let head = target.requests()[0].to_lowercase();
    assert!(head.contains(&format!("\r\nhost: {}\r\n", target.address)));
    for never in ["cookie", "referer", "authorization", "secret"] {
        assert!(!head.contains(never), "{head}");
    }
}

/// A public source that redirects to where it must not: asked once, followed never.
#[tokio::test]
async fn targets_that_are_refused() {
    let cases = [
        ("http://127.0.0.1/", "not a public address"),
        ("http://127.0.0.1:8080/", "port 8080"),
        ("http://169.254.169.254/latest/meta-data/", "not a public address"),
        ("http://2130706433/", "not a public address"),
        ("//0x7f.1/", "not a public address"),
        ("http://[::ffff:127.0.0.1]/", "not a public address"),
        ("http://[::1]/", "not a public address"),
        ("http://localhost/", "not a public address"),
        ("http://intranet.example/", "not a public address"),
        ("http://mixed.example/", "not a public address"),
        ("http://public.example:22/", "port 22"),
        ("https://public.example:6379/", "port 6379"),
        ("file:///etc/passwd", "must be an absolute URL"),
        ("data:image/png;base64,AAAA", "must be an absolute URL"),
        ("s3://bucket/key", "must be an absolute URL"),
        ("gopher://public.example/", "must be an absolute URL"),
        ("local:///etc/passwd", "must be an absolute URL"),
        ("http://user:secret@public.example/", "must not carry a user name"),
        ("http://public.example\\@127.0.0.1/", "backslashes"),
        ("http://public.example:65536/", "is not a valid URL"),
        ("http://", "must name a host"),
    ];
    for (location, expected) in cases {
        for status in [301, 302, 303, 307, 308] {
            let source = Source::raw(redirect(status, location)).await;
            let internet = Internet::new()
                .name("public.example", &["93.184.215.14"])
                .name("localhost", &["127.0.0.1"])
                .name("intranet.example", &["10.0.0.1"])
                .name("mixed.example", &["93.184.215.14", "10.0.0.1"])
                .server("93.184.215.14:80", source.address);
            let internet = Arc::new(internet);
            let press = Press::on(internet.clone(), Tls::system(), |_| ());
            let answer = press.convert("http://public.example/cat.png").await;
            answer.assert_problem(location, 422, "source-refused", expected);
            assert!(!String::from_utf8_lossy(&answer.body).contains("secret"), "{location}");
            assert_eq!(internet.dialled(), ["93.184.215.14:80"], "{location}");
            assert!(press.stored().is_empty());
        }
    }
}

#[tokio::test]
async fn a_name_that_changes_its_mind_between_hops_is_judged_anew() {
    let source = Source::raw(redirect(302, "/next")).await;
    let internet = Internet::new()
        .name("rebinding.example", &["93.184.215.14"])
        .name("rebinding.example", &["169.254.169.254"])
        .server("93.184.215.14:80", source.address);
    let internet = Arc::new(internet);
    let press = Press::on(internet.clone(), Tls::system(), |_| ());
    let answer = press.convert("http://rebinding.example/").await;
    answer.assert_problem("second hop", 422, "source-refused", "not a public address");
    assert_eq!(internet.dialled(), ["93.184.215.14:80"]);
}

#[tokio::test]
async fn redirects_to_nowhere() {
    let press = Press::start();
    for (case, answer) in [
        ("no Location", b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n".to_vec()),
        ("no text", b"HTTP/1.1 301 Moved\r\nLocation: /\xff\xfe\r\nContent-Length: 0\r\n\r\n".to_vec()),
    ] {
        let source = Source::raw(answer).await;
        press.convert(&source.url("/")).await.assert_problem(
            case,
            502,
            "source-failed",
            "without a usable Location",
        );
    }
    let source = Source::raw(redirect(302, &format!("/{}", "a".repeat(8192)))).await;
    press.convert(&source.url("/")).await.assert_problem("long", 422, "source-refused", "8192 bytes");
}
