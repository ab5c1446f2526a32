//! What the tests share: a small service, calls in process, servers on sockets, and the example as a process.

pub(crate) mod collector;
pub(crate) mod process;
pub(crate) mod server;

use std::{sync::Arc, time::Duration};

use axum::{
    Json, Router,
    body::Body,
    extract::Request,
    routing::{get, post},
};
use chassis::{
    BaseUrl, ClientAddress, Problem, RequestId, Service, Settings,
    extract::{Fields, Path, Query},
};
use http::{HeaderMap, Method, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;
use utoipa_axum::{router::OpenApiRouter, routes};

/// A service with a route for each thing that the chassis does to one.
pub(crate) fn service() -> Service {
    let (router, mut openapi) =
        OpenApiRouter::new().routes(routes!(get_thing)).routes(routes!(create_thing)).split_for_parts();
    "things".clone_into(&mut openapi.info.title);
    openapi.info.description = Some("Keeps things.\n\nMore about things.".to_owned());
    let router = router
        .route("/plain/{name}", get(|Path(name): Path<String>| async move { name }))
        .route("/search", get(search))
        .route("/whoami", get(whoami))
        .route(
            "/maybe-link",
            get(|base: Option<BaseUrl>| async move { Json(base.map(|base| base.join("/"))) }),
        )
        .route("/slow/{milliseconds}", get(slow))
        .route("/ignore", post(|| async { "ignored" }))
        .route(
            "/tagged/{bytes}",
            get(|Path(bytes): Path<usize>| async move { ([("etag", "\"1\"")], "x".repeat(bytes)) }),
        )
        .route("/large/{bytes}", get(|Path(bytes): Path<usize>| async move { "x".repeat(bytes) }))
        .route("/endless", get(endless))
        .route("/pdf", get(|| async { ([("content-type", "application/pdf")], "x".repeat(4096)) }))
        .route("/like-a-refusal", get(|| async { StatusCode::BAD_REQUEST }))
        .route("/fail", get(fail))
        .route("/unavailable", get(unavailable))
        .route("/panic", get(panic));
    let ready = Arc::new(|| -> chassis::Readiness { Box::pin(async { Ok(()) }) });
    Service { name: "things", router, openapi, ready, body_limit: None, finish: None, gauges: Vec::new() }
}

/// Answers one thing.
#[utoipa::path(get, path = "/things/{id}", params(("id" = u32, Path)), responses((status = 200, body = String)))]
async fn get_thing(Path(id): Path<u32>) -> Json<Value> {
    Json(json!({ "id": id }))
}

/// Takes a thing.
#[utoipa::path(post, path = "/things", request_body = String, responses((status = 201, body = String)))]
async fn create_thing(mut fields: Fields) -> Result<(StatusCode, Json<Value>), Problem> {
    let name = fields
        .required("name", |name: String| if name.is_empty() { Err("must not be empty") } else { Ok(name) });
    let size = fields.optional("size", |size: u64| u8::try_from(size).map_err(|_| "must be at most 255"));
    let (name, size) = fields.finish((name, size))?;
    Ok((StatusCode::CREATED, Json(json!({ "name": name, "size": size }))))
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Search {
    limit: Option<u32>,
}

async fn search(Query(search): Query<Search>) -> Json<Value> {
    Json(json!({ "limit": search.limit }))
}

async fn whoami(ClientAddress(client): ClientAddress, base: BaseUrl, id: RequestId) -> Json<Value> {
    Json(json!({ "client": client, "link": base.join("/things/1"), "id": id.as_str() }))
}

async fn slow(Path(milliseconds): Path<u64>) -> &'static str {
    tokio::time::sleep(Duration::from_millis(milliseconds)).await;
    "done"
}

/// A body that never ends, at the reader's pace.
async fn endless() -> Body {
    let chunk = bytes::Bytes::from(vec![b'x'; 64 * 1024]);
    Body::from_stream(futures_util::stream::repeat_with(move || Ok::<_, std::io::Error>(chunk.clone())))
}

async fn fail() -> Problem {
    Problem::internal(anyhow::anyhow!("the disk is full").context("cannot keep the thing"))
}

async fn unavailable() -> Problem {
    chassis::problem::kind::UNAVAILABLE.because("Too much to do.").retry_after(Duration::from_millis(1500))
}

async fn panic() -> &'static str {
    panic!("the sky falls")
}

/// The public router of the service under these settings.
pub(crate) fn router(settings: &Settings) -> Router {
    chassis::app(settings, vec![service()]).unwrap().public
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: bytes::Bytes,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("not JSON: {:?}", self.body))
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// The problem's slug, after checking that the whole answer is a problem as all of them are.
    pub(crate) fn slug(&self) -> String {
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{self:?}");
        let problem = self.json();
        assert_eq!(problem["status"], self.status.as_u16());
        assert!(problem["title"].as_str().is_some_and(|title| !title.is_empty()));
        assert!(problem["detail"].as_str().is_some_and(|detail| !detail.is_empty()));
        problem["type"].as_str().unwrap().rsplit_once('#').unwrap().1.to_owned()
    }
}

/// One request through a router, in process.
pub(crate) async fn call(router: &Router, request: Request) -> Reply {
    let response = router.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    Reply { status: parts.status, headers: parts.headers, body }
}

/// A request to a path, with a Host as HTTP/1.1 wants it.
pub(crate) fn request(method: Method, path: &str) -> http::request::Builder {
    Request::builder().method(method).uri(path).header("host", "127.0.0.1:8080")
}

/// `GET` with these headers.
pub(crate) async fn get_with(router: &Router, path: &str, headers: &[(&str, &str)]) -> Reply {
    let mut request = request(Method::GET, path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    call(router, request.body(Body::empty()).unwrap()).await
}

/// `POST` of this body as this type.
pub(crate) async fn post_to(router: &Router, path: &str, content_type: &str, body: impl Into<Body>) -> Reply {
    let request = request(Method::POST, path).header("content-type", content_type);
    call(router, request.body(body.into()).unwrap()).await
}
