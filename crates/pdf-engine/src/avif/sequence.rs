//! The pictures of a sequence, each of which is decoded from those before it: a page each, in the order of their samples,
//! in which AV1 shows them, too.

use super::{
    drawing::Drawing,
    meta::Meta,
    picture::{Tiles, damage, frames, header, held},
    track::{Track, Tracks},
};
use crate::{
    Format,
    document::Document,
    embed::Context,
    error::{Count, Fault},
    input::Input,
    pack::check_held,
    page::Density,
    spool::Spooled,
};
use av1::{Header, Stream};

/// The samples of a track, which are to be decoded.
struct Samples<'s> {
    /// Each with the number of frames in it.
    samples: Vec<(&'s [u8], u64)>,
    header: Header,
}

/// A track that is being decoded.
struct Decoding<'s> {
    samples: std::vec::IntoIter<(&'s [u8], u64)>,
    header: Header,
    stream: Stream,
}

/// Brings each picture of the movie that is described in this place into the document.
pub(super) fn embed(
    file: Spooled<'_>,
    (start, end): (u64, u64),
    input: &Input<'_>,
    document: &mut Document<'_>,
    context: &mut Context<'_>,
) -> Result<(), Fault> {
    let Tracks { pictures: track, alpha: alpha_track, premultiplied } = Tracks::read(file, start, end)?;
    let properties = track.properties(file)?;
    let size = properties.size;
    context.limits.check_size(Format::Avif.name(), size.0, size.1)?;
    let count = track.table.count(file)?;
    let wanted = context.wanted_frames(Format::Avif, count)?;
    let samples = Samples::plan(file, context, &track, size, wanted)?;
    let alpha_samples = match &alpha_track {
        Some(track) => {
            if track.properties(file)?.size != size {
                return Err(file.fault("has an alpha of another size than its pictures"));
            }
            Some(Samples::plan(file, context, track, size, wanted)?)
        }
        None => None,
    };
    let held = samples.held().saturating_add(alpha_samples.as_ref().map_or(0, Samples::held));
    check_held(held, context.limits, "the AVIF")?;
    warn(&track, size, context);

    let density = density(file, &track);
    let drawing = Drawing::new(file, document, context, &properties, samples.header, density)?;
    let mut pictures = samples.decode(file)?;
    let mut alphas = alpha_samples.map(|samples| samples.decode(file)).transpose()?;
    for _ in 0..wanted {
        let frames = pictures.frames().max(alphas.as_ref().map_or(0, Decoding::frames));
        // Those that are not shown cost as much.
        for _ in 0..frames.max(1) {
            context.check_decoded(Format::Avif, size.0, size.1)?;
        }
        if input.cancel().is_cancelled() {
            return Err(Fault::Cancelled);
        }
        let tiles = pictures.next(file)?;
        let alpha = alphas.as_mut().map(|alphas| alphas.next(file)).transpose()?;
        drawing.show(document, context, &tiles, alpha.as_ref(), premultiplied)?;
    }
    Ok(())
}

/// Notes what the track says of its place on a screen.
fn warn(track: &Track, size: (u32, u32), context: &mut Context<'_>) {
    if track.is_moved {
        context.warn("the matrix of the track, which moves or turns it, is left out, as libavif does");
    }
    if track.shown != size {
        let (width, height) = track.shown;
        context.warn(format!(
            "the track is to be shown at {} × {} pixels, and keeps those it has",
            Count(width.into()),
            Count(height.into())
        ));
    }
}

/// What Exif says beside the pictures of a track.
fn density(file: Spooled<'_>, track: &Track) -> Option<Density> {
    let (start, end) = track.meta?;
    let meta = Meta::read(file, start, end).ok()?;
    meta.ids().find_map(|id| meta.exif_density(file, id))
}

impl<'s> Samples<'s> {
    /// Looks at so many samples of a track; those that are not wanted must be there all the same.
    fn plan(
        file: Spooled<'s>,
        context: &Context<'_>,
        track: &Track,
        size: (u32, u32),
        wanted: u32,
    ) -> Result<Self, Fault> {
        let mut samples = track.table.read(file, context.limits.frames_max.max(wanted))?;
        if samples.len() < wanted as usize {
            return Err(file.fault(format_args!(
                "has {} pictures, and an alpha of {}",
                Count(wanted.into()),
                Count(samples.len() as u64)
            )));
        }
        samples.truncate(wanted as usize);
        let header = header(file, samples.first().copied().unwrap_or_default(), size)?;
        let counted = |sample| frames(file, sample).map(|frames| (sample, frames));
        Ok(Self { samples: samples.into_iter().map(counted).collect::<Result<_, Fault>>()?, header })
    }

    /// Bytes that are held while they are decoded, at most.
    fn held(&self) -> u64 {
        let frames = self.samples.iter().map(|(_, frames)| frames).sum();
        held((self.header.width, self.header.height), self.header, 1, frames)
    }

    fn decode(self, file: Spooled<'_>) -> Result<Decoding<'s>, Fault> {
        let Self { samples, header } = self;
        let pixels = u64::from(header.width) * u64::from(header.height);
        let pixels = u32::try_from(pixels).unwrap_or(u32::MAX);
        let stream = Stream::open(pixels).map_err(|error| damage(file, error))?;
        Ok(Decoding { samples: samples.into_iter(), header, stream })
    }
}

impl Decoding<'_> {
    /// Frames in the next sample.
    fn frames(&self) -> u64 {
        self.samples.as_slice().first().map_or(0, |(_, frames)| *frames)
    }

    /// The picture of the next sample.
    fn next(&mut self, file: Spooled<'_>) -> Result<Tiles, Fault> {
        let (sample, _) = self.samples.next().unwrap_or_default();
        let picture = self.stream.decode(sample).map_err(|error| damage(file, error))?;
        Tiles::whole(file, picture, self.header)
    }
}
