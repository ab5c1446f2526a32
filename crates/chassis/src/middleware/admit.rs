//! Which requests are for this service at all: well-formed paths, and hosts that it answers for.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::Version;

use super::{PROBES, uri::decodes};
use crate::{
    Problem,
    address::{self, LinkBase, Scheme},
    app::Context,
    problem::kind,
};

/// Refuses what is not meant for this service, and tells handlers the base of its links.
pub(super) async fn admit(State(context): State<Arc<Context>>, mut request: Request, next: Next) -> Response {
    match link_base(&context, &request) {
        Ok(base) => {
            if let Some(base) = base {
                request.extensions_mut().insert(base);
            }
            next.run(request).await
        }
        Err(problem) => problem.into_response(),
    }
}

fn link_base(context: &Context, request: &Request) -> Result<Option<LinkBase>, Problem> {
    if !decodes(request.uri().path()) {
        return Err(kind::MALFORMED_REQUEST
            .because("The path has a % that is not followed by two hexadecimal digits, or is not UTF-8."));
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
    let allowed = &context.hosts.allowed_hosts;
    let served = allowed.is_empty()
        || PROBES.contains(&request.uri().path())
        || authority.as_ref().is_some_and(|authority| allowed.iter().any(|host| host.admits(authority)));
    if !served {
        return Err(kind::MISDIRECTED_REQUEST.because(
            "This service does not answer for the Host of this request; ask it by a name from ALLOWED_HOSTS.",
        ));
    }
    let asked = authority.filter(|_| context.on_loopback).map(|authority| {
        let scheme = request.extensions().get::<Scheme>().copied().unwrap_or(Scheme::Http);
        LinkBase::Asked(scheme, authority)
    });
    Ok(context.public_url.clone().map(LinkBase::Known).or(asked))
}
