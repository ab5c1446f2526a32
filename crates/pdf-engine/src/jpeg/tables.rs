//! Which tables a JPEG has defined so far, and the restart interval: T.81, sections B.2.4.1, B.2.4.2, B.2.4.4.

use super::segment::{DAC, DHT, DQT, DRI, Segment};
use crate::error::Fault;

/// Differences of more bits do not exist. 8-bit samples need 11, and decoders refuse a table only from 16 on.
/// Symbols of other coefficients are not looked at: any may stand in a table whose user never sends it.
const DC_SYMBOL_MAX: u8 = 15;

/// A Huffman table: how many codes have 1 to 16 bits, and what they stand for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Table {
    pub(super) counts: [u8; 16],
    pub(super) symbols: Vec<u8>,
}

/// Tables that scans may refer to: each set has four places.
#[derive(Debug, Clone, Default)]
pub(super) struct Tables {
    pub(super) quantisation: [bool; 4],
    pub(super) dc: [Option<Table>; 4],
    pub(super) ac: [Option<Table>; 4],
    /// Blocks between two restart markers; 0 for no markers.
    pub(super) restart_interval: u16,
}

impl Tables {
    /// Takes a segment that defines tables; any other is left alone.
    pub(super) fn take(&mut self, segment: &Segment) -> Result<(), Fault> {
        match segment.marker {
            DQT => self.quantisation(segment),
            DHT => self.huffman(segment),
            DAC => Err(Fault::unsupported(
                "the JPEG is arithmetic-coded, which PDF readers do not decode; save it as a baseline or progressive JPEG",
            )),
            DRI => match *segment.payload {
                [high, low] => {
                    self.restart_interval = u16::from_be_bytes([high, low]);
                    Ok(())
                }
                _ => Err(segment.fault("is no restart interval: its length must be 4")),
            },
            _ => Ok(()),
        }
    }

    fn quantisation(&mut self, segment: &Segment) -> Result<(), Fault> {
        let mut rest = segment.payload.as_slice();
        while let Some((&head, values)) = rest.split_first() {
            let (precision, place) = (head >> 4, usize::from(head & 15));
            if precision > 1 || place > 3 {
                return Err(segment.fault("defines an impossible quantisation table"));
            }
            let length = 64 << precision;
            if values.len() < length {
                return Err(segment.fault("ends within a quantisation table"));
            }
            self.quantisation[place] = true;
            rest = &values[length..];
        }
        Ok(())
    }

    fn huffman(&mut self, segment: &Segment) -> Result<(), Fault> {
        let mut rest = segment.payload.as_slice();
        while let Some((&head, table)) = rest.split_first() {
            let (class, place) = (head >> 4, usize::from(head & 15));
            if class > 1 || place > 3 {
                return Err(segment.fault("defines an impossible Huffman table"));
            }
            let Some((counts, symbols)) = table.split_first_chunk::<16>() else {
                return Err(segment.fault("ends within a Huffman table"));
            };
            let Some(length) = symbols_of(counts) else {
                return Err(segment.fault("defines a Huffman table with more codes than there can be"));
            };
            if symbols.len() < length {
                return Err(segment.fault("ends within a Huffman table"));
            }
            let (symbols, behind) = symbols.split_at(length);
            if class == 0 && symbols.iter().any(|symbol| *symbol > DC_SYMBOL_MAX) {
                return Err(segment.fault("defines a Huffman table with an impossible size of a difference"));
            }
            let set = if class == 0 { &mut self.dc } else { &mut self.ac };
            set[place] = Some(Table { counts: *counts, symbols: symbols.to_vec() });
            rest = behind;
        }
        Ok(())
    }
}

/// How many symbols have a code, where so many codes of 1 to 16 bits can stand beside each other and beside
/// the code of only ones, which belongs to none: T.81, annex C.
fn symbols_of(counts: &[u8]) -> Option<usize> {
    let mut free: i32 = 1;
    for &count in counts {
        free = free * 2 - i32::from(count);
        if free < 1 {
            return None;
        }
    }
    let symbols = counts.iter().map(|&count| usize::from(count)).sum();
    (symbols <= 256).then_some(symbols)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(marker: u8, payload: &[u8], expected: Option<&str>) {
        let segment = Segment { marker, payload: payload.to_vec(), position: 7, fill: 0 };
        let result = Tables::default().take(&segment);
        match (result, expected) {
            (Ok(()), None) => {}
            (Err(Fault::Malformed(detail)), Some(why)) => assert!(detail.contains(why), "{detail}"),
            (other, _) => panic!("{marker:02X} {payload:?}: {other:?}"),
        }
    }

    #[test]
    fn tables_are_checked() {
        let zeros = [0; 300];
        let table = |head: u8, length: usize| [&[head], &zeros[..length]].concat();
        check(DQT, &table(0, 64), None);
        check(DQT, &[table(0x13, 128), table(2, 64)].concat(), None);
        check(DQT, &table(0, 63), Some("ends within"));
        check(DQT, &table(0x10, 127), Some("ends within"));
        check(DQT, &table(0x20, 200), Some("impossible"));
        check(DQT, &table(0x04, 64), Some("impossible"));
        check(DRI, &[0, 4], None);
        check(DRI, &[0], Some("length must be 4"));
        let codes = |counts: &[u8], symbols: usize| {
            let mut bytes = vec![0];
            bytes.extend(counts);
            bytes.resize(17 + symbols, 0);
            bytes
        };
        check(DHT, &codes(&[0, 3], 3), None);
        check(DHT, &codes(&[0, 3], 2), Some("ends within"));
        // Codes 0, 10 and 110; with one more, the last is 111: only ones.
        check(DHT, &codes(&[1, 1, 1], 3), None);
        check(DHT, &codes(&[1, 1, 2], 4), Some("more codes"));
        check(DHT, &codes(&[2, 0], 2), Some("more codes"));
        check(DHT, &codes(&[2, 1], 3), Some("more codes"));
        check(DHT, &codes(&[0, 0, 0, 0, 0, 0, 0, 0, 200, 100], 300), Some("more codes"));
        check(DHT, &codes(&[], 0)[..16], Some("ends within"));
        let symbol = |class: u8, symbol: u8| [&[class, 1][..], &[0; 15], &[symbol]].concat();
        check(DHT, &symbol(0x00, 15), None);
        check(DHT, &symbol(0x00, 16), Some("impossible size"));
        check(DHT, &symbol(0x10, 255), None);
        check(DHT, &[0x20; 20], Some("impossible"));
        check(DHT, &[0x04; 20], Some("impossible"));
    }
}
