//! The bits of a scan's samples, high ones first: T.81, section F.2.2.5.

/// Bits that come next, and the bytes that they come from.
#[derive(Default)]
pub(super) struct Bits {
    /// Bytes that were not read yet, without stuffed zeros.
    pub(super) bytes: Vec<u8>,
    at: usize,
    /// Those that come next, from the high one on.
    ready: u64,
    count: u32,
}

impl Bits {
    /// Forgets what was not read.
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        (self.at, self.ready, self.count) = (0, 0, 0);
    }

    /// Forgets the bytes that were read.
    pub(super) fn forget_read(&mut self) {
        self.bytes.drain(..self.at);
        self.at = 0;
    }

    /// Whether the next bit is one before byte `end`. What is ready comes before the bytes, also before the first.
    #[inline]
    pub(super) fn begin_before(&self, end: usize) -> bool {
        self.at * 8 < end * 8 + self.count as usize
    }

    /// How many bits there are before byte `end`; nothing, where some behind it were read.
    pub(super) fn before(&self, end: usize) -> Option<usize> {
        (end * 8 + self.count as usize).checked_sub(self.at * 8)
    }

    /// The next bits, of which there are enough.
    #[inline]
    pub(super) fn peek<const COUNT: u32>(&self) -> usize {
        usize::try_from(self.ready >> (64 - COUNT)).unwrap_or(0)
    }

    /// Passes over bits that are ready.
    #[inline]
    pub(super) fn skip(&mut self, count: u32) {
        self.ready <<= count;
        self.count = self.count.saturating_sub(count);
    }

    /// Passes over any number of bits.
    #[inline]
    pub(super) fn pass(&mut self, mut count: u32) {
        self.refill();
        if count <= self.count {
            return self.skip(count);
        }
        while count > 0 {
            self.refill();
            let some = count.min(32);
            self.skip(some);
            count -= some;
        }
    }

    /// The number that the next bits are, at most 15 of them.
    pub(super) fn take(&mut self, count: u32) -> u32 {
        let number = u32::try_from(self.ready >> 32).unwrap_or(0).checked_shr(32 - count).unwrap_or(0);
        self.skip(count);
        number
    }

    /// Makes at least 32 bits ready, while there are as many.
    #[inline]
    pub(super) fn refill(&mut self) {
        if self.count >= 32 {
            return;
        }
        if let Some(next) = self.bytes.get(self.at..).and_then(<[u8]>::first_chunk::<8>) {
            // What does not count yet comes again, and is the same then.
            self.ready |= u64::from_be_bytes(*next) >> self.count;
            let taken = (63 - self.count) / 8;
            self.at += taken as usize;
            self.count += taken * 8;
        } else {
            while self.count <= 56 && self.at < self.bytes.len() {
                self.ready |= u64::from(self.bytes[self.at]) << (56 - self.count);
                (self.at, self.count) = (self.at + 1, self.count + 8);
            }
        }
    }
}
