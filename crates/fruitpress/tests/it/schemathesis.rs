//! Schemathesis asks each service for all that its API's description promises, and for much that it forbids.
//!
//! The process is asked that a user would start. The numbers are the same in every run, and so is what is asked but for what
//! depends on the answers.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use serde_json::{Value, json};

use crate::{
    serve::serve_files,
    support::{Server, folder, get, stderr, stdout, write_png},
};

/// Enough that every status below is seen, which takes seconds.
const EXAMPLES: &str = "50";

const SETTINGS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/schemathesis");

/// A service that is asked.
struct Subject<'a> {
    /// Which of the files of settings is about it.
    settings: &'static str,
    /// Where there is an image, for a service that fetches one.
    image_url: &'a str,
    server: &'a Server,
}

impl Subject<'_> {
    /// Fails unless nothing is found, and each of these was answered: a method, the beginning of a path, and statuses.
    #[track_caller]
    fn keeps_its_word(&self, answered: &[(&str, &str, &[u64])]) {
        let folder = folder();
        let description = self.described(folder.path(), |_| ());
        let report = folder.path().join("report.har");
        let options = ["--max-examples", EXAMPLES, "--report", "har", "--report-har-path"];
        let output = self.ask(&description, &[&options[..], &[report.to_str().unwrap()]].concat());
        assert!(output.status.success(), "{}{}", stdout(&output), stderr(&output));

        let report: Value = serde_json::from_slice(&fs::read(report).unwrap()).unwrap();
        let seen: BTreeSet<_> = report["log"]["entries"].as_array().unwrap().iter().map(exchange).collect();
        for (method, path, statuses) in answered {
            for status in *statuses {
                let expected = ((*method).to_owned(), (*path).to_owned(), *status);
                assert!(seen.contains(&expected), "{expected:?} is not among {seen:#?}");
            }
        }
    }

    /// The description that the server hands out, with a change.
    fn described(&self, folder: &Path, change: impl FnOnce(&mut Value)) -> PathBuf {
        let mut description = get(&format!("{}/openapi.json", self.server.url)).unwrap().json();
        change(&mut description);
        let file = folder.join("openapi.json");
        fs::write(&file, description.to_string()).unwrap();
        file
    }

    fn ask(&self, description: &Path, options: &[&str]) -> Output {
        #[expect(clippy::disallowed_methods, reason = "the test command tells the tests where it is")]
        let program = std::env::var("FRUITPRESS_SCHEMATHESIS").unwrap_or_else(|_| {
            panic!("FRUITPRESS_SCHEMATHESIS is not set: run `cargo xtask test`, which sets it")
        });
        Command::new(&program)
            .args(["--config-file", &format!("{SETTINGS}/{}.toml", self.settings), "run"])
            .arg(description)
            .args(["--url", &self.server.url, "--seed", "1", "--continue-on-failure"])
            .args(["--generation-database", "none", "--no-color", "--warnings", "off"])
            .args(options)
            // What it keeps for the next time lies where it is started.
            .current_dir(description.parent().unwrap())
            .env("PYTHONPATH", SETTINGS)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("IMAGE_URL", self.image_url)
            .env("NO_PROXY", "*")
            .stdin(Stdio::null())
            .output()
            .unwrap_or_else(|error| panic!("{program}: {error}; run `cargo xtask test`, which installs it"))
    }
}

/// The method, the beginning of the path, and the status.
fn exchange(entry: &Value) -> (String, String, u64) {
    let url = reqwest::Url::parse(entry["request"]["url"].as_str().unwrap()).unwrap();
    let method = entry["request"]["method"].as_str().unwrap().to_owned();
    let path = url.path().split_inclusive('/').take(2).collect();
    (method, path, entry["response"]["status"].as_u64().unwrap())
}

#[test]
fn the_catalogue_keeps_its_word() {
    let data = folder();
    let server = Server::start(data.path(), &["fruits"], &[]);
    let answered: &[(&str, &str, &[u64])] = &[
        ("GET", "/fruits", &[200, 304, 400]),
        ("GET", "/fruits/", &[200, 304, 400, 404, 412]),
        ("OPTIONS", "/fruits", &[405]),
        ("POST", "/fruits", &[201, 400, 409, 415, 422]),
        ("PUT", "/fruits/", &[200, 400, 404, 412, 422]),
        ("PATCH", "/fruits/", &[200, 400, 404, 412, 422]),
        ("DELETE", "/fruits/", &[204, 400, 404, 412]),
    ];
    Subject { settings: "fruits", image_url: "", server: &server }.keeps_its_word(answered);
}

#[test]
fn the_conversion_service_keeps_its_word() {
    let (data, images) = (folder(), folder());
    write_png(&images.path().join("picture.png"), 12, 8);
    let source = format!("{}/picture.png", serve_files(images.path().to_owned()));
    let server = Server::start(data.path(), &["press"], &[("FETCH_ALLOW_PRIVATE", "true")]);
    let service = Subject { settings: "press", image_url: &source, server: &server };
    let answered: &[(&str, &str, &[u64])] = &[
        ("POST", "/image_to_pdf", &[200, 400, 415, 422]),
        ("GET", "/image_to_pdf", &[405]),
        ("GET", "/pdfs/", &[200, 206, 404, 412]),
    ];
    service.keeps_its_word(answered);
}

/// Were it not to find these, it would find nothing.
#[test]
fn a_promise_that_is_broken_is_found() {
    let data = folder();
    let server = Server::start(data.path(), &["fruits"], &[]);
    let service = Subject { settings: "fruits", image_url: "", server: &server };
    let description = service.described(data.path(), |description| {
        let schemas = &mut description["components"]["schemas"];
        schemas["Fruit"]["properties"]["color"] = json!({ "const": "ultraviolet" });
        schemas["Pong"]["required"] = json!(["ping", "pong"]);
        let paths = &mut description["paths"];
        let live = &mut paths["/livez"]["get"]["responses"]["200"];
        live["content"] = json!({ "text/csv": { "schema": { "type": "string" } } });
        let added = paths["/fruits"]["post"]["responses"].as_object_mut().unwrap();
        added.remove("422");
        added["201"]["headers"]["X-Absent"] = json!({ "required": true, "schema": { "type": "string" } });
    });
    let output = service.ask(&description, &["--phases", "examples,coverage", "--max-examples", "5"]);
    let said = stdout(&output);
    assert_eq!(output.status.code(), Some(1), "{said}{}", stderr(&output));
    for found in [
        "\"ultraviolet\" was expected",
        "\"pong\" is a required property",
        "Undocumented status code",
        "Undocumented Content-Type",
        "X-Absent",
    ] {
        assert!(said.contains(found), "nothing about {found}\n{said}");
    }
}
