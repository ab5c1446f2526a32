//! Row filters (ISO/IEC 15948, section 9): undone where samples are needed, chosen where rows are packed anew.

use std::iter::zip;

/// Undoes a row's filter in place. `previous` is the row above without its filter, all zeros at the top;
/// `distance` is how far apart related bytes are. The filter has been checked to be one of the five.
pub(crate) fn undo(filter: u8, row: &mut [u8], previous: &[u8], distance: usize) {
    match filter {
        1 => {
            for at in distance..row.len() {
                row[at] = row[at].wrapping_add(row[at - distance]);
            }
        }
        2 => {
            for (byte, above) in zip(row, previous) {
                *byte = byte.wrapping_add(*above);
            }
        }
        3 => {
            for at in 0..row.len() {
                let left = at.checked_sub(distance).map_or(0, |at| row[at]);
                row[at] = row[at].wrapping_add(left.midpoint(previous[at]));
            }
        }
        4 => {
            for at in 0..row.len() {
                let (left, corner) = at.checked_sub(distance).map_or((0, 0), |at| (row[at], previous[at]));
                row[at] = row[at].wrapping_add(paeth(left, previous[at], corner));
            }
        }
        _ => {}
    }
}

/// Filters rows, each with what suits it best.
pub(crate) struct Filter {
    distance: usize,
    /// Whether differences mean anything: those of palette indexes, and of several samples in a byte, do not.
    adaptive: bool,
    previous: Vec<u8>,
    candidate: Vec<u8>,
    best: Vec<u8>,
}

impl Filter {
    /// For rows of so many bytes, related bytes so far apart. Rows that are not `adaptive` are left as they are.
    pub(crate) fn new(row_bytes: usize, distance: usize, adaptive: bool) -> Self {
        Self {
            distance,
            adaptive,
            previous: vec![0; row_bytes],
            candidate: Vec::with_capacity(row_bytes + 1),
            best: Vec::with_capacity(row_bytes + 1),
        }
    }

    /// The row behind its filter's number: the filter whose differences are the smallest, the first of equals.
    pub(crate) fn apply(&mut self, row: &[u8]) -> &[u8] {
        let mut least = u64::MAX;
        for filter in 0..=if self.adaptive { 4 } else { 0 } {
            self.filter(filter, row);
            // Differences are small numbers, or small negative ones.
            let sum =
                self.candidate[1..].iter().map(|byte| u64::from(byte.cast_signed().unsigned_abs())).sum();
            if sum < least {
                least = sum;
                std::mem::swap(&mut self.best, &mut self.candidate);
            }
        }
        self.previous.copy_from_slice(row);
        &self.best
    }

    fn filter(&mut self, filter: u8, row: &[u8]) {
        let (out, above) = (&mut self.candidate, self.previous.as_slice());
        let (first, rest) = row.split_at(self.distance.min(row.len()));
        out.clear();
        out.push(filter);
        match filter {
            1 => {
                out.extend_from_slice(first);
                out.extend(zip(rest, row).map(|(byte, left)| byte.wrapping_sub(*left)));
            }
            2 => out.extend(zip(row, above).map(|(byte, above)| byte.wrapping_sub(*above))),
            3 => {
                out.extend(zip(first, above).map(|(byte, above)| byte.wrapping_sub(above / 2)));
                let neighbours = zip(row, &above[first.len()..]);
                out.extend(
                    zip(rest, neighbours)
                        .map(|(byte, (left, above))| byte.wrapping_sub(left.midpoint(*above))),
                );
            }
            4 => {
                out.extend(zip(first, above).map(|(byte, above)| byte.wrapping_sub(*above)));
                let neighbours = zip(zip(row, &above[first.len()..]), above);
                out.extend(
                    zip(rest, neighbours).map(|(byte, ((left, above), corner))| {
                        byte.wrapping_sub(paeth(*left, *above, *corner))
                    }),
                );
            }
            _ => out.extend_from_slice(row),
        }
    }
}

/// Of the three neighbours the one nearest to left + above - corner.
fn paeth(left: u8, above: u8, corner: u8) -> u8 {
    let [a, b, c] = [left, above, corner].map(i16::from);
    let [to_left, to_above, to_corner] = [(b - c).abs(), (a - c).abs(), (a + b - 2 * c).abs()];
    if to_left <= to_above && to_left <= to_corner {
        left
    } else if to_above <= to_corner {
        above
    } else {
        corner
    }
}

#[cfg(test)]
#[expect(clippy::cast_possible_truncation, reason = "the numbers are small")]
mod tests {
    use super::*;

    /// Rows of noise and of gradients, so that each filter is the best of one.
    fn row(seed: usize, length: usize) -> Vec<u8> {
        (0..length)
            .map(|at| match seed % 4 {
                0 => (at * at * 31 + seed * 7) % 251,
                1 => at * 3 + seed,
                2 => 17,
                _ => at * (seed + 2) / 3,
            } as u8)
            .collect()
    }

    #[test]
    fn every_filter_is_undone_exactly() {
        for distance in [1, 2, 3, 4, 6, 8] {
            for length in [1, 2, 7, 8, 64] {
                let mut filters = Filter::new(length, distance, true);
                for seed in 0..8 {
                    let (above, row) = (row(seed + 1, length), row(seed, length));
                    filters.previous.copy_from_slice(&above);
                    for filter in 0..=4 {
                        filters.filter(filter, &row);
                        let mut undone = filters.candidate[1..].to_vec();
                        undo(filter, &mut undone, &above, distance);
                        assert_eq!(undone, row, "filter {filter}, distance {distance}, length {length}");
                    }
                }
            }
        }
    }

    #[test]
    fn the_best_filter_is_the_one_with_the_smallest_differences() {
        let mut filters = Filter::new(8, 1, true);
        assert_eq!(filters.apply(&[9; 8])[0], 1);
        assert_eq!(filters.apply(&[9; 8]), [2, 0, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(filters.apply(&[0; 8]), [0; 9]);
        assert_eq!(Filter::new(2, 1, false).apply(&[9, 9]), [0, 9, 9]);
    }
}
