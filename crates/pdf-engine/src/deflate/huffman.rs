//! Prefix codes: the best lengths for given counts, and the codes that deflate gives them (RFC 1951, 3.2.2).

use std::{cmp::Reverse, collections::BinaryHeap};

/// A symbol's code, ready to be written, and its length; a length of 0 for a symbol that is not used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Code {
    pub(super) bits: u16,
    pub(super) length: u8,
}

/// Lengths of codes of at most `length_max` bits for symbols that occur so often.
///
/// At least two symbols get a code, because some decoders refuse a code of one.
pub(super) fn lengths(counts: &[u32], length_max: u8) -> Vec<u8> {
    let mut used: Vec<usize> = (0..counts.len()).filter(|symbol| counts[*symbol] > 0).collect();
    for symbol in 0..counts.len() {
        if used.len() < 2 && !used.contains(&symbol) {
            used.push(symbol);
        }
    }
    // The rarest first, and of equals the first: what comes out depends on the counts alone.
    used.sort_by_key(|symbol| (counts[*symbol], *symbol));
    let mut at_depth = depths(used.iter().map(|symbol| counts[*symbol]));
    limit(&mut at_depth, usize::from(length_max));

    let mut lengths = vec![0; counts.len()];
    let mut rarest_first = used.iter();
    for (depth, count) in at_depth.iter().enumerate().rev() {
        for symbol in rarest_first.by_ref().take(*count) {
            lengths[*symbol] = u8::try_from(depth).unwrap_or(length_max);
        }
    }
    lengths
}

/// How many leaves of Huffman's tree lie at each depth.
fn depths(counts: impl ExactSizeIterator<Item = u32>) -> Vec<usize> {
    let leaves = counts.len();
    let mut parents = vec![0; 2 * leaves - 1];
    let mut heap: BinaryHeap<_> =
        counts.enumerate().map(|(node, count)| Reverse((u64::from(count), node))).collect();
    for parent in leaves..2 * leaves - 1 {
        let mut sum = 0;
        for Reverse((count, node)) in [heap.pop(), heap.pop()].into_iter().flatten() {
            sum += count;
            parents[node] = parent;
        }
        heap.push(Reverse((sum, parent)));
    }
    // Parents come behind their children, and the root is the last.
    let mut depth = vec![0; 2 * leaves - 1];
    let mut at_depth = vec![0; leaves + 1];
    for node in (0..2 * leaves - 2).rev() {
        depth[node] = depth[parents[node]] + 1;
        if node < leaves {
            at_depth[depth[node]] += 1;
        }
    }
    at_depth
}

/// Moves leaves that are too deep up to the limit, and others down to make room for them.
fn limit(at_depth: &mut Vec<usize>, max: usize) {
    let too_deep: usize = at_depth.iter().skip(max + 1).sum();
    at_depth.resize(max + 1, 0);
    at_depth[max] += too_deep;
    // In units of the deepest code: what the codes take, and what there is.
    let mut taken: usize =
        at_depth.iter().enumerate().skip(1).map(|(depth, count)| count << (max - depth)).sum();
    while taken > 1 << max {
        // The deepest leaf above the limit becomes a branch of itself and one from the limit: one unit is won.
        let Some(depth) = (1..max).rev().find(|depth| at_depth[*depth] > 0) else { return };
        at_depth[depth] -= 1;
        at_depth[depth + 1] += 2;
        at_depth[max] -= 1;
        taken -= 1;
    }
}

/// The codes of these lengths.
pub(super) fn codes(lengths: &[u8]) -> Vec<Code> {
    let mut next = [0_u16; 17];
    for length in lengths.iter().filter(|length| **length > 0) {
        next[usize::from(*length) + 1] += 1;
    }
    for length in 1..next.len() {
        next[length] = (next[length] + next[length - 1]) << 1;
    }
    let code = |length: &u8| {
        if *length == 0 {
            return Code::default();
        }
        let bits = next[usize::from(*length)];
        next[usize::from(*length)] = bits.wrapping_add(1);
        Code { bits: bits.reverse_bits() >> (16 - length), length: *length }
    };
    lengths.iter().map(code).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks that codes of these lengths fill the code space and no more, and their cost in bits.
    fn check(counts: &[u32], length_max: u8, expected_bits: u32) {
        let lengths = lengths(counts, length_max);
        let space: u32 = lengths.iter().filter(|length| **length > 0).map(|length| 1 << (15 - length)).sum();
        assert_eq!(space, 1 << 15, "{lengths:?}");
        assert!(lengths.iter().all(|length| *length <= length_max), "{lengths:?}");
        let bits: u32 = counts.iter().zip(&lengths).map(|(count, length)| count * u32::from(*length)).sum();
        assert_eq!(bits, expected_bits, "{lengths:?}");
    }

    #[test]
    fn lengths_are_the_best_within_their_limit() {
        check(&[1, 1], 15, 2);
        check(&[5, 0, 0], 15, 5);
        check(&[0, 0, 0], 15, 0);
        check(&[0, 3, 0, 9], 15, 12);
        check(&[45, 13, 12, 16, 9, 5], 15, 224);
        check(&[1, 1, 2, 3, 5, 8, 13, 21], 15, 7 + 7 + 12 + 15 + 20 + 24 + 26 + 21);
        // The same with two fewer bits: the deepest move up.
        check(&[1, 1, 2, 3, 5, 8, 13, 21], 5, 5 + 5 + 10 + 15 + 20 + 24 + 26 + 21 + 8);
        check(&[1; 256], 8, 256 * 8);
    }

    #[test]
    fn codes_are_those_of_the_standard() {
        // The example of RFC 1951, section 3.2.2: bits are written from the highest, so they are turned here.
        let codes = codes(&[3, 3, 3, 3, 3, 2, 4, 4]);
        let written: Vec<_> =
            codes.iter().map(|code| code.bits.reverse_bits() >> (16 - code.length)).collect();
        assert_eq!(written, [0b010, 0b011, 0b100, 0b101, 0b110, 0b00, 0b1110, 0b1111]);
    }
}
