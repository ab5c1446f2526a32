//! `Idempotency-Key`: an add that is sent again is made once.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
};

use aws_lc_rs::digest;
use axum::extract::FromRequestParts;
use chassis::{Problem, problem::kind};
use http::{HeaderName, request::Parts};

use crate::{
    Error,
    domain::{IdempotencyKey, InvalidKey, Once},
};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The request's key, if it has one.
#[derive(Debug)]
pub(super) struct Key(Option<IdempotencyKey>);

/// The keys of requests that are being answered by this process.
#[derive(Debug, Default)]
pub(super) struct InFlight(Mutex<HashSet<IdempotencyKey>>);

/// The place of one of them, until it is dropped.
#[derive(Debug)]
pub(super) struct Flight {
    all: Arc<InFlight>,
    key: IdempotencyKey,
}

impl Key {
    /// Takes the key for this request, whose body is given; `None` where there is no key.
    pub(super) fn take(self, all: &Arc<InFlight>, body: &[u8]) -> Result<Option<(Once, Flight)>, Error> {
        let Some(key) = self.0 else { return Ok(None) };
        if !all.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key.clone()) {
            return Err(Error::KeyInUse);
        }
        let flight = Flight { all: Arc::clone(all), key: key.clone() };
        let mut request = [0; 32];
        request.copy_from_slice(digest::digest(&digest::SHA256, body).as_ref());
        Ok(Some((Once { key, request }, flight)))
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.all.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
    }
}

impl<S: Sync> FromRequestParts<S> for Key {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let mut values = parts.headers.get_all(IDEMPOTENCY_KEY).iter();
        let Some(value) = values.next() else { return Ok(Self(None)) };
        let key = value.to_str().ok().filter(|_| values.next().is_none()).ok_or(InvalidKey);
        key.and_then(IdempotencyKey::parse)
            .map(|key| Self(Some(key)))
            .map_err(|error| kind::MALFORMED_REQUEST.because(format!("The header Idempotency-Key {error}.")))
    }
}
