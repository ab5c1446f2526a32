//! Animations: a page for each frame, as it is seen when its turn comes (PNG, third edition, section 11.3.6).
//!
//! A frame that covers the whole canvas and lets nothing below it through is a PNG of its own: it is copied or split as one,
//! and drawn beside that where a later frame may show it. Any other is drawn over what the frames before left, and what is
//! seen then is packed. A default image that is no frame of the animation comes first, on a page of its own.

use super::{
    ancillary::{Ancillary, Key},
    canvas::{Canvas, Layer},
    chunk::Chunks,
    color, embed_image, embedding,
    header::{ColorType, Header},
    idat::{self, Data, Target},
    rows::Row,
};
use crate::{
    Embedding, Format,
    document::{Color, Document, Ref},
    embed::{Context, Shown},
    error::{Count, Fault},
    metadata::exif::Exif,
};

/// Bytes of a frame's description.
const CONTROL_BYTES: u32 = 26;

/// What stands before the image data of the default image.
#[derive(Default)]
pub(super) struct Animation {
    /// How many frames there are to be; nothing where the PNG is none.
    frames: Option<u32>,
    /// The first frame, where the default image is that.
    first: Option<Control>,
    sequence: Sequence,
}

/// The number that the next description or image data of a frame must have.
#[derive(Default)]
pub(super) struct Sequence(u32);

/// What fcTL says of a frame.
#[derive(Debug, Clone, Copy)]
pub(super) struct Control {
    pub(super) left: u32,
    pub(super) top: u32,
    pub(super) width: u32,
    pub(super) height: u32,
    /// Whether its alpha is heeded, or replaces what is below together with its colours.
    pub(super) over: bool,
    disposal: Disposal,
}

/// What becomes of a frame before the next one is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Disposal {
    Keep,
    Clear,
    Restore,
}

/// A frame that is in the document.
struct Embedded {
    image: Ref,
    bits: u8,
    embedding: Embedding,
    transparency: bool,
}

/// An animation that is being read.
struct Player<'p, 'i, 'a> {
    chunks: &'p mut Chunks<'i, 'a>,
    header: &'p Header,
    ancillary: &'p mut Ancillary,
    /// Without a palette.
    color: Color<'static>,
    sequence: Sequence,
    /// How many frames are still to come.
    left: u32,
    /// Whether there are more of them than there are to be.
    surplus: bool,
    /// What the frames until now left; nothing where that is nothing.
    canvas: Option<Canvas>,
}

impl Animation {
    /// Reads how many frames there are.
    pub(super) fn announce(&mut self, chunks: &mut Chunks<'_, '_>) -> Result<(), Fault> {
        let [f0, f1, f2, f3, ..] = chunks.read_array::<8>()?;
        if self.frames.replace(u32::from_be_bytes([f0, f1, f2, f3])).is_some() {
            return Err(chunks.fault("announces an animation a second time"));
        }
        Ok(())
    }

    /// Reads the description of the first frame, which the default image is.
    pub(super) fn control_first(
        &mut self,
        chunks: &mut Chunks<'_, '_>,
        header: &Header,
    ) -> Result<(), Fault> {
        if self.first.is_some() {
            return Err(chunks.fault("describes a frame before the last one has image data"));
        }
        let first = Control::read(chunks, header, &mut self.sequence)?;
        if !first.covers(header) {
            return Err(chunks.fault("describes a first frame that is not as large as the image"));
        }
        self.first = Some(first);
        Ok(())
    }

    /// Whether there is one, with frames to show; the report says where there is none.
    pub(super) fn is_shown(&self, context: &mut Context<'_>) -> bool {
        if self.frames == Some(0) {
            context.warn("the animation is left out: it says that it has no frames");
        }
        !context.options.first_frame_only && self.frames.is_some_and(|frames| frames > 0)
    }
}

impl Sequence {
    /// Reads the number that the chunk begins with, and checks that it is the next one.
    pub(super) fn check(&mut self, chunks: &mut Chunks<'_, '_>) -> Result<(), Fault> {
        let number = chunks.number()?;
        if number != self.0 {
            let [number, expected] = [number, self.0].map(|number| Count(number.into()));
            return Err(chunks.fault(format_args!(
                "is number {number} of the animation, and {expected} must come: a part is missing or not in its place"
            )));
        }
        self.0 = self.0.wrapping_add(1);
        Ok(())
    }
}

impl Control {
    fn read(chunks: &mut Chunks<'_, '_>, header: &Header, sequence: &mut Sequence) -> Result<Self, Fault> {
        if chunks.length() != CONTROL_BYTES {
            let length = Count(chunks.length().into());
            return Err(chunks.fault(format_args!("has {length} bytes and must have {CONTROL_BYTES}")));
        }
        sequence.check(chunks)?;
        let [w0, w1, w2, w3, h0, h1, h2, h3, x0, x1, x2, x3, y0, y1, y2, y3, _, _, _, _, disposal, blend] =
            chunks.read_array()?;
        let [width, height, left, top] =
            [[w0, w1, w2, w3], [h0, h1, h2, h3], [x0, x1, x2, x3], [y0, y1, y2, y3]].map(u32::from_be_bytes);
        if width == 0 || height == 0 {
            return Err(chunks.fault("describes a frame without pixels"));
        }
        let is_within =
            |start: u32, length: u32, side| start.checked_add(length).is_some_and(|end| end <= side);
        if !is_within(left, width, header.width) || !is_within(top, height, header.height) {
            return Err(chunks.fault("describes a frame that is not within the image"));
        }
        let disposal = match disposal {
            0 => Disposal::Keep,
            1 => Disposal::Clear,
            2 => Disposal::Restore,
            _ => return Err(chunks.fault("names a way to dispose of a frame that does not exist")),
        };
        if blend > 1 {
            return Err(chunks.fault("names a way to blend a frame that does not exist"));
        }
        Ok(Self { left, top, width, height, over: blend == 1, disposal })
    }

    /// Whether nothing else is seen beside the frame.
    pub(super) fn covers(&self, header: &Header) -> bool {
        (self.width, self.height) == (header.width, header.height)
    }
}

/// Brings each frame into the document and shows it, from the default image on, whose data were just begun.
pub(super) fn embed(
    chunks: &mut Chunks<'_, '_>,
    document: &mut Document<'_>,
    context: &mut Context<'_>,
    header: &Header,
    ancillary: &mut Ancillary,
) -> Result<(), Fault> {
    let Animation { frames, first, sequence } = std::mem::take(&mut ancillary.animation);
    let Color { space, profile, .. } = color(document, context, header, ancillary)?;
    let color = Color { space, profile, palette: None };
    let left = frames.unwrap_or(0);
    let mut player =
        Player { chunks, header, ancillary, color, sequence, left, surplus: false, canvas: None };

    let mut embedded = match first {
        Some(control) => player.frame(document, context, control, true)?,
        None => player.alone(document, context, header, true, None)?,
    };
    let mut next = player.next(context)?;
    // What else is said is known by now, mostly; of what comes later, the pages that are done would not know.
    let exif = player.ancillary.exif;
    loop {
        if next.is_none() && player.ancillary.exif != exif {
            context.warn("the Exif data are left out: they stand behind the first frames");
        }
        show(document, context, header, &embedded, player.ancillary, exif)?;
        let Some(control) = next else { return Ok(()) };
        context.wants_frame(Format::Png)?;
        embedded = player.frame(document, context, control, false)?;
        next = player.next(context)?;
    }
}

fn show(
    document: &mut Document<'_>,
    context: &mut Context<'_>,
    header: &Header,
    embedded: &Embedded,
    ancillary: &Ancillary,
    exif: Option<Exif>,
) -> Result<(), Fault> {
    let shown = Shown {
        image: embedded.image,
        format: Format::Png,
        width: header.width,
        height: header.height,
        bits_per_sample: embedded.bits,
        densities: &[ancillary.density, exif.and_then(|exif| exif.density)],
        orientation: exif.unwrap_or_default().orientation,
        embedding: embedded.embedding,
        transparency: embedded.transparency,
    };
    context.show(document, &shown)
}

impl Player<'_, '_, '_> {
    /// Reads up to the image data of the next frame; nothing where the file ends, and all frames have come.
    fn next(&mut self, context: &mut Context<'_>) -> Result<Option<Control>, Fault> {
        let mut control = None;
        loop {
            match &self.chunks.kind().0 {
                b"IEND" if control.is_some() => {
                    return Err(self.chunks.fault("ends the image before its last frame has image data"));
                }
                b"IEND" if self.left > 0 => {
                    let left = Count(self.left.into());
                    return Err(Fault::malformed(format!(
                        "the PNG ends before all the frames have come that its chunk acTL announces: {left} missing"
                    )));
                }
                b"IEND" => {
                    self.chunks.skip()?;
                    return Ok(None);
                }
                b"acTL" => return Err(self.chunks.fault("announces an animation a second time")),
                b"fcTL" | b"fdAT" if self.left == 0 => {
                    if !std::mem::replace(&mut self.surplus, true) {
                        context.warn(
                            "the frames behind this one are left out: there are more than the animation says",
                        );
                    }
                    self.chunks.skip()?;
                }
                b"fcTL" if control.is_some() => {
                    return Err(self.chunks.fault("describes a frame before the last one has image data"));
                }
                b"fcTL" => control = Some(Control::read(self.chunks, self.header, &mut self.sequence)?),
                b"fdAT" if control.is_none() => {
                    return Err(self.chunks.fault("has image data of a frame that nothing describes"));
                }
                b"fdAT" => return Ok(control),
                _ => self.ancillary.read_behind(self.chunks, context)?,
            }
            self.chunks.next()?;
        }
    }

    /// Brings the frame into the document whose image data were just begun, the default image's or others.
    fn frame(
        &mut self,
        document: &mut Document<'_>,
        context: &mut Context<'_>,
        control: Control,
        is_default: bool,
    ) -> Result<Embedded, Fault> {
        self.left -= 1;
        let header = Header { width: control.width, height: control.height, ..*self.header };
        let is_opaque = !header.color.has_alpha() && self.ancillary.key.is_none();
        let is_alone = control.covers(self.header) && (!control.over || is_opaque || self.canvas.is_none());
        // What is below the next frame: nothing where there is no next one.
        let disposal = if self.left > 0 { control.disposal } else { Disposal::Clear };
        if is_alone && (disposal == Disposal::Clear || disposal == Disposal::Restore && self.canvas.is_none())
        {
            self.canvas = None;
            return self.alone(document, context, &header, is_default, None);
        }
        // Interlaced, it would be held a second time.
        if is_alone && !header.interlaced {
            let beside = (disposal == Disposal::Keep).then_some(Control { over: false, ..control });
            return self.alone(document, context, &header, is_default, beside);
        }

        context.check_decoded(Format::Png, self.header.width, self.header.height)?;
        let mut canvas = match self.canvas.take() {
            Some(canvas) => canvas,
            None => Canvas::new(self.header, context.limits)?,
        };
        if disposal == Disposal::Restore {
            canvas.save(&control, context.limits)?;
        }
        // Nothing of the frames before is left then.
        canvas.is_rounded &= control.over || !control.covers(self.header);
        let mut layer = Layer::new(&mut canvas, &control, &header, self.ancillary);
        let mut draw = |row: Row<'_>| layer.draw(row);
        let sequence = (!is_default).then_some(&mut self.sequence);
        let data = Data { chunks: self.chunks, sequence, beside: Some(&mut draw) };
        idat::read(data, context, &header, &mut Nowhere)?;
        if layer.is_mixed() {
            canvas.is_rounded = true;
            context.change(
                "where the frame lets through in part what is below, the colours are mixed of both, and rounded",
            );
        } else if canvas.is_rounded {
            context.change(
                "colours that an earlier frame was mixed to, and which were rounded, may be seen yet",
            );
        }
        let (image, transparency) = canvas.pack(document, context, self.color)?;
        let bits = canvas.bits();
        match disposal {
            Disposal::Keep => self.canvas = Some(canvas),
            Disposal::Clear if control.covers(self.header) || self.left == 0 => {}
            Disposal::Clear => {
                canvas.clear(&control);
                self.canvas = Some(canvas);
            }
            Disposal::Restore => {
                canvas.restore(&control);
                self.canvas = Some(canvas);
            }
        }
        Ok(Embedded { image, bits, embedding: Embedding::Packed, transparency })
    }

    /// Brings an image into the document of which nothing else is seen; draws it beside that, where it says how.
    fn alone(
        &mut self,
        document: &mut Document<'_>,
        context: &mut Context<'_>,
        header: &Header,
        is_default: bool,
        beside: Option<Control>,
    ) -> Result<Embedded, Fault> {
        let embedding = embedding(header);
        if embedding != Embedding::Copied
            || beside.is_some()
            || matches!(self.ancillary.key, Some(Key::Alphas(_)))
        {
            context.check_decoded(Format::Png, header.width, header.height)?;
        }
        let canvas = match (beside, &mut self.canvas) {
            (None, _) => None,
            (Some(control), Some(canvas)) => Some((control, canvas)),
            (Some(control), none) => Some((control, none.insert(Canvas::new(header, context.limits)?))),
        };
        let mut layer = canvas.map(|(control, canvas)| Layer::new(canvas, &control, header, self.ancillary));
        let mut draw = layer.as_mut().map(|layer| |row: Row<'_>| layer.draw(row));
        let data = Data {
            chunks: self.chunks,
            sequence: (!is_default).then_some(&mut self.sequence),
            beside: draw.as_mut().map(|draw| draw as &mut dyn FnMut(Row<'_>)),
        };
        let palette = (header.color == ColorType::Indexed).then_some(self.ancillary.palette.as_slice());
        let color = Color { palette, ..self.color };
        let image = embed_image(data, document, context, header, self.ancillary, color)?;
        let transparency = header.color.has_alpha() || self.ancillary.key.is_some();
        Ok(Embedded { image, bits: header.bits, embedding, transparency })
    }
}

/// Where image data go that are only drawn.
struct Nowhere;

impl Target for Nowhere {
    const WANTS_ROWS: bool = false;

    fn compressed(&mut self, _: &[u8]) -> Result<(), Fault> {
        Ok(())
    }

    fn row(&mut self, _: Row<'_>) -> Result<(), Fault> {
        Ok(())
    }
}
