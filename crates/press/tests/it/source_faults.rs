//! Sources that die half-way, at each place and for each kind of conversion: the client is told that it was the source,
//! and nothing is left.

use std::sync::Arc;

use axum::body::Body;
use futures_util::future::join_all;
use http::{Request, header};
use serde_json::json;
use tokio::io::AsyncWriteExt;

use super::support::{
    eventually, images,
    press::{Answer, Press},
    source::{Source, ok},
};

/// How a source hangs up.
#[derive(Debug, Clone, Copy)]
enum End {
    Close,
    Reset,
}

/// Sends so much of an answer, and dies.
async fn dying(answer: &[u8], sent: usize, end: End) -> Source {
    let answer = Arc::new(answer[..sent].to_vec());
    Source::start(move |_, mut stream| {
        let answer = Arc::clone(&answer);
        async move {
            let _ = stream.write_all(&answer).await;
            match end {
                End::Close => drop(stream.shutdown().await),
                // What was sent may be lost with it.
                End::Reset => stream.set_zero_linger().unwrap(),
            }
        }
    })
    .await
}

/// How an image is asked for.
#[derive(Debug, Clone, Copy)]
enum Way {
    One,
    /// Between two that are good.
    Many,
    /// The PDF itself is wanted.
    Answered,
}

async fn ask(press: &Press, way: Way, source: &Source, good: &Source) -> Answer {
    match way {
        Way::One => press.convert(&source.url("/")).await,
        Way::Many => {
            let urls = [good.url("/"), source.url("/"), good.url("/")];
            press.convert_many(&urls, json!({})).await
        }
        Way::Answered => {
            let request = Request::post("/image_to_pdf")
                .header(header::CONTENT_TYPE, "application/json")
                .header(header::ACCEPT, "application/pdf");
            let body = json!({ "source_url": source.url("/") }).to_string();
            press.call(request.body(Body::from(body)).unwrap()).await
        }
    }
}

async fn check(case: &str, image: &[u8]) {
    let press = &Press::with(|settings| {
        settings.conversion.conversions_max = Some(4);
        settings.conversion.conversions_queue_ms = 60_000;
        settings.fetch.fetch_timeout_ms = 30_000;
    });
    let good = &Source::body(&images::png()).await;
    let answer = &ok(image);
    let head = answer.len() - image.len();
    let (length, middle) = (answer.len(), head + image.len() / 2);
    let places = [0, 1, 20, head - 1, head, head + 1, head + 8, head + 40, middle, length - 1];
    let cases = places.into_iter().flat_map(|sent| {
        let ends = [End::Close, End::Reset].into_iter();
        ends.flat_map(move |end| [Way::One, Way::Many, Way::Answered].map(move |way| (sent, end, way)))
    });
    // More than a MiB of a PDF that is the answer is on its way, and breaks off.
    let told = cases.filter(|(sent, _, way)| *sent < 1 << 20 || !matches!(way, Way::Answered));
    let checks = told.map(|(sent, end, way)| async move {
        let case = format!("{case}: {sent} of {length}, {end:?}, {way:?}");
        let source = dying(answer, sent, end).await;
        let told = ask(press, way, &source, good).await;
        let pointers: &[&str] = if matches!(way, Way::Many) { &["/source_urls/1"] } else { &[] };
        assert_eq!(told.status, 502, "{case}: {:?}", told.body);
        told.assert_problem_at(&case, 502, "source-failed", "broke off", pointers);
    });
    join_all(checks).await;
    eventually(&format!("{case}: nothing is left"), || async { press.stored().is_empty() }).await;
    // And all places are free.
    let all = join_all((0..4).map(|_| press.convert_owned(good.url("/")))).await;
    assert!(all.iter().all(|answer| answer.status == 200), "{case}");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_copied_image() {
    check("copied", &images::noise_png(300)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_split_image() {
    check("split", &images::transparent_png()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_decoded_image() {
    check("decoded", &images::interlaced_noise_png(200)).await;
    check("gif", &images::gif(50)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_an_image_whose_pdf_is_partly_stored() {
    check("large", &images::noise_png(1200)[..]).await;
}
