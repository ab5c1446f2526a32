//! Load on an HTTP service, made and counted by wrk, and the numbers that come of it.

use std::{net::SocketAddr, path::Path, time::Duration};

use anyhow::{Context, Result, bail, ensure};

use crate::{
    packages,
    process::{command, is_installed, read, root},
};

/// As many as the tables in `bench/README.md` were measured with.
pub(crate) const CONNECTIONS: u32 = 16;

/// Installs wrk where it is missing.
pub(crate) fn prepare() -> Result<()> {
    if is_installed("wrk") { Ok(()) } else { packages::install(&["wrk"]) }
}

/// Requests a second that the service answers on this path, with one thread of wrk and [`CONNECTIONS`]. A
/// script under `bench/wrk` makes other requests than GET. An answer that is no success is an error: a
/// service that refuses is fast.
pub(crate) fn requests_a_second(
    address: SocketAddr,
    path: &str,
    script: Option<&str>,
    time: Duration,
) -> Result<f64> {
    let mut wrk = command("wrk");
    wrk.args(["-t1", &format!("-c{CONNECTIONS}"), &format!("-d{}s", time.as_secs())]);
    if let Some(script) = script {
        wrk.arg("-s").arg(root().join(Path::new("bench/wrk")).join(script));
    }
    parse(&read(wrk.arg(format!("http://{address}{path}")))?)
}

fn parse(report: &str) -> Result<f64> {
    for line in report.lines().map(str::trim) {
        if line.starts_with("Socket errors") || line.starts_with("Non-2xx") {
            bail!("not every request was answered well: {line}");
        }
        if let Some(number) = line.strip_prefix("Requests/sec:") {
            let number = number.trim().parse().with_context(|| format!("no number: {line}"))?;
            ensure!(number > 0.0, "nothing was answered");
            return Ok(number);
        }
    }
    bail!("wrk reported no rate:\n{report}")
}

/// What was measured in each round.
#[derive(Debug, Default)]
pub(crate) struct Rounds(Vec<f64>);

impl Rounds {
    /// Notes one round.
    pub(crate) fn push(&mut self, value: f64) {
        self.0.push(value);
    }

    /// The middle one; the lower of two.
    pub(crate) fn median(&self) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        sorted.get((sorted.len().saturating_sub(1)) / 2).copied().unwrap_or(f64::NAN)
    }

    /// The median with the least and the most, for a table.
    pub(crate) fn summary(&self) -> String {
        let least = self.0.iter().copied().fold(f64::INFINITY, f64::min);
        let most = self.0.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        format!("{:.0} ({least:.0} to {most:.0})", self.median())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_rate_and_refuses_errors() {
        assert!(
            (parse("  1 threads\nRequests/sec:  51234.56\nTransfer/sec: 1MB\n").unwrap() - 51_234.56).abs()
                < 1e-9
        );
        for report in [
            "",
            "Requests/sec: 0.00\n",
            "Requests/sec: many\n",
            "  Non-2xx or 3xx responses: 12\nRequests/sec: 100.0\n",
            "  Socket errors: connect 0, read 12, write 0, timeout 0\nRequests/sec: 100.0\n",
        ] {
            assert!(parse(report).is_err(), "{report:?}");
        }
    }

    #[test]
    fn the_median_is_the_middle_of_the_rounds() {
        let mut rounds = Rounds::default();
        for value in [5.0, 1.0, 9.0] {
            rounds.push(value);
        }
        assert_eq!(rounds.summary(), "5 (1 to 9)");
        rounds.push(2.0);
        assert_eq!(rounds.summary(), "2 (1 to 9)");
        assert!(Rounds::default().median().is_nan());
    }
}
