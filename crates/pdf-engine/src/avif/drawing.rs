//! Decoded pictures on their way into the document: cut, in colours, with an alpha, each with its page.

use super::{
    colors::{Coding, Colors},
    picture::Tiles,
    properties::{self, Area, Properties},
};
use crate::{
    Embedding, Format,
    document::{Color, Document, Space},
    embed::{Context, Shown},
    error::Fault,
    pack::{Alpha, Raster, pack},
    page::{Density, Orientation},
    spool::Spooled,
};
use av1::{Header, Layout};

/// How pictures of one kind become images of the document.
pub(super) struct Drawing {
    colors: Colors,
    color: Color<'static>,
    bits: u8,
    area: Area,
    densities: [Option<Density>; 2],
    orientation: Orientation,
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

impl Drawing {
    /// What is said of the pictures, and what Exif says of their density; its profile is written.
    pub(super) fn new(
        file: Spooled<'_>,
        document: &mut Document<'_>,
        context: &mut Context<'_>,
        properties: &Properties<'_>,
        header: Header,
        density: Option<Density>,
    ) -> Result<Self, Fault> {
        let area = properties.area(context);
        let coding = properties.coding.unwrap_or(Coding {
            primaries: 2,
            transfer: 2,
            matrix: u16::try_from(header.matrix).unwrap_or(u16::MAX),
            full_range: header.full_range,
        });
        let space = if header.layout == Layout::Gray { Space::Gray } else { Space::Rgb };
        let mut color = Color::device(space);
        color.profile = match (properties.profile, properties::calibration(coding, context)) {
            (Some(profile), _) => context.profile(document, Format::Avif, profile, space)?,
            (None, Some(profile)) if space == Space::Rgb => {
                context.profile(document, Format::Avif, &profile, space)?
            }
            _ => None,
        };
        Ok(Self {
            colors: Colors::new(file, header, coding)?,
            color,
            bits: if header.bits == 8 { 8 } else { 16 },
            area,
            densities: [density, properties.density],
            orientation: properties.orientation(),
        })
    }

    /// Writes a picture of this kind and its page. An alpha that lets nothing through is none.
    pub(super) fn show(
        &self,
        document: &mut Document<'_>,
        context: &mut Context<'_>,
        tiles: &Tiles,
        alpha: Option<&Tiles>,
        premultiplied: bool,
    ) -> Result<(), Fault> {
        let (area, bits) = (self.area, self.bits);
        let alpha = alpha.filter(|alpha| !is_opaque(alpha, area));
        let raster = Raster {
            width: area.width,
            height: area.height,
            bits,
            color: self.color,
            inverted: false,
            alpha: if alpha.is_some() { Alpha::Channel { premultiplied } } else { Alpha::None },
        };
        let image = pack(document, context, &raster, |rows| {
            let mut drawn = Drawn { colors: &self.colors, tiles, alpha, area };
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
            densities: &self.densities,
            orientation: self.orientation,
            embedding: Embedding::Packed,
            transparency: alpha.is_some(),
        };
        context.show(document, &shown)
    }
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
