//! Which coefficients of a progressive JPEG are not zero so far: without that, the codes of a scan that refines them cannot
//! be read, for what was zero has other bits than what was not (T.81, section G.1.2.3).

use crate::{Limits, Purpose, error::Fault};

/// A frame has no more components.
const COMPONENTS_MAX: usize = 4;

/// What is kept of each component whose coefficients may be refined: a word a block, in the order of a scan of its own, and
/// in that the bit of place k for coefficient k in zigzag order.
pub(super) struct Nonzero<'l> {
    limits: &'l Limits,
    /// Nothing of a component that was not begun, or for which there was no room.
    blocks: [Vec<u64>; COMPONENTS_MAX],
    is_full: bool,
    was_missed: bool,
}

impl<'l> Nonzero<'l> {
    pub(super) fn new(limits: &'l Limits) -> Self {
        Self { limits, blocks: Default::default(), is_full: false, was_missed: false }
    }

    /// What a scan puts in of a component of so many blocks; nothing, where there is no room for it.
    pub(super) fn keep(&mut self, place: usize, blocks: u64) -> Result<&mut [u64], Fault> {
        if self.blocks[place].is_empty() && !self.is_full {
            let held: usize = self.blocks.iter().map(Vec::len).sum();
            let bytes = (held as u64).saturating_add(blocks).saturating_mul(8);
            let kept = &mut self.blocks[place];
            match usize::try_from(blocks) {
                Ok(length) if bytes <= self.limits.decoded_bytes_max => {
                    self.limits.memory.hold(Purpose::Coefficients, bytes)?;
                    if kept.try_reserve_exact(length).is_ok() {
                        kept.resize(length, 0);
                    } else {
                        self.is_full = true;
                    }
                }
                // Were there room later, what earlier scans said would be missing.
                _ => self.is_full = true,
            }
        }
        Ok(&mut self.blocks[place])
    }

    /// What earlier scans put in of a component that is refined; where there was no room, that is noted.
    pub(super) fn kept(&mut self, place: usize) -> Option<&mut [u64]> {
        let kept = &mut self.blocks[place];
        if kept.is_empty() {
            self.was_missed = true;
            return None;
        }
        Some(kept)
    }

    /// Whether something was asked for that is not kept.
    pub(super) fn was_missed(&self) -> bool {
        self.was_missed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_kept_from_the_beginning_is_not_kept_at_all() {
        let limits = Limits { decoded_bytes_max: 24, ..Limits::default() };
        let mut nonzero = Nonzero::new(&limits);
        nonzero.keep(0, 2).unwrap()[1] = 7;
        assert_eq!(nonzero.keep(1, 2).unwrap(), []);
        // Though there is room for one block more.
        assert_eq!(nonzero.keep(2, 1).unwrap(), []);
        assert_eq!(nonzero.keep(0, 2).unwrap(), [0, 7]);
        assert!(!nonzero.was_missed());
        assert!(nonzero.kept(0).is_some() && !nonzero.was_missed());
        assert!(nonzero.kept(2).is_none() && nonzero.was_missed());
    }

    #[test]
    fn no_room_for_a_size_beyond_all_is_no_error() {
        let limits = Limits { decoded_bytes_max: u64::MAX, ..Limits::default() };
        assert_eq!(Nonzero::new(&limits).keep(3, u64::MAX).unwrap(), []);
        assert_eq!(Nonzero::new(&limits).keep(0, u64::MAX / 8).unwrap(), []);
    }
}
