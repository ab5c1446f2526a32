//! What of Google Cloud is asked beside its storage: tokens, and signatures by IAM. A connector leads its names to
//! servers of the test's own.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use axum::{
    Json, Router,
    extract::{Path, State},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use bytes::Bytes;
use http::{HeaderMap, StatusCode, Uri, header, uri};
use object_store::{
    ClientOptions,
    client::{
        HttpClient, HttpConnector, HttpError, HttpRequest, HttpResponse, HttpService, ReqwestConnector,
    },
};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use url::Url;

use super::gcs::Gcs;

/// What a canonical request escapes: all but RFC 3986's unreserved characters.
const ESCAPED: &percent_encoding::AsciiSet =
    &percent_encoding::NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// The account whose credentials there are.
pub const RUNNING: &str = "running@p.iam.gserviceaccount.com";
const TOKEN: &str = "token-of-the-running-account";

/// The accounts whose signatures were asked for, by whom, and how IAM answers.
#[derive(Debug, Default)]
pub struct Iam {
    pub signed_as: Mutex<Vec<(String, String)>>,
    pub refuses: Mutex<Option<StatusCode>>,
}

/// Google Cloud as a client of it sees it.
#[derive(Debug, Clone)]
pub struct Google {
    pub iam: Arc<Iam>,
    iam_address: SocketAddr,
    storage_address: SocketAddr,
}

impl Google {
    pub async fn start(gcs: &Gcs) -> Self {
        let iam = Arc::<Iam>::default();
        let app = Router::new()
            .route(
                "/o/oauth2/token",
                post(async || Json(json!({ "access_token": TOKEN, "expires_in": 3600 }))),
            )
            .route("/tokeninfo", get(async || Json(json!({ "email": RUNNING }))))
            .route("/v1/projects/-/serviceAccounts/{account}", post(sign))
            .with_state(Arc::clone(&iam));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let iam_address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, app).await });
        gcs.verify_signatures(verify);
        Self { iam, iam_address, storage_address: gcs.address }
    }
}

impl HttpConnector for Google {
    fn connect(&self, options: &ClientOptions) -> object_store::Result<HttpClient> {
        let real = ReqwestConnector::default().connect(&options.clone().with_allow_http(true))?;
        Ok(HttpClient::new(Leading { google: self.clone(), real }))
    }
}

#[derive(Debug)]
struct Leading {
    google: Google,
    real: HttpClient,
}

#[async_trait::async_trait]
impl HttpService for Leading {
    async fn call(&self, mut request: HttpRequest) -> Result<HttpResponse, HttpError> {
        assert_eq!(request.uri().scheme_str(), Some("https"), "{}", request.uri());
        let host = request.uri().host().unwrap().to_owned();
        let address = match host.as_str() {
            "storage.googleapis.com" => self.google.storage_address,
            "iamcredentials.googleapis.com" | "accounts.google.com" | "oauth2.googleapis.com" => {
                self.google.iam_address
            }
            other => panic!("{other} is asked"),
        };
        let mut parts = request.uri().clone().into_parts();
        parts.scheme = Some(uri::Scheme::HTTP);
        parts.authority = Some(address.to_string().parse().unwrap());
        *request.uri_mut() = Uri::from_parts(parts).unwrap();
        request.headers_mut().insert(header::HOST, host.parse().unwrap());
        self.real.execute(request).await
    }
}

/// <https://docs.cloud.google.com/iam/docs/reference/credentials/rest/v1/projects.serviceAccounts/signBlob>
async fn sign(
    State(iam): State<Arc<Iam>>,
    Path(account): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let body: Value = serde_json::from_slice(&body).unwrap();
    let account = account.strip_suffix(":signBlob").unwrap().to_owned();
    let caller = headers["authorization"].to_str().unwrap().to_owned();
    if let Some(status) = *iam.refuses.lock().unwrap() {
        return (status, r#"{"error":{"message":"iam.serviceAccounts.signBlob denied"}}"#).into_response();
    }
    iam.signed_as.lock().unwrap().push((account.clone(), caller));
    let text = String::from_utf8(from_base64(body["payload"].as_str().unwrap())).unwrap();
    Json(json!({ "keyId": "1", "signedBlob": signature(&account, &text) })).into_response()
}

/// A signature that only [`sign`] and [`verify`] make, in letters that are base64.
fn signature(account: &str, text: &str) -> String {
    hex(sha256(&format!("{account} signs {text}")).as_ref())
}

/// How storage answers a GET with a signature; `None` where that is good.
/// <https://docs.cloud.google.com/storage/docs/authentication/canonical-requests>
fn verify(uri: &Uri, headers: &HeaderMap) -> Option<Response> {
    let host = headers["host"].to_str().unwrap();
    let url = Url::parse(&format!("https://{host}{uri}")).unwrap();
    let mut query: BTreeMap<_, _> = url.query_pairs().into_owned().collect();
    let given = query.remove("X-Goog-Signature").unwrap();
    let date = query["X-Goog-Date"].clone();
    let (account, scope) = query["X-Goog-Credential"].split_once('/').unwrap();
    let encode = |text: &str| percent_encoding::utf8_percent_encode(text, ESCAPED).to_string();
    let canonical_query: Vec<_> =
        query.iter().map(|(key, value)| format!("{}={}", encode(key), encode(value))).collect();
    let canonical =
        format!("GET\n{}\n{}\nhost:{host}\n\nhost\nUNSIGNED-PAYLOAD", url.path(), canonical_query.join("&"));
    let text = format!("GOOG4-RSA-SHA256\n{date}\n{scope}\n{}", hex(sha256(&canonical).as_ref()));
    if given != hex(&from_base64(&signature(account, &text))) {
        return Some((StatusCode::FORBIDDEN, "<Code>SignatureDoesNotMatch</Code>").into_response());
    }
    let (day, time) = date.split_once('T').unwrap();
    let date =
        format!("{}-{}-{}T{}:{}:{}Z", &day[..4], &day[4..6], &day[6..], &time[..2], &time[2..4], &time[4..6]);
    let ttl = Duration::from_secs(query["X-Goog-Expires"].parse().unwrap());
    let expired = humantime::parse_rfc3339(&date).unwrap() + ttl <= SystemTime::now();
    expired.then(|| (StatusCode::BAD_REQUEST, "<Code>ExpiredToken</Code>").into_response())
}

fn sha256(text: &str) -> aws_lc_rs::digest::Digest {
    aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes())
}

fn hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(value.into(), 16).unwrap();
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

fn from_base64(text: &str) -> Vec<u8> {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bytes, mut held, mut bits) = (Vec::new(), 0_u32, 0);
    for letter in text.bytes().filter(|letter| *letter != b'=') {
        let value = LETTERS.iter().position(|known| *known == letter).unwrap();
        held = held << 6 | u32::try_from(value).unwrap();
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(held >> bits & 0xff).unwrap());
        }
    }
    bytes
}
