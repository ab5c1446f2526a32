//! What was measured again and again, and the number that stands for it.

/// What was measured in each round.
#[derive(Debug, Default, Clone)]
pub(super) struct Rounds(Vec<f64>);

impl Rounds {
    /// Notes one round.
    pub(super) fn push(&mut self, value: f64) {
        self.0.push(value);
    }

    /// The middle one; the lower of two.
    pub(super) fn median(&self) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        sorted.get((sorted.len().saturating_sub(1)) / 2).copied().unwrap_or(f64::NAN)
    }

    /// The same in another unit.
    pub(super) fn scaled(&self, by: f64) -> Self {
        self.0.iter().map(|value| value * by).collect()
    }

    /// The median with the least and the most, for a table.
    pub(super) fn summary(&self) -> String {
        let least = self.0.iter().copied().fold(f64::INFINITY, f64::min);
        let most = self.0.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        format!("{} ({} to {})", figure(self.median()), figure(least), figure(most))
    }
}

impl FromIterator<f64> for Rounds {
    fn from_iter<T: IntoIterator<Item = f64>>(values: T) -> Self {
        Self(values.into_iter().collect())
    }
}

/// A number as a person reads it: thousands apart, and decimals only where they say something.
pub(super) fn figure(value: f64) -> String {
    let decimals = if value < 10.0 { 2 } else { usize::from(value < 100.0) };
    let text = format!("{value:.decimals$}");
    let (whole, rest) = text.split_at(text.find('.').unwrap_or(text.len()));
    let mut grouped = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_of_the_rounds() {
        let mut rounds: Rounds = [500.0, 100.0, 900.0].into_iter().collect();
        assert_eq!(rounds.summary(), "500 (100 to 900)");
        rounds.push(200.0);
        assert_eq!(rounds.summary(), "200 (100 to 900)");
        assert!(Rounds::default().median().is_nan());
    }

    #[test]
    fn figures_are_grouped_and_no_more_exact_than_they_are() {
        for (value, figure) in [
            (0.0, "0.00"),
            (0.754, "0.75"),
            (9.994, "9.99"),
            (12.34, "12.3"),
            (99.94, "99.9"),
            (999.4, "999"),
            (1_000.0, "1,000"),
            (54_609.4, "54,609"),
            (1_234_567.0, "1,234,567"),
        ] {
            assert_eq!(super::figure(value), figure);
        }
    }
}
