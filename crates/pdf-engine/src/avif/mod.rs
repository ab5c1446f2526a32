//! AVIF (AV1 Image File Format 1.1): the image that a file says is its own, whole or in tiles, with its alpha.
//!
//! The boxes are read here; the AV1 in them is decoded by the `av1` crate. A sequence of pictures is not followed: its
//! still picture is converted, and the report says so.

mod colors;
mod meta;
mod picture;
mod properties;

use crate::{
    Embedding, Format,
    document::{Color, Document, Space},
    embed::{Context, Shown},
    error::Fault,
    input::Input,
    metadata::exif::Exif,
    pack::{Alpha, Raster, check_held, pack},
    page::Density,
    spool::Spooled,
};
use av1::Layout;
use colors::{Coding, Colors};
use meta::Meta;
use picture::Tiles;
use properties::{Area, Properties};

/// Brings the image of an AVIF file into the document.
pub(crate) fn embed(
    input: &mut Input<'_>,
    document: &mut Document<'_>,
    context: &mut Context<'_>,
) -> Result<(), Fault> {
    let bytes = input.spool(context.limits)?;
    let file = Spooled { format: Format::Avif, bytes: &bytes };
    let meta = Meta::read(file)?;
    let id = meta.primary(file)?;
    let properties = Properties::read(file, &meta, id)?;
    let (width, height) = properties.size;
    context.check_decoded(Format::Avif, width, height)?;
    if meta.sequence {
        context.warn("the AVIF is a sequence, and its still picture alone is converted");
    }
    let alpha_id = meta.about(b"auxl", id).find(|from| properties::is_alpha(file, &meta, *from));
    let plan = Tiles::plan(file, &meta, id, (width, height))?;
    let alpha_plan = match alpha_id {
        Some(id) => {
            let alpha = Properties::read(file, &meta, id)?;
            if alpha.size != properties.size {
                return Err(file.fault("has an alpha of another size than its image"));
            }
            Some(Tiles::plan(file, &meta, id, alpha.size)?)
        }
        None => None,
    };
    let held = plan.held().saturating_add(alpha_plan.as_ref().map_or(0, picture::Plan::held));
    check_held(held, context.limits, "the AVIF")?;

    let tiles = plan.decode(file)?;
    if input.cancel().is_cancelled() {
        return Err(Fault::Cancelled);
    }
    let mut alpha = alpha_plan.map(|plan| plan.decode(file)).transpose()?;
    let area = properties.area(context);
    // An alpha that lets nothing through is none.
    if alpha.as_ref().is_some_and(|alpha| is_opaque(alpha, area)) {
        alpha = None;
    }
    let premultiplied = alpha_id.is_some_and(|alpha| meta.of_item(*b"prem", id).contains(&alpha));

    let coding = properties.coding.unwrap_or(Coding {
        primaries: 2,
        transfer: 2,
        matrix: u16::try_from(tiles.header.matrix).unwrap_or(u16::MAX),
        full_range: tiles.header.full_range,
    });
    let space = if tiles.header.layout == Layout::Gray { Space::Gray } else { Space::Rgb };
    let mut color = Color::device(space);
    color.profile = match (properties.profile, properties::calibration(coding, context)) {
        (Some(profile), _) => context.profile(document, Format::Avif, profile, space)?,
        (None, Some(profile)) if space == Space::Rgb => {
            context.profile(document, Format::Avif, &profile, space)?
        }
        _ => None,
    };
    let bits = if tiles.header.bits == 8 { 8 } else { 16 };
    let raster = Raster {
        width: area.width,
        height: area.height,
        bits,
        color,
        inverted: false,
        alpha: if alpha.is_some() { Alpha::Channel { premultiplied } } else { Alpha::None },
    };
    let colors = Colors::new(file, tiles.header, coding)?;
    let image = pack(document, context, &raster, |rows| {
        let mut drawn = Drawn { colors: &colors, tiles: &tiles, alpha: alpha.as_ref(), area };
        let mut row = Vec::with_capacity(raster.row_bytes());
        let mut scratch = Scratch::default();
        for y in area.top..area.top + area.height {
            row.clear();
            drawn.row(y, bits, &mut scratch, &mut row);
            rows.write(&row)?;
        }
        Ok(())
    })?;
    let shown = Shown {
        image,
        format: Format::Avif,
        width: area.width,
        height: area.height,
        bits_per_sample: bits,
        densities: &[exif_density(file, &meta, id), properties.density],
        orientation: properties.orientation(),
        embedding: Embedding::Packed,
        transparency: alpha.is_some(),
    };
    context.show(document, &shown)
}

/// A picture and its alpha, row by row.
struct Drawn<'t> {
    colors: &'t Colors,
    tiles: &'t Tiles,
    alpha: Option<&'t Tiles>,
    area: Area,
}

/// Rows that are used again.
#[derive(Default)]
struct Scratch {
    luma: Vec<u16>,
    near: Vec<u16>,
    beyond: Vec<u16>,
    alpha: Vec<u16>,
    differences: [Vec<u16>; 2],
}

impl Drawn<'_> {
    /// Row `y`, as PDF orders its samples.
    fn row(&mut self, y: u32, bits: u8, scratch: &mut Scratch, out: &mut Vec<u8>) {
        let Scratch { luma, near, beyond, alpha, differences } = scratch;
        self.tiles.row(0, y, luma);
        let gray = self.tiles.header.layout == Layout::Gray;
        if !gray {
            let [near_y, beyond_y] = self.colors.rows(y, self.tiles.plane_rows(1));
            for (plane, spread) in [1, 2].into_iter().zip(differences.iter_mut()) {
                self.tiles.row(plane, near_y, near);
                self.tiles.row(plane, beyond_y, beyond);
                self.colors.spread(near, beyond, luma.len(), spread);
            }
        }
        if let Some(tiles) = self.alpha {
            tiles.row(0, y, alpha);
        }
        let put = |out: &mut Vec<u8>, sample: u16| match bits {
            8 => out.push(sample.to_be_bytes()[1]),
            _ => out.extend(sample.to_be_bytes()),
        };
        let most = if bits == 8 { 255 } else { 65_535 };
        for x in self.area.left as usize..(self.area.left + self.area.width) as usize {
            if gray {
                put(out, self.colors.gray(luma[x]));
            } else {
                for sample in self.colors.color(luma[x], differences[0][x], differences[1][x]) {
                    put(out, sample);
                }
            }
            if let Some(tiles) = self.alpha {
                put(out, scaled(alpha[x], tiles.header.bits, most));
            }
        }
    }
}

/// A sample of an alpha, which uses all its values, to those up to `most`.
fn scaled(sample: u16, bits: u8, most: u32) -> u16 {
    let from = (1_u32 << bits) - 1;
    u16::try_from((u32::from(sample) * most + from / 2) / from).unwrap_or(u16::MAX)
}

/// Whether nothing is let through.
fn is_opaque(alpha: &Tiles, area: Area) -> bool {
    let most = (1_u16 << alpha.header.bits) - 1;
    let mut row = Vec::new();
    (area.top..area.top + area.height).all(|y| {
        alpha.row(0, y, &mut row);
        row.iter().all(|sample| *sample == most)
    })
}

/// What the Exif block says of the density. Its orientation does not count: the image's own properties do.
fn exif_density(file: Spooled<'_>, meta: &Meta, id: u32) -> Option<Density> {
    let exif = meta.about(b"cdsc", id).find(|from| &meta.kind(*from) == b"Exif")?;
    let data = meta.data(file, exif).ok()?;
    let (offset, data) = data.split_first_chunk()?;
    let tiff = data.get(u32::from_be_bytes(*offset) as usize..)?;
    Exif::parse(tiff)?.density
}
