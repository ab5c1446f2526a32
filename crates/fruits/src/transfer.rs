//! Fruits in files: what an import reads and an export writes.
//!
//! A file is read row by row and in bounded memory, however long it or one of its rows is. Each row is judged as the API
//! judges a body. A row that is at fault is named; a file in which it cannot be told where a row ends is given up, since
//! what was taken for one row may have been several.

mod csv;
mod export;
mod format;
mod import;
mod input;
mod json;
mod ndjson;
mod row;

pub use export::{ExportError, export};
pub use format::Format;
pub use import::{BadRows, Event, ImportError, Imported, import};
pub use input::Unreadable;
pub use row::{BadRow, Fault, Place, ROW_BYTES_MAX};
