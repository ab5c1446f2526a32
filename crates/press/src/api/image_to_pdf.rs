//! `POST /image_to_pdf`: images in, a PDF or the URL of one out.

use std::{sync::Arc, time::Instant};

use axum::{
    Json,
    body::Body,
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use chassis::{
    BaseUrl, Streamed,
    extract::{Allowed, Permission},
    problem::{FieldError, Problem},
    tokens::Scope,
};
use futures_util::TryStreamExt;
use http::{HeaderMap, HeaderName, HeaderValue, Version, header};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    accept::Wanted,
    request::{self, Asked, Names},
    schema::{Bytes, ConversionForm, ConversionOptions, ConversionRequest},
};
use crate::{
    convert::{Converted, Converter, Failure, OnError, Order, SourceFailure},
    problem,
};

/// The same request is answered in another form where it asks for that.
const VARIES: (HeaderName, HeaderValue) = (header::VARY, HeaderValue::from_static("accept"));

/// What became of it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Conversion {
    /// The URL that was sent, as it was sent; absent where none was.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(
        format = "uri",
        required = false,
        nullable = false,
        example = "https://upload.wikimedia.org/wikipedia/commons/4/47/PNG_transparency_demonstration_1.png"
    )]
    source_url: Option<String>,
    /// The URLs that were sent, as they were sent; absent where none were.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    source_urls: Option<Vec<String>>,
    /// The absolute URL that downloads the PDF with a plain GET.
    #[schema(
        format = "uri",
        example = "https://storage.googleapis.com/my-pdfs/67e55044-10b1-426f-9247-bb680e5fe0c8.pdf"
    )]
    converted_url: String,
    /// When the URL or the PDF behind it is gone, whichever comes first; absent where neither goes by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, format = DateTime, required = false, example = "2026-01-31T13:45:59Z")]
    expires_at: Option<String>,
    /// How many pages the PDF has.
    #[schema(example = 1)]
    pages: usize,
    /// How many bytes the PDF has.
    #[schema(example = 226_933)]
    bytes: u64,
    /// The SHA-256 digest of those bytes, in hexadecimal.
    #[schema(
        pattern = "^[0-9a-f]{64}$",
        example = "b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9"
    )]
    sha256: String,
    /// What the images had that the PDF has not, for a person to read; absent where there is nothing to say.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false, example = json!(["the colour profile is left out: its chunk is damaged"]))]
    warnings: Vec<String>,
    /// The sources that are no good and were left out; absent where there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    skipped: Vec<FieldError>,
}

/// Converting images.
#[derive(Debug)]
pub(super) struct Convert;

impl Permission for Convert {
    const SCOPE: Scope = Scope::new("press:convert");
}

/// Convert images to PDF
///
/// Takes the URL of an image, the URLs of many for one PDF, an image itself (`image/*`)
/// or a form with files; fetches what is to be fetched and converts it without losing a pixel. The PDF is stored, and the
/// answer says where; or, for those whose `Accept` prefers `application/pdf`, it is itself the answer, as it is made
/// once the request has been read, and nothing is stored. JPEG, PNG, WebP, GIF, TIFF, BMP, AVIF, JPEG 2000, PNM, ICO, TGA, JBIG2, JPEG XL, QOI and farbfeld are
/// converted, each frame to a page; what an image is, its bytes tell, not its name or media type. What is chosen may stand
/// in the JSON, in the form's part `options`, or in the query. After any other answer than 200
/// nothing is stored. A PDF that is the answer and fails behind its first MiB breaks the connection off.
#[utoipa::path(
    post,
    path = "/image_to_pdf",
    operation_id = "create_pdf",
    tag = "pdfs",
    security((), ("token" = ["press:convert"])),
    params(
        ConversionOptions,
    ),
    request_body(content(
        (ConversionRequest = "application/json"),
        (Bytes = "image/*"),
        (ConversionForm = "multipart/form-data"),
    )),
    responses((status = 200, description = "The PDF is stored, or is the answer", content(
        (Conversion = "application/json"),
        (Bytes = "application/pdf"),
    ))),
)]
pub(super) async fn create_pdf(
    State(converter): State<Arc<Converter>>,
    _caller: Allowed<Convert>,
    service: Option<BaseUrl>,
    streamed: Streamed,
    request: Request,
) -> Result<Response, Problem> {
    let wanted = Wanted::of(request.headers());
    // HTTP/1.0 without a length ends an answer by closing, broken off or not.
    let whole = request.version() < Version::HTTP_11;
    let Asked { order, names } = request::read(&converter, request).await?;
    let start = Instant::now();
    match wanted {
        Wanted::Json => {
            let links = converter.store().links(service.as_ref())?;
            let result = converter.convert(order, &links).await;
            log_stored(&names, &result, start);
            let converted = result.map_err(|failure| names.problem(failure))?;
            Ok(([VARIES], Json(conversion(names, converted))).into_response())
        }
        Wanted::Pdf => answer(&converter, order, names, streamed, whole).await,
    }
}

fn conversion(names: Names, converted: Converted) -> Conversion {
    let Converted { link, report, sha256, skipped, .. } = converted;
    let (converted_url, expires_at) = (link.url, link.expires_at.map(|expiry| expiry.to_string()));
    let pages = report.pages.len();
    let mut warnings = Vec::new();
    for page in report.pages {
        let place = match &names {
            Names::Url(..) | Names::Body => String::new(),
            names => names.pointer(page.index).map_or_else(String::new, |pointer| format!("{pointer}: ")),
        };
        warnings.extend(page.warnings.into_iter().map(|warning| format!("{place}{warning}")));
    }
    let skipped = skipped
        .into_iter()
        .map(|failure| problem::field_error(failure, |index| names.pointer(index)))
        .collect();
    let (source_url, source_urls) = match names {
        Names::Url(text, _) => (Some(text), None),
        Names::Urls(texts, _) => (None, Some(texts)),
        Names::Body | Names::Files => (None, None),
    };
    let (bytes, sha256) = (report.bytes, sha256.to_string());
    Conversion { source_url, source_urls, converted_url, expires_at, pages, bytes, sha256, warnings, skipped }
}

/// The PDF as it is made.
async fn answer(
    converter: &Converter,
    order: Order,
    names: Names,
    streamed: Streamed,
    whole: bool,
) -> Result<Response, Problem> {
    let start = Instant::now();
    if order.on_error == OnError::Skip {
        return Err(Problem::invalid_fields(vec![FieldError {
            pointer: "/on_error".to_owned(),
            detail: "cannot be \"skip\" where the PDF itself is the answer, which has no place to say what was left out; \
                     accept application/json, or leave on_error out"
                .to_owned(),
        }]));
    }
    let result = converter.answer(order, whole).await;
    let duration_ms = milliseconds(start);
    match &result {
        Ok(_) => tracing::info!(source.url = %shown(&names), duration_ms, "PDF answered as it is made"),
        Err(failure) => log_failure(&names, failure, duration_ms),
    }
    let answer = result.map_err(|failure| names.problem(failure))?;
    let length = answer.length();
    let pieces = answer.into_stream().map_err(move |failure| names.problem(failure));
    let mut headers = HeaderMap::from_iter([
        (header::CONTENT_TYPE, HeaderValue::from_static("application/pdf")),
        (header::CONTENT_DISPOSITION, HeaderValue::from_static("inline; filename=\"images.pdf\"")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        VARIES,
    ]);
    if let Some(length) = length {
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    }
    let body: Body = streamed.body(pieces);
    Ok((headers, body).into_response())
}

/// What happened to which source. Errors with a cause are logged with it where the answer is made.
fn log_stored(names: &Names, result: &Result<Converted, Failure>, start: Instant) {
    let duration_ms = milliseconds(start);
    match result {
        Ok(Converted { name, report, skipped, .. }) => {
            let (name, bytes, url) = (name.file_name(), report.bytes, shown(names));
            for warning in report.pages.iter().flat_map(|page| &page.warnings) {
                tracing::info!(source.url = %url, pdf.name = name, warning, "image converted with a loss");
            }
            log_sources(names, skipped, duration_ms);
            let pages = report.pages.len();
            tracing::info!(
                source.url = %url,
                pdf.name = name,
                pdf.bytes = bytes,
                pdf.pages = pages,
                duration_ms,
                "image converted"
            );
        }
        Err(failure) => log_failure(names, failure, duration_ms),
    }
}

fn log_failure(names: &Names, failure: &Failure, duration_ms: u64) {
    match failure {
        Failure::Sources(sources) => log_sources(names, sources, duration_ms),
        Failure::Whole(error) => {
            tracing::info!(source.url = %shown(names), reason = %error, duration_ms, "image not converted");
        }
    }
}

fn log_sources(names: &Names, failures: &[SourceFailure], duration_ms: u64) {
    for SourceFailure { index, error } in failures {
        let url = match names {
            Names::Url(_, url) => url.to_string(),
            Names::Urls(_, urls) => urls.get(*index).map(ToString::to_string).unwrap_or_default(),
            Names::Body | Names::Files => shown(names),
        };
        tracing::info!(source.url = %url, source.index = index, reason = %error, duration_ms, "image not converted");
    }
}

/// The sources as the log calls them together.
fn shown(names: &Names) -> String {
    match names {
        Names::Url(_, url) => url.to_string(),
        Names::Urls(_, urls) => match urls.as_slice() {
            [first, _, ..] => format!("{first} and {} more", urls.len() - 1),
            urls => urls.first().map(ToString::to_string).unwrap_or_default(),
        },
        Names::Body => "the request's body".to_owned(),
        Names::Files => "the request's files".to_owned(),
    }
}

fn milliseconds(start: Instant) -> u64 {
    u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX)
}
