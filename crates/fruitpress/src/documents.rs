//! The committed documents that come from this code: they are compared here, and written anew by
//! `UPDATE_DOCUMENTS=1 cargo test -p fruitpress documents`.

use std::{fmt::Write, fs, path::PathBuf};

use crate::{cli, services::ServiceName};

const BEGIN: &str =
    "<!-- settings: begin; `UPDATE_DOCUMENTS=1 cargo test -p fruitpress documents` writes it -->\n";
const END: &str = "<!-- settings: end -->\n";

fn repository(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

/// Fails when the committed file differs from what the code says, or writes it when asked to.
fn check(path: &str, expected: &str) {
    let file = repository(path);
    if std::env::var_os("UPDATE_DOCUMENTS").is_some() {
        fs::write(&file, expected).unwrap();
        return;
    }
    let committed = fs::read_to_string(&file).unwrap_or_default();
    assert!(
        committed == expected,
        "{path} is not what the code says; `UPDATE_DOCUMENTS=1 cargo test -p fruitpress documents` writes it anew"
    );
}

#[test]
fn openapi_documents_are_locked() {
    for service in ServiceName::all() {
        let document = chassis::openapi([service.described()]);
        check(&format!("openapi/{service}.json"), &(document.to_pretty_json().unwrap() + "\n"));
    }
}

#[test]
fn readme_has_every_setting() {
    let readme = fs::read_to_string(repository("README.md")).unwrap();
    let (before, rest) = readme.split_once("<!-- settings: begin").expect("README.md has the begin marker");
    let (_, after) = rest.split_once(END).expect("README.md has the end marker");
    check("README.md", &format!("{before}{BEGIN}{}{END}{after}", settings_table()));
}

/// A row a setting: its variable, its default, and the first paragraph of its documentation.
fn settings_table() -> String {
    let mut table = String::from("| setting | default | meaning |\n| --- | --- | --- |\n");
    let definition = cli::definition();
    let serve = definition.find_subcommand("serve").expect("there is a subcommand serve");
    for argument in serve.get_arguments() {
        let Some(variable) = argument.get_env() else { continue };
        let defaults: Vec<_> =
            argument.get_default_values().iter().map(|value| value.to_string_lossy()).collect();
        let default =
            if defaults.is_empty() { "unset".to_owned() } else { format!("`{}`", defaults.join(",")) };
        let meaning = argument.get_help().map(ToString::to_string).unwrap_or_default();
        assert!(!meaning.is_empty(), "{} has no documentation", variable.to_string_lossy());
        let meaning = meaning.replace('\n', " ").replace('|', "\\|");
        writeln!(table, "| `{}` | {default} | {meaning} |", variable.to_string_lossy()).unwrap();
    }
    table
}
