//! More conversions than there are places.

use std::{sync::Arc, time::Duration};

use tokio::{io::AsyncWriteExt, sync::Semaphore};

use super::support::{
    eventually, images,
    press::Press,
    source::{Source, ok, until_closed},
};

/// More than what is read ahead: who has got this far takes a place.
const BEGUN: usize = 600 * 1024;

/// A source that begins each answer, and ends as many as it is told to.
async fn held() -> (Source, Arc<Semaphore>) {
    let go = Arc::new(Semaphore::new(0));
    let wait = Arc::clone(&go);
    let answer = Arc::new(ok(&images::noise_png(700)));
    let source = Source::start(move |_, mut stream| {
        let (wait, answer) = (Arc::clone(&wait), Arc::clone(&answer));
        async move {
            // Whoever is out of patience hangs up.
            let _ = stream.write_all(&answer[..BEGUN]).await;
            wait.acquire().await.unwrap().forget();
            let _ = stream.write_all(&answer[BEGUN..]).await;
        }
    })
    .await;
    (source, go)
}

#[tokio::test]
async fn some_run_some_wait_and_the_rest_is_told_to_come_back() {
    let press = Press::with(|settings| {
        settings.conversion.conversions_max = Some(2);
        settings.conversion.conversions_queue_max = 1;
    });
    let (source, go) = held().await;
    let url = source.url("/");
    let running = async { tokio::join!(press.convert(&url), press.convert(&url), press.convert(&url)) };
    let refused = async {
        eventually("three are fetched", || async { source.connections() == 3 }).await;
        // Two hold places and the third waits for one: the fourth finds the queue full.
        tokio::time::sleep(Duration::from_millis(300)).await;
        let refused = press.convert(&url).await;
        refused.assert_problem("fourth", 503, "conversions-busy", "running and waiting");
        assert_eq!(refused.header("retry-after"), "10");
        go.add_permits(3);
    };
    let ((first, second, third), ()) = tokio::join!(running, refused);
    for answer in [first, second, third] {
        answer.converted_url();
    }
    assert_eq!(source.connections(), 4);
}

#[tokio::test]
async fn waiting_for_a_place_has_an_end() {
    let press = Press::with(|settings| {
        settings.conversion.conversions_max = Some(1);
        settings.conversion.conversions_queue_ms = 200;
    });
    let (source, go) = held().await;
    let url = source.url("/");
    let waits = async {
        eventually("one is fetched", || async { source.connections() == 1 }).await;
        tokio::time::sleep(Duration::from_millis(200)).await;
        press.convert(&url).await.assert_problem("waits", 503, "conversions-busy", "");
        go.add_permits(1);
    };
    let (first, ()) = tokio::join!(press.convert(&url), waits);
    first.converted_url();
}

/// A place that is not given back would be missed after the first failure of its kind.
#[tokio::test]
async fn every_failure_gives_its_place_back() {
    let press = Press::with(|settings| {
        settings.conversion.conversions_max = Some(1);
        settings.conversion.conversions_queue_max = 0;
        settings.fetch.fetches_max = 1;
        settings.fetch.fetch_timeout_ms = 200;
    });
    let image = images::png();
    let mut sources = Vec::new();
    for (case, answer) in [
        ("fine", ok(&image)),
        ("404", b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_vec()),
        ("no image", ok(b"text")),
        ("broken", ok(&image[..image.len() - 20])),
        ("cut", ok(&image)[..100].to_vec()),
        ("large", ok(&images::png_claiming(1 << 30, 1 << 30))),
    ] {
        sources.push((case, Source::raw(answer).await));
    }
    sources.push(("slow with a place", held().await.0));
    sources.push((
        "silent",
        Source::start(|_, mut stream| async move { until_closed(&mut stream).await }).await,
    ));
    let good = Source::body(&image).await;
    for (case, source) in &sources {
        let status = press.convert(&source.url("/")).await.status;
        assert_ne!(status, 503, "{case}");
        // The answer is on its way a moment before the thread and the upload are done with the place.
        eventually(case, || async { press.convert(&good.url("/")).await.status == 200 }).await;
        eventually(case, || async { press.convert(&good.url("/")).await.status == 200 }).await;
    }
}
