//! Each limit of a fetch, at it and one past it.

use std::{sync::Arc, time::Duration};

use press::{
    Error, SourceUrl,
    fetch::{Client, HostRules, Limits, Network, Policy, System, Tls},
};
use tokio::io::AsyncWriteExt;

use super::support::{
    eventually, images,
    network::Internet,
    press::Press,
    source::{Source, ok},
};

#[tokio::test]
async fn the_longest_source_and_one_byte_more() {
    let image = images::png();
    let length = image.len() as u64;
    let chunked = [
        format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{length:x}\r\n").as_bytes(),
        &image,
        b"\r\n0\r\n\r\n",
    ]
    .concat();
    let until_close = [b"HTTP/1.1 200 OK\r\n\r\n".as_slice(), &image].concat();
    for answer in [ok(&image), chunked, until_close] {
        let source = Source::raw(answer).await;
        let press = Press::with(|settings| settings.fetch.source_bytes_max = length);
        press.pdf(&source.url("/")).await;
        let press = Press::with(|settings| settings.fetch.source_bytes_max = length - 1);
        let answer = press.convert(&source.url("/")).await;
        let detail = format!("larger than {} bytes", length - 1);
        answer.assert_problem("one byte more", 422, "source-too-large", &detail);
        assert!(press.stored().is_empty());
    }
}

#[tokio::test]
async fn a_length_that_claims_too_much_is_refused_before_a_byte_is_read() {
    let press = Press::with(|settings| settings.fetch.source_bytes_max = 1 << 20);
    for claimed in [(1_u64 << 20) + 1, 1 << 40, u64::MAX - 2] {
        let source = Source::start(move |_, mut stream| async move {
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {claimed}\r\n\r\n");
            stream.write_all(head.as_bytes()).await.unwrap();
            super::support::source::until_closed(&mut stream).await;
        })
        .await;
        press.convert(&source.url("/")).await.assert_problem(
            "claims",
            422,
            "source-too-large",
            "1048576 bytes",
        );
        eventually("hung up", || async { source.open() == 0 }).await;
    }
}

#[tokio::test]
async fn an_endless_source_is_cut() {
    let press = Press::with(|settings| settings.fetch.source_bytes_max = 8 << 20);
    // A PNG whose one chunk, of a kind that readers skip, has no end in sight.
    let mut start = images::png_claiming(16, 8);
    start.extend(0x7fff_ffff_u32.to_be_bytes());
    start.extend(b"teXt");
    let source = Source::start(move |_, mut stream| {
        let start = [b"HTTP/1.1 200 OK\r\n\r\n".as_slice(), &start].concat();
        async move {
            stream.write_all(&start).await.unwrap();
            while stream.write_all(&[0; 8192]).await.is_ok() {}
        }
    })
    .await;
    let answer = press.convert(&source.url("/")).await;
    answer.assert_problem("endless", 422, "source-too-large", "8388608 bytes");
    assert!(press.stored().is_empty());
    eventually("hung up", || async { source.open() == 0 }).await;
}

/// What does not begin as an image is not read to its end.
#[tokio::test]
async fn an_endless_source_that_is_no_image_ends_at_once() {
    let press = Press::start();
    let source = Source::start(|_, mut stream| async move {
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
        while stream.write_all(&[b'x'; 8192]).await.is_ok() {}
    })
    .await;
    press.convert(&source.url("/")).await.assert_problem("no image", 422, "image-unsupported", "");
    eventually("hung up", || async { source.open() == 0 }).await;
}

fn client(limits: Limits) -> Client {
    client_on(System, limits)
}

fn client_on(network: impl Network + 'static, limits: Limits) -> Client {
    let policy = Policy { allow_private: true, ports: vec![80], hosts: HostRules::default() };
    Client::new(policy, limits, "test".parse().unwrap(), Arc::new(network), Tls::system())
}

async fn read(client: &Client, url: &str) -> Result<usize, Error> {
    let mut body = client.get(&SourceUrl::parse(url).unwrap()).await?;
    let mut length = 0;
    while let Some(bytes) = body.chunk().await? {
        length += bytes.len();
    }
    Ok(length)
}

#[tokio::test]
async fn a_source_below_the_least_throughput_is_cut_long_before_its_time_is_up() {
    let source = Source::start(|_, mut stream| async move {
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n").await.unwrap();
        while stream.write_all(&[0; 10]).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
    let limits = Limits {
        window: Duration::from_millis(200),
        window_bytes_min: 1000,
        ..Limits::new(1 << 30, Duration::from_mins(1))
    };
    let error = read(&client(limits), &source.url("/")).await.unwrap_err();
    assert_eq!(error.to_string(), "the source was too slow: it sent fewer than 1000 bytes in 200 ms");
}

#[tokio::test]
async fn a_source_that_is_slow_but_steady_is_read() {
    let source = Source::start(|_, mut stream| async move {
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 40000\r\n\r\n").await.unwrap();
        for _ in 0..40 {
            stream.write_all(&[0; 1000]).await.unwrap();
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    })
    .await;
    let limits = Limits {
        window: Duration::from_millis(500),
        window_bytes_min: 1000,
        ..Limits::new(40_000, Duration::from_mins(1))
    };
    assert_eq!(read(&client(limits), &source.url("/")).await.unwrap(), 40_000);
}

/// Who reads slowly must not make the source look slow.
#[tokio::test]
async fn time_that_the_source_did_not_cost_is_not_counted() {
    let source = Source::body(&vec![0; 2 << 20]).await;
    let client = client(Limits::new(1 << 30, Duration::from_millis(1500)));
    let mut body = client.get(&SourceUrl::parse(&source.url("/")).unwrap()).await.unwrap();
    let mut length = 0;
    for turn in 0.. {
        let Some(bytes) = body.chunk().await.unwrap() else { break };
        length += bytes.len();
        if turn < 10 {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }
    assert_eq!(length, 2 << 20);
}

#[tokio::test]
async fn pixels_and_decoded_bytes_are_bounded() {
    let press = Press::start();
    let source = Source::body(&images::png_claiming(131_072, 1)).await;
    press.convert(&source.url("/")).await.assert_problem("side", 422, "image-too-large", "131,07");
    let source = Source::body(&images::png_claiming(65_536, 65_536)).await;
    press.convert(&source.url("/")).await.assert_problem("area", 422, "image-too-large", "pixels");
}

/// What passes the limit is decoded, and found to have no data.
#[tokio::test]
async fn an_interlaced_picture_of_a_common_camera_is_decoded() {
    let press = Press::start();
    for (width, height, transparent, slug, detail) in [
        (6000, 4000, false, "image-broken", ""),
        // 128 MiB, and a row more.
        (8192, 4096, true, "image-broken", ""),
        (8192, 4097, true, "image-too-large", "134,250,496 bytes"),
    ] {
        let source = Source::body(&images::interlaced_png_claiming(width, height, transparent)).await;
        press.convert(&source.url("/")).await.assert_problem("interlaced", 422, slug, detail);
    }
}

#[tokio::test]
async fn names_and_addresses_that_never_answer() {
    let limits =
        Limits { connect: Duration::from_millis(200), ..Limits::new(1 << 30, Duration::from_millis(400)) };
    let internet = Internet::new()
        .silent_name("silent.example")
        .name("hole.example", &["93.184.215.14"])
        .black_hole("93.184.215.14:80");
    let client = client_on(internet, limits);
    for (url, expected) in [
        ("http://silent.example/", "the source was too slow: it took longer than 400 ms"),
        ("http://hole.example/", "the source was too slow: no connection within 200 ms"),
    ] {
        assert_eq!(read(&client, url).await.unwrap_err().to_string(), expected, "{url}");
    }
}

/// A name with several addresses is as reachable as the best of them.
#[tokio::test]
async fn the_next_address_is_tried_when_one_fails_or_is_slow() {
    let source = Source::body(b"abc").await;
    let internet = Internet::new()
        .name("refuses.example", &["93.184.215.14", "93.184.215.15"])
        .name("hangs.example", &["93.184.215.16", "93.184.215.14", "93.184.215.15"])
        .black_hole("93.184.215.16:80")
        .server("93.184.215.15:80", source.address);
    let client = client_on(internet, Limits::new(1 << 30, Duration::from_secs(5)));
    for url in ["http://refuses.example/", "http://hangs.example/"] {
        assert_eq!(read(&client, url).await.unwrap(), 3, "{url}");
    }
}
