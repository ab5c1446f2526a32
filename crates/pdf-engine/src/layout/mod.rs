//! How images lie on their pages, with the names and the meaning that `img2pdf` gave the options.
//!
//! Beyond it: a border for each side, and where the image lies in what the borders leave.

mod boundaries;
mod paper;
mod size;

use std::str::FromStr;

pub use boundaries::Boundaries;
pub(crate) use boundaries::Boxes;
pub use size::{Border, Extent, ImageSize, PageSize, ParseSizeError};

/// How images lie on their pages. Nothing is set by default: a page is as large as its image is at its density.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct Layout {
    /// The size of each page. A side that is left open follows the image.
    pub page_size: Option<PageSize>,
    /// The size that images are fitted to. A side that is left open keeps the image's proportions.
    pub image_size: Option<ImageSize>,
    /// What is left free between image and page. Where page and image have sizes, it is not looked at.
    pub border: Option<Border>,
    /// What becomes of an image whose proportions are not those of its place.
    pub fit: Fit,
    /// Whether a page is turned, with its borders, where that suits the image better.
    pub auto_orient: bool,
    /// How images are turned.
    pub rotation: Rotation,
    /// Where an image lies in what its page has left.
    pub align: Align,
    /// The boxes of each page beside its media box.
    pub boundaries: Boundaries,
}

/// What becomes of an image whose proportions are not those of its place, which it never loses but by `Exact`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Fit {
    /// As large as the place lets it be.
    #[default]
    Into,
    /// As small as still fills the place.
    Fill,
    /// Stretched to the place.
    Exact,
    /// As `Into`, unless it is smaller already.
    Shrink,
    /// As `Into`, unless it is larger already.
    Enlarge,
}

/// How images are turned, clockwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Rotation {
    /// As the image itself says.
    #[default]
    Auto,
    /// As it is stored, whatever it says.
    Stored,
    /// By a quarter.
    Quarter,
    /// By a half.
    Half,
    /// By three quarters.
    ThreeQuarters,
}

/// Where an image lies: 0 is left or bottom, 1 is right or top.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Align {
    pub(crate) across: f64,
    pub(crate) up: f64,
}

impl Default for Align {
    fn default() -> Self {
        Self { across: 0.5, up: 0.5 }
    }
}

/// A word that none of an option's values is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be one of {}", .0.join(", "))]
pub struct UnknownWord(pub(crate) &'static [&'static str]);

impl Fit {
    /// What its values are called.
    pub const WORDS: &[&str] = &["into", "fill", "exact", "shrink", "enlarge"];
}

impl Rotation {
    /// What its values are called. What an image says is never an error here, so the first two are the same, as
    /// are the next two.
    pub const WORDS: &[&str] = &["auto", "ifvalid", "none", "0", "90", "180", "270"];
}

impl Align {
    /// What its values are called.
    pub const WORDS: &[&str] =
        &["center", "top", "bottom", "left", "right", "top-left", "top-right", "bottom-left", "bottom-right"];
}

impl FromStr for Fit {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text.to_ascii_lowercase().as_str() {
            "into" => Self::Into,
            "fill" => Self::Fill,
            "exact" => Self::Exact,
            "shrink" => Self::Shrink,
            "enlarge" => Self::Enlarge,
            _ => return Err(UnknownWord(Self::WORDS)),
        })
    }
}

impl FromStr for Rotation {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text.to_ascii_lowercase().as_str() {
            "auto" | "ifvalid" => Self::Auto,
            "none" | "0" => Self::Stored,
            "90" => Self::Quarter,
            "180" => Self::Half,
            "270" => Self::ThreeQuarters,
            _ => return Err(UnknownWord(Self::WORDS)),
        })
    }
}

impl FromStr for Align {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let across = |word: &str| match word {
            "left" => Some(0.0),
            "right" => Some(1.0),
            _ => None,
        };
        let up = |word: &str| match word {
            "bottom" => Some(0.0),
            "top" => Some(1.0),
            _ => None,
        };
        let text = text.to_ascii_lowercase();
        let found = match text.split_once('-') {
            Some((first, second)) => up(first).zip(across(second)),
            None if text == "center" => Some((0.5, 0.5)),
            None => up(&text).map(|up| (up, 0.5)).or_else(|| across(&text).map(|across| (0.5, across))),
        };
        let (up, across) = found.ok_or(UnknownWord(Self::WORDS))?;
        Ok(Self { across, up })
    }
}

impl Layout {
    /// Why no image could be laid out so; `None` where every one can.
    pub(crate) fn fault(&self) -> Option<String> {
        self.border_fault().or_else(|| self.boundaries_fault())
    }

    fn border_fault(&self) -> Option<String> {
        let (Some(page), None, Some(border)) = (self.page_size, self.image_size, self.border) else {
            return None;
        };
        let free = [
            page.width.map(|width| width - border.left - border.right),
            page.height.map(|height| height - border.top - border.bottom),
        ];
        let is_gone = |side: &Option<f64>| side.is_some_and(|side| side <= 0.0);
        // What is filled or enlarged needs one side alone.
        let gone = match self.fit {
            Fit::Fill | Fit::Enlarge => free.iter().all(is_gone),
            _ => free.iter().any(is_gone),
        };
        gone.then(|| String::from("the borders leave nothing of the page for the image"))
    }

    fn boundaries_fault(&self) -> Option<String> {
        let PageSize { width, height } = self.page_size?;
        let (width, height) = width.zip(height)?;
        let fault = self.boundaries.fault([width, height])?;
        // Pages of some images may be turned, and fit.
        let always = !self.auto_orient || self.boundaries.fault([height, width]).is_some();
        always.then_some(fault)
    }

    /// The page's sides and the image's, in points: `pixels` and `size` are the image's, upright, and its size at
    /// its own density.
    pub(crate) fn place(&self, pixels: [f64; 2], size: [f64; 2]) -> Placed {
        let mut border = self.border.unwrap_or_default();
        let mut page = self.page_size.map_or([None; 2], |page| [page.width, page.height]);
        if let [Some(width), Some(height)] = page
            && self.auto_orient
            && (pixels[0] > pixels[1] && width < height || pixels[0] < pixels[1] && width > height)
        {
            page.swap(0, 1);
            border = border.turned();
        }
        let mut around = [border.left + border.right, border.top + border.bottom];
        let mut corner = [border.left, border.bottom];
        let image = if let Some(wanted) = self.image_size {
            if self.page_size.is_some() {
                (around, corner) = ([0.0; 2], [0.0; 2]);
            }
            let extent = |axis: usize, extent: Option<Extent>| {
                extent.map(|extent| extent.points(pixels[axis], size[axis]))
            };
            self.fit.apply(size, [extent(0, wanted.width), extent(1, wanted.height)])
        } else {
            self.fit.apply(size, [0, 1].map(|axis| page[axis].map(|side| side - around[axis])))
        };
        let page = [0, 1].map(|axis| page[axis].unwrap_or(image[axis] + around[axis]));
        let align = [self.align.across, self.align.up];
        let at = [0, 1].map(|axis| corner[axis] + (page[axis] - around[axis] - image[axis]) * align[axis]);
        Placed { page, image, at }
    }
}

/// Where an image lies.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Placed {
    /// The page's width and height.
    pub(crate) page: [f64; 2],
    /// The image's.
    pub(crate) image: [f64; 2],
    /// The image's lower left corner.
    pub(crate) at: [f64; 2],
}

impl Fit {
    /// The size of an image in a place, of which a side may be open.
    fn apply(self, image: [f64; 2], place: [Option<f64>; 2]) -> [f64; 2] {
        let factors = [0, 1].map(|axis| place[axis].map(|side: f64| side / image[axis]));
        let known = || factors.iter().flatten().copied();
        let least = known().reduce(f64::min);
        let most = known().reduce(f64::max);
        let (Some(least), Some(most)) = (least, most) else { return image };
        let scaled = |factor: f64| image.map(|side| side * factor);
        match self {
            Self::Into => scaled(least),
            Self::Fill => scaled(most),
            Self::Exact => match place {
                [Some(width), Some(height)] => [width, height],
                _ => scaled(least),
            },
            Self::Shrink => scaled(least.min(1.0)),
            Self::Enlarge => scaled(least.max(1.0)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_that_is_offered_is_understood() {
        assert!(Fit::WORDS.iter().all(|word| word.parse::<Fit>().is_ok()));
        assert!(Rotation::WORDS.iter().all(|word| word.parse::<Rotation>().is_ok()));
        assert!(Align::WORDS.iter().all(|word| word.parse::<Align>().is_ok()));
        assert_eq!(
            "x".parse::<Fit>().unwrap_err().to_string(),
            "must be one of into, fill, exact, shrink, enlarge"
        );
    }

    #[test]
    fn words_are_those_of_img2pdf_and_no_others() {
        assert_eq!("Shrink".parse(), Ok(Fit::Shrink));
        assert!("cover".parse::<Fit>().is_err());
        assert_eq!("ifvalid".parse(), Ok(Rotation::Auto));
        assert_eq!("270".parse(), Ok(Rotation::ThreeQuarters));
        assert!("45".parse::<Rotation>().is_err_and(|error| error.to_string().contains("180")));
        for (word, across, up) in [
            ("center", 0.5, 0.5),
            ("top", 0.5, 1.0),
            ("left", 0.0, 0.5),
            ("right", 1.0, 0.5),
            ("bottom", 0.5, 0.0),
            ("top-left", 0.0, 1.0),
            ("Bottom-Right", 1.0, 0.0),
        ] {
            assert_eq!(word.parse(), Ok(Align { across, up }), "{word}");
        }
        for word in ["", "middle", "left-top", "center-left", "top-center", "top-left-x", "top-bottom"] {
            assert!(word.parse::<Align>().is_err(), "{word}");
        }
    }

    #[test]
    fn boxes_that_no_page_has_are_found_before_any_image() {
        for (page, auto_orient, crop, good) in [
            ("100x50", false, "10", true),
            ("100x50", false, "25", false),
            ("100x50", true, "25", false),
            ("100x50", false, "40:10", false),
            // Upright pages have it.
            ("100x50", true, "40:10", true),
            // Only an image tells.
            ("100x", false, "40:60", true),
        ] {
            let mut layout =
                Layout { page_size: Some(page.parse().unwrap()), auto_orient, ..Layout::default() };
            layout.boundaries.crop = Some(crop.parse().unwrap());
            assert_eq!(layout.fault().is_none(), good, "{page} {crop}");
        }
    }

    #[test]
    fn borders_that_leave_nothing_are_found_before_any_image() {
        let layout = |page: &str, border: &str, fit| Layout {
            page_size: Some(page.parse().unwrap()),
            border: Some(border.parse().unwrap()),
            fit,
            ..Layout::default()
        };
        for (page, border, fit, good) in [
            ("100x50", "24", Fit::Into, true),
            ("100x50", "25", Fit::Into, false),
            ("100x50", "25:10", Fit::Fill, true),
            ("100x50", "25:50", Fit::Fill, false),
            ("100x50", "25:50", Fit::Enlarge, false),
            ("100x", "200:49", Fit::Into, true),
            ("100x", "200:50", Fit::Into, false),
            ("100x50", "20:0:30:0", Fit::Exact, false),
        ] {
            assert_eq!(layout(page, border, fit).fault().is_none(), good, "{page} {border} {fit:?}");
        }
    }
}
