//! The documentation pages in a real browser: they show the operations, and ask no other host for anything.

use std::{
    path::PathBuf,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use chassis::Settings;
use serde_json::Value;

use crate::support::server::Server;

/// What Chromium made of a page: its final DOM, and every URL that was asked for.
struct Visit {
    dom: String,
    requested: Vec<String>,
}

fn visit(url: &str) -> Visit {
    let folder = tempfile::tempdir().unwrap();
    let net_log = folder.path().join("net.json");
    let dom_file = folder.path().join("dom.html");
    let mut browser = Command::new("chromium")
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
        .args(["--disable-extensions", "--disable-default-apps", "--no-default-browser-check"])
        .args(["--virtual-time-budget=20000", "--dump-dom"])
        .arg(format!("--user-data-dir={}", folder.path().join("profile").display()))
        .arg(format!("--log-net-log={}", net_log.display()))
        .arg(url)
        .stdout(std::fs::File::create(&dom_file).unwrap())
        .stderr(Stdio::null())
        .spawn()
        .unwrap_or_else(|error| panic!("chromium: {error}; run `cargo xtask test`, which installs it"));
    let deadline = Instant::now() + Duration::from_secs(90);
    let status = loop {
        if let Some(status) = browser.try_wait().unwrap() {
            break status;
        }
        if Instant::now() > deadline {
            let _ = browser.kill();
            panic!("chromium does not end");
        }
        std::thread::sleep(Duration::from_millis(50));
    };
    assert!(status.success(), "chromium: {status}");
    Visit { dom: std::fs::read_to_string(dom_file).unwrap(), requested: requested(net_log) }
}

/// The URLs of all requests of the page; the browser's own pages and services are not the page's.
fn requested(net_log: PathBuf) -> Vec<String> {
    let log: Value = serde_json::from_slice(&std::fs::read(net_log).unwrap()).unwrap();
    let kind = log["constants"]["logEventTypes"]["URL_REQUEST_START_JOB"].as_u64().unwrap();
    let events = log["events"].as_array().unwrap().iter();
    let started = events.filter(|event| event["type"].as_u64() == Some(kind));
    let by_page = started.filter(|event| event["params"]["initiator"].as_str() != Some("not an origin"));
    by_page.filter_map(|event| event["params"]["url"].as_str().map(str::to_owned)).collect()
}

/// Loads a page; its DOM must hold these texts, and no request may leave the origin.
fn check(path: &str, texts: &[&str], files: &[&str]) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let server = runtime.block_on(Server::start(Settings::default()));
    let origin = format!("http://{}", server.public);
    let visit = visit(&format!("{origin}{path}"));
    for text in texts {
        assert!(visit.dom.contains(text), "no {text:?} on {path}:\n{}", visit.dom);
    }
    for file in files {
        assert!(
            visit.requested.contains(&format!("{origin}{file}")),
            "{file} was not asked for: {:?}",
            visit.requested
        );
    }
    let foreign: Vec<_> = visit
        .requested
        .iter()
        .filter(|url| {
            !url.starts_with(&format!("{origin}/")) && !url.starts_with("data:") && !url.starts_with("blob:")
        })
        .collect();
    assert!(foreign.is_empty(), "{path} asked others: {foreign:?}");
    runtime.block_on(server.stop()).unwrap().unwrap();
}

#[test]
fn swagger_ui_shows_the_operations() {
    check(
        "/docs",
        &["/things<wbr>/{id}", "Takes a thing", "Check that the process is alive", "operation-tag-content"],
        &["/openapi.json", "/assets/swagger-ui-bundle.js", "/assets/swagger-ui.css", "/assets/favicon.svg"],
    );
}

#[test]
fn redoc_shows_the_operations() {
    check(
        "/redoc",
        &["/things/{id}", "Takes a thing", "Check that the process is alive", "menuitem"],
        &["/openapi.json", "/assets/redoc.standalone.js"],
    );
}

#[test]
fn the_first_page_shows_the_services() {
    check("/", &["Takes a thing", "/things/{id}"], &["/assets/pages.css"]);
}
