//! Who may do what: the tokens of `API_TOKENS_FILE`.

use std::{fs, path::Path, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::FromRequestParts,
    http::request::Parts,
    routing::{get, post},
};
use chassis::{
    Problem, Service, Settings,
    extract::{Caller, Fields},
    tokens::{self, BearerToken, Scope},
};
use http::{Method, StatusCode};
use tempfile::TempDir;
use utoipa::Modify;

use crate::support::{Reply, call, process::Process, request, service};

const WRITE: Scope = Scope::new("things:write");

/// Refuses before the body is read.
struct Writer;

impl<S: Send + Sync> FromRequestParts<S> for Writer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        Caller::from_request_parts(parts, state).await?.require(WRITE)?;
        Ok(Self)
    }
}

async fn write(_writer: Writer, mut fields: Fields) -> Result<(), Problem> {
    let size = fields.optional("size", |size: u64| Ok::<_, &str>(size));
    let name = fields.optional("name", |name: String| Ok::<_, &str>(name));
    fields.finish((size, name)).map(drop)
}

async fn name(caller: Caller) -> String {
    caller.name().unwrap_or("nobody").to_owned()
}

/// The folder of a file with these lines, and settings that name it.
fn settings(lines: &str) -> (TempDir, Settings) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tokens");
    fs::write(&path, lines).unwrap();
    let mut settings = Settings::default();
    settings.access.api_tokens_file = Some(path);
    (folder, settings)
}

fn line(name: &str, token: &str, scopes: &str) -> String {
    format!("{name} {} {scopes}\n", tokens::hash(token))
}

fn router(settings: &Settings) -> Router {
    let router = Router::new().route("/write", post(write)).route("/name", get(name));
    chassis::app(settings, vec![Service { router, ..service() }]).unwrap().public
}

async fn ask(router: &Router, method: Method, path: &str, authorization: &[&str]) -> Reply {
    let mut request = request(method, path).header("content-type", "application/json");
    for value in authorization {
        request = request.header("authorization", *value);
    }
    call(router, request.body(Body::from("{}")).unwrap()).await
}

#[tokio::test]
async fn without_a_file_everyone_may_do_everything() {
    let router = router(&Settings::default());
    for authorization in [&[][..], &["Bearer whatever"], &["Basic dTpw", "Bearer x"]] {
        assert_eq!(ask(&router, Method::POST, "/write", authorization).await.status, StatusCode::OK);
        assert_eq!(ask(&router, Method::GET, "/name", authorization).await.text(), "nobody");
    }
}

#[tokio::test]
async fn closed_routes_want_a_token_with_their_scope() {
    let token = tokens::generate().unwrap();
    let lines = [
        line("all", &token, ""),
        line("writer", "writer-1", "things:read things:write"),
        line("reader", "reader-1", "things:read"),
        // A scope is a whole word.
        line("near", "near-1", "things:writes things"),
    ];
    let (_folder, settings) = settings(&lines.concat());
    let router = router(&settings);
    let all = format!("Bearer {token}");
    let missing = "Bearer realm=\"api\", scope=\"things:write\"";
    let with = |error| format!("Bearer realm=\"api\", error=\"{error}\", scope=\"things:write\"");
    let (invalid, insufficient) = (with("invalid_token"), with("insufficient_scope"));
    let malformed = with("invalid_request");
    let too_long = format!("Bearer {}", "x".repeat(60_000));
    for (authorization, status, slug, challenge) in [
        (&[all.as_str()][..], 200, "", ""),
        (&["bearer   writer-1"], 200, "", ""),
        (&["BEARER writer-1 "], 200, "", ""),
        (&[], 401, "unauthorized", missing),
        (&["Basic dTpw"], 401, "unauthorized", missing),
        (&["writer-1"], 401, "unauthorized", missing),
        (&[""], 401, "unauthorized", missing),
        (&["Bearer writer-2"], 401, "unauthorized", &invalid),
        (&["Bearer Writer-1"], 401, "unauthorized", &invalid),
        (&["Bearer writer-1="], 401, "unauthorized", &invalid),
        (&[&too_long], 401, "unauthorized", &invalid),
        (&["Bearer reader-1"], 403, "forbidden", &insufficient),
        (&["Bearer near-1"], 403, "forbidden", &insufficient),
        (&["Bearer"], 400, "malformed-request", &malformed),
        (&["Bearer "], 400, "malformed-request", &malformed),
        (&["Bearer writer-1 writer-1"], 400, "malformed-request", &malformed),
        (&["Bearer wr\"iter"], 400, "malformed-request", &malformed),
        (&["Bearer writer-1", "Bearer writer-1"], 400, "malformed-request", &malformed),
    ] {
        let shown = format!("{authorization:.60?}");
        let reply = ask(&router, Method::POST, "/write", authorization).await;
        assert_eq!(reply.status, status, "{shown}");
        assert_eq!(reply.header("www-authenticate").unwrap_or_default(), challenge, "{shown}");
        if status != 200 {
            assert_eq!(reply.slug(), slug, "{shown}");
            assert!(!reply.text().contains("iter-1"), "{shown}: {}", reply.text());
        }
        // An open route is open whatever is sent.
        assert_eq!(ask(&router, Method::GET, "/name", authorization).await.status, StatusCode::OK, "{shown}");
    }
    assert_eq!(ask(&router, Method::GET, "/name", &["Bearer reader-1"]).await.text(), "reader");

    // A stranger learns nothing about bodies.
    let broken = request(Method::POST, "/write").header("content-type", "text/plain");
    let reply = call(&router, broken.body(Body::from("{")).unwrap()).await;
    assert_eq!(reply.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_router_without_the_chassis_opens_nothing() {
    let router = Router::new().route("/write", post(write));
    let reply = ask(&router, Method::POST, "/write", &[]).await;
    assert_eq!(
        (reply.status, reply.slug()),
        (StatusCode::INTERNAL_SERVER_ERROR, "internal-error".to_owned())
    );
}

#[test]
fn a_faulty_file_stops_the_start() {
    let (_folder, mut settings) = settings("good\nname sha256:123\n");
    let faults = settings.faults();
    assert_eq!(faults.len(), 2, "{faults:?}");
    assert!(faults[0].starts_with("API_TOKENS_FILE, line 1: "), "{faults:?}");
    assert!(faults[1].starts_with("API_TOKENS_FILE, line 2: ") && !faults[1].contains("123"), "{faults:?}");
    assert!(chassis::app(&settings, Vec::new()).is_err());

    settings.access.api_tokens_file = Some(Path::new("/no/such/file").to_owned());
    assert!(settings.faults().concat().contains("/no/such/file cannot be read"));
    assert!(chassis::app(&settings, Vec::new()).is_err());
}

#[test]
fn log_lines_name_the_token_and_never_hold_it() {
    let token = tokens::generate().unwrap();
    let (folder, settings) = settings(&line("importer", &token, ""));
    let path = settings.access.api_tokens_file.unwrap();
    let process = Process::start(&[("API_TOKENS_FILE", path.to_str().unwrap())]);
    let authorization = format!("authorization: Bearer {token}\r\n");
    assert!(process.get("/closed", &authorization).ends_with("open"));
    // The handler's own line, then the request's.
    for message in ["opened", "request answered"] {
        let line = process.line(|line| line["request.id"].is_string());
        assert_eq!((&line["message"], &line["token.name"]), (&message.into(), &"importer".into()));
        assert!(!line.to_string().contains(&token), "{line}");
    }
    process.get("/closed", "authorization: Bearer another\r\n");
    let refused = process.line(|line| line["target"] == "chassis::access");
    assert_eq!(refused["http.response.status_code"], 401);
    assert!(refused.get("token.name").is_none() && !refused.to_string().contains("another"), "{refused}");

    // Another file takes its place, as editors and clusters do it: known without a restart.
    let next = folder.path().join("next");
    fs::write(&next, line("other", "another", "")).unwrap();
    fs::rename(&next, &path).unwrap();
    process.line(|line| line["message"] == "API_TOKENS_FILE was read");
    assert!(process.get("/closed", "authorization: Bearer another\r\n").ends_with("open"));
    assert!(process.get("/closed", &authorization).starts_with("HTTP/1.1 401"));
    // It is not read for nothing.
    std::thread::sleep(Duration::from_millis(2500));
    process.get("/hello", "x-request-id: last\r\n");
    let next =
        process.line(|line| line["message"] == "API_TOKENS_FILE was read" || line["request.id"] == "last");
    assert_eq!(next["message"], "request answered", "{next}");
}

#[test]
fn descriptions_have_the_scheme_once() {
    let mut openapi = service().openapi;
    BearerToken.modify(&mut openapi);
    let merged = chassis::openapi([("one", openapi.clone()), ("two", openapi)]);
    let json = serde_json::to_value(&merged).unwrap();
    let schemes = json["components"]["securitySchemes"].as_object().unwrap();
    assert_eq!(schemes.keys().collect::<Vec<_>>(), [tokens::SECURITY_SCHEME]);
    assert_eq!((&schemes["token"]["type"], &schemes["token"]["scheme"]), (&"http".into(), &"bearer".into()));

    let statuses = WRITE.refusals().map(|problem| problem.kind().status.as_u16());
    assert_eq!(statuses, [401, 403]);
}
