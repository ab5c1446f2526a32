//! The bucket store, against Google Cloud Storage as it looks on the wire.

use std::{path::Path, time::Duration};

use press::storage::{Link, Location, PdfName, Store};
use tokio::io::AsyncWriteExt;

use super::support::{
    eventually,
    gcs::{Call, Fault, Gcs},
    images,
    press::Press,
    source::{Source, ok, until_closed},
};

fn press(gcs: &Gcs, bucket: &str) -> Press {
    Press::with(|settings| {
        settings.storage.pdf_bucket = Some(bucket.to_owned());
        settings.storage.pdf_endpoint = Some(format!("http://{}", gcs.address));
    })
}

#[tokio::test]
async fn a_small_pdf_is_one_object_put_under_a_free_name() {
    let gcs = Gcs::start().await;
    let press = press(&gcs, "my-pdfs");
    let source = Source::body(&images::png()).await;
    let converted_url = press.convert(&source.url("/")).await.converted_url();
    let (path, object) = gcs.objects().pop_first().unwrap();
    assert_eq!(converted_url, format!("http://{}{path}", gcs.address));
    let name = path.strip_prefix("/my-pdfs/").unwrap();
    assert!(PdfName::parse(name).is_some(), "{name}");
    assert!(object.bytes.starts_with(b"%PDF-1.7"));
    assert_eq!(object.headers["content-type"], "application/pdf");
    assert_eq!(object.headers["content-disposition"], format!("inline; filename=\"{name}\""));
    assert_eq!(object.headers["cache-control"], "private, max-age=31536000, immutable");
    assert_eq!(object.headers["x-goog-if-generation-match"], "0");
    assert_eq!(gcs.calls(), [Call::Put]);
}

#[tokio::test]
async fn a_prefix_stands_before_the_name() {
    let gcs = Gcs::start().await;
    let press = press(&gcs, "gs://my-pdfs/a/b");
    let source = Source::body(&images::png()).await;
    let converted_url = press.convert(&source.url("/")).await.converted_url();
    let path = gcs.objects().pop_first().unwrap().0;
    assert!(path.starts_with("/my-pdfs/a/b/"), "{path}");
    assert_eq!(converted_url, format!("http://{}{path}", gcs.address));
}

#[tokio::test]
async fn no_credentials_of_google_reach_another_endpoint() {
    let gcs = Gcs::start().await;
    let press = press(&gcs, "my-pdfs");
    press.convert(&Source::body(&images::png()).await.url("/")).await.converted_url();
    assert_eq!(gcs.tokens(), ["Bearer none"]);
}

#[tokio::test]
async fn the_public_link_is_googles() {
    let mut settings = press::Settings::default();
    let credentials = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(
        &credentials,
        r#"{"type":"authorized_user","client_id":"a","client_secret":"b","refresh_token":"c"}"#,
    )
    .unwrap();
    settings.storage.google_application_credentials = Some(credentials.path().to_owned());
    let name = PdfName::random();
    for (bucket, expected) in [("my-pdfs", ""), ("gs://my-pdfs/a/b", "a/b/")] {
        let location = Location::parse(Some(bucket), Path::new("")).unwrap();
        let store = Store::open(&location, &settings.storage).unwrap();
        let expected = format!("https://storage.googleapis.com/my-pdfs/{expected}{}", name.file_name());
        // Where this service is reached does not matter, nor whether it is known.
        let link = store.links(None).unwrap().to(name).await.unwrap();
        assert_eq!(link, Link { url: expected, expires_at: None });
    }
}

#[tokio::test]
async fn a_bucket_serves_everyone_without_a_public_url() {
    let gcs = Gcs::start().await;
    let press = Press::with_both(|settings, chassis| {
        settings.storage.pdf_bucket = Some("my-pdfs".to_owned());
        settings.storage.pdf_endpoint = Some(format!("http://{}", gcs.address));
        chassis.bind.host = std::net::Ipv4Addr::UNSPECIFIED.into();
    });
    let url = press.convert(&Source::body(&images::png()).await.url("/")).await.converted_url();
    assert!(url.starts_with(&format!("http://{}/my-pdfs/", gcs.address)), "{url}");
}

#[test]
fn credentials_that_cannot_be_read_are_a_fault_at_the_start() {
    let mut settings = press::Settings::default();
    settings.storage.google_application_credentials = Some("/nonexistent/credentials.json".into());
    let location = Location::parse(Some("my-pdfs"), Path::new("")).unwrap();
    let error = format!("{:#}", Store::open(&location, &settings.storage).unwrap_err());
    assert!(error.contains("gs://my-pdfs") && error.contains("/nonexistent/credentials.json"), "{error}");
}

#[tokio::test]
async fn a_large_pdf_arrives_in_parts_while_its_source_still_sends() {
    let gcs = Gcs::start().await;
    let press = press(&gcs, "my-pdfs");
    let image = images::noise_png(2200);
    assert!(image.len() > 12 << 20);
    let watched = gcs.clone();
    let source = Source::start(move |_, mut stream| {
        let (answer, gcs) = (ok(&image), watched.clone());
        async move {
            stream.write_all(&answer[..answer.len() - 100]).await.unwrap();
            eventually("a part is stored before the source ends", || async { gcs.count(Call::Part) > 0 })
                .await;
            stream.write_all(&answer[answer.len() - 100..]).await.unwrap();
        }
    })
    .await;
    press.convert(&source.url("/")).await.converted_url();
    assert_eq!(gcs.count(Call::Begin), 1);
    assert_eq!(gcs.count(Call::Part), 3);
    assert_eq!(gcs.count(Call::Complete), 1);
    let object = gcs.objects().pop_first().unwrap().1;
    assert_eq!(object.headers["content-type"], "application/pdf");
    assert!(object.bytes.starts_with(b"%PDF-1.7") && object.bytes.ends_with(b"%%EOF\n"));
    assert_eq!(gcs.unfinished(), 0);
}

#[tokio::test]
async fn passing_failures_are_retried() {
    let gcs = Gcs::start().await;
    let press = press(&gcs, "my-pdfs");
    gcs.fail(Call::Put, [Fault::Status(429), Fault::Status(503)]);
    press.convert(&Source::body(&images::png()).await.url("/")).await.converted_url();
    assert_eq!(gcs.calls(), [Call::Put; 3]);

    let large = Source::body(&images::noise_png(1900)).await;
    for call in [Call::Begin, Call::Part, Call::Complete] {
        gcs.fail(call, [Fault::Status(503)]);
    }
    press.convert(&large.url("/")).await.converted_url();
    assert_eq!(gcs.objects().len(), 2);
    assert_eq!(gcs.unfinished(), 0);
}

#[tokio::test]
async fn failures_that_do_not_pass_are_503_and_leave_nothing() {
    let gcs = Gcs::start().await;
    let press = press(&gcs, "my-pdfs");
    let (small, large) = (Source::body(&images::png()).await, Source::body(&images::noise_png(1900)).await);
    for (call, source) in
        [(Call::Put, &small), (Call::Begin, &large), (Call::Part, &large), (Call::Complete, &large)]
    {
        // More than the tries of all the parts that may be under way.
        gcs.fail(call, [Fault::Status(503); 12]);
        let answer = press.convert(&source.url("/")).await;
        answer.assert_problem(&format!("{call:?}"), 503, "store-unavailable", "could not be stored");
        assert!(gcs.objects().is_empty(), "{call:?}");
        eventually("the upload is aborted", || async { gcs.unfinished() == 0 }).await;
        gcs.clear_faults();
    }
    assert_eq!(gcs.count(Call::Abort), 2);
}

#[tokio::test]
async fn what_an_operator_must_mend_is_500_without_a_word_about_it() {
    let gcs = Gcs::start().await;
    let press = press(&gcs, "my-pdfs");
    let (small, large) = (Source::body(&images::png()).await, Source::body(&images::noise_png(1900)).await);
    for (call, source, status) in [
        (Call::Put, &small, 401),
        (Call::Put, &small, 403),
        (Call::Put, &small, 404),
        (Call::Begin, &large, 403),
        (Call::Part, &large, 403),
        (Call::Complete, &large, 403),
    ] {
        gcs.fail(call, [Fault::Status(status); 2]);
        let answer = press.convert(&source.url("/")).await;
        answer.assert_problem(&format!("{call:?} {status}"), 500, "internal-error", "on our side");
        let said = String::from_utf8(answer.body.to_vec()).unwrap();
        assert!(!said.contains("my-pdfs") && !said.contains(&status.to_string()), "{said}");
        eventually("nothing is left", || async { gcs.unfinished() == 0 && gcs.objects().is_empty() }).await;
        gcs.clear_faults();
    }
}

#[tokio::test]
async fn an_upload_that_was_done_but_not_heard_of_is_a_success() {
    let gcs = Gcs::start().await;
    let press = press(&gcs, "my-pdfs");
    gcs.fail(Call::Put, [Fault::Status(503), Fault::DoneUnanswered]);
    let source = Source::body(&images::png()).await;
    let answer = press.convert(&source.url("/")).await;
    // Either the put is seen as done, or it is tried again and finds its name taken, by itself.
    answer.converted_url();
    assert_eq!(gcs.objects().len(), 1);
}

/// Asked again, the store knows no such upload any more; what it made of it has no name that anybody was told.
#[tokio::test]
async fn a_completion_that_was_not_heard_of_leaves_nothing() {
    let gcs = Gcs::start().await;
    let press = press(&gcs, "my-pdfs");
    gcs.fail(Call::Complete, [Fault::DoneUnanswered]);
    let answer = press.convert(&Source::body(&images::noise_png(1900)).await.url("/")).await;
    answer.assert_problem("unheard", 503, "store-unavailable", "could not be stored");
    eventually("it is deleted", || async { gcs.count(Call::Delete) == 1 && gcs.objects().is_empty() }).await;
}

#[tokio::test]
async fn a_broken_image_aborts_the_upload() {
    let gcs = Gcs::start().await;
    let press = press(&gcs, "my-pdfs");
    let mut image = images::noise_png(1900);
    let at = image.len() - 30;
    image[at] ^= 1;
    let source = Source::body(&image).await;
    press.convert(&source.url("/")).await.assert_problem("broken", 422, "image-broken", "");
    eventually("the upload is aborted", || async { gcs.count(Call::Abort) == 1 && gcs.unfinished() == 0 })
        .await;
    assert!(gcs.objects().is_empty() && gcs.count(Call::Complete) == 0);
    let small = Source::body(&images::png()[..100]).await;
    press.convert(&small.url("/")).await.assert_problem("broken", 422, "image-broken", "");
    assert_eq!(gcs.count(Call::Put), 0);
}

#[tokio::test]
async fn a_client_that_goes_away_aborts_the_upload() {
    let gcs = Gcs::start().await;
    let press = press(&gcs, "my-pdfs");
    let image = images::noise_png(1900);
    let source = Source::start(move |_, mut stream| {
        let answer = ok(&image);
        async move {
            let _ = stream.write_all(&answer[..answer.len() - 100]).await;
            until_closed(&mut stream).await;
        }
    })
    .await;
    let url = source.url("/");
    tokio::select! {
        answer = press.convert(&url) => panic!("answered {}", answer.status),
        () = eventually("a part is stored", || async { gcs.count(Call::Part) > 0 }) => {}
    }
    eventually("the upload is aborted", || async { gcs.count(Call::Abort) == 1 && gcs.unfinished() == 0 })
        .await;
    eventually("the source is hung up on", || async { source.open() == 0 }).await;
    assert!(gcs.objects().is_empty());
}

/// The client goes while the store takes the PDF: it is there a moment later, and taken back.
#[tokio::test]
async fn a_pdf_that_nobody_was_told_of_is_taken_back() {
    let gcs = Gcs::start().await;
    let press = press(&gcs, "my-pdfs");
    gcs.fail(Call::Put, [Fault::Slow(Duration::from_millis(300))]);
    let source = Source::body(&images::png()).await;
    let url = source.url("/");
    tokio::select! {
        answer = press.convert(&url) => panic!("answered {}", answer.status),
        () = eventually("the put is under way", || async { gcs.count(Call::Put) == 1 }) => {}
    }
    eventually("it is deleted", || async { gcs.count(Call::Delete) == 1 }).await;
    assert!(gcs.objects().is_empty());
}

/// The request's own deadline ends what the store keeps waiting.
#[tokio::test]
async fn the_deadline_reaches_into_the_upload() {
    let gcs = Gcs::start().await;
    let press = Press::with_both(|settings, chassis| {
        settings.storage.pdf_bucket = Some("my-pdfs".to_owned());
        settings.storage.pdf_endpoint = Some(format!("http://{}", gcs.address));
        settings.fetch.fetch_timeout_ms = 300;
        chassis.limits.request_timeout_ms = 300;
    });
    gcs.fail(Call::Put, [Fault::Slow(Duration::from_millis(600))]);
    let source = Source::body(&images::png()).await;
    press.convert(&source.url("/")).await.assert_problem("deadline", 504, "timed-out", "");
    eventually("the PDF is taken back", || async { gcs.count(Call::Delete) == 1 }).await;
    assert!(gcs.objects().is_empty());
}

#[tokio::test]
async fn nothing_is_served_under_pdfs_where_a_bucket_is_the_store() {
    let gcs = Gcs::start().await;
    let press = press(&gcs, "my-pdfs");
    let path = "/pdfs/67e55044-10b1-426f-9247-bb680e5fe0c8.pdf";
    press.get(path, &[]).await.assert_problem("bucket", 404, "not-found", "");
}

/// The outcome of the first finding, as `check` prints it.
async fn checked(bucket: &str, endpoint: String) -> Result<String, String> {
    let mut settings = press::Settings::default();
    settings.storage.pdf_bucket = Some(bucket.to_owned());
    settings.storage.pdf_endpoint = Some(endpoint.clone());
    let finding = press::check(&settings, &chassis::Settings::default()).await.remove(0);
    assert_eq!(finding.dependency, format!("store gs://my-pdfs at {endpoint}"));
    finding.outcome.map_err(|error| format!("{error:#}"))
}

#[tokio::test]
async fn a_check_asks_the_endpoint_and_stores_nothing() {
    let gcs = Gcs::start().await;
    let said = checked("gs://my-pdfs/a", format!("http://{}", gcs.address)).await.unwrap();
    assert!(said.contains("no credentials are sent there; asked for a random name"), "{said}");
    assert!(said.ends_with("storing was not tried"), "{said}");
    assert_eq!(gcs.calls(), [Call::Get]);
    assert_eq!(gcs.tokens(), ["Bearer none"]);
}

#[tokio::test]
async fn a_check_tells_a_dead_endpoint_and_a_bucket_that_is_not() {
    let said = checked("my-pdfs", "http://127.0.0.1:1".to_owned()).await.unwrap_err();
    assert!(said.contains("refused"), "{said}");
    let none =
        Source::raw("HTTP/1.1 404 Not Found\r\nContent-Length: 25\r\n\r\n<Code>NoSuchBucket</Code>").await;
    let said = checked("my-pdfs", format!("http://{}", none.address)).await.unwrap_err();
    assert_eq!(said, "there is no bucket of this name");
    let silent = Source::start(|_, mut stream| async move { until_closed(&mut stream).await }).await;
    let said = checked("my-pdfs", format!("http://{}", silent.address)).await.unwrap_err();
    assert!(said.starts_with("it did not answer in time"), "{said}");
}
