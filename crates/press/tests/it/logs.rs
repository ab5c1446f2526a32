//! What the log says of a conversion, and what it must never say.

use std::{
    io,
    sync::{Arc, Mutex},
};

use tracing::subscriber::DefaultGuard;
use tracing_subscriber::fmt::MakeWriter;

use super::support::{
    gate,
    gcs::{Call, Fault, Gcs},
    images,
    press::Press,
    s3::{self, S3},
    source::{Source, redirect},
};

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

impl Log {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

/// Everything that is said on this thread while the guards live.
fn listen() -> (Log, (tracing::Dispatch, DefaultGuard)) {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(log.clone())
        .finish();
    // While there is but one subscriber, whoever meets an event first decides whether it is ever logged: a test on
    // another thread, which has none. With a second one all are asked.
    let second = tracing::Dispatch::new(tracing_subscriber::fmt().with_writer(io::sink).finish());
    (log, (second, tracing::subscriber::set_default(subscriber)))
}

/// What a store refuses, whoever runs this must mend: the log tells them what.
#[tokio::test]
async fn a_missing_right_is_named() {
    let (log, _guards) = listen();
    let source = Source::body(&images::png()).await;
    let gcs = Gcs::start().await;
    gcs.fail(Call::Put, [Fault::Status(403)]);
    let google = Press::with(|settings| {
        settings.storage.pdf_bucket = Some("my-pdfs".to_owned());
        settings.storage.pdf_endpoint = Some(format!("http://{}", gcs.address));
    });
    google.convert(&source.url("/")).await.assert_problem("403", 500, "internal-error", "on our side");
    let s3 = S3::start().await;
    s3.gate.fail("PUT ", [gate::Fault::Status(403)]);
    let amazon = Press::with(|settings| s3.choose(settings, s3::BUCKET));
    amazon.convert(&source.url("/")).await.assert_problem("403", 500, "internal-error", "on our side");
    let said = log.text();
    for right in ["storage.objects.create", "s3:PutObject"] {
        assert!(said.contains(&format!("the store answered 403; what this needs is {right}")), "{said}");
    }
    assert!(!said.contains("the-key"), "{said}");
}

#[tokio::test]
async fn every_source_is_named_without_its_secrets() {
    let (log, _guards) = listen();
    let press = Press::start();
    let damaged = Source::body(&images::png_with_a_damaged_resolution()).await;
    press.convert(&damaged.url("/image.png?hush")).await.converted_url();
    let good = Source::body(&images::png()).await;
    let missing = Source::raw("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n").await;
    let text = Source::body(b"hello").await;
    let cut = Source::raw("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n").await;
    let elsewhere = Source::raw(redirect(302, "http://169.254.169.254/?hush=1")).await;
    let user_info = "http://hush:hush@example.com/";
    for source in [&good, &missing, &text, &cut, &elsewhere] {
        press.convert(&source.url("/image.png?signature=hush#hush")).await;
    }
    press.convert(user_info).await;
    press.convert("http://127.0.0.1:1/image.png?hush").await;

    let said = log.text();
    assert!(said.contains(&format!("image converted source.url={}", good.url("/image.png"))), "{said}");
    assert!(
        said.contains(&format!("image not converted source.url={}", missing.url("/image.png"))),
        "{said}"
    );
    let loss = format!("image converted with a loss source.url={}", damaged.url("/image.png"));
    assert!(
        said.lines().any(|line| line.contains(&loss) && line.contains("the resolution is left out")),
        "{said}"
    );
    let secret = said.lines().find(|line| line.contains("hush"));
    assert_eq!(secret, None);
}
