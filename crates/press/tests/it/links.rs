//! Links: where they lead, who signs them, and what an answer says of them.

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, SystemTime},
};

use http::StatusCode;
use object_store::client::HttpConnector;
use press::{
    Error,
    settings::{Links, Secret, StorageSettings},
    storage::{Bucket, Link, Location, PdfName, Store},
};

use super::{
    conformance::{self, settings},
    support::{
        gcs::Gcs,
        google::{Google, RUNNING},
        images,
        press::Press,
        s3,
        scripted::Scripted,
        source::Source,
    },
};

const HOUR: Duration = Duration::from_hours(1);
const SIGNER: &str = "signer@p.iam.gserviceaccount.com";

/// A file as `gcloud auth application-default login` writes it.
pub fn google_credentials() -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    let user = r#"{"type":"authorized_user","client_id":"a","client_secret":"b","refresh_token":"c"}"#;
    std::fs::write(&file, user).unwrap();
    file
}

async fn link(google: &Google, change: impl FnOnce(&mut StorageSettings)) -> Result<Link, Error> {
    let credentials = google_credentials();
    let mut settings = settings(Links::Signed, HOUR).storage;
    settings.google_application_credentials = Some(credentials.path().to_owned());
    change(&mut settings);
    let store = open_through("my-pdfs", &settings, google.clone());
    store.links(None).unwrap().to(PdfName::random()).await
}

pub fn open_through(bucket: &str, settings: &StorageSettings, connector: impl HttpConnector) -> Store {
    let location = Location::parse(Some(bucket), Path::new("")).unwrap();
    let Location::Bucket(name) = location else { panic!("{location:?}") };
    Store::Bucket(Bucket::open_through(&name, settings, Arc::new(connector)).unwrap())
}

#[tokio::test]
async fn the_running_account_signs_unless_another_is_named() {
    for (named, expected) in [(None, RUNNING), (Some(SIGNER), SIGNER)] {
        let google = Google::start(&Gcs::start().await).await;
        let link =
            link(&google, |settings| settings.pdf_link_signer = named.map(str::to_owned)).await.unwrap();
        let credential = format!("X-Goog-Credential={}%2F", expected.replace('@', "%40"));
        assert!(link.url.contains("X-Goog-Expires=3600&") && link.url.contains(&credential), "{}", link.url);
        let signed = google.iam.signed_as.lock().unwrap().clone();
        assert_eq!(signed, [(expected.to_owned(), "Bearer token-of-the-running-account".to_owned())]);
    }
}

#[tokio::test]
async fn iam_that_refuses_is_an_operators_business_and_says_which_right_is_missing() {
    let google = Google::start(&Gcs::start().await).await;
    for (status, refused) in
        [(StatusCode::FORBIDDEN, true), (StatusCode::NOT_FOUND, true), (StatusCode::BAD_GATEWAY, false)]
    {
        *google.iam.refuses.lock().unwrap() = Some(status);
        let result = link(&google, |settings| settings.pdf_link_signer = Some(SIGNER.to_owned())).await;
        match result.unwrap_err() {
            Error::StoreRefused(cause) if refused => {
                let told =
                    cause.to_string().contains("iam.serviceAccounts.signBlob on the account that signs");
                assert_eq!(told, status == StatusCode::FORBIDDEN, "{status}: {cause}");
            }
            Error::StoreUnavailable(_) if !refused => {}
            other => panic!("{status}: {other:?}"),
        }
    }
}

/// A machine's identity has no key. Azure gives it one for a while, which is asked for once and signs many links.
#[tokio::test]
async fn an_azure_identity_signs_with_a_key_that_it_is_given() {
    let azure = Scripted::new(|request| match request.uri().host().unwrap() {
        "169.254.169.254" => {
            r#"{"access_token":"identity","expires_on":"4102444800","token_type":"Bearer"}"#.to_owned()
        }
        "account.blob.core.windows.net" => {
            assert_eq!(request.headers()["authorization"], "Bearer identity");
            assert!(request.uri().query().unwrap().contains("comp=userdelegationkey"), "{}", request.uri());
            "<UserDelegationKey><SignedOid>the-identity</SignedOid><SignedTid>t</SignedTid>\
             <SignedStart>2026-01-01T00:00:00Z</SignedStart><SignedExpiry>2100-01-01T00:00:00Z</SignedExpiry>\
             <SignedService>b</SignedService><SignedVersion>2023-11-03</SignedVersion><Value>a2V5</Value>\
             </UserDelegationKey>"
                .to_owned()
        }
        other => panic!("{other} is asked"),
    });
    let mut settings = settings(Links::Signed, HOUR).storage;
    settings.azure_storage_account_name = Some("account".to_owned());
    let store = open_through("az://my-pdfs", &settings, azure.clone());
    for _ in 0..2 {
        let url = store.links(None).unwrap().to(PdfName::random()).await.unwrap().url;
        assert!(url.contains("skoid=the-identity&") && url.contains("sig="), "{url}");
    }
    let token = "GET http://169.254.169.254/metadata/identity/oauth2/token";
    assert_eq!(azure.asked(), [token, "POST https://account.blob.core.windows.net/"]);
}

/// The signed URL of an object is its plain one, with a signature behind it.
#[tokio::test]
async fn links_lead_to_each_cloud() {
    let name = PdfName::random();
    for (bucket, expected) in [
        ("s3://my-pdfs", "https://my-pdfs.s3.eu-central-1.amazonaws.com/"),
        ("s3://my-pdfs/a/b", "https://my-pdfs.s3.eu-central-1.amazonaws.com/a/b/"),
        // As a host, its name would fit no certificate.
        ("s3://my.pdfs", "https://s3.eu-central-1.amazonaws.com/my.pdfs/"),
        ("az://my-pdfs", "https://account.blob.core.windows.net/my-pdfs/"),
        ("az://my-pdfs/a", "https://account.blob.core.windows.net/my-pdfs/a/"),
    ] {
        let expected = format!("{expected}{}", name.file_name());
        for (links, signature) in [(Links::Public, None), (Links::Signed, Some(["X-Amz-Signature=", "sig="]))]
        {
            let mut settings = settings(links, HOUR);
            settings.storage.pdf_bucket = Some(bucket.to_owned());
            settings.storage.aws_region = Some("eu-central-1".to_owned());
            settings.storage.aws_access_key_id = Some("id".to_owned());
            settings.storage.aws_secret_access_key = Some(Secret::new("key"));
            settings.storage.azure_storage_account_name = Some("account".to_owned());
            settings.storage.azure_storage_account_key = Some(Secret::new("a2V5"));
            let link = conformance::open(&settings).links(None).unwrap().to(name).await.unwrap();
            let (plain, query) = link.url.split_once('?').unwrap_or((&link.url, ""));
            assert_eq!(plain, expected);
            let signed = signature.is_some_and(|kinds| kinds.iter().any(|kind| query.contains(kind)));
            assert_eq!(signed, links == Links::Signed, "{}", link.url);
        }
    }
}

#[tokio::test]
async fn an_answer_says_until_when_its_link_is_good() {
    let s3 = s3::S3::start().await;
    let press = Press::with(|settings| {
        s3.choose(settings, s3::BUCKET);
        settings.storage.pdf_links = Links::Signed;
        settings.storage.pdf_link_ttl = HOUR;
    });
    let source = Source::body(&images::png()).await;
    // Whole seconds, rounded down.
    let before = SystemTime::now() + HOUR - Duration::from_secs(1);
    let answer = press.convert(&source.url("/")).await.json();
    let expires_at = humantime::parse_rfc3339(answer["expires_at"].as_str().unwrap()).unwrap();
    assert!(before <= expires_at && expires_at <= SystemTime::now() + HOUR, "{answer}");

    let press = Press::with(|settings| s3.choose(settings, s3::BUCKET));
    let answer = press.convert(&source.url("/")).await.json();
    assert!(answer.get("expires_at").is_none(), "{answer}");
}

/// What cannot be linked is not stored.
#[tokio::test]
async fn a_link_is_made_before_anything_is_stored() {
    let gcs = Gcs::start().await;
    let google = Google::start(&gcs).await;
    *google.iam.refuses.lock().unwrap() = Some(StatusCode::FORBIDDEN);
    assert!(link(&google, |_| ()).await.is_err());
    assert_eq!(gcs.calls(), []);
}
