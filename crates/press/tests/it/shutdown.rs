//! A process that is told to stop while it stores, and cuts what it does when the grace time is over.

use std::{net::SocketAddr, path::Path, sync::mpsc, thread, time::Duration};

use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpStream},
    runtime::Builder,
    sync::oneshot,
};

use super::support::{
    eventually,
    gcs::{Call, Fault, Gcs},
    images,
    source::{Source, ok, until_closed},
};

/// The service on a runtime of its own, which ends as that of a process does: with whatever still runs on it. With
/// one thread, nothing runs on by chance once the service has returned.
struct Process {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    ended: oneshot::Receiver<()>,
}

impl Process {
    fn start(data: &Path, change: impl FnOnce(&mut press::Settings)) -> Self {
        let mut chassis = chassis::Settings::default();
        data.clone_into(&mut chassis.bind.data_dir);
        chassis.shutdown.shutdown_grace_ms = 200;
        let mut settings = press::Settings::default();
        settings.fetch.fetch_allow_private = true;
        change(&mut settings);
        let (stop, stopped) = oneshot::channel();
        let (listening, listens) = mpsc::channel();
        let (end, ended) = oneshot::channel();
        thread::spawn(move || {
            let runtime = Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let service = press::service(&settings, &chassis).await.unwrap();
                let public = TcpListener::bind("127.0.0.1:0").await.unwrap();
                listening.send(public.local_addr().unwrap()).unwrap();
                let listeners = chassis::Listeners { public, ops: None };
                let shutdown = async { stopped.await.unwrap() };
                chassis::run_on(listeners, chassis, vec![service], shutdown).await.unwrap();
            });
            end.send(()).unwrap();
        });
        Self { address: listens.recv().unwrap(), stop, ended }
    }

    async fn ask(&self, source_url: &str) -> TcpStream {
        let body = serde_json::json!({ "source_url": source_url }).to_string();
        let mut client = TcpStream::connect(self.address).await.unwrap();
        let request = format!(
            "POST /image_to_pdf HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        );
        client.write_all(request.as_bytes()).await.unwrap();
        client
    }

    async fn stop(self) {
        self.stop.send(()).unwrap();
        self.ended.await.unwrap();
    }
}

/// Sends all of a picture but its end.
async fn unending(side: u32) -> Source {
    let image = images::noise_png(side);
    Source::start(move |_, mut stream| {
        let answer = ok(&image);
        async move {
            let _ = stream.write_all(&answer[..answer.len() - 100]).await;
            until_closed(&mut stream).await;
        }
    })
    .await
}

fn files(folder: &Path) -> Vec<String> {
    let names = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name());
    names.map(|name| name.into_string().unwrap()).filter(|name| name != ".lock").collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_unfinished_stays_in_the_folder() {
    let data = tempfile::tempdir().unwrap();
    let process = Process::start(data.path(), |_| ());
    let source = unending(1200).await;
    let _client = process.ask(&source.url("/")).await;
    let folder = data.path().join("pdfs");
    eventually("a part is stored", || async { files(&folder).len() == 1 }).await;
    process.stop().await;
    assert_eq!(files(&folder), Vec::<String>::new());
}

/// Also where a part is under way that the store takes slowly.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_unfinished_stays_in_the_bucket() {
    let data = tempfile::tempdir().unwrap();
    let gcs = Gcs::start().await;
    gcs.fail(Call::Part, [Fault::Slow(Duration::from_secs(30))]);
    gcs.fail(Call::Abort, [Fault::Slow(Duration::from_millis(300))]);
    let process = Process::start(data.path(), |settings| {
        settings.storage.pdf_bucket = Some("my-pdfs".to_owned());
        settings.storage.pdf_endpoint = Some(format!("http://{}", gcs.address));
    });
    let source = unending(1900).await;
    let _client = process.ask(&source.url("/")).await;
    eventually("a part is under way", || async { gcs.count(Call::Part) > 0 }).await;
    assert_eq!(gcs.unfinished(), 1);
    process.stop().await;
    assert_eq!((gcs.unfinished(), gcs.count(Call::Abort)), (0, 1));
    assert!(gcs.objects().is_empty());
}
