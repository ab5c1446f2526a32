//! What gAMA, cHRM and sRGB say of the colours: ISO/IEC 15948, sections 11.3.3.1, 11.3.3.2 and 11.3.3.5.
//!
//! Many programs write the numbers of sRGB, rounded in one way or another: these colours stay the plain ones, which
//! readers take for sRGB. Any others become a colour profile. As browsers do, chromaticities without a gamma are passed
//! over, which the report says, and a gamma without chromaticities has those of sRGB.

use std::ops::RangeInclusive;

use super::chunk::Chunks;
use crate::{
    document::Space,
    embed::Context,
    error::Fault,
    metadata::display::{self, Curve, Places},
};

/// Both kinds of chunk count in 1/100,000.
const UNIT: f64 = 100_000.0;
/// sRGB is near to this gamma, and such near to it are its own, as the reference decoder has it: 5 %.
const SRGB_GAMMA: f64 = 0.454_55;
const GAMMA_TOLERANCE: f64 = SRGB_GAMMA * 0.05;
/// Places this near to those of sRGB are the same, as the reference decoder has it.
const PLACE_TOLERANCE: f64 = 0.01;

/// What the chunks say, until it is known whether a profile says it better.
#[derive(Default)]
pub(super) struct Calibration {
    is_srgb: bool,
    gamma: Option<u32>,
    places: Option<[[f64; 2]; 4]>,
}

impl Calibration {
    /// Takes the chunk that was begun: one of gAMA, cHRM and sRGB. The first of each counts.
    pub(super) fn read(
        &mut self,
        chunks: &mut Chunks<'_, '_>,
        context: &mut Context<'_>,
    ) -> Result<(), Fault> {
        let kind = chunks.kind();
        let length = match &kind.0 {
            b"gAMA" => 4,
            b"cHRM" => 32,
            _ => 1,
        };
        let data = if chunks.length() == length {
            chunks.read_advice()?
        } else {
            chunks.skip_advice()?;
            None
        };
        let Some(data) = data else {
            context.warn(format!("a chunk {kind} is damaged, which the image can do without"));
            return Ok(());
        };
        let mut numbers =
            data.chunks_exact(4).filter_map(|four| four.try_into().ok()).map(u32::from_be_bytes);
        match &kind.0 {
            b"gAMA" => self.gamma = self.gamma.or(numbers.next()),
            b"cHRM" if self.places.is_none() => {
                let mut place = || numbers.next().map_or(0.0, |number| f64::from(number) / UNIT);
                self.places = Some(std::array::from_fn(|_| [place(), place()]));
            }
            b"sRGB" => self.is_srgb = true,
            _ => {}
        }
        Ok(())
    }

    /// A profile that says the same, where the colours are not those of sRGB.
    pub(super) fn profile(&self, space: Space, context: &mut Context<'_>) -> Option<Vec<u8>> {
        /// Others are mistakes.
        const SANE: RangeInclusive<f64> = 0.01..=100.0;
        if self.is_srgb {
            return None;
        }
        let Places(srgb) = Places::SRGB;
        let places = self.places.unwrap_or(srgb);
        let near = |(place, srgb): (&[f64; 2], &[f64; 2])| {
            (0..2).all(|axis| (place[axis] - srgb[axis]).abs() <= PLACE_TOLERANCE)
        };
        let is_colorless = space == Space::Gray;
        let is_near = is_colorless || places.iter().zip(&srgb).all(near);
        let Some(gamma) = self.gamma.map(|gamma| f64::from(gamma) / UNIT) else {
            if !is_near {
                context.warn(
                    "the chromaticities are left out: without a gamma, none of the samples tells a light",
                );
            }
            return None;
        };
        if (gamma - SRGB_GAMMA).abs() <= GAMMA_TOLERANCE && is_near {
            return None;
        }
        let profile = match (1.0 / gamma, space) {
            (gamma, _) if !SANE.contains(&gamma) => None,
            (gamma, Space::Gray) => Some(display::gray("gAMA of the PNG", Curve::Gamma(gamma))),
            (gamma, _) => display::rgb("gAMA and cHRM of the PNG", Places(places), Curve::Gamma(gamma)),
        };
        if profile.is_none() {
            context.warn("the gamma and the chromaticities are left out: no lights have them");
        }
        profile
    }
}
