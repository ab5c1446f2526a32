//! AVIF (AV1 Image File Format 1.1): the image that a file says is its own, or the pictures of its sequence, a page each.
//!
//! The boxes are read here; the AV1 in them is decoded by the `av1` crate. Which of the two a file is, where it has both,
//! its major brand says, as libavif, and so Pillow, has it.

mod colors;
mod drawing;
mod meta;
mod picture;
mod properties;
mod samples;
mod sequence;
mod still;
mod track;

use crate::{
    Format,
    boxes::{Fields, each},
    document::Document,
    embed::Context,
    error::Fault,
    input::Input,
    spool::Spooled,
};

/// Brings the image of an AVIF file, or each picture of its sequence, into the document.
pub(crate) fn embed(
    input: &mut Input<'_>,
    document: &mut Document<'_>,
    context: &mut Context<'_>,
) -> Result<(), Fault> {
    let bytes = input.spool(context.limits)?;
    let file = Spooled { format: Format::Avif, bytes: &bytes };
    match Content::read(file)? {
        Content::Still { meta, has_movie } => {
            if has_movie {
                context.warn("the sequence beside the still picture is left out, as its major brand says");
            }
            still::embed(file, meta, input, document, context)
        }
        Content::Sequence { movie } => sequence::embed(file, movie, input, document, context),
    }
}

/// What a file is, and where in it that is described.
enum Content {
    Still { meta: (u64, u64), has_movie: bool },
    Sequence { movie: (u64, u64) },
}

impl Content {
    /// Reads the boxes of a file, each to its end.
    fn read(file: Spooled<'_>) -> Result<Self, Fault> {
        let (mut brand, mut meta, mut movie) = (None, None, None);
        each(file, 0, file.bytes.len() as u64, |kind, start, end| {
            match &kind {
                b"ftyp" if brand.is_none() => {
                    brand = Some(Fields::new(file, "ftyp", start, end).array()?);
                }
                b"meta" if meta.is_none() => meta = Some((start, end)),
                b"moov" if movie.is_none() => movie = Some((start, end)),
                _ => {}
            }
            Ok(())
        })?;
        match (brand.as_ref(), meta, movie) {
            (Some(b"avis"), _, None) => Err(file.fault("says that it is a sequence, and has none")),
            (Some(b"avif"), Some(meta), _) => Ok(Self::Still { meta, has_movie: movie.is_some() }),
            (_, _, Some(movie)) => Ok(Self::Sequence { movie }),
            (_, Some(meta), None) => Ok(Self::Still { meta, has_movie: false }),
            (_, None, None) => Err(file.fault("has no box that says what its images are")),
        }
    }
}
