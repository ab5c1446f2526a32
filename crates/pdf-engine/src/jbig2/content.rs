//! What the headers of a segment's content say, before its codes: T.88, section 7.4.

use super::{Segment, check::Size};
use crate::{
    error::{Count, Fault},
    spool::Spooled,
};

/// Symbols that a dictionary makes, and that it gives: `PDFium` decodes no more.
const SYMBOLS_MAX: u32 = 65_535;
/// Symbols that a text region shows for each of its bytes: `PDFium` takes more for damage.
const INSTANCES_PER_BYTE: u64 = 32;

/// What the header of a symbol dictionary says.
pub(super) struct Symbols {
    /// How many tables of its own codes it names, where it has Huffman's.
    tables: Option<u32>,
    /// Whether it names a table that is none.
    is_wrong: bool,
    pub(super) exported: u32,
    new: u32,
}

/// The content of a segment, read from its beginning.
pub(super) struct Content<'c> {
    file: Spooled<'c>,
    segment: &'c Segment,
    at: u64,
}

impl<'c> Content<'c> {
    /// Reads on from `at`.
    pub(super) fn new(file: Spooled<'c>, segment: &'c Segment, at: u64) -> Self {
        Self { file, segment, at }
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        if self.at + N as u64 > self.segment.data.1 {
            let name = name(self.segment);
            return Err(self.file.fault(format_args!("has a segment {name} that is too short")));
        }
        let bytes = self.file.array(self.segment.data.0 + self.at, "segment")?;
        self.at += N as u64;
        Ok(bytes)
    }

    fn long(&mut self) -> Result<u32, Fault> {
        self.take().map(u32::from_be_bytes)
    }

    fn fault(&self, what: impl std::fmt::Display) -> Fault {
        self.file.fault(format_args!("has a segment {} {what}", name(self.segment)))
    }

    /// The header of a symbol dictionary: section 7.4.2.1.
    pub(super) fn symbols(&mut self) -> Result<Symbols, Fault> {
        let flags = u16::from_be_bytes(self.take()?);
        let (is_huffman, refines) = (flags & 1 == 1, flags & 2 == 2);
        if !is_huffman {
            let template = flags >> 10 & 3;
            for _ in 0..if template == 0 { 4 } else { 1 } {
                let [x, y] = self.take()?.map(u8::cast_signed);
                // Pixels that are looked at come before the one that is decoded.
                if y > 0 || y == 0 && x >= 0 {
                    return Err(self.fault("that looks at pixels which come later"));
                }
            }
        }
        if refines && flags >> 12 & 1 == 0 {
            self.take::<4>()?;
        }
        let choices = [flags >> 2 & 3, flags >> 4 & 3];
        let own = choices.map(|choice| u32::from(choice == 3)).iter().sum::<u32>()
            + u32::from(flags >> 6 & 1)
            + u32::from(refines) * u32::from(flags >> 7 & 1);
        let (exported, new) = (self.long()?, self.long()?);
        Ok(Symbols {
            tables: is_huffman.then_some(own),
            is_wrong: is_huffman && choices.contains(&2),
            exported,
            new,
        })
    }

    /// A symbol dictionary that has so many symbols and tables of others.
    pub(super) fn check_symbols(&mut self, imported: u64, tables: u32) -> Result<(), Fault> {
        let symbols = self.symbols()?;
        if symbols.is_wrong || symbols.tables.is_some_and(|own| own > tables) {
            return Err(self.fault("that names no table of codes"));
        }
        if symbols.exported.max(symbols.new) > SYMBOLS_MAX {
            let max = Count(SYMBOLS_MAX.into());
            return Err(self.file.unsupported(format_args!(
                "has more than {max} symbols in a dictionary, which PDF readers do not decode"
            )));
        }
        let has = imported + u64::from(symbols.new);
        if u64::from(symbols.exported) > has {
            let exported = Count(symbols.exported.into());
            return Err(self.fault(format_args!("that gives {exported} symbols of {}", Count(has))));
        }
        if symbols.new > 0 { self.take::<1>().map(drop) } else { Ok(()) }
    }

    /// A text region of so many symbols and tables: section 7.4.3.1.
    pub(super) fn check_text(&mut self, symbols: u64, tables: u32) -> Result<(), Fault> {
        let flags = u16::from_be_bytes(self.take()?);
        if flags & 1 == 1 {
            let codes = u16::from_be_bytes(self.take()?);
            let choices = [0, 2, 4, 6, 8, 10, 12].map(|at| codes >> at & 3);
            // The second and the third have a third table of the standard.
            let is_wrong = [0, 3, 4, 5, 6].iter().any(|at| choices[*at] == 2);
            let own = choices.iter().filter(|choice| **choice == 3).count() + usize::from(codes >> 14 & 1);
            if is_wrong || own > tables as usize {
                return Err(self.fault("that names no table of codes"));
            }
        }
        if flags & 2 == 2 && flags >> 15 == 0 {
            self.take::<4>()?;
        }
        let instances = u64::from(self.long()?);
        if instances == 0 {
            return Ok(());
        }
        if symbols == 0 {
            return Err(self.fault("of symbols, and there are none"));
        }
        if instances > self.segment.data.1.saturating_mul(INSTANCES_PER_BYTE) {
            return Err(self.fault("of more symbols than its data can tell"));
        }
        self.take::<1>().map(drop)
    }

    /// The size of patterns and how many there are: section 7.4.4.1.
    pub(super) fn patterns(&mut self) -> Result<(Size, u64), Fault> {
        let [_, width, height] = self.take()?;
        let count = u64::from(self.long()?) + 1;
        if width == 0 || height == 0 {
            let name = name(self.segment);
            return Err(self.file.fault(format_args!("has a segment {name} of patterns without pixels")));
        }
        Ok((Size { width: width.into(), height: height.into() }, count))
    }

    /// How many patterns a halftone region shows: section 7.4.5.1.
    pub(super) fn cells(&mut self) -> Result<u64, Fault> {
        let [_] = self.take()?;
        Ok(u64::from(self.long()?).saturating_mul(self.long()?.into()))
    }
}

/// What a segment is called in messages.
pub(super) fn name(segment: &Segment) -> String {
    format!("{} of type {}", Count(segment.number.into()), segment.kind)
}
