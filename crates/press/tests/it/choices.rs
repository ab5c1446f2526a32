//! Choices as JSON has them, and those that do not fit the images they are made for.

use axum::body::Body;
use http::{Request, StatusCode, header};
use serde_json::{Value, json};

use super::support::{images, press::Press, source::Source};

/// What only the images can tell, before the first byte of an answer as well as before the store.
#[tokio::test]
async fn choices_that_do_not_fit_the_images_are_told() {
    let press = Press::start();
    let image = images::png_of(96, 48);
    let url = Source::body(&image).await.url("/");
    let asked = |body: &Value, accept: &'static str| {
        let request = Request::post("/image_to_pdf")
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::ACCEPT, accept);
        request.body(Body::from(body.to_string())).unwrap()
    };
    for (choice, slug, detail, pointer) in [
        (json!({ "viewer_initial_page": 2 }), "invalid-fields", "it has 1 page", ""),
        (json!({ "crop_border": "1cm:6mm:6mm" }), "invalid-fields", "TOP:RIGHT:BOTTOM:LEFT", "/crop_border"),
        (json!({ "art_border": "17:0" }), "image-unsupported", "34 of the 36 points", "/source_url"),
    ] {
        let mut body = choice.clone();
        body["source_url"] = json!(url);
        for accept in ["application/json", "application/pdf"] {
            let answer = press.call(asked(&body, accept)).await;
            answer.assert_problem_at(&choice.to_string(), 422, slug, detail, &[pointer]);
        }
    }
    // Of many, those that have no room may be left out, and the page to open at with them.
    let large = Source::body(&images::png_of(400, 400)).await.url("/");
    let mut body = json!({
        "source_urls": [url, large, url], "trim_border": "18", "viewer_initial_page": 3,
    });
    let answer = press.post(body.to_string()).await;
    answer.assert_problem_at(
        "fail",
        422,
        "image-unsupported",
        "2 of the sources",
        &["/source_urls/0", "/source_urls/2"],
    );
    body["on_error"] = json!("skip");
    let answer = press.post(body.to_string()).await;
    assert_eq!((answer.status, &answer.json()["pages"]), (StatusCode::OK, &json!(1)), "{:?}", answer.json());
    let pdf = press.download(&answer).await;
    assert!(String::from_utf8_lossy(&pdf).contains(" /XYZ null null 0]"));
}

#[tokio::test]
async fn numbers_are_taken_as_they_are_written_or_not_at_all() {
    let press = Press::start();
    let url = Source::body(&images::png_of(96, 48)).await.url("/");
    let body = |choices: &str| format!("{{\"source_url\":\"{url}\",{choices}}}");
    for (choices, part) in [
        (r#""border":2"#, "/MediaBox [0 0 76 40]"),
        (r#""border":2.0"#, "/MediaBox [0 0 76 40]"),
        (r#""border":"2.5""#, "/MediaBox [0 0 77 41]"),
        (r#""dpi":1e2,"viewer_initial_page":1.0"#, "/MediaBox [0 0 69.12 34.56]"),
        (r#""crop_border":1"#, "/CropBox [1 1 71 35]"),
    ] {
        let pdf = press.download(&press.post(body(choices)).await).await;
        assert!(String::from_utf8_lossy(&pdf).contains(part), "{choices}");
    }
    for (choices, pointer, detail) in [
        (r#""border":2.5"#, "/border", "must be a string where it is no whole number"),
        (
            r#""viewer_magnification":1.5"#,
            "/viewer_magnification",
            "must be a string where it is no whole number",
        ),
        (
            r#""pagesize":200.0000000000000000001"#,
            "/pagesize",
            "must be a string where it is no whole number",
        ),
        (r#""viewer_initial_page":-1"#, "/viewer_initial_page", "from 1 to"),
        (r#""viewer_fullscreen":1"#, "/viewer_fullscreen", "true or false"),
        (r#""viewer_panes":["thumbs"]"#, "/viewer_panes", "must be a string"),
    ] {
        let answer = press.post(body(choices)).await;
        answer.assert_problem_at(choices, 422, "invalid-fields", detail, &[pointer]);
    }
}
