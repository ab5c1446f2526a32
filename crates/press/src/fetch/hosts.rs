//! Which hosts an operator lets sources be fetched from: by name, before anybody is asked what a name leads to.
//!
//! Names are compared as the URL Standard writes them, in lower case and Punycode, so that no other spelling of a
//! name passes a rule for it. What a name leads to is judged all the same: a rule closes, it never opens.

use std::str::FromStr;

use url::Host;

use crate::error::Refusal;

/// `FETCH_HOSTS_ALLOW` and `FETCH_HOSTS_DENY`.
#[derive(Debug, Clone, Default)]
pub struct HostRules {
    /// Where it names any, no other host is fetched from.
    pub allow: Vec<HostPattern>,
    /// Never fetched from, whatever [`HostRules::allow`] says.
    pub deny: Vec<HostPattern>,
}

/// `example.com` for that name, or `*.example.com` for every name below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostPattern {
    name: String,
    below: bool,
}

impl HostRules {
    /// Whether a host may be fetched from. An address in place of a name is none that a rule could name.
    pub(super) fn judge(&self, host: &Host<&str>) -> Result<(), Refusal> {
        let covered = |patterns: &[HostPattern]| match host {
            Host::Domain(name) => {
                let name = name.trim_end_matches('.');
                patterns.iter().any(|pattern| pattern.covers(name))
            }
            Host::Ipv4(_) | Host::Ipv6(_) => false,
        };
        if covered(&self.deny) {
            Err(Refusal::HostDenied)
        } else if !self.allow.is_empty() && !covered(&self.allow) {
            Err(Refusal::HostNotAllowed)
        } else {
            Ok(())
        }
    }
}

impl HostPattern {
    /// `name` as the URL Standard writes it, without a dot at its end.
    fn covers(&self, name: &str) -> bool {
        match name.strip_suffix(self.name.as_str()) {
            Some(rest) if self.below => rest.len() > 1 && rest.ends_with('.'),
            Some(rest) => rest.is_empty(),
            None => false,
        }
    }
}

impl FromStr for HostPattern {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        let fault = "must be a host's name such as example.com, or *.example.com for every name below it";
        let text = text.trim();
        let (name, below) = text.strip_prefix("*.").map_or((text, false), |name| (name, true));
        match Host::parse(name) {
            Ok(Host::Domain(name)) if !name.contains('*') && !name.trim_end_matches('.').is_empty() => {
                Ok(Self { name: name.trim_end_matches('.').to_owned(), below })
            }
            Ok(Host::Ipv4(_) | Host::Ipv6(_)) => {
                Err("must be a host's name: which addresses are fetched from is not decided by lists")
            }
            Ok(_) | Err(_) => Err(fault),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SourceUrl;

    fn judge(allow: &[&str], deny: &[&str], host: &str) -> Result<(), Refusal> {
        let parse = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect();
        let rules = HostRules { allow: parse(allow), deny: parse(deny) };
        rules.judge(&SourceUrl::parse(&format!("http://{host}/")).unwrap().host())
    }

    #[test]
    fn a_pattern_covers_its_name_in_every_spelling_and_no_other() {
        for (pattern, covered, others) in [
            (
                "example.com",
                &["example.com", "EXAMPLE.com", "example.com.", "ｅxample.com", "ex%61mple.com"][..],
                &["a.example.com", "badexample.com", "example.com.evil.net", "example.co", "com"][..],
            ),
            (
                "*.example.com",
                &["a.example.com", "a.b.example.com", "A.Example.Com."],
                &["example.com", "aexample.com", "a.example.com.evil.net", "example.com.a"],
            ),
            (
                "Bücher.example.",
                &["bücher.example", "xn--bcher-kva.example", "BÜCHER.example"],
                &["bucher.example"],
            ),
            ("*.xn--bcher-kva.example", &["a.bücher.example"], &["bücher.example"]),
            (" straße.example ", &["xn--strae-oqa.example"], &["strasse.example"]),
        ] {
            for host in covered {
                assert_eq!(judge(&[pattern], &[], host), Ok(()), "{pattern} {host}");
                assert_eq!(judge(&[], &[pattern], host), Err(Refusal::HostDenied), "{pattern} {host}");
            }
            for host in others {
                assert_eq!(judge(&[pattern], &[], host), Err(Refusal::HostNotAllowed), "{pattern} {host}");
                assert_eq!(judge(&[], &[pattern], host), Ok(()), "{pattern} {host}");
            }
        }
    }

    #[test]
    fn deny_wins_and_addresses_have_no_name() {
        assert_eq!(judge(&["*.example.com"], &["b.example.com"], "a.example.com"), Ok(()));
        let denied = Err(Refusal::HostDenied);
        assert_eq!(judge(&["*.example.com"], &["b.example.com"], "b.example.com"), denied);
        assert_eq!(judge(&["a.example.com"], &["*.example.com"], "a.example.com"), denied);
        for address in ["1.1.1.1", "0x1.1.1.1", "[2606:4700::1111]"] {
            assert_eq!(judge(&[], &["example.com"], address), Ok(()));
            assert_eq!(judge(&["example.com"], &[], address), Err(Refusal::HostNotAllowed));
        }
        assert_eq!(judge(&[], &[], "example.com"), Ok(()));
    }

    #[test]
    fn what_is_no_pattern_is_told_at_the_start() {
        for text in [
            "",
            " ",
            ".",
            "*",
            "*.",
            "*.*.example.com",
            "a*.example.com",
            "a.*.com",
            "example.com:80",
            "https://example.com",
            "example.com/a",
            "user@example.com",
            "exa mple.com",
            "xn--a.example",
        ] {
            assert!(text.parse::<HostPattern>().unwrap_err().contains("*.example.com"), "{text:?}");
        }
        for text in ["127.0.0.1", "0x7f.1", "2130706433", "[::1]", "*.1.1.1.1"] {
            assert!(text.parse::<HostPattern>().unwrap_err().contains("addresses"), "{text:?}");
        }
    }
}
