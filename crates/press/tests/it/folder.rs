//! The folder as a store that fails.

use std::fs;

use super::support::{
    eventually, images,
    press::Press,
    source::{self, Source},
};

fn service(change: impl FnOnce(&mut press::Settings, &mut chassis::Settings)) -> Result<(), String> {
    let mut settings = press::Settings::default();
    let mut chassis = chassis::Settings::default();
    change(&mut settings, &mut chassis);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let service = runtime.block_on(press::service(&settings, &chassis));
    service.map(drop).map_err(|error| format!("{error:#}"))
}

#[test]
fn a_start_makes_the_folder() {
    let data = tempfile::tempdir().unwrap();
    let deep = data.path().join("a/b");
    service(|_, chassis| chassis.bind.data_dir.clone_from(&deep)).unwrap();
    assert!(deep.join("pdfs").is_dir());
    let elsewhere = data.path().join("elsewhere");
    service(|settings, _| settings.storage.pdf_bucket = Some(format!("file://{}", elsewhere.display())))
        .unwrap();
    assert!(elsewhere.is_dir());
}

#[test]
fn a_store_that_cannot_be_is_a_fault_that_names_it() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let error = service(|_, chassis| chassis.bind.data_dir = file.path().to_owned()).unwrap_err();
    assert!(error.contains("folder for PDFs") && error.contains(&*file.path().to_string_lossy()), "{error}");
    let error = service(|settings, _| settings.storage.pdf_bucket = Some("ftp://bucket".into())).unwrap_err();
    assert!(error.contains("ftp:// is not supported") && error.contains("gs://"), "{error}");
}

#[tokio::test]
async fn a_folder_that_goes_away_is_503_and_its_return_is_enough() {
    let press = Press::start();
    let source = Source::body(&images::png()).await;
    let folder = press.folder();
    let aside = folder.with_extension("aside");
    fs::rename(&folder, &aside).unwrap();
    fs::write(&folder, "a file where the folder was").unwrap();
    let answer = press.convert(&source.url("/")).await;
    answer.assert_problem("no folder", 503, "store-unavailable", "could not be stored");
    let said = String::from_utf8(answer.body.to_vec()).unwrap();
    assert!(!said.contains(&*folder.to_string_lossy()), "{said}");
    fs::remove_file(&folder).unwrap();
    fs::rename(&aside, &folder).unwrap();
    press.pdf(&source.url("/")).await;
    assert_eq!(press.stored().len(), 1);
}

/// The image is large enough that parts of its PDF are on the disk when it turns out to be broken.
#[tokio::test]
async fn a_failure_half_way_leaves_no_unfinished_file() {
    let press = Press::start();
    let image = images::noise_png(1200);
    let mut flipped = image.clone();
    let at = flipped.len() - 40;
    flipped[at] ^= 1;
    let cut = source::ok(&image)[..image.len() - 40].to_vec();
    for (case, source, status, slug) in [
        ("truncated", Source::body(&image[..image.len() - 40]).await, 422, "image-broken"),
        ("flipped", Source::body(&flipped).await, 422, "image-broken"),
        ("broken off", Source::raw(cut).await, 502, "source-failed"),
    ] {
        press.convert(&source.url("/")).await.assert_problem(case, status, slug, "");
        eventually("the folder is empty", || async { press.stored().is_empty() }).await;
    }
}

#[tokio::test]
async fn readiness_tells_whether_the_folder_can_be_written() {
    let data = tempfile::tempdir().unwrap();
    let mut chassis = chassis::Settings::default();
    chassis.bind.data_dir = data.path().to_owned();
    let service = press::service(&press::Settings::default(), &chassis).await.unwrap();
    (service.ready)().await.unwrap();
    let folder = data.path().join("pdfs");
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "the lock alone");
    fs::remove_dir_all(&folder).unwrap();
    let error = (service.ready)().await.unwrap_err();
    assert!(format!("{error:#}").contains("cannot be written"), "{error:#}");
}

/// As where the disk behind it is no longer mounted: what is stored below would not be seen by who looks for it.
#[tokio::test]
async fn a_folder_that_came_in_its_place_gets_no_pdf() {
    let press = Press::start();
    let source = Source::body(&images::png()).await;
    press.pdf(&source.url("/")).await;
    fs::remove_dir_all(press.folder()).unwrap();
    for put_there in [false, true] {
        if put_there {
            fs::create_dir(press.folder()).unwrap();
        }
        press.convert(&source.url("/")).await.assert_problem("gone", 503, "store-unavailable", "");
        assert_eq!(press.folder().exists(), put_there);
        assert!(!put_there || press.stored().is_empty());
    }
}

#[tokio::test]
async fn a_check_tells_about_the_folder_and_changes_nothing() {
    let data = tempfile::tempdir().unwrap();
    let mut chassis = chassis::Settings::default();
    chassis.bind.data_dir = data.path().join("new");
    let settings = press::Settings::default();
    let findings = press::check(&settings, &chassis).await;
    assert_eq!(findings.len(), 2);
    assert_eq!(findings[0].outcome.as_deref().unwrap(), "is made at the first start");
    assert!(!data.path().join("new").exists());
    fs::create_dir_all(data.path().join("new/pdfs")).unwrap();
    assert_eq!(press::check(&settings, &chassis).await[0].outcome.as_deref().unwrap(), "is there");
    fs::remove_dir(data.path().join("new/pdfs")).unwrap();
    fs::write(data.path().join("new/pdfs"), "").unwrap();
    assert!(press::check(&settings, &chassis).await[0].outcome.is_err());
}
