//! Headers, directories and fields of a TIFF (TIFF 6.0, section 2), and of the kind with offsets of 64 bits.

use crate::{
    Format,
    error::{Count, Fault},
    spool::Spooled,
};

/// Fields of all directories: ten thousand pages have these, at 52 a page. Directories may lie over one another, so a small file
/// could name any number of them.
const FIELDS_MAX: u64 = 1 << 19;

/// A TIFF and how its numbers are written.
#[derive(Clone, Copy)]
pub(super) struct Tiff<'s> {
    pub(super) file: Spooled<'s>,
    pub(super) big_endian: bool,
    /// Whether offsets have 64 bits.
    long_offsets: bool,
}

/// A directory: what is said of one page.
pub(super) struct Directory<'s> {
    tiff: Tiff<'s>,
    fields: Vec<Field>,
    /// Where the next page's directory is; 0 behind the last.
    pub(super) next: u64,
}

/// One thing that is said: its values lie at `at`.
#[derive(Clone, Copy)]
struct Field {
    tag: u16,
    kind: Kind,
    count: u64,
    at: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Numbers of so many bytes.
    Integer(u64),
    Rational,
    Other,
}

impl Kind {
    fn of(number: u16) -> (Self, u64) {
        match number {
            1 | 7 => (Self::Integer(1), 1),
            3 => (Self::Integer(2), 2),
            4 | 13 => (Self::Integer(4), 4),
            16 | 18 => (Self::Integer(8), 8),
            5 => (Self::Rational, 8),
            2 | 6 => (Self::Other, 1),
            8 => (Self::Other, 2),
            9 | 11 => (Self::Other, 4),
            _ => (Self::Other, 8),
        }
    }
}

impl<'s> Tiff<'s> {
    /// Reads the header; gives the place of the first directory, too.
    pub(super) fn open(bytes: &'s [u8]) -> Result<(Self, u64), Fault> {
        let file = Spooled { format: Format::Tiff, bytes };
        let big_endian = bytes.starts_with(b"MM");
        let mut tiff = Self { file, big_endian, long_offsets: false };
        if tiff.u16(2)? == 42 {
            let first = tiff.u32(4)?;
            return Ok((tiff, first.into()));
        }
        tiff.long_offsets = true;
        if (tiff.u16(4)?, tiff.u16(6)?) != (8, 0) {
            return Err(file.fault("has offsets that are neither of 32 nor of 64 bits"));
        }
        let first = tiff.u64(8)?;
        Ok((tiff, first))
    }

    /// Reads the directory at `at`, behind others of so many fields.
    pub(super) fn directory(self, at: u64, fields_before: u64) -> Result<Directory<'s>, Fault> {
        let (count, mut entry, entry_bytes) = if self.long_offsets {
            (self.u64(at)?, at.saturating_add(8), 20)
        } else {
            (self.u16(at)?.into(), at.saturating_add(2), 12)
        };
        if count > FIELDS_MAX.saturating_sub(fields_before) {
            let max = Count(FIELDS_MAX);
            return Err(self
                .file
                .unsupported(format_args!("has more than {max} fields; save its pages apart")));
        }
        let length = count * entry_bytes;
        self.file.slice(entry, length, "directory")?;
        let next = entry + length;
        let mut fields = Vec::new();
        while entry < next {
            fields.push(self.field(entry)?);
            entry += entry_bytes;
        }
        // A file that ends behind its last directory has no further one.
        let next = if self.long_offsets { self.u64(next) } else { self.u32(next).map(u64::from) };
        Ok(Directory { tiff: self, fields, next: next.unwrap_or(0) })
    }

    fn field(self, entry: u64) -> Result<Field, Fault> {
        let tag = self.u16(entry)?;
        let (kind, value_bytes) = Kind::of(self.u16(entry + 2)?);
        let (count, place, room) = if self.long_offsets {
            (self.u64(entry + 4)?, entry + 12, 8)
        } else {
            (self.u32(entry + 4)?.into(), entry + 8, 4)
        };
        let at = match count.saturating_mul(value_bytes) {
            length if length <= room => place,
            _ if self.long_offsets => self.u64(place)?,
            _ => self.u32(place)?.into(),
        };
        Ok(Field { tag, kind, count, at })
    }

    fn u16(self, at: u64) -> Result<u16, Fault> {
        let bytes = self.file.array(at, "number")?;
        Ok(if self.big_endian { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) })
    }

    fn u32(self, at: u64) -> Result<u32, Fault> {
        let bytes = self.file.array(at, "number")?;
        Ok(if self.big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
    }

    fn u64(self, at: u64) -> Result<u64, Fault> {
        let bytes = self.file.array(at, "number")?;
        Ok(if self.big_endian { u64::from_be_bytes(bytes) } else { u64::from_le_bytes(bytes) })
    }
}

impl<'s> Directory<'s> {
    pub(super) fn tiff(&self) -> Tiff<'s> {
        self.tiff
    }

    fn field(&self, tag: u16) -> Option<Field> {
        self.fields.iter().find(|field| field.tag == tag).copied()
    }

    /// How many fields it has.
    pub(super) fn count(&self) -> u64 {
        self.fields.len() as u64
    }

    pub(super) fn has(&self, tag: u16) -> bool {
        self.field(tag).is_some()
    }

    /// The integers of a field, no more than `most`; none where there is no such field.
    pub(super) fn integers(&self, tag: u16, most: u64) -> Result<Vec<u64>, Fault> {
        let Some(field) = self.field(tag) else { return Ok(Vec::new()) };
        let Kind::Integer(bytes) = field.kind else {
            return Err(self.tiff.file.fault(format_args!("has a field {tag} of a wrong type")));
        };
        let count = field.count.min(most);
        self.tiff.file.slice(field.at, count.saturating_mul(bytes), "field")?;
        let read = |at: u64| match bytes {
            1 => self.tiff.file.array(at, "field").map(|[byte]| u64::from(byte)),
            2 => self.tiff.u16(at).map(u64::from),
            4 => self.tiff.u32(at).map(u64::from),
            _ => self.tiff.u64(at),
        };
        (0..count).map(|index| read(field.at + index * bytes)).collect()
    }

    /// The one integer of a field.
    pub(super) fn integer(&self, tag: u16) -> Result<Option<u64>, Fault> {
        Ok(self.integers(tag, 1)?.first().copied())
    }

    /// The one integer of a field that must be small, or what stands for it where there is no such field.
    pub(super) fn small(&self, tag: u16, default: u16) -> Result<u16, Fault> {
        let value = self.integer(tag)?.unwrap_or(default.into());
        u16::try_from(value).map_err(|_| {
            self.tiff.file.fault(format_args!("has a field {tag} of {}, which is impossible", Count(value)))
        })
    }

    /// The one fraction of a field: advice, so what cannot be read is not there.
    pub(super) fn fraction(&self, tag: u16) -> Option<f64> {
        let field = self.field(tag)?;
        match field.kind {
            Kind::Rational => {
                let (above, below) = (self.tiff.u32(field.at).ok()?, self.tiff.u32(field.at + 4).ok()?);
                (below != 0).then(|| f64::from(above) / f64::from(below))
            }
            // Some write whole numbers.
            _ => self.small(tag, 0).ok().map(f64::from),
        }
    }

    /// So many fractions of a field, all of which can be read.
    pub(super) fn fractions(&self, tag: u16, count: usize) -> Option<Vec<f64>> {
        let field =
            self.field(tag).filter(|field| field.kind == Kind::Rational && field.count >= count as u64)?;
        let number = |at: u64| self.tiff.u32(at).map(f64::from).ok();
        let fraction = |at: u64| Some(number(at)? / number(at + 4)?).filter(|number| number.is_finite());
        (0..count as u64).map(|index| fraction(field.at + index * 8)).collect()
    }

    /// The bytes of a field.
    pub(super) fn bytes(&self, tag: u16) -> Result<Option<&'s [u8]>, Fault> {
        match self.field(tag) {
            Some(field) => self.tiff.file.slice(field.at, field.count, "field").map(Some),
            None => Ok(None),
        }
    }
}
