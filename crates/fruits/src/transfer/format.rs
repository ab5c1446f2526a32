//! The formats of files.

use std::path::Path;

/// How a file holds fruits, always in UTF-8.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// One JSON array of objects, as `GET /fruits` answers
    Json,
    /// A JSON object a line (NDJSON, JSON Lines)
    Ndjson,
    /// Comma-separated values (RFC 4180) under a line that names the columns
    Csv,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 3] = [Self::Json, Self::Ndjson, Self::Csv];

    /// The format that the path's extension stands for.
    pub fn of(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "json" => Some(Self::Json),
            "ndjson" | "jsonl" => Some(Self::Ndjson),
            "csv" => Some(Self::Csv),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_extension_counts_whatever_its_case() {
        for (path, format) in [
            ("fruits.json", Some(Format::Json)),
            ("a.csv/FRUITS.JSON", Some(Format::Json)),
            ("fruits.ndjson", Some(Format::Ndjson)),
            ("fruits.csv.JsonL", Some(Format::Ndjson)),
            ("fruits.csv", Some(Format::Csv)),
            ("fruits.csv.gz", None),
            ("fruits.db", None),
            ("csv", None),
            (".csv", None),
            ("-", None),
            ("", None),
        ] {
            assert_eq!(Format::of(Path::new(path)), format, "{path}");
        }
    }
}
