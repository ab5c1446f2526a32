//! More conversions than there are places.

use std::{sync::Arc, time::Duration};

use tokio::{io::AsyncWriteExt, sync::Semaphore};

use super::support::{
    eventually, images,
    press::Press,
    source::{Source, ok},
};

/// A source that gives as many answers as it is told to.
async fn held() -> (Source, Arc<Semaphore>) {
    let go = Arc::new(Semaphore::new(0));
    let wait = Arc::clone(&go);
    let source = Source::start(move |_, mut stream| {
        let wait = Arc::clone(&wait);
        async move {
            wait.acquire().await.unwrap().forget();
            let _ = stream.write_all(&ok(&images::png())).await;
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
        eventually("two are fetched", || async { source.connections() == 2 }).await;
        // The third waits for a place and has fetched nothing: the fourth finds the queue full.
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert_eq!(source.connections(), 2);
        let refused = press.convert(&url).await;
        refused.assert_problem("fourth", 503, "conversions-busy", "running and waiting");
        assert_eq!(refused.header("retry-after"), "10");
        go.add_permits(3);
    };
    let ((first, second, third), ()) = tokio::join!(running, refused);
    for answer in [first, second, third] {
        answer.converted_url();
    }
    assert_eq!(source.connections(), 3);
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
        press.convert(&url).await.assert_problem("waits", 503, "conversions-busy", "");
        go.add_permits(1);
    };
    let (first, ()) = tokio::join!(press.convert(&url), waits);
    first.converted_url();
}

/// A place that is not given back would be missed after a few failures of each kind.
#[tokio::test]
async fn every_failure_gives_its_place_back() {
    let press = Press::with(|settings| {
        settings.conversion.conversions_max = Some(1);
        settings.conversion.conversions_queue_max = 0;
        settings.fetch.fetch_timeout_ms = 200;
    });
    let image = images::png();
    let mut answers = vec![
        ("fine", ok(&image)),
        ("404", b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_vec()),
        ("no image", ok(b"text")),
        ("broken", ok(&image[..image.len() - 20])),
        ("cut", ok(&image)[..100].to_vec()),
    ];
    answers.push(("large", ok(&images::png_claiming(1 << 30, 1 << 30))));
    for _ in 0..3 {
        for (case, answer) in &answers {
            let source = Source::raw(answer.clone()).await;
            let status = press.convert(&source.url("/")).await.status;
            assert_ne!(status, 503, "{case}");
            // The answer is on its way a moment before the thread and the upload are done with the place.
            eventually("the place is free", || async {
                press.convert("http://127.0.0.1:1/").await.status != 503
            })
            .await;
        }
        let (slow, _) = held().await;
        assert_eq!(press.convert(&slow.url("/")).await.status, 504);
        eventually("the place is free", || async {
            press.convert("http://127.0.0.1:1/").await.status != 503
        })
        .await;
    }
}
