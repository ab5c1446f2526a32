//! Who may change the catalogue. Reading it is open to everyone.

use axum::extract::FromRequestParts;
use chassis::{Problem, extract::Caller, tokens::Scope};
use http::request::Parts;

/// What a token must allow, where `API_TOKENS_FILE` is set.
pub(super) const WRITE: Scope = Scope::new("fruits:write");

/// A caller who may change the catalogue. It stands before the body among a handler's arguments, so that nothing
/// is read of a stranger.
#[derive(Debug)]
pub(super) struct MayChange;

impl<S: Send + Sync> FromRequestParts<S> for MayChange {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        Caller::from_request_parts(parts, state).await?.require(WRITE)?;
        Ok(Self)
    }
}
