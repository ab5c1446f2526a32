//! Sizes as people write them: `A4`, `A4^T`, `10cmx15cm`, `x5in`, `300dpi`, `50%`.

use std::str::FromStr;

use super::paper;

/// More points are a mistake: it is the length of three football fields.
const POINTS_MAX: f64 = 1_000_000.0;
/// A percentage or density beyond is one as well.
const PERCENT_MAX: f64 = 100_000.0;
const DPI_MAX: f64 = 100_000.0;

/// The size of pages in points. A side that is `None` follows the image.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PageSize {
    /// From left to right.
    pub(crate) width: Option<f64>,
    /// From bottom to top.
    pub(crate) height: Option<f64>,
}

/// The size that images are fitted to. A side that is `None` keeps the proportions.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ImageSize {
    /// From left to right.
    pub(crate) width: Option<Extent>,
    /// From bottom to top.
    pub(crate) height: Option<Extent>,
}

/// How long a side of an image is to be.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Extent {
    /// So many points.
    Points(f64),
    /// So many hundredths of what it has at its own density.
    Percent(f64),
    /// What it has at so many dots per inch.
    Dpi(f64),
}

/// What is left free on each side, in points.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Border {
    pub(crate) top: f64,
    pub(crate) right: f64,
    pub(crate) bottom: f64,
    pub(crate) left: f64,
}

/// Why a size was not understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ParseSizeError(String);

impl Extent {
    /// In points, for a side of so many pixels and so many points at its own density.
    pub(crate) fn points(self, pixels: f64, points: f64) -> f64 {
        match self {
            Self::Points(length) => length,
            Self::Percent(percent) => points * percent / 100.0,
            Self::Dpi(dpi) => pixels * 72.0 / dpi,
        }
    }
}

impl Border {
    /// In units of so many points.
    pub(super) fn divided_by(self, unit: f64) -> Self {
        let Self { top, right, bottom, left } = self;
        Self { top: top / unit, right: right / unit, bottom: bottom / unit, left: left / unit }
    }

    /// As a page has it that was turned by a quarter: what was above is on the left.
    pub(crate) fn turned(self) -> Self {
        Self { top: self.right, right: self.bottom, bottom: self.left, left: self.top }
    }
}

impl FromStr for PageSize {
    type Err = ParseSizeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let what = "a paper such as A4 or Letter, or a size such as 10cmx15cm";
        let [width, height] = size(text, what, positive_length, |points| points)?;
        Ok(Self { width, height })
    }
}

impl FromStr for ImageSize {
    type Err = ParseSizeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let what = "a size such as 10cmx15cm, 300dpi or 50%, or a paper such as A4 or Letter";
        let [width, height] = size(text, what, extent, Extent::Points)?;
        Ok(Self { width, height })
    }
}

impl FromStr for Border {
    type Err = ParseSizeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts = text.split(':').map(border_length).collect::<Option<Vec<_>>>();
        match parts.as_deref() {
            Some([all]) => Ok(Self { top: *all, right: *all, bottom: *all, left: *all }),
            Some([vertical, horizontal]) => {
                Ok(Self { top: *vertical, right: *horizontal, bottom: *vertical, left: *horizontal })
            }
            Some([top, right, bottom, left]) => {
                Ok(Self { top: *top, right: *right, bottom: *bottom, left: *left })
            }
            _ => Err(ParseSizeError(format!(
                "\"{text}\" is no border: one length for all sides, two as TOP-AND-BOTTOM:LEFT-AND-RIGHT, or four as TOP:RIGHT:BOTTOM:LEFT, each such as 2cm and none beyond {POINTS_MAX} points"
            ))),
        }
    }
}

/// Paper by its name, or two sides; turned where `^T` stands behind it.
fn size<T>(
    text: &str,
    what: &str,
    parse: impl Fn(&str) -> Option<T>,
    of_points: impl Fn(f64) -> T,
) -> Result<[Option<T>; 2], ParseSizeError> {
    let (text, is_turned) = match text.strip_suffix("^T").or_else(|| text.strip_suffix("^t")) {
        Some(text) => (text, true),
        None => (text, false),
    };
    let mut size = match paper::size(text) {
        Some(size) => size.map(|side| Some(of_points(side))),
        None => sides(text, what, parse)?,
    };
    if is_turned {
        size.reverse();
    }
    Ok(size)
}

/// Two sides with an `x` between them, of which one may be missing.
fn sides<T>(
    text: &str,
    what: &str,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<[Option<T>; 2], ParseSizeError> {
    let wrong = || ParseSizeError(format!("\"{text}\" is not {what}"));
    let (width, height) = text.split_once(['x', 'X', '×']).unwrap_or((text, ""));
    let side = |text: &str| match text.trim() {
        "" => Ok(None),
        text => parse(text).map(Some).ok_or_else(wrong),
    };
    match [side(width)?, side(height)?] {
        [None, None] => Err(wrong()),
        sides => Ok(sides),
    }
}

fn extent(text: &str) -> Option<Extent> {
    let text = text.to_ascii_lowercase();
    if let Some(dpi) = text.strip_suffix("dpi") {
        return number(dpi, DPI_MAX).filter(|dpi| *dpi >= 1.0).map(Extent::Dpi);
    }
    if let Some(percent) = text.strip_suffix('%') {
        return number(percent, PERCENT_MAX).filter(|percent| *percent > 0.0).map(Extent::Percent);
    }
    positive_length(&text).map(Extent::Points)
}

/// A length that is not zero, in points.
fn positive_length(text: &str) -> Option<f64> {
    border_length(text).filter(|length| *length > 0.0)
}

/// A length with its unit; without one it is in points.
fn border_length(text: &str) -> Option<f64> {
    let text = text.trim().to_ascii_lowercase();
    let units = [("pt", 1.0), ("cm", 72.0 / 2.54), ("mm", 72.0 / 25.4), ("in", 72.0)];
    let (digits, factor) = units
        .iter()
        .find_map(|(unit, factor)| Some((text.strip_suffix(unit)?, *factor)))
        .unwrap_or((text.as_str(), 1.0));
    number(digits, POINTS_MAX).map(|number| number * factor).filter(|points| *points <= POINTS_MAX)
}

/// A number in decimal, from 0 on.
fn number(text: &str, max: f64) -> Option<f64> {
    let text = text.trim();
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    text.parse().ok().filter(|number: &f64| is_plain && *number <= max)
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "the numbers are exact by design")]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_understood_as_people_write_them() {
        let page = |text: &str| text.parse::<PageSize>().map(|size| (size.width, size.height));
        assert_eq!(page("letter^T"), Ok((Some(792.0), Some(612.0))));
        assert_eq!(page("Legal"), Ok((Some(612.0), Some(1008.0))));
        assert_eq!(page("10x20"), Ok((Some(10.0), Some(20.0))));
        assert_eq!(page("2inX72pt"), Ok((Some(144.0), Some(72.0))));
        assert_eq!(page("x5.08cm"), Ok((None, Some(144.0))));
        assert_eq!(page("25.4mm"), Ok((Some(72.0), None)));
        assert_eq!(page("25.4mmx^T"), Ok((None, Some(72.0))));
        for text in [
            "",
            "x",
            "A7",
            "10y20",
            "0x5",
            "-1x5",
            "1e3",
            "nan",
            "inf",
            "5km",
            "1000001",
            "5cmx5cmx5cm",
            "50%",
            "300dpi",
        ] {
            assert!(page(text).is_err(), "{text}");
        }
        let image = |text: &str| text.parse::<ImageSize>().map(|size| (size.width, size.height));
        assert_eq!(image("300dpi"), Ok((Some(Extent::Dpi(300.0)), None)));
        assert_eq!(image("50%x2in"), Ok((Some(Extent::Percent(50.0)), Some(Extent::Points(144.0)))));
        assert_eq!(image("letter^T"), Ok((Some(Extent::Points(792.0)), Some(Extent::Points(612.0)))));
        assert_eq!(image("50%x^T"), Ok((None, Some(Extent::Percent(50.0)))));
        for text in ["0dpi", "0%", "A7", "dpi", "%", "100001%", "A4x", "^T"] {
            assert!(image(text).is_err(), "{text}");
        }
    }

    #[test]
    fn borders_have_one_two_or_four_lengths() {
        let sides = |text: &str| {
            text.parse::<Border>().map(|border| [border.top, border.right, border.bottom, border.left])
        };
        assert_eq!(sides("1in"), Ok([72.0; 4]));
        assert_eq!(sides("0"), Ok([0.0; 4]));
        assert_eq!(sides("1:2"), Ok([1.0, 2.0, 1.0, 2.0]));
        assert_eq!(sides("1:2:3:4"), Ok([1.0, 2.0, 3.0, 4.0]));
        for text in ["", "1:2:3", "1:2:3:4:5", ":", "1:", "-1", "1x2"] {
            assert!(sides(text).is_err(), "{text}");
        }
        let turned = "1:2:3:4".parse::<Border>().unwrap().turned();
        assert_eq!([turned.top, turned.right, turned.bottom, turned.left], [2.0, 3.0, 4.0, 1.0]);
    }
}
