//! The service, whole and in process, with its PDFs in a folder of the test's own.

use std::{path::PathBuf, sync::Arc};

use axum::{Router, body::Body, response::Response};
use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode, header};
use http_body_util::BodyExt;
use press::fetch::{Network, System, Tls};
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt;

/// What the service calls itself in the links of these tests.
pub const BASE: &str = "http://localhost:8080";

pub struct Press {
    app: Router,
    data: TempDir,
}

impl Press {
    /// On the real network, private addresses open, patience short.
    pub fn start() -> Self {
        Self::with(|_| ())
    }

    pub fn with(change: impl FnOnce(&mut press::Settings)) -> Self {
        Self::with_both(|settings, _| change(settings))
    }

    pub fn with_both(change: impl FnOnce(&mut press::Settings, &mut chassis::Settings)) -> Self {
        Self::build(Arc::new(System), Tls::system(), |settings, chassis| {
            settings.fetch.fetch_allow_private = true;
            change(settings, chassis);
        })
    }

    /// On the test's own network, with the settings of the embedded default.
    pub fn on(network: Arc<dyn Network>, tls: Tls, change: impl FnOnce(&mut press::Settings)) -> Self {
        Self::build(network, tls, |settings, _| change(settings))
    }

    fn build(
        network: Arc<dyn Network>,
        tls: Tls,
        change: impl FnOnce(&mut press::Settings, &mut chassis::Settings),
    ) -> Self {
        let data = tempfile::tempdir().unwrap();
        let mut chassis = chassis::Settings::default();
        data.path().clone_into(&mut chassis.bind.data_dir);
        let mut settings = press::Settings::default();
        settings.fetch.fetch_timeout_ms = 3_000;
        change(&mut settings, &mut chassis);
        assert_eq!(settings.faults(&chassis), Vec::<String>::new());
        let service = press::service_on(&settings, &chassis, network, tls).unwrap();
        let app = chassis::app(&chassis, vec![service]).unwrap().public;
        Self { app, data }
    }

    pub async fn convert(&self, source_url: &str) -> Answer {
        self.post(json!({ "source_url": source_url }).to_string()).await
    }

    /// The same for a URL that nobody else keeps.
    pub async fn convert_owned(&self, source_url: String) -> Answer {
        self.convert(&source_url).await
    }

    pub async fn post(&self, body: impl Into<Body>) -> Answer {
        let request = Request::post("/image_to_pdf").header(header::CONTENT_TYPE, "application/json");
        self.call(request.body(body.into()).unwrap()).await
    }

    pub async fn get(&self, path: &str, headers: &[(&'static str, &str)]) -> Answer {
        let mut request = Request::get(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.call(request.body(Body::empty()).unwrap()).await
    }

    /// An image, a form or whatever it is.
    pub async fn upload(&self, query: &str, media_type: &str, body: impl Into<Body>) -> Answer {
        let request = Request::post(format!("/image_to_pdf{query}")).header(header::CONTENT_TYPE, media_type);
        self.call(request.body(body.into()).unwrap()).await
    }

    /// Many URLs, and what else there is.
    pub async fn convert_many(&self, source_urls: &[String], more: Value) -> Answer {
        let mut body = json!({ "source_urls": source_urls });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.post(body.to_string()).await
    }

    /// The answer as it comes.
    pub async fn send(&self, mut request: Request<Body>) -> Response {
        request.headers_mut().entry(header::HOST).or_insert_with(|| "localhost:8080".parse().unwrap());
        self.app.clone().oneshot(request).await.unwrap()
    }

    pub async fn call(&self, request: Request<Body>) -> Answer {
        let (head, body) = self.send(request).await.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Answer { status: head.status, headers: head.headers, body }
    }

    /// Converts what must convert, and reads the PDF from where the answer says it is.
    pub async fn pdf(&self, source_url: &str) -> Bytes {
        self.download(&self.convert(source_url).await).await
    }

    /// Reads the PDF from where an answer says it is.
    pub async fn download(&self, answer: &Answer) -> Bytes {
        let converted_url = answer.converted_url();
        let path = converted_url.strip_prefix(BASE).expect(&converted_url);
        let answer = self.get(path, &[]).await;
        assert_eq!(answer.status, StatusCode::OK);
        answer.body
    }

    pub fn folder(&self) -> PathBuf {
        self.data.path().join("pdfs")
    }

    /// The names of all files of the store, unfinished ones too.
    pub fn stored(&self) -> Vec<String> {
        let files = std::fs::read_dir(self.folder()).unwrap();
        let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name != ".lock").collect()
    }
}

pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {:?}", self.body))
    }

    pub fn converted_url(&self) -> String {
        assert_eq!(self.status, StatusCode::OK, "{:?}", self.body);
        self.json()["converted_url"].as_str().unwrap().to_owned()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap_or_else(|| panic!("no {name}")).to_str().unwrap()
    }

    /// The answer is a problem of this status and kind whose detail contains `detail`; a 422 points at `source_url`.
    #[track_caller]
    pub fn assert_problem(&self, case: &str, status: u16, slug: &str, detail: &str) {
        self.assert_problem_at(
            case,
            status,
            slug,
            detail,
            if status == 422 { &["/source_url"] } else { &[] },
        );
    }

    /// The same where it points at these places.
    #[track_caller]
    pub fn assert_problem_at(&self, case: &str, status: u16, slug: &str, detail: &str, pointers: &[&str]) {
        assert_eq!(self.status.as_u16(), status, "{case}: {:?}", self.body);
        assert_eq!(self.header("content-type"), "application/problem+json", "{case}");
        let problem = self.json();
        let kind = problem["type"].as_str().unwrap();
        assert_eq!(kind.rsplit('#').next(), Some(slug), "{case}: {problem}");
        let said = problem["detail"].as_str().unwrap();
        assert!(said.contains(detail), "{case}: {said:?} does not contain {detail:?}");
        let errors = problem["errors"].as_array().cloned().unwrap_or_default();
        let pointed: Vec<_> = errors.iter().map(|error| error["pointer"].as_str().unwrap()).collect();
        assert_eq!(pointed, pointers, "{case}: {problem}");
        if status == 503 {
            assert!(self.header("retry-after").parse::<u64>().unwrap() > 0, "{case}");
        }
    }
}
