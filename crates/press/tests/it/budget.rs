//! The memory that conversions share, and how many of them decode at once.

use std::{sync::Arc, time::Duration};

use tokio::{io::AsyncWriteExt, sync::Semaphore};

use super::support::{
    eventually, images,
    press::Press,
    source::{Source, ok},
};

const MIB: u64 = 1 << 20;

/// An interlaced image that keeps its samples until the source goes on.
async fn held(image: Vec<u8>) -> (Source, Arc<Semaphore>) {
    let go = Arc::new(Semaphore::new(0));
    let wait = Arc::clone(&go);
    let answer = Arc::new(ok(&image));
    let source = Source::start(move |_, mut stream| {
        let (wait, answer) = (Arc::clone(&wait), Arc::clone(&answer));
        async move {
            let (head, rest) = answer.split_at(answer.len() - 100);
            let _ = stream.write_all(head).await;
            wait.acquire().await.unwrap().forget();
            let _ = stream.write_all(rest).await;
        }
    })
    .await;
    (source, go)
}

/// 16 MiB of samples.
fn interlaced() -> Vec<u8> {
    images::interlaced_noise_png(2364)
}

#[tokio::test]
async fn one_that_finds_no_memory_waits_and_is_told_to_come_back() {
    let press = Press::with(|settings| {
        settings.conversion.decoded_bytes_max = 17 * MIB;
        settings.conversion.conversions_bytes_max = 51 * MIB;
        settings.conversion.conversions_queue_ms = 300;
        settings.conversion.conversions_max = Some(8);
        settings.conversion.conversions_decoding_max = Some(8);
    });
    let (source, go) = held(interlaced()).await;
    let url = source.url("/");
    let running = async { tokio::join!(press.convert(&url), press.convert(&url), press.convert(&url)) };
    let others = async {
        eventually("three are fetched", || async { source.open() == 3 }).await;
        tokio::time::sleep(Duration::from_millis(500)).await;
        let refused = press.convert(&url).await;
        refused.assert_problem("fourth", 503, "conversions-busy", "running and waiting");
        // What is copied needs none of it.
        press.pdf(&Source::body(&images::noise_png(700)).await.url("/")).await;
        go.add_permits(4);
    };
    let ((first, second, third), ()) = tokio::join!(running, others);
    for answer in [first, second, third] {
        answer.converted_url();
    }
    go.add_permits(1);
    press.convert(&url).await.converted_url();
}

#[tokio::test]
async fn no_more_decode_at_once_than_may() {
    let press = Press::with(|settings| {
        settings.conversion.conversions_max = Some(8);
        settings.conversion.conversions_decoding_max = Some(1);
        settings.conversion.conversions_queue_ms = 300;
    });
    let (source, go) = held(interlaced()).await;
    let url = source.url("/");
    let other = async {
        eventually("one is fetched", || async { source.open() == 1 }).await;
        tokio::time::sleep(Duration::from_millis(500)).await;
        press.convert(&url).await.assert_problem("second", 503, "conversions-busy", "");
        go.add_permits(2);
    };
    let (first, ()) = tokio::join!(press.convert(&url), other);
    first.converted_url();
}

#[test]
fn a_budget_must_be_enough_for_one() {
    let mut settings = press::Settings::default();
    settings.conversion.decoded_bytes_max = 10 * MIB;
    settings.conversion.conversions_bytes_max = 30 * MIB;
    let chassis = chassis::Settings::default();
    assert_eq!(settings.faults(&chassis), Vec::<String>::new());
    settings.conversion.conversions_bytes_max -= 1;
    let faults = settings.faults(&chassis);
    assert!(faults.len() == 1 && faults[0].starts_with("CONVERSIONS_BYTES_MAX"), "{faults:?}");
}
