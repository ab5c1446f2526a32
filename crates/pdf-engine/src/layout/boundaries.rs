//! The boxes of a page beside its media box (ISO 32000-1, section 14.11.2), by what lies between them and it.

use super::Border;
use crate::page::{self, UNITS_MIN};

/// The crop, bleed, trim and art boxes of each page. The borders are those of the page as it is seen, and no option turns
/// or scales them.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[non_exhaustive]
pub struct Boundaries {
    /// Between the page and what is shown and printed of it. Readers take this box for those that are not set.
    pub crop: Option<Border>,
    /// Between the page and what is printed of it before it is cut.
    pub bleed: Option<Border>,
    /// Between the page and what is left of it when it is cut.
    pub trim: Option<Border>,
    /// Between the page and what is meant to be seen on it.
    pub art: Option<Border>,
}

/// The boxes of one page that are set, in units: left, bottom, right and top.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Boxes {
    pub(crate) crop: Option<[f64; 4]>,
    pub(crate) bleed: Option<[f64; 4]>,
    pub(crate) trim: Option<[f64; 4]>,
    pub(crate) art: Option<[f64; 4]>,
}

impl Boundaries {
    /// Why no page of this size, in points, has such boxes.
    pub(super) fn fault(&self, page: [f64; 2]) -> Option<String> {
        let (media, unit) = page::media(page);
        self.boxes(media, unit).err()
    }

    /// The boxes of a page of so many units, each of so many points; an error says which border is too large for it.
    pub(crate) fn boxes(&self, media: [f64; 2], unit: f64) -> Result<Boxes, String> {
        let place = |name: &str, border: Option<Border>| {
            border.map(|border| boundary(name, border, media, unit)).transpose()
        };
        Ok(Boxes {
            crop: place("crop", self.crop)?,
            bleed: place("bleed", self.bleed)?,
            trim: place("trim", self.trim)?,
            art: place("art", self.art)?,
        })
    }
}

/// What a border leaves of a page, which is as much as readers and PDF/A want of any page at least.
fn boundary(name: &str, border: Border, media: [f64; 2], unit: f64) -> Result<[f64; 4], String> {
    let Border { top, right, bottom, left } = border.divided_by(unit);
    let [width, height] = media;
    for (side, taken, way) in [(width, left + right, "across"), (height, top + bottom, "down")] {
        // Sums of lengths are not exact.
        if side - taken < UNITS_MIN - 1e-6 {
            let [taken, side, least] =
                [taken, side, UNITS_MIN].map(|units| (units * unit * 100.0).round() / 100.0);
            return Err(format!(
                "the {name} border takes {taken} of the {side} points that the page has {way}, and a box needs {least} of them: give a smaller border, or a larger page"
            ));
        }
    }
    Ok([left, bottom, width - right, height - top])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_has_what_readers_want_of_a_page_or_is_an_error() {
        let found = |border: &str, page: [f64; 2]| {
            let (media, unit) = page::media(page);
            boundary("trim", border.parse().unwrap(), media, unit)
        };
        for (border, page, expected) in [
            ("0", [100.0, 50.0], Some([0.0, 0.0, 100.0, 50.0])),
            ("10:20", [100.0, 50.0], Some([20.0, 10.0, 80.0, 40.0])),
            ("1:2:3:4", [100.0, 50.0], Some([4.0, 3.0, 98.0, 49.0])),
            // At the limit, and past it; on either axis, and by either side alone.
            ("23.5:0", [100.0, 50.0], Some([0.0, 23.5, 100.0, 26.5])),
            ("23.6:0", [100.0, 50.0], None),
            ("0:48.5", [100.0, 50.0], Some([48.5, 0.0, 51.5, 50.0])),
            ("0:48.6", [100.0, 50.0], None),
            ("0:0:48:0", [100.0, 50.0], None),
            ("0:98:0:0", [100.0, 50.0], None),
            // More than there is.
            ("10cm", [100.0, 50.0], None),
            // Units of two points: borders are in points, and three units are six.
            ("10:20", [28_800.0, 50.0], Some([10.0, 5.0, 14_390.0, 20.0])),
            ("22:0", [28_800.0, 50.0], Some([0.0, 11.0, 14_400.0, 14.0])),
            ("22.1:0", [28_800.0, 50.0], None),
            // A page that is too small has a margin, which is part of it.
            ("0", [1.0, 50.0], Some([0.0, 0.0, 3.0, 50.0])),
            ("0:0.1", [1.0, 50.0], None),
        ] {
            assert_eq!(found(border, page).ok(), expected, "{border} of {page:?}");
        }
        assert_eq!(
            found("1in:0", [28_800.0, 100.0]).unwrap_err(),
            "the trim border takes 144 of the 100 points that the page has down, and a box needs 6 of them: give a smaller border, or a larger page"
        );
    }
}
