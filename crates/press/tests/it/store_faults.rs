//! Stores that fail at each of their calls, in each way: the client is told the right thing in time, nothing is left,
//! the place is free again, and the store's return is enough.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use futures_util::future::join_all;

use super::support::{
    eventually,
    gate::{Fault, Gate},
    gcs::Gcs,
    images,
    press::{Answer, Press},
    s3::{BUCKET, S3},
    source::Source,
};

/// The calls that make an object, as their first lines have it, and whether an object in parts is what makes them.
const CALLS: [(&str, bool); 5] = [
    ("PUT ", false),
    ("POST *?uploads", true),
    ("PUT *partNumber=1&", true),
    ("PUT *partNumber=2&", true),
    ("POST *?uploadId=", true),
];
const ABORT: &str = "DELETE *?uploadId=";
/// More than all tries of a call, of all parts at a time.
const EACH_TIME: usize = 40;

enum Cloud {
    Google(Gate, Gcs),
    S3(S3),
}

impl Cloud {
    async fn google() -> Self {
        let gcs = Gcs::start().await;
        Self::Google(Gate::start(gcs.address).await, gcs)
    }

    async fn s3() -> Self {
        Self::S3(S3::start().await)
    }

    fn gate(&self) -> &Gate {
        match self {
            Self::Google(gate, _) => gate,
            Self::S3(s3) => &s3.gate,
        }
    }

    fn server(&self) -> SocketAddr {
        match self {
            Self::Google(_, gcs) => gcs.address,
            Self::S3(s3) => s3.server,
        }
    }

    /// With one place, and no room to wait for it.
    fn press(&self, request_timeout_ms: u64) -> Press {
        Press::with_both(|settings, chassis| {
            match self {
                Self::Google(gate, _) => {
                    settings.storage.pdf_bucket = Some("my-pdfs".to_owned());
                    settings.storage.pdf_endpoint = Some(format!("http://{}", gate.address));
                }
                Self::S3(s3) => s3.choose(settings, BUCKET),
            }
            settings.conversion.conversions_max = Some(1);
            settings.conversion.conversions_queue_max = 0;
            settings.fetch.fetch_timeout_ms = request_timeout_ms.min(3_000);
            chassis.limits.request_timeout_ms = request_timeout_ms;
        })
    }

    /// Objects, and what is not finished.
    fn kept(&self) -> usize {
        match self {
            Self::Google(_, gcs) => gcs.paths().len() + gcs.unfinished(),
            Self::S3(s3) => s3.kept().len(),
        }
    }
}

/// Images whose PDFs are one piece and several.
struct Images {
    small: Source,
    large: Source,
    /// The large one with a flaw near its end.
    broken: Source,
}

impl Images {
    async fn start() -> Self {
        let image = images::noise_png(1900);
        let mut broken = image.clone();
        let at = broken.len() - 30;
        broken[at] ^= 1;
        Self {
            small: Source::body(&images::png()).await,
            large: Source::body(&image).await,
            broken: Source::body(&broken).await,
        }
    }

    fn url(&self, in_parts: bool) -> String {
        if in_parts { self.large.url("/") } else { self.small.url("/") }
    }
}

/// What a store that is well again is asked for: a conversion finds its place, and its PDF is stored.
async fn is_well(case: &str, cloud: &Cloud, press: &Press, images: &Images) {
    cloud.gate().clear_faults();
    eventually(&format!("{case}: nothing is left"), || async { cloud.kept() == 0 }).await;
    eventually(&format!("{case}: the place is free"), || async {
        press.convert(&images.small.url("/")).await.status == 200
    })
    .await;
    eventually(&format!("{case}: it is stored"), || async { cloud.kept() == 1 }).await;
}

/// An answer may be read a moment before its place is free: who is told that it is not asks again.
async fn convert_in_turn(press: &Press, url: &str) -> Answer {
    for _ in 0..500 {
        let answer = press.convert(url).await;
        if !String::from_utf8_lossy(&answer.body).contains("#conversions-busy") {
            return answer;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the place is not free after 5 s");
}

async fn check(
    cloud: Cloud,
    images: &Images,
    (call, in_parts): (&'static str, bool),
    fault: Fault,
    (status, slug): (u16, &str),
) {
    let case = format!("{call} {fault:?}");
    let press = cloud.press(30_000);
    cloud.gate().fail(call, [fault; EACH_TIME]);
    let asked = Instant::now();
    let answer = press.convert(&images.url(in_parts)).await;
    let detail = if status == 503 { "could not be stored" } else { "on our side" };
    answer.assert_problem(&case, status, slug, detail);
    assert!(asked.elapsed() < Duration::from_secs(25), "{case}: {:?}", asked.elapsed());
    is_well(&case, &cloud, &press, images).await;
}

async fn check_each(cloud: impl AsyncFn() -> Cloud, faults: &[Fault], expected: (u16, &str)) {
    let images = &Images::start().await;
    for fault in faults {
        let cases =
            CALLS.iter().map(|call| async { check(cloud().await, images, *call, *fault, expected).await });
        join_all(cases).await;
    }
}

const UNAVAILABLE: (u16, &str) = (503, "store-unavailable");
const OURS: (u16, &str) = (500, "internal-error");

#[tokio::test(flavor = "multi_thread")]
async fn google_answers_errors() {
    check_each(Cloud::google, &[Fault::Status(500), Fault::Status(503), Fault::Status(429)], UNAVAILABLE)
        .await;
    check_each(Cloud::google, &[Fault::Status(403)], OURS).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn google_breaks_off() {
    let faults = [Fault::Cut, Fault::Reset, Fault::Garbage, Fault::Nonsense];
    check_each(Cloud::google, &faults, UNAVAILABLE).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s3_answers_errors() {
    check_each(Cloud::s3, &[Fault::Status(500), Fault::Status(503)], UNAVAILABLE).await;
    check_each(Cloud::s3, &[Fault::Status(403)], OURS).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s3_breaks_off() {
    check_each(Cloud::s3, &[Fault::Reset, Fault::Garbage, Fault::Nonsense], UNAVAILABLE).await;
}

/// The client is answered in its request's time, whichever call the store is silent at.
#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_is_silent_is_not_waited_for_longer_than_a_request_takes() {
    let images = &Images::start().await;
    let check = async |(call, in_parts): (&'static str, bool)| {
        let cloud = Cloud::google().await;
        let press = cloud.press(4_000);
        cloud.gate().fail(call, [Fault::Silent; EACH_TIME]);
        let asked = Instant::now();
        let answer = press.convert(&images.url(in_parts)).await;
        answer.assert_problem(call, 504, "timed-out", "");
        assert!(asked.elapsed() < Duration::from_secs(6), "{call}: {:?}", asked.elapsed());
        if call.contains("partNumber") {
            is_well(call, &cloud, &press, images).await;
        } else {
            // What may have been carried out is waited for longer than that, to be taken back then.
            assert_eq!(cloud.kept(), usize::from(call.contains("?uploadId=")), "{call}");
        }
    };
    join_all(CALLS.map(check)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_store_is_waited_for() {
    let images = &Images::start().await;
    let check = async |(call, in_parts): (&'static str, bool)| {
        let cloud = Cloud::s3().await;
        cloud.gate().fail(call, [Fault::Late(Duration::from_millis(1_500)); EACH_TIME]);
        cloud.press(30_000).convert(&images.url(in_parts)).await.converted_url();
        assert_eq!(cloud.kept(), 1, "{call}");
    };
    join_all(CALLS.map(check)).await;
}

/// Taking back is not what a client waits for, nor a place.
#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_cannot_be_taken_back_costs_nobody_a_place() {
    let images = &Images::start().await;
    for fault in [Fault::Status(403), Fault::Status(503), Fault::Reset, Fault::Silent] {
        let cloud = Cloud::google().await;
        let press = cloud.press(30_000);
        cloud.gate().fail(ABORT, [fault; EACH_TIME]);
        let asked = Instant::now();
        let answer = press.convert(&images.broken.url("/")).await;
        answer.assert_problem(&format!("{fault:?}"), 422, "image-broken", "");
        eventually(&format!("{fault:?}: the place is free"), || async {
            press.convert(&images.small.url("/")).await.status == 200
        })
        .await;
        assert!(asked.elapsed() < Duration::from_secs(8), "{fault:?}: {:?}", asked.elapsed());
        // The bucket's lifecycle rule is left to take it back; no name of an answer is its.
        let Cloud::Google(_, gcs) = &cloud else { unreachable!() };
        assert_eq!((gcs.paths().len(), gcs.unfinished()), (1, 1), "{fault:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn deleting_what_nobody_was_told_of_is_tried_again() {
    let images = &Images::start().await;
    let cloud = Cloud::google().await;
    let press = cloud.press(30_000);
    cloud.gate().fail("POST *?uploadId=", [Fault::Unheard]);
    cloud.gate().fail("DELETE ", [Fault::Status(503), Fault::Reset]);
    let answer = press.convert(&images.large.url("/")).await;
    answer.assert_problem("unheard", 503, "store-unavailable", "could not be stored");
    eventually("both tries failed and the next did not", || async {
        cloud.kept() == 0 && cloud.gate().count("DELETE ") > 2
    })
    .await;
    is_well("deleted", &cloud, &press, images).await;
}

/// A store that hung does what it was asked when it is well again: after everybody was told that it was not done.
#[tokio::test]
async fn what_comes_to_be_after_it_was_given_up_is_deleted_too() {
    let images = &Images::start().await;
    let cloud = Cloud::google().await;
    let press = cloud.press(30_000);
    cloud.gate().fail("PUT ", [Fault::Stalled(Duration::from_secs(3)); EACH_TIME]);
    let answer = press.convert(&images.small.url("/")).await;
    answer.assert_problem("stalled", 503, "store-unavailable", "");
    cloud.gate().clear_faults();
    eventually("it comes to be", || async { cloud.kept() == 1 }).await;
    eventually("it is deleted again", || async { cloud.kept() == 0 }).await;
    is_well("deleted", &cloud, &press, images).await;
}

/// Down when press starts, there, down again, and there again.
#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_comes_and_goes_needs_no_restart() {
    let images = &Images::start().await;
    for cloud in [Cloud::google().await, Cloud::s3().await] {
        cloud.gate().close().await;
        let press = cloud.press(30_000);
        for round in 1..=2 {
            for in_parts in [false, true] {
                let asked = Instant::now();
                let answer = convert_in_turn(&press, &images.url(in_parts)).await;
                answer.assert_problem("down", 503, "store-unavailable", "could not be stored");
                assert!(asked.elapsed() < Duration::from_secs(20), "{:?}", asked.elapsed());
            }
            cloud.gate().open(cloud.server()).await;
            for in_parts in [false, true] {
                eventually("it is stored", || async {
                    press.convert(&images.url(in_parts)).await.status == 200
                })
                .await;
            }
            assert_eq!(cloud.kept(), 2 * round);
            cloud.gate().close().await;
        }
    }
}
