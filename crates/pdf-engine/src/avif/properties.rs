//! What a file says of an item: size, colours, and how it is to be turned and cut (ISO/IEC 23008-12, 6.5).

use super::{
    colors::Coding,
    meta::{Meta, Property},
};
use crate::{
    boxes::Fields,
    document::Space,
    embed::Context,
    error::Fault,
    metadata::numbers::Numbers,
    page::{Density, Orientation},
    spool::Spooled,
};

/// The properties of one item.
pub(super) struct Properties<'s> {
    pub(super) size: (u32, u32),
    pub(super) coding: Option<Coding>,
    pub(super) profile: Option<&'s [u8]>,
    /// How dense the pixels are, where they are not square.
    pub(super) density: Option<Density>,
    /// Quarter turns, against the clock.
    turns: u8,
    /// Whether left and right are swapped (1) after that, or above and below (0).
    mirror: Option<u8>,
    /// Width, height, and how far the middle is off, each a fraction.
    clean: Option<[u32; 8]>,
}

/// The pixels that are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Area {
    pub(super) left: u32,
    pub(super) top: u32,
    pub(super) width: u32,
    pub(super) height: u32,
}

impl<'s> Properties<'s> {
    /// Reads the properties of an item; one that must be known and is not is an error.
    pub(super) fn of_item(file: Spooled<'s>, meta: &Meta, id: u32) -> Result<Self, Fault> {
        let found = Self::read(file, meta.properties_of(file, id), (0, 0))?;
        if found.size.0 == 0 || found.size.1 == 0 {
            return Err(file.fault("does not say how large its image is, or that it has no pixels"));
        }
        Ok(found)
    }

    /// Reads properties, of an image of this size unless they say another.
    pub(super) fn read(
        file: Spooled<'s>,
        properties: impl Iterator<Item = Property<'s>>,
        size: (u32, u32),
    ) -> Result<Self, Fault> {
        let mut found =
            Self { size, coding: None, profile: None, density: None, turns: 0, mirror: None, clean: None };
        for property in properties {
            let mut fields = property.fields;
            match &property.kind {
                b"ispe" => {
                    fields.version()?;
                    found.size = (fields.u32()?, fields.u32()?);
                }
                b"colr" => found.colors(&mut fields)?,
                b"pasp" => {
                    let [across, down] = [fields.u32()?, fields.u32()?].map(f64::from);
                    if across > 0.0 && down > 0.0 && across.to_bits() != down.to_bits() {
                        // A wide pixel is one of few across.
                        found.density = Some(Density::Aspect { x: down, y: across });
                    }
                }
                b"irot" => found.turns = fields.u8()? & 3,
                b"imir" => found.mirror = Some(fields.u8()? & 1),
                b"clap" => {
                    let mut numbers = [0; 8];
                    for number in &mut numbers {
                        *number = fields.u32()?;
                    }
                    found.clean = Some(numbers);
                }
                b"a1op" if fields.u8()? > 0 => {
                    return Err(file.unsupported("shows another than its first operating point"));
                }
                b"lsel" if fields.u16()? != 0xffff => {
                    return Err(file.unsupported("shows one layer of several"));
                }
                b"a1op" | b"lsel" | b"a1lx" | b"av1C" | b"pixi" | b"auxC" => {}
                kind if property.essential => {
                    return Err(file.unsupported(format_args!(
                        "has a property {} that must be known to show it, and is not",
                        kind.escape_ascii()
                    )));
                }
                _ => {}
            }
        }
        Ok(found)
    }

    fn colors(&mut self, fields: &mut Fields<'s>) -> Result<(), Fault> {
        match &fields.array::<4>()? {
            b"nclx" => {
                self.coding = Some(Coding {
                    primaries: fields.u16()?,
                    transfer: fields.u16()?,
                    matrix: fields.u16()?,
                    full_range: fields.u8()? > 0x7f,
                });
            }
            b"prof" | b"rICC" => self.profile = Some(fields.rest()?),
            _ => {}
        }
        Ok(())
    }

    /// As Exif says it: first the turn, then the mirror.
    pub(super) fn orientation(&self) -> Orientation {
        Orientation::from_exif(match (self.turns, self.mirror) {
            (0, None) => 1,
            (1, None) => 8,
            (2, None) => 3,
            (_, None) => 6,
            (0, Some(1)) | (2, Some(0)) => 2,
            (0 | 2, Some(_)) => 4,
            (1, Some(1)) | (3, Some(0)) => 7,
            (_, Some(_)) => 5,
        })
    }

    /// The pixels that are shown: all, but where the file cuts some away.
    pub(super) fn area(&self, context: &mut Context<'_>) -> Area {
        let (width, height) = self.size;
        let Some(clean) = self.clean else { return Area { left: 0, top: 0, width, height } };
        let [across, down] = [(width, 0), (height, 2)].map(|(side, at)| {
            kept(side, [clean[at], clean[at + 1]], [clean[at + 4].cast_signed(), clean[at + 5].cast_signed()])
        });
        if let (Some((left, width)), Some((top, height))) = (across, down) {
            return Area { left, top, width, height };
        }
        context.warn("the cut is left out: it is not of whole pixels of the image");
        Area { left: 0, top: 0, width, height }
    }
}

/// Where what is kept of a side begins, and how long it is: ISO/IEC 14496-12, 12.1.4.
fn kept(side: u32, [length, of]: [u32; 2], [off, by]: [i32; 2]) -> Option<(u32, u32)> {
    if of == 0 || by <= 0 || !length.is_multiple_of(of) {
        return None;
    }
    let length = length / of;
    // Both in halves of a pixel over `by`.
    let (by, off) = (i64::from(by), i64::from(off));
    let twice = 2 * off + by * (i64::from(side) - i64::from(length));
    if length == 0 || twice < 0 || twice % (2 * by) != 0 {
        return None;
    }
    let start = u32::try_from(twice / (2 * by)).ok()?;
    (start.checked_add(length)? <= side).then_some((start, length))
}

/// Whether an item is an alpha.
pub(super) fn is_alpha(file: Spooled<'_>, meta: &Meta, id: u32) -> bool {
    meta.properties_of(file, id).any(|property| &property.kind == b"auxC" && names_alpha(property.fields))
}

/// Whether the content of an `auxC` or `auxi` box is the name of an alpha.
pub(super) fn names_alpha(mut fields: Fields<'_>) -> bool {
    const NAMES: [&[u8]; 2] = [b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha", b"urn:mpeg:hevc:2015:auxid:1"];
    fields.version().is_ok()
        && fields
            .rest()
            .is_ok_and(|name| NAMES.iter().any(|known| name.split(|byte| *byte == 0).next() == Some(known)))
}

/// A profile of colours that are not those of sRGB; nothing where they are, or nothing is said.
pub(super) fn calibration(coding: Coding, context: &mut Context<'_>) -> Option<Vec<u8>> {
    let Coding { primaries, transfer, .. } = coding;
    Numbers { primaries, transfer }.profile("nclx", Space::Rgb, context)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_of_whole_pixels() {
        for (side, length, off, expected) in [
            (10, [10, 1], [0, 1], Some((0, 10))),
            (10, [4, 1], [0, 1], Some((3, 4))),
            (10, [8, 2], [-3, 1], Some((0, 4))),
            (10, [4, 1], [3, 1], Some((6, 4))),
            (10, [4, 1], [4, 1], None),
            (10, [4, 1], [-4, 1], None),
            (10, [5, 1], [1, 2], Some((3, 5))),
            (10, [5, 1], [0, 1], None),
            (10, [5, 2], [0, 1], None),
            (10, [0, 1], [0, 1], None),
            (10, [11, 1], [0, 1], None),
            (10, [4, 0], [0, 1], None),
            (10, [4, 1], [0, 0], None),
        ] {
            assert_eq!(kept(side, length, off), expected, "{side} {length:?} {off:?}");
        }
    }
}
