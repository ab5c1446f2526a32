//! In which order packets follow each other: T.800, section B.12.

use super::{
    geometry::Lane,
    header::{Order, Progression},
};
use crate::error::Fault;

/// What is called for each packet: which of the lanes, which of its precincts, which layer.
pub(super) type Take<'t> = &'t mut dyn FnMut(usize, usize, u16) -> Result<(), Fault>;

/// Calls for each packet of a progression, one after the other.
pub(super) fn each_packet(lanes: &[Lane], progression: Progression, take: Take<'_>) -> Result<(), Fault> {
    let Progression { order, resolutions, components, layers } = progression;
    let within = |[first, end]: [u8; 2], number: u8| (first..end).contains(&number);
    let chosen: Vec<(usize, &Lane)> = lanes
        .iter()
        .enumerate()
        .filter(|(_, lane)| within(resolutions, lane.resolution) && within(components, lane.component))
        .collect();
    let mut numbers: Vec<_> = chosen.iter().map(|(_, lane)| lane.resolution).collect();
    numbers.sort_unstable();
    numbers.dedup();
    let of = |resolution: u8| {
        let chosen: Vec<_> =
            chosen.iter().filter(|(_, lane)| lane.resolution == resolution).copied().collect();
        chosen
    };
    match order {
        _ if chosen.is_empty() => {}
        Order::LayerResolution => {
            for layer in 0..layers {
                for resolution in &numbers {
                    each_precinct(&of(*resolution), layer, take)?;
                }
            }
        }
        Order::ResolutionLayer => {
            for resolution in &numbers {
                let lanes = of(*resolution);
                for layer in 0..layers {
                    each_precinct(&lanes, layer, take)?;
                }
            }
        }
        Order::ResolutionPosition => {
            for resolution in &numbers {
                each_position(&of(*resolution), layers, take)?;
            }
        }
        Order::PositionComponent => each_position(&chosen, layers, take)?,
        Order::ComponentPosition => {
            for lanes in chosen.chunk_by(|(_, one), (_, next)| one.component == next.component) {
                each_position(lanes, layers, take)?;
            }
        }
    }
    Ok(())
}

fn each_precinct(lanes: &[(usize, &Lane)], layer: u16, take: Take<'_>) -> Result<(), Fault> {
    for (number, lane) in lanes {
        for precinct in 0..usize::try_from(lane.precincts()).unwrap_or(usize::MAX) {
            take(*number, precinct, layer)?;
        }
    }
    Ok(())
}

/// Precincts by where they begin, row by row; of those at one place in the order of the lanes.
fn each_position(lanes: &[(usize, &Lane)], layers: u16, take: Take<'_>) -> Result<(), Fault> {
    let next = |side: usize, places: &[u32]| {
        let left = lanes.iter().zip(places).filter(|((_, lane), place)| **place < lane.axes[side].count);
        left.map(|((_, lane), place)| lane.axes[side].position(*place)).min()
    };
    let is_at = |side: usize, lane: &Lane, place: u32, position: u64| {
        place < lane.axes[side].count && lane.axes[side].position(place) == position
    };
    let mut rows = vec![0; lanes.len()];
    let mut columns = vec![0; lanes.len()];
    while let Some(y) = next(1, &rows) {
        for (((_, lane), row), column) in lanes.iter().zip(&rows).zip(&mut columns) {
            *column = if is_at(1, lane, *row, y) { 0 } else { u32::MAX };
        }
        while let Some(x) = next(0, &columns) {
            for (at, (number, lane)) in lanes.iter().enumerate() {
                if !is_at(0, lane, columns[at], x) {
                    continue;
                }
                let precinct = rows[at] as usize * lane.axes[0].count as usize + columns[at] as usize;
                for layer in 0..layers {
                    take(*number, precinct, layer)?;
                }
                columns[at] += 1;
            }
        }
        for ((_, lane), row) in lanes.iter().zip(&mut rows) {
            *row += u32::from(is_at(1, lane, *row, y));
        }
    }
    Ok(())
}
