//! Bits in deflate's order: the first is the lowest of its byte.

#[derive(Default)]
pub(super) struct Bits {
    /// Whole bytes.
    pub(super) bytes: Vec<u8>,
    /// Fewer than 32 bits that wait.
    waiting: u64,
    count: u32,
}

impl Bits {
    /// Appends the low `count` bits of `value`, at most 32; the others must be zero.
    pub(super) fn put(&mut self, value: u32, count: u32) {
        self.waiting |= u64::from(value) << self.count;
        self.count += count;
        if self.count >= 32 {
            let [a, b, c, d, ..] = self.waiting.to_le_bytes();
            self.bytes.extend_from_slice(&[a, b, c, d]);
            self.waiting >>= 32;
            self.count -= 32;
        }
    }

    /// Fills the last byte with zeros and makes it whole.
    pub(super) fn align(&mut self) {
        let whole = self.count.div_ceil(8) as usize;
        self.bytes.extend_from_slice(&self.waiting.to_le_bytes()[..whole]);
        (self.waiting, self.count) = (0, 0);
    }
}
