//! `fruitpress export`: the catalogue's fruits into a file.

use std::{
    fs::File,
    io::{self, ErrorKind, Write},
    path::PathBuf,
    process::ExitCode,
};

use fruits::{
    settings::Location,
    store::Snapshot,
    transfer::{self, ExportError, Format},
};

use super::{block_on, catalogue::Catalogue, is_dash, output::Output, progress::Progress, say};

/// Writes every fruit of the catalogue to a file, ordered by id, as an import reads it.
///
/// The export is one state of the catalogue, and may be made while it is served. The file is whole or not there at all.
/// CSV keeps every text as it is, also one that a spreadsheet takes for a formula (=…): import the columns as text
/// there, or use another format.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The file to write; `-` is standard output.
    #[arg(value_name = "FILE", default_value = "-")]
    file: PathBuf,

    /// The file's format; unset, its extension tells (.json, .ndjson, .jsonl or .csv), and standard output is JSON.
    #[arg(long, value_enum)]
    format: Option<Format>,

    #[command(flatten)]
    catalogue: Catalogue,
}

impl Args {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let location = self.catalogue.location()?;
        if is_dash(&self.file) {
            let format = self.format.unwrap_or(Format::Json);
            // A reader that went away (`| head`) is a failure too: what it has is not the catalogue.
            self.write(&location, io::stdout().lock(), format, &mut Progress::start())?;
            return Ok(ExitCode::SUCCESS);
        }
        let format = super::format(self.format, &self.file)?;
        let mut progress = Progress::start();
        let output = Output::at(&self.file, &catalogue_files(&location), "a file of the catalogue")?;
        let written = output.write(|mut file| {
            let written = self.write(&location, &mut file, format, &mut progress)?;
            sync(&file).map_err(|error| self.explain(error.into()))?;
            Ok(written)
        })?;
        progress.clear();
        say(&format!("exported {written} fruits {}\n", progress.summary(written)))?;
        Ok(ExitCode::SUCCESS)
    }

    fn write(
        &self,
        location: &Location,
        sink: impl Write,
        format: Format,
        progress: &mut Progress,
    ) -> anyhow::Result<u64> {
        block_on(async {
            let catalogue = Snapshot::open(location).await?;
            let written = transfer::export(catalogue, sink, format, |rows| progress.rows(rows)).await;
            written.map_err(|error| self.explain(error))
        })
    }

    fn explain(&self, error: ExportError) -> anyhow::Error {
        let about = match &error {
            ExportError::Catalogue(_) => "the catalogue cannot be read".to_owned(),
            ExportError::Unwritable(_) if is_dash(&self.file) => "standard output".to_owned(),
            ExportError::Unwritable(_) => self.file.display().to_string(),
        };
        anyhow::Error::new(error).context(about)
    }
}

/// What is said to be exported is on the disk. A pipe or a device has none.
fn sync(file: &File) -> io::Result<()> {
    match file.sync_all() {
        Err(error) if error.kind() == ErrorKind::InvalidInput => Ok(()),
        synced => synced,
    }
}

/// The files that an export must not take the place of.
fn catalogue_files(location: &Location) -> Vec<PathBuf> {
    match location {
        Location::Sqlite(path) => ["", "-wal", "-shm", ".lock"]
            .map(|suffix| {
                let mut file = path.clone().into_os_string();
                file.push(suffix);
                file.into()
            })
            .into(),
        Location::Postgres(_) => Vec::new(),
    }
}
