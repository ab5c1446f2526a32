//! Chunks: length, type, data, checksum (ISO/IEC 15948, section 5.3). None is held in memory unless asked for.

use std::fmt;

use crate::{
    error::{Count, Fault},
    input::Input,
};

const SIGNATURE_BYTES: usize = 8;
/// The standard allows no longer chunk.
const LENGTH_MAX: u32 = i32::MAX.cast_unsigned();

/// A chunk's type: four letters.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Kind(pub(super) [u8; 4]);

impl Kind {
    /// Whether a reader that does not know the chunk may skip it.
    pub(super) fn is_ancillary(self) -> bool {
        self.0[0].is_ascii_lowercase()
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.escape_ascii())
    }
}

impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// The chunks of a PNG, one after the other.
pub(super) struct Chunks<'i, 'a> {
    input: &'i mut Input<'a>,
    kind: Kind,
    /// Where the chunk began.
    position: u64,
    /// Bytes of the chunk's data that were not read yet.
    left: u32,
    checksum: crc32fast::Hasher,
    /// Whether the chunk was begun and not yet read to its end.
    open: bool,
}

impl<'i, 'a> Chunks<'i, 'a> {
    /// Takes the signature, which has been looked at before.
    pub(super) fn begin(input: &'i mut Input<'a>) -> Result<Self, Fault> {
        input.enter(format_args!("its signature"));
        let _: [u8; SIGNATURE_BYTES] = input.array()?;
        Ok(Self {
            input,
            kind: Kind(*b"    "),
            position: 0,
            left: 0,
            checksum: crc32fast::Hasher::new(),
            open: false,
        })
    }

    /// Begins the next chunk, skipping what is left of this one.
    pub(super) fn next(&mut self) -> Result<Kind, Fault> {
        if self.open {
            self.skip()?;
        }
        self.position = self.input.position();
        self.input.enter(format_args!("its list of chunks, before the end chunk IEND"));
        let length = u32::from_be_bytes(self.input.array()?);
        let kind = Kind(self.input.array()?);
        if !kind.0.iter().all(u8::is_ascii_alphabetic) {
            let position = Count(self.position);
            return Err(Fault::malformed(format!(
                "the PNG has no chunk at byte {position}, where one must be: its type \"{kind}\" is not four letters"
            )));
        }
        if length > LENGTH_MAX {
            let length = Count(u64::from(length));
            return Err(Fault::malformed(format!(
                "the PNG's chunk {kind} claims an impossible length of {length} bytes"
            )));
        }
        self.input.enter(format_args!("chunk {kind}"));
        self.kind = kind;
        self.left = length;
        self.checksum = crc32fast::Hasher::new();
        self.checksum.update(&kind.0);
        self.open = true;
        Ok(kind)
    }

    /// The chunk that was begun last.
    pub(super) fn kind(&self) -> Kind {
        self.kind
    }

    /// How long its data are.
    pub(super) fn length(&self) -> u32 {
        self.left
    }

    /// The number that the chunk's data begin with; the rest of them is still to be read.
    pub(super) fn number(&mut self) -> Result<u32, Fault> {
        let Some(left) = self.left.checked_sub(4) else {
            return Err(self.fault("is too short for the number that it must begin with"));
        };
        let bytes: [u8; 4] = self.input.array()?;
        self.checksum.update(&bytes);
        self.left = left;
        Ok(u32::from_be_bytes(bytes))
    }

    /// Hands the rest of the chunk's data on, as they come, then checks the checksum.
    pub(super) fn stream(&mut self, take: impl FnMut(&[u8]) -> Result<(), Fault>) -> Result<(), Fault> {
        if self.stream_and_tell(take)? {
            Ok(())
        } else {
            Err(self.fault("is damaged: its checksum is wrong"))
        }
    }

    /// Hands the rest of the chunk's data on, as they come, and tells whether the checksum is right.
    fn stream_and_tell(&mut self, mut take: impl FnMut(&[u8]) -> Result<(), Fault>) -> Result<bool, Fault> {
        while self.left > 0 {
            let more = self.input.fill()?;
            let more = &more[..more.len().min(self.left as usize)];
            self.checksum.update(more);
            take(more)?;
            let count = more.len();
            self.input.consume(count);
            self.left -= u32::try_from(count).unwrap_or(self.left);
        }
        self.open = false;
        let claimed = u32::from_be_bytes(self.input.array()?);
        Ok(self.checksum.clone().finalize() == claimed)
    }

    /// Checks the rest of the chunk without keeping it.
    pub(super) fn skip(&mut self) -> Result<(), Fault> {
        self.stream(|_| Ok(()))
    }

    /// The chunk's data, which the caller has bounded by its [`length`](Self::length). Memory grows with what
    /// is there, not with what is claimed.
    pub(super) fn read(&mut self) -> Result<Vec<u8>, Fault> {
        let mut bytes = Vec::new();
        self.stream(|more| {
            bytes.extend_from_slice(more);
            Ok(())
        })?;
        Ok(bytes)
    }

    /// As [`read`](Self::read), for a chunk that the image can do without: nothing where the checksum is wrong.
    pub(super) fn read_advice(&mut self) -> Result<Option<Vec<u8>>, Fault> {
        let mut bytes = Vec::new();
        let right = self.stream_and_tell(|more| {
            bytes.extend_from_slice(more);
            Ok(())
        })?;
        Ok(right.then_some(bytes))
    }

    /// As [`skip`](Self::skip), for a chunk that the image can do without; tells whether the checksum is right.
    pub(super) fn skip_advice(&mut self) -> Result<bool, Fault> {
        self.stream_and_tell(|_| Ok(()))
    }

    /// The data of a chunk that has exactly `N` bytes.
    pub(super) fn read_array<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        if self.left as usize != N {
            return Err(
                self.fault(format_args!("has {} bytes and must have {N}", Count(u64::from(self.left))))
            );
        }
        let bytes = self.read()?;
        bytes.try_into().map_err(|_| self.fault("has another length than it said"))
    }

    /// An error about the chunk.
    pub(super) fn fault(&self, what: impl fmt::Display) -> Fault {
        Fault::malformed(format!("the PNG's chunk {} at byte {} {what}", self.kind, Count(self.position)))
    }
}
