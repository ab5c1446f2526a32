//! Where a service listens and keeps its files.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
    str::FromStr,
};

/// Addresses, ports and the data folder.
#[derive(clap::Args, Debug, Clone)]
#[group(skip)]
pub struct Bind {
    /// The IP address that the API listens on, or localhost. Only this machine by default, because nothing asks
    /// for a password; container images set 0.0.0.0
    #[arg(long, env = "HOST", default_value = "127.0.0.1", value_parser = parse_host)]
    pub host: IpAddr,

    /// The TCP port that the API listens on; 0 takes any free one and logs it
    #[arg(long, env = "PORT", default_value_t = 8080)]
    pub port: u16,

    /// The IP address that the metrics listen on, or localhost; that of HOST when unset
    #[arg(long, env = "METRICS_HOST", value_parser = parse_host)]
    pub metrics_host: Option<IpAddr>,

    /// The TCP port of /metrics, /livez and /readyz, apart from the API so that the world need not see them;
    /// `off` for none
    #[arg(long, env = "METRICS_PORT", default_value = "9464")]
    pub metrics_port: MetricsPort,

    /// The folder for what is stored without another store being set; made when missing
    #[arg(long, env = "DATA_DIR", default_value = "data")]
    pub data_dir: PathBuf,
}

impl Bind {
    /// Where the API listens.
    pub fn api_address(&self) -> SocketAddr {
        SocketAddr::new(self.host, self.port)
    }

    /// Where the metrics listen, if anywhere.
    pub fn metrics_address(&self) -> Option<SocketAddr> {
        match self.metrics_port {
            MetricsPort::Off => None,
            MetricsPort::Port(port) => Some(SocketAddr::new(self.metrics_host.unwrap_or(self.host), port)),
        }
    }
}

/// `METRICS_PORT`: a port, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetricsPort {
    /// No listener for metrics.
    Off,
    /// The listener's port; 0 takes any free one.
    Port(u16),
}

impl FromStr for MetricsPort {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.eq_ignore_ascii_case("off") {
            return Ok(Self::Off);
        }
        text.parse().map(Self::Port).map_err(|_| "must be a port from 0 to 65535, or `off`".to_owned())
    }
}

/// `HOST` as people write it: an IP address, an IPv6 address in brackets, or `localhost`, which is 127.0.0.1. No other
/// name: what it resolves to could be another address tomorrow.
pub fn parse_host(text: &str) -> Result<IpAddr, String> {
    if text.eq_ignore_ascii_case("localhost") {
        return Ok(IpAddr::V4(Ipv4Addr::LOCALHOST));
    }
    // Brackets are how IPv6 addresses look in URLs, so people paste them.
    text.trim_start_matches('[')
        .trim_end_matches(']')
        .parse()
        .map_err(|_| "must be localhost or an IP address, such as 127.0.0.1, 0.0.0.0 or ::".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_addresses() {
        for (text, expected) in [
            ("127.0.0.1", Some("127.0.0.1")),
            ("localhost", Some("127.0.0.1")),
            ("::1", Some("::1")),
            ("[::]", Some("::")),
            ("", None),
            ("example.com", None),
            ("127.0.0.1:80", None),
        ] {
            let expected = expected.map(|ip| ip.parse::<IpAddr>().unwrap());
            assert_eq!(parse_host(text).ok(), expected, "{text:?}");
        }
    }

    #[test]
    fn the_metrics_port_is_a_port_or_off() {
        for (text, expected) in [
            ("off", Some(MetricsPort::Off)),
            ("OFF", Some(MetricsPort::Off)),
            ("0", Some(MetricsPort::Port(0))),
            ("65535", Some(MetricsPort::Port(65535))),
            ("65536", None),
            ("-1", None),
            ("on", None),
            ("", None),
        ] {
            assert_eq!(text.parse().ok(), expected, "{text:?}");
        }
    }
}
