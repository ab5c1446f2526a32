//! What the log says of a conversion, and what it must never say.

use std::{
    io,
    sync::{Arc, Mutex},
};

use tracing_subscriber::fmt::MakeWriter;

use super::support::{
    images,
    press::Press,
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

#[tokio::test]
async fn every_source_is_named_without_its_secrets() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(log.clone())
        .finish();
    // While there is but one subscriber, whoever meets an event first decides whether it is ever logged: a test on
    // another thread, which has none. With a second one all are asked.
    let _second = tracing::Dispatch::new(tracing_subscriber::fmt().with_writer(io::sink).finish());
    let _guard = tracing::subscriber::set_default(subscriber);

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
