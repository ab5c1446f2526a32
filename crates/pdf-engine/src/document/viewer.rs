//! What viewers do when they open the PDF: ISO 32000-1, sections 7.7.2, 12.2 and 12.3.2, with the names and the meaning
//! that `img2pdf` gave the options. Viewers need not heed it.

use std::{
    fmt::{self, Write as _},
    num::NonZeroU32,
    str::FromStr,
};

use super::{Ref, syntax::Real};
use crate::{UnknownWord, error::Count};

/// How viewers open the PDF. Nothing is set by default: they do as they use to.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct Viewer {
    /// What stands beside the pages.
    pub panes: Option<Panes>,
    /// The page that is shown first. It is an error where there is none of this number; where sources were left out
    /// ([`Options::skip_failed`](crate::Options::skip_failed)), the last page is shown.
    pub initial_page: Option<PageNumber>,
    /// How large that page is shown.
    pub magnification: Option<Magnification>,
    /// How pages stand beside each other.
    pub page_layout: Option<PageLayout>,
    /// Whether the window is made as large as the page.
    pub fit_window: bool,
    /// Whether the window is put in the middle of the screen.
    pub center_window: bool,
    /// Whether the page fills the screen; what `panes` says holds when it no longer does.
    pub fullscreen: bool,
}

/// What stands beside the pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Panes {
    /// Nothing.
    None,
    /// The outline, of which these PDFs have none.
    Outlines,
    /// The pages, small.
    Thumbs,
}

/// The number of a page, from 1 to 2,147,483,647.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PageNumber(NonZeroU32);

/// How large a page is shown.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Magnification {
    /// The whole page.
    Fit,
    /// As wide as the window.
    FitWidth,
    /// The image's whole place, without the margins.
    FitContents,
    /// The image as wide as the window.
    FitContentsWidth,
    /// So many times its size.
    Zoom(Zoom),
}

/// How many times as large something is shown, from 0.01 to 64.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Zoom(f64);

/// How pages stand beside each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PageLayout {
    /// One at a time.
    Single,
    /// One below the other.
    OneColumn,
    /// In two columns, with the first page on the right.
    TwoColumnRight,
    /// In two columns, with the first page on the left.
    TwoColumnLeft,
    /// Two at a time, with the first page on the right.
    TwoPageRight,
    /// Two at a time, with the first page on the left.
    TwoPageLeft,
}

/// Viewers go no further in either direction.
const ZOOM: std::ops::RangeInclusive<f64> = 0.01..=64.0;

/// The largest integer of PDF.
const PAGE_NUMBER_MAX: u32 = i32::MAX.unsigned_abs();

/// A number that no page has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be the number of a page, from 1 to 2,147,483,647")]
pub struct ParsePageNumberError;

/// A magnification that was not understood, or that no viewer has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be one of {}, a factor from 0.01 to 64 such as 1.5, or a percentage from 1% to 6400% such as 150%",
    Magnification::WORDS.join(", ")
)]
pub struct ParseMagnificationError;

impl Panes {
    /// What its values are called.
    pub const WORDS: &[&str] = &["none", "outlines", "thumbs"];

    /// What PDF calls them.
    fn name(self) -> &'static str {
        match self {
            Self::None => "UseNone",
            Self::Outlines => "UseOutlines",
            Self::Thumbs => "UseThumbs",
        }
    }
}

impl Magnification {
    /// What those of its values are called that are no numbers.
    pub const WORDS: &[&str] = &["fit", "fith", "fitb", "fitbh"];
}

impl PageLayout {
    /// What its values are called.
    pub const WORDS: &[&str] =
        &["single", "onecolumn", "twocolumnright", "twocolumnleft", "twopageright", "twopageleft"];

    /// What PDF calls them.
    fn name(self) -> &'static str {
        match self {
            Self::Single => "SinglePage",
            Self::OneColumn => "OneColumn",
            Self::TwoColumnRight => "TwoColumnRight",
            Self::TwoColumnLeft => "TwoColumnLeft",
            Self::TwoPageRight => "TwoPageRight",
            Self::TwoPageLeft => "TwoPageLeft",
        }
    }
}

impl FromStr for Panes {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text.to_ascii_lowercase().as_str() {
            "none" => Self::None,
            "outlines" => Self::Outlines,
            "thumbs" => Self::Thumbs,
            _ => return Err(UnknownWord(Self::WORDS)),
        })
    }
}

impl FromStr for PageNumber {
    type Err = ParsePageNumberError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number = text.trim().parse().ok().filter(|number: &NonZeroU32| number.get() <= PAGE_NUMBER_MAX);
        number.map(Self).ok_or(ParsePageNumberError)
    }
}

impl fmt::Display for PageNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Count(u64::from(self.0.get())).fmt(f)
    }
}

impl FromStr for Magnification {
    type Err = ParseMagnificationError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim().to_ascii_lowercase();
        Ok(match text.as_str() {
            "fit" => Self::Fit,
            "fith" => Self::FitWidth,
            "fitb" => Self::FitContents,
            "fitbh" => Self::FitContentsWidth,
            _ => Self::Zoom(zoom(&text).ok_or(ParseMagnificationError)?),
        })
    }
}

impl FromStr for PageLayout {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text.to_ascii_lowercase().as_str() {
            "single" => Self::Single,
            "onecolumn" => Self::OneColumn,
            "twocolumnright" => Self::TwoColumnRight,
            "twocolumnleft" => Self::TwoColumnLeft,
            "twopageright" => Self::TwoPageRight,
            "twopageleft" => Self::TwoPageLeft,
            _ => return Err(UnknownWord(Self::WORDS)),
        })
    }
}

/// A number in decimal, or so many hundredths.
fn zoom(text: &str) -> Option<Zoom> {
    let (digits, divisor) = text.strip_suffix('%').map_or((text, 1.0), |digits| (digits.trim_end(), 100.0));
    let is_plain = digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let number: f64 = digits.parse().ok()?;
    Some(number / divisor).filter(|number| is_plain && ZOOM.contains(number)).map(Zoom)
}

/// A page that the PDF may be opened at.
#[derive(Debug, Clone, Copy)]
pub(super) struct Target {
    pub(super) page: Ref,
    /// Where the page and its image end above, in units.
    pub(super) tops: [f64; 2],
}

impl Viewer {
    /// Why the PDF cannot be opened so, which has so many pages; `None` where it can.
    pub(crate) fn fault(&self, pages: usize) -> Option<String> {
        let wanted = self.initial_page.filter(|wanted| wanted.index() >= pages)?;
        let (count, plural) = (Count(pages as u64), if pages == 1 { "" } else { "s" });
        Some(format!("the PDF cannot be opened at page {wanted}: it has {count} page{plural}"))
    }

    /// The entries of the catalog that say it.
    pub(super) fn entries(&self, pages: &[Target]) -> String {
        let mut entries = String::new();
        let mode = if self.fullscreen { Some("FullScreen") } else { self.panes.map(Panes::name) };
        if let Some(mode) = mode {
            let _ = write!(entries, " /PageMode /{mode}");
        }
        if let Some(layout) = self.page_layout {
            let _ = write!(entries, " /PageLayout /{}", layout.name());
        }
        if self.fullscreen || self.fit_window || self.center_window {
            entries.push_str(" /ViewerPreferences <<");
            if self.fullscreen {
                let afterwards = self.panes.unwrap_or(Panes::None).name();
                let _ = write!(entries, " /NonFullScreenPageMode /{afterwards}");
            }
            if self.fit_window {
                entries.push_str(" /FitWindow true");
            }
            if self.center_window {
                entries.push_str(" /CenterWindow true");
            }
            entries.push_str(" >>");
        }
        if let Some(destination) = self.destination(pages) {
            let _ = write!(entries, " /OpenAction [{destination}]");
        }
        entries
    }

    /// Where the PDF is opened. Heights are given, since viewers make different things of one that is not.
    fn destination(&self, pages: &[Target]) -> Option<String> {
        if self.initial_page.is_none() && self.magnification.is_none() {
            return None;
        }
        let last = pages.len().checked_sub(1)?;
        let Target { page, tops } = pages[self.initial_page.map_or(0, PageNumber::index).min(last)];
        let [of_page, of_image] = tops.map(Real);
        Some(match self.magnification {
            None => format!("{page} /XYZ null null 0"),
            Some(Magnification::Fit) => format!("{page} /Fit"),
            Some(Magnification::FitWidth) => format!("{page} /FitH {of_page}"),
            Some(Magnification::FitContents) => format!("{page} /FitB"),
            Some(Magnification::FitContentsWidth) => format!("{page} /FitBH {of_image}"),
            Some(Magnification::Zoom(Zoom(zoom))) => format!("{page} /XYZ null null {}", Real(zoom)),
        })
    }
}

impl PageNumber {
    /// Counted from 0.
    fn index(self) -> usize {
        usize::try_from(self.0.get()).map_or(usize::MAX, |number| number - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_that_is_offered_is_understood() {
        assert!(Panes::WORDS.iter().all(|word| word.parse::<Panes>().is_ok()));
        assert!(Magnification::WORDS.iter().all(|word| word.parse::<Magnification>().is_ok()));
        assert!(PageLayout::WORDS.iter().all(|word| word.parse::<PageLayout>().is_ok()));
        assert_eq!("Thumbs".parse(), Ok(Panes::Thumbs));
        assert_eq!("TwoColumnLeft".parse(), Ok(PageLayout::TwoColumnLeft));
        assert_eq!("FITBH".parse(), Ok(Magnification::FitContentsWidth));
        assert!("attachments".parse::<Panes>().is_err_and(|error| error.to_string().contains("thumbs")));
        assert!("double".parse::<PageLayout>().is_err_and(|error| error.to_string().contains("onecolumn")));
    }

    #[test]
    fn magnifications_are_factors_or_percentages_within_reason() {
        for (text, factor) in [
            ("1", 1.0),
            ("1.5", 1.5),
            (" 150 % ", 1.5),
            ("0.01", 0.01),
            ("1%", 0.01),
            ("64", 64.0),
            ("6400%", 64.0),
        ] {
            assert_eq!(text.parse(), Ok(Magnification::Zoom(Zoom(factor))), "{text}");
        }
        for text in
            ["", "%", "0", "0.009", "64.1", "150", "6401%", "-1", "+1", "1e1", "nan", "inf", "fitv", "1.5x"]
        {
            assert!(text.parse::<Magnification>().is_err(), "{text}");
        }
    }

    #[test]
    fn pages_are_counted_from_one() {
        for (text, index) in [("1", 0), (" 12 ", 11), ("2147483647", 2_147_483_646)] {
            assert_eq!(text.parse().map(PageNumber::index), Ok(index), "{text}");
        }
        for text in ["", "0", "-1", "1.0", "2147483648", "4294967296", "first"] {
            assert_eq!(text.parse::<PageNumber>(), Err(ParsePageNumberError), "{text}");
        }
        let viewer = Viewer { initial_page: "1234".parse().ok(), ..Viewer::default() };
        assert_eq!(viewer.fault(1234), None);
        assert!(viewer.fault(1233).is_some_and(|fault| fault.contains("page 1,234: it has 1,233 pages")));
        assert!(viewer.fault(1).is_some_and(|fault| fault.ends_with("1 page")));
        assert_eq!(Viewer::default().fault(0), None);
    }
}
