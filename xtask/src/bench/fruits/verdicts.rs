//! The tables, each row held against what the catalogue is meant to reach.

use super::{
    contest::{Contender, Contest, Measure},
    footprint::{Footprint, Unit},
};
use crate::bench::{
    Effort,
    load::CONNECTIONS,
    met,
    rounds::{Rounds, figure},
};

/// The catalogue beside somebody.
struct Comparison {
    measure: Measure,
    subject: Contender,
    beside: Contender,
    target: Target,
}

/// What the comparison is meant to show.
#[derive(Debug, Clone, Copy)]
enum Target {
    /// So many times the other's rate.
    Times(f64),
    /// So many a second or, where the disk is the limit, so many times what it can do.
    RateOrTimes { rate: f64, times: f64 },
    /// Nothing: it is good to know.
    None,
}

const COMPARISONS: &[Comparison] = &[
    compare(Measure::Get, Contender::Sqlite, Contender::Bare, Target::Times(0.75)),
    compare(Measure::Get, Contender::SqliteLogging, Contender::Bare, Target::None),
    compare(Measure::List, Contender::Sqlite, Contender::Bare, Target::Times(0.75)),
    compare(
        Measure::Add,
        Contender::Sqlite,
        Contender::Disk,
        Target::RateOrTimes { rate: 10_000.0, times: 5.0 },
    ),
    compare(Measure::Get, Contender::Postgres, Contender::Pgbench, Target::Times(0.6)),
    compare(Measure::Add, Contender::Postgres, Contender::Pgbench, Target::Times(0.6)),
    compare(Measure::Get, Contender::Postgres, Contender::Peer, Target::Times(10.0)),
    compare(Measure::List, Contender::Postgres, Contender::Peer, Target::Times(10.0)),
    compare(Measure::Add, Contender::Postgres, Contender::Peer, Target::Times(10.0)),
    compare(Measure::List, Contender::Sqlite, Contender::Peer, Target::Times(100.0)),
];

const fn compare(measure: Measure, subject: Contender, beside: Contender, target: Target) -> Comparison {
    Comparison { measure, subject, beside, target }
}

/// Prints who did what how often a second.
pub(super) fn print_rates(contest: &Contest, effort: Effort) {
    println!(
        "{CONNECTIONS} connections; a second, median of {} rounds of {} s (least to most)\n",
        effort.rounds,
        effort.time.as_secs()
    );
    println!("| | the catalogue | beside it | | ratio | target | |");
    println!("| --- | ---: | --- | ---: | ---: | ---: | --- |");
    for Comparison { measure, subject, beside, target } in COMPARISONS {
        let (own, other) = (contest.rounds(*measure, *subject), contest.rounds(*measure, *beside));
        println!(
            "| {}, {} | {} | {} | {} | {} | {} | {} |",
            measure.title(),
            subject.title(),
            own.summary(),
            beside.title(),
            other.summary(),
            figure(own.median() / other.median()),
            target.title(),
            target.verdict(&own, &other),
        );
    }
}

/// Prints what the catalogue takes of its host.
pub(super) fn print_footprints(footprints: &[Footprint]) {
    println!("\n| | | target | |\n| --- | ---: | ---: | --- |");
    for Footprint { title, unit, rounds, below } in footprints {
        let unit = match unit {
            Unit::Milliseconds => "ms",
            Unit::Mebibytes => "MiB",
        };
        let verdict = met(rounds.median() < *below);
        println!("| {title} | {} {unit} | < {} {unit} | {verdict} |", rounds.summary(), figure(*below));
    }
}

impl Target {
    fn title(self) -> String {
        match self {
            Self::Times(times) => format!("≥ {}", figure(times)),
            Self::RateOrTimes { rate, times } => format!("≥ {}/s or ≥ {}", figure(rate), figure(times)),
            Self::None => String::new(),
        }
    }

    fn verdict(self, own: &Rounds, other: &Rounds) -> &'static str {
        let (own, ratio) = (own.median(), own.median() / other.median());
        match self {
            Self::Times(times) => met(ratio >= times),
            Self::RateOrTimes { rate, times } => met(own >= rate || ratio >= times),
            Self::None => "",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_met_from_its_value_on_and_by_no_number_that_is_missing() {
        let either = Target::RateOrTimes { rate: 10_000.0, times: 5.0 };
        for (target, own, other, verdict) in [
            (Target::Times(0.75), 75.0, 100.0, "met"),
            (Target::Times(0.75), 74.9, 100.0, "missed"),
            (Target::Times(0.75), f64::NAN, 100.0, "missed"),
            (either, 10_000.0, 9_000.0, "met"),
            (either, 500.0, 100.0, "met"),
            (either, 499.0, 100.0, "missed"),
            (Target::None, 1.0, 100.0, ""),
        ] {
            let [own, other] = [own, other].map(|value| Rounds::from_iter([value]));
            assert_eq!(target.verdict(&own, &other), verdict, "{target:?}: {own:?} beside {other:?}");
        }
    }
}
