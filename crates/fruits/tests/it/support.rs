//! What the tests share: a catalogue in a folder or a database of its own, and requests to it in process.

pub(crate) mod adder;
mod certificate;
pub(crate) mod cluster;
mod database;

pub(crate) use self::{
    certificate::of_the_authority,
    database::{Database, target},
};

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use axum::{
    Router,
    body::{Body, Bytes},
};
use chassis::Service;
use fruits::{
    Store,
    domain::{Color, FruitName, NewFruit},
    settings::Location,
    store::{Sqlite, sqlite::Limits},
};
use futures_util::FutureExt as _;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use serde_json::Value;
use tempfile::TempDir;
use tower::ServiceExt as _;

/// A folder that a catalogue's file can stand in, gone with the value.
pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder"))
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Where the catalogue's file is, or would be.
    pub(crate) fn database(&self) -> PathBuf {
        self.path().join("fruits.db")
    }

    pub(crate) fn open(&self) -> Store {
        Store::open(&Location::Sqlite(self.database())).expect("a catalogue")
    }

    /// For what other programs do to a catalogue while it is served: one that keeps fruits in memory lets none write.
    pub(crate) fn open_to_others(&self) -> Store {
        let limits = Limits { memory_fruits_max: 0, ..Limits::default() };
        Store::Sqlite(Sqlite::open_with(&self.database(), limits).expect("a catalogue"))
    }

    pub(crate) fn sqlite(&self) -> Sqlite {
        Sqlite::open(&self.database()).expect("a catalogue")
    }

    /// Makes the catalogue with this many fruits, quickly.
    pub(crate) fn fill(&self, fruits: u32) {
        drop(self.open());
        self.execute(&format!(
            "WITH RECURSIVE counter (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counter WHERE n < {fruits})
             INSERT INTO fruits (fruit, color) SELECT 'fruit ' || n, 'red' FROM counter"
        ));
    }

    /// Runs statements as another program would.
    pub(crate) fn execute(&self, sql: &str) {
        self.connect().execute_batch(sql).expect("another program's statements");
    }

    pub(crate) fn connect(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.database()).expect("another program's connection")
    }
}

/// Where a catalogue is kept for a test that runs on each kind of store.
pub(crate) enum Place {
    File(Folder),
    Database(Database<'static>),
}

impl Place {
    pub(crate) fn file() -> Self {
        Self::File(Folder::new())
    }

    pub(crate) fn database() -> Self {
        Self::Database(Database::new())
    }

    pub(crate) fn open(&self) -> Store {
        match self {
            Self::File(folder) => folder.open(),
            Self::Database(database) => database.open(),
        }
    }

    /// For what other programs do to a catalogue while it is served.
    pub(crate) fn open_to_others(&self) -> Store {
        match self {
            Self::File(folder) => folder.open_to_others(),
            Self::Database(database) => database.open(),
        }
    }

    /// Runs statements as another program would.
    pub(crate) fn execute(&self, sql: &str) {
        match self {
            Self::File(folder) => folder.execute(sql),
            Self::Database(database) => database.execute(sql),
        }
    }

    /// Makes the catalogue with this many fruits, quickly.
    pub(crate) fn fill(&self, fruits: u32) {
        match self {
            Self::File(folder) => folder.fill(fruits),
            Self::Database(database) => database.fill(fruits),
        }
    }
}

/// Makes each of these functions a test on each kind of store, given a place that is empty yet.
macro_rules! on_each_store {
    ($($test:ident)*) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                super::$test(&$crate::support::Place::file()).await;
            })*
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                super::$test(&$crate::support::Place::database()).await;
            })*
        }
    };
}
pub(crate) use on_each_store;

/// What the future answers, which has nothing to wait for.
pub(crate) fn at_once<T>(future: impl Future<Output = T>) -> T {
    future.now_or_never().expect("a file is never waited for")
}

pub(crate) fn new_fruit(name: &str) -> NewFruit {
    NewFruit {
        id: None,
        fruit: FruitName::parse(name).expect("a name"),
        color: Color::parse("red").expect("a color"),
    }
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }

    pub(crate) fn header(&self, name: HeaderName) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().expect("a readable header"))
    }

    /// The problem's kind, once its form has been looked at.
    pub(crate) fn problem(&self) -> String {
        assert_eq!(self.header(header::CONTENT_TYPE), Some("application/problem+json"), "{self:?}");
        let body = self.json();
        assert_eq!(body["status"], self.status.as_u16());
        for text in ["title", "detail"] {
            assert!(body[text].as_str().is_some_and(|text| !text.is_empty()), "{body}");
        }
        let kind = body["type"].as_str().expect("a type");
        kind.rsplit_once('#').expect("a fragment").1.to_owned()
    }

    /// The pointers of the fields that are wrong.
    pub(crate) fn pointers(&self) -> Vec<String> {
        let body = self.json();
        let errors = body["errors"].as_array().cloned().unwrap_or_default();
        errors.iter().map(|error| error["pointer"].as_str().expect("a pointer").to_owned()).collect()
    }
}

/// The service over this store, in process, its routes with what the chassis puts around them.
pub(crate) fn served(store: Store) -> Service {
    let Service { name, router, openapi, ready, .. } = fruits::serve(store);
    let inner = Service {
        name,
        router,
        openapi: openapi.clone(),
        ready: Arc::clone(&ready),
        body_limit: None,
        finish: None,
        gauges: Vec::new(),
    };
    let app = chassis::app(&chassis::Settings::default(), vec![inner]).expect("an app");
    Service { name, router: app.public, openapi, ready, body_limit: None, finish: None, gauges: Vec::new() }
}

/// The routes alone.
pub(crate) fn routes(store: Store) -> Router {
    served(store).router
}

/// Sends the request, reads the answer, and sees that the API's description knows its status.
pub(crate) async fn ask(router: &Router, mut request: Request<Body>) -> Answer {
    request.headers_mut().entry(header::HOST).or_insert(HeaderValue::from_static("localhost"));
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let response = router.clone().oneshot(request).await.expect("an answer");
    let (parts, body) = response.into_parts();
    let body = body.collect().await.expect("a whole body").to_bytes();
    let answer = Answer { status: parts.status, headers: parts.headers, body };
    assert_documented(&method, &path, answer.status);
    answer
}

fn assert_documented(method: &Method, path: &str, status: StatusCode) {
    let template = match path.trim_start_matches('/').split('/').collect::<Vec<_>>()[..] {
        ["fruits"] => "/fruits",
        ["fruits", id] if !id.is_empty() => "/fruits/{id}",
        _ => return,
    };
    let description = serde_json::to_value(fruits::openapi()).expect("JSON");
    let operation = &description["paths"][template][method.as_str().to_lowercase()];
    if operation.is_object() {
        let known = operation["responses"].get(status.as_str()).is_some();
        assert!(known, "{method} {template} answers {status}, which its description does not know");
    }
}

pub(crate) fn get(path: &str) -> Request<Body> {
    Request::get(path).header(header::HOST, "localhost").body(Body::empty()).expect("a request")
}

/// A request with a body and headers of one's own.
pub(crate) fn send(method: Method, path: &str, headers: &[(HeaderName, &str)], body: &str) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(name, *value);
    }
    request.body(Body::from(body.to_owned())).expect("a request")
}

pub(crate) fn post(body: impl Into<Body>) -> Request<Body> {
    Request::post("/fruits")
        .header(header::CONTENT_TYPE, "application/json")
        .body(body.into())
        .expect("a request")
}
