//! What a conversion is asked of: JSON with URLs, an image, or a form with files.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::{FromRequest, FromRequestParts, Request},
};
use bytes::{Bytes, BytesMut};
use chassis::{
    Problem,
    extract::{Fields, Query, body_problem, require_no_coding},
    problem::{FieldError, kind, shortened},
};
use futures_util::{StreamExt, stream};
use http::{HeaderMap, HeaderValue, Method, Uri, header};

use super::{
    multipart::{self, Multipart, PartHead},
    options::{self, Choices},
};
use crate::{
    convert::{Converter, Failure, Order, Sources, Upload, Uploaded},
    error::Error,
    problem,
    source_url::SourceUrl,
};

/// Where conversions are asked for.
pub(super) const PATH: &str = "/image_to_pdf";

/// Bytes of the part with the options. They are a page of JSON at most.
const OPTIONS_BYTES_MAX: usize = 64 * 1024;
/// Bytes of a form beside its images.
const FORM_BYTES_MAX: u64 = 1024 * 1024;
const MEDIA_TYPES: HeaderValue = HeaderValue::from_static("application/json, image/*, multipart/form-data");

/// A conversion that was asked for, and what its sources are called in the answer.
pub(super) struct Asked {
    pub(super) order: Order,
    pub(super) names: Names,
}

/// What the sources of a request are called.
#[derive(Debug, Clone)]
pub(super) enum Names {
    /// `source_url`, as it was sent.
    Url(String, SourceUrl),
    /// `source_urls`.
    Urls(Vec<String>, Vec<SourceUrl>),
    /// The body.
    Body,
    /// The files of a form.
    Files,
}

impl Names {
    /// A JSON Pointer to one of them; `None` where the body is all.
    pub(super) fn pointer(&self, index: usize) -> Option<String> {
        match self {
            Self::Url(..) => Some("/source_url".to_owned()),
            Self::Urls(..) => Some(format!("/source_urls/{index}")),
            Self::Body => None,
            Self::Files => Some(format!("/files/{index}")),
        }
    }

    /// What the client reads of a conversion of them that failed.
    pub(super) fn problem(&self, failure: Failure) -> Problem {
        let is_one_of_many = matches!(self, Self::Urls(..) | Self::Files);
        problem::of(failure, is_one_of_many, |index| self.pointer(index))
    }
}

/// The media types of a body that are read, without their parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// JSON; also what is none of these, for its refusal.
    Json,
    Image,
    Form,
}

impl Kind {
    fn of(headers: &HeaderMap) -> Self {
        let text =
            headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let essence = text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match essence.as_str() {
            "multipart/form-data" => Self::Form,
            "application/octet-stream" => Self::Image,
            other if other.starts_with("image/") => Self::Image,
            _ => Self::Json,
        }
    }
}

/// How large the body of a request may be that brings its images; `None` for every other.
pub(crate) fn body_limit(source_bytes_max: u64) -> chassis::BodyLimit {
    Arc::new(move |method: &Method, uri: &Uri, headers: &HeaderMap| {
        if method != Method::POST || uri.path() != PATH {
            return None;
        }
        match Kind::of(headers) {
            Kind::Json => None,
            Kind::Image => Some(source_bytes_max),
            Kind::Form => Some(source_bytes_max.saturating_add(FORM_BYTES_MAX)),
        }
    })
}

/// Reads what is asked for. Of a body that brings images, nothing but what stands before the first of them.
pub(super) async fn read(converter: &Converter, request: Request) -> Result<Asked, Problem> {
    let (mut parts, body) = request.into_parts();
    let Query(query) = Query::<Vec<(String, String)>>::from_request_parts(&mut parts, &()).await?;
    let choices = options::of_query(&query)?;
    let request = Request::from_parts(parts, body);
    match Kind::of(request.headers()) {
        Kind::Json => read_json(request, choices, converter.sources_max()).await,
        Kind::Image => read_image(request, choices),
        Kind::Form => read_form(request, choices, converter.sources_max()).await,
    }
}

async fn read_json(request: Request, mut choices: Choices, sources_max: usize) -> Result<Asked, Problem> {
    let mut fields = Fields::from_request(request, &()).await.map_err(say_what_is_read)?;
    let parse = |text: String| SourceUrl::parse(&text).map(|url| (text, url));
    let one = fields.optional("source_url", parse);
    let many = fields.optional_each("source_urls", parse);
    let (one, many) = match (one.take(), many.take()) {
        (Some(one), Some(many)) => (one, many),
        // Their faults are listed already.
        _ => (None, None),
    };
    if !fields.has_faults() {
        let fault = match (&one, &many) {
            (None, None) => {
                Some(("source_url", "is required, or source_urls for one PDF of many images".to_owned()))
            }
            (Some(_), Some(_)) => {
                Some(("source_urls", "cannot stand beside source_url; send one of them".to_owned()))
            }
            (None, Some(many)) if many.is_empty() => {
                Some(("source_urls", "must name at least one image".to_owned()))
            }
            (None, Some(many)) if many.len() > sources_max => {
                Some(("source_urls", format!("must name at most {sources_max} images, not {}", many.len())))
            }
            _ => None,
        };
        if let Some((name, detail)) = fault {
            fields.refuse(name, detail);
        }
    }
    options::read(&mut fields, &mut choices);
    fields.finish(())?;
    let (names, urls) = match (one, many) {
        (Some((text, url)), _) => (Names::Url(text, url.clone()), vec![url]),
        (None, many) => {
            let (texts, urls): (Vec<_>, Vec<_>) = many.unwrap_or_default().into_iter().unzip();
            (Names::Urls(texts, urls.clone()), urls)
        }
    };
    Ok(Asked { order: order(Sources::Urls(urls), choices)?, names })
}

fn read_image(request: Request, choices: Choices) -> Result<Asked, Problem> {
    require_no_coding(request.headers())?;
    let begin = stream::iter([Ok(Uploaded::Begin)]);
    let data = request.into_body().into_data_stream().map(|bytes| match bytes {
        Ok(bytes) => Ok(Uploaded::Data(bytes)),
        Err(error) => Err(lost(body_problem(&error))),
    });
    let upload: Upload = begin.chain(data).boxed();
    Ok(Asked { order: order(Sources::Upload(upload), choices)?, names: Names::Body })
}

async fn read_form(request: Request, mut choices: Choices, sources_max: usize) -> Result<Asked, Problem> {
    require_no_coding(request.headers())?;
    let content_type = request.headers().get(header::CONTENT_TYPE);
    let boundary =
        multipart::boundary(content_type.and_then(|value| value.to_str().ok()).unwrap_or_default())?;
    let mut form = Form {
        multipart: Multipart::new(Body::into_data_stream(request.into_body()), &boundary),
        files: 0,
        sources_max,
        ahead: None,
    };
    let mut has_options = false;
    loop {
        match form.next_part().await? {
            None => {
                return Err(at("/files", "the form has no file: send each image as a part with a file name"));
            }
            Some(head) if head.is_options() && !has_options => {
                form.options(&mut choices).await?;
                has_options = true;
            }
            Some(head) => {
                form.check(&head)?;
                break;
            }
        }
    }
    let upload = stream::try_unfold((form, true), async |(mut form, begins)| {
        Ok(form.next(begins).await.map_err(lost)?.map(|event| (event, (form, false))))
    });
    Ok(Asked { order: order(Sources::Upload(upload.boxed()), choices)?, names: Names::Files })
}

/// A form at one of its files.
struct Form {
    multipart: Multipart,
    files: usize,
    sources_max: usize,
    /// The beginning of a file that was looked at.
    ahead: Option<Bytes>,
}

impl Form {
    /// What comes next; `begins` at its first file, whose header was read already.
    async fn next(&mut self, begins: bool) -> Result<Option<Uploaded>, Problem> {
        if begins {
            return Ok(Some(Uploaded::Begin));
        }
        let ahead = self.ahead.take();
        if let Some(bytes) = if ahead.is_some() { ahead } else { self.multipart.chunk().await? } {
            return Ok(Some(Uploaded::Data(bytes)));
        }
        let Some(head) = self.next_part().await? else { return Ok(None) };
        self.check(&head)?;
        Ok(Some(Uploaded::Begin))
    }

    /// The next part that is something: no field of a browser's for which no file was chosen.
    async fn next_part(&mut self) -> Result<Option<PartHead>, Problem> {
        loop {
            let Some(head) = self.multipart.next_part().await? else { return Ok(None) };
            if head.is_unnamed {
                self.ahead = self.multipart.chunk().await?;
            }
            if !head.is_unnamed || self.ahead.is_some() {
                return Ok(Some(head));
            }
        }
    }

    /// Whether the part that begins is one more image.
    fn check(&mut self, head: &PartHead) -> Result<(), Problem> {
        if head.is_options() {
            return Err(at(
                "/options",
                "must come once, and before the first file: images are converted as they arrive",
            ));
        }
        if !head.is_file {
            let name = shortened(head.name.chars());
            return Err(at(
                "",
                format!(
                    "The form has a part {name:?} that is no file; what is to be chosen goes into the part options, as JSON."
                ),
            ));
        }
        self.files += 1;
        if self.files > self.sources_max {
            return Err(at("/files", format!("must be at most {} files", self.sources_max)));
        }
        Ok(())
    }

    /// Reads the part with the options.
    async fn options(&mut self, choices: &mut Choices) -> Result<(), Problem> {
        let mut text = BytesMut::new();
        while let Some(bytes) = self.multipart.chunk().await? {
            if text.len() + bytes.len() > OPTIONS_BYTES_MAX {
                return Err(at("/options", format!("must have at most {OPTIONS_BYTES_MAX} bytes")));
            }
            text.extend_from_slice(&bytes);
        }
        let mut fields = Fields::from_json(&text).map_err(|error| at("/options", error.to_string()))?;
        options::read(&mut fields, choices);
        fields.finish(())
    }
}

impl PartHead {
    fn is_options(&self) -> bool {
        self.name == "options"
    }
}

fn order(sources: Sources, choices: Choices) -> Result<Order, Problem> {
    let Choices { mut options, on_error, .. } = choices.checked()?;
    // What is stored or answered here, others open unseen.
    options.check_scans = true;
    Ok(Order { sources, options, on_error: on_error.unwrap_or_default() })
}

fn at(pointer: &str, detail: impl Into<String>) -> Problem {
    Problem::invalid_fields(vec![FieldError { pointer: pointer.to_owned(), detail: detail.into() }])
}

/// What the request's own body is at fault for.
fn lost(problem: Problem) -> Error {
    Error::Body(Box::new(problem))
}

/// A refused media type is told all that are read.
fn say_what_is_read(problem: Problem) -> Problem {
    if problem.kind() != kind::UNSUPPORTED_MEDIA_TYPE || problem.detail().contains("Content-Encoding") {
        return problem;
    }
    kind::UNSUPPORTED_MEDIA_TYPE
        .because(
            "The request's Content-Type is none that is read; send application/json in UTF-8 with a source_url, an \
             image as image/*, or multipart/form-data with files.",
        )
        .header(header::ACCEPT, MEDIA_TYPES)
}
