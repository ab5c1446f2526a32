//! Small charts beside one another, as one SVG: drawn here, since a few lines and texts are all it takes.

use std::fmt::Write as _;

use crate::bench::rounds::figure;

/// One chart.
pub(super) struct Panel {
    pub(super) title: &'static str,
    pub(super) scale: Scale,
    /// What is counted along its lower edge.
    pub(super) across: &'static str,
    /// A point each.
    pub(super) labels: Vec<String>,
    /// In the order of [`COLORS`]; one without values is left out.
    pub(super) series: Vec<Series>,
}

/// One line of a chart.
pub(super) struct Series {
    pub(super) name: &'static str,
    pub(super) values: Vec<f64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scale {
    /// From zero on.
    Linear,
    /// From one power of ten to another.
    Logarithmic,
}

/// Told apart by those too who see no red or no green.
const COLORS: [&str; 2] = ["#0b6e99", "#c8561b"];

const COLUMNS: usize = 4;
const PANEL: (f64, f64) = (285.0, 225.0);
/// The plot within its panel: left, top, width, height.
const PLOT: (f64, f64, f64, f64) = (50.0, 40.0, 205.0, 130.0);
const HEADER: f64 = 44.0;

/// Draws the panels in rows, with one legend above them.
pub(super) fn draw(panels: &[Panel]) -> String {
    let columns = panels.len().min(COLUMNS);
    let width = PANEL.0 * count(columns);
    let height = HEADER + PANEL.1 * count(panels.len().div_ceil(COLUMNS));
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
         height=\"{height}\" font-family=\"system-ui, 'DejaVu Sans', sans-serif\" font-size=\"11\" fill=\"#333\">\n\
         <rect width=\"{width}\" height=\"{height}\" fill=\"#fff\"/>\n"
    );
    legend(&mut svg, panels);
    for (index, panel) in panels.iter().enumerate() {
        let (x, y) = (PANEL.0 * count(index % COLUMNS), HEADER + PANEL.1 * count(index / COLUMNS));
        let _ = writeln!(svg, "<g transform=\"translate({x} {y})\">");
        panel.draw(&mut svg);
        svg.push_str("</g>\n");
    }
    svg.push_str("</svg>\n");
    svg
}

fn legend(svg: &mut String, panels: &[Panel]) {
    let Some(panel) = panels.first() else { return };
    for (index, (series, color)) in panel.series.iter().zip(COLORS).enumerate() {
        let x = PLOT.0 + 110.0 * count(index);
        let _ = writeln!(
            svg,
            "<circle cx=\"{}\" cy=\"22\" r=\"5\" fill=\"{color}\"/>\
             <text x=\"{}\" y=\"26\" font-size=\"13\">{}</text>",
            x + 5.0,
            x + 16.0,
            escape(series.name)
        );
    }
}

impl Panel {
    fn draw(&self, svg: &mut String) {
        let (left, top, width, height) = PLOT;
        let axis = Axis::of(self.scale, self.series.iter().flat_map(|series| &series.values).copied());
        let y = |value: f64| top + height * (1.0 - axis.share(value));
        let x = |index: usize| {
            let steps = count(self.labels.len().saturating_sub(1).max(1));
            left + width * count(index) / steps
        };

        let _ = writeln!(
            svg,
            "<text x=\"{left}\" y=\"22\" font-size=\"13\" font-weight=\"600\">{}</text>",
            escape(self.title)
        );
        for tick in axis.ticks() {
            let y = y(tick);
            let _ = writeln!(
                svg,
                "<line x1=\"{left}\" x2=\"{}\" y1=\"{y:.1}\" y2=\"{y:.1}\" stroke=\"#ddd\"/>\
                 <text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
                left + width,
                left - 8.0,
                y + 4.0,
                tick_text(tick)
            );
        }
        for (index, label) in self.labels.iter().enumerate() {
            let text = escape(label);
            let (x, y) = (x(index), top + height + 18.0);
            let _ = writeln!(svg, "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"middle\">{text}</text>");
        }
        let _ = writeln!(
            svg,
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\" fill=\"#777\">{}</text>",
            left + width / 2.0,
            top + height + 34.0,
            escape(self.across)
        );
        for (series, color) in self.series.iter().zip(COLORS) {
            let points: Vec<_> =
                series.values.iter().enumerate().map(|(index, value)| (x(index), y(*value))).collect();
            let line: Vec<_> = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
            let line = line.join(" ");
            let _ = writeln!(
                svg,
                "<polyline points=\"{line}\" fill=\"none\" stroke=\"{color}\" stroke-width=\"2\"/>"
            );
            for ((x, y), value) in points.iter().zip(&series.values) {
                let _ = writeln!(
                    svg,
                    "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3.5\" fill=\"{color}\"><title>{}: {}</title></circle>",
                    escape(series.name),
                    figure(*value)
                );
            }
        }
    }
}

/// What the height of a plot stands for.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Axis {
    scale: Scale,
    least: f64,
    most: f64,
    step: f64,
}

impl Axis {
    /// All values are on it, and its ends are round.
    fn of(scale: Scale, values: impl Iterator<Item = f64>) -> Self {
        let (least, most) = values
            .filter(|value| value.is_finite() && *value > 0.0)
            .fold((f64::INFINITY, 0.0_f64), |(least, most), value| (least.min(value), most.max(value)));
        if most == 0.0 {
            return Self { scale: Scale::Linear, least: 0.0, most: 1.0, step: 1.0 };
        }
        if scale == Scale::Logarithmic {
            let (least, most) = (10_f64.powf(least.log10().floor()), 10_f64.powf(most.log10().ceil()));
            return Self { scale, least, most: most.max(least * 10.0), step: 10.0 };
        }
        let rough = most / 4.0;
        let power = 10_f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 2.5, 5.0, 10.0].map(|times| times * power);
        let step = step.into_iter().find(|step| *step >= rough * (1.0 - 1e-9)).unwrap_or(10.0 * power);
        Self { scale, least: 0.0, most: (most / step - 1e-9).ceil() * step, step }
    }

    /// Where the value is between the lower end, 0, and the upper one, 1.
    fn share(self, value: f64) -> f64 {
        let share = match self.scale {
            Scale::Linear => (value - self.least) / (self.most - self.least),
            Scale::Logarithmic => (value / self.least).log10() / (self.most / self.least).log10(),
        };
        if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 }
    }

    fn ticks(self) -> impl Iterator<Item = f64> {
        let next = move |tick: &f64| match self.scale {
            Scale::Linear => tick + self.step,
            Scale::Logarithmic => tick * self.step,
        };
        std::iter::successors(Some(self.least), move |tick| Some(next(tick)))
            .take_while(move |tick| *tick <= self.most * (1.0 + 1e-9))
    }
}

/// Short, as beside an axis.
fn tick_text(value: f64) -> String {
    let (value, unit) = if value >= 1e6 {
        (value / 1e6, "M")
    } else if value >= 1e3 {
        (value / 1e3, "k")
    } else {
        (value, "")
    };
    let text = format!("{value:.2}");
    format!("{}{unit}", text.trim_end_matches('0').trim_end_matches('.'))
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

#[expect(clippy::cast_precision_loss, reason = "a handful")]
fn count(number: usize) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_is_round_and_holds_every_value() {
        let linear: &[(f64, &[f64])] = &[
            (4.0, &[0.0, 1.0, 2.0, 3.0, 4.0]),
            (4.1, &[0.0, 2.0, 4.0, 6.0]),
            (54_609.0, &[0.0, 20_000.0, 40_000.0, 60_000.0]),
            (0.9, &[0.0, 0.25, 0.5, 0.75, 1.0]),
        ];
        for (most, ticks) in linear {
            let axis = Axis::of(Scale::Linear, [*most, 0.1].into_iter());
            let found: Vec<_> = axis.ticks().collect();
            assert_eq!(found.len(), ticks.len(), "{most}: {found:?}");
            assert!(found.iter().zip(*ticks).all(|(found, tick)| (found - tick).abs() < 1e-6), "{found:?}");
            assert!(axis.most >= *most);
        }
        let axis = Axis::of(Scale::Logarithmic, [0.2, 900.0].into_iter());
        let found: Vec<_> = axis.ticks().map(tick_text).collect();
        assert_eq!(found, ["0.1", "1", "10", "100", "1k"]);
        assert!((axis.share(10.0) - 0.5).abs() < 1e-9);
    }

    #[test]
    fn nothing_to_draw_is_drawn_as_nothing() {
        for values in [vec![], vec![0.0], vec![f64::NAN]] {
            let axis = Axis::of(Scale::Linear, values.into_iter());
            assert_eq!(axis.ticks().map(tick_text).collect::<Vec<_>>(), ["0", "1"]);
            assert_eq!(axis.share(f64::NAN).total_cmp(&0.0), std::cmp::Ordering::Equal);
        }
        assert!(draw(&[]).ends_with("</svg>\n"));
    }

    #[test]
    fn a_chart_has_a_point_for_each_value_and_no_markup_of_its_texts() {
        let panel = Panel {
            title: "a < b & c",
            scale: Scale::Linear,
            across: "fruits",
            labels: vec!["1".to_owned(), "2".to_owned()],
            series: vec![
                Series { name: "one", values: vec![1.0, 2.0] },
                Series { name: "other", values: Vec::new() },
            ],
        };
        let svg = draw(&[panel]);
        assert_eq!(svg.matches("<title>").count(), 2);
        assert!(svg.contains("a &lt; b &amp; c"));
    }
}
