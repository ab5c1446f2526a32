//! The PDF itself as the answer.

use std::{sync::Arc, time::Duration};

use axum::body::Body;
use futures_util::{StreamExt, stream};
use http::{Request, header};
use http_body_util::BodyExt;
use serde_json::json;
use tokio::{io::AsyncWriteExt, sync::Notify};

use super::support::{
    eventually, images,
    press::Press,
    source::{Source, ok, until_closed},
};

fn asking(body: &serde_json::Value) -> Request<Body> {
    Request::post("/image_to_pdf")
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::ACCEPT, "application/pdf")
        .body(body.to_string().into())
        .unwrap()
}

#[tokio::test]
async fn it_is_the_pdf_that_would_be_stored_and_nothing_is() {
    let press = Press::start();
    for (image, is_small) in [(images::png(), true), (images::noise_png(1000), false)] {
        let source = Source::body(&image).await;
        let answer = press.call(asking(&json!({ "source_url": source.url("/") }))).await;
        assert_eq!(answer.status, 200, "{:?}", answer.body);
        assert_eq!(answer.header("content-type"), "application/pdf");
        assert_eq!(answer.header("cache-control"), "no-store");
        assert!(answer.header("content-disposition").starts_with("inline"));
        assert_eq!(answer.headers.contains_key("content-length"), is_small);
        assert_eq!(press.stored(), Vec::<String>::new());
        let stored = press.pdf(&source.url("/")).await;
        assert_eq!(answer.body, stored);
        std::fs::remove_file(press.folder().join(&press.stored()[0])).unwrap();
    }
}

#[tokio::test]
async fn an_image_in_the_body_is_answered_with_its_pdf() {
    let press = Press::start();
    let image = images::transparent_png();
    let stored = press.pdf(&Source::body(&image).await.url("/")).await;
    let request = Request::post("/image_to_pdf")
        .header(header::CONTENT_TYPE, "image/png")
        .header(header::ACCEPT, "application/pdf")
        .body(image.into())
        .unwrap();
    assert_eq!(press.call(request).await.body, stored);
}

#[tokio::test]
async fn what_fails_before_it_begins_is_a_problem() {
    let press = Press::start();
    let image = images::noise_png(500);
    for (case, body, slug) in [
        ("text", b"text".to_vec(), "image-unsupported"),
        ("cut before the first MiB", image[..image.len() / 2].to_vec(), "image-broken"),
    ] {
        let source = Source::body(&body).await;
        press
            .call(asking(&json!({ "source_url": source.url("/") })))
            .await
            .assert_problem(case, 422, slug, "");
    }
    let good = Source::body(&image).await;
    let answer = press.call(asking(&json!({ "source_url": good.url("/"), "on_error": "skip" }))).await;
    answer.assert_problem_at("skip", 422, "invalid-fields", "no place to say", &["/on_error"]);
    let bad = Source::body(b"text").await;
    let answer = press.call(asking(&json!({ "source_urls": [good.url("/"), bad.url("/")] }))).await;
    answer.assert_problem_at("of two", 422, "image-unsupported", "", &["/source_urls/1"]);
}

/// Half a PDF must not look whole.
#[tokio::test]
async fn what_fails_later_breaks_it_off() {
    let press = Press::start();
    let image = images::noise_png(1500);
    for cut in [image.len() - 12, image.len() * 2 / 3] {
        let source = Source::body(&image[..cut]).await;
        let response = press.send(asking(&json!({ "source_url": source.url("/") }))).await;
        assert_eq!(response.status(), 200);
        let mut body = response.into_body();
        let mut bytes = 0;
        let broke_off = loop {
            match body.frame().await {
                None => break false,
                Some(Err(_)) => break true,
                Some(Ok(frame)) => bytes += frame.data_ref().map_or(0, bytes::Bytes::len),
            }
        };
        assert!(broke_off && bytes >= 1 << 20, "cut after {cut}: {bytes} bytes");
    }
}

/// A source that has not ended is no reason to keep what is made of it.
#[tokio::test]
async fn it_leaves_while_the_source_still_sends() {
    let press = Press::start();
    let image = images::noise_png(1500);
    let go = Arc::new(Notify::new());
    let told = Arc::clone(&go);
    let source = Source::start(move |_, mut stream| {
        let (answer, go) = (ok(&image), Arc::clone(&told));
        async move {
            let _ = stream.write_all(&answer[..3 << 20]).await;
            go.notified().await;
            let _ = stream.write_all(&answer[3 << 20..]).await;
        }
    })
    .await;
    let mut body = press.send(asking(&json!({ "source_url": source.url("/") }))).await.into_body();
    let first = body.frame().await.unwrap().unwrap().into_data().unwrap();
    assert!(first.starts_with(b"%PDF-1.7"));
    go.notify_one();
    let rest = body.collect().await.unwrap().to_bytes();
    assert!(rest.ends_with(b"%%EOF\n"));
}

async fn breaks_off(mut body: Body) -> bool {
    loop {
        match body.frame().await {
            None => return false,
            Some(Err(_)) => return true,
            Some(Ok(_)) => {}
        }
    }
}

/// Who takes none of it keeps a place only while nobody else wants it.
#[tokio::test]
async fn a_client_that_takes_nothing_is_cut_off_where_others_wait() {
    let press = Press::with(|settings| {
        settings.conversion.conversions_max = Some(1);
        settings.conversion.conversions_queue_ms = 20_000;
    });
    let source = Source::body(&images::noise_png(2000)).await;
    let body = press.send(asking(&json!({ "source_url": source.url("/") }))).await.into_body();
    let small = Source::body(&images::png()).await;
    assert_eq!(press.convert(&small.url("/")).await.status, 200);
    assert!(breaks_off(body).await);
}

/// The same of memory: what is made whole before it is sent stays in it until it is taken.
#[tokio::test]
async fn answers_that_nobody_takes_give_their_memory_to_others() {
    let press = Press::with(|settings| {
        settings.conversion.conversions_queue_ms = 20_000;
        settings.conversion.decoded_bytes_max = 8 << 20;
        settings.conversion.conversions_bytes_max = 24 << 20;
    });
    let large = Source::body(&images::noise_png(2000)).await;
    let mut kept = Vec::new();
    for _ in 0..2 {
        let mut request = asking(&json!({ "source_url": large.url("/") }));
        *request.version_mut() = http::Version::HTTP_10;
        let response = press.send(request).await;
        assert_eq!(response.status(), 200);
        kept.push(response.into_body());
    }
    // Another one is told at once that there is no room for it.
    let mut request = asking(&json!({ "source_url": large.url("/") }));
    *request.version_mut() = http::Version::HTTP_10;
    press.call(request).await.assert_problem("a third", 503, "conversions-busy", "");
    let decoded = Source::body(&images::interlaced_noise_png(1600)).await;
    assert_eq!(press.convert(&decoded.url("/")).await.status, 200);
    // One of them was enough.
    let mut broken = 0;
    for body in kept {
        broken += u32::from(breaks_off(body).await);
    }
    assert!(broken > 0);
}

/// A client that sends all of its image before it takes any of the PDF, as many do.
#[tokio::test]
async fn it_begins_when_the_request_has_been_read() {
    let press = Press::start();
    let image = bytes::Bytes::from(images::noise_png(1500));
    let stored = press.pdf(&Source::body(&image).await.url("/")).await;
    let (sent, sending) = tokio::sync::oneshot::channel::<()>();
    let half = image.len() - 100;
    let (first, last) = (image.slice(..half), image.slice(half..));
    let pieces = stream::iter([Ok::<_, std::io::Error>(first)]).chain(stream::once(async move {
        sending.await.unwrap();
        Ok(last)
    }));
    let request = Request::post("/image_to_pdf")
        .header(header::CONTENT_TYPE, "image/png")
        .header(header::ACCEPT, "application/pdf")
        .body(Body::from_stream(pieces))
        .unwrap();
    let answer = press.send(request);
    tokio::pin!(answer);
    assert!(
        tokio::time::timeout(Duration::from_millis(300), &mut answer).await.is_err(),
        "it begins too early"
    );
    sent.send(()).unwrap();
    assert_eq!(answer.await.into_body().collect().await.unwrap().to_bytes(), stored);
}

/// HTTP/1.0 cannot tell a broken answer from a whole one.
#[tokio::test]
async fn it_is_whole_before_it_begins_where_the_client_could_not_tell() {
    let press = Press::start();
    let image = images::noise_png(1500);
    for (bytes, status) in [(&image[..], 200), (&image[..image.len() - 12], 422)] {
        let source = Source::body(bytes).await;
        let mut request = asking(&json!({ "source_url": source.url("/") }));
        *request.version_mut() = http::Version::HTTP_10;
        let answer = press.call(request).await;
        assert_eq!(answer.status, status);
        assert_eq!(answer.header("content-length"), answer.body.len().to_string());
    }
}

#[tokio::test]
async fn a_client_that_goes_away_stops_the_work() {
    let press = Press::with(|settings| settings.conversion.conversions_max = Some(1));
    let image = images::noise_png(1500);
    let source = Source::start(move |_, mut stream| {
        let answer = ok(&image);
        async move {
            let _ = stream.write_all(&answer[..3 << 20]).await;
            until_closed(&mut stream).await;
        }
    })
    .await;
    let response = press.send(asking(&json!({ "source_url": source.url("/") }))).await;
    assert_eq!((response.status().as_u16(), source.open()), (200, 1));
    drop(response);
    eventually("the source is hung up on", || async { source.open() == 0 }).await;
    press.pdf(&Source::body(&images::png()).await.url("/")).await;
}
