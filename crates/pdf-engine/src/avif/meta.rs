//! The boxes of an AVIF file: its items, where their data are, and what is said of them (ISO/IEC 23008-12; 14496-12, 8.11).

use std::{borrow::Cow, collections::BTreeMap};

use crate::{
    boxes::{Fields, each},
    error::{Count, Fault},
    metadata::exif::Exif,
    page::Density,
    spool::Spooled,
};

/// What the file says of its items.
#[derive(Default)]
pub(super) struct Meta {
    primary: Option<u32>,
    items: BTreeMap<u32, Item>,
    /// Kind and content of each property, numbered from 1.
    properties: Vec<([u8; 4], u64, u64)>,
    references: Vec<Reference>,
    /// Where the data are that stand among the boxes.
    data: Option<(u64, u64)>,
}

/// An image, a part of one, or what is said beside it.
#[derive(Default)]
struct Item {
    kind: [u8; 4],
    /// Whether the places are in the `idat` box, not in the file.
    inside: bool,
    /// Begin and length of each piece; a length of 0 is all that is left.
    pieces: Vec<(u64, u64)>,
    /// Numbers of properties, and whether one that does not know them must not show the item.
    properties: Vec<(u16, bool)>,
}

struct Reference {
    kind: [u8; 4],
    from: u32,
    to: Vec<u32>,
}

/// A property of an item.
#[derive(Clone, Copy)]
pub(super) struct Property<'s> {
    pub(super) kind: [u8; 4],
    pub(super) essential: bool,
    pub(super) fields: Fields<'s>,
}

impl Meta {
    /// Reads the boxes of a `meta` box.
    pub(super) fn read(file: Spooled<'_>, start: u64, end: u64) -> Result<Self, Fault> {
        let mut meta = Self::default();
        let mut fields = Fields::new(file, "meta", start, end);
        fields.version()?;
        let (start, end) = fields.place();
        each(file, start, end, |kind, start, end| {
            let fields = |what| Fields::new(file, what, start, end);
            match &kind {
                b"pitm" => {
                    let mut fields = fields("pitm");
                    let (version, _) = fields.version()?;
                    meta.primary = Some(fields.narrow_or_wide(version > 0)?);
                }
                b"iinf" => meta.kinds(file, fields("iinf"))?,
                b"iloc" => meta.places(file, fields("iloc"))?,
                b"iprp" => meta.properties(file, start, end)?,
                b"iref" => meta.references(file, fields("iref"))?,
                b"idat" => meta.data = Some((start, end)),
                _ => {}
            }
            Ok(())
        })?;
        Ok(meta)
    }

    /// `iinf`: what each item is.
    fn kinds(&mut self, file: Spooled<'_>, mut fields: Fields<'_>) -> Result<(), Fault> {
        let (version, _) = fields.version()?;
        fields.narrow_or_wide(version > 0)?;
        let (start, end) = fields.place();
        each(file, start, end, |kind, start, end| {
            if &kind != b"infe" {
                return Ok(());
            }
            let mut fields = Fields::new(file, "infe", start, end);
            let (version, _) = fields.version()?;
            // Versions before name media types: of no image here.
            if version >= 2 {
                let id = fields.narrow_or_wide(version > 2)?;
                fields.u16()?;
                self.items.entry(id).or_default().kind = fields.array()?;
            }
            Ok(())
        })
    }

    /// `iloc`: where each item's data are.
    fn places(&mut self, file: Spooled<'_>, mut fields: Fields<'_>) -> Result<(), Fault> {
        let (version, _) = fields.version()?;
        let [sizes, more] = fields.array()?;
        let (offset_bytes, length_bytes, base_bytes) = (sizes >> 4, sizes & 15, more >> 4);
        let index_bytes = if matches!(version, 1 | 2) { more & 15 } else { 0 };
        if version > 2 || [offset_bytes, length_bytes, base_bytes, index_bytes].iter().any(|bytes| *bytes > 8)
        {
            return Err(file.fault("has a table of places that is not understood"));
        }
        for _ in 0..fields.narrow_or_wide(version > 1)? {
            let id = fields.narrow_or_wide(version > 1)?;
            let method = if version > 0 { fields.u16()? & 15 } else { 0 };
            if method > 1 || fields.u16()? != 0 {
                return Err(file.unsupported("keeps data in other files or in pieces of other items"));
            }
            let base = fields.sized(base_bytes)?;
            let mut pieces = Vec::new();
            for _ in 0..fields.u16()? {
                fields.sized(index_bytes)?;
                let offset = fields.sized(offset_bytes)?;
                pieces.push((base.saturating_add(offset), fields.sized(length_bytes)?));
            }
            let item = self.items.entry(id).or_default();
            (item.inside, item.pieces) = (method == 1, pieces);
        }
        Ok(())
    }

    /// `iprp`: all properties, then which item has which.
    fn properties(&mut self, file: Spooled<'_>, start: u64, end: u64) -> Result<(), Fault> {
        each(file, start, end, |kind, start, end| match &kind {
            b"ipco" => each(file, start, end, |kind, start, end| {
                self.properties.push((kind, start, end));
                Ok(())
            }),
            b"ipma" => {
                let mut fields = Fields::new(file, "ipma", start, end);
                let (version, flags) = fields.version()?;
                for _ in 0..fields.u32()? {
                    let id = fields.narrow_or_wide(version > 0)?;
                    let item = self.items.entry(id).or_default();
                    for _ in 0..fields.u8()? {
                        item.properties.push(if flags & 1 == 1 {
                            let number = fields.u16()?;
                            (number & 0x7fff, number > 0x7fff)
                        } else {
                            let number = fields.u8()?;
                            (u16::from(number & 0x7f), number > 0x7f)
                        });
                    }
                }
                Ok(())
            }
            _ => Ok(()),
        })
    }

    /// `iref`: which item is about which.
    fn references(&mut self, file: Spooled<'_>, mut fields: Fields<'_>) -> Result<(), Fault> {
        let (version, _) = fields.version()?;
        let (start, end) = fields.place();
        each(file, start, end, |kind, start, end| {
            let mut fields = Fields::new(file, "iref", start, end);
            let from = fields.narrow_or_wide(version > 0)?;
            let to =
                (0..fields.u16()?).map(|_| fields.narrow_or_wide(version > 0)).collect::<Result<_, _>>()?;
            self.references.push(Reference { kind, from, to });
            Ok(())
        })
    }

    /// The item that is the image.
    pub(super) fn primary(&self, file: Spooled<'_>) -> Result<u32, Fault> {
        self.primary
            .filter(|id| self.items.contains_key(id))
            .ok_or_else(|| file.fault("does not say which of its items is the image"))
    }

    /// What an item is: four letters.
    pub(super) fn kind(&self, id: u32) -> [u8; 4] {
        self.items.get(&id).map_or([0; 4], |item| item.kind)
    }

    /// Which items there are.
    pub(super) fn ids(&self) -> impl Iterator<Item = u32> + '_ {
        self.items.keys().copied()
    }

    /// The items that say `kind` of `id`.
    pub(super) fn about<'m>(&'m self, kind: &'m [u8; 4], id: u32) -> impl Iterator<Item = u32> + 'm {
        self.references
            .iter()
            .filter(move |reference| &reference.kind == kind && reference.to.contains(&id))
            .map(|reference| reference.from)
    }

    /// The items that `id` says `kind` of, in order.
    pub(super) fn of_item(&self, kind: [u8; 4], id: u32) -> &[u32] {
        self.references
            .iter()
            .find(|reference| reference.kind == kind && reference.from == id)
            .map_or(&[], |reference| &reference.to)
    }

    /// The properties of an item, in order.
    pub(super) fn properties_of<'m, 's: 'm>(
        &'m self,
        file: Spooled<'s>,
        id: u32,
    ) -> impl Iterator<Item = Property<'s>> + 'm {
        let numbers = self.items.get(&id).map_or(&[][..], |item| &item.properties);
        numbers.iter().filter_map(move |&(number, essential)| {
            let (kind, start, end) = *self.properties.get(usize::from(number).checked_sub(1)?)?;
            Some(Property { kind, essential, fields: Fields::new(file, "property", start, end) })
        })
    }

    /// What an item says of the density, if it is Exif. Its orientation does not count: the image's own properties do.
    pub(super) fn exif_density(&self, file: Spooled<'_>, id: u32) -> Option<Density> {
        if &self.kind(id) != b"Exif" {
            return None;
        }
        let data = self.data(file, id).ok()?;
        let (offset, data) = data.split_first_chunk()?;
        let tiff = data.get(u32::from_be_bytes(*offset) as usize..)?;
        Exif::parse(tiff)?.density
    }

    /// The data of an item.
    pub(super) fn data<'s>(&self, file: Spooled<'s>, id: u32) -> Result<Cow<'s, [u8]>, Fault> {
        let item = self.items.get(&id).filter(|item| !item.pieces.is_empty());
        let item =
            item.ok_or_else(|| file.fault(format_args!("has no data for its item {}", Count(id.into()))))?;
        let (start, end) = match (item.inside, self.data) {
            (false, _) => (0, file.bytes.len() as u64),
            (true, Some(place)) => place,
            (true, None) => return Err(file.fault("has no data where an item has its own")),
        };
        let piece = |&(offset, length): &(u64, u64)| {
            let at = start.saturating_add(offset);
            let length = if length == 0 { end.saturating_sub(at) } else { length };
            if at.saturating_add(length) > end {
                // Says where, as for any other part that is not there.
                return file.slice(at.max(file.bytes.len() as u64), length, "data of an item");
            }
            file.slice(at, length, "data of an item")
        };
        match item.pieces.as_slice() {
            [one] => piece(one).map(Cow::Borrowed),
            several => {
                let mut bytes = Vec::new();
                for place in several {
                    let piece = piece(place)?;
                    // Pieces that overlap could make much of little.
                    if bytes.len() + piece.len() > file.bytes.len() {
                        return Err(file.fault("has an item that is larger than the file"));
                    }
                    bytes.extend_from_slice(piece);
                }
                Ok(Cow::Owned(bytes))
            }
        }
    }
}
