//! Which host may be asked for, and which address and port may be dialled for it.

use std::net::{IpAddr, SocketAddr};

use url::Host;

use super::{HostRules, Network};
use crate::{
    address::{Reach, reach},
    error::{Error, Refusal, Unreachable},
    source_url::SourceUrl,
};

/// More answers than this are not judged but refused: no honest name has so many.
const ANSWERS_MAX: usize = 64;

/// What may be fetched.
#[derive(Debug, Clone)]
pub struct Policy {
    /// Opens [`Reach::Private`], on any port.
    pub allow_private: bool,
    /// Ports of public sources.
    pub ports: Vec<u16>,
    /// Which hosts are fetched from at all.
    pub hosts: HostRules,
}

impl Policy {
    /// The addresses that may be dialled for `url`: all that its host has, or none.
    ///
    /// The name is resolved once, and what is returned is what was judged, so that a second answer of its DNS
    /// server (rebinding) is never asked for.
    pub(super) async fn resolve(
        &self,
        url: &SourceUrl,
        network: &dyn Network,
    ) -> Result<Vec<SocketAddr>, Error> {
        self.hosts.judge(&url.host()).map_err(Error::Refused)?;
        let port = url.port();
        if !self.allow_private && !self.ports.contains(&port) {
            return Err(Error::Refused(Refusal::Port(port)));
        }
        let answers = match url.host() {
            Host::Ipv4(address) => vec![IpAddr::V4(address)],
            Host::Ipv6(address) => vec![IpAddr::V6(address)],
            Host::Domain(name) => network
                .resolve(name)
                .await
                .map_err(|error| Error::unreachable(Unreachable::Resolve, error))?,
        };
        if answers.is_empty() {
            return Err(Error::unreachable(Unreachable::Resolve, "the name has no address"));
        }
        self.judge(port, &answers).map_err(Error::Refused)
    }

    /// One answer that may not be dialled refuses all of them, and so does a name that is public and private
    /// at once: it is made to pass a check with one address and be dialled at another.
    fn judge(&self, port: u16, answers: &[IpAddr]) -> Result<Vec<SocketAddr>, Refusal> {
        let reaches: Vec<Reach> = answers.iter().copied().map(reach).collect();
        let all = |expected| reaches.iter().all(|&reach| reach == expected);
        if answers.len() > ANSWERS_MAX {
            Err(Refusal::Address)
        } else if all(Reach::Public) {
            self.ports.contains(&port).then_some(()).ok_or(Refusal::Port(port))
        } else if all(Reach::Private) && self.allow_private {
            Ok(())
        } else {
            Err(Refusal::Address)
        }?;
        Ok(answers.iter().map(|&address| SocketAddr::new(address, port)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(allow_private: bool, port: u16, answers: &[&str]) -> Result<usize, Refusal> {
        let policy = Policy { allow_private, ports: vec![80, 443], hosts: HostRules::default() };
        let answers: Vec<IpAddr> = answers.iter().map(|text| text.parse().unwrap()).collect();
        policy.judge(port, &answers).map(|addresses| addresses.len())
    }

    #[test]
    fn a_public_name_is_dialled_on_the_ports_that_are_set() {
        assert_eq!(judge(false, 443, &["1.1.1.1", "2606:4700::1111"]), Ok(2));
        assert_eq!(judge(true, 80, &["1.1.1.1"]), Ok(1));
        assert_eq!(judge(true, 8080, &["1.1.1.1"]), Err(Refusal::Port(8080)));
        assert_eq!(judge(false, 22, &["1.1.1.1"]), Err(Refusal::Port(22)));
    }

    #[test]
    fn a_private_name_is_dialled_where_the_setting_opens_it_on_any_port() {
        assert_eq!(judge(false, 80, &["127.0.0.1"]), Err(Refusal::Address));
        assert_eq!(judge(true, 8080, &["127.0.0.1", "::1"]), Ok(2));
        assert_eq!(judge(true, 80, &["169.254.169.254"]), Err(Refusal::Address));
        assert_eq!(judge(true, 80, &["fe80::1"]), Err(Refusal::Address));
    }

    #[test]
    fn a_mixed_name_is_refused_whole() {
        for allow_private in [false, true] {
            assert_eq!(judge(allow_private, 80, &["1.1.1.1", "10.0.0.1"]), Err(Refusal::Address));
            assert_eq!(judge(allow_private, 80, &["1.1.1.1", "169.254.169.254"]), Err(Refusal::Address));
            assert_eq!(judge(allow_private, 80, &["127.0.0.1", "0.0.0.0"]), Err(Refusal::Address));
        }
    }

    #[test]
    fn a_name_has_a_bounded_number_of_answers() {
        let answers = vec!["1.1.1.1"; ANSWERS_MAX];
        assert_eq!(judge(false, 80, &answers), Ok(ANSWERS_MAX));
        assert_eq!(judge(false, 80, &vec!["1.1.1.1"; ANSWERS_MAX + 1]), Err(Refusal::Address));
    }
}
