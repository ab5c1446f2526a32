//! The HTTP face of press: one file an operation.

mod accept;
mod conditions;
mod image_to_pdf;
mod multipart;
mod options;
mod pdfs;
mod request;
mod schema;

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    routing::{get, post},
};
use chassis::{
    extract::Permission as _,
    problem::{FieldError, Problem, kind},
    tokens::BearerToken,
};
use utoipa::OpenApi;

use crate::{
    convert::{Converter, Failure, SourceFailure},
    error::{Answer, Error, Refusal, Slow, Unreachable},
    problem,
    source_url::Invalid,
    storage::Store,
};

pub(crate) use request::body_limit;

/// The routes. `/pdfs` is there only where this service itself keeps the PDFs.
pub(crate) fn router(converter: Arc<Converter>) -> Router {
    let create = post(image_to_pdf::create_pdf).route_layer(chassis::rate_limited());
    let mut router = Router::new().route(request::PATH, create);
    if let Store::Folder(_) = converter.store() {
        router = router.route("/pdfs/{file}", get(pdfs::get_pdf));
    }
    router.with_state(converter)
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "press",
        description = "Converts images to PDF without losing a pixel: it fetches images by their URLs, or takes them as \
                       they are, stores the PDF and answers with the URL that downloads it, or with the PDF itself."
    ),
    tags((name = "pdfs", description = "PDFs made of images")),
    paths(image_to_pdf::create_pdf, pdfs::get_pdf),
    components(schemas(chassis::problem::Body<'static>, FieldError)),
    modifiers(&BearerToken),
)]
struct Api;

/// The description of the routes.
pub(crate) fn openapi() -> utoipa::openapi::OpenApi {
    let mut api = Api::openapi();
    for path in api.paths.paths.values_mut() {
        let create = path.post.as_mut().map(|operation| (operation, problems_of_conversions()));
        let get = path.get.as_mut().map(|operation| (operation, problems_of_downloads()));
        for (operation, problems) in create.into_iter().chain(get) {
            let problems: Vec<_> = problems.into_iter().chain(chassis::problem::common()).collect();
            operation.responses.responses.extend(chassis::problem::responses(&problems));
        }
    }
    api
}

/// One of each kind that `POST /image_to_pdf` answers.
fn problems_of_conversions() -> Vec<Problem> {
    let one = |error| {
        let failures = vec![SourceFailure { index: 0, error }];
        problem::of(Failure::Sources(failures), false, |_| Some("/source_url".to_owned()))
    };
    let image = |error| one(Error::Image(error));
    let not_image = || {
        Error::Image(pdf_engine::Error::Unsupported {
            index: 1,
            detail: "this is a PDF document already".to_owned(),
        })
    };
    let cause = "as an example";
    let [missing, insufficient] = image_to_pdf::Convert::SCOPE.refusals();
    vec![
        missing,
        insufficient,
        kind::MALFORMED_REQUEST.because("The body is not valid JSON: expected `}` at line 1 column 40."),
        kind::REQUEST_TIMEOUT.because("The request's body did not arrive in time."),
        kind::BODY_TOO_LARGE.because("The request's body is larger than 1048576 bytes."),
        kind::UNSUPPORTED_MEDIA_TYPE.because(
            "The request's Content-Type is none that is read; send application/json in UTF-8 with a source_url, an \
             image as image/*, or multipart/form-data with files.",
        ),
        Problem::invalid_fields(vec![FieldError {
            pointer: "/source_url".to_owned(),
            detail: Invalid::Scheme.to_string(),
        }]),
        one(Error::Refused(Refusal::Address)),
        one(Error::SourceTooLarge { limit_bytes: 268_435_456 }),
        problem::of(
            Failure::Sources(vec![
                SourceFailure { index: 1, error: not_image() },
                SourceFailure { index: 4, error: Error::Answered(Answer::Status(404)) },
            ]),
            true,
            |index| Some(format!("/source_urls/{index}")),
        ),
        image(pdf_engine::Error::Unsupported {
            index: 0,
            detail: "this is a HEIC image; JPEG, PNG, WebP, GIF, TIFF, BMP, AVIF, JPEG 2000, PNM, ICO, TGA, JBIG2, JPEG XL, QOI and farbfeld are converted".to_owned(),
        }),
        image(pdf_engine::Error::Malformed { index: 0, detail: "the PNG ends after 1,234 bytes".to_owned() }),
        image(pdf_engine::Error::TooLarge {
            index: 0,
            limit: "pixels_max",
            max: 1_000_000_000,
            detail:
                "the image has 4,611,686,014,132,420,609 pixels; at most 1,000,000,000 are converted here"
                    .to_owned(),
        }),
        chassis::too_many_requests(120, Duration::from_millis(500)),
        Error::unreachable(Unreachable::Resolve, cause).into(),
        Error::Answered(Answer::Status(404)).into(),
        Error::Busy { retry_after: Duration::from_secs(10) }.into(),
        Error::StoreUnavailable(cause.into()).into(),
        Error::TooSlow(Slow::Total(Duration::from_secs(30))).into(),
    ]
}

/// One of each kind that `GET /pdfs/{name}.pdf` answers.
fn problems_of_downloads() -> Vec<Problem> {
    vec![
        kind::NOT_FOUND.because("There is no PDF of that name."),
        pdfs::not_meant(),
        problem::RANGE_NOT_SATISFIABLE.because("The PDF has 226933 bytes."),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_problem_is_documented() {
        let documented: Vec<_> =
            problems_of_conversions().iter().chain(&problems_of_downloads()).map(Problem::kind).collect();
        for kind in problem::ALL {
            assert!(documented.contains(kind), "{}", kind.slug);
        }
    }
}
