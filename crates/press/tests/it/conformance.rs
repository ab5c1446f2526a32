//! What every store does alike: the folder, and the buckets of each cloud. Azure's run stands in `azurite`.

use std::{path::Path, time::Duration};

use bytes::Bytes;
use chassis::BaseUrl;
use http::StatusCode;
use press::{
    Error, Settings,
    settings::Links,
    storage::{Content, Finished, Link, Location, PdfName, Store},
};
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
};
use url::Url;

use super::{
    links::{google_credentials, open_through},
    support::{
        download::{download, download_from},
        eventually,
        gcs::Gcs,
        google::Google,
        press::{Answer, BASE, Press},
        s3::{self, S3},
    },
};

const HOUR: Duration = Duration::from_hours(1);
/// More than two parts, and no whole number of them.
const LARGE: usize = 12 * 1024 * 1024 + 1;
/// One part and a half: one is on its way when the rest does not come.
const HALF: usize = 7 * 1024 * 1024 + 512 * 1024;

/// A store, seen from both sides.
pub trait Rig {
    /// How links to it can be had.
    const LINKS: &'static [Links];

    fn open(&self, links: Links, ttl: Duration) -> Store;
    /// Objects, and what is left of uploads where that would stay.
    async fn kept(&self) -> Vec<String>;
    /// What a GET of the link answers.
    async fn follow(&self, url: &str) -> Answer;
}

pub async fn check<R: Rig>(rig: &R) {
    for links in R::LINKS {
        let store = rig.open(*links, HOUR);
        for length in [1_000, LARGE] {
            what_is_stored_is_downloaded(rig, &store, *links, length).await;
        }
        let kept = rig.kept().await;
        what_is_not_completed_is_not_there(rig, &store, &kept).await;
        if *links == Links::Signed {
            a_signed_link_opens_one_pdf_for_a_while(rig, &store).await;
        }
    }
}

async fn what_is_stored_is_downloaded(rig: &impl Rig, store: &Store, links: Links, length: usize) {
    let case = format!("{links:?}, {length} bytes");
    let (name, bytes) = (PdfName::random(), noise(length));
    let link = link(store, name).await;
    assert_eq!(link.expires_at.is_some(), links == Links::Signed, "{case}");
    match upload(store, name, &bytes).await {
        Ok(Finished::Stored(pdf)) => pdf.keep(),
        other => panic!("{case}: {other:?}"),
    }
    let answer = rig.follow(&link.url).await;
    assert_eq!(answer.status, StatusCode::OK, "{case}: {:?}", answer.body);
    assert!(answer.body == bytes, "{case}: {} other bytes", answer.body.len());
    assert_eq!(answer.header("content-type"), "application/pdf", "{case}");
    let disposition = format!("inline; filename=\"{}\"", name.file_name());
    assert_eq!(answer.header("content-disposition"), disposition, "{case}");
    let fresh_s = if links == Links::Signed { HOUR.as_secs() } else { 365 * 24 * 60 * 60 };
    assert_eq!(answer.header("cache-control"), format!("private, max-age={fresh_s}, immutable"), "{case}");
    let another = self::link(store, PdfName::random()).await;
    assert_eq!(rig.follow(&another.url).await.status, StatusCode::NOT_FOUND, "{case}");
}

async fn what_is_not_completed_is_not_there(rig: &impl Rig, store: &Store, kept: &[String]) {
    let untouched = || async { rig.kept().await == kept };
    for length in [1_000, HALF] {
        // The conversion fails.
        let (pieces, answered, task) = begin(store, PdfName::random());
        send(&pieces, &noise(length)).await;
        drop(pieces);
        assert!(matches!(answered.await.unwrap(), Ok(Finished::Abandoned)), "{length}");
        task.await.unwrap();
        eventually("a failed conversion leaves nothing", untouched).await;

        // The client goes away meanwhile.
        let (pieces, answered, task) = begin(store, PdfName::random());
        send(&pieces, &noise(length)).await;
        drop(answered);
        let _ = pieces.send(Content::End).await;
        task.await.unwrap();
        eventually("a client that goes away leaves nothing", untouched).await;

        // The client goes away in the last moment.
        let stored = upload(store, PdfName::random(), &noise(length)).await;
        assert!(matches!(stored, Ok(Finished::Stored(_))), "{length}: {stored:?}");
        drop(stored);
        eventually("a PDF that no answer names is taken back", untouched).await;
    }
}

async fn a_signed_link_opens_one_pdf_for_a_while(rig: &impl Rig, store: &Store) {
    let (name, other) = (PdfName::random(), PdfName::random());
    for name in [name, other] {
        match upload(store, name, &noise(1_000)).await {
            Ok(Finished::Stored(pdf)) => pdf.keep(),
            failed => panic!("{failed:?}"),
        }
    }
    let good = link(store, name).await.url;
    let bent = good.replace(&name.file_name(), &other.file_name());
    assert!(bent != good && rig.follow(&bent).await.status == StatusCode::FORBIDDEN, "{bent}");

    let brief = link(&rig.open(Links::Signed, Duration::from_secs(2)), name).await.url;
    assert_eq!(rig.follow(&brief).await.status, StatusCode::OK, "{brief}");
    eventually("the link expires", || async { rig.follow(&brief).await.status.is_client_error() }).await;
    assert_eq!(rig.follow(&good).await.status, StatusCode::OK, "{good}");
}

async fn link(store: &Store, name: PdfName) -> Link {
    let service = BaseUrl::new(Url::parse(BASE).unwrap());
    store.links(Some(&service)).unwrap().to(name).await.unwrap()
}

type Begun = (mpsc::Sender<Content>, oneshot::Receiver<Result<Finished, Error>>, JoinHandle<()>);

fn begin(store: &Store, name: PdfName) -> Begun {
    let (pieces, content) = mpsc::channel(4);
    let (answer, answered) = oneshot::channel();
    let upload = store.begin(name);
    let uploading = tokio::spawn(async move {
        if let Some(unfinished) = upload.run(content, answer).await {
            unfinished.abort().await;
        }
    });
    (pieces, answered, uploading)
}

async fn upload(store: &Store, name: PdfName, bytes: &[u8]) -> Result<Finished, Error> {
    let (pieces, answered, _task) = begin(store, name);
    send(&pieces, bytes).await;
    let _ = pieces.send(Content::End).await;
    answered.await.unwrap()
}

/// As far as anybody takes them.
async fn send(pieces: &mpsc::Sender<Content>, bytes: &[u8]) {
    for piece in bytes.chunks(64 * 1024) {
        if pieces.send(Content::Data(Bytes::copy_from_slice(piece))).await.is_err() {
            return;
        }
    }
}

/// Bytes that no other place of the same file has.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 1_u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        state.to_be_bytes()[0]
    };
    (0..length).map(|_| next()).collect()
}

/// The bucket that these settings name.
pub fn settings(links: Links, ttl: Duration) -> Settings {
    let mut settings = Settings::default();
    settings.storage.pdf_links = links;
    settings.storage.pdf_link_ttl = ttl;
    settings
}

pub fn open(settings: &Settings) -> Store {
    let location = Location::parse(settings.storage.pdf_bucket.as_deref(), Path::new("")).unwrap();
    Store::open(&location, &settings.storage).unwrap()
}

struct FolderRig(Press);

impl Rig for FolderRig {
    const LINKS: &'static [Links] = &[Links::Public];

    fn open(&self, links: Links, ttl: Duration) -> Store {
        Store::open(&Location::Folder(self.0.folder()), &settings(links, ttl).storage).unwrap()
    }

    async fn kept(&self) -> Vec<String> {
        sorted(self.0.stored())
    }

    async fn follow(&self, url: &str) -> Answer {
        self.0.get(url.strip_prefix(BASE).unwrap(), &[]).await
    }
}

#[tokio::test]
async fn a_folder() {
    check(&FolderRig(Press::start())).await;
}

struct S3Rig(S3);

impl Rig for S3Rig {
    const LINKS: &'static [Links] = &[Links::Public, Links::Signed];

    fn open(&self, links: Links, ttl: Duration) -> Store {
        let mut settings = settings(links, ttl);
        self.0.choose(&mut settings, if links == Links::Public { s3::PUBLIC_BUCKET } else { s3::BUCKET });
        open(&settings)
    }

    async fn kept(&self) -> Vec<String> {
        sorted(self.0.kept())
    }

    async fn follow(&self, url: &str) -> Answer {
        download(url).await
    }
}

#[tokio::test]
async fn an_s3_bucket() {
    check(&S3Rig(S3::start().await)).await;
}

struct GoogleRig {
    gcs: Gcs,
    google: Google,
    credentials: tempfile::NamedTempFile,
}

impl Rig for GoogleRig {
    const LINKS: &'static [Links] = &[Links::Public, Links::Signed];

    fn open(&self, links: Links, ttl: Duration) -> Store {
        let mut settings = settings(links, ttl).storage;
        settings.google_application_credentials = Some(self.credentials.path().to_owned());
        settings.pdf_link_signer = Some("signer@p.iam.gserviceaccount.com".to_owned());
        open_through("gs://my-pdfs/a/b", &settings, self.google.clone())
    }

    async fn kept(&self) -> Vec<String> {
        let unfinished = vec!["unfinished".to_owned(); self.gcs.unfinished()];
        self.gcs.paths().into_iter().chain(unfinished).collect()
    }

    async fn follow(&self, url: &str) -> Answer {
        let url = Url::parse(url).unwrap();
        assert_eq!(url.host_str(), Some("storage.googleapis.com"));
        download_from(&self.gcs.address.to_string(), &url).await
    }
}

#[tokio::test]
async fn a_google_bucket() {
    let gcs = Gcs::start().await;
    let google = Google::start(&gcs).await;
    check(&GoogleRig { gcs, google, credentials: google_credentials() }).await;
}

pub fn sorted(mut names: Vec<String>) -> Vec<String> {
    names.sort();
    names
}
