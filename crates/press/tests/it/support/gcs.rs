//! Google Cloud Storage at the level of its wire protocol: the requests of its XML API that an upload makes, with
//! faults to order.

use std::{
    collections::{BTreeMap, VecDeque},
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, Method, StatusCode, Uri, header};
use http_body_util::BodyExt;
use tokio::net::TcpListener;

/// What was asked of the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Call {
    Get,
    Put,
    Begin,
    Part,
    Complete,
    Abort,
    Delete,
}

/// How a call is answered instead of well.
#[derive(Debug, Clone, Copy)]
pub enum Fault {
    /// With this status, nothing being done.
    Status(u16),
    /// It is done, and the connection then breaks without an answer.
    DoneUnanswered,
    /// The connection hangs for this long first.
    Slow(Duration),
}

#[derive(Debug, Clone)]
pub struct Object {
    pub bytes: Vec<u8>,
    pub headers: HeaderMap,
}

#[derive(Debug, Default)]
struct Cloud {
    objects: BTreeMap<String, Object>,
    uploads: BTreeMap<String, (HeaderMap, BTreeMap<u32, Vec<u8>>)>,
    calls: Vec<Call>,
    tokens: Vec<String>,
    faults: BTreeMap<Call, VecDeque<Fault>>,
    verify: Option<Verify>,
}

/// How a request with a signature is answered where that is not good.
pub type Verify = fn(&Uri, &HeaderMap) -> Option<Response>;

#[derive(Clone)]
pub struct Gcs {
    pub address: SocketAddr,
    cloud: Arc<Mutex<Cloud>>,
}

impl Gcs {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let gcs = Self { address: listener.local_addr().unwrap(), cloud: Arc::default() };
        let app = Router::new().fallback(answer).with_state(gcs.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        gcs
    }

    /// From here on signatures are checked.
    pub fn verify_signatures(&self, verify: Verify) {
        self.cloud.lock().unwrap().verify = Some(verify);
    }

    /// The next calls of this kind go wrong.
    pub fn fail(&self, call: Call, faults: impl IntoIterator<Item = Fault>) {
        self.cloud.lock().unwrap().faults.entry(call).or_default().extend(faults);
    }

    /// From here on all goes well.
    pub fn clear_faults(&self) {
        self.cloud.lock().unwrap().faults.clear();
    }

    /// Path (with its leading slash) to object.
    pub fn objects(&self) -> BTreeMap<String, Object> {
        self.cloud.lock().unwrap().objects.clone()
    }

    /// The paths alone.
    pub fn paths(&self) -> Vec<String> {
        self.cloud.lock().unwrap().objects.keys().cloned().collect()
    }

    /// Uploads that were begun and neither completed nor aborted.
    pub fn unfinished(&self) -> usize {
        self.cloud.lock().unwrap().uploads.len()
    }

    pub fn calls(&self) -> Vec<Call> {
        self.cloud.lock().unwrap().calls.clone()
    }

    /// Every `Authorization` that was sent.
    pub fn tokens(&self) -> Vec<String> {
        self.cloud.lock().unwrap().tokens.clone()
    }

    pub fn count(&self, call: Call) -> usize {
        self.calls().iter().filter(|made| **made == call).count()
    }
}

async fn answer(State(gcs): State<Gcs>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let query: BTreeMap<String, String> =
        url::form_urlencoded::parse(head.uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
    let call = match (&head.method, query.contains_key("uploadId")) {
        (&Method::PUT, true) => Call::Part,
        (&Method::PUT, false) => Call::Put,
        (&Method::POST, true) => Call::Complete,
        (&Method::POST, false) => Call::Begin,
        (&Method::GET, _) => Call::Get,
        (&Method::DELETE, true) => Call::Abort,
        (&Method::DELETE, false) => Call::Delete,
        _ => return StatusCode::METHOD_NOT_ALLOWED.into_response(),
    };
    let fault = {
        let mut cloud = gcs.cloud.lock().unwrap();
        cloud.calls.push(call);
        let token = head.headers.get("authorization").map(|token| token.to_str().unwrap().to_owned());
        cloud.tokens.extend(token);
        cloud.faults.get_mut(&call).and_then(VecDeque::pop_front)
    };
    let Ok(body) = body.collect().await else { return StatusCode::BAD_REQUEST.into_response() };
    let body = body.to_bytes().to_vec();
    match fault {
        Some(Fault::Status(status)) => return StatusCode::from_u16(status).unwrap().into_response(),
        Some(Fault::Slow(delay)) => tokio::time::sleep(delay).await,
        Some(Fault::DoneUnanswered) | None => {}
    }
    if query.contains_key("X-Goog-Signature") {
        let verify = gcs.cloud.lock().unwrap().verify.expect("nothing signs here");
        if let Some(refusal) = verify(&head.uri, &head.headers) {
            return refusal;
        }
    }
    let path = percent_encoding::percent_decode_str(head.uri.path()).decode_utf8().unwrap().into_owned();
    let response = gcs.cloud.lock().unwrap().execute(call, path, &query, head.headers, body);
    match fault {
        // A body that breaks makes the server drop the connection in the middle of its answer.
        Some(Fault::DoneUnanswered) => {
            let broken = futures_util::stream::once(async { Err::<&[u8], _>(std::io::Error::other("cut")) });
            Response::builder().header("content-length", 10).body(Body::from_stream(broken)).unwrap()
        }
        _ => response,
    }
}

impl Cloud {
    fn execute(
        &mut self,
        call: Call,
        path: String,
        query: &BTreeMap<String, String>,
        headers: HeaderMap,
        bytes: Vec<u8>,
    ) -> Response {
        let id = query.get("uploadId").cloned().unwrap_or_default();
        match call {
            Call::Get => match self.objects.get(&path) {
                Some(object) => {
                    let mut response = object.bytes.clone().into_response();
                    for name in [header::CONTENT_TYPE, header::CONTENT_DISPOSITION, header::CACHE_CONTROL] {
                        if let Some(value) = object.headers.get(&name) {
                            response.headers_mut().insert(name, value.clone());
                        }
                    }
                    response
                }
                None => (StatusCode::NOT_FOUND, "<Error><Code>NoSuchKey</Code></Error>").into_response(),
            },
            Call::Put => {
                let only_if_new = headers.get("x-goog-if-generation-match").is_some_and(|value| value == "0");
                if only_if_new && self.objects.contains_key(&path) {
                    return StatusCode::PRECONDITION_FAILED.into_response();
                }
                self.objects.insert(path, Object { bytes, headers });
                done("")
            }
            Call::Begin => {
                let id = format!("upload-{}", self.calls.len());
                let body = format!(
                    "<InitiateMultipartUploadResult><Bucket>b</Bucket><Key>k</Key><UploadId>{id}</UploadId>\
                     </InitiateMultipartUploadResult>"
                );
                self.uploads.insert(id, (headers, BTreeMap::new()));
                done(&body)
            }
            Call::Part => {
                let Some((_, parts)) = self.uploads.get_mut(&id) else {
                    return StatusCode::NOT_FOUND.into_response();
                };
                parts.insert(query["partNumber"].parse().unwrap(), bytes);
                done("")
            }
            Call::Complete => {
                let Some((headers, parts)) = self.uploads.remove(&id) else {
                    return (StatusCode::NOT_FOUND, "<Code>NoSuchUpload</Code>").into_response();
                };
                assert!(parts.keys().copied().eq(1..=u32::try_from(parts.len()).unwrap()));
                let small = parts.values().rev().skip(1).any(|part| part.len() < 5 << 20);
                assert!(!small, "every part but the last has 5 MiB");
                let bytes = parts.into_values().flatten().collect();
                self.objects.insert(path, Object { bytes, headers });
                done(
                    "<CompleteMultipartUploadResult><Location>l</Location><Bucket>b</Bucket><Key>k</Key>\
                      <ETag>e</ETag></CompleteMultipartUploadResult>",
                )
            }
            Call::Abort => match self.uploads.remove(&id) {
                Some(_) => StatusCode::NO_CONTENT.into_response(),
                None => StatusCode::NOT_FOUND.into_response(),
            },
            Call::Delete => match self.objects.remove(&path) {
                Some(_) => StatusCode::NO_CONTENT.into_response(),
                None => StatusCode::NOT_FOUND.into_response(),
            },
        }
    }
}

fn done(body: &str) -> Response {
    ([("etag", "\"e\""), ("x-goog-generation", "1")], body.to_owned()).into_response()
}
