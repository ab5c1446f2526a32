//! Which hosts are served, which origins may call, which proxies are believed.

use std::{fmt, str::FromStr};

use http::{HeaderValue, uri::Authority};
use url::Url;

/// Names of the service as the outside sees them.
#[derive(clap::Args, Debug, Clone)]
#[group(skip)]
pub struct Hosts {
    /// The base of the links that the service hands out, such as `https://api.example.com`; when unset it is the
    /// request's own Host, which is believed only while HOST is a loopback address
    #[arg(long, env = "PUBLIC_URL", value_parser = parse_public_url)]
    pub public_url: Option<Url>,

    /// The hosts that are served, with commas between them: `example.com` at any port, `example.com:8080` at that
    /// one; other requests get 421. Any when unset. /ping, /livez and /readyz are exempt: probes carry other hosts
    #[arg(long, env = "ALLOWED_HOSTS", value_delimiter = ',')]
    pub allowed_hosts: Vec<AllowedHost>,

    /// How many proxies stand before the service: that many entries of X-Forwarded-For and X-Forwarded-Proto,
    /// counted from the right, are believed for the client's address and scheme. 0 by default, because anyone can
    /// send these headers
    #[arg(long, env = "TRUSTED_PROXY_HOPS", default_value_t = 0)]
    pub trusted_proxy_hops: u8,

    /// The origins whose pages may call the API from a browser, with commas between them, such as
    /// `https://app.example.com`; `*` for any; none when unset
    #[arg(long, env = "CORS_ORIGINS", value_delimiter = ',')]
    pub cors_origins: Vec<CorsOrigin>,
}

/// One entry of `ALLOWED_HOSTS`: a host, at one port or at any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowedHost {
    name: String,
    port: Option<u16>,
}

impl AllowedHost {
    /// The host without its port, in lower case.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether a request to this authority is meant for this host.
    pub fn admits(&self, authority: &Authority) -> bool {
        let name = authority.host().trim_end_matches('.');
        name.eq_ignore_ascii_case(&self.name)
            && self.port.is_none_or(|port| authority.port_u16() == Some(port))
    }
}

impl FromStr for AllowedHost {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let fault = "must be a host such as example.com or example.com:8080, without a scheme or path";
        let authority: Authority = text.trim().parse().map_err(|_| fault.to_owned())?;
        let name = authority.host().trim_end_matches('.').to_ascii_lowercase();
        // The parser takes `user@host` and `host:` for authorities too.
        let rebuilt = authority.port().map_or_else(String::new, |port| format!(":{port}"));
        let whole = authority.as_str().len() == authority.host().len() + rebuilt.len();
        if name.is_empty() || !whole || (authority.port().is_some() && authority.port_u16().is_none()) {
            return Err(fault.to_owned());
        }
        Ok(Self { name, port: authority.port_u16() })
    }
}

/// One entry of `CORS_ORIGINS`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CorsOrigin {
    /// `*`: pages of any origin.
    Any,
    /// Pages of this origin, as browsers send it.
    Exact(HeaderValue),
}

impl FromStr for CorsOrigin {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text == "*" {
            return Ok(Self::Any);
        }
        let fault = "must be an origin such as https://app.example.com, without a path, or `*`";
        let url = Url::parse(text).map_err(|_| fault.to_owned())?;
        let origin = url.origin().ascii_serialization();
        // Browsers send the serialised origin: a default port or a path would never match.
        if !matches!(url.scheme(), "http" | "https") || url.as_str().trim_end_matches('/') != origin {
            return Err(fault.to_owned());
        }
        HeaderValue::from_str(&origin).map(Self::Exact).map_err(|_| fault.to_owned())
    }
}

impl fmt::Display for AllowedHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.port {
            Some(port) => write!(f, "{}:{port}", self.name),
            None => f.write_str(&self.name),
        }
    }
}

fn parse_public_url(text: &str) -> Result<Url, String> {
    let fault =
        "must be an http or https URL without user, query or fragment, such as https://api.example.com";
    let url = Url::parse(text).map_err(|_| fault.to_owned())?;
    let plain = matches!(url.scheme(), "http" | "https")
        && url.has_host()
        && url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    if plain { Ok(url) } else { Err(fault.to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn allowed_hosts_admit_their_own() {
        for (entry, host, admitted) in [
            ("example.com", "example.com", true),
            ("example.com", "EXAMPLE.com:8080", true),
            ("example.com", "example.com.", true),
            ("example.com", "a.example.com", false),
            ("example.com", "example.com.evil.org", false),
            ("Example.com:8080", "example.com:8080", true),
            ("example.com:8080", "example.com", false),
            ("example.com:8080", "example.com:80", false),
            ("[::1]", "[::1]:8080", true),
            ("127.0.0.1", "127.0.0.1:1", true),
        ] {
            let allowed: AllowedHost = entry.parse().unwrap();
            assert_eq!(allowed.admits(&host.parse().unwrap()), admitted, "{entry} {host}");
        }
        for bad in [
            "",
            " ",
            "https://example.com",
            "example.com/path",
            "user@example.com",
            "example.com:",
            "a:99999",
        ] {
            assert!(bad.parse::<AllowedHost>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn origins_are_kept_as_browsers_send_them() {
        for (text, expected) in [
            ("https://app.example.com", Some("https://app.example.com")),
            ("https://app.example.com/", Some("https://app.example.com")),
            ("http://localhost:3000", Some("http://localhost:3000")),
            ("https://app.example.com:443", Some("https://app.example.com")),
            ("https://app.example.com/path", None),
            ("app.example.com", None),
            ("ftp://app.example.com", None),
            ("", None),
        ] {
            let expected = expected.map(|origin| CorsOrigin::Exact(HeaderValue::from_static(origin)));
            assert_eq!(text.parse().ok(), expected, "{text:?}");
        }
        assert_eq!("*".parse(), Ok(CorsOrigin::Any));
    }

    #[test]
    fn public_urls_are_bases() {
        for (text, good) in [
            ("https://api.example.com", true),
            ("http://127.0.0.1:8080/base", true),
            ("https://u:p@api.example.com", false),
            ("https://api.example.com?x=1", false),
            ("https://api.example.com#x", false),
            ("file:///etc", false),
            ("api.example.com", false),
        ] {
            assert_eq!(parse_public_url(text).is_ok(), good, "{text:?}");
        }
    }
}
