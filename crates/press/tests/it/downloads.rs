//! `GET /pdfs/{name}.pdf`, in every way that clients and caches ask for it.

use axum::body::Body;
use http::{Request, StatusCode};

use super::support::{
    images,
    press::{BASE, Press},
    source::Source,
};

async fn stored() -> (Press, String, Vec<u8>) {
    let press = Press::start();
    let source = Source::body(&images::png()).await;
    let converted_url = press.convert(&source.url("/")).await.converted_url();
    let path = converted_url.strip_prefix(BASE).unwrap().to_owned();
    let body = press.get(&path, &[]).await.body.to_vec();
    (press, path, body)
}

#[tokio::test]
async fn the_whole_pdf_with_all_that_a_cache_needs() {
    let (press, path, body) = stored().await;
    let answer = press.get(&path, &[]).await;
    let name = path.strip_prefix("/pdfs/").unwrap();
    assert_eq!(answer.header("content-type"), "application/pdf");
    assert_eq!(answer.header("content-length"), body.len().to_string());
    assert_eq!(answer.header("content-disposition"), format!("inline; filename=\"{name}\""));
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    assert_eq!(answer.header("accept-ranges"), "bytes");
    assert_eq!(answer.header("cache-control"), "private, max-age=31536000, immutable");
    assert_eq!(answer.header("etag"), format!("\"{}\"", name.strip_suffix(".pdf").unwrap()));
    assert!(httpdate::parse_http_date(answer.header("last-modified")).is_ok());
    assert!(!answer.headers.contains_key("content-encoding"));
}

#[tokio::test]
async fn it_is_never_compressed_again() {
    let (press, path, body) = stored().await;
    let answer = press.get(&path, &[("accept-encoding", "gzip, br, zstd")]).await;
    assert!(!answer.headers.contains_key("content-encoding"));
    assert_eq!(answer.body, body);
}

#[tokio::test]
async fn a_head_request_tells_the_same_without_the_body() {
    let (press, path, body) = stored().await;
    let request = Request::head(&path).header("range", "bytes=0-1").body(Body::empty()).unwrap();
    let answer = press.call(request).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header("content-length"), body.len().to_string());
    assert!(answer.body.is_empty());
}

#[tokio::test]
async fn ranges() {
    let (press, path, body) = stored().await;
    let length = body.len();
    let last = length - 1;
    for (range, expected) in [
        ("bytes=0-0".to_owned(), 0..1),
        ("bytes=5-9".to_owned(), 5..10),
        ("BYTES=0-5".to_owned(), 0..6),
        (format!("bytes={last}-"), last..length),
        (format!("bytes=1-{length}"), 1..length),
        ("bytes=-7".to_owned(), length - 7..length),
        (format!("bytes=-{}", length + 1), 0..length),
    ] {
        let answer = press.get(&path, &[("range", &range)]).await;
        assert_eq!(answer.status, StatusCode::PARTIAL_CONTENT, "{range}");
        assert_eq!(answer.body, body[expected.clone()], "{range}");
        assert_eq!(answer.header("content-length"), expected.len().to_string(), "{range}");
        let told = format!("bytes {}-{}/{length}", expected.start, expected.end - 1);
        assert_eq!(answer.header("content-range"), told, "{range}");
    }
    for range in [format!("bytes={length}-"), "bytes=-0".to_owned()] {
        let answer = press.get(&path, &[("range", &range)]).await;
        answer.assert_problem(&range, 416, "range-not-satisfiable", &format!("{length} bytes"));
        assert_eq!(answer.header("content-range"), format!("bytes */{length}"));
    }
    for range in ["bytes=9-5", "lines=1-2", "bytes=0-1,3-4", "nonsense"] {
        let answer = press.get(&path, &[("range", range)]).await;
        assert_eq!(answer.status, StatusCode::OK, "{range}");
        assert_eq!(answer.body, body, "{range}");
    }
}

#[tokio::test]
async fn conditions() {
    let (press, path, body) = stored().await;
    let first = press.get(&path, &[]).await;
    let (etag, modified) = (first.header("etag"), first.header("last-modified"));
    for headers in [[("if-none-match", etag)], [("if-none-match", "*")], [("if-modified-since", modified)]] {
        let answer = press.get(&path, &headers).await;
        assert_eq!(answer.status, StatusCode::NOT_MODIFIED, "{headers:?}");
        assert_eq!(answer.header("etag"), etag);
        assert!(answer.body.is_empty());
    }
    let answer = press.get(&path, &[("if-range", etag), ("range", "bytes=0-3")]).await;
    assert_eq!((answer.status, &answer.body[..]), (StatusCode::PARTIAL_CONTENT, &b"%PDF"[..]));
    let answer = press.get(&path, &[("if-range", "\"other\""), ("range", "bytes=0-3")]).await;
    assert_eq!((answer.status, &answer.body[..]), (StatusCode::OK, &body[..]));
}

#[tokio::test]
async fn what_is_not_a_pdf_of_ours_is_not_there() {
    let (press, path, _) = stored().await;
    let name = path.strip_prefix("/pdfs/").unwrap();
    std::fs::write(press.folder().join("notes.pdf"), "private").unwrap();
    let unfinished = format!("{name}#1");
    std::fs::write(press.folder().join(&unfinished), "half").unwrap();
    std::fs::create_dir(press.folder().join("67e55044-10b1-426f-9247-bb680e5fe0c8.pdf")).unwrap();
    for path in [
        "/pdfs/notes.pdf",
        "/pdfs/.lock",
        &format!("/pdfs/{name}%231"),
        "/pdfs/67e55044-10b1-426f-9247-bb680e5fe0c8.pdf",
        "/pdfs/00000000-0000-4000-8000-000000000000.pdf",
        &path.to_uppercase().replace("/PDFS/", "/pdfs/"),
        path.strip_suffix(".pdf").unwrap(),
        &format!("/pdfs/..%2Fpdfs%2F{name}"),
        "/pdfs/%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        &format!("/pdfs/{name}/"),
        "/pdfs/",
        "/pdfs",
    ] {
        press.get(path, &[]).await.assert_problem(path, 404, "not-found", "");
    }
}

#[tokio::test]
async fn conditions_that_the_pdf_does_not_meet() {
    let (press, path, body) = stored().await;
    let etag = press.get(&path, &[]).await.header("etag").to_owned();
    let weak = format!("W/{etag}");
    for condition in [
        ("if-match", "\"other\""),
        ("if-match", &weak),
        ("if-unmodified-since", "Sun, 06 Nov 1994 08:49:37 GMT"),
    ] {
        let answer = press.get(&path, &[condition]).await;
        answer.assert_problem(condition.1, 412, "precondition-failed", "If-Match");
    }
    let answer = press.get(&path, &[("if-match", &etag)]).await;
    assert_eq!((answer.status, &answer.body[..]), (StatusCode::OK, &body[..]));
}

/// An empty file is what a full disk or a careless copy leaves; a link may lead out of the folder.
#[tokio::test]
async fn an_empty_file_and_a_link_are_no_pdfs() {
    let (press, path, _) = stored().await;
    let stored = press.folder().join(path.strip_prefix("/pdfs/").unwrap());
    let empty = "67e55044-10b1-426f-9247-bb680e5fe0c8.pdf";
    std::fs::write(press.folder().join(empty), "").unwrap();
    let link = "67e55044-10b1-426f-9247-bb680e5fe0c9.pdf";
    std::os::unix::fs::symlink(stored, press.folder().join(link)).unwrap();
    for name in [empty, link] {
        press.get(&format!("/pdfs/{name}"), &[]).await.assert_problem(name, 404, "not-found", "");
    }
}
