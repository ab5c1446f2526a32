//! Which answers are packed with gzip.

use std::convert::Infallible;

use axum::{body::Body, extract::Request, response::Response};
use http::{HeaderMap, HeaderValue, header};
use tower::{Layer, ServiceExt, service_fn};
use tower_http::compression::{
    CompressionLayer, CompressionLevel,
    predicate::{NotForContentType, Predicate, SizeAbove},
};

/// Smaller answers, which fit into one packet with their header, arrive no sooner when they are packed.
const PACKED_BYTES_MIN: u64 = 1024;

/// Which codings the client takes; none where it does not say, as most programs do not.
pub(super) struct Asked(Option<HeaderMap>);

impl Asked {
    pub(super) fn of(request: &Request) -> Self {
        let mut asked = None;
        for value in request.headers().get_all(header::ACCEPT_ENCODING) {
            asked.get_or_insert_with(HeaderMap::new).append(header::ACCEPT_ENCODING, value.clone());
        }
        Self(asked)
    }

    /// Gzip at its fastest for what is neither small nor packed already: images are, and so is every PDF made
    /// here.
    pub(super) async fn answer(self, mut response: Response) -> Response {
        if !may_be_packed(&response) {
            return response;
        }
        let Some(headers) = self.0 else {
            // Caches have to know that others are sent it packed.
            if !response.headers().get_all(header::VARY).iter().any(names_accept_encoding) {
                response.headers_mut().append(header::VARY, HeaderValue::from_static("accept-encoding"));
            }
            return response;
        };
        let mut request = http::Request::new(());
        *request.headers_mut() = headers;
        let status = response.status();
        let mut ready = Some(response);
        let service = service_fn(move |_| {
            let response = ready.take().unwrap_or_default();
            std::future::ready(Ok::<_, Infallible>(response))
        });
        let layer = CompressionLayer::new().quality(CompressionLevel::Fastest).compress_when(worth_it());
        let Ok(response) = layer.layer(service).oneshot(request).await;
        let mut response = response.map(Body::new);
        // The layer calls it 406 where the client takes neither form, which would hide what has been done. It is sent
        // as it is instead, as if the header were not there (RFC 9110 section 12.5.3).
        *response.status_mut() = status;
        if response.headers().contains_key(header::CONTENT_ENCODING) {
            weaken_tag(response.headers_mut());
        }
        response
    }
}

/// The size first: it decides about most answers, and costs nothing to ask.
fn worth_it() -> impl Predicate {
    SizeAbove::new(PACKED_BYTES_MIN)
        .and(NotForContentType::IMAGES)
        .and(NotForContentType::GRPC)
        .and(NotForContentType::SSE)
        .and(NotForContentType::const_new("application/pdf"))
        .and(NotForContentType::const_new("application/octet-stream"))
}

/// Whether it is packed for a client that takes gzip.
fn may_be_packed(response: &Response) -> bool {
    worth_it().should_compress(response)
        && !response.headers().contains_key(header::CONTENT_ENCODING)
        && !response.headers().contains_key(header::CONTENT_RANGE)
}

/// The packed bytes are not those that a strong tag promises (RFC 9110 section 8.8.3.3).
fn weaken_tag(headers: &mut HeaderMap) {
    let Some(tag) = headers.get(header::ETAG).filter(|tag| tag.as_bytes().starts_with(b"\"")) else { return };
    let weak = [b"W/", tag.as_bytes()].concat();
    if let Ok(weak) = HeaderValue::from_bytes(&weak) {
        headers.insert(header::ETAG, weak);
    }
}

fn names_accept_encoding(vary: &HeaderValue) -> bool {
    let mut names = vary.to_str().unwrap_or_default().split(',');
    names.any(|name| name.trim().eq_ignore_ascii_case("accept-encoding"))
}
