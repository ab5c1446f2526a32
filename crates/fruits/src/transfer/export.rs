//! From a catalogue into a file.

use std::{
    io::{self, Write},
    num::NonZeroUsize,
};

use super::{Format, csv};
use crate::{
    Error,
    domain::{Fruit, Selection},
    store::Snapshot,
};

/// Fruits that are read at once: what the export has in memory.
const PAGE_FRUITS: NonZeroUsize = NonZeroUsize::new(4096).expect("not zero");

/// Why a file is not an export.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The catalogue cannot be read.
    #[error(transparent)]
    Catalogue(#[from] Error),
    /// The file cannot be written.
    #[error("it cannot be written")]
    Unwritable(#[from] io::Error),
}

/// Writes every fruit of the catalogue, ordered by id, and answers how many there are. After each lot it tells how many
/// have been written.
pub async fn export(
    mut catalogue: Snapshot,
    mut sink: impl Write,
    format: Format,
    mut tell: impl FnMut(u64),
) -> Result<u64, ExportError> {
    let (everything, mut after, mut written) = (Selection::default(), None, 0);
    let mut lot = Vec::from(start(format));
    loop {
        let page = catalogue.page(&everything, after.as_ref(), PAGE_FRUITS).await?;
        for fruit in &page.fruits {
            render(fruit, format, written == 0, &mut lot)?;
            written += 1;
        }
        sink.write_all(&lot)?;
        lot.clear();
        tell(written);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    sink.write_all(end(format, written == 0))?;
    sink.flush()?;
    Ok(written)
}

fn start(format: Format) -> &'static [u8] {
    match format {
        Format::Json => b"[",
        Format::Ndjson => b"",
        Format::Csv => csv::HEADER,
    }
}

fn render(fruit: &Fruit, format: Format, first: bool, into: &mut Vec<u8>) -> io::Result<()> {
    match format {
        Format::Json => {
            into.extend_from_slice(if first { b"\n" } else { b",\n" });
            serde_json::to_writer(into, fruit)?;
        }
        Format::Ndjson => {
            serde_json::to_writer(&mut *into, fruit)?;
            into.push(b'\n');
        }
        Format::Csv => csv::write(fruit, into),
    }
    Ok(())
}

fn end(format: Format, empty: bool) -> &'static [u8] {
    match format {
        Format::Json if empty => b"]\n",
        Format::Json => b"\n]\n",
        Format::Ndjson | Format::Csv => b"",
    }
}
