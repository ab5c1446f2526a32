//! Where the precincts and code-blocks of a tile lie: T.800, annex B.

use super::header::{Coding, InForce, Quantization, Size};
use crate::error::Fault;

/// A resolution of a component of a tile that has samples.
pub(super) struct Lane {
    pub(super) component: u8,
    pub(super) resolution: u8,
    /// Across and down.
    pub(super) axes: [Axis; 2],
    pub(super) bands: Vec<Band>,
    /// Table A.19.
    pub(super) modes: u8,
}

impl Lane {
    pub(super) fn precincts(&self) -> u64 {
        u64::from(self.axes[0].count).saturating_mul(self.axes[1].count.into())
    }
}

/// Where precincts begin along one side, on the grid that all components refer to: section B.6.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Axis {
    pub(super) count: u32,
    first: u64,
    second: u64,
    step: u64,
    /// The first, as the precincts of the whole component are counted.
    number: u64,
}

impl Axis {
    /// Of a resolution from `start` to `end`, its samples `scale` apart on the grid, in precincts of 2 to the power of
    /// `side`, in a tile from `tile` on.
    fn new([start, end]: [u64; 2], scale: u64, side: u8, tile: u64) -> Self {
        let number = start >> side;
        let count = end.div_ceil(1 << side) - number;
        // What begins before the tile is met where the tile begins.
        let first = if start.is_multiple_of(1 << side) { start * scale } else { tile };
        let step = scale << side;
        Self {
            count: u32::try_from(count).unwrap_or(u32::MAX),
            first,
            second: step * (number + 1),
            step,
            number,
        }
    }

    pub(super) fn position(&self, precinct: u32) -> u64 {
        precinct.checked_sub(1).map_or(self.first, |behind| self.second + u64::from(behind) * self.step)
    }
}

/// A band of a resolution.
pub(super) struct Band {
    /// Where its samples begin and end: across, then down.
    sides: [[u64; 2]; 2],
    /// Of a precinct and of a code-block, as powers of two.
    precinct: [u8; 2],
    block: [u8; 2],
    /// Of which samples can have bits.
    pub(super) planes: u16,
}

impl Band {
    /// How many code-blocks a precinct has across and down.
    pub(super) fn blocks(&self, lane: &Lane, precinct: usize) -> [u64; 2] {
        let across = lane.axes[0].count as usize;
        let places = [precinct % across, precinct / across];
        [0, 1].map(|side| {
            let start = (lane.axes[side].number + places[side] as u64) << self.precinct[side];
            let [low, high] = self.sides[side];
            let (low, high) = (low.max(start), high.min(start + (1 << self.precinct[side])));
            if low < high { high.div_ceil(1 << self.block[side]) - (low >> self.block[side]) } else { 0 }
        })
    }
}

/// The resolutions of a tile that have samples, in the order of components and, within, of resolutions.
pub(super) fn lanes(size: &Size, tile: u64, in_force: InForce<'_>) -> Result<Vec<Lane>, Fault> {
    let across = size.tile_counts()[0];
    let places = [tile % across, tile / across];
    // Section B.3.
    let bounds = [0, 1].map(|side| {
        let ([start, end], [first, step]) =
            (size.image[side].map(u64::from), size.tiles[side].map(u64::from));
        let begin = first + places[side] * step;
        [begin.max(start), (begin + step).min(end)]
    });
    let mut lanes = Vec::new();
    for (number, component) in size.components.iter().enumerate() {
        let (coding, quantization) = (in_force.coding(number)?, in_force.quantization(number)?);
        let steps = component.step.map(u64::from);
        let sides = [0, 1].map(|side| bounds[side].map(|place| place.div_ceil(steps[side])));
        for resolution in 0..=coding.levels {
            let reductions = coding.levels - resolution;
            let reduced = sides.map(|side| side.map(|place| place.div_ceil(1 << reductions)));
            if reduced.iter().any(|[start, end]| start >= end) {
                continue;
            }
            let precinct = coding.precinct(resolution);
            let axes = [0, 1].map(|side| {
                Axis::new(reduced[side], steps[side] << reductions, precinct[side], bounds[side][0])
            });
            let shift = in_force.shift(number);
            let bands = bands(sides, resolution, &coding, &quantization, shift)
                .ok_or_else(|| in_force.file.fault("has fewer steps of quantization than bands"))?;
            let component = u8::try_from(number).unwrap_or(u8::MAX);
            lanes.push(Lane { component, resolution, axes, bands, modes: coding.modes });
        }
    }
    Ok(lanes)
}

/// The bands of a resolution: equation B-15, and section B.7 for the code-blocks.
fn bands(
    sides: [[u64; 2]; 2],
    resolution: u8,
    coding: &Coding,
    quantization: &Quantization,
    shift: u8,
) -> Option<Vec<Band>> {
    let level = if resolution == 0 { coding.levels } else { coding.levels - resolution + 1 };
    let precinct = coding.precinct(resolution).map(|side| if resolution == 0 { side } else { side - 1 });
    // Whether what is high across, and down, is in it.
    let places: &[[u64; 2]] = if resolution == 0 { &[[0, 0]] } else { &[[1, 0], [0, 1], [1, 1]] };
    let band = |(number, place): (u8, &[u64; 2])| {
        let sides = [0, 1].map(|side| {
            let offset = if place[side] == 1 { 1_u64 << (level - 1) } else { 0 };
            // What is above the offset is divided; what is below comes to nothing.
            sides[side].map(|at| at.saturating_sub(offset).div_ceil(1 << level))
        });
        let block = [0, 1].map(|side| coding.block[side].min(precinct[side]));
        let planes = quantization.planes(resolution, number)? + u16::from(shift);
        Some(Band { sides, precinct, block, planes })
    };
    (0..).zip(places).map(band).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn precincts_are_met_where_they_begin_on_the_grid() {
        // Resolution from 5 to 20, samples four apart, precincts of eight, a tile from 17 on.
        let axis = Axis::new([5, 20], 4, 3, 17);
        assert_eq!([0, 1, 2].map(|at| axis.position(at)), [17, 32, 64]);
        assert_eq!(axis.count, 3);
        // One that begins with the resolution is met there, though the tile begins before it.
        let axis = Axis::new([8, 20], 4, 3, 30);
        assert_eq!([0, 1].map(|at| axis.position(at)), [32, 64]);
        assert_eq!(axis.count, 2);
    }
}
