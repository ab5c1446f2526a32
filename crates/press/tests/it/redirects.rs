//! Redirects: each hop is judged as the first one was.

use http::Request;
use press::fetch::REDIRECTS_MAX;
use tokio::io::AsyncWriteExt;

use super::support::{
    images,
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

/// The first hop and the next are asked alike, whatever the client itself sent.
#[tokio::test]
async fn nothing_of_the_client_is_forwarded() {
    let press = Press::start();
    let target = Source::body(&images::png()).await;
    let source = Source::raw(redirect(307, &target.url("/b"))).await;
    let request = Request::post("/image_to_pdf")
        .header("content-type", "application/json; charset=utf-8")
        .header("authorization", "Bearer secret")
        .header("cookie", "session=secret")
        .header("referer", "http://intranet.example/secret")
        .header("range", "bytes=0-1")
        .header("x-forwarded-for", "198.51.100.1")
        .header("x-request-id", "secret")
        .header("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
    let body = serde_json::json!({ "source_url": source.url("/a#secret") }).to_string();
    assert_eq!(press.call(request.body(body.into()).unwrap()).await.status, 200);
    for (server, path) in [(&source, "/a"), (&target, "/b")] {
        let expected = format!(
            "GET {path} HTTP/1.1\r\nhost: {}\r\nuser-agent: {}\r\naccept: image/png, image/jpeg, image/*;q=0.5\r\n\
             accept-encoding: identity\r\nconnection: close\r\n\r\n",
            server.address,
            press::settings::DEFAULT_USER_AGENT,
        );
        assert_eq!(server.requests(), [expected]);
    }
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
