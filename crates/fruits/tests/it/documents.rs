//! The API's description and the page of problems say what the service does.

use std::collections::BTreeSet;

use http::{Method, StatusCode, header};
use serde_json::{Value, json};

use crate::support::{Folder, ask, post, routes, send};

const PROBLEMS_PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/problems.md");

fn description() -> Value {
    serde_json::to_value(fruits::openapi()).expect("JSON")
}

/// The same with what the chassis adds, as a server of fruits alone answers it.
fn whole_description() -> Value {
    serde_json::to_value(chassis::openapi([("fruits", fruits::openapi())])).expect("JSON")
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
                assert!(!examples(&content["application/json"]).is_empty(), "{about}");
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

/// The examples that stand beside a schema.
fn examples(described: &Value) -> Vec<&Value> {
    let several =
        described["examples"].as_object().into_iter().flatten().map(|(_, example)| &example["value"]);
    described.get("example").into_iter().chain(several).collect()
}

/// Whether a value is what a schema of this description says.
fn fits(description: &Value, schema: &Value, value: &Value) -> Result<(), String> {
    let document = json!({"allOf": [schema], "components": description["components"]});
    let (mut schemas, mut compiler) = (boon::Schemas::new(), boon::Compiler::new());
    let failed = |error: boon::CompileError| format!("{error:#}");
    compiler.add_resource("http://localhost/schema.json", document).map_err(failed)?;
    let index = compiler.compile("http://localhost/schema.json", &mut schemas).map_err(failed)?;
    schemas.validate(value, index).map_err(|error| format!("{error:#}"))
}

/// What stands in a description with a schema and examples of it, and where.
fn described(description: &Value) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    for (path, method, operation) in operations(description) {
        let about = format!("{method} {path}");
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            found.push((format!("{about} {}", parameter["name"]), parameter.clone()));
        }
        let body = ("body".to_owned(), operation["requestBody"].clone());
        let responses = operation["responses"].as_object().expect("responses").clone();
        for (name, with_content) in [body].into_iter().chain(responses) {
            for (media_type, content) in with_content["content"].as_object().into_iter().flatten() {
                found.push((format!("{about} {name} {media_type}"), content.clone()));
            }
            for (header, described) in with_content["headers"].as_object().into_iter().flatten() {
                found.push((format!("{about} {name} header {header}"), described.clone()));
            }
        }
    }
    found
}

#[test]
fn every_example_is_what_its_schema_says() {
    let description = whole_description();
    let described = described(&description);
    assert!(described.len() > 80, "{}", described.len());
    for (about, described) in &described {
        let examples = examples(described);
        assert!(!examples.is_empty() || about.contains(" header "), "{about} has no example");
        for example in examples {
            fits(&description, &described["schema"], example)
                .unwrap_or_else(|error| panic!("{about}: {example}: {error}"));
        }
    }
    for (name, schema) in description["components"]["schemas"].as_object().expect("schemas") {
        for example in examples(schema) {
            fits(&description, schema, example).unwrap_or_else(|error| panic!("{name}: {example}: {error}"));
        }
    }
}

#[test]
fn every_parameter_and_header_is_described() {
    for (about, described) in described(&whole_description()) {
        // A body's content is described with its response, and by its schema.
        let is_content = about.contains("application/") || about.contains("text/");
        let text = described["description"].as_str().unwrap_or_default();
        assert!(is_content || text.len() > 10, "{about} is not described");
    }
}

/// The schemas say what the API does: what they refuse is refused, and what they allow is taken.
#[tokio::test]
async fn the_schemas_of_the_bodies_are_the_rules_of_the_api() {
    let description = description();
    let folder = Folder::new();
    let router = routes(folder.open());
    let fruit = r#"{"fruit":"a","color":"b"}"#;
    let long = "a".repeat(101);
    for body in [
        fruit.to_owned(),
        format!("[{fruit}]"),
        format!("[{}]", vec![fruit; 1000].join(",")),
        r#"{"id":null,"fruit":"a","color":"b"}"#.to_owned(),
        r#"{"id":99999,"fruit":"a","color":"b"}"#.to_owned(),
        "{}".to_owned(),
        "[]".to_owned(),
        format!("[{}]", vec![fruit; 1001].join(",")),
        r#"{"fruit":"a"}"#.to_owned(),
        r#"{"fruit":"","color":"b"}"#.to_owned(),
        r#"{"fruit":"a","color":null}"#.to_owned(),
        r#"{"fruit":"a","color":"b","size":1}"#.to_owned(),
        r#"{"id":0,"fruit":"a","color":"b"}"#.to_owned(),
        r#"{"id":9007199254740992,"fruit":"a","color":"b"}"#.to_owned(),
        r#"{"id":"1","fruit":"a","color":"b"}"#.to_owned(),
        format!(r#"{{"fruit":"{long}","color":"b"}}"#),
    ] {
        let value = serde_json::from_str(&body).unwrap();
        let schema = json!({"$ref": "#/components/schemas/AddFruits"});
        let answer = ask(&router, post(body.clone())).await;
        let shown: String = body.chars().take(100).collect();
        assert_eq!(
            fits(&description, &schema, &value).is_ok(),
            answer.status == StatusCode::CREATED,
            "{shown}: {answer:?}"
        );
    }
    for (body, status) in [
        ("{}", 200),
        (r#"{"id":1,"color":"c"}"#, 200),
        (r#"{"fruit":null}"#, 422),
        (r#"{"id":null}"#, 422),
        (r#"{"size":1}"#, 422),
        (r#"{"color":""}"#, 422),
    ] {
        let headers = [(header::CONTENT_TYPE, "application/merge-patch+json")];
        let answer = ask(&router, send(Method::PATCH, "/fruits/1", &headers, body)).await;
        let schema = json!({"$ref": "#/components/schemas/ChangeFruit"});
        let fits = fits(&description, &schema, &serde_json::from_str(body).unwrap());
        assert_eq!((fits.is_ok(), answer.status.as_u16()), (status == 200, status), "{body}: {answer:?}");
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
