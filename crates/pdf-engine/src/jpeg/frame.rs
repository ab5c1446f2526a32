//! The frame header: size, process, components: T.81, section B.2.2.

use super::segment::Segment;
use crate::{
    document::Space,
    error::{Count, Fault},
};

/// T.81 allows 65,535; libjpeg, and with it nearly every reader, decodes no longer side.
const SIDE_MAX: u32 = 65_500;

/// What a start of frame says.
#[derive(Debug, Clone)]
pub(super) struct Frame {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) progressive: bool,
    pub(super) components: Vec<Component>,
}

/// One channel of the image.
#[derive(Debug, Clone)]
pub(super) struct Component {
    pub(super) id: u8,
    /// Samples across and down in each unit of the image.
    pub(super) sampling: [u8; 2],
    pub(super) quantisation: usize,
}

impl Frame {
    /// Reads the segment of a start of frame.
    pub(super) fn parse(segment: &Segment) -> Result<Self, Fault> {
        let progressive = process(segment.marker)?;
        let Some((&[precision, height0, height1, width0, width1, count], components)) =
            segment.payload.split_first_chunk()
        else {
            return Err(segment.fault("is too short for a frame header"));
        };
        if precision != 8 {
            return Err(Fault::unsupported(format!(
                "the JPEG has {precision} bits a sample, and PDF readers decode 8; save it with 8 bits"
            )));
        }
        let height = u32::from(u16::from_be_bytes([height0, height1]));
        let width = u32::from(u16::from_be_bytes([width0, width1]));
        if width == 0 {
            return Err(segment.fault("claims an image of no width"));
        }
        if height == 0 {
            return Err(Fault::unsupported(
                "the JPEG tells its height behind its first scan (DNL), where no PDF reader looks; save it anew",
            ));
        }
        if width.max(height) > SIDE_MAX {
            return Err(Fault::unsupported(format!(
                "the JPEG has {} × {} pixels, and PDF readers decode {} to a side; save it as PNG or in parts",
                Count(width.into()),
                Count(height.into()),
                Count(SIDE_MAX.into())
            )));
        }
        if components.len() != usize::from(count) * 3 {
            return Err(segment.fault("has another length than its number of components asks for"));
        }
        let components = components
            .chunks_exact(3)
            .map(|bytes| component(segment, bytes))
            .collect::<Result<Vec<_>, _>>()?;
        if !matches!(components.len(), 1 | 3 | 4) {
            return Err(Fault::unsupported(format!(
                "the JPEG has {} components; 1 (gray), 3 (colour) and 4 (inks) are converted",
                components.len()
            )));
        }
        let frame = Self { width, height, progressive, components };
        if (1..frame.components.len()).any(|at| frame.place(frame.components[at].id) != Some(at)) {
            return Err(segment.fault("names two components alike"));
        }
        if let Some([most, factor]) = frame.uneven_sampling() {
            return Err(Fault::unsupported(format!(
                "the JPEG samples its components as {most} to {factor}, and PDF readers decode whole ratios; save it anew"
            )));
        }
        Ok(frame)
    }

    /// The most samples of a component along an axis, in each unit of the image.
    fn sampling_max(&self, axis: usize) -> u8 {
        self.components.iter().map(|component| component.sampling[axis]).max().unwrap_or(1)
    }

    /// The most samples along an axis and a component's that do not divide it: decoders do not spread those.
    fn uneven_sampling(&self) -> Option<[u8; 2]> {
        [0, 1].into_iter().find_map(|axis| {
            let most = self.sampling_max(axis);
            let mut factors = self.components.iter().map(|component| component.sampling[axis]);
            factors.find(|factor| !most.is_multiple_of(*factor)).map(|factor| [most, factor])
        })
    }

    pub(super) fn space(&self) -> Space {
        match self.components.len() {
            1 => Space::Gray,
            3 => Space::Rgb,
            _ => Space::Cmyk,
        }
    }

    /// The first component that is called so.
    pub(super) fn place(&self, id: u8) -> Option<usize> {
        self.components.iter().position(|component| component.id == id)
    }

    /// How many units a scan of these components codes: T.81, section A.2.
    pub(super) fn units(&self, places: &[usize]) -> u64 {
        let max = |axis: usize| u32::from(self.sampling_max(axis));
        let size = [self.width, self.height];
        let along = |axis: usize| match *places {
            [place] => {
                let samples =
                    (size[axis] * u32::from(self.components[place].sampling[axis])).div_ceil(max(axis));
                samples.div_ceil(8)
            }
            _ => size[axis].div_ceil(8 * max(axis)),
        };
        u64::from(along(0)) * u64::from(along(1))
    }
}

impl Component {
    /// Blocks in each unit of a scan that it shares with others.
    pub(super) fn blocks(&self) -> u64 {
        u64::from(self.sampling[0]) * u64::from(self.sampling[1])
    }
}

/// Whether the process is progressive; those that PDF readers do not decode are refused.
fn process(marker: u8) -> Result<bool, Fault> {
    let name = match marker {
        0xc0 | 0xc1 => return Ok(false),
        0xc2 => return Ok(true),
        0xc3 => "lossless",
        0xc5..=0xc7 => "hierarchical",
        0xcb => "lossless and arithmetic-coded",
        0xcd..=0xcf => "hierarchical and arithmetic-coded",
        _ => "arithmetic-coded",
    };
    Err(Fault::unsupported(format!(
        "the JPEG is {name}, which PDF readers do not decode; save it as a baseline or progressive JPEG"
    )))
}

fn component(segment: &Segment, bytes: &[u8]) -> Result<Component, Fault> {
    let &[id, sampling, quantisation] = bytes else { return Err(segment.fault("ends within a component")) };
    let sampling = [sampling >> 4, sampling & 15];
    if sampling.iter().any(|factor| !(1..=4).contains(factor)) {
        return Err(segment.fault("has a sampling factor outside 1 to 4"));
    }
    if quantisation > 3 {
        return Err(segment.fault("refers to an impossible quantisation table"));
    }
    Ok(Component { id, sampling, quantisation: usize::from(quantisation) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(marker: u8, payload: &[u8]) -> Result<Frame, Fault> {
        Frame::parse(&Segment { marker, payload: payload.to_vec(), position: 2, fill: 0 })
    }

    const COLOR: &[u8] = &[8, 0, 20, 0, 30, 3, 1, 0x22, 0, 2, 0x11, 1, 3, 0x11, 1];

    #[test]
    fn only_frames_that_readers_decode_are_taken() {
        assert!(parse(0xc0, COLOR).is_ok_and(|frame| !frame.progressive && frame.space() == Space::Rgb));
        assert!(parse(0xc1, COLOR).is_ok());
        assert!(parse(0xc2, COLOR).is_ok_and(|frame| frame.progressive));
        for (marker, why) in [
            (0xc3, "lossless"),
            (0xc5, "hierarchical"),
            (0xc6, "hierarchical"),
            (0xc7, "hierarchical"),
            (0xc9, "arithmetic"),
            (0xca, "arithmetic"),
            (0xcb, "lossless and arithmetic"),
            (0xcd, "hierarchical and arithmetic"),
        ] {
            let fault = parse(marker, COLOR).unwrap_err();
            assert!(matches!(&fault, Fault::Unsupported(detail) if detail.contains(why)), "{fault:?}");
        }
    }

    #[test]
    fn fields_are_checked() {
        for (at, value, why) in [
            (0, 12, "12 bits"),
            (2, 0, "height"),
            (4, 0, "no width"),
            (5, 2, "another length"),
            (5, 4, "another length"),
            (7, 0x02, "sampling"),
            (7, 0x51, "sampling"),
            (8, 4, "quantisation"),
            (9, 1, "alike"),
        ] {
            let mut payload = COLOR.to_vec();
            payload[at] = value;
            let fault = parse(0xc0, &payload).unwrap_err().at(0).to_string();
            assert!(fault.contains(why), "{fault}");
        }
        for length in 0..COLOR.len() {
            assert!(parse(0xc0, &COLOR[..length]).is_err());
        }
        let two = [8, 0, 20, 0, 30, 2, 1, 0x11, 0, 2, 0x11, 0];
        assert!(parse(0xc0, &two).is_err_and(|fault| matches!(fault, Fault::Unsupported(_))));
    }

    #[test]
    fn sides_and_ratios_that_decoders_refuse_are_refused() {
        let gray = |width: u16, height: u16| {
            let [[width0, width1], [height0, height1]] = [width, height].map(u16::to_be_bytes);
            parse(0xc0, &[8, height0, height1, width0, width1, 1, 1, 0x11, 0])
        };
        assert!(gray(65_500, 65_500).is_ok());
        for fault in [gray(65_501, 1), gray(1, 65_501)] {
            assert!(matches!(fault, Err(Fault::Unsupported(detail)) if detail.contains("65,501")));
        }
        for (luma, chroma, good) in [
            (0x44, 0x12, true),
            (0x33, 0x13, true),
            (0x12, 0x21, true),
            (0x31, 0x21, false),
            (0x14, 0x13, false),
        ] {
            let mut payload = COLOR.to_vec();
            (payload[7], payload[10]) = (luma, chroma);
            let frame = parse(0xc0, &payload);
            assert_eq!(frame.is_ok(), good, "{luma:x} {chroma:x}");
            assert!(good || matches!(frame, Err(Fault::Unsupported(detail)) if detail.contains("ratio")));
        }
    }

    #[test]
    fn units_are_counted_as_the_standard_does() {
        let frame = parse(0xc0, COLOR).unwrap();
        assert_eq!(frame.units(&[0, 1, 2]), 2 * 2);
        assert_eq!(frame.units(&[0]), 4 * 3);
        assert_eq!(frame.units(&[1]), 2 * 2);
    }
}
