//! Fetching a source from an internet that lies.
//!
//! One [`Client::get`] is: judge the URL, its host's name and its port → resolve its name once → judge every answer → dial what was judged
//! → TLS → one `GET` → the answer's head, and for each redirect all of it again. Nothing is taken from one hop
//! to the next: no cookie, no referrer, no connection. No proxy is used, since a proxy would resolve the name
//! anew and dial for us. It speaks HTTP/1.1 alone, on a connection that it opens itself, because the dialled
//! address must be the judged one and a general client offers no place to say so for a port.

mod body;
mod coding;
mod connection;
mod hosts;
mod network;
mod pace;
mod patience;
mod policy;

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body_util::Empty;
use hyper::body::Incoming;

pub use body::Body;
pub use connection::Tls;
pub use hosts::{HostPattern, HostRules};
pub use network::{Network, System};
pub(crate) use pace::{Pace, Window};
pub use policy::Policy;

use crate::{
    error::{Answer, Error, Refusal},
    source_url::{Invalid, SourceUrl, URL_BYTES_MAX},
};
use coding::Coding;
use connection::Connection;
use patience::Patience;

/// How many redirects are followed. Browsers follow 20; image hosts need two or three.
pub const REDIRECTS_MAX: usize = 5;

/// What one source may cost.
#[derive(Debug, Clone)]
pub struct Limits {
    /// The longest body, in bytes: as it is sent, and as it is unpacked where it is packed.
    pub source_bytes_max: u64,
    /// All waiting for the source together: names, connections, heads and the body.
    pub total: Duration,
    /// One connection, TLS included.
    pub connect: Duration,
    /// The window in which [`Limits::window_bytes_min`] are due.
    pub window: Duration,
    /// The least that a source sends in a window of waiting: below it, it is not slow, it holds a place.
    pub window_bytes_min: u64,
}

impl Limits {
    /// The limits of a source with the two that are settings.
    pub fn new(source_bytes_max: u64, total: Duration) -> Self {
        Self {
            source_bytes_max,
            total,
            connect: Duration::from_secs(5),
            window: Duration::from_secs(5),
            window_bytes_min: 4096,
        }
    }
}

/// Fetches sources; cheap to share, one for the process.
#[derive(Debug)]
pub struct Client {
    policy: Policy,
    limits: Limits,
    user_agent: HeaderValue,
    network: Arc<dyn Network>,
    tls: Tls,
}

impl Client {
    /// A client that reaches the internet through `network` and trusts what `tls` trusts.
    pub fn new(
        policy: Policy,
        limits: Limits,
        user_agent: HeaderValue,
        network: Arc<dyn Network>,
        tls: Tls,
    ) -> Self {
        Self { policy, limits, user_agent, network, tls }
    }

    /// The longest body, in bytes.
    pub(crate) fn source_bytes_max(&self) -> u64 {
        self.limits.source_bytes_max
    }

    /// Follows `source` to its body. The body is read as it is asked for.
    pub async fn get(&self, source: &SourceUrl) -> Result<Body, Error> {
        let mut patience = Patience::new(self.limits.total);
        let mut url = source.clone();
        for _ in 0..=REDIRECTS_MAX {
            let (response, connection) = self.hop(&url, &mut patience).await?;
            match redirect_target(&url, &response)? {
                Some(target) => url = target,
                None => return self.accept(response, connection, patience),
            }
        }
        Err(Error::Refused(Refusal::TooManyRedirects))
    }

    /// One request; its connection is alive as long as the second value.
    async fn hop(
        &self,
        url: &SourceUrl,
        patience: &mut Patience,
    ) -> Result<(Response<Incoming>, Connection), Error> {
        let addresses = patience.spend(self.policy.resolve(url, self.network.as_ref())).await??;
        let connect =
            connection::open(url, &addresses, self.network.as_ref(), &self.tls, self.limits.connect);
        let mut connection = patience.spend(connect).await??;
        let response = patience.spend(connection.send(self.request(url)?)).await??;
        Ok((response, connection))
    }

    fn request(&self, url: &SourceUrl) -> Result<Request<Empty<Bytes>>, Error> {
        Request::get(url.path_and_query())
            .header(header::HOST, url.authority())
            .header(header::USER_AGENT, &self.user_agent)
            .header(header::ACCEPT, "image/png, image/jpeg, image/*;q=0.5")
            .header(header::ACCEPT_ENCODING, "identity")
            .header(header::CONNECTION, "close")
            .body(Empty::new())
            .map_err(|error| Error::Internal(format!("a source's URL made no request: {error}")))
    }

    fn accept(
        &self,
        response: Response<Incoming>,
        connection: Connection,
        patience: Patience,
    ) -> Result<Body, Error> {
        if response.status() != StatusCode::OK {
            return Err(Error::Answered(Answer::Status(response.status().as_u16())));
        }
        let coding = Coding::of(response.headers()).map_err(|_| Error::Answered(Answer::Encoded))?;
        Body::new(response.into_body(), coding, connection, patience, &self.limits)
    }
}

/// Where a redirect leads; `None` for any other answer.
fn redirect_target(from: &SourceUrl, response: &Response<Incoming>) -> Result<Option<SourceUrl>, Error> {
    use StatusCode as S;
    let status = response.status();
    if !matches!(
        status,
        S::MOVED_PERMANENTLY | S::FOUND | S::SEE_OTHER | S::TEMPORARY_REDIRECT | S::PERMANENT_REDIRECT
    ) {
        return Ok(None);
    }
    let location = response.headers().get(header::LOCATION).map(HeaderValue::as_bytes);
    let Some(location) = location.and_then(|bytes| std::str::from_utf8(bytes).ok()) else {
        return Err(Error::Answered(Answer::RedirectToNowhere(status.as_u16())));
    };
    if location.len() > URL_BYTES_MAX {
        return Err(Error::Refused(Refusal::RedirectTarget(Invalid::TooLong)));
    }
    let target = from.join(location).map_err(|invalid| Error::Refused(Refusal::RedirectTarget(invalid)))?;
    if from.is_https() && !target.is_https() {
        return Err(Error::Refused(Refusal::Downgrade));
    }
    Ok(Some(target))
}
