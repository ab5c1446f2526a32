//! A picture, whole or in tiles of one size (ISO/IEC 23008-12, 6.6.2.3.2): planned by its headers, then decoded.

use std::borrow::Cow;

use super::{meta::Meta, properties::Properties};
use crate::{
    boxes::Fields,
    error::{Count, Fault},
    spool::Spooled,
};
use av1::{Header, Layout, Picture, Row};

/// What is to be decoded, and what it will cost.
pub(super) struct Plan<'s> {
    data: Vec<Cow<'s, [u8]>>,
    columns: usize,
    size: (u32, u32),
    tile: (u32, u32),
    header: Header,
    /// Frames of the tile that has most.
    frames: u64,
}

/// A decoded picture.
pub(super) struct Tiles {
    pictures: Vec<Picture>,
    columns: usize,
    size: (u32, u32),
    tile: (u32, u32),
    /// What the tiles have in common.
    pub(super) header: Header,
}

impl Tiles {
    /// Reads the headers of an item that is a picture of this size.
    pub(super) fn plan<'s>(
        file: Spooled<'s>,
        meta: &Meta,
        id: u32,
        size: (u32, u32),
    ) -> Result<Plan<'s>, Fault> {
        match &meta.kind(id) {
            b"av01" => {
                let data = meta.data(file, id)?;
                let header = header(file, &data, size)?;
                let frames = frames(file, &data)?;
                Ok(Plan { data: vec![data], columns: 1, size, tile: size, header, frames })
            }
            b"grid" => Plan::grid(file, meta, id, size),
            kind => Err(file.unsupported(format_args!(
                "has an image of the kind {}; single pictures and grids of AV1 are converted",
                kind.escape_ascii()
            ))),
        }
    }

    /// A picture that is whole: of this kind, as the headers before it say.
    pub(super) fn whole(file: Spooled<'_>, picture: Picture, header: Header) -> Result<Self, Fault> {
        if picture.header != header {
            return Err(file.fault("has a picture of another size or kind than its first one"));
        }
        let size = (header.width, header.height);
        Ok(Self { pictures: vec![picture], columns: 1, size, tile: size, header })
    }

    /// Row `y` of a plane, over all tiles beside each other.
    pub(super) fn row(&self, plane: usize, y: u32, out: &mut Vec<u16>) {
        let [width, _] = self.plane(plane, self.size);
        let [_, tile_rows] = self.plane(plane, self.tile);
        let first = (y / tile_rows) as usize * self.columns;
        out.clear();
        for tile in &self.pictures[first..first + self.columns] {
            match tile.row(plane, y % tile_rows) {
                Row::Eight(row) => out.extend(row.iter().map(|sample| u16::from(*sample))),
                // A sample beyond the depth would be the decoder's fault.
                Row::More(row) => {
                    let most = (1_u16 << self.header.bits) - 1;
                    out.extend(row.iter().map(|sample| (*sample).min(most)));
                }
            }
        }
        out.truncate(width as usize);
    }

    /// Rows of a plane.
    pub(super) fn plane_rows(&self, plane: usize) -> u32 {
        self.plane(plane, self.size)[1]
    }

    fn plane(&self, plane: usize, (width, height): (u32, u32)) -> [u32; 2] {
        match self.header.layout {
            _ if plane == 0 => [width, height],
            Layout::Half => [width.div_ceil(2), height.div_ceil(2)],
            Layout::HalfAcross => [width.div_ceil(2), height],
            Layout::Gray | Layout::Full => [width, height],
        }
    }
}

impl<'s> Plan<'s> {
    /// A grid: rows, columns and size, then a tile for each place.
    fn grid(file: Spooled<'s>, meta: &Meta, id: u32, size: (u32, u32)) -> Result<Self, Fault> {
        let content = meta.data(file, id)?;
        let grid = Spooled { format: file.format, bytes: &content };
        let mut fields = Fields::new(grid, "grid", 0, content.len() as u64);
        let [version, flags, rows, columns] = fields.array()?;
        let wide = flags & 1 == 1;
        let said = (fields.narrow_or_wide(wide)?, fields.narrow_or_wide(wide)?);
        let (rows, columns) = (usize::from(rows) + 1, usize::from(columns) + 1);
        let ids = meta.of_item(*b"dimg", id);
        if version != 0 || said != size || ids.len() != rows * columns {
            return Err(file.fault("has a grid that its tiles do not fill"));
        }
        let tile = Properties::of_item(file, meta, ids[0])?.size;
        let fits = |side: u32, tile: u32, count: usize| {
            let (side, tile, count) = (u64::from(side), u64::from(tile), count as u64);
            tile * count >= side && tile * (count - 1) < side
        };
        if !fits(size.0, tile.0, columns) || !fits(size.1, tile.1, rows) {
            return Err(file.fault("has a grid that its tiles do not fill"));
        }
        let mut data = Vec::with_capacity(ids.len());
        let (mut common, mut frames_most) = (None::<Header>, 0);
        for id in ids {
            if &meta.kind(*id) != b"av01" {
                return Err(file.unsupported("has a grid of something else than pictures of AV1"));
            }
            let content = meta.data(file, *id)?;
            let header = header(file, &content, tile)?;
            if *common.get_or_insert(header) != header {
                return Err(file.fault("has a grid of tiles that differ in kind"));
            }
            frames_most = frames_most.max(frames(file, &content)?);
            data.push(content);
        }
        let header = common.ok_or_else(|| file.fault("has a grid without a tile"))?;
        let odd = |side: u32, count: usize| count > 1 && side % 2 == 1;
        let halved =
            [header.layout == Layout::Half, matches!(header.layout, Layout::Half | Layout::HalfAcross)];
        if halved[0] && odd(tile.1, rows) || halved[1] && odd(tile.0, columns) {
            return Err(file.fault("has a grid of tiles that share samples of their colours"));
        }
        Ok(Self { data, columns, size, tile, header, frames: frames_most })
    }

    /// Frames that are decoded, at most, for the one that is shown.
    pub(super) fn frames(&self) -> u64 {
        self.frames
    }

    /// Bytes that are held when all is decoded: the planes, and what is held for a tile under way.
    pub(super) fn held(&self) -> u64 {
        held(self.tile, self.header, self.data.len() as u64, self.frames)
    }

    /// Decodes all tiles.
    pub(super) fn decode(self, file: Spooled<'_>) -> Result<Tiles, Fault> {
        let Self { data, columns, size, tile, header, .. } = self;
        let pixels = u64::from(tile.0) * u64::from(tile.1);
        let pixels = u32::try_from(pixels).unwrap_or(u32::MAX);
        let mut pictures = Vec::with_capacity(data.len());
        for data in data {
            let picture = Picture::decode(&data, pixels).map_err(|error| damage(file, error))?;
            let found = Header { matrix: header.matrix, full_range: header.full_range, ..picture.header };
            if found != header {
                return Err(file.fault("has a picture of another kind than its header says"));
            }
            pictures.push(picture);
        }
        Ok(Tiles { pictures, columns, size, tile, header })
    }
}

/// Bytes of so many pictures of this kind, of those that a decoder keeps while it decodes so many frames, and of what it
/// notes for the blocks of those that are in the works.
pub(super) fn held((width, height): (u32, u32), header: Header, pictures: u64, frames: u64) -> u64 {
    // 8 that others are decoded from, 2 in the works, and one with its grain.
    const KEPT_MAX: u64 = 11;
    const NOTED_BYTES: u64 = 4;
    const IN_WORKS_MAX: u64 = 2;
    let pictures = pictures + frames.clamp(1, KEPT_MAX);
    let halves = match header.layout {
        Layout::Gray => 2,
        Layout::Half => 3,
        Layout::HalfAcross => 4,
        Layout::Full => 6,
    };
    let bytes = if header.bits == 8 { 1 } else { 2 };
    let noted = NOTED_BYTES * frames.clamp(1, IN_WORKS_MAX);
    let pixels = u64::from(width) * u64::from(height);
    pixels.saturating_mul((halves * bytes * pictures).div_ceil(2) + noted)
}

/// The header of a picture, which must be of the size that the boxes say.
pub(super) fn header(file: Spooled<'_>, data: &[u8], (width, height): (u32, u32)) -> Result<Header, Fault> {
    let header = Header::parse(data).map_err(|error| damage(file, error))?;
    if (header.width, header.height) != (width, height) {
        return Err(file.fault(format_args!(
            "says that it has {} × {} pixels, and its AV1 data {} × {}",
            Count(width.into()),
            Count(height.into()),
            Count(header.width.into()),
            Count(header.height.into())
        )));
    }
    Ok(header)
}

/// How many frames are to be decoded for one picture.
pub(super) fn frames(file: Spooled<'_>, data: &[u8]) -> Result<u64, Fault> {
    // Encoders hide fewer than ten, and each costs as much as one that is shown.
    const FRAMES_MAX: u64 = 64;
    let frames = av1::frames(data);
    if frames > FRAMES_MAX {
        return Err(file.unsupported(format_args!(
            "has {} frames of AV1 for one picture, and at most {FRAMES_MAX} are decoded",
            Count(frames)
        )));
    }
    Ok(frames)
}

/// What is wrong with AV1 data, as said of their file.
pub(super) fn damage(file: Spooled<'_>, error: av1::Error) -> Fault {
    file.fault(match error {
        av1::Error::Malformed => "has AV1 data that are damaged",
        av1::Error::TooLarge => "has AV1 data of a larger picture than its header says",
        av1::Error::NoPicture => "has AV1 data that end before their picture is whole",
        av1::Error::SeveralPictures => "has AV1 data of several pictures where one belongs",
    })
}
