//! Whether the tags that a reader turns samples into colours with are there and whole: ICC.1:2022, sections 8 to 10.
//!
//! No number in them is judged, but for those that say how many others there are. What a profile says beside colours (who
//! made it, for what) is passed over: many leave some of it out, and no reader needs it.

use super::{HEADER_BYTES, TAG_BYTES, be16, be32};
use crate::document::Space;

/// More are read by no common reader.
const TAGS_MAX: usize = 100;

/// Why the tags cannot be used for samples of `space`.
pub(super) fn unfit(profile: &[u8], space: Space) -> Option<String> {
    let Some(tags) = Tags::read(profile) else { return Some(String::from("its tags lie outside of it")) };
    let broken = |name: &[u8; 4]| Some(format!("its tag {} is damaged", name.escape_ascii()));
    // Those of a table come first: a reader that finds one uses it.
    for (name, device_in) in [
        (b"A2B0", true),
        (b"A2B1", true),
        (b"A2B2", true),
        (b"B2A0", false),
        (b"B2A1", false),
        (b"B2A2", false),
    ] {
        let device = space.channels();
        let channels = if device_in { [device, 3] } else { [3, device] };
        if tags.get(*name).is_some_and(|data| !is_table(data, channels)) {
            return broken(name);
        }
    }
    let (lights, curves): (&[&[u8; 4]], &[&[u8; 4]]) = match space {
        Space::Gray => (&[], &[b"kTRC"]),
        Space::Rgb => (&[b"rXYZ", b"gXYZ", b"bXYZ"], &[b"rTRC", b"gTRC", b"bTRC"]),
        Space::Cmyk | Space::Lab(_) => (&[], &[]),
    };
    for name in lights.iter().copied().chain([b"wtpt"]) {
        if tags.get(*name).is_some_and(|data| !data.starts_with(b"XYZ ") || data.len() < 20) {
            return broken(name);
        }
    }
    for name in curves.iter().copied() {
        if tags.get(*name).is_some_and(|data| !is_curve(data)) {
            return broken(name);
        }
    }
    let has_table = tags.get(*b"A2B0").is_some();
    let missing = lights.iter().chain(curves).copied().find(|name| tags.get(**name).is_none());
    match missing {
        _ if has_table => None,
        Some(name) => Some(format!("it has neither a tag A2B0 nor one {}", name.escape_ascii())),
        None if curves.is_empty() => Some(String::from("it has no tag A2B0")),
        // The primaries are told as XYZ.
        None if space == Space::Rgb && &profile[20..24] != b"XYZ " => {
            Some(String::from("its primaries are no colours of Lab, which it says that they are"))
        }
        None => None,
    }
}

/// Names, and what they name.
struct Tags<'p>(Vec<([u8; 4], &'p [u8])>);

impl<'p> Tags<'p> {
    /// The table of tags, where all of them lie within the profile, and there is at least one.
    fn read(profile: &'p [u8]) -> Option<Self> {
        let count = be32(profile, HEADER_BYTES) as usize;
        if !(1..=TAGS_MAX).contains(&count) {
            return None;
        }
        let first = HEADER_BYTES + 4;
        let data = first + count * TAG_BYTES;
        let tags = profile.get(first..data)?.chunks_exact(TAG_BYTES).map(|tag| {
            let (at, length) = (be32(tag, 4) as usize, be32(tag, 8) as usize);
            let name = tag.first_chunk::<4>()?;
            (at >= data).then_some((*name, profile.get(at..at.checked_add(length)?)?))
        });
        tags.collect::<Option<_>>().map(Self)
    }

    fn get(&self, name: [u8; 4]) -> Option<&'p [u8]> {
        self.0.iter().find(|tag| tag.0 == name).map(|tag| tag.1)
    }
}

/// Sections 10.6 and 10.18.
fn is_curve(data: &[u8]) -> bool {
    match data.first_chunk() {
        Some(b"curv") => data.len() >= 12 && (data.len() - 12) / 2 >= be32(data, 8) as usize,
        Some(b"para") => {
            let numbers = [1, 3, 4, 5, 7].get(usize::from(be16(data, 8)));
            numbers.is_some_and(|count| data.len() >= 12 + 4 * count)
        }
        _ => false,
    }
}

/// Sections 10.10 to 10.13: tables from so many channels to so many.
fn is_table(data: &[u8], [from, to]: [u8; 2]) -> bool {
    let Some(head) = data.get(..32) else { return false };
    if head[8..10] != [from, to] {
        return false;
    }
    let nodes = || u64::from(head[10]).pow(from.into());
    let [from, to, length] = [u64::from(from), u64::from(to), data.len() as u64];
    match &head[..4] {
        b"mft1" => head[10] >= 2 && length >= 48 + 256 * from + nodes() * to + 256 * to,
        b"mft2" => {
            let [input, output] = [be16(data, 48), be16(data, 50)].map(u64::from);
            let numbers = input * from + nodes() * to + output * to;
            head[10] >= 2 && input >= 2 && output >= 2 && length >= 52 + 2 * numbers
        }
        // Curves of what comes out, or in, are always there; the other parts may be.
        b"mAB " | b"mBA " => {
            let mut parts = (12..32).step_by(4).map(|at| u64::from(be32(data, at)));
            parts.next().is_some_and(|curves| (32..length).contains(&curves))
                && parts.all(|part| part == 0 || (32..length).contains(&part))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn curves_have_all_of_their_numbers() {
        for (data, expected) in [
            (&b"curv\0\0\0\0\0\0\0\0"[..], true),
            (b"curv\0\0\0\0\0\0\0\x01\x02\x33", true),
            (b"curv\0\0\0\0\0\0\0\x02\x02\x33\0", false),
            (b"curv\0\0\0\0\xff\xff\xff\xff", false),
            (b"curv\0\0\0\0\0\0", false),
            (b"para\0\0\0\0\0\0\0\0\0\x01\0\0", true),
            (b"para\0\0\0\0\0\x01\0\0\0\x01\0\0", false),
            (b"para\0\0\0\0\0\x05\0\0\0\x01\0\0", false),
            (b"ZZZZ\0\0\0\0\0\0\0\0", false),
            (b"", false),
        ] {
            assert_eq!(is_curve(data), expected, "{data:?}");
        }
    }

    #[test]
    fn tables_are_of_the_channels_and_whole() {
        let table = |kind: &[u8; 4], head: &[u8], length: usize| {
            let mut data = [kind.as_slice(), &[0; 4], head].concat();
            data.resize(length, 0);
            data
        };
        let mft2 = |input: u8, output: u8, length: usize| {
            let mut data = table(b"mft2", &[4, 3, 2], length);
            data[48..52].copy_from_slice(&[0, input, 0, output]);
            data
        };
        let full = 52 + 2 * (2 * 4 + 16 * 3 + 2 * 3);
        let parts = |curves: u8, colors: u8| {
            let mut data = table(b"mAB ", &[4, 3, 0, 0], 64);
            (data[15], data[27]) = (curves, colors);
            data
        };
        for (name, data, expected) in [
            ("bytes", table(b"mft1", &[4, 3, 2], 48 + 256 * 7 + 16 * 3), true),
            ("a byte short", table(b"mft1", &[4, 3, 2], 48 + 256 * 7 + 16 * 3 - 1), false),
            ("from three channels", table(b"mft1", &[3, 3, 2], 5000), false),
            ("to four channels", table(b"mft1", &[4, 4, 2], 5000), false),
            ("a grid of one", table(b"mft1", &[4, 3, 1], 5000), false),
            ("a grid that is larger", table(b"mft1", &[4, 3, 255], 5000), false),
            ("words", mft2(2, 2, full), true),
            ("two bytes short", mft2(2, 2, full - 2), false),
            ("curves of one number", mft2(1, 2, full), false),
            ("curves", parts(32, 0), true),
            ("curves and colours", parts(32, 48), true),
            ("no curves", parts(0, 48), false),
            ("colours elsewhere", parts(32, 64), false),
            ("no table", table(b"ZZZZ", &[4, 3, 2], 5000), false),
            ("nothing", Vec::new(), false),
        ] {
            assert_eq!(is_table(&data, [4, 3]), expected, "{name}");
        }
    }
}
