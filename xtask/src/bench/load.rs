//! Load on an HTTP service, made and counted by wrk.

use std::{net::SocketAddr, time::Duration};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::{
    packages,
    process::{command, is_installed, read, root},
};

/// Connections that are busy at the same time, in all.
pub(super) const CONNECTIONS: u32 = 16;

/// What is asked for, again and again.
#[derive(Debug, Clone, Copy)]
pub(super) enum Request {
    /// The path itself.
    Same,
    /// What is behind the path, by one of the ids from 1 to this, at random.
    Any(u32),
    /// That a fruit be added.
    Add,
}

/// What wrk counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Counted {
    /// Requests that were answered, each of them well.
    requests: u32,
    /// Bytes that the answers had, heads included.
    bytes: u64,
    time: Duration,
}

impl Counted {
    pub(super) fn requests(self) -> u32 {
        self.requests
    }

    /// Requests a second.
    pub(super) fn rate(self) -> f64 {
        f64::from(self.requests) / self.time.as_secs_f64()
    }

    /// Fails where answers cannot have had bodies of this length.
    pub(super) fn ensure_bodies(self, body_bytes: usize) -> Result<()> {
        let least = u64::from(self.requests) * u64::try_from(body_bytes)?;
        ensure!(self.bytes >= least, "{} answers had {} bytes: too few", self.requests, self.bytes);
        Ok(())
    }
}

/// Installs wrk where it is missing.
pub(super) fn prepare() -> Result<()> {
    if is_installed("wrk") { Ok(()) } else { packages::install(&["wrk"]) }
}

/// Keeps the service busy with one thread of wrk. An answer that is no success is an error: a service that
/// refuses is fast.
pub(super) fn busy(
    address: SocketAddr,
    path: &str,
    request: Request,
    connections: u32,
    time: Duration,
) -> Result<Counted> {
    let mut wrk = command("wrk");
    wrk.args(["-t1", &format!("-c{connections}"), &format!("-d{}s", time.as_secs().max(1))]);
    // A slow answer is measured, not given up.
    wrk.args(["--timeout", "30s", "-s"]).arg(root().join("bench/wrk/requests.lua"));
    wrk.arg(format!("http://{address}{path}")).arg("--");
    match request {
        Request::Same => wrk.arg("same"),
        Request::Any(ids) => wrk.arg("any").arg(ids.to_string()),
        Request::Add => wrk.arg("add"),
    };
    parse(&read(&mut wrk)?).with_context(|| format!("under load at {path}"))
}

/// Reads what `requests.lua` reports: its last line, one object.
fn parse(report: &str) -> Result<Counted> {
    let line = report.lines().last().unwrap_or_default();
    let report: Value = serde_json::from_str(line).with_context(|| format!("wrk reported: {report}"))?;
    let number =
        |name: &str| report[name].as_u64().with_context(|| format!("wrk reported no {name}: {line}"));
    for error in ["connect", "read", "write", "timeout", "status"] {
        ensure!(number(error)? == 0, "not every request was answered well: {line}");
    }
    let counted = Counted {
        requests: u32::try_from(number("requests")?)?,
        bytes: number("bytes")?,
        time: Duration::from_micros(number("micros")?),
    };
    ensure!(counted.requests > 0 && !counted.time.is_zero(), "nothing was answered: {line}");
    Ok(counted)
}

#[cfg(test)]
mod tests {
    use std::cmp::Ordering;

    use super::*;

    fn report(requests: u32, refused: u32) -> String {
        format!(
            "Running 2s test\n  1 threads\nRequests/sec: 5.0\n{{\"requests\":{requests},\"bytes\":1000,\
             \"micros\":2000000,\"connect\":0,\"read\":0,\"write\":0,\"timeout\":0,\"status\":{refused}}}\n"
        )
    }

    #[test]
    fn reads_what_was_counted_and_refuses_errors() {
        let counted = parse(&report(10, 0)).unwrap();
        assert_eq!((counted.requests(), counted.rate().total_cmp(&5.0)), (10, Ordering::Equal));
        counted.ensure_bodies(100).unwrap();
        assert!(counted.ensure_bodies(101).is_err());
        for report in ["", "{}", "Requests/sec: 1.0\n", &report(0, 0), &report(10, 1)] {
            assert!(parse(report).is_err(), "{report:?}");
        }
    }
}
