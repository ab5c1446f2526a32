//! Which tables a JPEG has defined so far, and the restart interval: T.81, sections B.2.4.1, B.2.4.2, B.2.4.4.

use super::segment::{DHT, DQT, DRI, Segment};
use crate::error::Fault;

/// Tables that scans may refer to: each set has four places.
#[derive(Debug, Clone, Default)]
pub(super) struct Tables {
    pub(super) quantisation: [bool; 4],
    pub(super) dc: [bool; 4],
    pub(super) ac: [bool; 4],
    /// Blocks between two restart markers; 0 for no markers.
    pub(super) restart_interval: u16,
}

impl Tables {
    /// Takes a segment that defines tables; any other is left alone.
    pub(super) fn take(&mut self, segment: &Segment) -> Result<(), Fault> {
        match segment.marker {
            DQT => self.quantisation(segment),
            DHT => self.huffman(segment),
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
            let Some((counts, symbols)) = table.split_at_checked(16) else {
                return Err(segment.fault("ends within a Huffman table"));
            };
            let Some(length) = symbols_of(counts) else {
                return Err(segment.fault("defines a Huffman table with more codes than there can be"));
            };
            if symbols.len() < length {
                return Err(segment.fault("ends within a Huffman table"));
            }
            let set = if class == 0 { &mut self.dc } else { &mut self.ac };
            set[place] = true;
            rest = &symbols[length..];
        }
        Ok(())
    }
}

/// How many symbols have a code, where so many codes of 1 to 16 bits can stand beside each other.
fn symbols_of(counts: &[u8]) -> Option<usize> {
    let mut free: i32 = 1;
    for &count in counts {
        free = free * 2 - i32::from(count);
        if free < 0 {
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
        check(DHT, &codes(&[2, 0], 2), None);
        check(DHT, &codes(&[2, 1], 3), Some("more codes"));
        check(DHT, &codes(&[0, 0, 0, 0, 0, 0, 0, 0, 200, 100], 300), Some("more codes"));
        check(DHT, &codes(&[], 0)[..16], Some("ends within"));
        check(DHT, &[0x20; 20], Some("impossible"));
        check(DHT, &[0x04; 20], Some("impossible"));
    }
}
