//! The URL of a source: parsed once, and never shown with what could be a secret.
//!
//! Parsing follows the WHATWG URL Standard, which is also what decides where a connection goes: there is one
//! parser, so there is no second reading of a URL to smuggle an address through. Literal addresses in odd
//! notations (`0x7f.1`, `2130706433`) come out of it as plain addresses and are judged as those.

use std::fmt;

use url::{Host, Url};

/// The longest source URL that is read, in bytes. Browsers and servers break far earlier; a signed link of a
/// cloud store has about 2,000.
pub const URL_BYTES_MAX: usize = 8192;

/// An `http` or `https` URL with a host and without credentials.
#[derive(Clone, PartialEq, Eq)]
pub struct SourceUrl(Url);

/// Why a text is no [`SourceUrl`]; the text is written for whoever sent it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// No text at all.
    #[error("must not be empty")]
    Empty,
    /// More than [`URL_BYTES_MAX`].
    #[error("must not be longer than {URL_BYTES_MAX} bytes")]
    TooLong,
    /// A character that has no place in a URL and that parsers drop or turn silently.
    #[error("must not contain control characters, backslashes or surrounding white space")]
    Characters,
    /// Not absolute, or not of a scheme that is fetched.
    #[error("must be an absolute URL that starts with http:// or https://")]
    Scheme,
    /// `http:///path`.
    #[error("must name a host")]
    NoHost,
    /// A user name or a password in front of the host.
    #[error("must not carry a user name or password: credentials are never forwarded")]
    Credentials,
    /// The host, the port or the rest does not follow the URL Standard.
    #[error("is not a valid URL: {0}")]
    Syntax(url::ParseError),
}

impl SourceUrl {
    /// Parses what a client sent.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        if text.is_empty() {
            return Err(Invalid::Empty);
        }
        check_characters(text)?;
        let rest = strip_scheme(text).ok_or(Invalid::Scheme)?;
        // The parser would skip further slashes and take what follows for the host.
        if rest.is_empty() || rest.starts_with(['/', '?', '#']) {
            return Err(Invalid::NoHost);
        }
        Self::accept(Url::parse(text)?)
    }

    /// The target of a redirect from here, relative or absolute.
    pub fn join(&self, location: &str) -> Result<Self, Invalid> {
        check_characters(location)?;
        Self::accept(self.0.join(location)?)
    }

    fn accept(mut url: Url) -> Result<Self, Invalid> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Invalid::Scheme);
        }
        if url.host().is_none() {
            return Err(Invalid::NoHost);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Invalid::Credentials);
        }
        if url.as_str().len() > URL_BYTES_MAX {
            return Err(Invalid::TooLong);
        }
        url.set_fragment(None);
        Ok(Self(url))
    }

    /// Whether the connection is encrypted.
    pub fn is_https(&self) -> bool {
        self.0.scheme() == "https"
    }

    /// The host, as the URL Standard reads it.
    pub fn host(&self) -> Host<&str> {
        // `accept` refused what has none; an empty name resolves to nothing, so nothing can come of it.
        self.0.host().unwrap_or(Host::Domain(""))
    }

    /// The port, the scheme's own where the URL names none.
    pub fn port(&self) -> u16 {
        self.0.port_or_known_default().unwrap_or_default()
    }

    /// The `Host` header: the port stands in it only where it is not the scheme's own.
    pub fn authority(&self) -> String {
        match self.0.port() {
            Some(port) => format!("{}:{port}", self.host()),
            None => self.host().to_string(),
        }
    }

    /// The request target in origin form.
    pub fn path_and_query(&self) -> &str {
        &self.0[url::Position::BeforePath..url::Position::AfterQuery]
    }
}

impl From<url::ParseError> for Invalid {
    fn from(error: url::ParseError) -> Self {
        match error {
            url::ParseError::EmptyHost => Self::NoHost,
            other => Self::Syntax(other),
        }
    }
}

/// Scheme, host, port and path: a query or user info may hold a signature or a password and is never shown.
impl fmt::Display for SourceUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const PATH_BYTES_SHOWN: usize = 200;
        let path = self.0.path();
        write!(f, "{}://{}", self.0.scheme(), self.authority())?;
        match path.get(..PATH_BYTES_SHOWN) {
            Some(start) if path.len() > PATH_BYTES_SHOWN => write!(f, "{start}…"),
            _ => f.write_str(path),
        }
    }
}

impl fmt::Debug for SourceUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SourceUrl({self})")
    }
}

fn check_characters(text: &str) -> Result<(), Invalid> {
    if text.len() > URL_BYTES_MAX {
        return Err(Invalid::TooLong);
    }
    let strange = |c: char| c.is_control() || c == '\\';
    if text.contains(strange) || text.trim() != text {
        return Err(Invalid::Characters);
    }
    Ok(())
}

/// What follows `http://` or `https://`, whatever their case.
fn strip_scheme(text: &str) -> Option<&str> {
    let (scheme, rest) = text.split_once("://")?;
    ["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known)).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_source_is_refused_with_its_reason() {
        let long = format!("http://example.com/{}", "a".repeat(URL_BYTES_MAX));
        let cases = [
            ("", "must not be empty"),
            ("/cat.png", "must be an absolute URL"),
            ("cat.png", "must be an absolute URL"),
            ("//example.com/cat.png", "must be an absolute URL"),
            ("http:example.com", "must be an absolute URL"),
            ("http:/example.com", "must be an absolute URL"),
            ("file:///etc/passwd", "must be an absolute URL"),
            ("ftp://example.com/cat.png", "must be an absolute URL"),
            ("data:image/png;base64,AAAA", "must be an absolute URL"),
            ("gs://bucket/cat.png", "must be an absolute URL"),
            ("javascript:alert(1)", "must be an absolute URL"),
            ("http://", "must name a host"),
            ("http:///cat.png", "must name a host"),
            ("https://?q", "must name a host"),
            ("https://#f", "must name a host"),
            ("http://:80/", "must name a host"),
            ("http://@/", "must name a host"),
            ("http://user@example.com/", "must not carry a user name"),
            ("http://:secret@example.com/", "must not carry a user name"),
            ("http://a@b@example.com/", "must not carry a user name"),
            ("http://example.com:65536/", "is not a valid URL"),
            ("http://example.com:port/", "is not a valid URL"),
            ("http://exa mple.com/", "is not a valid URL"),
            ("http://[::1/", "is not a valid URL"),
            ("http://[fe80::1%25eth0]/", "is not a valid URL"),
            ("http://256.256.256.256/", "is not a valid URL"),
            ("http://0x100000000/", "is not a valid URL"),
            ("http://example.com\\@127.0.0.1/", "must not contain control"),
            ("http:\\\\127.0.0.1\\", "must not contain control"),
            ("http://127.0\t.0.1/", "must not contain control"),
            ("http://example.com/\r\nHost: x", "must not contain control"),
            ("http://example.com/\0", "must not contain control"),
            (" http://example.com/", "must not contain control"),
            ("http://example.com/\u{a0}", "must not contain control"),
            (long.as_str(), "must not be longer than 8192 bytes"),
        ];
        for (text, expected) in cases {
            let error = SourceUrl::parse(text).expect_err(text).to_string();
            assert!(error.starts_with(expected), "{text:?}: {error}");
        }
    }

    #[test]
    fn odd_notations_come_out_as_the_address_they_are() {
        for text in [
            "http://127.0.0.1/",
            "HTTP://127.0.0.1",
            "http://2130706433/",
            "http://0x7f000001/",
            "http://0177.0.0.1/",
            "http://127.1/",
            "http://127.0.0.1./",
            "http://%31%32%37.0.0.1/",
            "http://１２７。０。０。１/",
            "http://0x7f.1:80/",
            "http://@127.0.0.1/",
        ] {
            let url = SourceUrl::parse(text).expect(text);
            assert_eq!(url.host().to_string(), "127.0.0.1", "{text}");
            assert_eq!(url.port(), 80, "{text}");
        }
    }

    #[test]
    fn the_longest_url_is_read() {
        let text = format!("http://example.com/{}", "a".repeat(URL_BYTES_MAX - 19));
        assert_eq!(text.len(), URL_BYTES_MAX);
        assert!(SourceUrl::parse(&text).is_ok());
        assert_eq!(SourceUrl::parse(&format!("{text}a")), Err(Invalid::TooLong));
    }

    #[test]
    fn nothing_that_could_be_a_secret_is_shown() {
        let url = SourceUrl::parse("https://example.com:8443/a/b.png?X-Signature=secret#part").unwrap();
        assert_eq!(url.to_string(), "https://example.com:8443/a/b.png");
        assert_eq!(format!("{url:?}"), "SourceUrl(https://example.com:8443/a/b.png)");
        assert_eq!(url.path_and_query(), "/a/b.png?X-Signature=secret");
        assert_eq!(url.authority(), "example.com:8443");
        let long = SourceUrl::parse(&format!("http://example.com/{}", "a".repeat(500))).unwrap();
        assert!(long.to_string().len() < 250 && long.to_string().ends_with('…'));
    }

    #[test]
    fn a_redirect_is_read_from_where_it_stands() {
        let url = SourceUrl::parse("https://example.com/a/b?q").unwrap();
        assert_eq!(url.join("c").unwrap().to_string(), "https://example.com/a/c");
        assert_eq!(url.join("//other.example/x").unwrap().to_string(), "https://other.example/x");
        assert_eq!(url.join("").unwrap().path_and_query(), "/a/b?q");
        for (location, expected) in [
            ("file:///etc/passwd", Invalid::Scheme),
            ("data:image/png,x", Invalid::Scheme),
            ("s3://bucket/key", Invalid::Scheme),
            ("http://user@example.com/", Invalid::Credentials),
        ] {
            assert_eq!(url.join(location), Err(expected), "{location}");
        }
    }
}
