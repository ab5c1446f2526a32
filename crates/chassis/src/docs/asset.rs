//! Bytes that are the same for every request: with an `ETag`, and packed once.

use std::{
    borrow::Cow,
    hash::{DefaultHasher, Hasher},
    io::Write,
    sync::OnceLock,
};

use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use http::{HeaderMap, HeaderValue, StatusCode, header};

/// Pages change with each release under the same name: ask every time, which the ETag makes cheap.
const PAGE_CACHE: HeaderValue = HeaderValue::from_static("no-cache");
/// What pages load may be an hour old.
const FIXED_CACHE: HeaderValue = HeaderValue::from_static("public, max-age=3600");

/// One file to serve.
pub(super) struct Asset {
    content_type: &'static str,
    cache: HeaderValue,
    plain: Bytes,
    /// Made when first asked for, as is `packed`: most processes never show their documentation, and reading four
    /// megabytes through is a good part of their start and of their memory.
    tag: OnceLock<String>,
    packed: OnceLock<Bytes>,
}

impl Asset {
    /// A page, made at start-up.
    pub(super) fn page(content_type: &'static str, text: String) -> Self {
        Self::new(content_type, PAGE_CACHE, Bytes::from(text))
    }

    /// A file that the binary carries.
    pub(super) fn fixed(content_type: &'static str, bytes: impl Into<Cow<'static, [u8]>>) -> Self {
        let bytes = match bytes.into() {
            Cow::Borrowed(bytes) => Bytes::from_static(bytes),
            Cow::Owned(bytes) => Bytes::from(bytes),
        };
        Self::new(content_type, FIXED_CACHE, bytes)
    }

    fn new(content_type: &'static str, cache: HeaderValue, plain: Bytes) -> Self {
        Self { content_type, cache, plain, tag: OnceLock::new(), packed: OnceLock::new() }
    }

    /// The answer to a request with these headers: 304, packed or plain.
    pub(super) fn answer(&self, headers: &HeaderMap) -> Response {
        let gzip = accepts_gzip(headers);
        // Each encoding is a representation of its own and has its own tag (RFC 9110 section 8.8.3.3).
        let suffix = if gzip { "-gzip" } else { "" };
        let tag = format!("\"{}{suffix}\"", self.tag());
        let known = headers
            .get_all(header::IF_NONE_MATCH)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .any(|given| matches!(given.trim(), "*") || given.trim().trim_start_matches("W/") == tag);
        let mut response = match (known, gzip) {
            (true, _) => StatusCode::NOT_MODIFIED.into_response(),
            (false, true) => {
                let mut response = self.packed().into_response();
                response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
                response
            }
            (false, false) => self.plain.clone().into_response(),
        };
        let out = response.headers_mut();
        if !known {
            out.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        }
        out.insert(header::CACHE_CONTROL, self.cache.clone());
        out.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        out.extend(HeaderValue::from_str(&tag).map(|tag| (header::ETAG, tag)));
        response
    }

    fn tag(&self) -> &str {
        self.tag.get_or_init(|| {
            // The standard hasher starts from the same state in every process of the same binary, which is all that
            // replicas need to agree.
            let mut hasher = DefaultHasher::new();
            hasher.write(&self.plain);
            format!("{:016x}", hasher.finish())
        })
    }

    fn packed(&self) -> Bytes {
        let pack = || {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
            // Writing into memory does not fail.
            encoder
                .write_all(&self.plain)
                .and_then(|()| encoder.finish())
                .map_or_else(|_| Bytes::new(), Bytes::from)
        };
        self.packed.get_or_init(pack).clone()
    }
}

fn accepts_gzip(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    accepted.flat_map(|value| value.split(',')).any(|coding| {
        let (name, parameters) = coding.split_once(';').unwrap_or((coding, ""));
        let weight = parameters.trim().strip_prefix("q=").map_or(Ok(1.0), str::parse::<f32>);
        name.trim().eq_ignore_ascii_case("gzip") && weight.is_ok_and(|weight| weight > 0.0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: header::HeaderName, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_static(value))])
    }

    #[test]
    fn gzip_is_sent_to_those_who_take_it() {
        for (value, taken) in [
            ("gzip", true),
            ("br, GZIP;q=0.5", true),
            ("gzip;q=0", false),
            ("gzip;q=0.0", false),
            ("br", false),
            ("", false),
            ("gzip;q=x", false),
        ] {
            assert_eq!(accepts_gzip(&headers(header::ACCEPT_ENCODING, value)), taken, "{value:?}");
        }
        assert!(!accepts_gzip(&HeaderMap::new()));
    }

    #[test]
    fn a_tag_that_is_known_saves_the_body() {
        let asset = Asset::fixed("text/css", b"body {}".as_slice());
        let tag = asset.answer(&HeaderMap::new()).headers()[header::ETAG].clone();
        let again = |value: &HeaderValue| {
            asset.answer(&HeaderMap::from_iter([(header::IF_NONE_MATCH, value.clone())])).status()
        };
        assert_eq!(again(&tag), StatusCode::NOT_MODIFIED);
        let listed = HeaderValue::from_str(&format!("\"other\", W/{}", tag.to_str().unwrap())).unwrap();
        assert_eq!(again(&listed), StatusCode::NOT_MODIFIED);
        assert_eq!(again(&HeaderValue::from_static("*")), StatusCode::NOT_MODIFIED);
        assert_eq!(again(&HeaderValue::from_static("\"other\"")), StatusCode::OK);
    }
}
