//! The flags for what a PDF says of itself, named as `img2pdf` names them.

use pdf_engine::{Date, Metadata, ParseTextError, Text};

/// Texts of at most 2,000 characters, without line breaks.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "What the PDF says of itself")]
pub(super) struct MetadataArgs {
    /// The document's title; each of these texts may have 2,000 characters, and no line breaks.
    #[arg(long, value_name = "TEXT")]
    title: Option<Text>,

    /// Who made the document.
    #[arg(long, value_name = "TEXT")]
    author: Option<Text>,

    /// What it is about.
    #[arg(long, value_name = "TEXT")]
    subject: Option<Text>,

    /// Words to find it by, with commas between them; may be given several times.
    #[arg(long, value_name = "WORD,…", value_delimiter = ',', value_parser = keyword)]
    keywords: Vec<Text>,

    /// The program that made what is converted.
    #[arg(long, value_name = "TEXT")]
    creator: Option<Text>,

    /// The program that converts it.
    #[arg(long, value_name = "TEXT")]
    producer: Option<Text>,

    /// When it was made, such as 2026-03-31 or 2026-03-31T18:30+02:00. Unset, no date is written, so that the same
    /// images give the same bytes.
    #[arg(long, value_name = "DATE")]
    creationdate: Option<Date>,

    /// When it was changed last, written as the date before.
    #[arg(long, value_name = "DATE")]
    moddate: Option<Date>,

    /// Changes nothing: no date is written but those that are given. For scripts that were written for img2pdf.
    #[arg(short = 'D', long)]
    nodate: bool,
}

impl MetadataArgs {
    /// What the engine is told of them.
    pub(super) fn metadata(&self) -> Metadata {
        let mut metadata = Metadata::default();
        metadata.title.clone_from(&self.title);
        metadata.author.clone_from(&self.author);
        metadata.subject.clone_from(&self.subject);
        metadata.keywords.clone_from(&self.keywords);
        metadata.creator.clone_from(&self.creator);
        metadata.producer.clone_from(&self.producer);
        metadata.creation_date.clone_from(&self.creationdate);
        metadata.modification_date.clone_from(&self.moddate);
        metadata
    }
}

/// A keyword; the space behind a comma is none of it.
fn keyword(text: &str) -> Result<Text, ParseTextError> {
    text.trim().parse()
}
