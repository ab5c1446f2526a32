//! A source that is held whole: what its parts say of each other is read by their places.

use crate::{
    Format,
    error::{Count, Fault},
};

/// The bytes of a source and what they are, for messages.
#[derive(Clone, Copy)]
pub(crate) struct Spooled<'s> {
    pub(crate) format: Format,
    pub(crate) bytes: &'s [u8],
}

impl<'s> Spooled<'s> {
    /// `length` bytes at `at`, which hold `what`.
    pub(crate) fn slice(self, at: u64, length: u64, what: &str) -> Result<&'s [u8], Fault> {
        let place = usize::try_from(at).ok().zip(usize::try_from(length).ok());
        place.and_then(|(at, length)| self.bytes.get(at..)?.get(..length)).ok_or_else(|| {
            Fault::malformed(format!(
                "the {} has {} bytes, and its {what} would be {} bytes from byte {} on",
                self.format,
                Count(self.bytes.len() as u64),
                Count(length),
                Count(at)
            ))
        })
    }

    /// `N` bytes at `at`.
    pub(crate) fn array<const N: usize>(self, at: u64, what: &str) -> Result<[u8; N], Fault> {
        let slice = self.slice(at, N as u64, what)?;
        slice.try_into().map_err(|_| Fault::malformed(format!("the {}'s {what} is too short", self.format)))
    }

    /// A number of two bytes, the low one first.
    pub(crate) fn u16_le(self, at: u64, what: &str) -> Result<u16, Fault> {
        self.array(at, what).map(u16::from_le_bytes)
    }

    /// A number of four bytes, the low one first.
    pub(crate) fn u32_le(self, at: u64, what: &str) -> Result<u32, Fault> {
        self.array(at, what).map(u32::from_le_bytes)
    }

    /// An error about the file.
    pub(crate) fn fault(self, what: impl std::fmt::Display) -> Fault {
        Fault::malformed(format!("the {} {what}", self.format))
    }

    /// An error about what the file has and is not converted.
    pub(crate) fn unsupported(self, what: impl std::fmt::Display) -> Fault {
        Fault::unsupported(format!("the {} {what}", self.format))
    }
}
