//! `POST /image_to_pdf`: the URL of an image in, the URL of its PDF out.

use std::{sync::Arc, time::Instant};

use axum::{Json, extract::State};
use chassis::{
    BaseUrl,
    extract::{Allowed, Fields, Permission},
    problem::Problem,
    tokens::Scope,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    convert::{Converted, Converter},
    error::Error,
    source_url::SourceUrl,
};

/// What is to be converted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(
    dead_code,
    reason = "describes the body; `Fields` reads it, and finds every fault instead of the first"
)]
pub(super) struct ConversionRequest {
    /// The http or https URL of an image, without user info, at most 8,192 bytes long.
    #[schema(
        format = "uri",
        max_length = 8192,
        example = "https://upload.wikimedia.org/wikipedia/commons/4/47/PNG_transparency_demonstration_1.png"
    )]
    source_url: String,
}

/// What became of it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Conversion {
    /// The URL that was sent, as it was sent.
    #[schema(
        format = "uri",
        example = "https://upload.wikimedia.org/wikipedia/commons/4/47/PNG_transparency_demonstration_1.png"
    )]
    source_url: String,
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
    /// What the image had that the PDF has not, for a person to read; absent where there is nothing to say.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false, example = json!(["the colour profile is left out: its chunk is damaged"]))]
    warnings: Vec<String>,
}

/// Converting images.
#[derive(Debug)]
pub(super) struct Convert;

impl Permission for Convert {
    const SCOPE: Scope = Scope::new("press:convert");
}

/// Convert an image to PDF
///
/// Fetches the image, converts it without losing a pixel, stores the PDF and answers with its URL. JPEG, PNG, WebP,
/// GIF, TIFF, BMP, JPEG 2000, PNM, ICO, TGA, JBIG2, QOI and farbfeld are converted, each frame to a page; what an
/// image is, its bytes tell, not its name or media type. After any other answer than 200 nothing is stored.
#[utoipa::path(
    post,
    path = "/image_to_pdf",
    operation_id = "create_pdf",
    tag = "pdfs",
    security((), ("token" = ["press:convert"])),
    request_body(content = ConversionRequest, content_type = "application/json"),
    responses((status = 200, description = "The PDF is stored", body = Conversion)),
)]
pub(super) async fn create_pdf(
    State(converter): State<Arc<Converter>>,
    _caller: Allowed<Convert>,
    service: Option<BaseUrl>,
    mut fields: Fields,
) -> Result<Json<Conversion>, Problem> {
    let source = fields.required("source_url", |text: String| SourceUrl::parse(&text).map(|url| (text, url)));
    let ((source_url, source),) = fields.finish((source,))?;
    let links = converter.store().links(service.as_ref())?;
    let start = Instant::now();
    let result = converter.convert(&source, &links).await;
    log(&source, &result, start);
    let Converted { link, report, .. } = result?;
    let (converted_url, expires_at) = (link.url, link.expires_at.map(|expiry| expiry.to_string()));
    let (pages, bytes) = (report.pages.len(), report.bytes);
    let warnings = report.pages.into_iter().flat_map(|page| page.warnings).collect();
    Ok(Json(Conversion { source_url, converted_url, expires_at, pages, bytes, warnings }))
}

/// What happened to which source. Errors with a cause are logged with it where the answer is made.
fn log(source: &SourceUrl, result: &Result<Converted, Error>, start: Instant) {
    let duration_ms = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
    match result {
        Ok(Converted { name, report, .. }) => {
            let (name, bytes) = (name.file_name(), report.bytes);
            for warning in report.pages.iter().flat_map(|page| &page.warnings) {
                tracing::info!(source.url = %source, pdf.name = name, warning, "image converted with a loss");
            }
            tracing::info!(source.url = %source, pdf.name = name, pdf.bytes = bytes, duration_ms, "image converted");
        }
        Err(error) => {
            tracing::info!(source.url = %source, reason = %error, duration_ms, "image not converted");
        }
    }
}
