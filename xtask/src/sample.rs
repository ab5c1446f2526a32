//! Images to try and measure with, the same in every run.

use anyhow::{Context, Result};

/// What a pixel is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pixel {
    /// Colour alone: its compressed bytes go into the PDF as they are.
    Rgb,
    /// Colour and transparency: taken apart into an image and its soft mask.
    Rgba,
}

/// An 8-bit PNG that compresses as a photograph does: soft gradients under the grain of a camera in good light, which is
/// near a normal distribution of 1.9 levels. Stronger grain is packed faster, since packers find nothing in it.
pub(crate) fn png(pixel: Pixel, width: u32, height: u32) -> Result<Vec<u8>> {
    let mut grain = Grain(1);
    let mut samples = Vec::new();
    for y in 0..height {
        for x in 0..width {
            samples.extend([x / 8 + y / 16, y / 8, (x + y) / 32].map(|shade| grain.over(shade)));
            if pixel == Pixel::Rgba {
                samples.push(u8::try_from(x * 255 / width).unwrap_or(u8::MAX));
            }
        }
    }

    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(match pixel {
        Pixel::Rgb => png::ColorType::Rgb,
        Pixel::Rgba => png::ColorType::Rgba,
    });
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().context("could not write the sample's header")?;
    writer.write_image_data(&samples).context("could not write the sample's pixels")?;
    writer.finish().context("could not end the sample")?;
    Ok(file)
}

/// A linear congruential generator (Knuth's MMIX constants): noise that is the same everywhere.
struct Grain(u64);

impl Grain {
    /// The shade, folded into a byte, under grain of 0 to 9 levels: the sum of three draws from four.
    fn over(&mut self, shade: u32) -> u8 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let grain: u64 = [33, 35, 37].map(|draw| self.0 >> draw & 3).iter().sum();
        let [low, ..] = shade.to_le_bytes();
        low.wrapping_add(u8::try_from(grain).unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::{Pixel, png};

    #[test]
    fn is_the_same_each_time_and_a_valid_png() {
        for (pixel, channels) in [(Pixel::Rgb, 3), (Pixel::Rgba, 4)] {
            let file = png(pixel, 40, 30).expect("is written");
            assert_eq!(file, png(pixel, 40, 30).expect("is written"));
            let mut reader = png::Decoder::new(std::io::Cursor::new(file)).read_info().expect("has a header");
            let mut samples = vec![0; reader.output_buffer_size().expect("fits")];
            let info = reader.next_frame(&mut samples).expect("has pixels");
            assert_eq!((info.width, info.height, info.buffer_size()), (40, 30, 40 * 30 * channels));
        }
    }
}
