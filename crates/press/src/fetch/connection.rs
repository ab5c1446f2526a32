//! One connection to a judged address, and one request on it.

use std::{
    fmt, io,
    net::SocketAddr,
    sync::{Arc, OnceLock},
    time::Duration,
};

use bytes::Bytes;
use futures_util::{StreamExt, stream::FuturesUnordered};
use http::{Request, Response};
use http_body_util::Empty;
use hyper::{
    body::Incoming,
    client::conn::http1::{self, SendRequest},
};
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, pki_types::ServerName};
use rustls_platform_verifier::BuilderVerifierExt;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    task::JoinHandle,
    time::{sleep, timeout},
};
use tokio_rustls::TlsConnector;
use url::Host;

use super::Network;
use crate::{
    error::{Answer, Error, Slow, Unreachable},
    source_url::SourceUrl,
};

/// Bytes of an answer's head. Four times what common servers send at most.
const HEAD_BYTES_MAX: usize = 32 * 1024;
/// Header fields of an answer.
const HEADERS_MAX: usize = 100;
/// Bytes that are read ahead of a body.
const BUFFER_BYTES_MAX: usize = 64 * 1024;
/// When the next address is tried beside one that does not answer, RFC 8305 section 5.
const NEXT_ADDRESS_AFTER: Duration = Duration::from_millis(250);
/// How many addresses of a name are tried.
const ADDRESSES_MAX: usize = 6;

/// Whom `https` sources are believed by.
///
/// The system's certificates are read when the first `https` source is fetched: a system without any can
/// still convert from `http`.
#[derive(Clone, Default)]
pub struct Tls(Arc<OnceLock<Result<Arc<ClientConfig>, rustls::Error>>>);

impl Tls {
    /// The certificate authorities of the operating system; `SSL_CERT_FILE` and `SSL_CERT_DIR` replace them.
    pub fn system() -> Self {
        Self::default()
    }

    /// What `config` trusts.
    pub fn with(config: ClientConfig) -> Self {
        Self(Arc::new(OnceLock::from(Ok(Arc::new(config)))))
    }

    /// The certificates, read now if they were not yet.
    pub(crate) fn config(&self) -> Result<Arc<ClientConfig>, rustls::Error> {
        self.0.get_or_init(|| system_config().map(Arc::new)).clone()
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tls")
    }
}

fn system_config() -> Result<ClientConfig, rustls::Error> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_platform_verifier()?
        .with_no_client_auth();
    Ok(config)
}

/// A connection that is closed when this is dropped, with whatever is under way on it.
#[derive(Debug)]
pub(super) struct Connection {
    sender: SendRequest<Empty<Bytes>>,
    driver: JoinHandle<hyper::Result<()>>,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

impl Connection {
    pub(super) async fn send(&mut self, request: Request<Empty<Bytes>>) -> Result<Response<Incoming>, Error> {
        self.sender.send_request(request).await.map_err(|error| {
            if error.is_parse_too_large() {
                let (bytes_max, fields_max) = (HEAD_BYTES_MAX, HEADERS_MAX);
                Error::Answered(Answer::HeadTooLarge { bytes_max, fields_max })
            } else {
                Error::BrokenOff(error.into())
            }
        })
    }

    async fn over(stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) -> Result<Self, Error> {
        let (sender, connection) = http1::Builder::new()
            .max_buf_size(BUFFER_BYTES_MAX)
            .max_header_size(HEAD_BYTES_MAX)
            .max_headers(HEADERS_MAX)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(|error| Error::unreachable(Unreachable::Connect, error))?;
        Ok(Self { sender, driver: tokio::spawn(connection) })
    }
}

/// Connects to the first of `addresses` that answers.
pub(super) async fn open(
    url: &SourceUrl,
    addresses: &[SocketAddr],
    network: &dyn Network,
    tls: &Tls,
    limit: Duration,
) -> Result<Connection, Error> {
    let connect = async {
        let stream = dial_first(addresses, network)
            .await
            .map_err(|error| Error::unreachable(Unreachable::Connect, error))?;
        if url.is_https() { secure(url, stream, tls).await } else { Connection::over(stream).await }
    };
    timeout(limit, connect).await.unwrap_or(Err(Error::TooSlow(Slow::Connect(limit))))
}

/// Starts with the first address and adds the next one whenever one fails or is slow; the first to answer wins.
async fn dial_first(addresses: &[SocketAddr], network: &dyn Network) -> io::Result<TcpStream> {
    let mut waiting = addresses.iter().take(ADDRESSES_MAX);
    let mut dials = FuturesUnordered::new();
    let mut failure = io::Error::from(io::ErrorKind::AddrNotAvailable);
    dials.extend(waiting.next().map(|&address| network.dial(address)));
    loop {
        tokio::select! {
            dialled = dials.next() => match dialled {
                Some(Ok(stream)) => return Ok(stream),
                Some(Err(error)) => failure = error,
                None => return Err(failure),
            },
            () = sleep(NEXT_ADDRESS_AFTER), if waiting.len() > 0 => {}
        }
        dials.extend(waiting.next().map(|&address| network.dial(address)));
    }
}

async fn secure(url: &SourceUrl, stream: TcpStream, tls: &Tls) -> Result<Connection, Error> {
    let config = tls.config().map_err(|error| {
        Error::Internal(format!(
            "no https source can be fetched, SSL_CERT_FILE names the CA certificates: {error}"
        ))
    })?;
    let refused =
        |error: Box<dyn std::error::Error + Send + Sync>| Error::unreachable(Unreachable::Tls, error);
    let name = match url.host() {
        Host::Domain(name) => ServerName::try_from(name.to_owned()).map_err(|error| refused(error.into()))?,
        Host::Ipv4(address) => ServerName::from(std::net::IpAddr::V4(address)),
        Host::Ipv6(address) => ServerName::from(std::net::IpAddr::V6(address)),
    };
    let stream =
        TlsConnector::from(config).connect(name, stream).await.map_err(|error| refused(error.into()))?;
    Connection::over(stream).await
}
