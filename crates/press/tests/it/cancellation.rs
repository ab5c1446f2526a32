//! A client that goes away stops the work, wherever it is.

use std::{sync::Arc, time::Duration};

use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpStream},
    sync::Notify,
};

use super::support::{
    eventually, images,
    press::Press,
    source::{Source, ok, until_closed},
};

/// Drops the request once `until` holds.
async fn hang_up(press: &Press, url: &str, until: impl Future<Output = ()>) {
    tokio::select! {
        answer = press.convert(url) => panic!("answered {}: {:?}", answer.status, answer.body),
        () = until => {}
    }
}

#[tokio::test]
async fn while_the_source_has_not_answered() {
    let press = Press::with(|settings| settings.fetch.fetches_max = 1);
    let source = Source::start(|_, mut stream| async move { until_closed(&mut stream).await }).await;
    let asked = eventually("asked", || async { !source.requests().is_empty() });
    hang_up(&press, &source.url("/"), asked).await;
    eventually("the source is hung up on", || async { source.open() == 0 }).await;
    // The one source that may be waited for is another again.
    press.pdf(&Source::body(&images::png()).await.url("/")).await;
}

#[tokio::test]
async fn while_the_source_still_sends() {
    let press = Press::with(|settings| settings.conversion.conversions_max = Some(1));
    let image = images::noise_png(1200);
    let half = Arc::new(Notify::new());
    let sent = Arc::clone(&half);
    let source = Source::start(move |_, mut stream| {
        let answer = ok(&image);
        let sent = Arc::clone(&sent);
        async move {
            let _ = stream.write_all(&answer[..answer.len() / 2]).await;
            sent.notify_one();
            until_closed(&mut stream).await;
        }
    })
    .await;
    let upload_has_begun = async {
        half.notified().await;
        eventually("a part is stored", || async { !press.stored().is_empty() }).await;
    };
    hang_up(&press, &source.url("/"), upload_has_begun).await;
    eventually("the source is hung up on", || async { source.open() == 0 }).await;
    eventually("the store is empty", || async { press.stored().is_empty() }).await;
    press.pdf(&Source::body(&images::png()).await.url("/")).await;
}

/// Over a real connection: that a client hung up is seen, though nothing is read from it or written to it.
#[tokio::test(flavor = "multi_thread")]
async fn over_a_socket() {
    let data = tempfile::tempdir().unwrap();
    let mut chassis = chassis::Settings::default();
    data.path().clone_into(&mut chassis.bind.data_dir);
    let mut settings = press::Settings::default();
    settings.fetch.fetch_allow_private = true;
    let service = press::service(&settings, &chassis).await.unwrap();
    let public = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = public.local_addr().unwrap();
    let listeners = chassis::Listeners { public, ops: None };
    let app = chassis::run_on(listeners, chassis, vec![service], std::future::pending());
    tokio::spawn(app);

    let source = Source::start(|_, mut stream| async move { until_closed(&mut stream).await }).await;
    let body = serde_json::json!({ "source_url": source.url("/") }).to_string();
    let mut client = TcpStream::connect(address).await.unwrap();
    let request = format!(
        "POST /image_to_pdf HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    client.write_all(request.as_bytes()).await.unwrap();
    eventually("the source is asked", || async { source.open() == 1 && !source.requests().is_empty() }).await;
    drop(client);
    eventually("the source is hung up on", || async { source.open() == 0 }).await;
}

/// The source is complete and the PDF on its way: at whatever moment the client goes, nothing stays that no
/// answer names.
#[tokio::test]
async fn at_any_moment() {
    let press = Press::with(|settings| settings.conversion.conversions_max = Some(2));
    let source = Source::body(&images::noise_png(700)).await;
    let url = source.url("/");
    let mut answered = 0;
    for delay_us in (0..60_000).step_by(1500) {
        let hung_up = tokio::time::timeout(Duration::from_micros(delay_us), press.convert(&url)).await;
        answered += usize::from(hung_up.is_ok());
        eventually("the store has what was answered", || async { press.stored().len() == answered }).await;
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(press.stored().len(), answered);
}
