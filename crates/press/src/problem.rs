//! What the client reads of each [`Error`]: the kinds of problem that only this service has.

use std::time::Duration;

use chassis::problem::{FieldError, Kind, Problem, kind};
use http::StatusCode;

use crate::{
    convert::{Failure, SourceFailure},
    error::Error,
};

/// When to try again after the store failed: it is asked anew by each request, and recovers by itself.
const STORE_RETRY_AFTER: Duration = Duration::from_secs(5);

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $slug:literal, $status:ident, $title:literal;)*) => {
        $($(#[$doc])* pub const $name: Kind = Kind::new($slug, StatusCode::$status, $title);)*
        /// Every kind above, for the page that explains them.
        pub const ALL: &[Kind] = &[$($name),*];
    };
}

kinds! {
    /// The source may not be fetched: its host, its address, its port, or where it redirects to.
    SOURCE_REFUSED = "source-refused", UNPROCESSABLE_ENTITY, "Source refused";
    /// The source is longer than `SOURCE_BYTES_MAX`.
    SOURCE_TOO_LARGE = "source-too-large", UNPROCESSABLE_ENTITY, "Source too large";
    /// The source is no image, or one of a kind that is not converted.
    IMAGE_UNSUPPORTED = "image-unsupported", UNPROCESSABLE_ENTITY, "Image not supported";
    /// The source is an image, and broken.
    IMAGE_BROKEN = "image-broken", UNPROCESSABLE_ENTITY, "Image broken";
    /// The image is beyond a limit of the conversion.
    IMAGE_TOO_LARGE = "image-too-large", UNPROCESSABLE_ENTITY, "Image too large";
    /// Several sources are no good, for reasons of different kinds.
    SOURCES_FAILED = "sources-failed", UNPROCESSABLE_ENTITY, "Sources failed";
    /// There is no connection to the source.
    SOURCE_UNREACHABLE = "source-unreachable", BAD_GATEWAY, "Source unreachable";
    /// The source answered with something else than an image, or broke off.
    SOURCE_FAILED = "source-failed", BAD_GATEWAY, "Source failed";
    /// The source was too slow.
    SOURCE_TIMED_OUT = "source-timed-out", GATEWAY_TIMEOUT, "Source timed out";
    /// As many conversions as can wait are waiting.
    CONVERSIONS_BUSY = "conversions-busy", SERVICE_UNAVAILABLE, "Too many conversions";
    /// The store does not take PDFs at the moment.
    STORE_UNAVAILABLE = "store-unavailable", SERVICE_UNAVAILABLE, "Store unavailable";
    /// The byte range that was asked for lies behind the end of the PDF.
    RANGE_NOT_SATISFIABLE = "range-not-satisfiable", RANGE_NOT_SATISFIABLE, "Range not satisfiable";
}

/// Problems that one answer lists.
const ERRORS_MAX: usize = 20;

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Refused(refusal) => SOURCE_REFUSED.because(refusal.to_string()),
            Error::SourceTooLarge { .. } => SOURCE_TOO_LARGE.because(error.to_string()),
            // Which of the choices do not fit the images, its words say.
            Error::Image(pdf_engine::Error::Layout { detail }) => {
                Self::invalid_fields(vec![FieldError { pointer: String::new(), detail }])
            }
            Error::Image(image) => match image_kind(&image) {
                Some(kind) => kind.because(image.to_string()),
                None => Self::internal(Error::Image(image)),
            },
            Error::Unreachable { .. } => SOURCE_UNREACHABLE.because(error.to_string()).caused_by(error),
            Error::Answered(_) => SOURCE_FAILED.because(error.to_string()),
            Error::BrokenOff(_) => SOURCE_FAILED.because(error.to_string()).caused_by(error),
            Error::TooSlow(_) => SOURCE_TIMED_OUT.because(error.to_string()),
            Error::Busy { retry_after } => CONVERSIONS_BUSY
                .because("As many conversions as this server takes are running and waiting.")
                .retry_after(retry_after),
            Error::StoreUnavailable(_) => STORE_UNAVAILABLE
                .because("The PDF could not be stored. Try again in a moment.")
                .retry_after(STORE_RETRY_AFTER)
                .caused_by(error),
            Error::Body(problem) => *problem,
            Error::NotTaken => kind::REQUEST_TIMEOUT.because("The PDF was not taken in time."),
            Error::StoreRefused(_) | Error::Internal(_) => Self::internal(error),
        }
    }
}

/// What the client reads of a conversion that failed. `pointer` says where in the request a source stands; one of many is
/// pointed at whatever is wrong with it.
///
/// Sources that are no good for one kind of reason are told by that kind, whether they are one or many; where the kinds
/// differ, it is [`SOURCES_FAILED`].
pub(crate) fn of(
    failure: Failure,
    is_one_of_many: bool,
    pointer: impl Fn(usize) -> Option<String>,
) -> Problem {
    let failures = match failure {
        Failure::Whole(error) => return error.into(),
        Failure::Sources(failures) => failures,
    };
    let mut problems =
        failures.into_iter().map(|SourceFailure { index, error }| (index, Problem::from(error)));
    let Some((first_index, first)) = problems.next() else {
        return Problem::internal(Error::Internal("a conversion had no source".to_owned()));
    };
    let others: Vec<_> = problems.collect();
    let is_at = |problem: &Problem| problem.kind().status.is_client_error();
    if others.is_empty() {
        // Where the only source does not answer, its URL is not at fault, and the client may do the same again.
        return match pointer(first_index) {
            Some(pointer) if is_at(&first) || is_one_of_many => first.at(pointer),
            _ => first,
        };
    }
    let count = others.len() + 1;
    let kind = first.kind();
    let kind = if others.iter().all(|(_, other)| other.kind() == kind) {
        kind
    } else if others.iter().any(|(_, other)| is_at(other)) || is_at(&first) {
        SOURCES_FAILED
    } else {
        // None of the URLs is at fault: what fits all of them is that their hosts failed.
        SOURCE_FAILED
    };
    let told = count.min(ERRORS_MAX);
    let more = if told < count { format!("; the first {told} are listed") } else { String::new() };
    let mut problem = kind.because(format!("{count} of the sources cannot be converted{more}."));
    for (index, other) in [(first_index, first)].into_iter().chain(others).take(ERRORS_MAX) {
        problem = problem.with_error(FieldError {
            pointer: pointer(index).unwrap_or_default(),
            detail: other.detail().to_owned(),
        });
    }
    problem
}

/// A source that was left out, as the problem of it alone would tell it.
pub(crate) fn field_error(failure: SourceFailure, pointer: impl Fn(usize) -> Option<String>) -> FieldError {
    let SourceFailure { index, error } = failure;
    FieldError {
        pointer: pointer(index).unwrap_or_default(),
        detail: Problem::from(error).detail().to_owned(),
    }
}

/// `None` where the image is not at fault.
fn image_kind(error: &pdf_engine::Error) -> Option<Kind> {
    match error {
        pdf_engine::Error::Unsupported { .. } => Some(IMAGE_UNSUPPORTED),
        pdf_engine::Error::Malformed { .. } => Some(IMAGE_BROKEN),
        pdf_engine::Error::TooLarge { .. } => Some(IMAGE_TOO_LARGE),
        _ => None,
    }
}
