//! pgbench, PostgreSQL's own benchmark: what the database does for a client that has nothing else to do.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

use super::{load::CONNECTIONS, postgres::Database};
use crate::process::{read, root};

/// Transactions a second of the script under `bench/pgbench`, prepared, with one thread and as many connections
/// as the services get. `variables` are what it names, each `name=value`.
pub(super) fn transactions_a_second(
    database: &Database,
    script: &str,
    variables: &[&str],
    time: Duration,
) -> Result<f64> {
    let mut pgbench = database.program("pgbench");
    pgbench.args(["--no-vacuum", "--protocol=prepared", "--jobs=1"]);
    pgbench.arg(format!("--client={CONNECTIONS}")).arg(format!("--time={}", time.as_secs().max(1)));
    pgbench.arg("--file").arg(root().join("bench/pgbench").join(script));
    for variable in variables {
        pgbench.args(["--define", variable]);
    }
    parse(&read(pgbench.arg(database.url()))?)
}

/// Reads what pgbench prints at its end.
fn parse(report: &str) -> Result<f64> {
    let value = |name: &str| report.lines().find_map(|line| line.strip_prefix(name));
    // Releases before 15 have no such line, and end where a transaction fails.
    if let Some(failed) = value("number of failed transactions: ") {
        ensure!(failed.starts_with("0 "), "pgbench: {failed} transactions failed");
    }
    let Some(rate) = value("tps = ") else { bail!("pgbench reported no rate:\n{report}") };
    let number = rate.split(' ').next().unwrap_or_default();
    let rate = number.parse().with_context(|| format!("pgbench: no number: {rate}"))?;
    ensure!(rate > 0.0, "pgbench did nothing");
    Ok(rate)
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn reads_the_rate_and_refuses_failures() {
        let report = |failed: &str, rate: &str| {
            format!(
                "transaction type: get.sql\nquery mode: prepared\nnumber of failed transactions: {failed}\n\
                 latency average = 0.4 ms\ninitial connection time = 25.1 ms\n\
                 tps = {rate} (without initial connection time)\n"
            )
        };
        let rate = parse(&report("0 (0.000%)", "36700.25")).unwrap();
        assert!((rate - 36_700.25).abs() < 1e-9);
        for report in [
            String::new(),
            report("3 (0.010%)", "36700.25"),
            report("0 (0.000%)", "many"),
            report("0 (0.000%)", "0.0"),
        ] {
            assert!(parse(&report).is_err(), "{report:?}");
        }
    }
}
