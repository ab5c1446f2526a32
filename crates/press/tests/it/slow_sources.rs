//! Slow sources beside a fast one, which must not be kept waiting by them.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::io::AsyncWriteExt;

use super::support::{
    eventually, images,
    press::Press,
    source::{Source, ok, until_closed},
};

/// Places, and as many slow sources of each kind as three times that.
const PLACES: usize = 4;

/// Patient as the embedded default is.
fn press(change: impl FnOnce(&mut press::Settings)) -> Press {
    Press::with(|settings| {
        settings.fetch.fetch_timeout_ms = 30_000;
        settings.conversion.conversions_max = Some(PLACES);
        change(settings);
    })
}

/// Says nothing.
async fn silent() -> Source {
    Source::start(|_, mut stream| async move { until_closed(&mut stream).await }).await
}

/// Sends `at_once` bytes of a picture of 1.4 MB, then 2000 bytes ten times a second.
async fn trickling(at_once: usize) -> Source {
    let answer = Arc::new(ok(&images::noise_png(700)));
    Source::start(move |_, mut stream| {
        let answer = Arc::clone(&answer);
        async move {
            let _ = stream.write_all(&answer[..at_once]).await;
            for piece in answer[at_once..].chunks(2000) {
                tokio::time::sleep(Duration::from_millis(100)).await;
                if stream.write_all(piece).await.is_err() {
                    return;
                }
            }
        }
    })
    .await
}

/// Asks for `count` conversions of `slow`, and for a good one when they all are under way: it must be quick.
async fn good_one_beside(press: &Press, slow: &[(&str, &Source)], count: usize) {
    let under_way = futures_util::future::join_all(
        slow.iter().flat_map(|(_, source)| (0..count).map(|_| press.convert_owned(source.url("/")))),
    );
    let good = async {
        for (case, source) in slow {
            eventually(case, || async { source.connections() == count }).await;
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
        let source = Source::body(&images::png()).await;
        let start = Instant::now();
        press.pdf(&source.url("/")).await;
        start.elapsed()
    };
    tokio::select! {
        _ = under_way => panic!("the slow sources were quicker"),
        took = good => assert!(took < Duration::from_secs(6), "{took:?}"),
    }
}

#[tokio::test]
async fn silent_sources_hold_no_place() {
    let press = press(|_| ());
    good_one_beside(&press, &[("silent", &silent().await)], 3 * PLACES).await;
}

/// 20 kB a second is well above what ends a source as a trickle.
#[tokio::test]
async fn slow_sources_hold_no_place_before_they_have_sent_much() {
    let press = press(|_| ());
    good_one_beside(&press, &[("from the start", &trickling(1000).await)], 3 * PLACES).await;
}

#[tokio::test]
async fn slow_sources_that_hold_every_place_give_them_up() {
    let press = press(|_| ());
    let slow = [("silent", &silent().await), ("from half on", &trickling(600 * 1024).await)];
    good_one_beside(&press, &slow, 3 * PLACES).await;
}

#[tokio::test]
async fn who_gives_a_place_up_is_told_why() {
    let press = press(|settings| settings.conversion.conversions_max = Some(1));
    let source = trickling(600 * 1024).await;
    let url = source.url("/");
    let other = async {
        eventually("it holds the place", || async { source.connections() == 1 }).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        press.pdf(&Source::body(&images::png()).await.url("/")).await
    };
    let (slow, _) = tokio::join!(press.convert(&url), other);
    let detail = "fewer than 262144 bytes in 1000 ms while others waited";
    slow.assert_problem("crowded", 504, "source-timed-out", detail);
    eventually("nothing is left of it", || async { press.stored().len() == 1 }).await;
}

/// Slowness alone is no fault: with nobody waiting, a source may take its time.
#[tokio::test]
async fn a_slow_source_that_nobody_waits_for_keeps_its_place() {
    let press = press(|settings| settings.conversion.conversions_max = Some(1));
    let length = ok(&images::noise_png(700)).len();
    let source = trickling(length - 50_000).await;
    let start = Instant::now();
    press.pdf(&source.url("/")).await;
    assert!(start.elapsed() > Duration::from_secs(2), "it was slow");
}

#[tokio::test]
async fn as_many_sources_are_waited_for_as_is_set_and_no_more() {
    let press = press(|settings| settings.fetch.fetches_max = 2);
    let silent = silent().await;
    let url = silent.url("/");
    let good = Source::body(&images::png()).await;
    let one_more = async {
        eventually("two are waited for", || async { silent.open() == 2 }).await;
        let answer = press.convert(&good.url("/")).await;
        answer.assert_problem("third", 503, "conversions-busy", "running and waiting");
    };
    let held = async {
        eventually("one is waited for", || async { silent.open() == 1 }).await;
        press.pdf(&good.url("/")).await;
        tokio::select! {
            _ = press.convert(&url) => panic!("answered"),
            () = one_more => {}
        }
        // One of the two has gone away.
        press.pdf(&good.url("/")).await;
    };
    tokio::select! {
        _ = press.convert(&url) => panic!("answered"),
        () = held => {}
    }
}
