//! Who may change the catalogue. Reading it is open to everyone.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use chassis::{
    Problem,
    extract::{Caller, Permission},
    tokens::Scope,
};
use http::request::Parts;

use super::Catalogue;

/// Changing the catalogue.
#[derive(Debug)]
pub(super) struct Write;

impl Permission for Write {
    const SCOPE: Scope = Scope::new("fruits:write");
}

/// A caller who may add, and how much. As [`Allowed`](chassis::extract::Allowed), it stands before the body.
#[derive(Debug)]
pub(super) enum MayAdd {
    /// As much as one request takes.
    Several,
    /// One fruit: a caller without a token, where `ALLOW_ANONYMOUS_ADD` lets such add. More is refused with this.
    One(Problem),
}

impl FromRequestParts<Arc<Catalogue>> for MayAdd {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, catalogue: &Arc<Catalogue>) -> Result<Self, Problem> {
        let caller = Caller::from_request_parts(parts, catalogue).await?;
        match caller.require(Write::SCOPE) {
            Ok(()) => Ok(Self::Several),
            Err(refusal) if catalogue.anonymous_add && caller.is_anonymous() => Ok(Self::One(refusal)),
            Err(refusal) => Err(refusal),
        }
    }
}
