//! The container store, against Azurite.

use std::time::Duration;

use press::{settings::Links, storage::Store};

use super::{
    conformance::{self, Rig, check, settings, sorted},
    support::{
        azurite::Azure,
        download::download,
        gate::Fault,
        images,
        press::{Answer, Press},
        source::Source,
    },
};

struct AzureRig {
    public: Azure,
    private: Azure,
}

impl Rig for AzureRig {
    const LINKS: &'static [Links] = &[Links::Public, Links::Signed];

    fn open(&self, links: Links, ttl: Duration) -> Store {
        let mut settings = settings(links, ttl);
        let azure = if links == Links::Public { &self.public } else { &self.private };
        azure.choose(&mut settings);
        conformance::open(&settings)
    }

    /// Blocks that were never committed are no blobs: nobody can read them, and Azure drops them after a week.
    async fn kept(&self) -> Vec<String> {
        sorted([self.public.kept().await, self.private.kept().await].concat())
    }

    async fn follow(&self, url: &str) -> Answer {
        download(url).await
    }
}

#[tokio::test]
async fn an_azure_container() {
    check(&AzureRig { public: Azure::start(true).await, private: Azure::start(false).await }).await;
}

fn press(azure: &Azure) -> Press {
    Press::with(|settings| {
        azure.choose(settings);
        settings.storage.pdf_links = Links::Signed;
    })
}

#[tokio::test]
async fn a_pdf_is_put_under_a_free_name_and_its_link_downloads_it() {
    let azure = Azure::start(false).await;
    let press = press(&azure);
    let answer = press.convert(&Source::body(&images::png()).await.url("/")).await;
    assert!(answer.json()["expires_at"].is_string());
    let pdf = download(&answer.converted_url()).await;
    assert!(pdf.body.starts_with(b"%PDF-1.7") && pdf.body.ends_with(b"%%EOF\n"), "{:?}", pdf.body);
    let put = &azure.gate.heads()[0];
    assert!(put.starts_with("PUT ") && put.contains("\r\nif-none-match: *\r\n"), "{put}");
    assert!(azure.kept().await[0].starts_with("a/b/"));
}

#[tokio::test]
async fn passing_failures_are_retried() {
    let azure = Azure::start(false).await;
    let press = press(&azure);
    azure.gate.fail("PUT ", [Fault::Status(503), Fault::Status(429), Fault::Cut]);
    press.convert(&Source::body(&images::png()).await.url("/")).await.converted_url();
    assert_eq!(azure.gate.count("PUT "), 4);
    let large = Source::body(&images::noise_png(1900)).await;
    for part in ["comp=block&", "comp=blocklist"] {
        azure.gate.fail(part, [Fault::Status(500), Fault::Cut]);
    }
    press.convert(&large.url("/")).await.converted_url();
    assert_eq!(azure.kept().await.len(), 2);
}

#[tokio::test]
async fn a_put_that_was_done_but_not_heard_of_is_a_success() {
    let azure = Azure::start(false).await;
    let press = press(&azure);
    azure.gate.fail("PUT ", [Fault::Unheard]);
    press.convert(&Source::body(&images::png()).await.url("/")).await.converted_url();
    assert_eq!((azure.gate.count("PUT "), azure.kept().await.len()), (2, 1));
}

#[tokio::test]
async fn what_an_operator_must_mend_is_500() {
    let azure = Azure::start(false).await;
    let source = Source::body(&images::png()).await;
    let press = press(&azure);
    azure.gate.fail("PUT ", [Fault::Status(403)]);
    press.convert(&source.url("/")).await.assert_problem("403", 500, "internal-error", "on our side");
    let stranger = Press::with(|settings| {
        azure.choose(settings);
        settings.storage.azure_storage_account_key = Some(press::settings::Secret::new("bm90IHRoZSBrZXk="));
    });
    stranger.convert(&source.url("/")).await.assert_problem("key", 500, "internal-error", "on our side");
    assert_eq!(azure.kept().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_check_asks_for_a_blob_that_cannot_be_there() {
    let azure = Azure::start(false).await;
    let checked = async |change: fn(&mut press::settings::StorageSettings)| {
        let mut settings = settings(Links::Signed, Duration::from_mins(1));
        azure.choose(&mut settings);
        change(&mut settings.storage);
        let finding = press::check(&settings, &chassis::Settings::default()).await.remove(0);
        finding.outcome.map_err(|error| format!("{error:#}"))
    };
    let said = checked(|_| ()).await.unwrap();
    assert!(said.contains("not found, as it should be") && said.ends_with("a link was signed"), "{said}");
    let said = checked(|settings| settings.pdf_bucket = Some("az://none".to_owned())).await.unwrap_err();
    assert_eq!(said, "there is no bucket of this name");
    let said = checked(|settings| {
        settings.azure_storage_account_key = Some(press::settings::Secret::new("bm90IHRoZSBrZXk="));
    });
    assert_eq!(said.await.unwrap_err(), "the credentials were obtained and are not accepted");
}
