//! Who asks, as far as a token tells.

use std::{marker::PhantomData, sync::Arc};

use axum::extract::FromRequestParts;
use http::{HeaderMap, header, request::Parts};

use crate::{
    Problem,
    middleware::Arrival,
    tokens::{Keyring, Scope, Token},
};

/// Who asks. It refuses nobody by itself: a handler says what it wants with [`Caller::require`], or takes [`Allowed`]
/// instead.
#[derive(Debug, Clone)]
pub struct Caller(Credentials);

/// Something that is closed to strangers where `API_TOKENS_FILE` is set.
pub trait Permission {
    /// What a token must allow for it.
    const SCOPE: Scope;
}

/// A caller who has this permission. It stands before the body among a handler's arguments, so that nothing is read
/// of a stranger:
///
/// ```
/// use chassis::{extract::{Allowed, Permission}, tokens::Scope};
///
/// struct Write;
///
/// impl Permission for Write {
///     const SCOPE: Scope = Scope::new("fruits:write");
/// }
///
/// async fn add_fruit(_caller: Allowed<Write>, body: String) {}
/// ```
#[derive(Debug)]
pub struct Allowed<P>(PhantomData<P>);

#[derive(Debug, Clone)]
enum Credentials {
    /// `API_TOKENS_FILE` is not set: everyone may do everything.
    NotAskedFor,
    Missing,
    Malformed,
    Unknown,
    Known(Arc<Token>),
}

impl Caller {
    /// Refuses the request unless its token has this scope: 401 without a token or with one that is not known, 403
    /// with one that may do other things, both with the challenge of RFC 6750. Where `API_TOKENS_FILE` is not set,
    /// everyone may do everything.
    pub fn require(&self, scope: Scope) -> Result<(), Problem> {
        match &self.0 {
            Credentials::NotAskedFor => Ok(()),
            Credentials::Known(token) if token.may(scope) => Ok(()),
            Credentials::Known(_) => Err(scope.insufficient()),
            Credentials::Missing => Err(scope.missing()),
            Credentials::Malformed => Err(scope.malformed()),
            Credentials::Unknown => Err(scope.invalid()),
        }
    }

    /// Whether a token is asked for and none was sent. Who sends one wants to be known by it: for whether it is known,
    /// [`require`](Self::require) is the one to ask.
    pub fn is_anonymous(&self) -> bool {
        matches!(self.0, Credentials::Missing)
    }

    /// The name of the caller's token, where there is a known one.
    pub fn name(&self) -> Option<&str> {
        match &self.0 {
            Credentials::Known(token) => Some(&token.name),
            _ => None,
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let arrival = Arrival::in_parts(parts)?;
        let Some(keyring) = &arrival.context.keyring else { return Ok(Self(Credentials::NotAskedFor)) };
        let credentials = credentials(keyring, &parts.headers);
        if let Credentials::Known(token) = &credentials {
            arrival.name_caller(token);
        }
        Ok(Self(credentials))
    }
}

impl<S: Send + Sync, P: Permission> FromRequestParts<S> for Allowed<P> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        Caller::from_request_parts(parts, state).await?.require(P::SCOPE)?;
        Ok(Self(PhantomData))
    }
}

/// The token that a request came with, where there is one and it is known.
pub(crate) fn known_token(keyring: &Keyring, headers: &HeaderMap) -> Option<Arc<Token>> {
    match credentials(keyring, headers) {
        Credentials::Known(token) => Some(token),
        _ => None,
    }
}

fn credentials(keyring: &Keyring, headers: &HeaderMap) -> Credentials {
    let mut given = headers.get_all(header::AUTHORIZATION).iter();
    let value = match (given.next(), given.next()) {
        (None, _) => return Credentials::Missing,
        (Some(value), None) => value.to_str().unwrap_or_default(),
        (Some(_), Some(_)) => return Credentials::Malformed,
    };
    match value.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => match token.trim_matches(' ') {
            token if !is_token68(token) => Credentials::Malformed,
            token => keyring.find(token).map_or(Credentials::Unknown, Credentials::Known),
        },
        None if value.eq_ignore_ascii_case("bearer") => Credentials::Malformed,
        // Credentials of another kind are none: the challenge says which would do.
        _ => Credentials::Missing,
    }
}

/// RFC 9110 section 11.2.
fn is_token68(token: &str) -> bool {
    let digits = token.trim_end_matches('=');
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte))
}
