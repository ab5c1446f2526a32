//! The API's description and the files behind its pages.

use chassis::{Service, Settings};
use http::StatusCode;
use serde_json::Value;
use utoipa::openapi::{InfoBuilder, OpenApi, OpenApiBuilder};

use crate::support::{get_with, router, service};

fn described<const N: usize>(services: [Service; N]) -> OpenApi {
    chassis::openapi(services.map(|service| (service.name, service.openapi)))
}

#[tokio::test]
async fn the_description_covers_the_services_and_the_chassis() {
    let router = router(&Settings::default());
    let reply = get_with(&router, "/openapi.json", &[]).await;
    assert_eq!(reply.header("content-type"), Some("application/json"));
    let document = reply.json();
    let paths: Vec<_> = document["paths"].as_object().unwrap().keys().collect();
    assert_eq!(paths, ["/livez", "/ping", "/readyz", "/things", "/things/{id}"]);
    assert_eq!(document["paths"]["/things/{id}"]["get"]["operationId"], "get_thing");
    let problem = &document["components"]["schemas"]["Problem"];
    assert_eq!(problem["required"], serde_json::json!(["type", "title", "status", "detail"]));
    assert_eq!(document, serde_json::to_value(described([service()])).unwrap());
}

#[test]
fn services_that_run_together_share_one_document() {
    let other = Service {
        name: "others",
        router: axum::Router::new(),
        openapi: OpenApiBuilder::new()
            .info(InfoBuilder::new().title("others").version("9").description(Some("About others.")).build())
            .build(),
        ready: service().ready,
        body_limit: None,
        finish: None,
        gauges: Vec::new(),
    };
    let document = serde_json::to_value(described([service(), other])).unwrap();
    assert_eq!(document["info"]["title"], "things and others");
    assert_eq!(document["info"]["license"]["name"], "Apache-2.0");
    assert!(document["info"]["description"].as_str().unwrap().contains("**others**: About others."));
    assert!(document["paths"]["/things/{id}"].is_object());
}

#[tokio::test]
async fn pages_load_only_what_is_here() {
    let router = router(&Settings::default());
    for page in ["/", "/docs", "/redoc"] {
        let reply = get_with(&router, page, &[]).await;
        assert_eq!(reply.header("content-type"), Some("text/html; charset=utf-8"));
        assert!(!reply.text().contains("{title}"), "{page}");
        let policy = reply.header("content-security-policy").unwrap();
        assert!(policy.contains("script-src 'self';") && policy.contains("connect-src 'self';"), "{policy}");
        let mut loaded = 0;
        for attribute in ["src=\"", "href=\""] {
            for target in reply.text().split(attribute).skip(1) {
                let target = target.split('"').next().unwrap();
                assert!(!target.contains("//"), "{page} points at {target}");
                let target = format!("/{}", target.trim_start_matches("./"));
                let file = get_with(&router, &target, &[]).await;
                assert_eq!(file.status, StatusCode::OK, "{page} needs {target}");
                loaded += 1;
            }
        }
        assert!(loaded >= 3, "{page} loads {loaded} files");
    }
}

#[tokio::test]
async fn files_are_cached_and_packed() {
    let router = router(&Settings::default());
    for path in [
        "/assets/redoc.standalone.js",
        "/assets/swagger-ui-bundle.js",
        "/assets/pages.css",
        "/docs",
        "/openapi.json",
    ] {
        let plain = get_with(&router, path, &[]).await;
        let packed = get_with(&router, path, &[("accept-encoding", "gzip, br")]).await;
        assert_eq!(packed.header("content-encoding"), Some("gzip"), "{path}");
        assert_ne!(plain.header("etag"), packed.header("etag"), "{path}");
        assert!(packed.body.len() < plain.body.len(), "{path}");
        let mut unpacked = Vec::new();
        std::io::copy(&mut flate2::read::GzDecoder::new(packed.body.as_ref()), &mut unpacked).unwrap();
        assert_eq!(unpacked, plain.body, "{path}");

        let tag = packed.header("etag").unwrap();
        let again = get_with(&router, path, &[("accept-encoding", "gzip"), ("if-none-match", tag)]).await;
        assert_eq!((again.status, again.body.len()), (StatusCode::NOT_MODIFIED, 0), "{path}");
        assert_eq!(again.header("etag"), Some(tag), "{path}");
        assert!(plain.header("cache-control").is_some(), "{path}");
    }
    for path in ["/assets/nothing.js", "/assets/", "/assets/..%2fpages.css", "/assets/redoc/LICENSE"] {
        assert_eq!(get_with(&router, path, &[]).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    assert_eq!(get_with(&router, "/docs/", &[]).await.header("location"), Some("../docs"));
}

/// The one file that is not ours is the one that its README names.
#[test]
fn the_bundle_is_the_one_that_is_named() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/redoc");
    let readme = std::fs::read_to_string(folder.join("README.md")).unwrap();
    let bundle = std::fs::read(folder.join("redoc.standalone.js")).unwrap();
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA384, &bundle);
    let integrity = format!("sha384-{}", base64(digest.as_ref()));
    assert!(readme.contains(&integrity), "{integrity}");
    assert!(std::fs::read_to_string(folder.join("LICENSE")).unwrap().contains("MIT"));
}

fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    assert!(bytes.len().is_multiple_of(3), "no padding is written");
    let sextets = bytes.chunks(3).flat_map(|three| {
        let word = three.iter().fold(0u32, |word, byte| word << 8 | u32::from(*byte));
        [18, 12, 6, 0].map(|shift| char::from(ALPHABET[(word >> shift & 63) as usize]))
    });
    sextets.collect()
}

#[test]
fn every_reference_leads_somewhere() {
    let document = serde_json::to_value(described([service()])).unwrap();
    let mut found = Vec::new();
    references(&document, &mut found);
    assert!(!found.is_empty());
    for reference in found {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
}

fn references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            found.extend(map.get("$ref").and_then(Value::as_str).map(str::to_owned));
            map.values().for_each(|value| references(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

/// The pages show a summary as it is, so Markdown and a full stop would stand there.
#[test]
fn summaries_of_the_chassis_are_plain() {
    let description = serde_json::to_value(chassis::openapi([])).unwrap();
    let paths = description["paths"].as_object().unwrap();
    assert_eq!(paths.len(), 3);
    for (path, item) in paths {
        let summary = item["get"]["summary"].as_str().unwrap();
        assert!(!summary.contains('`') && !summary.ends_with('.'), "{path}: {summary}");
        let verb = summary.split(' ').next().unwrap();
        assert!(["Ping", "Check"].contains(&verb), "{path}: {summary}");
    }
}
