//! `GET /pdfs/{name}.pdf`: a stored PDF, where this service keeps it itself.

use std::{ops::Range, sync::Arc};

use axum::{
    body::Body,
    extract::State,
    response::{IntoResponse, Response},
};
use chassis::{
    extract::Path,
    problem::{Problem, kind},
};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};

use super::{
    conditions::{Selection, Validators, select},
    schema::Bytes,
};
use crate::{
    convert::Converter,
    problem::RANGE_NOT_SATISFIABLE,
    storage::{Folder, PdfName, Store, Stored},
};

/// Download a PDF
///
/// The PDF behind a `converted_url`, where the service keeps PDFs in a folder; a bucket serves its own. It never
/// changes: `ETag` is strong; `If-Match`, `If-Unmodified-Since`, `If-None-Match`, `If-Modified-Since`, `If-Range` and
/// single byte ranges are served.
#[utoipa::path(
    get,
    path = "/pdfs/{name}.pdf",
    operation_id = "get_pdf",
    tag = "pdfs",
    params(
        ("name" = String, Path, description = "The UUID in the `converted_url`",
            example = "67e55044-10b1-426f-9247-bb680e5fe0c8"),
        ("Range" = Option<String>, Header, description = "One range of bytes", example = "bytes=0-1023"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that the PDF must have"),
        ("If-None-Match" = Option<String>, Header, description = "The `ETag` of a copy that the client has"),
    ),
    responses(
        (status = 200, description = "The PDF", content_type = "application/pdf", body = Bytes,
            headers(("ETag" = String), ("Last-Modified" = String), ("Accept-Ranges" = String))),
        (status = 206, description = "The bytes that were asked for", content_type = "application/pdf",
            body = Bytes, headers(("Content-Range" = String))),
        (status = 304, description = "The client's copy is the same"),
    )
)]
pub(super) async fn get_pdf(
    State(converter): State<Arc<Converter>>,
    Path(file_name): Path<String>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let not_found = || kind::NOT_FOUND.because("There is no PDF of that name.");
    let Store::Folder(folder) = converter.store() else { return Err(not_found()) };
    let name = PdfName::parse(&file_name).ok_or_else(not_found)?;
    let stored = folder.stat(name).await?.ok_or_else(not_found)?;
    let etag = format!("\"{}\"", file_name.trim_end_matches(".pdf"));
    let validators = Validators { etag, modified: stored.modified, length: stored.length };

    let (status, range) = match select(&method, &headers, &validators) {
        Selection::NotModified => {
            return Ok((StatusCode::NOT_MODIFIED, caching(&validators, stored)).into_response());
        }
        Selection::PreconditionFailed => return Err(not_meant()),
        Selection::NotSatisfiable => return Err(not_satisfiable(stored.length)),
        Selection::Whole => (StatusCode::OK, 0..stored.length),
        Selection::Part(range) => (StatusCode::PARTIAL_CONTENT, range),
    };
    let mut response = (status, caching(&validators, stored), content(&file_name, &range)).into_response();
    if status == StatusCode::PARTIAL_CONTENT {
        let answered = format!("bytes {}-{}/{}", range.start, range.end - 1, stored.length);
        response.headers_mut().insert(header::CONTENT_RANGE, value(&answered));
    }
    if method != Method::HEAD {
        *response.body_mut() = body(folder, name, range).await?.ok_or_else(not_found)?;
    }
    Ok(response)
}

/// `None` where the PDF has expired since it was looked at.
async fn body(folder: &Folder, name: PdfName, range: Range<u64>) -> Result<Option<Body>, Problem> {
    if range.is_empty() {
        return Ok(Some(Body::empty()));
    }
    Ok(folder.read(name, range).await?.map(Body::from_stream))
}

pub(super) fn not_meant() -> Problem {
    kind::PRECONDITION_FAILED
        .because("The PDF of this name is not the one that If-Match or If-Unmodified-Since means.")
}

fn not_satisfiable(length: u64) -> Problem {
    RANGE_NOT_SATISFIABLE
        .because(format!("The PDF has {length} bytes."))
        .header(header::CONTENT_RANGE, value(&format!("bytes */{length}")))
}

fn caching(validators: &Validators, stored: Stored) -> HeaderMap {
    let fresh_s = stored.fresh_for().as_secs();
    HeaderMap::from_iter([
        (header::ETAG, value(&validators.etag)),
        (header::LAST_MODIFIED, value(&httpdate::fmt_http_date(validators.modified))),
        (header::ACCEPT_RANGES, HeaderValue::from_static("bytes")),
        (header::CACHE_CONTROL, value(&format!("private, max-age={fresh_s}, immutable"))),
    ])
}

fn content(file_name: &str, range: &Range<u64>) -> HeaderMap {
    HeaderMap::from_iter([
        (header::CONTENT_TYPE, HeaderValue::from_static("application/pdf")),
        (header::CONTENT_LENGTH, HeaderValue::from(range.end - range.start)),
        (header::CONTENT_DISPOSITION, value(&format!("inline; filename=\"{file_name}\""))),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ])
}

/// For texts of UUIDs, numbers and dates alone.
fn value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or_else(|_| HeaderValue::from_static(""))
}
