//! What was measured, as tables for people and as numbers for programs.

use std::{fmt::Write as _, thread};

use anyhow::Result;

use super::{CLIENTS, CONTENDERS, CONVERSIONS_AT_ONCE, Contender, Row};
use crate::bench::{
    Effort, met,
    rounds::{Rounds, figure},
    today,
};

/// What the memory of many conversions at once is meant to stay under.
const PEAK_MEBIBYTES: f64 = 128.0;

pub(super) struct Report {
    rows: Vec<Row>,
    peak: Rounds,
    ahead: Rounds,
    effort: Effort,
    date: String,
    processors: usize,
}

impl Report {
    pub(super) fn new(rows: Vec<Row>, peak: Rounds, ahead: Rounds, effort: Effort) -> Result<Self> {
        let processors = thread::available_parallelism()?.get();
        Ok(Self { rows, peak, ahead, effort, date: today()?, processors })
    }

    /// In Markdown.
    pub(super) fn tables(&self) -> String {
        let mut text = format!(
            "Measured on {}: {} processors that sources, store and clients share with the services. Conversions a second, \
             median of {} rounds (least to most):\n\n",
            self.date, self.processors, self.effort.rounds
        );
        text += "| image | clients | press | in Python, one worker | two workers | ratio | ratio to two |\n";
        text += "| --- | ---: | ---: | ---: | ---: | ---: | ---: |\n";
        for row in &self.rows {
            for clients in CLIENTS {
                let [press, peer, twice] = CONTENDERS.map(|contender| &row.rates[&(contender, clients)]);
                let _ = writeln!(
                    text,
                    "| {} ({} bytes) | {clients} | {} | {} | {} | {} | {} |",
                    row.image.name,
                    row.bytes,
                    press.summary(),
                    peer.summary(),
                    twice.summary(),
                    figure(press.median() / peer.median()),
                    figure(press.median() / twice.median()),
                );
            }
        }
        text += "\nWith the number of clients that suits each best:\n\n";
        text += "| image | press | in Python, one worker | ratio | target | | checks alone | of which press reaches |\n";
        text += "| --- | ---: | ---: | ---: | ---: | --- | ---: | ---: |\n";
        for row in &self.rows {
            let (press, peer) = (row.best(Contender::Press), row.best(Contender::Peer));
            let ratio = press / peer;
            let _ = writeln!(
                text,
                "| {} | {} | {} | {} | ≥ {} | {} | {} | {:.0} % |",
                row.image.name,
                figure(press),
                figure(peer),
                figure(ratio),
                figure(row.image.times),
                met(ratio >= row.image.times),
                row.floor.summary(),
                100.0 * press / row.floor.median(),
            );
        }
        let _ = writeln!(
            text,
            "\n| | | target | |\n| --- | ---: | ---: | --- |\n\
             | peak memory, {CONVERSIONS_AT_ONCE} conversions of 23 MB at once, all of which succeeded | {} MiB | < {} MiB | {} |\n\
             | first part stored before the last byte of a slow source was sent | {} s | > 0 s | {} |",
            self.peak.summary(),
            figure(PEAK_MEBIBYTES),
            met(self.peak.median() < PEAK_MEBIBYTES),
            self.ahead.summary(),
            met(self.ahead.median() > 0.0),
        );
        text
    }

    /// The rates, with the date that they are of.
    pub(super) fn csv(&self) -> String {
        let mut table = String::from("date,image,bytes,who,clients,conversions_per_second\n");
        for row in &self.rows {
            let name = row.image.name.replace(',', "");
            for ((contender, clients), rounds) in &row.rates {
                let who = contender.name();
                let _ = writeln!(
                    table,
                    "{},{name},{},{who},{clients},{:.3}",
                    self.date,
                    row.bytes,
                    rounds.median()
                );
            }
            let _ = writeln!(table, "{},{name},{},checks,,{:.3}", self.date, row.bytes, row.floor.median());
        }
        table
    }
}

impl Row {
    /// The rate with the number of clients that suits them best.
    fn best(&self, contender: Contender) -> f64 {
        CLIENTS.map(|clients| self.rates[&(contender, clients)].median()).into_iter().fold(f64::NAN, f64::max)
    }
}

impl Contender {
    fn name(self) -> &'static str {
        match self {
            Self::Press => "press",
            Self::Peer => "peer",
            Self::PeerTwice => "peer with two workers",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::press::IMAGES;

    fn report(press: f64) -> Report {
        let rates = CONTENDERS.into_iter().flat_map(|contender| {
            let rate = if contender == Contender::Press { press } else { 1.0 };
            CLIENTS.map(|clients| ((contender, clients), Rounds::from_iter([rate, rate + 0.5])))
        });
        let row =
            Row { image: &IMAGES[0], bytes: 999, rates: rates.collect(), floor: Rounds::from_iter([80.0]) };
        Report {
            rows: vec![row],
            peak: Rounds::from_iter([127.0]),
            ahead: Rounds::from_iter([2.5]),
            effort: Effort { rounds: 2, time: std::time::Duration::from_secs(1) },
            date: "2026-01-02".to_owned(),
            processors: 2,
        }
    }

    #[test]
    fn tables_say_what_was_reached_and_what_was_not() {
        for (press, verdict) in [(40.0, "| 40.0 | ≥ 40.0 | met |"), (39.0, "| 39.0 | ≥ 40.0 | missed |")]
        {
            let tables = report(press).tables();
            assert!(tables.contains(verdict), "{tables}");
        }
        let tables = report(60.0).tables();
        assert!(tables.contains("| 80.0 (80.0 to 80.0) | 75 % |"), "{tables}");
        assert!(tables.contains("| 127 (127 to 127) MiB | < 128 MiB | met |"), "{tables}");
        assert!(report(60.0).csv().contains("2026-01-02,RGB 1 MB copied,999,press,4,60.000\n"));
    }
}
