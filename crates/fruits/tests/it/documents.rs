//! The API's description and the page of problems say what the service does.

use std::collections::BTreeSet;

use http::StatusCode;
use serde_json::Value;

use crate::support::{Folder, ask, post, routes};

const PROBLEMS_PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/problems.md");

fn description() -> Value {
    serde_json::to_value(fruits::openapi()).expect("JSON")
}

/// `(path, method, operation)` of each operation.
fn operations(description: &Value) -> Vec<(String, String, Value)> {
    let paths = description["paths"].as_object().expect("paths");
    let mut operations = Vec::new();
    for (path, item) in paths {
        for (method, operation) in item.as_object().expect("a path item") {
            operations.push((path.clone(), method.clone(), operation.clone()));
        }
    }
    operations
}

fn headings() -> BTreeSet<String> {
    let page = std::fs::read_to_string(PROBLEMS_PAGE).expect("docs/problems.md");
    page.lines()
        .filter(|line| line.starts_with('#'))
        .map(|line| line.trim_start_matches('#').trim().trim_matches('`').to_owned())
        .collect()
}

#[test]
fn each_operation_is_named_as_its_handler() {
    let names: Vec<(String, String, String)> = operations(&description())
        .into_iter()
        .map(|(path, method, operation)| {
            (path, method, operation["operationId"].as_str().unwrap().to_owned())
        })
        .collect();
    let expected = [
        ("/fruits", "get", "list_fruits"),
        ("/fruits", "post", "add_fruit"),
        ("/fruits/{id}", "get", "get_fruit"),
        ("/fruits/{id}", "put", "replace_fruit"),
        ("/fruits/{id}", "delete", "delete_fruit"),
        ("/fruits/{id}", "patch", "change_fruit"),
    ];
    assert_eq!(names, expected.map(|(path, method, name)| (path.into(), method.into(), name.into())));
}

#[test]
fn each_status_has_an_example_of_its_form() {
    for (path, method, operation) in operations(&description()) {
        for (status, response) in operation["responses"].as_object().expect("responses") {
            let about = format!("{method} {path} {status}");
            assert!(response["description"].as_str().is_some_and(|text| !text.is_empty()), "{about}");
            if status == "204" || status == "304" {
                assert!(response.get("content").is_none(), "{about}");
                continue;
            }
            let content = response["content"].as_object().expect("content");
            if status.starts_with('2') {
                assert!(!content["application/json"]["example"].is_null(), "{about}");
            } else {
                check_problem(status, &content["application/problem+json"], &about);
            }
        }
    }
}

fn check_problem(status: &str, content: &Value, about: &str) {
    assert_eq!(content["schema"]["$ref"], "#/components/schemas/Problem", "{about}");
    let examples = content["examples"].as_object().expect("examples");
    assert!(!examples.is_empty(), "{about}");
    for example in examples.values() {
        let problem = &example["value"];
        assert_eq!(problem["status"].to_string(), status, "{about}");
        let kind = problem["type"].as_str().expect("a type").rsplit_once('#').expect("a fragment").1;
        assert!(headings().contains(kind), "{about}: docs/problems.md has no heading {kind}");
    }
}

#[test]
fn every_reference_leads_somewhere() {
    let description = description();
    let mut left = vec![&description];
    let mut seen = 0;
    while let Some(value) = left.pop() {
        match value {
            Value::Array(items) => left.extend(items),
            Value::Object(fields) => {
                if let Some(reference) = fields.get("$ref").and_then(Value::as_str) {
                    let pointer = reference.trim_start_matches('#');
                    assert!(description.pointer(pointer).is_some(), "{reference} leads nowhere");
                    seen += 1;
                }
                left.extend(fields.values());
            }
            _ => {}
        }
    }
    assert!(seen > 10);
}

#[tokio::test]
async fn the_examples_of_a_body_are_accepted() {
    let description = description();
    let folder = Folder::new();
    let router = routes(folder.open());
    let content = &description["paths"]["/fruits"]["post"]["requestBody"]["content"]["application/json"];
    let examples = content["examples"].as_object().expect("examples");
    assert!(examples.len() >= 2);
    for (name, example) in examples {
        let answer = ask(&router, post(example["value"].to_string())).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{name}");
    }
}

#[test]
fn every_kind_of_problem_is_explained() {
    let page = std::fs::read_to_string(PROBLEMS_PAGE).expect("docs/problems.md");
    for kind in fruits::KINDS {
        let section = page.split(&format!("\n## {}\n", kind.slug)).nth(1);
        let section = section.unwrap_or_else(|| panic!("docs/problems.md has no heading {}", kind.slug));
        assert!(
            section.trim_start().starts_with(&format!("Status {}.", kind.status.as_u16())),
            "{}",
            kind.slug
        );
    }
}
