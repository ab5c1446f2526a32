//! `PDF_TTL`: the folder lets go of what is old.

use std::{
    fs,
    time::{Duration, SystemTime},
};

use futures_util::StreamExt;
use http::StatusCode;
use press::storage::{Folder, PdfName};

use super::support::{
    eventually, images,
    press::{BASE, Press},
    source::Source,
};

const HOUR: Duration = Duration::from_hours(1);

fn age(path: &std::path::Path, age: Duration) {
    let file = fs::File::options().write(true).open(path).unwrap();
    file.set_modified(SystemTime::now() - age).unwrap();
}

#[tokio::test]
async fn an_answer_says_when_a_pdf_goes_and_then_it_is_gone() {
    let press = Press::with(|settings| settings.storage.pdf_ttl = Some(HOUR));
    let before = SystemTime::now() + HOUR - Duration::from_secs(1);
    let answer = press.convert(&Source::body(&images::png()).await.url("/")).await;
    let expires_at = answer.json()["expires_at"].as_str().map(humantime::parse_rfc3339).unwrap().unwrap();
    assert!(before <= expires_at && expires_at <= SystemTime::now() + HOUR, "{:?}", answer.json());

    let url = answer.converted_url();
    let path = url.strip_prefix(BASE).unwrap();
    let pdf = press.get(path, &[]).await;
    let fresh = pdf.header("cache-control").strip_prefix("private, max-age=").unwrap();
    let fresh_s: u64 = fresh.strip_suffix(", immutable").unwrap().parse().unwrap();
    assert!((HOUR.as_secs() - 60..=HOUR.as_secs()).contains(&fresh_s), "{fresh_s}");

    // The next sweep is minutes away, and it is not waited for.
    let file = press.folder().join(&press.stored()[0]);
    age(&file, HOUR);
    press.get(path, &[]).await.assert_problem("expired", 404, "not-found", "no PDF of that name");
    assert!(file.exists());
    age(&file, Duration::ZERO);
    assert_eq!(press.get(path, &[]).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_start_deletes_what_has_expired_meanwhile() {
    let folder = tempfile::tempdir().unwrap();
    let name = |hours: u32| {
        let name = PdfName::random().file_name();
        fs::write(folder.path().join(&name), b"%PDF").unwrap();
        age(&folder.path().join(&name), HOUR * hours);
        name
    };
    let (old, young) = (name(3), name(1));
    let _open = Folder::open(folder.path(), Some(HOUR * 2)).unwrap();
    eventually("the old one is gone", || async { !folder.path().join(&old).exists() }).await;
    assert!(folder.path().join(&young).exists());
}

#[tokio::test]
async fn a_download_that_has_begun_outlives_its_file() {
    let folder = tempfile::tempdir().unwrap();
    let store = Folder::open(folder.path(), Some(HOUR)).unwrap();
    let name = PdfName::random();
    let file = folder.path().join(name.file_name());
    let bytes: Vec<u8> = (0..3 << 20).map(|at: u32| at.to_le_bytes()[0]).collect();
    fs::write(&file, &bytes).unwrap();
    let mut download = store.read(name, 0..3 << 20).await.unwrap().unwrap();
    let mut read = download.next().await.unwrap().unwrap().to_vec();
    assert!(read.len() < bytes.len());
    fs::remove_file(&file).unwrap();
    while let Some(piece) = download.next().await {
        read.extend(piece.unwrap());
    }
    assert!(read == bytes);
    assert!(store.read(name, 0..1).await.unwrap().is_none(), "another finds nothing");
}
