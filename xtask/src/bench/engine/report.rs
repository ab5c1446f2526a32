//! What was measured, as tables for people and as numbers for programs.

use std::{collections::BTreeMap, fmt::Write as _};

use super::{Contender, Figures, Image, Target};
use crate::bench::{Effort, met, rounds::figure};

pub(super) struct Report {
    pub(super) rows: Vec<Row>,
    /// The most memory of a conversion of one pixel, in MiB.
    pub(super) rest: f64,
    pub(super) effort: Effort,
    pub(super) date: String,
}

pub(super) struct Row {
    pub(super) image: &'static Image,
    pub(super) bytes: u64,
    pub(super) figures: BTreeMap<Contender, Figures>,
}

impl Report {
    /// In Markdown.
    pub(super) fn tables(&self) -> String {
        let mut text = format!(
            "Measured on {}; medians of {} rounds (least to most):\n\n",
            self.date, self.effort.rounds
        );
        text += "| image | | milliseconds | peak memory, MiB | written, bytes |\n| --- | --- | ---: | ---: | ---: |\n";
        for row in &self.rows {
            for (contender, figures) in &row.figures {
                let Figures { seconds, peak_mebibytes, bytes } = figures;
                let milliseconds = seconds.scaled(1e3).summary();
                let _ = writeln!(
                    text,
                    "| {} ({} bytes) | {} | {milliseconds} | {} | {bytes} |",
                    row.image.title,
                    row.bytes,
                    contender.title(),
                    figure(peak_mebibytes.median()),
                );
            }
        }
        text += "\n| image | | | target | |\n| --- | --- | ---: | ---: | --- |\n";
        for row in &self.rows {
            for target in row.image.targets {
                let (what, reached, wanted, is_met) = self.verdict(row, *target);
                let _ = writeln!(
                    text,
                    "| {} | {what} | {reached} | {wanted} | {} |",
                    row.image.title,
                    met(is_met)
                );
            }
        }
        text
    }

    /// What was measured, with the date that it is of.
    pub(super) fn csv(&self) -> String {
        let mut table = String::from("date,image,bytes,who,milliseconds,peak_mebibytes,written_bytes\n");
        for row in &self.rows {
            for (contender, figures) in &row.figures {
                let _ = writeln!(
                    table,
                    "{},{},{},{},{:.2},{:.2},{}",
                    self.date,
                    row.image.title.replace(',', ""),
                    row.bytes,
                    contender.title().replace('`', ""),
                    figures.seconds.median() * 1e3,
                    figures.peak_mebibytes.median(),
                    figures.bytes,
                );
            }
        }
        table
    }

    /// What is compared, what was reached, what was wanted, and whether it is met.
    fn verdict(&self, row: &Row, target: Target) -> (String, String, String, bool) {
        let own = &row.figures[&Contender::Fruitpress];
        let seconds = |contender| row.figures[&contender].seconds.median();
        match target {
            Target::TimesLonger(times, other) => {
                let ratio = own.seconds.median() / seconds(other);
                (
                    format!("time, of {}'s", other.title()),
                    figure(ratio),
                    format!("≤ {}", figure(times)),
                    ratio <= times,
                )
            }
            Target::TimesFaster(times, other) => {
                let ratio = seconds(other) / own.seconds.median();
                (
                    format!("times as fast as {}", other.title()),
                    figure(ratio),
                    format!("≥ {}", figure(times)),
                    ratio >= times,
                )
            }
            Target::LargerBy(bytes) => {
                let more = i128::from(own.bytes) - i128::from(row.bytes);
                (
                    "bytes more than the image".to_owned(),
                    more.to_string(),
                    format!("≤ {bytes}"),
                    more <= i128::from(bytes),
                )
            }
            Target::TimesLarger(times) => {
                #[expect(clippy::cast_precision_loss, reason = "a ratio needs no more than a few digits")]
                let ratio = own.bytes as f64 / row.bytes as f64;
                (
                    "size, of the image's".to_owned(),
                    format!("{ratio:.3}"),
                    format!("≤ {times}"),
                    ratio <= times,
                )
            }
            Target::AboveRest(mebibytes) => {
                let above = own.peak_mebibytes.median() - self.rest;
                let what = "MiB above the conversion of one pixel".to_owned();
                (what, figure(above), format!("< {}", figure(mebibytes)), above < mebibytes)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::bench::{engine::IMAGES, rounds::Rounds};

    fn figures(seconds: f64, mebibytes: f64, bytes: u64) -> Figures {
        let [seconds, peak_mebibytes] = [seconds, mebibytes].map(|value| Rounds::from_iter([value]));
        Figures { seconds, peak_mebibytes, bytes }
    }

    /// Everybody else takes a second.
    fn report(own: f64, bytes: u64, mebibytes: f64) -> Report {
        let rows = IMAGES.iter().map(|image| {
            let others = image.beside.iter().map(|contender| (*contender, figures(1.0, 100.0, 1_000_000)));
            let own = (Contender::Fruitpress, figures(own, mebibytes, bytes));
            Row { image, bytes: 1_000_000, figures: others.chain([own]).collect() }
        });
        let effort = Effort { rounds: 1, time: Duration::from_secs(1) };
        Report { rows: rows.collect(), rest: 5.0, effort, date: "2026-01-02".to_owned() }
    }

    #[test]
    fn every_target_is_met_at_its_value_and_missed_past_it() {
        let good = report(0.05, 1_002_000, 20.9).tables();
        assert!(!good.contains("missed"), "{good}");
        assert_eq!(
            good.matches("| met |").count(),
            IMAGES.iter().map(|image| image.targets.len()).sum::<usize>()
        );
        let slow = report(1.26, 1_002_000, 20.9).tables();
        for expected in [
            "| JPEG, 12 megapixels | time, of `mutool convert`'s | 1.26 | ≤ 1.00 | missed |",
            "| PNG, RGB, 12 megapixels | time, of checked copy's | 1.26 | ≤ 1.25 | missed |",
            "| WebP, 12 megapixels | times as fast as img2pdf | 0.79 | ≥ 8.00 | missed |",
        ] {
            assert!(slow.contains(expected), "{slow}");
        }
        let large = report(0.05, 1_050_001, 21.0).tables();
        assert_eq!(large.matches("missed").count(), 3, "{large}");
        assert!(
            report(0.05, 7, 6.0)
                .csv()
                .contains("2026-01-02,JPEG 12 megapixels,1000000,cp,1000.00,100.00,1000000\n")
        );
    }
}
