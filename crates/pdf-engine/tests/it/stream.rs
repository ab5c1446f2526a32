use std::{
    cell::Cell,
    io::{self, BufRead, BufReader, Cursor, Read, Write},
};

use pdf_engine::{Cancel, Error, Limits, Options, Source, convert};

use crate::support::{
    convert_one,
    fixtures::{Fixture, animations, jpegs, pngs, stored},
    jpeg::{Jpeg, YCC},
    pdf,
    png::Png,
};

fn all() -> Vec<Fixture> {
    pngs().into_iter().chain(jpegs()).collect()
}

/// Converts from any reader into any writer.
fn run(reader: impl BufRead, sink: &mut dyn Write, cancel: &Cancel) -> Result<u64, Error> {
    let report = convert([Source::new(reader)], sink, &Options::default(), &Limits::default(), cancel)?;
    Ok(report.bytes)
}

#[test]
fn the_same_image_gives_the_same_bytes_however_it_arrives() {
    for fixture in all().into_iter().chain(animations().into_iter().step_by(7)) {
        let (whole, _) = convert_one(&fixture.bytes).unwrap();
        for buffer in [1, 7, 512, 513] {
            let mut bytes = Vec::new();
            let reader = BufReader::with_capacity(buffer, fixture.bytes.as_slice());
            run(reader, &mut bytes, &Cancel::new()).unwrap();
            assert!(bytes == whole, "{} by {buffer} bytes", fixture.name);
        }
    }
}

#[test]
fn many_images_are_pages_in_order() {
    let fixtures = all();
    let sources = || fixtures.iter().map(|fixture| Source::new(fixture.bytes.as_slice()));
    let mut bytes = Vec::new();
    let report =
        convert(sources(), &mut bytes, &Options::default(), &Limits::default(), &Cancel::new()).unwrap();
    pdf::check(&bytes);
    assert_eq!(report.pages.len(), fixtures.len());
    assert!(pdf::text(&bytes).contains(&format!("/Count {}", fixtures.len())));
    for (index, page) in report.pages.iter().enumerate() {
        assert_eq!(page.index, index);
    }
}

#[test]
fn an_error_says_which_image_it_is_about() {
    let good = Png::new(9, 9, 2, 8).bytes();
    let sources = [Source::new(good.as_slice()), Source::new(&good[..60]), Source::new(good.as_slice())];
    let error = convert(sources, &mut Vec::new(), &Options::default(), &Limits::default(), &Cancel::new())
        .unwrap_err();
    assert_eq!(error.index(), Some(1), "{error}");
    assert_eq!(error.to_string(), "the PNG ends after 60 bytes, inside chunk IDAT");
}

/// Between two good ones, a source that breaks off anywhere leaves a PDF of two pages.
#[test]
fn a_source_that_fails_can_be_left_out() {
    let good = Png::new(9, 9, 2, 8).bytes();
    let mut options = Options::default();
    options.skip_failed = true;
    let skip = |sources: [&[u8]; 3]| {
        let mut bytes = Vec::new();
        let sources = sources.map(Source::new);
        let report = convert(sources, &mut bytes, &options, &Limits::default(), &Cancel::new())?;
        pdf::check(&bytes);
        assert_eq!(report.bytes, bytes.len() as u64);
        Ok::<_, Error>((bytes, report))
    };
    for fixture in all() {
        let whole = fixture.bytes.as_slice();
        for cut in (0..fixture.significant).step_by(fixture.significant / 9 + 1) {
            let Ok((bytes, report)) = skip([&good, &whole[..cut], &good]) else {
                panic!("{} cut after {cut} bytes", fixture.name)
            };
            assert_eq!(report.pages.iter().map(|page| page.index).collect::<Vec<_>>(), [0, 2]);
            assert_eq!(report.skipped.iter().map(Error::index).collect::<Vec<_>>(), [Some(1)]);
            assert!(pdf::text(&bytes).contains("/Count 2"), "{} cut after {cut} bytes", fixture.name);
        }
    }
    let error = skip([&good[..60], b"", &good[..9]]).unwrap_err();
    let Error::Sources(errors) = error else { panic!("{error:?}") };
    assert_eq!(errors.iter().map(Error::index).collect::<Vec<_>>(), [Some(0), Some(1), Some(2)]);
    assert_eq!(errors[0].to_string(), "the PNG ends after 60 bytes, inside chunk IDAT");
}

#[test]
fn nothing_is_no_pdf() {
    let error =
        convert([], &mut Vec::new(), &Options::default(), &Limits::default(), &Cancel::new()).unwrap_err();
    assert!(matches!(error, Error::NoSource), "{error:?}");
    let error = run(io::empty(), &mut Vec::new(), &Cancel::new()).unwrap_err();
    assert_eq!(error.to_string(), "the image is empty");
}

#[test]
fn the_default_resolution_can_be_chosen() {
    let mut options = Options::default();
    assert_eq!(options.dpi_default, "96".parse().unwrap());
    for (dpi, expected) in [("72", [40.0, 20.0]), ("96", [30.0, 15.0]), ("150", [19.2, 9.6])] {
        options.dpi_default = dpi.parse().unwrap();
        let image = Png::new(40, 20, 2, 8).bytes();
        let source = [Source::new(image.as_slice())];
        let report = convert(source, &mut Vec::new(), &options, &Limits::default(), &Cancel::new()).unwrap();
        assert_eq!(report.pages[0].page_points, expected);
    }
}

/// A reader that fails, or is interrupted once, after its bytes.
struct Failing<'a> {
    bytes: &'a [u8],
    then: Vec<u8>,
    kinds: Vec<io::ErrorKind>,
}

impl Read for Failing<'_> {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        unreachable!("the engine reads through the buffer")
    }
}

impl BufRead for Failing<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.bytes.is_empty() {
            if let Some(kind) = self.kinds.pop() {
                return Err(kind.into());
            }
            return Ok(&self.then);
        }
        Ok(self.bytes)
    }

    fn consume(&mut self, count: usize) {
        if self.bytes.is_empty() {
            self.then.drain(..count);
        } else {
            self.bytes = &self.bytes[count..];
        }
    }
}

#[test]
fn a_source_that_fails_is_told_from_a_sink_that_fails() {
    let (png, jpeg) = (Png::new(200, 200, 6, 8).bytes(), Jpeg::new(600, 400, YCC).bytes());
    for image in [png.as_slice(), jpeg.as_slice()] {
        for place in [0, 1, 100, image.len() / 2, image.len() - 1] {
            let reader =
                Failing { bytes: &image[..place], then: Vec::new(), kinds: vec![io::ErrorKind::TimedOut] };
            match run(reader, &mut Vec::new(), &Cancel::new()) {
                Err(Error::Source { index: 0, error }) => assert_eq!(error.kind(), io::ErrorKind::TimedOut),
                other => panic!("{other:?}"),
            }
        }
        let interrupted = Failing {
            bytes: &image[..200],
            then: image[200..].to_vec(),
            kinds: vec![io::ErrorKind::Interrupted, io::ErrorKind::Interrupted],
        };
        run(interrupted, &mut Vec::new(), &Cancel::new()).unwrap();
    }
}

/// A sink with room for so many bytes.
struct Full(usize);

impl Write for Full {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0 == 0 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let taken = bytes.len().min(self.0);
        self.0 -= taken;
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.0 == 0 { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    }
}

#[test]
fn a_sink_that_fails_anywhere_is_an_error() {
    for image in
        [Png::new(300, 200, 6, 8).bytes(), Png::new(300, 200, 2, 8).bytes(), Jpeg::new(900, 900, YCC).bytes()]
    {
        let length = convert_one(&image).unwrap().0.len();
        for room in [0, 1, 70_000.min(length - 1), length - 1, length] {
            let error = run(image.as_slice(), &mut Full(room), &Cancel::new()).unwrap_err();
            assert!(
                matches!(&error, Error::Sink(error) if error.kind() == io::ErrorKind::StorageFull),
                "{error:?}"
            );
            assert_eq!(error.index(), None);
        }
        run(image.as_slice(), &mut Full(length + 1), &Cancel::new()).unwrap();
    }
}

/// A reader that sets the flag when it has given so many bytes, and never ends.
struct Endless<'a> {
    head: Cursor<Vec<u8>>,
    given: usize,
    cancel: &'a Cancel,
    cancel_after: usize,
}

impl Read for Endless<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.given += buffer.len();
        assert!(self.given < self.cancel_after + (1 << 20), "the flag is not polled");
        if self.given >= self.cancel_after {
            self.cancel.cancel();
        }
        let count = self.head.read(buffer)?;
        if count == 0 {
            buffer.fill(0x55);
            return Ok(buffer.len());
        }
        Ok(count)
    }
}

#[test]
fn a_cancelled_conversion_stops_though_the_source_never_ends() {
    let mut png = Png::new(9, 9, 2, 8).bytes();
    png.truncate(33);
    png.extend(0x7fff_ffff_u32.to_be_bytes());
    png.extend(b"zzZz");
    let mut jpeg = Jpeg::new(60_000, 60_000, &[(1, 1, 1)]);
    jpeg.height = 8;
    let mut jpeg = jpeg.bytes();
    jpeg.truncate(jpeg.len() - 100);
    for head in [png, jpeg] {
        let cancel = Cancel::new();
        let reader =
            Endless { head: Cursor::new(head), given: 0, cancel: &cancel.clone(), cancel_after: 8 << 20 };
        let error = run(BufReader::new(reader), &mut io::sink(), &cancel).unwrap_err();
        assert!(matches!(error, Error::Cancelled), "{error:?}");
    }
    let cancel = Cancel::new();
    cancel.cancel();
    let error = run(Png::new(9, 9, 2, 8).bytes().as_slice(), &mut Vec::new(), &cancel).unwrap_err();
    assert!(matches!(error, Error::Cancelled), "{error:?}");
}

/// A reader that notes how far the sink is behind it, and a sink that tells how far it is.
struct Watching<'a> {
    bytes: &'a [u8],
    read: usize,
    written: &'a Cell<usize>,
    lag: &'a Cell<usize>,
}

struct Counting<'a>(&'a Cell<usize>);

impl Read for Watching<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.bytes.read(buffer)?;
        self.lag.set(self.lag.get().max(self.read.saturating_sub(self.written.get())));
        self.read += count;
        Ok(count)
    }
}

impl Write for Counting<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.set(self.0.get() + bytes.len());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn what_is_copied_leaves_while_the_image_still_arrives() {
    const LAG_MAX: usize = 80 << 10;
    let png = Png::new(1500, 700, 2, 8);
    let png = png.with_data(&stored(&png.rows()));
    let jpeg = Jpeg::new(6000, 4000, YCC).bytes();
    for image in [png, jpeg] {
        assert!(image.len() > 10 * LAG_MAX, "{}", image.len());
        let (written, lag) = (Cell::new(0), Cell::new(0));
        let reader = Watching { bytes: &image, read: 0, written: &written, lag: &lag };
        run(BufReader::new(reader), &mut Counting(&written), &Cancel::new()).unwrap();
        assert!(lag.get() < LAG_MAX, "{} of {} bytes were held", lag.get(), image.len());
    }
}
