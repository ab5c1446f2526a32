//! Arguments, variables, exit statuses.

use crate::support::{folder, fruitpress, run, stderr, stdout};

/// Runs the binary with variables and arguments, and expects an exit status and words on standard error.
fn check(variables: &[(&str, &str)], arguments: &[&str], status: i32, words: &[&str]) {
    let output = run(fruitpress().envs(variables.iter().copied()).args(arguments));
    let said = stderr(&output);
    assert_eq!(output.status.code(), Some(status), "{arguments:?} {variables:?}: {said}");
    for word in words {
        assert!(said.contains(word), "{arguments:?} {variables:?} does not say {word:?}: {said}");
    }
    assert!(!said.contains("panicked"), "{said}");
}

#[test]
fn a_wrong_command_line_is_refused_with_the_usage() {
    check(&[], &["peel"], 2, &["peel", "Usage"]);
    check(&[], &["serve", "vegetables"], 2, &["vegetables", "fruits", "press"]);
    check(&[], &["serve", "--port", "65536"], 2, &["65536", "--port"]);
    check(&[], &["serve", "--no-such-flag"], 2, &["--no-such-flag"]);
    check(&[], &["convert"], 2, &["IMAGE"]);
}

#[test]
fn help_and_version_are_no_errors() {
    let version = run(fruitpress().arg("--version"));
    assert_eq!(stdout(&version), format!("fruitpress {}\n", env!("CARGO_PKG_VERSION")));
    assert!(version.status.success());
    for subcommand in [
        "serve",
        "convert",
        "inspect",
        "check",
        "migrate",
        "import",
        "export",
        "openapi",
        "healthcheck",
        "completions",
    ] {
        let help = run(fruitpress().args(["help", subcommand]));
        assert!(help.status.success() && stdout(&help).contains("Usage"), "{subcommand}");
    }
}

#[test]
fn every_fault_of_the_settings_is_told_at_once() {
    for subcommand in ["serve", "check"] {
        check(
            &[
                ("PORT", "eighty"),
                ("REQUEST_TIMEOUT_MS", "soon"),
                ("LOG_FORMAT", "xml"),
                ("METRICS_PORT", "x"),
            ],
            &[subcommand],
            1,
            &["PORT: ", "eighty", "REQUEST_TIMEOUT_MS: ", "soon", "LOG_FORMAT: ", "xml", "METRICS_PORT: "],
        );
    }
}

#[test]
fn a_variable_that_is_no_text_is_named_beside_the_other_faults() {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt};
    let output =
        run(fruitpress().arg("check").env("PORT", OsStr::from_bytes(b"\xff")).env("LOG_FORMAT", "xml"));
    assert_eq!(output.status.code(), Some(1));
    let said = stderr(&output);
    assert!(said.contains("PORT: is not valid UTF-8") && said.contains("LOG_FORMAT: "), "{said}");
    let data = folder();
    let odd = data.path().join(OsStr::from_bytes(b"caf\xe9"));
    let output = run(fruitpress().args(["check", "fruits"]).env("DATA_DIR", odd));
    assert!(output.status.success(), "a path may be any bytes: {}", stderr(&output));
}

#[test]
fn a_secret_is_not_repeated() {
    let output = run(fruitpress().arg("check").env("SENTRY_DSN", "https://s3cr3t@"));
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stderr(&output).contains("SENTRY_DSN: ") && !stderr(&output).contains("s3cr3t"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn required_settings_are_named_all_at_once() {
    let required = ("REQUIRE_SETTINGS", "PROJECT_ID,PDF_BUCKET,SENTRY_DSN");
    check(
        &[required],
        &["serve", "press"],
        1,
        &["PROJECT_ID is not set", "PDF_BUCKET is not set", "SENTRY_DSN is"],
    );
    check(
        &[required, ("PROJECT_ID", ""), ("SENTRY_DSN", ""), ("PDF_BUCKET", "")],
        &["serve", "press"],
        1,
        &["PROJECT_ID is not set", "PDF_BUCKET is not set"],
    );
    let output = run(fruitpress().env("REQUIRE_SETTINGS", "SENTRY_DSN").env("SENTRY_DSN", "").args([
        "check",
        "fruits",
        "--data-dir",
        folder().path().to_str().unwrap(),
    ]));
    assert!(output.status.success(), "an empty DSN is an answer: {}", stderr(&output));
    check(&[("REQUIRE_SETTINGS", "HOST,NO_SUCH_SETTING")], &["check"], 1, &["HOST is", "NO_SUCH_SETTING is"]);
}

#[test]
fn an_empty_variable_counts_as_unset() {
    let data = folder();
    let mut command = fruitpress();
    for variable in ["PORT", "HOST", "METRICS_PORT", "DATABASE_URL", "PDF_BUCKET", "SENTRY_DSN", "LOG_FORMAT"]
    {
        command.env(variable, "");
    }
    let output = run(command.env("DATA_DIR", data.path()).arg("check"));
    assert!(output.status.success(), "{}{}", stdout(&output), stderr(&output));
}

#[test]
fn check_says_what_each_dependency_answers_and_changes_nothing() {
    let data = folder();
    let inside = data.path().join("not/yet/there");
    let output = run(fruitpress().env("DATA_DIR", &inside).arg("check"));
    assert!(output.status.success(), "{}{}", stdout(&output), stderr(&output));
    assert!(stdout(&output).lines().count() >= 3, "{}", stdout(&output));
    assert!(!data.path().join("not").exists(), "check made a folder");

    let file = data.path().join("file");
    std::fs::write(&file, "not a folder").unwrap();
    let output = run(fruitpress().env("DATA_DIR", &file).arg("check"));
    assert_eq!(output.status.code(), Some(1), "{}", stdout(&output));
    assert!(stdout(&output).contains("FAIL"), "{}", stdout(&output));
}

#[test]
fn migrate_makes_the_schema_once() {
    let data = folder();
    let first = run(fruitpress().env("DATA_DIR", data.path()).arg("migrate"));
    assert!(first.status.success(), "{}", stderr(&first));
    assert!(stdout(&first).contains("from version 0"), "{}", stdout(&first));
    let second = run(fruitpress().env("DATA_DIR", data.path()).arg("migrate"));
    assert!(second.status.success() && stdout(&second).contains("already"), "{}", stdout(&second));
}

#[test]
fn completions_and_the_api_description_go_to_standard_output() {
    assert!(stdout(&run(fruitpress().args(["completions", "bash"]))).contains("_fruitpress"));
    let both: serde_json::Value =
        serde_json::from_slice(&run(fruitpress().arg("openapi")).stdout).expect("it is JSON");
    for path in ["/fruits", "/fruits/{id}", "/image_to_pdf", "/pdfs/{name}", "/ping", "/livez", "/readyz"] {
        assert!(both["paths"].as_object().unwrap().keys().any(|key| key.starts_with(path)), "{path}");
    }
    let one: serde_json::Value =
        serde_json::from_slice(&run(fruitpress().args(["openapi", "fruits"])).stdout).unwrap();
    assert!(one["paths"].get("/image_to_pdf").is_none());
}
