//! Pictures of AV1, decoded by rav1d, whose only interface is dav1d's in C: a still one, or those of a stream.
//!
//! This crate is the one place of the workspace with `unsafe`: each call is one of that interface, with what its
//! documentation asks for. What comes out is safe to read: planes of samples, row by row.

mod units;

use std::{ffi::c_uint, mem::MaybeUninit, ptr::NonNull, slice};

pub use units::frames;

use rav1d::{
    Dav1dResult,
    include::dav1d::{
        data::Dav1dData,
        dav1d::{Dav1dContext, Dav1dLogger, Dav1dSettings},
        headers::Dav1dSequenceHeader,
        picture::Dav1dPicture,
    },
    src::lib::{
        dav1d_close, dav1d_data_create, dav1d_data_unref, dav1d_default_settings, dav1d_get_picture,
        dav1d_open, dav1d_parse_sequence_header, dav1d_picture_unref, dav1d_send_data,
    },
};

/// Frames in the works at a time. With one, rav1d 1.1 ends the process where a frame is damaged: it takes the
/// frame apart twice, and its C interface cannot unwind.
const FRAMES: i32 = 2;

/// Why there is no picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The data are no AV1, or are damaged.
    #[error("its AV1 data are damaged")]
    Malformed,
    /// The picture is larger than was allowed, or there is no memory for it.
    #[error("its AV1 picture is too large")]
    TooLarge,
    /// The data end before a picture is whole.
    #[error("its AV1 data hold no picture")]
    NoPicture,
    /// The data show more than the one picture that belongs to them.
    #[error("its AV1 data hold several pictures where one belongs")]
    SeveralPictures,
}

/// How the samples of colour differences lie beside those of luma.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// There are none: gray.
    Gray,
    /// Half as many across and down.
    Half,
    /// Half as many across.
    HalfAcross,
    /// As many.
    Full,
}

/// What the sequence header says: AV1 bitstream specification, 5.5.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// The largest width of a frame.
    pub width: u32,
    /// The largest height of a frame.
    pub height: u32,
    /// Bits of each sample: 8, 10 or 12.
    pub bits: u8,
    /// Which planes there are.
    pub layout: Layout,
    /// Whether samples use all their values, not those of television alone.
    pub full_range: bool,
    /// Matrix coefficients, by ITU-T H.273's number.
    pub matrix: u32,
}

impl Header {
    /// Reads the first sequence header in `data`, decoding nothing.
    pub fn parse(data: &[u8]) -> Result<Self, Error> {
        let start = NonNull::new(data.as_ptr().cast_mut()).ok_or(Error::Malformed)?;
        let mut header = MaybeUninit::<Dav1dSequenceHeader>::uninit();
        // SAFETY: the place may be written to, and start and length are those of a slice, which is only read.
        let result = unsafe {
            dav1d_parse_sequence_header(NonNull::new(header.as_mut_ptr()), Some(start), data.len())
        };
        check(result)?;
        // SAFETY: where it says so, it has written the header.
        Self::of(unsafe { header.assume_init_ref() })
    }

    fn of(header: &Dav1dSequenceHeader) -> Result<Self, Error> {
        let side = |side: i32| u32::try_from(side).map_err(|_| Error::Malformed);
        Ok(Self {
            width: side(header.max_width)?,
            height: side(header.max_height)?,
            bits: match header.hbd {
                0 => 8,
                1 => 10,
                _ => 12,
            },
            layout: layout(header.layout)?,
            full_range: header.color_range != 0,
            matrix: header.mtrx,
        })
    }
}

/// A decoded picture.
pub struct Picture {
    /// Held by the decoder's own counting of references.
    picture: Dav1dPicture,
    /// What its sequence header says, with the picture's own width and height.
    pub header: Header,
}

/// Pictures that follow each other, each decoded from those before it.
pub struct Stream(Decoder);

impl Stream {
    /// A stream of pictures of at most `pixels_max` pixels.
    pub fn open(pixels_max: u32) -> Result<Self, Error> {
        Decoder::open(pixels_max).map(Self)
    }

    /// Decodes the next temporal unit (AV1 bitstream specification, 7.5), which shows one picture. After an error
    /// the stream is of no more use.
    pub fn decode(&mut self, unit: &[u8]) -> Result<Picture, Error> {
        let mut input = Input::copy(unit)?;
        let mut found = None;
        // With several frames in the works, the decoder is asked once for what is done, and again for what is not yet.
        let mut is_asked = false;
        loop {
            let sent = if input.0.sz > 0 { self.0.send(&mut input) } else { Ok(()) };
            match sent {
                Ok(()) | Err(Error::NoPicture) => {}
                Err(error) => return Err(error),
            }
            match self.0.picture() {
                Ok(_) if found.is_some() => return Err(Error::SeveralPictures),
                Ok(picture) => found = Some(picture),
                Err(Error::NoPicture) if input.0.sz > 0 && sent.is_err() => return Err(Error::Malformed),
                Err(Error::NoPicture) if is_asked => return found.ok_or(Error::NoPicture),
                Err(Error::NoPicture) => is_asked = input.0.sz == 0,
                Err(error) => return Err(error),
            }
        }
    }
}

/// A row of samples.
#[derive(Debug, Clone, Copy)]
pub enum Row<'a> {
    /// Of 8 bits.
    Eight(&'a [u8]),
    /// Of 10 or 12 bits.
    More(&'a [u16]),
}

impl Picture {
    /// Decodes the first picture in `data`, of at most `pixels_max` pixels.
    pub fn decode(data: &[u8], pixels_max: u32) -> Result<Self, Error> {
        let decoder = Decoder::open(pixels_max)?;
        let mut input = Input::copy(data)?;
        loop {
            let sent = if input.0.sz > 0 { decoder.send(&mut input) } else { Ok(()) };
            match sent {
                Ok(()) | Err(Error::NoPicture) => {}
                Err(error) => return Err(error),
            }
            match decoder.picture() {
                Ok(picture) => return Ok(picture),
                // Nothing came out and nothing went in.
                Err(Error::NoPicture) if input.0.sz == 0 => return decoder.picture(),
                Err(Error::NoPicture) if sent.is_err() => return Err(Error::NoPicture),
                Err(Error::NoPicture) => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Width and height of a plane.
    pub fn plane(&self, plane: usize) -> (u32, u32) {
        let Header { width, height, .. } = self.header;
        match (plane, self.header.layout) {
            (0, _) | (1 | 2, Layout::Full) => (width, height),
            (1 | 2, Layout::HalfAcross) => (width.div_ceil(2), height),
            (1 | 2, Layout::Half) => (width.div_ceil(2), height.div_ceil(2)),
            _ => (0, 0),
        }
    }

    /// Row `y` of a plane: 0 is luma, 1 and 2 the differences of blue and red.
    ///
    /// # Panics
    ///
    /// Where there is no such row.
    pub fn row(&self, plane: usize, y: u32) -> Row<'_> {
        let (width, height) = self.plane(plane);
        assert!(y < height, "a plane of {height} rows has no row {y}");
        let start = self.picture.data[plane].expect("a plane with rows has data");
        let stride = self.picture.stride[usize::from(plane > 0)];
        // SAFETY: the decoder keeps as many rows, `stride` bytes from one to the next, as the picture's height
        // says, each of at least `width` samples, aligned for them, until the picture is given back; and
        // nobody writes to a picture that was handed out.
        unsafe {
            let row = start.byte_offset(stride * y.cast_signed() as isize);
            if self.header.bits == 8 {
                Row::Eight(slice::from_raw_parts(row.cast().as_ptr(), width as usize))
            } else {
                Row::More(slice::from_raw_parts(row.cast().as_ptr(), width as usize))
            }
        }
    }
}

impl Drop for Picture {
    fn drop(&mut self) {
        // SAFETY: the picture is one of the decoder's, and is not used again.
        unsafe { dav1d_picture_unref(Some(NonNull::from(&mut self.picture))) };
    }
}

/// Data on their way into the decoder, which takes them from the front.
struct Input(Dav1dData);

impl Input {
    fn copy(data: &[u8]) -> Result<Self, Error> {
        if data.is_empty() {
            return Err(Error::NoPicture);
        }
        let mut input = Self(Dav1dData::default());
        // SAFETY: the place may be written to.
        let place = unsafe { dav1d_data_create(Some(NonNull::from(&mut input.0)), data.len()) };
        let place = NonNull::new(place).ok_or(Error::TooLarge)?;
        // SAFETY: it has made room for so many bytes, which nobody else knows of.
        unsafe { place.as_ptr().copy_from_nonoverlapping(data.as_ptr(), data.len()) };
        Ok(input)
    }
}

impl Drop for Input {
    fn drop(&mut self) {
        // SAFETY: it was made by the decoder or is empty, and is not used again.
        unsafe { dav1d_data_unref(Some(NonNull::from(&mut self.0))) };
    }
}

struct Decoder(Option<Dav1dContext>);

impl Decoder {
    fn open(pixels_max: u32) -> Result<Self, Error> {
        let mut settings = MaybeUninit::<Dav1dSettings>::uninit();
        let place = NonNull::new(settings.as_mut_ptr()).ok_or(Error::Malformed)?;
        // SAFETY: the place may be written to, and is afterwards.
        let mut settings = unsafe {
            dav1d_default_settings(place);
            settings.assume_init()
        };
        settings.n_threads = FRAMES;
        settings.max_frame_delay = FRAMES;
        settings.frame_size_limit = pixels_max;
        settings.all_layers = 0;
        // SAFETY: a logger without a callback calls nothing. Nothing is printed from here.
        settings.logger = unsafe { Dav1dLogger::new(None, None) };
        let mut decoder = Self(None);
        // SAFETY: both places may be read and written.
        check(unsafe {
            dav1d_open(Some(NonNull::from(&mut decoder.0)), Some(NonNull::from(&mut settings)))
        })?;
        Ok(decoder)
    }

    fn send(&self, input: &mut Input) -> Result<(), Error> {
        // SAFETY: the decoder is open, and the data are its own.
        check(unsafe { dav1d_send_data(self.0, Some(NonNull::from(&mut input.0))) })
    }

    fn picture(&self) -> Result<Picture, Error> {
        let mut picture = Dav1dPicture::default();
        // SAFETY: the decoder is open, and the place may be written to.
        check(unsafe { dav1d_get_picture(self.0, Some(NonNull::from(&mut picture))) })?;
        let header = picture.seq_hdr.ok_or(Error::Malformed)?;
        // SAFETY: a picture keeps its sequence header.
        let mut header = Header::of(unsafe { header.as_ref() })?;
        let side = |side: i32| u32::try_from(side).map_err(|_| Error::Malformed);
        (header.width, header.height) = (side(picture.p.w)?, side(picture.p.h)?);
        header.layout = layout(picture.p.layout)?;
        header.bits = u8::try_from(picture.p.bpc).map_err(|_| Error::Malformed)?;
        Ok(Picture { picture, header })
    }
}

impl Drop for Decoder {
    fn drop(&mut self) {
        // SAFETY: it is open, and is not used again.
        unsafe { dav1d_close(Some(NonNull::from(&mut self.0))) };
    }
}

fn layout(number: c_uint) -> Result<Layout, Error> {
    match number {
        0 => Ok(Layout::Gray),
        1 => Ok(Layout::Half),
        2 => Ok(Layout::HalfAcross),
        3 => Ok(Layout::Full),
        _ => Err(Error::Malformed),
    }
}

/// What the interface answers: 0, or an error's number below it.
fn check(result: Dav1dResult) -> Result<(), Error> {
    const AGAIN: i32 = -11;
    const MEMORY: i32 = -12;
    const RANGE: i32 = -34;
    match result.0 {
        0 => Ok(()),
        AGAIN => Err(Error::NoPicture),
        MEMORY | RANGE => Err(Error::TooLarge),
        _ => Err(Error::Malformed),
    }
}
