//! Who asks, and under which name the service was asked: the peer and what trusted proxies say about it.
//!
//! `X-Forwarded-For` and `X-Forwarded-Proto` are lists to which each proxy appends what it saw. The entries that
//! our own proxies wrote are the last ones, so they are counted from the right; everything before them is
//! whatever the client sent. RFC 7239's `Forwarded` is never read: no balancer that we run behind writes it, so
//! it could only be forged.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Arc,
};

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use http::{HeaderMap, HeaderName, Uri, header, request::Parts, uri::Authority};
use url::Url;

use crate::{Problem, middleware::Arrival, problem::kind};

const NO_HOST: &str = "The Host header is not a host, or a host and a port.";

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// The client's address: the peer's, or what the outermost trusted proxy saw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);

impl<S: Send + Sync> FromRequestParts<S> for ClientAddress {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        Arrival::in_parts(parts).map(|arrival| arrival.client)
    }
}

/// The address at the other end of the connection, in the request's extensions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Peer(pub(crate) SocketAddr);

/// How the client reached the service: `http` or `https`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Scheme {
    Http,
    Https,
}

impl Scheme {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }
}

/// The client's address behind `hops` trusted proxies. Fewer entries than proxies, or one that is no address,
/// means that the request did not come by them: then only the peer is known.
pub(crate) fn client_address(headers: &HeaderMap, peer: Option<Peer>, hops: u8) -> ClientAddress {
    // A request that came by no socket was made in this very process.
    let peer = peer.map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |peer| peer.0.ip());
    let forwarded = match hops {
        0 => None,
        hops => entries(headers, &FORWARDED_FOR).rev().nth(usize::from(hops) - 1).and_then(parse_address),
    };
    ClientAddress(forwarded.unwrap_or(peer).to_canonical())
}

/// The scheme that the client used, as far as trusted proxies tell. Proxies that stand in a row often keep one
/// entry between them, so the outermost of those that are there is taken.
pub(crate) fn scheme(headers: &HeaderMap, hops: u8) -> Scheme {
    if hops == 0 {
        return Scheme::Http;
    }
    let seen = entries(headers, &FORWARDED_PROTO).rev().take(usize::from(hops)).last();
    if seen.is_some_and(|entry| entry.eq_ignore_ascii_case("https")) { Scheme::Https } else { Scheme::Http }
}

fn entries<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl DoubleEndedIterator<Item = &'a str> {
    let lines: Vec<&str> =
        headers.get_all(name).iter().map(|value| value.to_str().unwrap_or_default()).collect();
    lines.into_iter().flat_map(|line| line.split(',').map(str::trim))
}

/// `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1` or `[2001:db8::1]:4711`: balancers differ.
fn parse_address(entry: &str) -> Option<IpAddr> {
    let bare = entry.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(entry);
    bare.parse().ok().or_else(|| entry.parse::<SocketAddr>().ok().map(|address| address.ip()))
}

/// The authority that the request is meant for: the target's own, which wins (RFC 9112 section 3.2.2), or `Host`.
/// None, two different or a malformed one is 400.
pub(crate) fn authority(uri: &Uri, headers: &HeaderMap) -> Result<Authority, Problem> {
    let malformed = |detail: &'static str| kind::MALFORMED_REQUEST.because(detail);
    let mut hosts = headers.get_all(header::HOST).iter();
    let host = hosts.next();
    if hosts.next().is_some() {
        return Err(malformed("The request has more than one Host header; send one."));
    }
    if let Some(authority) = uri.authority() {
        return if is_host(authority) {
            Ok(authority.clone())
        } else {
            Err(malformed("The request's target names a user, or no host (RFC 9110, section 4.2.4)."))
        };
    }
    let Some(host) = host else {
        return Err(malformed("The request has no Host header; HTTP/1.1 requires one."));
    };
    let authority: Option<Authority> = host.to_str().ok().and_then(|text| text.parse().ok());
    match authority {
        Some(authority) if is_host(&authority) => Ok(authority),
        _ => Err(malformed(NO_HOST)),
    }
}

/// Whether it is a host and perhaps a port, without a user.
fn is_host(authority: &Authority) -> bool {
    !authority.as_str().contains('@') && !authority.host().is_empty()
}

/// Whether [`authority`] would find a name or an IPv4 address, and perhaps a port. Parsing takes longer than all else
/// that is done with most requests' hosts.
pub(crate) fn has_plain_host(uri: &Uri, headers: &HeaderMap) -> bool {
    let mut hosts = headers.get_all(header::HOST).iter();
    match (uri.authority(), hosts.next(), hosts.next()) {
        (None, Some(host), None) => is_plain(host.as_bytes()),
        _ => false,
    }
}

fn is_plain(host: &[u8]) -> bool {
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
    let name = host.iter().take_while(|byte| is_name(byte)).count();
    let port = match &host[name..] {
        [] => &[],
        [b':', port @ ..] if !port.is_empty() => port,
        _ => return false,
    };
    name > 0 && port.len() <= 5 && port.iter().all(u8::is_ascii_digit)
}

/// The base of absolute links to this service: `PUBLIC_URL`, or the request's own scheme and host while the
/// service listens on loopback only. Elsewhere a client's Host header is not to be believed, and asking is an
/// internal error: see [`Settings::knows_own_url`](crate::Settings::knows_own_url).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl(Arc<Url>);

impl BaseUrl {
    /// A base that is known beforehand.
    pub fn new(mut url: Url) -> Self {
        // With the slash, joining keeps the base's own path.
        if !url.path().ends_with('/') {
            let path = format!("{}/", url.path());
            url.set_path(&path);
        }
        Self(Arc::new(url))
    }

    /// The absolute URL of a path of this service, as the router knows it: `/pdfs/1.pdf`.
    pub fn join(&self, path: &str) -> Url {
        let mut url = Url::clone(&self.0);
        url.set_path(&format!("{}{}", self.0.path(), path.trim_start_matches('/')));
        url
    }

    /// The base itself, its path ending in a slash.
    pub fn as_url(&self) -> &Url {
        &self.0
    }
}

impl<S: Send + Sync> FromRequestParts<S> for BaseUrl {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let known = <Self as OptionalFromRequestParts<S>>::from_request_parts(parts, state).await?;
        known.ok_or_else(|| {
            if is_without_host(parts)
                && Arrival::in_parts(parts).is_ok_and(|arrival| arrival.context.on_loopback)
            {
                return kind::MALFORMED_REQUEST.because(
                    "The request has no Host header, and the answer has links to this service; send one.",
                );
            }
            Problem::internal(anyhow::anyhow!(
                "the base of links is not known: set PUBLIC_URL to how clients reach the service"
            ))
        })
    }
}

/// For handlers whose links do not always point at this service: none where the base is not known.
impl<S: Send + Sync> OptionalFromRequestParts<S> for BaseUrl {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Option<Self>, Problem> {
        let Arrival { context, scheme, .. } = &**Arrival::in_parts(parts)?;
        if let Some(known) = &context.public_url {
            return Ok(Some(known.clone()));
        }
        if !context.on_loopback || is_without_host(parts) {
            return Ok(None);
        }
        let authority = authority(&parts.uri, &parts.headers)?;
        let url = Url::parse(&format!("{}://{authority}/", scheme.as_str()));
        url.map(|url| Some(Self::new(url))).map_err(|_| kind::MALFORMED_REQUEST.because(NO_HOST))
    }
}

/// HTTP/1.0 knows no Host.
fn is_without_host(parts: &Parts) -> bool {
    parts.uri.authority().is_none() && !parts.headers.contains_key(header::HOST)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn common_hosts_are_plain() {
        for (host, plain) in [
            ("localhost", true),
            ("127.0.0.1:8080", true),
            ("Fruits.example.com:65535", true),
            ("", false),
            (":80", false),
            ("a:", false),
            ("a:b", false),
            ("a:123456", false),
            ("[::1]:80", false),
            ("user@a", false),
            ("a b", false),
            ("a,b", false),
        ] {
            assert_eq!(is_plain(host.as_bytes()), plain, "{host}");
        }
    }

    proptest! {
        #[test]
        fn what_is_plain_is_an_authority(host in "[a-zA-Z0-9.:@\\[-]{1,12}") {
            let headers = HeaderMap::from_iter([(header::HOST, HeaderValue::from_str(&host).unwrap())]);
            let uri = Uri::from_static("/");
            if has_plain_host(&uri, &headers) {
                prop_assert!(authority(&uri, &headers).is_ok(), "{host}");
            }
        }
    }
}
