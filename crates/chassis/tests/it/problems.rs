//! The wire form of problems, and the page that explains them.

use std::{collections::BTreeSet, path::Path, time::Duration};

use axum::response::IntoResponse;
use chassis::{
    Problem,
    problem::{FieldError, kind},
};
use http_body_util::BodyExt;
use serde_json::{Value, json};

async fn wire(problem: Problem) -> Value {
    let bytes = problem.into_response().into_body().collect().await.unwrap().to_bytes();
    serde_json::from_slice(&bytes).unwrap()
}

#[tokio::test]
async fn the_wire_form_is_rfc_9457() {
    let field =
        |pointer: &str, detail: &str| FieldError { pointer: pointer.to_owned(), detail: detail.to_owned() };
    let one = wire(Problem::invalid_fields(vec![field("/fruit", "must not be empty")])).await;
    assert_eq!(
        one,
        json!({
            "type": "https://github.com/fruitpress/fruitpress/blob/main/docs/problems.md#invalid-fields",
            "title": "Invalid fields",
            "status": 422,
            "detail": "/fruit: must not be empty",
            "errors": [{"pointer": "/fruit", "detail": "must not be empty"}],
        })
    );
    let two = wire(Problem::invalid_fields(vec![field("/a", "x"), field("/b", "y")])).await;
    assert_eq!(two["detail"], "2 fields are not acceptable");
    let at = wire(kind::CONFLICT.because("The id is taken.").at("/id")).await;
    assert_eq!(at["errors"], json!([{"pointer": "/id", "detail": "The id is taken."}]));
}

#[tokio::test]
async fn what_the_log_reads_never_reaches_the_client() {
    let problem = Problem::internal(anyhow::anyhow!("password 123 refused"));
    assert!(!wire(problem).await.to_string().contains("123"));
}

#[test]
fn retry_after_is_rounded_up() {
    for (wait_ms, seconds) in [(0, "1"), (1, "1"), (1000, "1"), (1001, "2")] {
        let problem = kind::UNAVAILABLE.because("x").retry_after(Duration::from_millis(wait_ms));
        assert_eq!(problem.into_response().headers()["retry-after"], seconds, "{wait_ms}");
    }
}

#[test]
fn every_kind_is_explained_once() {
    let slugs: BTreeSet<_> = kind::ALL.iter().map(|kind| kind.slug).collect();
    assert_eq!(slugs.len(), kind::ALL.len(), "two kinds share a slug");

    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/problems.md");
    let page = std::fs::read_to_string(page).unwrap();
    let headings: Vec<_> = page.lines().filter_map(|line| line.strip_prefix("## ")).collect();
    for kind in kind::ALL {
        assert_eq!(headings.iter().filter(|heading| **heading == kind.slug).count(), 1, "{}", kind.slug);
        let section = page.split(&format!("## {}\n", kind.slug)).nth(1).unwrap();
        let status = section.trim_start().starts_with(&format!("Status {}", kind.status.as_u16()));
        assert!(status, "the section of {} begins with another status", kind.slug);
    }
    let mut sorted = headings.clone();
    sorted.sort_unstable();
    assert_eq!(headings, sorted, "the headings are in alphabetical order");
}
