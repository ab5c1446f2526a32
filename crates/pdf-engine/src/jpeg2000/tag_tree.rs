//! Tag trees, which say a number for each code-block of a precinct: T.800, section B.10.2.

use super::bits::{Bits, Broken};

/// A node: the least that its number can be, by what was read, and whether it is that.
#[derive(Clone, Copy, Default)]
struct Node {
    low: u16,
    known: bool,
}

/// A tree over a rectangle of leaves; each node above is the least of up to four below.
pub(super) struct TagTree {
    nodes: Vec<Node>,
    /// From the leaves to the root: where a level's nodes begin, and how many are in a row.
    levels: Vec<(usize, usize)>,
}

impl TagTree {
    /// A tree of so many leaves across and down.
    pub(super) fn new(across: usize, down: usize) -> Self {
        let (mut levels, mut start, mut sides) = (Vec::new(), 0, [across, down]);
        loop {
            levels.push((start, sides[0]));
            start += sides[0] * sides[1];
            if sides.iter().all(|side| *side <= 1) {
                break;
            }
            sides = sides.map(|side| side.div_ceil(2));
        }
        Self { nodes: vec![Node::default(); start], levels }
    }

    /// Reads until it is known whether a leaf's number is below `threshold`: the number, where it is.
    pub(super) fn read(
        &mut self,
        bits: &mut Bits<'_>,
        [x, y]: [usize; 2],
        threshold: u16,
    ) -> Result<Option<u16>, Broken> {
        let mut low = 0;
        for (level, (start, across)) in self.levels.iter().enumerate().rev() {
            let node = &mut self.nodes[start + (y >> level) * across + (x >> level)];
            // No number is below that of the node above.
            node.low = node.low.max(low);
            while !node.known && node.low < threshold {
                if bits.bit()? == 1 {
                    node.known = true;
                } else {
                    node.low += 1;
                }
            }
            low = node.low;
            if !node.known {
                return Ok(None);
            }
        }
        Ok((low < threshold).then_some(low))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of T.800, B.10.2: six leaves across, three down, of which the first three are 1, 3 and 2.
    #[test]
    fn the_standards_example_is_read() {
        // 01111, 001 and 101 say those of the first row; what follows is not asked for.
        let bytes = [0b0111_1001, 0b1010_0000];
        let mut bits = Bits::new(&bytes);
        let mut tree = TagTree::new(6, 3);
        let mut number = |x| {
            (1..10)
                .find_map(|threshold| tree.read(&mut bits, [x, 0], threshold).transpose())
                .unwrap()
                .unwrap()
        };
        assert_eq!([0, 1, 2].map(&mut number), [1, 3, 2]);
    }

    #[test]
    fn what_is_above_a_threshold_is_asked_again_for_a_higher_one() {
        let bytes = [0b0010_0000];
        let mut bits = Bits::new(&bytes);
        let mut tree = TagTree::new(1, 1);
        for (threshold, expected) in [(1, None), (1, None), (2, None), (3, Some(2)), (9, Some(2))] {
            assert_eq!(tree.read(&mut bits, [0, 0], threshold).unwrap(), expected, "{threshold}");
        }
        assert_eq!(bits.end().unwrap(), 1);
    }
}
