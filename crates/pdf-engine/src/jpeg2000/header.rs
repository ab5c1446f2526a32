//! What the headers of a codestream and of its tile-parts say: T.800, annex A.

use crate::{error::Fault, spool::Spooled};

/// More components are no picture. Numbers of components have one byte in every segment.
pub(super) const COMPONENTS_MAX: u16 = 5;
/// Of a sample: table A.11.
const BITS_MAX: u8 = 38;
/// Of how often a component can be halved: table A.20.
const LEVELS_MAX: u8 = 32;
/// Of the wavelets: table A.20.
const TRANSFORM_MAX: u8 = 1;
/// One for each band of so many levels.
const EXPONENTS_MAX: usize = 3 * LEVELS_MAX as usize + 1;

/// The markers that are asked for: table A.2.
pub(super) mod marker {
    pub(in super::super) const SOC: u16 = 0xff4f;
    pub(in super::super) const SIZ: u16 = 0xff51;
    pub(in super::super) const COD: u16 = 0xff52;
    pub(in super::super) const COC: u16 = 0xff53;
    pub(in super::super) const TLM: u16 = 0xff55;
    pub(in super::super) const PLM: u16 = 0xff57;
    pub(in super::super) const PLT: u16 = 0xff58;
    pub(in super::super) const QCD: u16 = 0xff5c;
    pub(in super::super) const QCC: u16 = 0xff5d;
    pub(in super::super) const RGN: u16 = 0xff5e;
    pub(in super::super) const POC: u16 = 0xff5f;
    pub(in super::super) const PPM: u16 = 0xff60;
    pub(in super::super) const PPT: u16 = 0xff61;
    pub(in super::super) const CRG: u16 = 0xff63;
    pub(in super::super) const COM: u16 = 0xff64;
    pub(in super::super) const SOT: u16 = 0xff90;
    pub(in super::super) const SOP: u16 = 0xff91;
    pub(in super::super) const EPH: u16 = 0xff92;
    pub(in super::super) const SOD: u16 = 0xff93;
    pub(in super::super) const EOC: u16 = 0xffd9;
}

/// What the first segment says: section A.5.1.
pub(super) struct Size {
    pub(super) width: u32,
    pub(super) height: u32,
    /// Where the image begins and ends on the grid that all components refer to: across, then down.
    pub(super) image: [[u32; 2]; 2],
    /// Where the first tile begins, and how far the next is.
    pub(super) tiles: [[u32; 2]; 2],
    pub(super) components: Vec<Component>,
    /// What is needed beyond T.800, where not zero.
    pub(super) extensions: u16,
}

#[derive(Clone, Copy)]
pub(super) struct Component {
    /// Bits of a sample less one; the high bit says that samples have a sign.
    pub(super) depth: u8,
    /// How far the samples are apart on the grid, across and down.
    pub(super) step: [u8; 2],
}

impl Size {
    /// Reads the content of the segment, which begins at `at` with its length.
    pub(super) fn read(file: Spooled<'_>, at: u64) -> Result<Self, Fault> {
        let long = |offset: u64| file.array(at + offset, "size").map(u32::from_be_bytes);
        let image = [[long(12)?, long(4)?], [long(16)?, long(8)?]];
        let [Some(width @ 1..), Some(height @ 1..)] = image.map(|[start, end]| end.checked_sub(start)) else {
            return Err(file.fault("claims an image without pixels"));
        };
        let tiles = [[long(28)?, long(20)?], [long(32)?, long(24)?]];
        for ([image, _], [first, step]) in image.into_iter().zip(tiles) {
            if step == 0 || first > image || u64::from(first) + u64::from(step) <= u64::from(image) {
                return Err(file.fault("claims tiles that do not cover the image"));
            }
        }
        let count = u16::from_be_bytes(file.array(at + 36, "size")?);
        if !(1..=COMPONENTS_MAX).contains(&count) {
            return Err(file.unsupported(format_args!(
                "has {count} components, and 1 to {COMPONENTS_MAX} are converted"
            )));
        }
        let mut components = Vec::new();
        for component in 0..u64::from(count) {
            let [depth, across, down] = file.array(at + 38 + component * 3, "size")?;
            let bits = (depth & 127) + 1;
            if bits > BITS_MAX {
                return Err(file
                    .fault(format_args!("claims samples of {bits} bits, and 1 to {BITS_MAX} are possible")));
            }
            if across == 0 || down == 0 {
                return Err(file.fault("claims a component without samples"));
            }
            components.push(Component { depth, step: [across, down] });
        }
        // The two high bits stand for T.801 and T.814.
        let extensions = u16::from_be_bytes(file.array(at + 2, "size")?) & 0xc000;
        Ok(Self { width, height, image, tiles, components, extensions })
    }

    /// Bits of a sample of the first component.
    pub(super) fn bits(&self) -> u8 {
        self.components.first().map_or(8, |component| (component.depth & 127) + 1)
    }

    /// How many tiles are in a row and in a column.
    pub(super) fn tile_counts(&self) -> [u64; 2] {
        let count =
            |[_, end]: [u32; 2], [first, step]: [u32; 2]| u64::from(end - first).div_ceil(step.into());
        [count(self.image[0], self.tiles[0]), count(self.image[1], self.tiles[1])]
    }
}

/// How packets follow each other: sections A.6.1 and A.6.6.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    LayerResolution,
    ResolutionLayer,
    ResolutionPosition,
    PositionComponent,
    ComponentPosition,
}

impl Order {
    fn of(number: u8) -> Option<Self> {
        Some(match number {
            0 => Self::LayerResolution,
            1 => Self::ResolutionLayer,
            2 => Self::ResolutionPosition,
            3 => Self::PositionComponent,
            4 => Self::ComponentPosition,
            _ => return None,
        })
    }
}

/// An order, and for which resolutions, components and layers it holds: each from the first to the one behind the last.
#[derive(Clone, Copy)]
pub(super) struct Progression {
    pub(super) order: Order,
    pub(super) resolutions: [u8; 2],
    pub(super) components: [u8; 2],
    pub(super) layers: u16,
}

/// What holds for all components of a tile: section A.6.1.
#[derive(Clone, Copy)]
pub(super) struct Style {
    pub(super) order: Order,
    pub(super) layers: u16,
    /// Whether the first three components are mixed.
    pub(super) mixes: bool,
    /// Whether packets may begin with a marker, and whether their headers end with one.
    pub(super) sop: bool,
    pub(super) eph: bool,
}

/// How a component of a tile is coded: table A.20.
#[derive(Clone, Copy)]
pub(super) struct Coding {
    pub(super) levels: u8,
    /// Code-blocks' sides, as powers of two: across and down.
    pub(super) block: [u8; 2],
    /// Table A.19.
    pub(super) modes: u8,
    /// Precincts' sides of each resolution, likewise.
    precincts: [u8; LEVELS_MAX as usize + 1],
}

impl Coding {
    pub(super) const BYPASS: u8 = 1;
    pub(super) const TERMINATE_EACH: u8 = 4;
    /// What is above them are T.814's.
    const MODES: u8 = 63;

    pub(super) fn precinct(&self, resolution: u8) -> [u8; 2] {
        let byte = self.precincts[usize::from(resolution)];
        [byte & 15, byte >> 4]
    }

    /// What a segment says, behind its style byte.
    fn read(file: Spooled<'_>, own_precincts: bool, bytes: &[u8]) -> Result<Self, Fault> {
        let &[levels, across, down, modes, transform, ref precincts @ ..] = bytes else {
            return Err(file.fault("has a coding style that is too short"));
        };
        let block = [across, down].map(|side| side.saturating_add(2));
        let is_possible = levels <= LEVELS_MAX && modes <= Self::MODES && transform <= TRANSFORM_MAX;
        if !is_possible || block.iter().any(|side| *side > 10) || block[0] + block[1] > 12 {
            return Err(file.fault("has a coding style that cannot be"));
        }
        let mut coding = Self { levels, block, modes, precincts: [u8::MAX; LEVELS_MAX as usize + 1] };
        if own_precincts {
            let count = usize::from(levels) + 1;
            let precincts = precincts
                .get(..count)
                .ok_or_else(|| file.fault("has fewer sizes of precincts than resolutions"))?;
            // A precinct has a half of its side in each of the bands.
            if precincts[1..].iter().any(|sides| [sides & 15, sides >> 4].contains(&0)) {
                return Err(file.fault("has precincts without samples"));
            }
            coding.precincts[..count].copy_from_slice(precincts);
        }
        Ok(coding)
    }
}

/// Of how many bit planes the bands of a component of a tile have: section A.6.4.
#[derive(Clone, Copy)]
pub(super) struct Quantization {
    guard_bits: u8,
    /// Whether those of one band tell the others'.
    derived: bool,
    exponents: [u8; EXPONENTS_MAX],
    count: usize,
}

impl Quantization {
    fn read(file: Spooled<'_>, bytes: &[u8]) -> Result<Self, Fault> {
        let &[style, ref steps @ ..] = bytes else {
            return Err(file.fault("has a quantization that is too short"));
        };
        let mut exponents = [0; EXPONENTS_MAX];
        let kind = style & 31;
        let step_bytes = if kind == 0 { 1 } else { 2 };
        if kind > 2 {
            return Err(file.fault(format_args!("has a quantization of style {kind}, which there is not")));
        }
        if !steps.len().is_multiple_of(step_bytes) || kind == 1 && steps.len() != step_bytes {
            return Err(
                file.fault("has a quantization whose steps are not whole, or not one where one is told")
            );
        }
        let steps = steps.chunks_exact(step_bytes);
        let count = steps.len().min(EXPONENTS_MAX);
        for (exponent, step) in exponents.iter_mut().zip(steps) {
            *exponent = step[0] >> 3;
        }
        Ok(Self { guard_bits: style >> 5, derived: kind == 1, exponents, count })
    }

    /// The bit planes of a band, of which a resolution has three but for the lowest, which has one: equations E-2 and E-5.
    pub(super) fn planes(&self, resolution: u8, band: u8) -> Option<u16> {
        let exponent = if self.derived {
            (self.count > 0).then(|| self.exponents[0].saturating_sub(resolution.saturating_sub(1)))?
        } else {
            let number = usize::from(resolution.saturating_sub(1)) * 3
                + usize::from(resolution.min(1))
                + usize::from(band);
            *self.exponents[..self.count].get(number)?
        };
        Some((u16::from(exponent) + u16::from(self.guard_bits)).saturating_sub(1))
    }
}

/// What the segments of one header say; each may be missing.
#[derive(Clone, Default)]
pub(super) struct Parameters {
    style: Option<Style>,
    coding: Option<Coding>,
    codings: [Option<Coding>; COMPONENTS_MAX as usize],
    quantization: Option<Quantization>,
    quantizations: [Option<Quantization>; COMPONENTS_MAX as usize],
    shifts: [Option<u8>; COMPONENTS_MAX as usize],
    pub(super) progressions: Vec<Progression>,
}

impl Parameters {
    /// Takes a segment's content, behind its length, where it says something of packets.
    pub(super) fn take(&mut self, file: Spooled<'_>, kind: u16, bytes: &[u8]) -> Result<(), Fault> {
        match kind {
            marker::COD => {
                let &[flags, order, high, low, mixes, ref coding @ ..] = bytes else {
                    return Err(file.fault("has a coding style that is too short"));
                };
                let order = order_of(file, order)?;
                let layers = u16::from_be_bytes([high, low]);
                if layers == 0 {
                    return Err(file.fault("claims to have no layer"));
                }
                if flags > 7 || mixes > 1 {
                    return Err(file.fault("has a coding style that cannot be"));
                }
                let (sop, eph) = (flags & 2 != 0, flags & 4 != 0);
                self.style = Some(Style { order, layers, mixes: mixes == 1, sop, eph });
                self.coding = Some(Coding::read(file, flags & 1 != 0, coding)?);
            }
            marker::COC => {
                let (component, bytes) = of_component(file, bytes)?;
                let &[flags, ref coding @ ..] = bytes else {
                    return Err(file.fault("has a coding style that is too short"));
                };
                let coding = Coding::read(file, flags & 1 != 0, coding)?;
                if let Some(place) = self.codings.get_mut(component) {
                    *place = Some(coding);
                }
            }
            marker::QCD => self.quantization = Some(Quantization::read(file, bytes)?),
            marker::QCC => {
                let (component, bytes) = of_component(file, bytes)?;
                let quantization = Quantization::read(file, bytes)?;
                if let Some(place) = self.quantizations.get_mut(component) {
                    *place = Some(quantization);
                }
            }
            marker::RGN => {
                let (component, bytes) = of_component(file, bytes)?;
                let &[0, shift] = bytes else {
                    return Err(file.fault("has a region of interest of no known style"));
                };
                if let Some(place) = self.shifts.get_mut(component) {
                    *place = Some(shift);
                }
            }
            marker::POC => {
                for entry in bytes.chunks(7) {
                    self.progressions.push(progression_of(file, entry)?);
                }
            }
            _ => {}
        }
        Ok(())
    }
}

/// A number of a component, and what is behind it.
fn of_component<'b>(file: Spooled<'_>, bytes: &'b [u8]) -> Result<(usize, &'b [u8]), Fault> {
    match bytes {
        [component, rest @ ..] => Ok((usize::from(*component), rest)),
        [] => Err(file.fault("has a segment for a component that is too short")),
    }
}

fn order_of(file: Spooled<'_>, number: u8) -> Result<Order, Fault> {
    Order::of(number).ok_or_else(|| {
        file.fault(format_args!("has packets in an order of number {number}, which there is not"))
    })
}

fn progression_of(file: Spooled<'_>, entry: &[u8]) -> Result<Progression, Fault> {
    let &[first, component, high, low, resolution_end, component_end, order] = entry else {
        return Err(file.fault("has a change of the order of packets that is not whole"));
    };
    // None stands for all 256.
    let component_end = if component_end == 0 { u8::MAX } else { component_end };
    if first >= resolution_end || component >= component_end {
        return Err(file.fault("has a change of the order of packets that is about none"));
    }
    Ok(Progression {
        order: order_of(file, order)?,
        resolutions: [first, resolution_end],
        components: [component, component_end],
        layers: u16::from_be_bytes([high, low]),
    })
}

/// What holds in a tile: what its own header says, and where that is silent the codestream's.
#[derive(Clone, Copy)]
pub(super) struct InForce<'p> {
    pub(super) file: Spooled<'p>,
    pub(super) main: &'p Parameters,
    pub(super) tile: &'p Parameters,
}

impl<'p> InForce<'p> {
    pub(super) fn style(self) -> Result<Style, Fault> {
        self.tile.style.or(self.main.style).ok_or_else(|| self.file.fault("says nowhere how it is coded"))
    }

    pub(super) fn coding(self, component: usize) -> Result<Coding, Fault> {
        let said = |header: &Parameters| header.codings[component].or(header.coding);
        said(self.tile)
            .or_else(|| said(self.main))
            .ok_or_else(|| self.file.fault("says nowhere how it is coded"))
    }

    pub(super) fn quantization(self, component: usize) -> Result<Quantization, Fault> {
        let said = |header: &Parameters| header.quantizations[component].or(header.quantization);
        said(self.tile)
            .or_else(|| said(self.main))
            .ok_or_else(|| self.file.fault("says nowhere how it is quantized"))
    }

    /// By how many bit planes a region of interest lies above the rest.
    pub(super) fn shift(self, component: usize) -> u8 {
        self.tile.shifts[component].or(self.main.shifts[component]).unwrap_or(0)
    }

    /// The orders of the packets where they change; none where one holds for all.
    pub(super) fn progressions(self) -> &'p [Progression] {
        let own = &self.tile.progressions;
        if own.is_empty() { &self.main.progressions } else { own }
    }
}
