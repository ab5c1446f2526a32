//! Where an image lies on its page: pure arithmetic from pixels, density, orientation and layout.

use crate::{
    Dpi,
    error::Fault,
    layout::{Boxes, Layout, Placed, Rotation},
};

/// Points in an inch.
const POINTS: f64 = 72.0;
/// Densities outside are mistakes: at 1 dpi a letter would be a street wide, at 100,000 smaller than light's waves.
pub(crate) const DPI: std::ops::RangeInclusive<f64> = 1.0..=100_000.0;
/// Pixels more oblong than this are mistakes.
const ASPECT_MAX: f64 = 100.0;
/// Readers refuse pages with a side of more units (ISO 32000-1, Annex C).
const UNITS_MAX: f64 = 14_400.0;
/// Readers refuse pages with a side of fewer units.
pub(crate) const UNITS_MIN: f64 = 3.0;

/// How dense a file says its pixels are, along its stored rows and across them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Density {
    /// Dots per inch.
    Dpi { x: f64, y: f64 },
    /// Only how the two relate.
    Aspect { x: f64, y: f64 },
}

/// How the stored image must be turned to be seen upright, as Exif numbers it: 1 is as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Orientation(u8);

impl Default for Orientation {
    fn default() -> Self {
        Self(1)
    }
}

impl Orientation {
    /// Anything but 1 to 8 says nothing, and files have 0 there: the image is taken as it is.
    pub(crate) fn from_exif(value: u32) -> Self {
        match value {
            1..=8 => Self(u8::try_from(value).unwrap_or(1)),
            _ => Self::default(),
        }
    }

    /// The one that is asked for, where one is.
    pub(crate) fn or_as_asked(self, rotation: Rotation) -> Self {
        match rotation {
            Rotation::Auto => self,
            Rotation::Stored => Self(1),
            Rotation::Quarter => Self(6),
            Rotation::Half => Self(3),
            Rotation::ThreeQuarters => Self(8),
        }
    }

    /// Whether rows are seen as columns.
    fn transposes(self) -> bool {
        self.0 >= 5
    }
}

/// A page, in PDF's terms.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Page {
    /// Width and height in units.
    pub(crate) media: [f64; 2],
    /// Points of one unit.
    pub(crate) user_unit: u32,
    /// From the image's unit square to units on the page.
    pub(crate) matrix: [f64; 6],
    /// Its boxes beside `media`.
    pub(crate) boxes: Boxes,
    /// Whether there is a margin beside the image, because readers refuse pages so small.
    pub(crate) padded: bool,
}

impl Page {
    /// The page for an image of so many pixels; an error where it cannot have the boxes that are asked for.
    pub(crate) fn new(
        width: u32,
        height: u32,
        dpi: [f64; 2],
        orientation: Orientation,
        layout: &Layout,
    ) -> Result<Self, Fault> {
        let orientation = orientation.or_as_asked(layout.rotation);
        let mut pixels = [f64::from(width), f64::from(height)];
        let mut size = [pixels[0] * POINTS / dpi[0], pixels[1] * POINTS / dpi[1]];
        if orientation.transposes() {
            pixels.swap(0, 1);
            size.swap(0, 1);
        }
        let Placed { page, image, at } = layout.place(pixels, size);
        let (media, user_unit) = media(page);
        let [page, image, at] = [page, image, at].map(|pair| pair.map(|side| side / user_unit));
        let corner = [0, 1].map(|axis| at[axis] + (media[axis] - page[axis]) / 2.0);
        Ok(Self {
            media,
            user_unit: whole(user_unit),
            matrix: matrix(image, corner, orientation),
            boxes: layout.boundaries.boxes(media, user_unit).map_err(Fault::unsupported)?,
            padded: page.iter().any(|side| *side < UNITS_MIN),
        })
    }

    /// What viewers show of it, in units: left, bottom, right and top.
    fn visible(&self) -> [f64; 4] {
        let [width, height] = self.media;
        self.boxes.crop.unwrap_or([0.0, 0.0, width, height])
    }

    /// Width and height, as viewers show them, in points.
    pub(crate) fn points(&self) -> [f64; 2] {
        let [left, bottom, right, top] = self.visible();
        [right - left, top - bottom].map(|side| side * f64::from(self.user_unit))
    }

    /// Where it ends above as viewers show it, and where its image does, in units.
    pub(crate) fn tops(&self) -> [f64; 2] {
        let [.., page] = self.visible();
        let [_, up, _, upwards, _, bottom] = self.matrix;
        [page, page.min(bottom + up.max(0.0) + upwards.max(0.0))]
    }
}

/// The units of a page of so many points, and the points of one unit. The image keeps its size; its page may not be so
/// small.
pub(crate) fn media(page: [f64; 2]) -> ([f64; 2], f64) {
    let unit = (page[0].max(page[1]) / UNITS_MAX).ceil().max(1.0);
    (page.map(|side| (side / unit).max(UNITS_MIN)), unit)
}

/// The first of the densities that is absolute and sane; else the first that gives a sane ratio; else `default`.
pub(crate) fn dpi(densities: &[Option<Density>], Dpi(default): Dpi) -> [f64; 2] {
    let mut densities = densities.iter().flatten();
    let absolute = densities.clone().find_map(|density| match *density {
        Density::Dpi { x, y } if DPI.contains(&x) && DPI.contains(&y) => Some([x, y]),
        _ => None,
    });
    let ratio = densities.find_map(|density| match *density {
        Density::Aspect { x, y } if x > 0.0 && y > 0.0 && x / y <= ASPECT_MAX && y / x <= ASPECT_MAX => {
            // The denser side keeps the default, so that no pixel becomes smaller than it.
            Some([default * x / x.max(y), default * y / x.max(y)])
        }
        _ => None,
    });
    absolute.or(ratio).unwrap_or([default, default])
}

/// Takes the unit square, whose top row is the first stored one, to its place and turn on the page.
fn matrix([width, height]: [f64; 2], [left, bottom]: [f64; 2], orientation: Orientation) -> [f64; 6] {
    let mut matrix = match orientation.0 {
        2 => [-width, 0.0, 0.0, height, width, 0.0],
        3 => [-width, 0.0, 0.0, -height, width, height],
        4 => [width, 0.0, 0.0, -height, 0.0, height],
        5 => [0.0, -height, -width, 0.0, width, height],
        6 => [0.0, -height, width, 0.0, 0.0, height],
        7 => [0.0, height, width, 0.0, 0.0, 0.0],
        8 => [0.0, height, -width, 0.0, width, 0.0],
        _ => [width, 0.0, 0.0, height, 0.0, 0.0],
    };
    matrix[4] += left;
    matrix[5] += bottom;
    matrix
}

/// A whole and small number as an integer.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "at least 1 and, as sides are u32, far below 2^32"
)]
fn whole(number: f64) -> u32 {
    number as u32
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "the numbers are exact by design")]
mod tests {
    use super::*;

    const UPRIGHT: Orientation = Orientation(1);

    #[test]
    fn a_page_is_as_large_as_its_image() {
        for (pixels, density, media, unit) in [
            ((96, 192), [96.0, 96.0], [72.0, 144.0], 1),
            ((300, 300), [300.0, 150.0], [72.0, 144.0], 1),
            // At the upper limit, and one pixel past it.
            ((14_400, 100), [72.0, 72.0], [14_400.0, 100.0], 1),
            ((14_401, 100), [72.0, 72.0], [7200.5, 50.0], 2),
            // At the lower limit, and one pixel below it.
            ((3, 300), [72.0, 72.0], [3.0, 300.0], 1),
            ((2, 300), [72.0, 72.0], [3.0, 300.0], 1),
            ((1, 1), [96.0, 96.0], [3.0, 3.0], 1),
            // Both limits at once.
            ((1, 28_800), [72.0, 72.0], [3.0, 14_400.0], 2),
        ] {
            let page = Page::new(pixels.0, pixels.1, density, UPRIGHT, &Layout::default()).unwrap();
            assert_eq!((page.media, page.user_unit), (media, unit), "{pixels:?} at {density:?}");
        }
    }

    #[test]
    fn an_image_too_small_for_its_page_keeps_its_size_and_lies_in_the_middle() {
        for (pixels, dpi, matrix, points, padded) in [
            ((1, 1), 96.0, [0.75, 0.0, 0.0, 0.75, 1.125, 1.125], [3.0, 3.0], true),
            ((33, 2), 48.0, [49.5, 0.0, 0.0, 3.0, 0.0, 0.0], [49.5, 3.0], false),
            ((33, 2), 96.0, [24.75, 0.0, 0.0, 1.5, 0.0, 0.75], [24.75, 3.0], true),
            // Units of two points: half of one across, and a margin of one and a quarter on either side.
            ((1, 28_800), 72.0, [0.5, 0.0, 0.0, 14_400.0, 1.25, 0.0], [6.0, 28_800.0], true),
        ] {
            let page = Page::new(pixels.0, pixels.1, [dpi, dpi], UPRIGHT, &Layout::default()).unwrap();
            assert_eq!((page.matrix, page.points(), page.padded), (matrix, points, padded), "{pixels:?}");
        }
        let turned = Page::new(33, 2, [96.0, 96.0], Orientation::from_exif(6), &Layout::default()).unwrap();
        assert_eq!((turned.media, turned.matrix), ([3.0, 24.75], [0.0, -24.75, 1.5, 0.0, 0.75, 24.75]));
    }

    /// Where the stored image's first pixel and the end of its first row are seen: x and y in 0 or 1.
    #[test]
    fn all_eight_orientations_put_the_first_row_where_exif_says() {
        for (exif, first, end_of_first_row) in [
            (1, [0, 1], [1, 1]),
            (2, [1, 1], [0, 1]),
            (3, [1, 0], [0, 0]),
            (4, [0, 0], [1, 0]),
            (5, [0, 1], [0, 0]),
            (6, [1, 1], [1, 0]),
            (7, [1, 0], [1, 1]),
            (8, [0, 0], [0, 1]),
            (0, [0, 1], [1, 1]),
            (9, [0, 1], [1, 1]),
        ] {
            let page =
                Page::new(720, 1440, [72.0, 72.0], Orientation::from_exif(exif), &Layout::default()).unwrap();
            let seen = |across: f64, up: f64| {
                let along = |axis: usize| {
                    page.matrix[axis] * across + page.matrix[axis + 2] * up + page.matrix[axis + 4]
                };
                [along(0) / page.media[0], along(1) / page.media[1]].map(whole)
            };
            assert_eq!((seen(0.0, 1.0), seen(1.0, 1.0)), (first, end_of_first_row), "orientation {exif}");
            assert_eq!(page.media[0] > page.media[1], (5..=8).contains(&exif), "orientation {exif}");
        }
    }

    #[test]
    fn absurd_densities_fall_back() {
        let dots = |x: f64, y: f64| Some(Density::Dpi { x, y });
        let ratio = |x: f64, y: f64| Some(Density::Aspect { x, y });
        for (densities, expected) in [
            (vec![], [96.0, 96.0]),
            (vec![dots(300.0, 150.0)], [300.0, 150.0]),
            (vec![dots(1.0, 100_000.0)], [1.0, 100_000.0]),
            (vec![dots(0.99, 72.0)], [96.0, 96.0]),
            (vec![dots(72.0, 100_001.0)], [96.0, 96.0]),
            (vec![dots(0.0, 0.0)], [96.0, 96.0]),
            (vec![dots(1e9, 1e9), dots(200.0, 200.0)], [200.0, 200.0]),
            (vec![dots(f64::NAN, f64::INFINITY)], [96.0, 96.0]),
            (vec![ratio(1.0, 4.0)], [24.0, 96.0]),
            (vec![ratio(1.0, 4.0), dots(72.0, 72.0)], [72.0, 72.0]),
            (vec![ratio(100.0, 1.0)], [96.0, 0.96]),
            (vec![ratio(101.0, 1.0)], [96.0, 96.0]),
            (vec![ratio(0.0, 1.0)], [96.0, 96.0]),
        ] {
            assert_eq!(dpi(&densities, Dpi::default()), expected, "{densities:?}");
        }
        assert_eq!(dpi(&[], Dpi(150.0)), [150.0, 150.0]);
    }
}
