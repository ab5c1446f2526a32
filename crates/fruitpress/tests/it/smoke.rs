//! `scripts/smoke.sh`, which tries deployments: against a server that is as it should be, and against some that are not.

use std::{
    ffi::OsStr,
    fs,
    path::Path,
    process::{Command, Output, Stdio},
};

use crate::{
    serve::serve_files,
    support::{Server, folder, stderr, stdout, write_png},
};

/// Hosts are checked, as in every deployment; the image to convert is on this machine.
const SETTINGS: &[(&str, &str)] = &[("ALLOWED_HOSTS", "127.0.0.1"), ("FETCH_ALLOW_PRIVATE", "true")];

pub(crate) fn smoke(arguments: &[&str], token: &str) -> Output {
    script_with(arguments, token, &std::env::var_os("PATH").unwrap())
}

fn script_with(arguments: &[&str], token: &str, path: &OsStr) -> Output {
    Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/smoke.sh"))
        .args(arguments)
        .env_clear()
        .env("PATH", path)
        .env("SMOKE_TOKEN", token)
        .stdin(Stdio::null())
        .output()
        .expect("the script starts")
}

/// Serves a folder with an image in it; gives the image's URL.
pub(crate) fn source(folder: &Path) -> String {
    write_png(&folder.join("picture.png"), 40, 30);
    format!("{}/picture.png", serve_files(folder.to_owned()))
}

/// Everything that it tried is well; gives how much that was.
#[track_caller]
pub(crate) fn is_well(output: &Output) -> usize {
    let said = stdout(output);
    assert!(output.status.success(), "{said}{}", stderr(output));
    assert!(!said.contains("FAILED"), "{said}");
    let tried = said.lines().filter(|line| line.starts_with("ok      ")).count();
    assert!(said.ends_with(&format!("{tried} of {tried} are well\n")), "{said}");
    tried
}

/// Fails, and says of each of these that it did.
#[track_caller]
fn is_not_well(output: &Output, failures: &[&str]) {
    let said = stdout(output);
    assert_eq!(output.status.code(), Some(1), "{said}{}", stderr(output));
    let failed: Vec<_> = said.lines().filter_map(|line| line.strip_prefix("FAILED  ")).collect();
    assert_eq!(failed.len(), failures.len(), "{said}");
    for (found, expected) in failed.iter().zip(failures) {
        assert!(found.starts_with(expected), "{found:?} instead of {expected:?}\n{said}");
    }
}

#[test]
fn a_deployment_of_both_services_is_well() {
    let (data, images) = (folder(), folder());
    let server = Server::start(data.path(), &[], SETTINGS);
    let source = source(images.path());
    assert_eq!(is_well(&smoke(&["--source", &source, &server.url], "")), 28);
    assert_eq!(is_well(&smoke(&["--source", &source, "--passes", "2", &format!("{}/", server.url)], "")), 56);
}

#[test]
fn a_deployment_of_one_service_is_well() {
    let (data, images) = (folder(), folder());
    let server = Server::start(data.path(), &["press"], SETTINGS);
    let source = source(images.path());
    assert_eq!(is_well(&smoke(&["--service", "press", "--source", &source, &server.url], "")), 21);
    let output = smoke(&["--service", "fruits", &server.url], "");
    assert_eq!(output.status.code(), Some(1), "{}", stdout(&output));
}

/// A file of tokens that knows "test" alone, by its SHA-256.
fn tokens(folder: &Path) -> String {
    let file = folder.join("tokens");
    let hash = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
    fs::write(&file, format!("tester sha256:{hash}\n")).unwrap();
    file.to_str().unwrap().to_owned()
}

#[test]
fn what_is_written_takes_a_token_and_is_deleted_again() {
    let data = folder();
    let tokens = tokens(data.path());
    let settings = [("ALLOWED_HOSTS", "127.0.0.1"), ("API_TOKENS_FILE", tokens.as_str())];
    let server = Server::start(data.path(), &["fruits"], &settings);
    assert_eq!(is_well(&smoke(&["--service", "fruits", &server.url], "")), 14);
    assert_eq!(is_well(&smoke(&["--service", "fruits", "--write", &server.url], "test")), 19);
    is_not_well(
        &smoke(&["--service", "fruits", "--write", &server.url], "wrong"),
        &["adds a fruit: answered 401"],
    );
}

#[test]
fn conversions_take_a_token_where_one_is_wanted() {
    let (data, images) = (folder(), folder());
    let tokens = tokens(data.path());
    let settings: Vec<_> = SETTINGS.iter().copied().chain([("API_TOKENS_FILE", tokens.as_str())]).collect();
    let server = Server::start(data.path(), &["press"], &settings);
    let source = source(images.path());
    let arguments = ["--service", "press", "--source", &source, &server.url];
    assert_eq!(is_well(&smoke(&arguments, "test")), 21);
    for token in ["", "wrong"] {
        is_not_well(
            &smoke(&arguments, token),
            &[
                "converts an image: answered 401",
                "converts an image that it is sent: answered 401",
                "answers the PDF itself: answered 401",
                "takes no broken JSON: answered 401",
                "takes no text: answered 401",
                "takes no image that is none: answered 401",
                "wants a source: answered 401",
                "fetches by http and https alone: answered 401",
                "does not ask its cloud who it is: answered 401",
            ],
        );
    }
}

/// Notes what it is called with and told, and calls the real one, which is the next on the path.
const CURL: &str = r#"#!/bin/sh
env > "$0.env"
printf '%s\n' "$*" >> "$0.log"
PATH=${PATH#*:} exec curl "$@"
"#;

/// Everyone on a machine sees what programs are called with, and everyone who may see a pipeline what it prints.
#[test]
fn a_token_is_on_no_command_line_and_in_no_log() {
    let (data, programs) = (folder(), folder());
    let tokens = tokens(data.path());
    let server = Server::start(data.path(), &["fruits"], &[("API_TOKENS_FILE", tokens.as_str())]);
    let script = programs.path().join("curl.sh");
    fs::write(&script, CURL).unwrap();
    // By another process: a program that this one holds open for writing cannot be started.
    let installed =
        Command::new("install").arg("-m755").arg(&script).arg(programs.path().join("curl")).status();
    assert!(installed.unwrap().success());
    let path = std::env::var_os("PATH").unwrap();
    let path = [programs.path().to_owned()].into_iter().chain(std::env::split_paths(&path));
    let path = std::env::join_paths(path).unwrap();

    let output = script_with(&["--service", "fruits", "--any-host", "--write", &server.url], "test", &path);
    assert_eq!(is_well(&output), 18);
    let calls = fs::read_to_string(programs.path().join("curl.log")).unwrap();
    assert!(calls.contains("--request DELETE"), "{calls}");
    let environment = fs::read_to_string(programs.path().join("curl.env")).unwrap();
    for (place, text) in
        [("called with", calls), ("told", environment), ("printed", stdout(&output) + &stderr(&output))]
    {
        assert!(!text.contains("Bearer test") && !text.contains("SMOKE_TOKEN"), "{place}: {text}");
    }
}

#[test]
fn a_deployment_that_answers_any_host_is_not_well() {
    let data = folder();
    let server = Server::start(data.path(), &["fruits"], &[]);
    is_not_well(
        &smoke(&["--service", "fruits", &server.url], ""),
        &["refuses another host: answered 200 instead of"],
    );
    assert_eq!(is_well(&smoke(&["--service", "fruits", "--any-host", &server.url], "")), 13);
}

/// Which says nothing about the deployment, and takes back no revision that is well.
#[test]
fn a_source_that_is_not_to_be_had_is_passed_over_and_said() {
    let (data, images) = (folder(), folder());
    let server = Server::start(data.path(), &["press"], SETTINGS);
    let source = source(images.path());
    let dead = ["--service", "press", "--source", "http://127.0.0.1:1/a.png"];

    let output = smoke(&[&dead[..], &["--source", &source, &server.url]].concat(), "");
    assert_eq!(is_well(&output), 21, "the next one is taken");
    assert!(stdout(&output).contains("http://127.0.0.1:1/a.png is not to be had: {"), "{}", stdout(&output));

    let output = smoke(&[&dead[..], &[&server.url]].concat(), "");
    assert_eq!(is_well(&output), 18);
    assert!(
        stdout(&output).contains("SKIPPED converts an image: no source of it is to be had"),
        "{}",
        stdout(&output)
    );
}

/// What everyone but press can fetch is a failure of press.
#[test]
fn a_source_that_press_alone_does_not_fetch_is_told_with_the_answer() {
    let (data, images) = (folder(), folder());
    let server = Server::start(data.path(), &["press"], &[("ALLOWED_HOSTS", "127.0.0.1")]);
    let source = source(images.path());
    let output = smoke(&["--service", "press", "--source", &source, &server.url], "");
    is_not_well(&output, &["converts an image: answered 422 instead of 200"]);
    assert!(stdout(&output).contains("\"status\":422"), "{}", stdout(&output));
}

#[test]
fn what_is_called_wrongly_tries_nothing() {
    for arguments in [
        &[][..],
        &["example.com"],
        &["ftp://example.com"],
        &["--service", "both"],
        &["--service", "pears", "http://127.0.0.1:1"],
        &["--passes", "0", "http://127.0.0.1:1"],
        &["--passes", "21", "http://127.0.0.1:1"],
        &["--passes", "ten", "http://127.0.0.1:1"],
        &["--seconds", "0", "http://127.0.0.1:1"],
        &["--seconds", "3601", "http://127.0.0.1:1"],
        &["--faster", "http://127.0.0.1:1"],
        &["http://127.0.0.1:1", "http://127.0.0.1:2"],
    ] {
        let output = smoke(arguments, "");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert_eq!(stdout(&output), "", "{arguments:?}");
        assert!(stderr(&output).contains("smoke.sh [OPTION]... URL"), "{arguments:?}");
    }
}
