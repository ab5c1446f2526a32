//! Looks for what repeats.

use super::{HISTORY_BYTES, block::Block};

/// Shorter matches cost as much as the bytes themselves.
const LENGTH_MIN: usize = 4;
/// Deflate's longest match.
const LENGTH_MAX: usize = 258;
/// A match this long is taken without a look for a better one.
const LENGTH_GOOD: usize = 64;
const HASH_BITS: u32 = 15;
/// After so many bytes without a match, for each so many more one is passed over unseen.
const PATIENCE: usize = 64;

/// Remembers for each hash of four bytes the last two places where it was seen.
pub(super) struct Finder {
    places: Vec<[u32; 2]>,
}

impl Finder {
    pub(super) fn new() -> Self {
        Self { places: vec![[0; 2]; 1 << HASH_BITS] }
    }

    /// Tells the block what the window holds from `start` on: bytes, and repetitions of earlier ones.
    pub(super) fn find(&mut self, window: &[u8], start: usize, block: &mut Block) {
        let mut at = start;
        let mut missed = 0;
        while at < window.len() {
            let (mut length, mut distance) = self.longest(window, at);
            if length < LENGTH_MIN || !block.is_worth(length, distance) {
                let step = (1 + missed / PATIENCE).min(window.len() - at);
                window[at..at + step].iter().for_each(|byte| block.literal(*byte));
                missed += step;
                at += step;
                continue;
            }
            // Perhaps the next byte begins a longer one.
            while length < LENGTH_GOOD {
                let (later_length, later_distance) = self.longest(window, at + 1);
                if later_length <= length {
                    break;
                }
                block.literal(window[at]);
                at += 1;
                (length, distance) = (later_length, later_distance);
            }
            block.repeat(length, distance);
            // Some of the places passed over are remembered: all would cost more than they bring.
            for place in (at + 2..at + length).step_by(3) {
                self.remember(window, place);
            }
            at += length;
            missed = 0;
        }
    }

    /// The longest match at `at`, or lengths of zero; remembers the place.
    fn longest(&mut self, window: &[u8], at: usize) -> (usize, usize) {
        let Some(bytes) = four(window, at) else { return (0, 0) };
        let place = stored(at);
        let slot = &mut self.places[hash(bytes)];
        let candidates = *slot;
        *slot = [place, candidates[0]];
        let mut best = (0, 0);
        for candidate in candidates {
            // Places count from 1, so that 0 is none.
            let Some(candidate) = (candidate as usize).checked_sub(1) else { continue };
            let distance = at.wrapping_sub(candidate);
            if distance == 0 || distance > HISTORY_BYTES || four(window, candidate) != Some(bytes) {
                continue;
            }
            let length = common(window, candidate, at);
            if length > best.0 {
                best = (length, distance);
            }
        }
        best
    }

    fn remember(&mut self, window: &[u8], at: usize) {
        if let Some(bytes) = four(window, at) {
            let slot = &mut self.places[hash(bytes)];
            *slot = [stored(at), slot[0]];
        }
    }

    /// Moves what is remembered as the window moves by `count` bytes.
    pub(super) fn forget(&mut self, count: usize) {
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        for place in self.places.as_flattened_mut() {
            *place = place.saturating_sub(count);
        }
    }
}

/// A place as it is remembered: windows are far below 4 GiB.
fn stored(at: usize) -> u32 {
    u32::try_from(at + 1).unwrap_or(0)
}

fn four(window: &[u8], at: usize) -> Option<u32> {
    window.get(at..at + 4)?.try_into().ok().map(u32::from_le_bytes)
}

fn hash(bytes: u32) -> usize {
    (bytes.wrapping_mul(0x9e37_79b1) >> (32 - HASH_BITS)) as usize
}

/// How many bytes from `at` on are those from `earlier` on.
fn common(window: &[u8], earlier: usize, at: usize) -> usize {
    let most = LENGTH_MAX.min(window.len() - at);
    let (old, new) = (&window[earlier..earlier + most], &window[at..at + most]);
    let mut length = 0;
    for (old, new) in old.chunks_exact(8).zip(new.chunks_exact(8)) {
        let [old, new] = [old, new].map(|bytes| bytes.try_into().map_or(0, u64::from_le_bytes));
        if old != new {
            return length + ((old ^ new).trailing_zeros() / 8) as usize;
        }
        length += 8;
    }
    length + old[length..].iter().zip(&new[length..]).take_while(|(old, new)| old == new).count()
}
