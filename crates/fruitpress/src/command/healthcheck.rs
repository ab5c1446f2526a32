//! `fruitpress healthcheck`: asks a running server on this machine whether it is ready.
//!
//! The images carry no shell and no `curl`; this is what their health check runs.

use std::{
    io::{Read, Write},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream},
    process::ExitCode,
    time::Duration,
};

use anyhow::{Context, ensure};
use chassis::settings::parse_host;

use super::complain;

/// Asks the server on this machine whether it is ready; exit status 0 or 1.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Where the server listens, an IP address or localhost; an unspecified address (0.0.0.0, ::) is asked on loopback.
    #[arg(long, env = "HOST", default_value = "127.0.0.1", value_parser = parse_host)]
    host: IpAddr,

    /// The port it listens on.
    #[arg(long, env = "PORT", default_value_t = 8080)]
    port: u16,

    /// What to ask for: `/readyz` (can it work?) or `/livez` (is it there?).
    #[arg(long, default_value = "/readyz", value_parser = ["/readyz", "/livez", "/ping"])]
    path: String,

    /// How long to wait for the answer, in milliseconds.
    #[arg(long, default_value_t = 3000, value_parser = clap::value_parser!(u64).range(1..=60_000))]
    timeout_ms: u64,
}

impl Args {
    pub(super) fn run(&self) -> ExitCode {
        match self.ask() {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                complain(&format!("{error:#}"));
                ExitCode::FAILURE
            }
        }
    }

    fn ask(&self) -> anyhow::Result<()> {
        let host = match self.host {
            IpAddr::V4(Ipv4Addr::UNSPECIFIED) => IpAddr::V4(Ipv4Addr::LOCALHOST),
            IpAddr::V6(Ipv6Addr::UNSPECIFIED) => IpAddr::V6(Ipv6Addr::LOCALHOST),
            given => given,
        };
        let address = SocketAddr::new(host, self.port);
        let status = status_of(address, &self.path, Duration::from_millis(self.timeout_ms))
            .with_context(|| format!("http://{address}{} did not answer", self.path))?;
        ensure!(status == "200", "http://{address}{} answered {status}", self.path);
        Ok(())
    }
}

/// The status code of a GET, as it stands in the answer's first line (RFC 9112 section 4).
fn status_of(address: SocketAddr, path: &str, timeout: Duration) -> anyhow::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, timeout)?;
    stream.set_read_timeout(Some(timeout))?;
    stream.set_write_timeout(Some(timeout))?;
    write!(stream, "GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n")?;
    let mut line = [0; "HTTP/1.1 200".len()];
    stream.read_exact(&mut line).context("the connection closed before a status line")?;
    let line = String::from_utf8_lossy(&line);
    let status = line.strip_prefix("HTTP/1.1 ").context("what answered does not speak HTTP/1.1")?;
    Ok(status.to_owned())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        args: Args,
    }

    #[test]
    fn hosts_are_read_as_the_server_reads_them() {
        for (text, expected) in [
            ("localhost", Some(IpAddr::V4(Ipv4Addr::LOCALHOST))),
            ("[::1]", Some(IpAddr::V6(Ipv6Addr::LOCALHOST))),
            ("0.0.0.0", Some(IpAddr::V4(Ipv4Addr::UNSPECIFIED))),
            ("example.com", None),
            ("", None),
        ] {
            let parsed = Cli::try_parse_from(["healthcheck", "--host", text]);
            assert_eq!(parsed.ok().map(|cli| cli.args.host), expected, "{text:?}");
            let served = parse_host(text).ok();
            assert_eq!(served, expected, "{text:?}");
        }
    }
}
