//! Bits of packet headers, with a zero bit behind each byte of ones: T.800, section B.10.1.

/// Why a packet cannot be read, as the end of a sentence that begins with the packet.
pub(super) type Broken = &'static str;

/// Bits from the high one on.
pub(super) struct Bits<'b> {
    bytes: &'b [u8],
    at: usize,
    byte: u8,
    left: u8,
}

impl<'b> Bits<'b> {
    pub(super) fn new(bytes: &'b [u8]) -> Self {
        Self { bytes, at: 0, byte: 0, left: 0 }
    }

    pub(super) fn bit(&mut self) -> Result<u32, Broken> {
        if self.left == 0 {
            self.left = if self.byte == 0xff { 7 } else { 8 };
            self.fill()?;
        }
        self.left -= 1;
        Ok(u32::from(self.byte >> self.left & 1))
    }

    /// A number of so many bits, at most 32.
    pub(super) fn number(&mut self, bits: u32) -> Result<u32, Broken> {
        (0..bits).try_fold(0, |number, _| Ok(number << 1 | self.bit()?))
    }

    /// How many bytes the bits took: what is left of the last one pads.
    pub(super) fn end(mut self) -> Result<usize, Broken> {
        if self.byte == 0xff {
            self.fill()?;
        }
        Ok(self.at)
    }

    fn fill(&mut self) -> Result<(), Broken> {
        let byte = *self.bytes.get(self.at).ok_or("has a header that is not whole")?;
        if self.byte == 0xff && byte > 0x7f {
            return Err("has a marker in its header");
        }
        self.byte = byte;
        self.at += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zero_bit_follows_a_byte_of_ones() {
        let mut bits = Bits::new(&[0xff, 0x55, 0x80]);
        assert_eq!(bits.number(15).unwrap(), 0b111_1111_1101_0101);
        assert_eq!((bits.bit().unwrap(), bits.end().unwrap()), (1, 3));
        // A header does not end with such a byte.
        let mut bits = Bits::new(&[0xff, 0x00, 0x80]);
        assert_eq!((bits.number(8).unwrap(), bits.end().unwrap()), (255, 2));
    }

    #[test]
    fn what_is_no_bit_of_a_header_is_told() {
        for (bytes, why) in [(&[0xff, 0x91][..], "marker"), (&[0xff], "not whole"), (&[], "not whole")] {
            assert!(Bits::new(bytes).number(9).unwrap_err().contains(why), "{bytes:?}");
        }
        let mut bits = Bits::new(&[0xff]);
        assert!(bits.number(8).is_ok() && bits.end().is_err());
    }
}
