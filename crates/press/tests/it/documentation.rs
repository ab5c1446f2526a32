//! What is said about the service is what it does.

use std::{collections::BTreeSet, time::Duration};

use super::support::{images, press::Press, source::Source};

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
        (create, &["200", "400", "401", "403", "408", "413", "415", "422", "500", "502", "503", "504"][..]),
        (get, &["200", "206", "304", "404", "412", "416", "500"]),
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
    let for_ever = Press::start();
    let for_a_while = Press::with(|settings| settings.storage.pdf_ttl = Some(Duration::from_mins(1)));
    for (press, image, expected) in [
        (for_ever, images::png(), required),
        (for_a_while, images::png_with_a_damaged_resolution(), described),
    ] {
        let source = Source::body(&image).await;
        let answer = press.convert(&source.url("/")).await.json();
        let answered: BTreeSet<String> = answer.as_object().unwrap().keys().cloned().collect();
        assert_eq!(answered, expected);
    }
}

/// What the image had and the PDF has not, the client is told.
#[tokio::test]
async fn the_warnings_of_the_engine_are_answered() {
    let press = Press::start();
    let source = Source::body(&images::png_with_a_damaged_resolution()).await;
    let answer = press.convert(&source.url("/")).await.json();
    assert_eq!(answer["warnings"], serde_json::json!(["the resolution is left out: its chunk is damaged"]));
}
