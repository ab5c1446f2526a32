//! Who must act on what a store answered.

use std::error::Error as StdError;

use object_store::client::{HttpError, HttpErrorKind};

use crate::error::{Cause, Error};

/// How the library words a status; it does not hand out the status of every request.
const STATUS_WORDS: &str = "non-2xx status code: ";

/// A request that was refused for want of a right.
#[derive(Debug, thiserror::Error)]
#[error("the store answered 403; what this needs is {right}")]
struct Denied {
    right: &'static str,
    source: object_store::Error,
}

/// An operator where the store will refuse the next PDF as well, else nobody. `right` is what was needed.
pub(super) fn judge(error: object_store::Error, right: Option<&'static str>) -> Error {
    use object_store::Error as E;
    let permanent = is_permanent(&error);
    let denied = matches!(error, E::PermissionDenied { .. }) || status(&error) == Some(403);
    let cause = match right {
        Some(right) if denied => Cause::from(Denied { right, source: error }),
        _ => Cause::from(error),
    };
    if permanent { Error::StoreRefused(cause) } else { Error::StoreUnavailable(cause) }
}

/// Whether the same request will fail again.
pub(super) fn is_permanent(error: &object_store::Error) -> bool {
    use object_store::Error as E;
    let permanent = matches!(
        error,
        E::PermissionDenied { .. }
            | E::Unauthenticated { .. }
            | E::NotFound { .. }
            | E::NotSupported { .. }
            | E::NotImplemented { .. }
            | E::InvalidPath { .. }
            | E::UnknownConfigurationKey { .. }
    ) || matches!(status(error), Some(401 | 403 | 404));
    // The bucket is there: this upload is not, any more. Another will be.
    permanent && !error.to_string().contains("NoSuchUpload")
}

/// Whether the request may have been carried out, though no answer was heard.
pub(super) fn is_unheard(error: &object_store::Error) -> bool {
    matches!(kind(error), Some(HttpErrorKind::Timeout | HttpErrorKind::Interrupted))
}

/// Whether there may be an object, though the request that makes it failed: no answer was heard, or one that says that
/// an earlier try was carried out.
pub(super) fn may_be_done(error: &object_store::Error) -> bool {
    if let Some(kind) = kind(error) {
        return kind != HttpErrorKind::Connect;
    }
    let said = error.to_string();
    ["NoSuchUpload", "InvalidBlockList"].iter().any(|code| said.contains(code))
}

/// Whether there is an object of the name. A 409 alone does not say that: it is also answered for a bucket that is
/// being deleted, or for two requests at a time.
pub(super) fn is_taken(error: &object_store::Error) -> bool {
    let object_store::Error::AlreadyExists { source, .. } = error else { return false };
    let said = source.to_string();
    status_in(&said) != Some(409) || said.contains("BlobAlreadyExists")
}

/// How the connection failed, where it did.
fn kind(error: &object_store::Error) -> Option<HttpErrorKind> {
    let mut next: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(error) = next {
        if let Some(http) = error.downcast_ref::<HttpError>() {
            return Some(http.kind());
        }
        next = error.source();
    }
    None
}

/// The status that was answered, where one was.
fn status(error: &object_store::Error) -> Option<u16> {
    status_in(&error.to_string())
}

fn status_in(words: &str) -> Option<u16> {
    words.split_once(STATUS_WORDS)?.1.get(..3)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use object_store::Error as E;

    use super::*;

    fn generic(words: &'static str) -> E {
        E::Generic { store: "GCS", source: words.into() }
    }

    #[test]
    fn a_status_that_only_words_tell_decides_as_well() {
        for (error, expected) in [
            (
                generic("Server returned non-2xx status code: 403 Forbidden: <a>"),
                "refused the PDF: 403; needs it",
            ),
            (generic("Server returned non-2xx status code: 401 Unauthorized: "), "refused the PDF"),
            (generic("Server returned non-2xx status code: 404 Not Found: "), "refused the PDF"),
            (generic("Server returned non-2xx status code: 404 Not Found: NoSuchUpload"), "not available"),
            (generic("Server returned non-2xx status code: 503 Busy: 403"), "not available"),
            (generic("Server returned non-2xx status code: 40"), "not available"),
            (
                E::PermissionDenied { path: String::new(), source: "".into() },
                "refused the PDF: 403; needs it",
            ),
            (generic("broken"), "not available"),
        ] {
            let said = error.to_string();
            let judged = judge(error, Some("it"));
            let denied = judged.source().is_some_and(|cause| cause.to_string().contains("needs is it"));
            let shown = format!("{judged}{}", if denied { ": 403; needs it" } else { "" });
            assert!(shown.ends_with(expected), "{said}: {shown}");
        }
    }

    #[test]
    fn what_was_not_heard_of_may_be_done() {
        let cut = |kind| {
            let http = HttpError::new(kind, std::io::Error::other("cut"));
            E::Generic { store: "GCS", source: http.into() }
        };
        for (error, unheard, done) in [
            (cut(HttpErrorKind::Timeout), true, true),
            (cut(HttpErrorKind::Interrupted), true, true),
            // Sent and tried again by the library itself.
            (cut(HttpErrorKind::Request), false, true),
            (cut(HttpErrorKind::Decode), false, true),
            (cut(HttpErrorKind::Connect), false, false),
            (generic("404 Not Found: <Code>NoSuchUpload</Code>"), false, true),
            (generic("400 Bad Request: <Code>InvalidBlockList</Code>"), false, true),
            (generic("non-2xx status code: 503 Busy"), false, false),
            (generic("non-2xx status code: 403 Forbidden"), false, false),
        ] {
            assert_eq!((is_unheard(&error), may_be_done(&error)), (unheard, done), "{error}");
        }
    }

    #[test]
    fn a_name_is_taken_only_where_the_store_says_so() {
        for (said, expected) in [
            ("Server returned non-2xx status code: 412 Precondition Failed: ", true),
            ("Server returned non-2xx status code: 409 Conflict: <Code>BlobAlreadyExists</Code>", true),
            ("Server returned non-2xx status code: 409 Conflict: <Code>ContainerBeingDeleted</Code>", false),
            ("Server returned non-2xx status code: 409 Conflict: <Code>OperationAborted</Code>", false),
        ] {
            let error = E::AlreadyExists { path: String::new(), source: said.into() };
            assert_eq!(is_taken(&error), expected, "{said}");
        }
        assert!(!is_taken(&generic("412")));
    }
}
