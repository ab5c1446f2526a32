//! The tracks of a movie, and what each says of itself (ISO/IEC 14496-12, 8.3 to 8.5).
//!
//! As libavif reads them: kinds of handlers, edits and times are not asked for.

use super::{
    meta::Property,
    properties::{Properties, names_alpha},
    samples::Table,
};
use crate::{
    boxes::{Fields, box_at, each},
    error::Fault,
    spool::Spooled,
};

/// A sequence has two tracks, and more where it has depths or a video beside it.
const TRACKS_MAX: usize = 64;
/// What leads from a track to its tables.
const WITHIN: [&[u8; 4]; 3] = [b"mdia", b"minf", b"stbl"];
/// How a picture lies that is not turned.
const UPRIGHT: [u32; 9] = [0x1_0000, 0, 0, 0, 0x1_0000, 0, 0, 0, 0x4000_0000];

#[derive(Default)]
pub(super) struct Track {
    id: u32,
    /// Width and height that it is to be shown at, in whole pixels.
    pub(super) shown: (u32, u32),
    /// Whether its matrix moves or turns it.
    pub(super) is_moved: bool,
    /// The track that it belongs to, or 0.
    auxiliary_of: u32,
    /// The track that its colours were multiplied by, or 0.
    premultiplied_by: u32,
    /// What is said beside its pictures.
    pub(super) meta: Option<(u64, u64)>,
    /// How its samples are coded, if that is AV1.
    entry: Option<(u64, u64)>,
    pub(super) table: Table,
}

/// The tracks of a file that are its pictures.
pub(super) struct Tracks {
    pub(super) pictures: Track,
    pub(super) alpha: Option<Track>,
    pub(super) premultiplied: bool,
}

impl Tracks {
    /// Reads the boxes of a movie: the first track of pictures, and the first that is its alpha.
    pub(super) fn read(file: Spooled<'_>, start: u64, end: u64) -> Result<Self, Fault> {
        let mut tracks = Vec::new();
        each(file, start, end, |kind, start, end| {
            if &kind == b"trak" {
                if tracks.len() == TRACKS_MAX {
                    return Err(file.unsupported("has more tracks than a sequence of pictures has use for"));
                }
                let mut track = Track::default();
                track.boxes(file, 0, start, end)?;
                if track.id != 0 && track.entry.is_some() && track.table.has_chunks(file) {
                    tracks.push(track);
                }
            }
            Ok(())
        })?;
        let pictures = tracks.iter().position(|track| track.auxiliary_of == 0);
        let pictures = tracks.remove(pictures.ok_or_else(|| {
            file.unsupported("is a sequence without a track of AV1 pictures; save it anew, not in fragments")
        })?);
        let mut alpha = None;
        for track in tracks {
            if alpha.is_none() && track.auxiliary_of == pictures.id && track.may_be_alpha(file)? {
                alpha = Some(track);
            }
        }
        let premultiplied = alpha.as_ref().is_some_and(|alpha| alpha.id == pictures.premultiplied_by);
        Ok(Self { pictures, alpha, premultiplied })
    }
}

impl Track {
    /// Reads boxes that are so many levels within the track.
    fn boxes(&mut self, file: Spooled<'_>, level: usize, start: u64, end: u64) -> Result<(), Fault> {
        each(file, start, end, |kind, start, end| {
            match (level, &kind) {
                (_, kind) if WITHIN.get(level) == Some(&kind) => self.boxes(file, level + 1, start, end)?,
                (0, b"tkhd") => self.header(Fields::new(file, "tkhd", start, end))?,
                (0, b"tref") => self.references(file, start, end)?,
                (0, b"meta") => self.meta = Some((start, end)),
                (3, b"stsd") => self.entry = entry(file, start, end)?,
                (3, b"stsz") => self.table.sizes = Some((start, end)),
                (3, b"stz2") => self.table.narrow_sizes = Some((start, end)),
                (3, b"stco") => self.table.chunks = Some((start, end)),
                (3, b"co64") => self.table.wide_chunks = Some((start, end)),
                (3, b"stsc") => self.table.runs = Some((start, end)),
                _ => {}
            }
            Ok(())
        })
    }

    /// `tkhd`: its number, how it lies and how large it is shown.
    fn header(&mut self, mut fields: Fields<'_>) -> Result<(), Fault> {
        let (version, _) = fields.version()?;
        let time_bytes = if version == 1 { 8 } else { 4 };
        fields.sized(time_bytes)?;
        fields.sized(time_bytes)?;
        self.id = fields.u32()?;
        fields.u32()?;
        fields.sized(time_bytes)?;
        // Layer, group and volume.
        fields.array::<16>()?;
        for expected in UPRIGHT {
            self.is_moved |= fields.u32()? != expected;
        }
        self.shown = (fields.u32()? >> 16, fields.u32()? >> 16);
        Ok(())
    }

    /// `tref`: the first track of each kind that counts.
    fn references(&mut self, file: Spooled<'_>, start: u64, end: u64) -> Result<(), Fault> {
        each(file, start, end, |kind, start, end| {
            let mut fields = Fields::new(file, "tref", start, end);
            match &kind {
                b"auxl" => self.auxiliary_of = fields.u32()?,
                b"prem" => self.premultiplied_by = fields.u32()?,
                _ => {}
            }
            Ok(())
        })
    }

    /// What is said of its pictures, whose size is that of their samples.
    pub(super) fn properties<'s>(&self, file: Spooled<'s>) -> Result<Properties<'s>, Fault> {
        let (size, properties) = self.description(file)?;
        let properties = Properties::read(file, properties.into_iter(), size)?;
        if size.0 == 0 || size.1 == 0 {
            return Err(file.fault("does not say how large its pictures are, or that they have no pixels"));
        }
        Ok(properties)
    }

    /// Whether it is no other auxiliary than an alpha; old encoders do not say what it is.
    fn may_be_alpha(&self, file: Spooled<'_>) -> Result<bool, Fault> {
        let (_, properties) = self.description(file)?;
        let named = properties.iter().find(|property| &property.kind == b"auxi");
        Ok(named.is_none_or(|property| names_alpha(property.fields)))
    }

    /// The size of samples, and the boxes that say more of them (14496-12, 12.1.3).
    fn description<'s>(&self, file: Spooled<'s>) -> Result<((u32, u32), Vec<Property<'s>>), Fault> {
        let (start, end) = self.entry.unwrap_or_default();
        let mut fields = Fields::new(file, "av01", start, end);
        fields.array::<24>()?;
        let size = (fields.u16()?.into(), fields.u16()?.into());
        // Densities, a name and a depth that AV1 says itself.
        fields.array::<50>()?;
        let (start, end) = fields.place();
        let mut properties = Vec::new();
        each(file, start, end, |kind, start, end| {
            let fields = Fields::new(file, "property", start, end);
            properties.push(Property { kind, essential: false, fields });
            Ok(())
        })?;
        Ok((size, properties))
    }
}

/// `stsd`: where the first of its entries is, if it is one of AV1.
fn entry(file: Spooled<'_>, start: u64, end: u64) -> Result<Option<(u64, u64)>, Fault> {
    let mut fields = Fields::new(file, "stsd", start, end);
    fields.version()?;
    if fields.u32()? == 0 {
        return Ok(None);
    }
    let (start, end) = fields.place();
    let (kind, start, end) = box_at(file, start, end)?;
    Ok((&kind == b"av01").then_some((start, end)))
}
