//! Sources that answer, but not with an image that can be converted. Each is answered with its problem and leaves
//! nothing behind.

use std::time::{Duration, Instant};

use tokio::io::AsyncWriteExt;

use super::support::{
    images,
    press::Press,
    source::{Source, ok, until_closed},
};

async fn check(cases: Vec<(&str, Vec<u8>, u16, &str, &str)>) {
    let press = Press::start();
    for (case, answer, status, slug, detail) in cases {
        let source = Source::raw(answer).await;
        press.convert(&source.url("/cat.png?secret=1")).await.assert_problem(case, status, slug, detail);
        assert!(press.stored().is_empty(), "{case}: {:?}", press.stored());
    }
}

fn head(lines: &str, body: &[u8]) -> Vec<u8> {
    [format!("HTTP/1.1 {lines}\r\n\r\n").as_bytes(), body].concat()
}

#[tokio::test]
async fn statuses_other_than_200() {
    let image = images::png();
    let length = image.len();
    let mut cases = Vec::new();
    for status in
        [201, 202, 203, 205, 206, 207, 226, 300, 305, 306, 400, 401, 403, 404, 407, 410, 418, 429, 451]
    {
        cases.push(status);
    }
    cases.extend([500, 501, 502, 503, 504, 511, 599, 999]);
    let details: Vec<String> =
        cases.iter().map(|status| format!("answered {status} where 200 was expected")).collect();
    let cases = cases.iter().zip(&details).map(|(status, detail)| {
        let answer = head(&format!("{status} X\r\nContent-Length: {length}"), &image);
        ("status", answer, 502, "source-failed", detail.as_str())
    });
    check(cases.collect()).await;
    check(vec![
        ("204", head("204 No Content", b""), 502, "source-failed", "answered 204"),
        ("304", head("304 Not Modified", b""), 502, "source-failed", "answered 304"),
    ])
    .await;
}

#[tokio::test]
async fn answers_that_are_no_http() {
    let many_headers = format!("200 OK\r\n{}Content-Length: 0", "X: y\r\n".repeat(100));
    let long_header = format!("200 OK\r\nX: {}\r\nContent-Length: 0", "y".repeat(140_000));
    check(vec![
        ("nothing", Vec::new(), 502, "source-failed", "broke off"),
        ("half a status line", b"HTTP/1.1 20".to_vec(), 502, "source-failed", "broke off"),
        ("half a head", b"HTTP/1.1 200 OK\r\nContent-".to_vec(), 502, "source-failed", "broke off"),
        ("SSH", b"SSH-2.0-OpenSSH_9.7\r\n".to_vec(), 502, "source-failed", "broke off"),
        ("SMTP", b"220 mail.example ESMTP\r\n".to_vec(), 502, "source-failed", "broke off"),
        ("Redis", b"-ERR unknown command 'GET'\r\n".to_vec(), 502, "source-failed", "broke off"),
        ("bare bytes", images::png(), 502, "source-failed", "broke off"),
        ("too many headers", head(&many_headers, b""), 502, "source-failed", "broke off"),
        ("too long a header", head(&long_header, b""), 502, "source-failed", "broke off"),
        (
            "two lengths",
            head("200 OK\r\nContent-Length: 1\r\nContent-Length: 2", b"ab"),
            502,
            "source-failed",
            "broke off",
        ),
        ("a negative length", head("200 OK\r\nContent-Length: -1", b""), 502, "source-failed", "broke off"),
        (
            "no chunk size",
            head("200 OK\r\nTransfer-Encoding: chunked", b"xyz\r\n"),
            502,
            "source-failed",
            "broke off",
        ),
    ])
    .await;
}

#[tokio::test]
async fn a_head_as_large_as_is_read() {
    let press = Press::start();
    let image = images::png();
    let length = format!("Content-Length: {}", image.len());
    for lines in [
        format!("200 OK\r\n{}{length}", "X: y\r\n".repeat(99)),
        format!("200 OK\r\nX: {}\r\n{length}", "y".repeat(31 * 1024)),
    ] {
        press.pdf(&Source::raw(head(&lines, &image)).await.url("/")).await;
    }
}

#[tokio::test]
async fn bodies_that_end_too_early() {
    let image = images::png();
    let longer = image.len() + 1;
    let half = &image[..image.len() / 2];
    let chunk = [format!("{:x}\r\n", half.len()).as_bytes(), half, b"\r\n"].concat();
    check(vec![
        (
            "half",
            head(&format!("200 OK\r\nContent-Length: {longer}"), half),
            502,
            "source-failed",
            "broke off",
        ),
        ("none", head("200 OK\r\nContent-Length: 10", b""), 502, "source-failed", "broke off"),
        (
            "no last chunk",
            head("200 OK\r\nTransfer-Encoding: chunked", &chunk),
            502,
            "source-failed",
            "broke off",
        ),
        (
            "half a chunk",
            head("200 OK\r\nTransfer-Encoding: chunked", b"ff\r\nab"),
            502,
            "source-failed",
            "broke off",
        ),
        // The connection's end is the body's here: that the image is not whole, only the image tells.
        ("until close", head("200 OK", half), 422, "image-broken", "ends"),
        ("its true length", ok(half), 422, "image-broken", "ends"),
    ])
    .await;
}

#[tokio::test]
async fn bodies_that_are_encoded() {
    let image = images::png();
    let encoded =
        |coding: &str| head(&format!("200 OK\r\nContent-Encoding: {coding}\r\nContent-Length: 10"), &image);
    check(vec![
        ("gzip", encoded("gzip"), 502, "source-failed", "Content-Encoding"),
        ("br", encoded("br"), 502, "source-failed", "Content-Encoding"),
        ("zstd", encoded("zstd"), 502, "source-failed", "Content-Encoding"),
        ("twice", encoded("identity\r\nContent-Encoding: gzip"), 502, "source-failed", "Content-Encoding"),
        ("a list", encoded("gzip, gzip"), 502, "source-failed", "Content-Encoding"),
    ])
    .await;
}

#[tokio::test]
async fn bodies_that_are_no_image_or_a_broken_one() {
    let image = images::png();
    let mut flipped = image.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 0x55;
    let mut longer_than_claimed = images::png_claiming(1, 1);
    longer_than_claimed.extend(&image[33..]);
    let truncated: Vec<_> = [1, 7, 8, 20, 33, 50, image.len() - 13, image.len() - 1]
        .into_iter()
        .map(|length| {
            ("truncated", ok(&image[..length]), 422, if length < 8 { "" } else { "image-broken" }, "")
        })
        .collect();
    for (case, answer, status, slug, _) in truncated {
        let press = Press::start();
        let source = Source::raw(answer).await;
        let answer = press.convert(&source.url("/")).await;
        assert_eq!(answer.status.as_u16(), status, "{case}: {:?}", answer.body);
        assert!(answer.json()["type"].as_str().unwrap().contains(slug), "{case}: {}", answer.json());
        assert!(press.stored().is_empty(), "{case}");
    }
    check(
        vec![
            ("HTML", ok(b"<!DOCTYPE html><title>404</title>"), 422, "image-unsupported", "HTML"),
            ("text", ok(b"not found"), 422, "image-unsupported", ""),
            ("JSON", ok(b"{\"error\":true}"), 422, "image-unsupported", ""),
            ("PDF", ok(b"%PDF-1.7\n"), 422, "image-unsupported", "PDF"),
            ("half a WebP", ok(b"RIFF\x24\0\0\0WEBPVP8 "), 422, "image-broken", "WebP"),
            ("an empty GIF", ok(b"GIF89a\x01\0\x01\0\0\0\0;"), 422, "image-broken", "GIF"),
            ("HEIC", ok(b"\0\0\0\x18ftypheic\0\0\0\0heicmif1"), 422, "image-unsupported", "HEIC"),
            ("SVG", ok(b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>"), 422, "image-unsupported", "SVG"),
            ("ZIP", ok(b"PK\x03\x04"), 422, "image-unsupported", ""),
            ("a bit flipped", ok(&flipped), 422, "image-broken", ""),
            ("more pixels than claimed", ok(&longer_than_claimed), 422, "image-broken", ""),
            ("2^31 by 2^31", ok(&images::png_claiming(1 << 31, 1 << 31)), 422, "", ""),
            (
                "2^31-1 by 2^31-1",
                ok(&images::png_claiming((1 << 31) - 1, (1 << 31) - 1)),
                422,
                "image-too-large",
                "at most",
            ),
            ("no pixels", ok(&images::png_claiming(0, 0)), 422, "image-broken", ""),
        ]
        .into_iter()
        .filter(|case| !case.3.is_empty())
        .collect(),
    )
    .await;
}

#[tokio::test]
async fn an_empty_body() {
    let press = Press::start();
    for answer in [ok(b""), head("200 OK", b""), head("200 OK\r\nTransfer-Encoding: chunked", b"0\r\n\r\n")] {
        let source = Source::raw(answer).await;
        let answer = press.convert(&source.url("/")).await;
        assert_eq!(answer.status, 422, "{:?}", answer.body);
        assert!(answer.json()["detail"].as_str().unwrap().contains("empty"), "{}", answer.json());
    }
    assert!(press.stored().is_empty());
}

/// Sources that take their time: each holds its place until patience ends, and no longer.
#[tokio::test]
async fn sources_that_are_slow() {
    const PATIENCE: Duration = Duration::from_millis(600);
    let press = Press::with(|settings| settings.fetch.fetch_timeout_ms = 600);
    let image = images::noise_png(200);
    let trickle = {
        let image = image.clone();
        Source::start(move |_, mut stream| {
            let answer = ok(&image);
            async move {
                for piece in answer.chunks(10) {
                    if stream.write_all(piece).await.is_err() {
                        return;
                    }
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            }
        })
        .await
    };
    let starting_with = |bytes: Vec<u8>| {
        Source::start(move |_, mut stream| {
            let bytes = bytes.clone();
            async move {
                stream.write_all(&bytes).await.unwrap();
                until_closed(&mut stream).await;
            }
        })
    };
    let half = ok(&image)[..50_000].to_vec();
    let cases = [
        ("silent", starting_with(Vec::new()).await),
        ("half a head", starting_with(b"HTTP/1.1 200 OK\r\nContent-".to_vec()).await),
        ("half a body", starting_with(half).await),
        ("a trickle", trickle),
    ];
    for (case, source) in &cases {
        let start = Instant::now();
        let answer = press.convert(&source.url("/")).await;
        answer.assert_problem(case, 504, "source-timed-out", "longer than 600 ms");
        let took = start.elapsed();
        assert!(took >= PATIENCE && took < 5 * PATIENCE, "{case}: {took:?}");
        assert!(press.stored().is_empty(), "{case}");
        super::support::eventually("the source is hung up on", || async { source.open() == 0 }).await;
    }
}

/// Informational answers without an end are not an answer.
#[tokio::test]
async fn a_source_that_only_ever_hints() {
    let press = Press::with(|settings| settings.fetch.fetch_timeout_ms = 400);
    let source = Source::start(|_, mut stream| async move {
        while stream.write_all(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    })
    .await;
    press.convert(&source.url("/")).await.assert_problem(
        "hints",
        504,
        "source-timed-out",
        "longer than 400 ms",
    );
}

#[tokio::test]
async fn a_source_that_refuses_or_resets() {
    let press = Press::start();
    let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", closed.local_addr().unwrap());
    drop(closed);
    press.convert(&url).await.assert_problem("closed port", 502, "source-unreachable", "no connection");
    let resets = Source::start(|_, stream| async move { drop(stream) }).await;
    press.convert(&resets.url("/")).await.assert_problem("hangs up", 502, "source-failed", "broke off");
    assert!(press.stored().is_empty());
}
