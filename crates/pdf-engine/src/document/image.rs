//! Image dictionaries: ISO 32000-1, section 8.9.5.

use std::fmt::Write;

use super::{
    Ref,
    syntax::{Hex, Real},
};

/// An image or a soft mask, without its samples.
pub(crate) struct Image<'a> {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) bits_per_sample: u8,
    pub(crate) color: Color<'a>,
    pub(crate) encoding: Encoding,
    /// Whether the samples count backwards, as in the CMYK files of Adobe's programs.
    pub(crate) inverted: bool,
    pub(crate) transparency: Transparency,
    /// Of a mask whose image was multiplied by it on black: the channels of that image.
    pub(crate) matte: Option<usize>,
}

/// What the samples mean.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Color<'a> {
    pub(crate) space: Space,
    pub(crate) profile: Option<Ref>,
    /// The colours that samples count, of one byte for each channel of `space`.
    pub(crate) palette: Option<&'a [u8]>,
}

/// The colour spaces that hold without a profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Space {
    Gray,
    Rgb,
    Cmyk,
    Lab(Lab),
}

/// L\*, a\* and b\* of 1976, counted from the least sample on: ISO 32000-1, section 8.6.5.4.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lab {
    /// X and Z of the white, whose Y is 1, in ten-thousandths.
    pub(crate) white: [u32; 2],
    pub(crate) scale: LabScale,
}

/// What the largest samples mean; the least are 0, and -128 of a\* and b\*.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LabScale {
    /// 8 bits: L\* of 100, a\* and b\* of 127.
    Bytes,
    /// 16 bits: L\* of 100, a\* and b\* in parts of 256.
    Words,
    /// 16 bits: L\* of 100 is 65,280, a\* and b\* in parts of 256.
    IccWords,
}

/// How the samples are compressed.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Encoding {
    /// JPEG. `transform` says whether three components are YCbCr, where the file does not.
    Jpeg { transform: Option<bool> },
    /// Deflate over rows that are filtered as PNG filters them.
    PngRows,
    /// Deflate over rows, with TIFF's differences between neighbours or without.
    Deflate { differences: bool },
    /// Fax codes.
    Ccitt(Ccitt),
    /// JPEG 2000, which knows its depth itself, and its colours where `colors` is false. `mask` is 1 where one of
    /// its components is an alpha, 2 where the others were multiplied by it. `bits` are told where readers want to be
    /// told all the same.
    Jpeg2000 { colors: bool, mask: u8, bits: Option<u8> },
    /// JBIG2 without its file header; `globals` are the segments that come before the page's.
    Jbig2 { globals: Option<Ref> },
}

/// How fax codes are to be read: ISO 32000-1, table 11.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ccitt {
    /// Below 0 for Group 4, 0 for Group 3, above 0 for Group 3 in two dimensions.
    pub(crate) k: i8,
    pub(crate) aligned: bool,
    pub(crate) black_is_1: bool,
}

/// How some of an image is let through.
#[derive(Debug, Clone)]
pub(crate) enum Transparency {
    Opaque,
    /// Pixels of exactly these samples are not painted.
    Key(Vec<u16>),
    /// Another image says how much each pixel covers.
    SoftMask(Ref),
}

impl Space {
    pub(crate) fn channels(self) -> u8 {
        match self {
            Self::Gray => 1,
            Self::Rgb | Self::Lab(_) => 3,
            Self::Cmyk => 4,
        }
    }

    /// The space as an object: a name, or an array.
    pub(crate) fn object(self) -> String {
        match self {
            Self::Gray => String::from("/DeviceGray"),
            Self::Rgb => String::from("/DeviceRGB"),
            Self::Cmyk => String::from("/DeviceCMYK"),
            Self::Lab(lab) => lab.array(),
        }
    }
}

impl Lab {
    /// X and Z of the white that profiles lead to: ICC.1:2022, section 7.2.16.
    pub(crate) const D50: [u32; 2] = [9642, 8249];

    fn array(self) -> String {
        let [x, z] = self.white.map(|part| Real(f64::from(part) / 10_000.0));
        let most = self.scale.color_max();
        format!("[/Lab << /WhitePoint [{x} 1 {z}] /Range [-128 {most} -128 {most}] >>]")
    }
}

impl LabScale {
    fn color_max(self) -> &'static str {
        match self {
            Self::Bytes => "127",
            Self::Words | Self::IccWords => "127.99609375",
        }
    }

    /// What the least and largest samples mean, where that is not what the space has them mean by itself.
    fn decode(self) -> Option<String> {
        let most = self.color_max();
        (self == Self::IccWords).then(|| format!("0 100.390625 -128 {most} -128 {most}"))
    }
}

impl Color<'_> {
    /// Device colour without a palette.
    pub(crate) fn device(space: Space) -> Self {
        Self { space, profile: None, palette: None }
    }

    /// Samples of a pixel.
    pub(crate) fn channels(self) -> u8 {
        if self.palette.is_some() { 1 } else { self.space.channels() }
    }

    fn array(self) -> String {
        let base = match self.profile {
            Some(profile) => format!("[/ICCBased {profile}]"),
            None => self.space.object(),
        };
        match self.palette {
            Some(palette) => {
                let last = (palette.len() / usize::from(self.space.channels())).saturating_sub(1);
                format!("[/Indexed {base} {last} {}]", Hex(palette))
            }
            None => base,
        }
    }
}

impl Image<'_> {
    pub(super) fn dictionary(&self) -> String {
        let mut text =
            format!("/Type /XObject /Subtype /Image /Width {} /Height {}", self.width, self.height);
        let bits = match self.encoding {
            Encoding::Jpeg2000 { bits, .. } => bits,
            _ => Some(self.bits_per_sample),
        };
        if let Some(bits) = bits {
            let _ = write!(text, " /BitsPerComponent {bits}");
        }
        if !matches!(self.encoding, Encoding::Jpeg2000 { colors: false, .. }) {
            let _ = write!(text, " /ColorSpace {}", self.color.array());
        }
        self.encoding(&mut text);
        if self.inverted {
            let pairs = vec!["1 0"; usize::from(self.color.channels())];
            let _ = write!(text, " /Decode [{}]", pairs.join(" "));
        }
        if let Space::Lab(lab) = self.color.space
            && let Some(ranges) = lab.scale.decode()
        {
            let _ = write!(text, " /Decode [{ranges}]");
        }
        match &self.transparency {
            Transparency::Opaque => {}
            Transparency::Key(samples) => {
                let ranges: Vec<_> = samples.iter().map(|sample| format!("{sample} {sample}")).collect();
                let _ = write!(text, " /Mask [{}]", ranges.join(" "));
            }
            Transparency::SoftMask(mask) => {
                let _ = write!(text, " /SMask {mask}");
            }
        }
        if let Some(channels) = self.matte {
            let _ = write!(text, " /Matte [{}]", vec!["0"; channels].join(" "));
        }
        text
    }

    fn encoding(&self, text: &mut String) {
        let _ = match self.encoding {
            Encoding::Jpeg { transform: None } => write!(text, " /Filter /DCTDecode"),
            Encoding::Jpeg { transform: Some(transform) } => {
                write!(text, " /Filter /DCTDecode /DecodeParms << /ColorTransform {} >>", u8::from(transform))
            }
            Encoding::PngRows => write!(
                text,
                " /Filter /FlateDecode /DecodeParms << /Predictor 15 /Colors {} /BitsPerComponent {} /Columns {} >>",
                self.color.channels(),
                self.bits_per_sample,
                self.width
            ),
            Encoding::Deflate { differences: false } => write!(text, " /Filter /FlateDecode"),
            Encoding::Deflate { differences: true } => write!(
                text,
                " /Filter /FlateDecode /DecodeParms << /Predictor 2 /Colors {} /BitsPerComponent {} /Columns {} >>",
                self.color.channels(),
                self.bits_per_sample,
                self.width
            ),
            Encoding::Ccitt(Ccitt { k, aligned, black_is_1 }) => {
                let _ = write!(
                    text,
                    " /Filter /CCITTFaxDecode /DecodeParms << /K {k} /Columns {} /Rows {}",
                    self.width, self.height
                );
                for (name, set) in [("EncodedByteAlign", aligned), ("BlackIs1", black_is_1)] {
                    if set {
                        let _ = write!(text, " /{name} true");
                    }
                }
                write!(text, " >>")
            }
            Encoding::Jpeg2000 { mask: 0, .. } => write!(text, " /Filter /JPXDecode"),
            Encoding::Jpeg2000 { mask, .. } => write!(text, " /Filter /JPXDecode /SMaskInData {mask}"),
            Encoding::Jbig2 { globals: None } => write!(text, " /Filter /JBIG2Decode"),
            Encoding::Jbig2 { globals: Some(globals) } => {
                write!(text, " /Filter /JBIG2Decode /DecodeParms << /JBIG2Globals {globals} >>")
            }
        };
    }
}
