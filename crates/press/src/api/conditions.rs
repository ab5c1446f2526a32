//! Conditional and partial requests for something that never changes, RFC 9110 sections 13 and 14.

use std::{ops::Range, time::SystemTime};

use http::{HeaderMap, HeaderValue, Method, header};

/// What a stored thing is known by.
#[derive(Debug)]
pub(super) struct Validators {
    /// Its strong entity tag, with quotes.
    pub(super) etag: String,
    /// When it was made.
    pub(super) modified: SystemTime,
    /// Its length in bytes.
    pub(super) length: u64,
}

/// What is to be answered.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Selection {
    /// 200.
    Whole,
    /// 206, these bytes.
    Part(Range<u64>),
    /// 304.
    NotModified,
    /// 412.
    PreconditionFailed,
    /// 416.
    NotSatisfiable,
}

/// Evaluates the conditions in their order of precedence, RFC 9110 section 13.2.2.
pub(super) fn select(method: &Method, headers: &HeaderMap, validators: &Validators) -> Selection {
    if !is_wanted(headers, validators) {
        return Selection::PreconditionFailed;
    }
    if is_fresh(headers, validators) {
        return Selection::NotModified;
    }
    // A range means something for GET alone, and only while the client's copy is of the same thing.
    let range =
        headers.get(header::RANGE).filter(|_| method == Method::GET && range_applies(headers, validators));
    match range.and_then(|range| range.to_str().ok()) {
        Some(range) => select_range(range, validators.length),
        None => Selection::Whole,
    }
}

/// `If-Match`, else `If-Unmodified-Since`: whether this is what the client means.
fn is_wanted(headers: &HeaderMap, validators: &Validators) -> bool {
    if headers.contains_key(header::IF_MATCH) {
        return headers.get_all(header::IF_MATCH).iter().any(|tags| names_strongly(tags, &validators.etag));
    }
    date(headers.get(header::IF_UNMODIFIED_SINCE))
        .is_none_or(|since| whole_seconds(validators.modified) <= since)
}

/// `If-None-Match`, else `If-Modified-Since`: whether the client has it already.
fn is_fresh(headers: &HeaderMap, validators: &Validators) -> bool {
    if headers.contains_key(header::IF_NONE_MATCH) {
        return headers.get_all(header::IF_NONE_MATCH).iter().any(|tags| names(tags, &validators.etag));
    }
    date(headers.get(header::IF_MODIFIED_SINCE))
        .is_some_and(|since| whole_seconds(validators.modified) <= since)
}

/// Weak comparison: a `W/` in front does not matter here.
fn names(tags: &HeaderValue, etag: &str) -> bool {
    listed(tags).any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag)
}

/// Strong comparison: a weak tag never matches.
fn names_strongly(tags: &HeaderValue, etag: &str) -> bool {
    listed(tags).any(|tag| tag == "*" || tag == etag)
}

fn listed(tags: &HeaderValue) -> impl Iterator<Item = &str> {
    tags.to_str().unwrap_or_default().split(',').map(str::trim)
}

/// `If-Range`: strong comparison of a tag, or the exact date.
fn range_applies(headers: &HeaderMap, validators: &Validators) -> bool {
    let Some(condition) = headers.get(header::IF_RANGE) else { return true };
    condition.as_bytes() == validators.etag.as_bytes()
        || date(Some(condition)).is_some_and(|date| date == whole_seconds(validators.modified))
}

/// One range in bytes. What is not understood, several ranges among it, is ignored as the standard allows.
fn select_range(range: &str, length: u64) -> Selection {
    let Some((unit, positions)) = range.trim().split_once('=') else { return Selection::Whole };
    let Some((first, last)) = positions.trim().split_once('-') else { return Selection::Whole };
    if !unit.eq_ignore_ascii_case("bytes") {
        return Selection::Whole;
    }
    match (position(first), position(last)) {
        (Position::At(first), Position::At(last)) if first > last => Selection::Whole,
        (Position::At(first), _) if first >= length => Selection::NotSatisfiable,
        (Position::At(first), Position::At(last)) => {
            Selection::Part(first..last.saturating_add(1).min(length))
        }
        (Position::At(first), Position::Open) => Selection::Part(first..length),
        (Position::Open, Position::At(0)) => Selection::NotSatisfiable,
        (Position::Open, Position::At(_)) if length == 0 => Selection::NotSatisfiable,
        (Position::Open, Position::At(suffix)) => Selection::Part(length.saturating_sub(suffix)..length),
        _ => Selection::Whole,
    }
}

enum Position {
    At(u64),
    Open,
    Unknown,
}

fn position(text: &str) -> Position {
    match text {
        "" => Position::Open,
        // A number that does not fit lies behind the end of everything.
        digits if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            Position::At(digits.parse().unwrap_or(u64::MAX))
        }
        _ => Position::Unknown,
    }
}

fn date(value: Option<&HeaderValue>) -> Option<SystemTime> {
    httpdate::parse_http_date(value?.to_str().ok()?).ok()
}

/// What a date in a header can say.
fn whole_seconds(time: SystemTime) -> SystemTime {
    let seconds = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
    SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(seconds)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const MODIFIED: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
    const BEFORE: &str = "Sun, 06 Nov 1994 08:49:36 GMT";

    fn check(method: &Method, headers: &[(&'static str, &str)], expected: &Selection) {
        let modified = httpdate::parse_http_date(MODIFIED).unwrap() + Duration::from_millis(250);
        let validators = Validators { etag: "\"a\"".to_owned(), modified, length: 100 };
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        assert_eq!(&select(method, &map, &validators), expected, "{method} {headers:?}");
    }

    #[test]
    fn one_range_of_bytes() {
        use Selection::{NotSatisfiable, Part, Whole};
        for (range, expected) in [
            ("bytes=0-0", Part(0..1)),
            ("BYTES=0-5", Part(0..6)),
            ("Bytes=-5", Part(95..100)),
            ("bytes=0-99", Part(0..100)),
            ("bytes=0-100", Part(0..100)),
            ("bytes=99-", Part(99..100)),
            ("bytes=-1", Part(99..100)),
            ("bytes=-100", Part(0..100)),
            ("bytes=-1000", Part(0..100)),
            ("bytes=5-99999999999999999999999", Part(5..100)),
            ("bytes=100-", NotSatisfiable),
            ("bytes=100-200", NotSatisfiable),
            ("bytes=99999999999999999999999-", NotSatisfiable),
            ("bytes=-0", NotSatisfiable),
            ("bytes=5-4", Whole),
            ("bytes=-", Whole),
            ("bytes=", Whole),
            ("bytes=a-b", Whole),
            ("bytes=+1-2", Whole),
            ("bytes=0-1,5-6", Whole),
            ("rows=0-1", Whole),
            ("", Whole),
        ] {
            check(&Method::GET, &[("range", range)], &expected);
            check(&Method::HEAD, &[("range", range)], &Whole);
        }
    }

    #[test]
    fn a_range_holds_for_the_same_thing_only() {
        let range = ("range", "bytes=0-0");
        for (condition, applies) in [
            ("\"a\"", true),
            (MODIFIED, true),
            ("W/\"a\"", false),
            ("\"b\"", false),
            (BEFORE, false),
            ("", false),
        ] {
            let expected = if applies { Selection::Part(0..1) } else { Selection::Whole };
            check(&Method::GET, &[range, ("if-range", condition)], &expected);
        }
    }

    #[test]
    fn what_the_client_does_not_mean_is_not_sent() {
        use Selection::{NotModified, Part, PreconditionFailed, Whole};
        for (headers, expected) in [
            (&[("if-match", "\"a\"")][..], Whole),
            (&[("if-match", "\"b\", \"a\"")], Whole),
            (&[("if-match", "\"b\""), ("if-match", "\"a\"")], Whole),
            (&[("if-match", "*")], Whole),
            (&[("if-match", "\"b\"")], PreconditionFailed),
            (&[("if-match", "W/\"a\"")], PreconditionFailed),
            (&[("if-match", "")], PreconditionFailed),
            (&[("if-match", "\"a\""), ("if-unmodified-since", BEFORE)], Whole),
            (&[("if-match", "\"b\""), ("if-none-match", "\"a\"")], PreconditionFailed),
            (&[("if-match", "\"a\""), ("if-none-match", "\"a\"")], NotModified),
            (&[("if-match", "\"b\""), ("range", "bytes=0-0")], PreconditionFailed),
            (&[("if-match", "\"a\""), ("range", "bytes=0-0")], Part(0..1)),
            (&[("if-unmodified-since", MODIFIED)], Whole),
            (&[("if-unmodified-since", BEFORE)], PreconditionFailed),
            (&[("if-unmodified-since", "yesterday")], Whole),
        ] {
            check(&Method::GET, headers, &expected);
        }
        check(&Method::HEAD, &[("if-match", "\"b\"")], &PreconditionFailed);
    }

    #[test]
    fn what_the_client_has_is_not_sent_again() {
        use Selection::{NotModified, Whole};
        for (headers, expected) in [
            (&[("if-none-match", "\"a\"")][..], NotModified),
            (&[("if-none-match", "W/\"a\"")], NotModified),
            (&[("if-none-match", "\"b\", \"a\"")], NotModified),
            (&[("if-none-match", "*")], NotModified),
            (&[("if-none-match", "\"b\"")], Whole),
            (&[("if-none-match", "\"b\""), ("if-modified-since", MODIFIED)], Whole),
            (&[("if-modified-since", MODIFIED)], NotModified),
            (&[("if-modified-since", BEFORE)], Whole),
            (&[("if-modified-since", "yesterday")], Whole),
            (&[("if-none-match", "\"a\""), ("range", "bytes=0-0")], NotModified),
        ] {
            check(&Method::GET, headers, &expected);
            check(&Method::HEAD, headers, &expected);
        }
    }
}
