//! Colours that a file says by numbers: ITU-T H.273, sections 8.1 and 8.2. AVIF and PNG have them.

use super::display::{self, Curve, Places};
use crate::{document::Space, embed::Context};

/// Which primaries, and which curve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Numbers {
    pub(crate) primaries: u16,
    pub(crate) transfer: u16,
}

impl Numbers {
    /// Whether both are such that a profile can stand for.
    pub(crate) fn are_known(self) -> bool {
        self.places().is_some() && (self.curve().is_some() || self.is_high_range())
    }

    /// Whether the curve is that of a high dynamic range, which no profile tells that PDF 1.7 knows.
    pub(crate) fn is_high_range(self) -> bool {
        matches!(self.transfer, 16 | 18)
    }

    /// A profile of samples of `space` that says the same; nothing where they are those of sRGB, or nothing is known
    /// of them.
    pub(crate) fn profile(self, name: &str, space: Space, context: &mut Context<'_>) -> Option<Vec<u8>> {
        if self.is_high_range() {
            context.warn("the brightness is that of a high dynamic range, and is shown as sRGB's");
        }
        let places = self.places().unwrap_or(Places::SRGB);
        let curve = self.curve().unwrap_or(Curve::Srgb);
        match space {
            Space::Rgb if places != Places::SRGB || curve != Curve::Srgb => display::rgb(name, places, curve),
            Space::Gray if curve != Curve::Srgb => Some(display::gray(name, curve)),
            _ => None,
        }
    }

    fn places(self) -> Option<Places> {
        const D65: [f64; 2] = [0.3127, 0.3290];
        match self.primaries {
            1 => Some(Places::SRGB),
            9 => Some(Places([D65, [0.708, 0.292], [0.170, 0.797], [0.131, 0.046]])),
            12 => Some(Places([D65, [0.680, 0.320], [0.265, 0.690], [0.150, 0.060]])),
            _ => None,
        }
    }

    /// The curves of television are shown as sRGB's, as browsers do.
    fn curve(self) -> Option<Curve> {
        match self.transfer {
            1 | 6 | 13 | 14 | 15 => Some(Curve::Srgb),
            4 => Some(Curve::Gamma(2.2)),
            5 => Some(Curve::Gamma(2.8)),
            8 => Some(Curve::Gamma(1.0)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Cancel, Limits, Options, Source, input::Input};

    #[test]
    fn numbers_are_those_of_the_standard() {
        let (options, limits, cancel) = (Options::default(), Limits::default(), Cancel::new());
        let input = Input::new(Source::new(&[][..]), &cancel);
        // Whether they are known, and of colours and of grays whether there is a profile.
        for (primaries, transfer, known, color, gray) in [
            (1, 13, true, false, false),
            (1, 1, true, false, false),
            (1, 8, true, true, true),
            (9, 14, true, true, false),
            (12, 13, true, true, false),
            (9, 16, true, true, false),
            (9, 18, true, true, false),
            (2, 13, false, false, false),
            (9, 2, false, true, false),
            (2, 2, false, false, false),
        ] {
            let numbers = Numbers { primaries, transfer };
            let mut context = Context::new(0, &input, &options, &limits);
            assert_eq!(numbers.are_known(), known, "{numbers:?}");
            let mut profile = |space| numbers.profile("numbers", space, &mut context).is_some();
            assert_eq!([profile(Space::Rgb), profile(Space::Gray)], [color, gray], "{numbers:?}");
        }
    }
}
