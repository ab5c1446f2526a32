//! The bucket store, against S3 as `s3s` speaks it, with signatures checked.

use std::time::Duration;

use press::settings::{Links, Secret, StorageSettings};

use super::{
    conformance::settings,
    support::{
        download::download,
        gate::Fault,
        images,
        press::Press,
        s3::{BUCKET, S3},
        source::Source,
    },
};

fn press(s3: &S3) -> Press {
    Press::with(|settings| {
        s3.choose(settings, BUCKET);
        settings.storage.pdf_links = Links::Signed;
    })
}

#[tokio::test]
async fn a_pdf_is_put_under_a_free_name_and_its_link_downloads_it() {
    let s3 = S3::start().await;
    let press = press(&s3);
    let url = press.convert(&Source::body(&images::png()).await.url("/")).await.converted_url();
    let pdf = download(&url).await;
    assert!(pdf.body.starts_with(b"%PDF-1.7") && pdf.body.ends_with(b"%%EOF\n"), "{:?}", pdf.body);
    let put = &s3.gate.heads()[0];
    assert!(put.starts_with(&format!("PUT /{BUCKET}/a/b/")), "{put}");
    assert!(put.contains("\r\nif-none-match: *\r\n") && put.contains("aws4-hmac-sha256"), "{put}");
}

#[tokio::test]
async fn passing_failures_are_retried() {
    let s3 = S3::start().await;
    let press = press(&s3);
    s3.gate.fail("PUT ", [Fault::Status(503), Fault::Status(429), Fault::Cut]);
    press.convert(&Source::body(&images::png()).await.url("/")).await.converted_url();
    assert_eq!(s3.gate.count("PUT "), 4);
    let large = Source::body(&images::noise_png(1900)).await;
    for request in ["?uploads", "partNumber=1", "POST*uploadId="] {
        s3.gate.fail(request, [Fault::Status(500), Fault::Status(504)]);
    }
    press.convert(&large.url("/")).await.converted_url();
    assert_eq!(s3.kept().len(), 2);
}

#[tokio::test]
async fn a_put_that_was_done_but_not_heard_of_is_a_success() {
    let s3 = S3::start().await;
    let press = press(&s3);
    s3.gate.fail("PUT ", [Fault::Unheard]);
    press.convert(&Source::body(&images::png()).await.url("/")).await.converted_url();
    assert_eq!((s3.gate.count("PUT "), s3.kept().len()), (2, 1));
}

#[tokio::test]
async fn failures_that_do_not_pass_are_503_and_leave_nothing() {
    let s3 = S3::start().await;
    let press = press(&s3);
    let large = Source::body(&images::noise_png(1900)).await;
    for request in ["?uploads", "partNumber=2", "POST*uploadId="] {
        s3.gate.fail(request, [Fault::Status(503); 12]);
        let answer = press.convert(&large.url("/")).await;
        answer.assert_problem(request, 503, "store-unavailable", "could not be stored");
        s3.gate.clear_faults();
        super::support::eventually("nothing is left", || async { s3.kept().is_empty() }).await;
    }
}

#[tokio::test]
async fn a_wrong_key_is_an_operators_business() {
    let s3 = S3::start().await;
    let source = Source::body(&images::png()).await;
    for change in [
        (|settings| settings.aws_secret_access_key = Some(Secret::new("wrong"))) as fn(&mut StorageSettings),
        |settings| settings.aws_access_key_id = Some("stranger".to_owned()),
        // Without a key, requests are not signed.
        |settings| (settings.aws_access_key_id, settings.aws_secret_access_key) = (None, None),
    ] {
        let press = Press::with(|settings| {
            s3.choose(settings, BUCKET);
            change(&mut settings.storage);
        });
        press.convert(&source.url("/")).await.assert_problem("key", 500, "internal-error", "on our side");
    }
    assert!(!s3.gate.heads().last().unwrap().contains("authorization"));
    assert_eq!(s3.kept(), Vec::<String>::new());
}

#[tokio::test]
async fn a_check_asks_for_an_object_that_cannot_be_there() {
    let s3 = S3::start().await;
    let checked = async |change: fn(&mut StorageSettings)| {
        let mut settings = settings(Links::Signed, Duration::from_mins(1));
        s3.choose(&mut settings, BUCKET);
        change(&mut settings.storage);
        let finding = press::check(&settings, &chassis::Settings::default()).await.remove(0);
        assert!(finding.dependency.starts_with("store s3://my.pdfs at http://"), "{}", finding.dependency);
        finding.outcome.map_err(|error| format!("{error:#}"))
    };
    let said = checked(|_| ()).await.unwrap();
    assert!(said.contains("not found, as it should be") && said.ends_with("a link was signed"), "{said}");
    let said = checked(|settings| settings.aws_secret_access_key = Some(Secret::new("wrong"))).await;
    assert_eq!(said.unwrap_err(), "the credentials were obtained and are not accepted");
    assert!(s3.gate.heads().iter().all(|head| head.starts_with("GET ")));
}
