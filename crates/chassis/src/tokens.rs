//! Named bearer tokens (RFC 6750): who may do what is not open to everyone.
//!
//! `API_TOKENS_FILE` has a line for each token: its name, its hash, and the scopes that it is limited to. Without any
//! it may do everything. Empty lines, and lines that begin with `#`, say nothing.
//!
//! ```text
//! # The nightly import, until the end of March.
//! importer  sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08  fruits:write
//! operator  sha256:60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752
//! ```
//!
//! The file holds hashes alone, so that nobody who reads it, or a backup of it, can use what is in there. They are
//! SHA-256 and not a slow hash as passwords need: a token is 256 random bits ([`generate`]), which cannot be guessed at
//! any speed. A slow hash would only slow down each request, and let strangers keep the service busy.
//!
//! What a service closes, it says in its handlers: see [`Caller`](crate::extract::Caller) and [`Scope`].

mod file;
mod keyring;

use std::{fmt, str::FromStr};

use anyhow::Context;
use aws_lc_rs::{constant_time, digest, rand};
use http::{HeaderValue, header};
use utoipa::{
    Modify,
    openapi::{
        OpenApi,
        security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};

use crate::{Problem, problem::kind};
pub(crate) use file::{Token, read};
pub(crate) use keyring::Keyring;

/// What a generated token begins with, so that scanners for leaked secrets know one.
const PREFIX: &str = "fruitpress_";
const RANDOM_BYTES: usize = 32;

/// The name of the security scheme in API descriptions: `security(("token" = ["fruits:write"]))`.
pub const SECURITY_SCHEME: &str = "token";

/// A new token: `fruitpress_` and 64 hexadecimal digits, which are 256 bits of the system's randomness. To be shown
/// once, and kept as its [`hash`] alone.
pub fn generate() -> anyhow::Result<String> {
    let mut bytes = [0; RANDOM_BYTES];
    rand::fill(&mut bytes).ok().context("the system gives no random bytes")?;
    Ok(format!("{PREFIX}{}", Hex(&bytes)))
}

/// What a token is known by: `sha256:` and 64 hexadecimal digits, as `API_TOKENS_FILE` holds it.
pub fn hash(token: &str) -> TokenHash {
    let mut hash = [0; digest::SHA256_OUTPUT_LEN];
    hash.copy_from_slice(digest::digest(&digest::SHA256, token.as_bytes()).as_ref());
    TokenHash(hash)
}

/// The SHA-256 of a token.
#[derive(Clone, Copy)]
pub struct TokenHash([u8; digest::SHA256_OUTPUT_LEN]);

impl PartialEq for TokenHash {
    /// Takes the same time wherever the two differ.
    fn eq(&self, other: &Self) -> bool {
        constant_time::verify_slices_are_equal(&self.0, &other.0).is_ok()
    }
}

impl Eq for TokenHash {}

impl fmt::Display for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256:{}", Hex(&self.0))
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for TokenHash {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        let fault = "the hash must be `sha256:` and 64 hexadecimal digits";
        let digits = text.strip_prefix("sha256:").ok_or(fault)?.as_bytes();
        let mut hash = [0; digest::SHA256_OUTPUT_LEN];
        if digits.len() != 2 * hash.len() {
            return Err(fault);
        }
        let value = |digit: u8| char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
        for (byte, pair) in hash.iter_mut().zip(digits.chunks_exact(2)) {
            let (high, low) = (value(pair[0]).ok_or(fault)?, value(pair[1]).ok_or(fault)?);
            *byte = high << 4 | low;
        }
        Ok(Self(hash))
    }
}

struct Hex<'a>(&'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Something that a token may be limited to, such as `fruits:write`; services declare theirs as constants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scope(&'static str);

impl Scope {
    /// A scope: 1 to 64 of `[a-z0-9:._-]`.
    ///
    /// # Panics
    /// Where it is another text; in a constant, that is an error of the compiler.
    pub const fn new(name: &'static str) -> Self {
        assert!(file::is_scope(name.as_bytes()), "a scope is 1 to 64 of a-z, 0-9, colon, dot, - and _");
        Self(name)
    }

    /// Its name.
    pub const fn name(self) -> &'static str {
        self.0
    }

    /// How requests without it are refused, for API descriptions: 401 and 403.
    pub fn refusals(self) -> [Problem; 2] {
        [self.missing(), self.insufficient()]
    }

    /// RFC 6750 section 3: without any credentials, the challenge names no error.
    pub(crate) fn missing(self) -> Problem {
        kind::UNAUTHORIZED
            .because("This needs a token; send it as `Authorization: Bearer TOKEN`.")
            .header(header::WWW_AUTHENTICATE, self.challenge(None))
    }

    pub(crate) fn malformed(self) -> Problem {
        kind::MALFORMED_REQUEST
            .because("The Authorization header must be there once, as `Bearer` and one token.")
            .header(header::WWW_AUTHENTICATE, self.challenge(Some("invalid_request")))
    }

    pub(crate) fn invalid(self) -> Problem {
        kind::UNAUTHORIZED
            .because(
                "The token is not known here: it is mistyped, was taken back, or belongs to another service.",
            )
            .header(header::WWW_AUTHENTICATE, self.challenge(Some("invalid_token")))
    }

    pub(crate) fn insufficient(self) -> Problem {
        kind::FORBIDDEN
            .because(format!("The token may not do this: it lacks the scope {}.", self.0))
            .header(header::WWW_AUTHENTICATE, self.challenge(Some("insufficient_scope")))
    }

    fn challenge(self, error: Option<&str>) -> HeaderValue {
        let error = error.map(|error| format!("error=\"{error}\", ")).unwrap_or_default();
        let challenge = format!("Bearer realm=\"api\", {error}scope=\"{}\"", self.0);
        HeaderValue::try_from(challenge).unwrap_or(HeaderValue::from_static("Bearer"))
    }
}

/// Adds the security scheme [`SECURITY_SCHEME`] to an API description: `modifiers(&chassis::tokens::BearerToken)`.
pub struct BearerToken;

impl Modify for BearerToken {
    fn modify(&self, openapi: &mut OpenApi) {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some(
                "A token that the operator gave out. Needed only where the operator has set `API_TOKENS_FILE`.",
            ))
            .build();
        let components = openapi.components.get_or_insert_default();
        components.add_security_scheme(SECURITY_SCHEME, SecurityScheme::Http(scheme));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_long_random_and_known_by_its_hash() {
        let (one, other) = (generate().unwrap(), generate().unwrap());
        assert_ne!(one, other);
        let digits = one.strip_prefix("fruitpress_").unwrap();
        assert!(digits.len() == 64 && digits.bytes().all(|digit| digit.is_ascii_hexdigit()), "{one}");
        assert_eq!(hash(&one), hash(&one));
        assert_ne!(hash(&one), hash(&other));
        // As `printf %s test | sha256sum` has it.
        let known = "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
        assert_eq!(hash("test").to_string(), known);
        assert_eq!(known.parse(), Ok(hash("test")));
        assert_eq!(known.to_uppercase().replace("SHA256", "sha256").parse(), Ok(hash("test")));
    }

    #[test]
    fn other_texts_are_no_hashes() {
        let digits = "a".repeat(64);
        for bad in [
            "",
            "sha256:",
            &digits,
            &format!("sha256:{}", "a".repeat(63)),
            &format!("sha256:{}", "a".repeat(65)),
            &format!("sha256:{}g", "a".repeat(63)),
            &format!("sha256:{}ä", "a".repeat(62)),
            &format!("sha512:{digits}"),
            &format!("SHA256:{digits}"),
        ] {
            assert!(bad.parse::<TokenHash>().is_err(), "{bad}");
        }
    }
}
