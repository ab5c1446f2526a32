//! `fruitpress import`: fruits from a file into the catalogue.

use std::{
    fs::File,
    io::{self, Read},
    path::PathBuf,
    process::ExitCode,
};

use anyhow::Context;
use fruits::{
    Settings,
    settings::Migrate,
    store::BulkAdd,
    transfer::{self, BadRows, Event, Format, ImportError},
};

use super::{
    block_on, catalogue::Catalogue, complain, interrupt::Interrupts, is_dash, progress::Progress, say,
};

/// Bad rows that are named; the rest are counted.
const BAD_ROWS_SHOWN_MAX: u64 = 20;
/// The exit status where `--continue` left rows out: 1 says that nothing was added, 2 that the command line is wrong.
const SOME_SKIPPED: u8 = 3;

/// Adds the fruits of a file to the catalogue: all of them, or none.
///
/// A row is what `POST /fruits` takes: a fruit, a color and, if it shall have a certain one, an id. Ids are kept; a row
/// without one gets the next. Each row that cannot be added is named on standard error with what is wrong with it, the
/// first 20 of them, and nothing is added then, unless --continue is given. The same fruit may be added twice: an import
/// that is repeated adds all rows without an id again.
///
/// A catalogue in a file must not be served meanwhile. A file that breaks off, or that is not of its format, is
/// refused whole, also with --continue. An interrupt before the end leaves the catalogue as it was.
///
/// Exit status: 0 all rows were added; 3 some were skipped (--continue) and all others added; 1 nothing was added; 2 the
/// command line is wrong; 128 and the number of the signal when one ended it: nothing was added.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The file to read; `-` is standard input.
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// The file's format; unset, its extension tells: .json, .ndjson, .jsonl or .csv.
    #[arg(long, value_enum)]
    format: Option<Format>,

    /// Skips rows that cannot be added, and adds the others.
    #[arg(long = "continue")]
    skip_bad_rows: bool,

    #[command(flatten)]
    catalogue: Catalogue,

    /// Whether the import brings the schema up to date by itself: `auto`, or `off`, where a schema that is behind is
    /// refused until `fruitpress migrate` has run. Unset, it is `auto` for a file, and `off` for PostgreSQL
    #[arg(long, env = "MIGRATE", value_enum, value_name = "WHEN")]
    migrate: Option<Migrate>,
}

impl Args {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let format = super::format(self.format, &self.file)?;
        // Before the catalogue is touched.
        let source: Box<dyn Read + Send> = if is_dash(&self.file) {
            Box::new(io::stdin())
        } else {
            Box::new(File::open(&self.file).with_context(|| self.file.display().to_string())?)
        };
        block_on(async {
            // From here on a signal is a reason to clean up.
            let mut interrupts = Interrupts::listen();
            tokio::select! {
                // What is done is done, also if a signal came meanwhile.
                biased;
                outcome = self.import(source, format) => outcome,
                status = interrupts.status() => {
                    complain("interrupted: nothing was added");
                    Ok(ExitCode::from(status))
                }
            }
        })
    }

    async fn import(&self, source: Box<dyn Read + Send>, format: Format) -> anyhow::Result<ExitCode> {
        let location = self.catalogue.location()?;
        let settings = Settings { migrate: self.migrate, ..self.catalogue.settings() };
        let catalogue = BulkAdd::begin(&location, settings.migrate(&location)).await?;
        let mut progress = Progress::start();
        let name = self.name();
        let mut bad = 0;
        let tell = |event: Event<'_>| match event {
            Event::Bad(row) => {
                bad += 1;
                if bad <= BAD_ROWS_SHOWN_MAX {
                    progress.clear();
                    complain(&format!("{name}: {row}"));
                }
            }
            Event::Progress(rows) => progress.rows(rows),
        };
        let policy = if self.skip_bad_rows { BadRows::Skip } else { BadRows::Refuse };
        let imported = transfer::import(catalogue, source, format, policy, tell).await;
        progress.clear();
        if bad > BAD_ROWS_SHOWN_MAX {
            complain(&format!("{name}: and {} more rows that cannot be added", bad - BAD_ROWS_SHOWN_MAX));
        }
        let imported = imported.map_err(|error| explain(error, &name))?;
        let skipped = match imported.skipped {
            0 => String::new(),
            skipped => format!("skipped {skipped} rows, "),
        };
        let summary = progress.summary(imported.added);
        say(&format!("{skipped}added {} fruits {summary}\n", imported.added))?;
        Ok(if imported.skipped > 0 { ExitCode::from(SOME_SKIPPED) } else { ExitCode::SUCCESS })
    }

    fn name(&self) -> String {
        if is_dash(&self.file) { "standard input".to_owned() } else { self.file.display().to_string() }
    }
}

fn explain(error: ImportError, name: &str) -> anyhow::Error {
    match error {
        ImportError::Catalogue(error) => anyhow::Error::new(error).context("nothing was added"),
        error => anyhow::Error::new(error).context(format!("nothing was added: {name}")),
    }
}
