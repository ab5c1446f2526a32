//! One PDF of many images.

use serde_json::json;
use tokio::io::AsyncWriteExt;

use super::support::{
    eventually, images,
    press::Press,
    source::{Source, ok, redirect, until_closed},
};

fn pages(pdf: &[u8]) -> usize {
    let text = String::from_utf8_lossy(pdf);
    text.matches("/Type /Page ").count()
}

/// A server of images of different widths, by their paths, and of what is none.
async fn server() -> Source {
    Source::start(|head, mut stream| async move {
        let path = head.split(' ').nth(1).unwrap().trim_start_matches('/').to_owned();
        let answer = match path.as_str() {
            "text" => ok(b"this is no image"),
            "missing" => b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_vec(),
            "cut" => ok(&images::noise_png(600))[..700_000].to_vec(),
            "away" => redirect(302, "ftp://example.com/a.png"),
            "large" => ok(&images::noise_png(700)),
            "silent" => return until_closed(&mut stream).await,
            width => ok(&images::png_of(width.parse().unwrap(), 8)),
        };
        let _ = stream.write_all(&answer).await;
    })
    .await
}

#[tokio::test]
async fn the_pages_are_in_the_order_of_the_urls() {
    let press = Press::start();
    let source = server().await;
    let widths: Vec<u32> = (0..20).map(|at| 16 + at * 7 % 20).collect();
    let urls: Vec<_> = widths.iter().map(|width| source.url(&format!("/{width}"))).collect();
    let answer = press.convert_many(&urls, json!({})).await;
    let json = answer.json();
    assert_eq!(json["pages"], 20, "{json}");
    assert_eq!(json["source_urls"], json!(urls));
    assert_eq!(json.get("source_url"), None);
    let pdf = press.download(&answer).await;
    assert_eq!(json["bytes"], pdf.len());
    assert_eq!(pages(&pdf), 20);
    let text = String::from_utf8_lossy(&pdf).into_owned();
    let found: Vec<u32> = text
        .match_indices("/Subtype /Image /Width ")
        .map(|(at, label)| text[at + label.len()..].split(' ').next().unwrap().parse().unwrap())
        .collect();
    assert_eq!(found, widths);
    assert_eq!(press.stored().len(), 1);
}

/// The first, one in the middle and the last; alone and with others.
#[tokio::test]
async fn each_source_that_is_no_good_is_named_and_nothing_is_stored() {
    let press = Press::with(|settings| settings.fetch.fetch_timeout_ms = 1000);
    let source = server().await;
    for (paths, status, slug, pointers) in [
        (&["text", "16"][..], 422, "image-unsupported", &["/source_urls/0"][..]),
        (&["16", "text"], 422, "image-unsupported", &["/source_urls/1"]),
        (&["16", "away", "17"], 422, "source-refused", &["/source_urls/1"]),
        (&["16", "missing", "17"], 502, "source-failed", &["/source_urls/1"]),
        (&["16", "cut", "17"], 502, "source-failed", &["/source_urls/1"]),
        (&["text", "text"], 422, "image-unsupported", &["/source_urls/0", "/source_urls/1"]),
        (
            &["16", "text", "17", "missing", "large", "away"],
            422,
            "sources-failed",
            &["/source_urls/1", "/source_urls/3", "/source_urls/5"],
        ),
        (&["missing", "16", "cut"], 502, "source-failed", &["/source_urls/0", "/source_urls/2"]),
        (&["missing", "silent"], 502, "source-failed", &["/source_urls/0", "/source_urls/1"]),
        (&["large", "text", "large"], 422, "image-unsupported", &["/source_urls/1"]),
    ] {
        let urls: Vec<_> = paths.iter().map(|path| source.url(&format!("/{path}"))).collect();
        let answer = press.convert_many(&urls, json!({ "on_error": "fail" })).await;
        answer.assert_problem_at(&format!("{paths:?}"), status, slug, "", pointers);
        eventually(&format!("{paths:?} leave nothing"), || async { press.stored().is_empty() }).await;
    }
}

#[tokio::test]
async fn those_that_are_good_become_the_pdf_where_that_is_wanted() {
    let press = Press::start();
    let source = server().await;
    let paths = ["text", "16", "cut", "17", "missing", "large"];
    let urls: Vec<_> = paths.iter().map(|path| source.url(&format!("/{path}"))).collect();
    let answer = press.convert_many(&urls, json!({ "on_error": "skip" })).await;
    let json = answer.json();
    assert_eq!(json["pages"], 3, "{json}");
    let skipped: Vec<_> =
        json["skipped"].as_array().unwrap().iter().map(|one| one["pointer"].clone()).collect();
    assert_eq!(skipped, ["/source_urls/0", "/source_urls/2", "/source_urls/4"]);
    assert!(json["skipped"][0]["detail"].as_str().unwrap().contains("no image"), "{json}");
    assert!(json["skipped"][2]["detail"].as_str().unwrap().contains("404"), "{json}");
    assert_eq!(pages(&press.download(&answer).await), 3);

    let none = press.convert_many(&urls[..1], json!({ "on_error": "skip" })).await;
    none.assert_problem_at("none is left", 422, "image-unsupported", "", &["/source_urls/0"]);
}

#[tokio::test]
async fn what_is_asked_for_must_make_sense() {
    let press = Press::with(|settings| settings.conversion.sources_max = 3);
    let source = server().await;
    let url = source.url("/16");
    let three = vec![url.clone(); 3];
    assert_eq!(press.convert_many(&three, json!({})).await.json()["pages"], 3);
    for (body, pointers) in [
        (json!({}), &["/source_url"][..]),
        (json!({ "source_url": null, "source_urls": null }), &["/source_url"]),
        (json!({ "source_url": url, "source_urls": [url] }), &["/source_urls"]),
        (json!({ "source_urls": [] }), &["/source_urls"]),
        (json!({ "source_urls": url }), &["/source_urls"]),
        (json!({ "source_urls": vec![&url; 4] }), &["/source_urls"]),
        (
            json!({ "source_urls": [url, "ftp://a/b", 7, url, null] }),
            &["/source_urls/1", "/source_urls/2", "/source_urls/4"],
        ),
        (json!({ "source_url": url, "on_error": "ignore" }), &["/on_error"]),
        (json!({ "source_url": url, "on_error": ["skip"] }), &["/on_error"]),
        (json!({ "source_url": url, "first_frame_only": 1 }), &["/first_frame_only"]),
        (json!({ "source_url": url, "pages": 1 }), &["/pages"]),
    ] {
        let answer = press.post(body.to_string()).await;
        answer.assert_problem_at(&body.to_string(), 422, "invalid-fields", "", pointers);
    }
    assert_eq!(source.connections(), 3, "what is refused is not fetched");
}

/// A hundred problems are told as twenty, and as many.
#[tokio::test]
async fn many_failures_are_listed_up_to_a_bound() {
    let press = Press::start();
    let source = server().await;
    let urls = vec![source.url("/text"); 30];
    let answer = press.convert_many(&urls, json!({})).await;
    let pointers: Vec<_> = (0..20).map(|at| format!("/source_urls/{at}")).collect();
    let pointers: Vec<_> = pointers.iter().map(String::as_str).collect();
    answer.assert_problem_at("thirty", 422, "image-unsupported", "30 of the sources", &pointers);
}

/// One source holds back neither those behind it nor, where others wait, their places.
#[tokio::test]
async fn sources_are_fetched_ahead_of_their_turn() {
    let press = Press::start();
    let delay = std::time::Duration::from_millis(300);
    let image = images::png();
    let source = Source::start(move |_, mut stream| {
        let answer = ok(&image);
        async move {
            tokio::time::sleep(delay).await;
            let _ = stream.write_all(&answer).await;
        }
    })
    .await;
    let start = std::time::Instant::now();
    let answer = press.convert_many(&vec![source.url("/"); 4], json!({})).await;
    assert_eq!(answer.json()["pages"], 4);
    assert!(start.elapsed() < 3 * delay, "{:?}", start.elapsed());
}

/// The `frames` of a GIF, and the first of them.
#[tokio::test]
async fn only_the_first_frame_where_that_is_wanted() {
    let press = Press::start();
    let source = Source::body(&images::gif(3)).await;
    let convert = |more: serde_json::Value| {
        let mut body = json!({ "source_url": source.url("/") });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        press.post(body.to_string())
    };
    assert_eq!(convert(json!({})).await.json()["pages"], 3);
    assert_eq!(convert(json!({ "first_frame_only": true })).await.json()["pages"], 1);
    assert_eq!(convert(json!({ "first_frame_only": false })).await.json()["pages"], 3);
}
