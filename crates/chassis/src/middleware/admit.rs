//! Which requests are for this service at all: well-formed paths, and hosts that it answers for.

use axum::extract::Request;
use http::Version;

use super::{PROBES, uri::decodes};
use crate::{Problem, address, app::Context, problem::kind};

/// Refuses what is not meant for this service.
pub(super) fn admit(context: &Context, request: &Request) -> Result<(), Problem> {
    if !decodes(request.uri().path()) {
        return Err(kind::MALFORMED_REQUEST
            .because("The path has a % that is not followed by two hexadecimal digits, or is not UTF-8."));
    }
    let allowed = &context.hosts.allowed_hosts;
    if allowed.is_empty() && address::has_plain_host(request.uri(), request.headers()) {
        return Ok(());
    }
    let authority = match address::authority(request.uri(), request.headers()) {
        Ok(authority) => Some(authority),
        // HTTP/1.0 knows no Host, and probes need none.
        Err(_)
            if request.version() == Version::HTTP_10
                && request.headers().get(http::header::HOST).is_none() =>
        {
            None
        }
        Err(_) if PROBES.contains(&request.uri().path()) => None,
        Err(problem) => return Err(problem),
    };
    let served = allowed.is_empty()
        || PROBES.contains(&request.uri().path())
        || authority.as_ref().is_some_and(|authority| allowed.iter().any(|host| host.admits(authority)));
    if !served {
        return Err(kind::MISDIRECTED_REQUEST.because(
            "This service does not answer for the Host of this request; ask it by a name from ALLOWED_HOSTS.",
        ));
    }
    Ok(())
}
