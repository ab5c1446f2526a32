//! From luma and two differences to red, green and blue: ITU-T H.273, 8.3.
//!
//! As libavif does it, so that pixels are those that its users see, browsers among them: coarser differences are spread
//! bilinearly, each sample between four of them weighted 9, 3, 3 and 1. Pixels of 8 bits go through the whole numbers of
//! libyuv, which differ from the formula by up to 3, and by more in the deepest blues of television's range; what that does not take, and more bits, through fractions.

use crate::{error::Fault, spool::Spooled};
use av1::{Header, Layout};

/// What the numbers of a picture mean; H.273's, where the file says them beside the picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Coding {
    pub(super) primaries: u16,
    pub(super) transfer: u16,
    pub(super) matrix: u16,
    pub(super) full_range: bool,
}

/// How three numbers become a colour.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Matrix {
    /// They are green, blue and red.
    Identity,
    /// The shares of red, green and blue in luma.
    Shares([f32; 3]),
    /// Factors in whole numbers.
    Whole(Whole),
}

/// Factors that libyuv multiplies samples of 8 bits with: 64ths, but for luma's. They end at 128, where the formula has 135
/// and 137.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Whole {
    luma: i32,
    /// What is added to luma, half of a step included.
    offset: i32,
    blue: i32,
    green: [i32; 2],
    red: i32,
}

/// Turns rows of samples into rows of a raster.
pub(super) struct Colors {
    matrix: Matrix,
    layout: Layout,
    /// What each sample of luma means, from 0 to 1; samples of `Identity` are all such.
    luma: Vec<f32>,
    /// Half of the values that a sample has: a difference of nothing.
    half: f32,
    /// How many values of a difference are as much as all of luma's.
    difference_range: f32,
    /// The largest sample of the raster: 255 or 65,535.
    most: f32,
}

impl Colors {
    pub(super) fn new(file: Spooled<'_>, header: Header, coding: Coding) -> Result<Self, Fault> {
        let gray = header.layout == Layout::Gray;
        let is_whole = header.bits == 8;
        let matrix = match coding.matrix {
            // Gray has no differences, whatever is said of them.
            _ if gray => Matrix::Shares([0.0; 3]),
            0 if header.layout == Layout::Full => Matrix::Identity,
            0 => return Err(file.fault("says that its samples are colours, and has fewer of some")),
            1 if is_whole => Matrix::Whole(Whole::bt709(coding.full_range)),
            // Not said: as of old.
            2 | 5 | 6 if is_whole => Matrix::Whole(Whole::bt601(coding.full_range)),
            9 if is_whole => Matrix::Whole(Whole::bt2020(coding.full_range)),
            1 => shares(0.2126, 0.0722),
            4 => shares(0.30, 0.11),
            2 | 5 | 6 => shares(0.299, 0.114),
            7 => shares(0.212, 0.087),
            9 => shares(0.2627, 0.0593),
            other => {
                return Err(file.unsupported(format_args!(
                    "has colours of matrix coefficients {other}, which are not converted; save it with those of \
                     BT.601, BT.709 or BT.2020"
                )));
            }
        };
        let values = 1_u16 << header.bits;
        let step = f32::from(values >> 8);
        let most = f32::from(values - 1);
        let (least, luma_range, difference_range) =
            if coding.full_range { (0.0, most, most) } else { (16.0 * step, 219.0 * step, 224.0 * step) };
        let luma = (0..values).map(|sample| (f32::from(sample) - least) / luma_range).collect();
        Ok(Self {
            matrix,
            layout: header.layout,
            luma,
            half: f32::from(values / 2),
            difference_range,
            most: if header.bits == 8 { 255.0 } else { 65_535.0 },
        })
    }

    /// How many rows of differences there are beside a row of luma, and which: the near one, and the one beyond it.
    pub(super) fn rows(&self, y: u32, rows: u32) -> [u32; 2] {
        match self.layout {
            Layout::Half => {
                let near = y / 2;
                let beyond =
                    if y.is_multiple_of(2) { near.saturating_sub(1) } else { (near + 1).min(rows - 1) };
                [near, beyond]
            }
            _ => [y; 2],
        }
    }

    /// Spreads a row of differences, from the near row and the one beyond it, to the width of luma: 16 times as much,
    /// so that nothing is rounded
    /// yet; of 12 bits, that fills 16.
    pub(super) fn spread(&self, near: &[u16], beyond: &[u16], width: usize, out: &mut Vec<u16>) {
        out.clear();
        match self.layout {
            Layout::Gray => {}
            Layout::Full => out.extend(near.iter().map(|sample| sample * 16)),
            Layout::Half | Layout::HalfAcross => {
                let down = |(near, beyond): (&u16, &u16)| 3 * near + beyond;
                let mut row = near.iter().zip(beyond).map(down).peekable();
                let mut before = row.peek().copied();
                while let Some(middle) = row.next() {
                    let after = row.peek().copied().unwrap_or(middle);
                    out.push(3 * middle + before.unwrap_or(middle));
                    out.push(3 * middle + after);
                    before = Some(middle);
                }
                // Where libyuv meets the edge, the last sample stands for itself.
                if width % 2 == 1
                    && matches!(self.matrix, Matrix::Whole(_))
                    && let Some((last, at)) =
                        near.iter().zip(beyond).map(down).next_back().zip(out.get_mut(width - 1))
                {
                    *at = 4 * last;
                }
            }
        }
        out.truncate(width);
    }

    /// The gray of a sample of luma.
    pub(super) fn gray(&self, luma: u16) -> u16 {
        self.sample(self.luma[usize::from(luma)])
    }

    /// Red, green and blue of luma and two differences that were spread.
    pub(super) fn color(&self, luma: u16, blue: u16, red: u16) -> [u16; 3] {
        let exact = |spread: u16| f32::from(spread) / 16.0;
        let color = match self.matrix {
            Matrix::Whole(whole) => return whole.color(luma, (blue + 8) / 16, (red + 8) / 16),
            Matrix::Identity => [red / 16, luma, blue / 16].map(|at| self.luma[usize::from(at)]),
            Matrix::Shares([of_red, of_green, of_blue]) => {
                let luma = self.luma[usize::from(luma)];
                let [red, blue] =
                    [red, blue].map(|spread| (exact(spread) - self.half) / self.difference_range);
                let red = luma + 2.0 * (1.0 - of_red) * red;
                let blue = luma + 2.0 * (1.0 - of_blue) * blue;
                [red, (luma - of_red * red - of_blue * blue) / of_green, blue]
            }
        };
        color.map(|share| self.sample(share))
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is within the range")]
    fn sample(&self, share: f32) -> u16 {
        (share.clamp(0.0, 1.0) * self.most + 0.5) as u16
    }
}

fn shares(red: f32, blue: f32) -> Matrix {
    Matrix::Shares([red, 1.0 - red - blue, blue])
}

impl Whole {
    fn bt601(full_range: bool) -> Self {
        if full_range {
            Self { luma: 16_320, offset: 32, blue: 113, green: [22, 46], red: 90 }
        } else {
            Self { luma: 18_997, offset: -1160, blue: 128, green: [25, 52], red: 102 }
        }
    }

    fn bt709(full_range: bool) -> Self {
        if full_range {
            Self { luma: 16_320, offset: 32, blue: 119, green: [12, 30], red: 101 }
        } else {
            Self { luma: 18_997, offset: -1160, blue: 128, green: [14, 34], red: 115 }
        }
    }

    fn bt2020(full_range: bool) -> Self {
        if full_range {
            Self { luma: 16_320, offset: 32, blue: 120, green: [11, 37], red: 94 }
        } else {
            Self { luma: 19_003, offset: -1160, blue: 128, green: [12, 42], red: 107 }
        }
    }

    fn color(self, luma: u16, blue: u16, red: u16) -> [u16; 3] {
        let luma = ((i32::from(luma) * 0x101 * self.luma) >> 16) + self.offset;
        let [blue, red] = [blue, red].map(|sample| i32::from(sample) - 128);
        [luma + red * self.red, luma - blue * self.green[0] - red * self.green[1], luma + blue * self.blue]
            .map(|sum| u16::try_from((sum >> 6).clamp(0, 255)).unwrap_or(0))
    }
}
