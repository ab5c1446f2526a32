//! A local bucket: what the press stores in when it is measured. It speaks what an upload needs of Google Cloud
//! Storage's XML API (an object in one piece or in parts), looks whether it is a PDF, counts it and keeps nothing.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::Instant,
};

use anyhow::{Context, Result, bail, ensure};

/// The least that a part but the last may have.
const PART_BYTES_MIN: u64 = 5 << 20;
const START: &[u8] = b"%PDF-";
const END: &[u8] = b"%%EOF";
/// An answer that all calls are content with.
const UPLOAD: &str = "<InitiateMultipartUploadResult><Bucket>b</Bucket><Key>k</Key><UploadId>ID</UploadId>\
    </InitiateMultipartUploadResult>";
const COMPLETE: &str = "<CompleteMultipartUploadResult><Location>l</Location><Bucket>b</Bucket><Key>k</Key>\
    <ETag>e</ETag></CompleteMultipartUploadResult>";

/// A bucket that is open until this program ends.
#[derive(Debug, Clone)]
pub(crate) struct Store {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

/// What was stored, and when.
#[derive(Debug, Default)]
pub(crate) struct Stored {
    /// Objects that are whole.
    pub(crate) objects: u32,
    /// The bytes of those.
    pub(crate) bytes: u64,
    /// When the first part of an object was there as a whole.
    pub(crate) first_part: Option<Instant>,
}

#[derive(Debug, Default)]
struct State {
    stored: Stored,
    uploads: BTreeMap<u64, BTreeMap<u32, Piece>>,
    uploads_begun: u64,
    /// The first thing that was wrong.
    wrong: Option<String>,
}

/// An object or a part of one, of which nothing but this is kept.
#[derive(Debug)]
struct Piece {
    bytes: u64,
    starts: bool,
    ends: bool,
}

impl Store {
    /// Opens it on a free port of loopback.
    pub(crate) fn start() -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no free port on loopback")?;
        let store = Self { address: listener.local_addr()?, state: Arc::default() };
        let shared = store.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let store = shared.clone();
                thread::spawn(move || {
                    if let Err(error) = store.serve(&stream) {
                        store.lock().wrong.get_or_insert(format!("{error:#}"));
                    }
                });
            }
        });
        Ok(store)
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// What was stored since it was last asked. An error tells what was no PDF or no upload, or is unfinished.
    pub(crate) fn take(&self) -> Result<Stored> {
        let mut state = self.lock();
        if let Some(wrong) = state.wrong.take() {
            bail!("the store was sent something else than PDFs: {wrong}");
        }
        ensure!(state.uploads.is_empty(), "{} uploads were not ended", state.uploads.len());
        Ok(std::mem::take(&mut state.stored))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers one request after the other.
    fn serve(&self, stream: &TcpStream) -> Result<()> {
        stream.set_nodelay(true)?;
        let mut input = BufReader::with_capacity(64 << 10, stream);
        while let Some(request) = Request::read(&mut input)? {
            let piece = Piece::read(&mut input, request.length).context("a body broke off")?;
            let answer = self.lock().answer(&request, piece);
            let (status, body) = answer.with_context(|| request.line.trim().to_owned())?;
            let length = body.len();
            let head = format!(
                "HTTP/1.1 {status}\r\nETag: \"e\"\r\nx-goog-generation: 1\r\nContent-Length: {length}\r\n\r\n"
            );
            { stream }.write_all((head + &body).as_bytes())?;
        }
        Ok(())
    }
}

impl State {
    fn answer(&mut self, request: &Request, piece: Piece) -> Result<(&'static str, String)> {
        let upload = request.parameter("uploadId").map(str::parse).transpose()?;
        match (request.method(), upload) {
            ("PUT", None) => self.store([piece])?,
            ("POST", None) => {
                self.uploads_begun += 1;
                self.uploads.insert(self.uploads_begun, BTreeMap::new());
                return Ok(("200 OK", UPLOAD.replace("ID", &self.uploads_begun.to_string())));
            }
            ("PUT", Some(id)) => {
                let number = request.parameter("partNumber").context("which part?")?.parse()?;
                self.uploads.get_mut(&id).context("no such upload")?.insert(number, piece);
                self.stored.first_part.get_or_insert_with(Instant::now);
            }
            ("POST", Some(id)) => {
                let parts = self.uploads.remove(&id).context("no such upload")?;
                ensure!(parts.keys().copied().eq(1..=u32::try_from(parts.len())?), "a part is missing");
                let small = parts.values().rev().skip(1).any(|part| part.bytes < PART_BYTES_MIN);
                ensure!(!small, "a part but the last is too small");
                self.store(parts.into_values())?;
                return Ok(("200 OK", COMPLETE.to_owned()));
            }
            ("DELETE", Some(id)) => {
                self.uploads.remove(&id).context("no such upload")?;
                return Ok(("204 No Content", String::new()));
            }
            (method, _) => bail!("{method} is nothing that an upload needs"),
        }
        Ok(("200 OK", String::new()))
    }

    /// Counts an object that is whole.
    fn store(&mut self, pieces: impl IntoIterator<Item = Piece>) -> Result<()> {
        let pieces: Vec<_> = pieces.into_iter().collect();
        let is_pdf =
            pieces.first().is_some_and(|first| first.starts) && pieces.last().is_some_and(|last| last.ends);
        ensure!(is_pdf, "an object is no whole PDF");
        self.stored.objects += 1;
        self.stored.bytes += pieces.iter().map(|piece| piece.bytes).sum::<u64>();
        Ok(())
    }
}

/// The head of a request, as far as it matters.
#[derive(Debug)]
struct Request {
    line: String,
    length: u64,
}

impl Request {
    /// The next one, if the client does not leave.
    fn read(input: &mut impl BufRead) -> Result<Option<Self>> {
        let mut line = String::new();
        if input.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        let (mut length, mut header) = (0, String::new());
        while input.read_line(&mut header)? > 2 {
            if let Some((name, value)) = header.split_once(':') {
                ensure!(!name.eq_ignore_ascii_case("transfer-encoding"), "a body without a length");
                if name.eq_ignore_ascii_case("content-length") {
                    length = value.trim().parse().context("a length that is none")?;
                }
            }
            header.clear();
        }
        Ok(Some(Self { line, length }))
    }

    fn method(&self) -> &str {
        self.line.split(' ').next().unwrap_or_default()
    }

    fn parameter(&self, name: &str) -> Option<&str> {
        let query = self.line.split(' ').nth(1)?.split_once('?')?.1;
        query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
    }
}

impl Piece {
    /// Reads a body and lets it go.
    fn read(input: &mut impl BufRead, bytes: u64) -> Result<Self> {
        let mut body = input.take(bytes);
        let (mut read, mut start, mut end) = (0, Vec::new(), Vec::new());
        loop {
            let piece = body.fill_buf()?;
            if piece.is_empty() {
                break;
            }
            start.extend_from_slice(&piece[..piece.len().min(START.len().saturating_sub(start.len()))]);
            // A line's end may follow.
            end.extend_from_slice(&piece[piece.len().saturating_sub(END.len() + 2)..]);
            end.drain(..end.len().saturating_sub(END.len() + 2));
            let length = piece.len();
            read += u64::try_from(length)?;
            body.consume(length);
        }
        ensure!(read == bytes, "{read} bytes of {bytes}");
        let starts = start.starts_with(START);
        let ends = end.trim_ascii_end().ends_with(END);
        Ok(Self { bytes, starts, ends })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sends requests on one connection; gives their statuses, and the end of the last answer.
    fn ask(store: &Store, requests: &[(&str, Vec<u8>)]) -> (Vec<String>, String) {
        let mut stream = TcpStream::connect(store.address()).unwrap();
        let mut answers = BufReader::new(stream.try_clone().unwrap());
        let (mut statuses, mut last) = (Vec::new(), String::new());
        for (line, body) in requests {
            write!(stream, "{line} HTTP/1.1\r\nContent-Length: {}\r\n\r\n", body.len()).unwrap();
            stream.write_all(body).unwrap();
            let Some(answer) = Request::read(&mut answers).unwrap() else { break };
            last.clear();
            (&mut answers).take(answer.length).read_to_string(&mut last).unwrap();
            statuses.push(answer.line.split(' ').nth(1).unwrap_or_default().to_owned());
        }
        (statuses, last)
    }

    fn pdf(length: usize) -> Vec<u8> {
        let mut bytes = vec![b' '; length];
        bytes[..5].copy_from_slice(START);
        bytes[length - 6..length - 1].copy_from_slice(END);
        bytes
    }

    #[test]
    fn counts_objects_in_one_piece_and_in_parts() {
        let store = Store::start().unwrap();
        let (whole, rest) = (pdf(6 << 20), pdf(100));
        let (statuses, last) = ask(
            &store,
            &[
                ("PUT /b/one.pdf", rest.clone()),
                ("POST /b/two.pdf?uploads", Vec::new()),
                ("PUT /b/two.pdf?partNumber=2&uploadId=1", rest),
                ("PUT /b/two.pdf?uploadId=1&partNumber=1", whole),
                ("POST /b/two.pdf?uploadId=1", b"<CompleteMultipartUpload/>".to_vec()),
                ("POST /b/three.pdf?uploads", Vec::new()),
                ("DELETE /b/three.pdf?uploadId=2", Vec::new()),
            ],
        );
        assert_eq!(
            (statuses, last.as_str()),
            (["200"; 6].map(str::to_owned).into_iter().chain(["204".to_owned()]).collect(), "")
        );
        let stored = store.take().unwrap();
        assert_eq!((stored.objects, stored.bytes), (2, 200 + (6 << 20)));
        assert!(stored.first_part.is_some());
        assert_eq!(store.take().unwrap().objects, 0, "it was taken already");
    }

    #[test]
    fn what_is_no_pdf_and_no_upload_is_told() {
        let part = "PUT /b/a.pdf?partNumber=1&uploadId=1";
        let second = "PUT /b/a.pdf?partNumber=2&uploadId=1";
        let (begin, complete) =
            (("POST /b/a.pdf?uploads", Vec::new()), ("POST /b/a.pdf?uploadId=1", Vec::new()));
        for requests in [
            vec![("PUT /b/a.pdf", b"%PDF-1.7 cut".to_vec())],
            vec![("PUT /b/a.pdf", b"not %PDF-1.7 %%EOF\n".to_vec())],
            vec![("GET /b/a.pdf", Vec::new())],
            vec![(part, pdf(100))],
            vec![begin.clone(), (second, pdf(100)), complete.clone()],
            vec![begin.clone(), (part, pdf(100)), (second, pdf(100)), complete],
            vec![begin, (part, pdf(100))],
        ] {
            let store = Store::start().unwrap();
            let (statuses, _) = ask(&store, &requests);
            assert!(store.take().is_err(), "{:?}: {statuses:?}", requests.iter().map(|(line, _)| line));
        }
    }
}
