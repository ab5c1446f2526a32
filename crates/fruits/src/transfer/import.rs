//! From a file into a catalogue.
//!
//! One thread reads and judges, the other adds: neither waits for the other while the few lots between them are neither
//! all empty nor all full. Whoever drops an import before its end leaves the catalogue as it was, also while the file
//! keeps it waiting.

use std::{
    io::{self, BufReader, Read},
    mem, panic,
    thread::{self, JoinHandle},
};

use tokio::sync::mpsc;

use super::{
    Format, csv,
    input::{self, Unreadable},
    json, ndjson,
    row::{BadRow, Fault, Place, Row},
};
use crate::{
    Error,
    domain::NewFruit,
    store::{BulkAdd, Refused},
};

/// Rows that are handed over at once: a few milliseconds of work, after which an interrupt is looked for.
const LOT_ROWS: usize = 1024;
/// Lots that wait between the two threads.
const LOTS_MAX: usize = 8;
/// Fewer system calls than the library's 8 KiB, and still in the processor's cache.
const BUFFER_BYTES: usize = 256 << 10;

/// What becomes of the rows that are right where others are not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadRows {
    /// They are not added either: all or nothing.
    Refuse,
    /// They are added.
    Skip,
}

/// Something to be told while an import runs.
#[derive(Debug)]
pub enum Event<'a> {
    /// This row is at fault.
    Bad(&'a BadRow),
    /// So many rows have been looked at.
    Progress(u64),
}

/// What an import did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Imported {
    /// How many fruits were added.
    pub added: u64,
    /// How many rows were not, since they are at fault.
    pub skipped: u64,
}

/// Why nothing was imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file cannot be read to its end.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// So many of its rows are at fault.
    #[error("{0} of its rows cannot be added")]
    BadRows(u64),
    /// The catalogue does not take it.
    #[error(transparent)]
    Catalogue(#[from] Error),
}

/// Adds the fruits of a file. What is told on the way is told in the order of the rows.
///
/// It is made for a program that does nothing else: a store in a file works on the thread that polls this.
pub async fn import(
    mut catalogue: BulkAdd,
    source: impl Read + Send + 'static,
    format: Format,
    bad_rows: BadRows,
    mut tell: impl FnMut(Event<'_>),
) -> Result<Imported, ImportError> {
    let (mut lots, reader) = read(source, format).map_err(Unreadable::from)?;
    let mut imported = Imported::default();
    while let Some(lot) = lots.recv().await {
        let bad = add(&mut catalogue, &mut imported, lot?).await?;
        for row in &bad {
            tell(Event::Bad(row));
        }
        tell(Event::Progress(imported.added + imported.skipped));
        // Whoever waits for something else too, such as an interrupt, has a turn.
        tokio::task::yield_now().await;
    }
    // It has sent all that it had, or panicked: then what was read is not the file.
    if let Err(panicked) = reader.join() {
        panic::resume_unwind(panicked);
    }
    if imported.skipped > 0 && bad_rows == BadRows::Refuse {
        return Err(ImportError::BadRows(imported.skipped));
    }
    catalogue.commit().await?;
    Ok(imported)
}

/// Adds what can be added of a lot, and answers the rows that are at fault.
async fn add(catalogue: &mut BulkAdd, imported: &mut Imported, lot: Lot) -> Result<Vec<BadRow>, ImportError> {
    let Lot { mut bad, fruits, places } = lot;
    let refused = catalogue.add(&fruits).await?;
    imported.added += (fruits.len() - refused.len()) as u64;
    for Refused { index, error } in refused {
        bad.push(BadRow { place: places[index], faults: vec![Fault::refused(error)?] });
    }
    bad.sort_by_key(|row| row.place);
    imported.skipped += bad.len() as u64;
    Ok(bad)
}

/// Some rows that follow each other.
#[derive(Debug, Default)]
struct Lot {
    bad: Vec<BadRow>,
    fruits: Vec<NewFruit>,
    /// Where each of the fruits stands.
    places: Vec<Place>,
}

impl Lot {
    fn push(&mut self, row: Row) {
        match row.fruit {
            Ok(fruit) => {
                self.fruits.push(fruit);
                self.places.push(row.place);
            }
            Err(faults) => self.bad.push(BadRow { place: row.place, faults }),
        }
    }

    fn rows(&self) -> usize {
        self.fruits.len() + self.bad.len()
    }
}

type Lots = mpsc::Receiver<Result<Lot, Unreadable>>;

/// Reads the file on a thread of its own, which may wait for it as long as it takes.
fn read(source: impl Read + Send + 'static, format: Format) -> io::Result<(Lots, JoinHandle<()>)> {
    let (sender, lots) = mpsc::channel(LOTS_MAX);
    let work = move || {
        let mut lot = Lot::default();
        for row in rows(source, format) {
            match row {
                Ok(row) => lot.push(row),
                Err(error) => {
                    // The rows before it are judged first.
                    let _ = sender.blocking_send(Ok(lot)).and_then(|()| sender.blocking_send(Err(error)));
                    return;
                }
            }
            // Nobody waits for the rest of an import that was given up.
            if lot.rows() == LOT_ROWS && sender.blocking_send(Ok(mem::take(&mut lot))).is_err() {
                return;
            }
        }
        let _ = sender.blocking_send(Ok(lot));
    };
    Ok((lots, thread::Builder::new().name("fruits-reader".into()).spawn(work)?))
}

fn rows(source: impl Read + 'static, format: Format) -> impl Iterator<Item = Result<Row, Unreadable>> {
    let reader = BufReader::with_capacity(BUFFER_BYTES, source);
    let rows: Box<dyn Iterator<Item = _>> = match input::without_mark(reader) {
        Err(error) => Box::new([Err(error)].into_iter()),
        Ok(reader) => match format {
            Format::Json => Box::new(json::rows(reader)),
            Format::Ndjson => Box::new(ndjson::rows(reader)),
            Format::Csv => Box::new(csv::rows(reader)),
        },
    };
    rows
}
