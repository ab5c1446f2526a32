//! What works: an image by its URL becomes a PDF at a URL.

use http::StatusCode;

use super::support::{
    images,
    press::{BASE, Press},
    source::{self, Source},
};

#[tokio::test]
async fn an_image_becomes_a_pdf_that_downloads() {
    let press = Press::start();
    let source = Source::body(&images::png()).await;
    let url = source.url("/cat.png?signature=1#part");
    let answer = press.convert(&url).await;
    assert_eq!(answer.status, StatusCode::OK, "{:?}", answer.body);
    let json = answer.json();
    assert_eq!(json["source_url"], url);
    assert_eq!(json["pages"], 1);
    let converted_url = answer.converted_url();
    let path = converted_url.strip_prefix(BASE).unwrap();
    let pdf = press.get(path, &[]).await;
    assert_eq!(pdf.status, StatusCode::OK);
    assert_eq!(pdf.header("content-type"), "application/pdf");
    assert!(pdf.body.starts_with(b"%PDF-1.7"));
    assert_eq!(json["bytes"], pdf.body.len());
    assert_eq!(press.stored(), [path.strip_prefix("/pdfs/").unwrap()]);
}

#[tokio::test]
async fn the_source_is_asked_as_the_contract_says() {
    let press = Press::start();
    let source = Source::body(&images::png()).await;
    press.pdf(&source.url("/a%20b/cat.png?x=1&y=%C3%A9#part")).await;
    let requests = source.requests();
    assert_eq!(requests.len(), 1);
    let head = requests[0].to_lowercase();
    assert!(requests[0].starts_with("GET /a%20b/cat.png?x=1&y=%C3%A9 HTTP/1.1\r\n"), "{head}");
    assert!(head.contains(&format!("\r\nhost: {}\r\n", source.address)), "{head}");
    assert!(
        head.contains("\r\nuser-agent: fruitpress/0.1.0 (+https://github.com/fruitpress/fruitpress)\r\n"),
        "{head}"
    );
    assert!(head.contains("\r\naccept-encoding: identity\r\n"), "{head}");
    for never in ["cookie", "referer", "authorization", "x-forwarded-for", "x-request-id", "traceparent"] {
        assert!(!head.contains(&format!("\r\n{never}:")), "{never}: {head}");
    }
}

#[tokio::test]
async fn the_user_agent_can_be_replaced() {
    let press = Press::with(|settings| settings.fetch.fetch_user_agent = "example/1".parse().unwrap());
    let source = Source::body(&images::png()).await;
    press.pdf(&source.url("/")).await;
    assert!(source.requests()[0].contains("\r\nuser-agent: example/1\r\n"));
}

#[tokio::test]
async fn the_bytes_decide_not_the_name_or_the_media_type() {
    let press = Press::start();
    let body = images::png();
    let head =
        format!("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {}\r\n\r\n", body.len());
    let source = Source::raw([head.as_bytes(), &body].concat()).await;
    assert!(press.pdf(&source.url("/page.html")).await.starts_with(b"%PDF"));
}

#[tokio::test]
async fn every_framing_of_a_body_is_read() {
    let press = Press::start();
    let body = images::transparent_png();
    let mut chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
    for piece in body.chunks(100) {
        chunked.extend(format!("{:x}\r\n", piece.len()).into_bytes());
        chunked.extend(piece);
        chunked.extend(b"\r\n");
    }
    chunked.extend(b"0\r\nX-Trailer: 1\r\n\r\n");
    let until_close = [b"HTTP/1.0 200 OK\r\n\r\n".as_slice(), &body].concat();
    let after_hints =
        [b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n".as_slice(), &source::ok(&body)].concat();
    let identity = [
        format!("HTTP/1.1 200 OK\r\nContent-Encoding: identity\r\nContent-Length: {}\r\n\r\n", body.len())
            .as_bytes(),
        &body,
    ]
    .concat();
    let expected = press.pdf(&Source::body(&body).await.url("/")).await;
    for (case, answer) in [
        ("chunked", chunked),
        ("until close", until_close),
        ("after hints", after_hints),
        ("identity", identity),
    ] {
        let source = Source::raw(answer).await;
        assert_eq!(press.pdf(&source.url("/")).await, expected, "{case}");
    }
}

#[tokio::test]
async fn what_follows_the_image_is_dropped() {
    let press = Press::start();
    let image = images::png();
    let expected = press.pdf(&Source::body(&image).await.url("/")).await;
    let zip = [image.as_slice(), b"PK\x03\x04 and a megabyte more", &vec![0; 1 << 20]].concat();
    assert_eq!(press.pdf(&Source::body(&zip).await.url("/")).await, expected);
}

#[tokio::test]
async fn a_large_image_streams_through() {
    let press = Press::start();
    let image = images::noise_png(1400);
    assert!(image.len() > 5 << 20);
    let pdf = press.pdf(&Source::body(&image).await.url("/")).await;
    assert!(pdf.len() >= image.len() - 200 && pdf.ends_with(b"%%EOF\n"), "{}", pdf.len());
    assert_eq!(press.stored().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn conversions_at_once_do_not_mix() {
    let press = Press::with(|settings| settings.conversion.conversions_max = Some(3));
    let (opaque, transparent) = (images::png(), images::transparent_png());
    let sources = [Source::body(&opaque).await, Source::body(&transparent).await];
    let expected = [press.pdf(&sources[0].url("/")).await, press.pdf(&sources[1].url("/")).await];
    assert_ne!(expected[0], expected[1]);
    let urls: Vec<String> = (0..40).map(|at| sources[at % 2].url("/")).collect();
    let pdfs = futures_util::future::join_all(urls.iter().map(|url| press.pdf(url))).await;
    for (at, pdf) in pdfs.iter().enumerate() {
        assert_eq!(*pdf, expected[at % 2], "{at}");
    }
    assert_eq!(press.stored().len(), 42);
}
