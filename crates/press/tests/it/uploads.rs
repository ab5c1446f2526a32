//! Images that the request itself brings: as its body, or as the files of a form.

use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use futures_util::stream;
use http::{Request, StatusCode, header};
use serde_json::json;

use super::support::{eventually, images, press::Press, source::Source};

/// A form with these parts: the header behind the part's name, and its data.
fn form(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut body = Vec::new();
    for (disposition, data) in parts {
        body.extend(format!("--b\r\nContent-Disposition: form-data; name={disposition}\r\n\r\n").bytes());
        body.extend(*data);
        body.extend(b"\r\n");
    }
    body.extend(b"--b--\r\n");
    body
}

const FORM: &str = "multipart/form-data; boundary=b";

#[tokio::test]
async fn an_image_as_the_body_becomes_the_same_pdf_as_one_behind_a_url() {
    let press = Press::start();
    for image in [images::png(), images::transparent_png(), images::noise_png(900)] {
        let expected = press.pdf(&Source::body(&image).await.url("/")).await;
        for media_type in ["image/png", "image/x-whatever", "IMAGE/JPEG", "application/octet-stream"] {
            let answer = press.upload("", media_type, image.clone()).await;
            assert_eq!(press.download(&answer).await, expected, "{media_type}");
            let json = answer.json();
            assert!(json.get("source_url").is_none() && json.get("source_urls").is_none(), "{json}");
            assert_eq!(json["sha256"].as_str().unwrap().len(), 64);
        }
    }
}

#[tokio::test]
async fn what_is_chosen_stands_in_the_query() {
    let press = Press::start();
    let image = images::gif(2);
    for (query, pages) in
        [("", 2), ("?first_frame_only=true", 1), ("?first_frame_only=false&on_error=fail", 2)]
    {
        assert_eq!(press.upload(query, "image/gif", image.clone()).await.json()["pages"], pages, "{query}");
    }
    for (query, pointers) in [
        ("?first_frame_only=yes", &["?first_frame_only"][..]),
        ("?first_frame_only", &["?first_frame_only"]),
        ("?frames=1&on_error=x", &["?frames", "?on_error"]),
        ("?on_error=skip&on_error=skip", &["?on_error"]),
        ("?pagesize=A9&fit=tight&rotation=45", &["?pagesize", "?fit", "?rotation"]),
        ("?border=-1cm&dpi=0&pdfa=1b", &["?border", "?dpi", "?pdfa"]),
        ("?title=a%0Ab&creationdate=yesterday&auto_orient=2", &["?title", "?creationdate", "?auto_orient"]),
        (
            "?crop_border=1:2:3&trim_border=-1&viewer_panes=layers",
            &["?crop_border", "?trim_border", "?viewer_panes"],
        ),
        ("?bleed_border=&art_border=x", &["?bleed_border", "?art_border"]),
        ("?viewer_initial_page=0&viewer_page_layout=two", &["?viewer_initial_page", "?viewer_page_layout"]),
        ("?viewer_magnification=150&viewer_fit_window=1", &["?viewer_magnification", "?viewer_fit_window"]),
        ("?viewer_center_window=yes&viewer_fullscreen", &["?viewer_center_window", "?viewer_fullscreen"]),
        ("?pagesize=2cmx2cm&border=1cm", &[""]),
        ("?pagesize=2cmx2cm&trim_border=1cm", &[""]),
        ("?viewer_initial_page=3", &[""]),
    ] {
        let answer = press.upload(query, "image/gif", image.clone()).await;
        answer.assert_problem_at(query, 422, "invalid-fields", "", pointers);
    }
}

#[tokio::test]
async fn a_body_that_is_no_good_image_is_told_why() {
    let press = Press::start();
    let image = images::png();
    for (case, body, slug) in [
        ("text", b"this is no image".to_vec(), "image-unsupported"),
        ("nothing", Vec::new(), "image-broken"),
        ("half", image[..image.len() / 2].to_vec(), "image-broken"),
    ] {
        let answer = press.upload("", "image/png", body).await;
        answer.assert_problem_at(case, 422, slug, "", &[]);
    }
    assert_eq!(press.stored(), Vec::<String>::new());
}

#[tokio::test]
async fn an_image_may_be_as_large_as_a_source_and_json_may_not() {
    let image = images::noise_png(700);
    let length = image.len() as u64;
    assert!(length > 1 << 20);
    for (limit, status) in [(length, StatusCode::OK), (length - 1, StatusCode::PAYLOAD_TOO_LARGE)] {
        let press = Press::with(|settings| settings.fetch.source_bytes_max = limit);
        let answer = press.upload("", "image/png", image.clone()).await;
        assert_eq!(answer.status, status, "of a known length");
        let pieces: Vec<_> = image
            .chunks(50_000)
            .map(|piece| Ok::<_, std::io::Error>(Bytes::copy_from_slice(piece)))
            .collect();
        let answer = press.upload("", "image/png", Body::from_stream(stream::iter(pieces))).await;
        assert_eq!(answer.status, status, "of an unknown length");
        let expected = if status == StatusCode::OK { 2 } else { 0 };
        eventually("nothing else is stored", || async { press.stored().len() == expected }).await;
        // A form has some room beside the images, and each of them the limit of a source.
        let answer = press.upload("", FORM, form(&[("a; filename=a", &image)])).await;
        if status == StatusCode::OK {
            assert_eq!(answer.status, status);
        } else {
            answer.assert_problem_at("in a form", 422, "source-too-large", "", &["/files/0"]);
        }
    }
    let press = Press::start();
    let long = format!("{{\"source_url\": \"{}\"}}", "a".repeat(1 << 20));
    assert_eq!(press.post(long).await.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn the_files_of_a_form_are_pages_in_order() {
    let press = Press::start();
    let (one, two) = (images::png_of(17, 8), images::png_of(23, 8));
    let options = json!({ "on_error": "skip", "first_frame_only": true }).to_string();
    let body = form(&[
        ("options", options.as_bytes()),
        ("file; filename=\"a b.png\"", &one),
        ("file; filename=\"broken.png\"", &one[..40]),
        ("\"other\"; filename=\"\"", &images::gif(3)),
        ("x; filename*=UTF-8''%e2%82%ac.png", &two),
        ("unchosen; filename=\"\"", b""),
    ]);
    let answer = press.upload("", FORM, body).await;
    let json = answer.json();
    assert_eq!((&json["pages"], &json["skipped"][0]["pointer"]), (&json!(3), &json!("/files/1")), "{json}");
    let pdf = press.download(&answer).await;
    let text = String::from_utf8_lossy(&pdf);
    let at = |width: u32| text.find(&format!("/Width {width} ")).unwrap();
    assert!(at(17) < at(23));
}

#[tokio::test]
async fn a_form_that_is_no_good_is_told_why() {
    let press = Press::with(|settings| settings.conversion.sources_max = 2);
    let image = images::png();
    let file: (&str, &[u8]) = ("a; filename=a", &image);
    let large = format!("{{\"on_error\": \"{}\"}}", "a".repeat(64 << 10));
    for (case, parts, slug, detail, pointers) in [
        ("no part", vec![], "invalid-fields", "has no file", &["/files"][..]),
        ("none chosen", vec![("a; filename=\"\"", &b""[..])], "invalid-fields", "has no file", &["/files"]),
        ("no file", vec![("options", &b"{}"[..])], "invalid-fields", "has no file", &["/files"]),
        ("a field", vec![("on_error", b"skip"), file], "invalid-fields", "goes into the part options", &[""]),
        (
            "a field behind",
            vec![file, ("on_error", b"skip")],
            "invalid-fields",
            "goes into the part options",
            &[""],
        ),
        (
            "options behind",
            vec![file, ("options", b"{}")],
            "invalid-fields",
            "before the first file",
            &["/options"],
        ),
        (
            "options twice",
            vec![("options", b"{}"), ("options", b"{}"), file],
            "invalid-fields",
            "once",
            &["/options"],
        ),
        (
            "no object",
            vec![("options", b"[]"), file],
            "invalid-fields",
            "must be a JSON object",
            &["/options"],
        ),
        ("no JSON", vec![("options", b"{"), file], "invalid-fields", "not valid JSON", &["/options"]),
        ("a wrong option", vec![("options", b"{\"a\":1}"), file], "invalid-fields", "not a field", &["/a"]),
        (
            "too many options",
            vec![("options", large.as_bytes()), file],
            "invalid-fields",
            "at most",
            &["/options"],
        ),
        ("too many files", vec![file, file, file], "invalid-fields", "at most 2 files", &["/files"]),
        (
            "two bad files",
            vec![("a; filename=a", b"x"), ("a; filename=a", &image[..50])],
            "sources-failed",
            "2 of the",
            &["/files/0", "/files/1"],
        ),
    ] {
        let answer = press.upload("", FORM, form(&parts)).await;
        answer.assert_problem_at(case, 422, slug, detail, pointers);
        assert_eq!(press.stored(), Vec::<String>::new(), "{case}");
    }
    for (case, media_type, body, detail) in [
        ("no boundary", "multipart/form-data", form(&[file]), "names no boundary"),
        ("another boundary", "multipart/form-data; boundary=c", form(&[file]), "boundary"),
        ("half", FORM, form(&[file])[..90].to_vec(), "ends before the boundary"),
        ("no end", FORM, form(&[file])[..form(&[file]).len() - 6].to_vec(), "ends before the boundary"),
        ("empty", FORM, Vec::new(), "ends before the boundary"),
    ] {
        let answer = press.upload("", media_type, body).await;
        answer.assert_problem_at(case, 400, "malformed-request", detail, &[]);
        assert_eq!(press.stored(), Vec::<String>::new(), "{case}");
    }
}

#[tokio::test]
async fn other_bodies_are_refused_with_what_is_read() {
    let press = Press::start();
    for media_type in ["text/plain", "application/x-www-form-urlencoded", "video/mp4", "multipart/mixed"] {
        let answer = press.upload("", media_type, images::png()).await;
        answer.assert_problem_at(media_type, 415, "unsupported-media-type", "image/*", &[]);
        assert_eq!(answer.header("accept"), "application/json, image/*, multipart/form-data");
    }
    let request = Request::post("/image_to_pdf")
        .header(header::CONTENT_TYPE, "image/png")
        .header(header::CONTENT_ENCODING, "gzip");
    let answer = press.call(request.body(images::png().into()).unwrap()).await;
    answer.assert_problem_at("packed", 415, "unsupported-media-type", "Content-Encoding", &[]);
}

/// A body that stands still is its client's fault, and one that breaks off leaves nothing.
#[tokio::test]
async fn a_body_that_does_not_come_leaves_nothing() {
    let press = Press::with_both(|settings, chassis| {
        settings.conversion.conversions_max = Some(1);
        chassis.limits.body_stall_timeout_ms = 200;
    });
    let image = Bytes::from(images::noise_png(1200));
    let half = image.slice(..image.len() / 2);
    let still = Body::from_stream(futures_util::StreamExt::chain(
        stream::iter([Ok::<_, std::io::Error>(half.clone())]),
        stream::pending(),
    ));
    let answer = press.upload("", "image/png", still).await;
    answer.assert_problem_at("stands still", 408, "request-timeout", "", &[]);
    let cut = Body::from_stream(stream::iter([Ok(half), Err(std::io::Error::other("cut"))]));
    let answer = press.upload("", "image/png", cut).await;
    answer.assert_problem_at("breaks off", 400, "malformed-request", "", &[]);
    eventually("the store is empty", || async { press.stored().is_empty() }).await;
    let answer =
        tokio::time::timeout(Duration::from_secs(20), press.upload("", "image/png", image)).await.unwrap();
    assert_eq!(answer.status, StatusCode::OK);
}

/// The same choices, wherever they stand.
#[tokio::test]
async fn pages_and_texts_are_as_they_are_chosen() {
    let press = Press::start();
    let image = images::png_of(32, 16);
    let url = Source::body(&image).await.url("/");
    let chosen = json!({
        "pagesize": "A5^T", "imgsize": "5cmx5cm", "border": "1cm:2cm", "fit": "into", "auto_orient": false,
        "rotation": "90", "align": "top-left", "dpi": 72, "first_frame_only": true, "pdfa": "2b",
        "title": "Ä title", "author": "Ann", "subject": "tests", "keywords": "one, two", "creator": "us",
        "producer": "we", "creationdate": "2026-03-31T18:30:00+02:00", "moddate": "2026-04-01T00:00Z",
        "crop_border": "1:2:3:4", "bleed_border": "1mm", "trim_border": "2mm:3mm", "art_border": "1cm",
        "viewer_panes": "thumbs", "viewer_initial_page": 1, "viewer_magnification": "1.5",
        "viewer_page_layout": "onecolumn", "viewer_fit_window": true, "viewer_center_window": true,
        "viewer_fullscreen": true,
    });
    let mut body = chosen.clone();
    body["source_url"] = json!(url);
    let from_json = press.download(&press.post(body.to_string()).await).await;
    let text = String::from_utf8_lossy(&from_json).into_owned();
    assert!(
        text.contains("/MediaBox [0 0 595.27559 419.52756]") || text.contains("/MediaBox [0 0 595.2"),
        "{text}"
    );
    assert!(
        text.contains("<pdfaid:part>2</pdfaid:part>") && text.contains("2026-03-31T18:30:00+02:00"),
        "{text}"
    );

    for part in [
        "/CropBox [4 3 593.27",
        "/BleedBox [2.83",
        "/TrimBox [8.50",
        "/ArtBox [28.34",
        "/PageMode /FullScreen /PageLayout /OneColumn",
        "/NonFullScreenPageMode /UseThumbs /FitWindow true /CenterWindow true",
        " /XYZ null null 1.5]",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }

    let query =
        url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(
                chosen.as_object().unwrap().iter().map(|(name, value)| {
                    (name, value.as_str().map_or_else(|| value.to_string(), str::to_owned))
                }),
            )
            .finish();
    let from_query =
        press.download(&press.upload(&format!("?{query}"), "image/png", image.clone()).await).await;
    assert_eq!(from_query, from_json);
    let options = chosen.to_string();
    let body = form(&[("options", options.as_bytes()), ("a; filename=a", &image)]);
    assert_eq!(press.download(&press.upload("", FORM, body.clone()).await).await, from_json);

    // What stands in the body counts before the query.
    let both = press.upload("?title=x&pagesize=A3", FORM, body).await;
    assert_eq!(press.download(&both).await, from_json);
    let body = json!({ "source_url": url, "pagesize": "2cmx2cm", "border": "1cm" });
    press.post(body.to_string()).await.assert_problem_at("no room", 422, "invalid-fields", "border", &[""]);
}
