//! What is said about the service is what it does.

use std::{collections::BTreeSet, time::Duration};

use serde_json::json;

use super::support::{
    images,
    press::{Answer, Press},
    source::Source,
};

const PROBLEMS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/problems.md");

#[test]
fn each_kind_of_problem_has_its_heading() {
    let page = std::fs::read_to_string(PROBLEMS).unwrap();
    for kind in press::problem::ALL {
        let heading = format!("# {}", kind.slug);
        assert!(
            page.lines().any(|line| line.ends_with(&heading)),
            "docs/problems.md explains no {}",
            kind.slug
        );
    }
}

#[test]
fn the_api_is_described_with_examples_for_each_status() {
    let api = serde_json::to_value(press::openapi()).unwrap();
    let create = &api["paths"]["/image_to_pdf"]["post"];
    assert_eq!(create["operationId"], "create_pdf");
    let get = &api["paths"]["/pdfs/{name}.pdf"]["get"];
    assert_eq!(get["operationId"], "get_pdf");
    for (operation, statuses) in [
        (
            create,
            &[
                "200", "400", "401", "403", "408", "413", "414", "415", "421", "422", "429", "431", "500",
                "502", "503", "504",
            ][..],
        ),
        (get, &["200", "206", "304", "400", "404", "412", "414", "416", "421", "431", "500", "503", "504"]),
    ] {
        let responses = operation["responses"].as_object().unwrap();
        assert_eq!(responses.keys().collect::<Vec<_>>(), statuses);
        for (status, response) in responses {
            if status.as_str() >= "400" {
                let content = &response["content"]["application/problem+json"];
                assert_eq!(content["schema"]["$ref"], "#/components/schemas/Problem", "{status}");
                let examples = content["examples"].as_object().unwrap();
                for (slug, example) in examples {
                    assert_eq!(example["value"]["status"].to_string(), *status, "{slug}");
                }
            }
        }
    }
    assert!(api["components"]["schemas"]["Problem"].is_object());
}

#[tokio::test]
async fn the_answer_has_the_fields_of_its_schema() {
    let api = serde_json::to_value(press::openapi()).unwrap();
    let schema = &api["components"]["schemas"]["Conversion"];
    let described: BTreeSet<String> = schema["properties"].as_object().unwrap().keys().cloned().collect();
    let required: BTreeSet<String> = serde_json::from_value(schema["required"].clone()).unwrap();
    let press = Press::start();
    let fields =
        |answer: Answer| -> BTreeSet<String> { answer.json().as_object().unwrap().keys().cloned().collect() };
    let mut seen = fields(press.upload("", "image/png", images::png()).await);
    assert_eq!(seen, required);
    let press = Press::with(|settings| settings.storage.pdf_ttl = Some(Duration::from_mins(1)));
    let damaged = Source::body(&images::png_with_a_damaged_resolution()).await.url("/");
    seen.extend(fields(press.convert(&damaged).await));
    let text = Source::body(b"text").await.url("/");
    seen.extend(fields(press.convert_many(&[text, damaged], json!({ "on_error": "skip" })).await));
    assert_eq!(seen, described);
}

/// What the image had and the PDF has not, the client is told.
#[tokio::test]
async fn the_warnings_of_the_engine_are_answered() {
    let press = Press::start();
    let source = Source::body(&images::png_with_a_damaged_resolution()).await;
    let answer = press.convert(&source.url("/")).await.json();
    assert_eq!(answer["warnings"], serde_json::json!(["the resolution is left out: its chunk is damaged"]));
}
