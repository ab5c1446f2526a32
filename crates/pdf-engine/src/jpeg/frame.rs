//! The frame header: size, process, components: T.81, section B.2.2.

use super::segment::Segment;
use crate::{document::Space, error::Fault};

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
        Ok(frame)
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
        let max = |axis: usize| {
            self.components.iter().map(|component| u32::from(component.sampling[axis])).max().unwrap_or(1)
        };
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
    fn units_are_counted_as_the_standard_does() {
        let frame = parse(0xc0, COLOR).unwrap();
        assert_eq!(frame.units(&[0, 1, 2]), 2 * 2);
        assert_eq!(frame.units(&[0]), 4 * 3);
        assert_eq!(frame.units(&[1]), 2 * 2);
    }
}
