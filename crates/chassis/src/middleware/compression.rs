//! Which answers are packed with gzip.

use std::convert::Infallible;

use axum::{body::Body, extract::Request, response::Response};
use http::{HeaderMap, HeaderValue, header};
use tower::{Layer, ServiceExt, service_fn};
use tower_http::compression::{
    CompressionLayer, CompressionLevel,
    predicate::{DefaultPredicate, NotForContentType, Predicate},
};

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
        let Some(headers) = self.0 else {
            if is_packed_for_others(&response) {
                response.headers_mut().append(header::VARY, HeaderValue::from_static("accept-encoding"));
            }
            return response;
        };
        let mut request = http::Request::new(());
        *request.headers_mut() = headers;
        let mut ready = Some(response);
        let service = service_fn(move |_| {
            let response = ready.take().unwrap_or_default();
            std::future::ready(Ok::<_, Infallible>(response))
        });
        let layer = CompressionLayer::new().quality(CompressionLevel::Fastest).compress_when(worth_it());
        let Ok(response) = layer.layer(service).oneshot(request).await;
        response.map(Body::new)
    }
}

fn worth_it() -> impl Predicate {
    DefaultPredicate::new()
        .and(NotForContentType::const_new("application/pdf"))
        .and(NotForContentType::const_new("application/octet-stream"))
}

/// Whether the layer would pack it for a client that takes gzip: caches have to know.
fn is_packed_for_others(response: &Response) -> bool {
    let headers = response.headers();
    !headers.contains_key(header::CONTENT_ENCODING)
        && !headers.contains_key(header::CONTENT_RANGE)
        && worth_it().should_compress(response)
        && !headers.get_all(header::VARY).iter().any(names_accept_encoding)
}

fn names_accept_encoding(vary: &HeaderValue) -> bool {
    let mut names = vary.to_str().unwrap_or_default().split(',');
    names.any(|name| name.trim().eq_ignore_ascii_case("accept-encoding"))
}
