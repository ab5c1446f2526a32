//! Which web pages of other origins may call the API.

use std::{convert::Infallible, time::Duration};

use axum::{extract::Request, response::Response};
use http::{HeaderName, Method, header};
use tower::{Layer, ServiceExt, service_fn};
use tower_http::cors::{AllowOrigin, CorsLayer};

use super::request_id::X_REQUEST_ID;
use crate::settings::CorsOrigin;

/// Browsers keep a preflight's answer this long; Chromium caps it at two hours.
const PREFLIGHT_AGE: Duration = Duration::from_hours(2);

/// A request, as far as it matters here, to a service that other origins may call.
pub(super) struct Asked<'a> {
    layer: &'a CorsLayer,
    head: http::Request<()>,
}

impl<'a> Asked<'a> {
    /// None where no origin is set.
    pub(super) fn of(layer: Option<&'a CorsLayer>, request: &Request) -> Option<Self> {
        let layer = layer?;
        let mut head = http::Request::new(());
        head.method_mut().clone_from(request.method());
        head.headers_mut().clone_from(request.headers());
        Some(Self { layer, head })
    }

    /// Whether the browser only asks for leave. The layer answers that by itself.
    pub(super) fn is_preflight(&self) -> bool {
        self.head.method() == Method::OPTIONS
    }

    /// The answer with what the browser wants to know.
    pub(super) async fn answer(self, response: Response) -> Response {
        let mut ready = Some(response);
        let service = service_fn(move |_| {
            let response = ready.take().unwrap_or_default();
            std::future::ready(Ok::<_, Infallible>(response))
        });
        let Ok(response) = self.layer.layer(service).oneshot(self.head).await;
        response
    }
}

/// The layer for `CORS_ORIGINS`; none when no origin is set, which is what browsers take for a refusal.
/// Credentials are never allowed: the API knows no cookies.
pub(crate) fn layer(origins: &[CorsOrigin]) -> Option<CorsLayer> {
    if origins.is_empty() {
        return None;
    }
    let exact = origins.iter().map(|origin| match origin {
        CorsOrigin::Any => None,
        CorsOrigin::Exact(value) => Some(value.clone()),
    });
    let origins = exact.collect::<Option<Vec<_>>>().map_or_else(AllowOrigin::any, AllowOrigin::list);
    Some(
        CorsLayer::new()
            .allow_origin(origins)
            .allow_methods([
                Method::GET,
                Method::HEAD,
                Method::POST,
                Method::PUT,
                Method::PATCH,
                Method::DELETE,
            ])
            .allow_headers([
                header::ACCEPT,
                header::AUTHORIZATION,
                header::CONTENT_TYPE,
                header::IF_MATCH,
                header::IF_NONE_MATCH,
                header::RANGE,
                HeaderName::from_static("idempotency-key"),
                X_REQUEST_ID,
            ])
            .expose_headers([
                header::ALLOW,
                header::CONTENT_RANGE,
                header::ETAG,
                header::LINK,
                header::LOCATION,
                header::RETRY_AFTER,
                header::WWW_AUTHENTICATE,
                X_REQUEST_ID,
            ])
            .max_age(PREFLIGHT_AGE),
    )
}
