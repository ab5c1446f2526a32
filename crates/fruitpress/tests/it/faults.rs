//! Processes of press that are told to stop, or killed, while they convert: what was answered is there, and what no
//! answer names is not.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use aws_lc_rs::digest::{SHA256, digest};
use futures_util::future::join_all;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    runtime::Runtime,
    sync::watch,
};
use url::Url;

use crate::{
    stores::{
        Store, images,
        source::{Source, ok, until_closed},
    },
    support::{Server, folder, get},
};

const GRACE: Duration = Duration::from_secs(3);
/// What the process has beyond that to send its last answers, to take back uploads, and to be slow.
const BEYOND_GRACE: Duration = Duration::from_secs(3);
/// What is held back of each image: too much to be one without it, and so little that most of its PDF is made.
const HELD_BYTES: usize = 100;

/// The ways into press and out of it, and the ways of the engine between.
const KINDS: [&str; 9] =
    ["copied", "large", "split", "decoded", "many", "upload", "form", "answered", "answered-small"];

/// An answer as it came, byte by byte.
#[derive(Debug, Default)]
struct Heard {
    status: Option<u16>,
    head: String,
    body: Vec<u8>,
    /// Whether the body is as long as the head says, or ended by its last chunk.
    whole: bool,
}

impl Heard {
    fn parse(bytes: &[u8]) -> Self {
        let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else {
            assert!(bytes.is_empty(), "half a head: {:?}", String::from_utf8_lossy(bytes));
            return Self::default();
        };
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap().to_ascii_lowercase();
        let status = head.split(' ').nth(1).map(|status| status.parse().unwrap());
        let sent = &bytes[end + 4..];
        let length = head.split("content-length: ").nth(1).and_then(|rest| rest.lines().next());
        let (body, whole) = match length {
            Some(length) => (sent.to_vec(), sent.len() == length.parse::<usize>().unwrap()),
            None => unchunked(sent),
        };
        Self { status, head, body, whole }
    }

    /// The PDF's name and its digest, of an answer that names one.
    fn named(&self) -> Option<(String, Named)> {
        if self.status != Some(200) || !self.whole || self.head.contains("content-type: application/pdf") {
            return None;
        }
        let json: serde_json::Value = serde_json::from_slice(&self.body).unwrap();
        let [url, sha256] = ["converted_url", "sha256"].map(|key| json[key].as_str().unwrap().to_owned());
        let path = url.split('?').next().unwrap();
        let name = path.rsplit('/').next().unwrap().to_owned();
        Some((name, Named { url, sha256 }))
    }
}

/// A PDF that an answer names.
#[derive(Debug)]
struct Named {
    url: String,
    sha256: String,
}

/// The chunks put together, and whether the last of them came.
fn unchunked(mut sent: &[u8]) -> (Vec<u8>, bool) {
    let mut body = Vec::new();
    while let Some(end) = sent.windows(2).position(|window| window == b"\r\n") {
        let length = usize::from_str_radix(std::str::from_utf8(&sent[..end]).unwrap(), 16).unwrap();
        let rest = &sent[end + 2..];
        if length == 0 {
            return (body, true);
        }
        body.extend(&rest[..length.min(rest.len())]);
        sent = rest.get(length + 2..).unwrap_or_default();
    }
    (body, false)
}

fn is_whole_pdf(bytes: &[u8]) -> bool {
    bytes.starts_with(b"%PDF-1.7") && bytes.ends_with(b"%%EOF\n")
}

fn sha256(bytes: &[u8]) -> String {
    let digest = digest(&SHA256, bytes);
    digest.as_ref().iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

fn image(kind: &str) -> Vec<u8> {
    match kind {
        // More than a part of an upload.
        "large" => images::noise_png(1900),
        "split" | "answered-small" => images::transparent_png(),
        "decoded" => images::interlaced_noise_png(300),
        _ => images::noise_png(700),
    }
}

/// Images whose last bytes come at once, when they are let go, or never.
struct Images {
    files: BTreeMap<&'static str, Vec<u8>>,
    source: Source,
    /// How many have been sent but for what is held back.
    held: Arc<AtomicUsize>,
    go: watch::Sender<bool>,
}

impl Images {
    async fn start() -> Self {
        let files: BTreeMap<_, _> = KINDS.into_iter().map(|kind| (kind, image(kind))).collect();
        let (go, gone) = watch::channel(false);
        let held = Arc::new(AtomicUsize::new(0));
        let (sent, count) = (files.clone(), Arc::clone(&held));
        let source = Source::start(move |head, mut stream| {
            let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
            let (_, end) = path.rsplit_once('/').unwrap_or_default();
            let kind = path.split('/').nth(1).unwrap_or_default();
            let answer = sent.get(kind).map(|image| ok(image)).unwrap_or_default();
            let (end, count, mut gone) = (end.to_owned(), Arc::clone(&count), gone.clone());
            async move {
                let (first, rest) = answer.split_at(answer.len().saturating_sub(HELD_BYTES));
                // Whoever is cut hangs up.
                let _ = stream.write_all(first).await;
                if end != "now" {
                    count.fetch_add(1, Ordering::SeqCst);
                    match end.as_str() {
                        "later" => drop(gone.wait_for(|gone| *gone).await),
                        _ => until_closed(&mut stream).await,
                    }
                }
                let _ = stream.write_all(rest).await;
            }
        })
        .await;
        Self { files, source, held, go }
    }

    fn url(&self, kind: &str, end: &str) -> String {
        self.source.url(&format!("/{kind}/{end}"))
    }

    /// The request of a kind, and what of it is held back.
    fn request(&self, kind: &str, end: &str) -> (Vec<u8>, Vec<u8>) {
        let (accept, content_type, body, held_bytes) = match kind {
            "upload" => ("application/json", "image/png", self.files[kind].clone(), HELD_BYTES),
            "form" => {
                let head = b"--b\r\nContent-Disposition: form-data; name=f; filename=f\r\n\r\n".to_vec();
                let body = [&head, self.files[kind].as_slice(), b"\r\n--b--\r\n"].concat();
                ("application/json", "multipart/form-data; boundary=b", body, HELD_BYTES)
            }
            "many" => {
                let urls = [self.url("copied", "now"), self.url("split", end), self.url("decoded", "now")];
                ("application/json", "application/json", json!({ "source_urls": urls }).to_string().into(), 0)
            }
            _ => {
                let accept =
                    if kind.starts_with("answered") { "application/pdf" } else { "application/json" };
                let body = json!({ "source_url": self.url(kind, end) }).to_string();
                (accept, "application/json", body.into_bytes(), 0)
            }
        };
        let held_bytes = if end == "now" { 0 } else { held_bytes };
        let head = format!(
            "POST /image_to_pdf HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAccept: {accept}\r\n\
             Content-Type: {content_type}\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        let (first, held) = body.split_at(body.len() - held_bytes);
        ([head.as_bytes(), first].concat(), held.to_vec())
    }

    /// Asks the process at this port, and hears it out.
    async fn ask(&self, port: u16, kind: &str, end: &str) -> Heard {
        let (first, held) = self.request(kind, end);
        let Ok(stream) = TcpStream::connect(("127.0.0.1", port)).await else { return Heard::default() };
        let (mut from, mut to) = stream.into_split();
        let send = async {
            to.write_all(&first).await?;
            if !held.is_empty() {
                self.held.fetch_add(1, Ordering::SeqCst);
                match end {
                    "later" => drop(self.go.subscribe().wait_for(|gone| *gone).await),
                    _ => std::future::pending().await,
                }
                to.write_all(&held).await?;
            }
            std::future::pending::<std::io::Result<()>>().await
        };
        let mut heard = Vec::new();
        let hear = async {
            // A reset is an end too.
            let _ = from.read_to_end(&mut heard).await;
        };
        let mut hear = std::pin::pin!(hear);
        tokio::select! {
            () = &mut hear => {}
            // What cannot be sent any more may have been answered.
            _ = send => hear.await,
        }
        Heard::parse(&heard)
    }
}

fn start(data: &Path, store: &Store, variables: &[(&str, &str)]) -> Server {
    let of_store = store.variables();
    let mut all = vec![("FETCH_ALLOW_PRIVATE", "true"), ("CONVERSIONS_MAX", "64")];
    all.push(("CONVERSIONS_DECODING_MAX", "64"));
    all.extend(of_store.iter().map(|(name, value)| (*name, value.as_str())));
    all.extend(variables);
    Server::start(data, &["press"], &all)
}

/// Waits until this holds.
fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !condition() {
        assert!(Instant::now() < deadline, "did not come true: {what}");
        thread::sleep(Duration::from_millis(10));
    }
}

/// Eighteen conversions are under way when the process is told to stop; the images of nine then come to their end.
fn check_stop(store: impl FnOnce(&Runtime, &Path) -> Store) {
    let (data, runtime) = (folder(), Runtime::new().unwrap());
    let store = store(&runtime, data.path());
    let images = Arc::new(runtime.block_on(Images::start()));
    let server = start(data.path(), &store, &[("SHUTDOWN_GRACE_MS", &GRACE.as_millis().to_string())]);
    let port = server.port;
    let asked: Vec<_> = KINDS.iter().flat_map(|kind| [(*kind, "later"), (*kind, "never")]).collect();
    let clients = asked.iter().map(|&(kind, end)| {
        let images = Arc::clone(&images);
        runtime.spawn(async move {
            let heard = images.ask(port, kind, end).await;
            (kind, end, heard, Instant::now())
        })
    });
    let clients: Vec<_> = clients.collect();
    until("all are under way", || images.held.load(Ordering::SeqCst) == asked.len());
    until("an upload has begun", || !store.kept().is_empty());

    let stopped = Instant::now();
    server.signal("TERM");
    until("it has heard", || get(&format!("http://127.0.0.1:{port}/ping")).is_err());
    images.go.send_replace(true);
    let heard = runtime.block_on(join_all(clients)).into_iter().map(Result::unwrap);
    let (mut named, mut stopped_early) = (BTreeMap::new(), 0);
    for (kind, end, heard, at) in heard {
        let case = format!(
            "{kind} {end}: {} {}",
            heard.head,
            String::from_utf8_lossy(&heard.body[..heard.body.len().min(300)])
        );
        assert!(at - stopped < GRACE + BEYOND_GRACE, "after {:?}: {case}", at - stopped);
        match (kind, end, heard.status) {
            (_, "later", Some(200)) => {
                assert!(heard.whole, "{case}");
                match heard.named() {
                    Some((name, pdf)) => drop(named.insert(name, pdf)),
                    None => assert!(is_whole_pdf(&heard.body), "{case}"),
                }
            }
            // More than a MiB of it had been made.
            ("answered", "never", Some(200)) => assert!(!heard.whole, "{case}"),
            (_, _, Some(503)) => {
                assert!(heard.whole && heard.head.contains("retry-after: "), "{case}");
                assert!(at - stopped >= GRACE, "after {:?}: {case}", at - stopped);
                stopped_early += usize::from(end == "never");
            }
            // On a slow machine a source that never ends may have tried press's patience before.
            (_, "never", Some(504)) if kind != "upload" && kind != "form" => assert!(heard.whole, "{case}"),
            _ => panic!("{case}"),
        }
    }
    assert_eq!(server.wait(), Some(0));
    assert!(stopped.elapsed() < GRACE + BEYOND_GRACE, "{:?}", stopped.elapsed());
    assert!(!named.is_empty() && stopped_early >= 2, "{named:?} {stopped_early}");
    assert_eq!(store.kept(), named.keys().cloned().collect::<Vec<_>>());
    for (name, pdf) in &named {
        let bytes = store.read(name);
        assert!(is_whole_pdf(&bytes) && sha256(&bytes) == pdf.sha256, "{name}");
    }
}

#[test]
fn a_stop_answers_every_conversion_and_leaves_what_was_answered_in_the_folder() {
    check_stop(|_, data| Store::Folder(data.to_owned()));
}

#[test]
fn a_stop_answers_every_conversion_and_leaves_what_was_answered_in_s3() {
    check_stop(|runtime, _| Store::s3(runtime));
}

#[test]
fn a_stop_answers_every_conversion_and_leaves_what_was_answered_at_google() {
    check_stop(|runtime, _| Store::google(runtime));
}

/// Killed at some moment of its work, again and again. What was answered can be downloaded from the next process.
fn check_kills(rounds: u64, store: impl FnOnce(&Runtime, &Path) -> Store) {
    let (data, runtime) = (folder(), Runtime::new().unwrap());
    let store = store(&runtime, data.path());
    let images = Arc::new(runtime.block_on(Images::start()));
    let (mut answered, mut cut) = (0, 0);
    let mut named: BTreeMap<String, Named> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for round in 0..=rounds {
        let server = start(data.path(), &store, &[]);
        let port = server.port;
        check_kept(&store, &named, &mut seen, port);
        // Each client goes on to ask until nobody answers.
        let clients = (0..KINDS.len()).map(|first| {
            let images = Arc::clone(&images);
            runtime.spawn(async move {
                let mut heard = Vec::new();
                for kind in KINDS.iter().cycle().skip(first) {
                    heard.push(images.ask(port, kind, "now").await);
                    if heard.last().is_some_and(|heard| heard.status.is_none() || !heard.whole) {
                        break;
                    }
                }
                heard
            })
        });
        let clients: Vec<_> = clients.collect();
        // Not before there is work: then at any moment of it.
        until("something is stored", || store.kept().len() > seen.len());
        thread::sleep(Duration::from_millis(round * round * 7 % 211));
        server.signal("KILL");
        assert_eq!(server.wait(), None);
        for heard in runtime.block_on(join_all(clients)).into_iter().flat_map(Result::unwrap) {
            match heard.status {
                Some(200) if heard.whole => answered += 1,
                None | Some(200) => cut += 1,
                Some(status) => panic!("{status}: {}", String::from_utf8_lossy(&heard.body)),
            }
            named.extend(heard.named());
        }
    }
    // How many are answered before a kill is the machine's business.
    assert!(answered > 0 && cut > rounds, "{answered} answered, {cut} cut");
}

/// All that was answered is there and whole, and nothing is there that is not whole. What was `seen` to be is not read
/// again.
fn check_kept(store: &Store, answered: &BTreeMap<String, Named>, seen: &mut BTreeSet<String>, port: u16) {
    if let Store::Folder(_) = store {
        assert_eq!(store.kept(), store.pdfs(), "the start has removed what was not finished");
    }
    let pdfs: BTreeSet<_> = store.pdfs().into_iter().collect();
    for name in answered.keys() {
        assert!(pdfs.contains(name), "{name} was answered and is gone");
    }
    for name in pdfs.difference(seen) {
        let bytes = store.read(name);
        assert!(is_whole_pdf(&bytes), "{name} is not whole");
        let Some(named) = answered.get(name) else { continue };
        assert_eq!(sha256(&bytes), named.sha256, "{name}");
        // A folder's link names the process that it was made by.
        let mut url = Url::parse(&named.url).unwrap();
        if let Store::Folder(_) = store {
            url.set_port(Some(port)).unwrap();
        }
        let downloaded = get(url.as_str()).unwrap();
        assert!(downloaded.status == 200 && downloaded.body == bytes, "{name}: {}", downloaded.status);
    }
    *seen = pdfs;
}

#[test]
fn kills_leave_what_was_answered_in_the_folder() {
    check_kills(30, |_, data| Store::Folder(data.to_owned()));
}

#[test]
fn kills_leave_what_was_answered_in_s3() {
    check_kills(10, |runtime, _| Store::s3(runtime));
}

#[test]
fn kills_leave_what_was_answered_at_google() {
    check_kills(10, |runtime, _| Store::google(runtime));
}
