//! What the client reads of each [`Error`]: the kinds of problem that only this service has.

use std::time::Duration;

use chassis::problem::{Kind, Problem};
use http::StatusCode;

use crate::error::Error;

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

/// Where the fault of a source is, in the request's body.
const SOURCE_URL: &str = "/source_url";

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match &error {
            Error::Refused(refusal) => SOURCE_REFUSED.because(refusal.to_string()).at(SOURCE_URL),
            Error::SourceTooLarge { .. } => SOURCE_TOO_LARGE.because(error.to_string()).at(SOURCE_URL),
            Error::Image(image) => image_problem(image).unwrap_or_else(|| Self::internal(error)),
            Error::Unreachable { .. } => SOURCE_UNREACHABLE.because(error.to_string()).caused_by(error),
            Error::Answered(_) => SOURCE_FAILED.because(error.to_string()),
            Error::BrokenOff(_) => SOURCE_FAILED.because(error.to_string()).caused_by(error),
            Error::TooSlow(_) => SOURCE_TIMED_OUT.because(error.to_string()),
            Error::Busy { retry_after } => CONVERSIONS_BUSY
                .because("As many conversions as this server takes are running and waiting.")
                .retry_after(*retry_after),
            Error::StoreUnavailable(_) => STORE_UNAVAILABLE
                .because("The PDF could not be stored. Try again in a moment.")
                .retry_after(STORE_RETRY_AFTER)
                .caused_by(error),
            Error::StoreRefused(_) | Error::Internal(_) => Self::internal(error),
        }
    }
}

/// `None` where the image is not at fault.
fn image_problem(error: &pdf_engine::Error) -> Option<Problem> {
    let kind = match error {
        pdf_engine::Error::Unsupported { .. } => IMAGE_UNSUPPORTED,
        pdf_engine::Error::Malformed { .. } => IMAGE_BROKEN,
        pdf_engine::Error::TooLarge { .. } => IMAGE_TOO_LARGE,
        _ => return None,
    };
    Some(kind.because(error.to_string()).at(SOURCE_URL))
}
