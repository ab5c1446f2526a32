use std::{
    io::{self, Read},
    num::NonZeroUsize,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
};

use pdf_engine::{Cancel, Error, Limits, Options, PdfA, Report, Source, convert, convert_parallel};

use crate::support::{
    fixtures::{jpegs, pngs},
    pdf,
    png::Png,
    raster,
};

fn threads(count: usize) -> NonZeroUsize {
    NonZeroUsize::new(count).unwrap()
}

fn one_by_one(images: &[Vec<u8>], options: &Options) -> (Vec<u8>, Report) {
    let mut bytes = Vec::new();
    let sources = images.iter().map(|image| Source::new(image.as_slice()));
    let report = convert(sources, &mut bytes, options, &Limits::default(), &Cancel::new()).unwrap();
    (bytes, report)
}

fn together(images: &[Vec<u8>], count: usize, options: &Options) -> Result<(Vec<u8>, Report), Error> {
    let mut bytes = Vec::new();
    let open = |index: usize| Source::new(images[index].as_slice());
    let (limits, cancel) = (Limits::default(), Cancel::new());
    let report = convert_parallel(images.len(), open, threads(count), &mut bytes, options, &limits, &cancel)?;
    Ok((bytes, report))
}

/// Images of every kind, among them one of several pages and one that is large.
fn images() -> Vec<Vec<u8>> {
    let mut images: Vec<_> = pngs().into_iter().chain(jpegs()).map(|fixture| fixture.bytes).collect();
    images.insert(3, Png::new(1500, 1200, 6, 16).bytes());
    images.insert(9, raster::tiff(37, 23, 3));
    images
}

#[test]
fn the_bytes_are_those_of_one_thread() {
    let images = images();
    let mut archive = Options::default();
    archive.pdfa = Some(PdfA::A2b);
    let of_inks = |image: &Vec<u8>| together(std::slice::from_ref(image), 1, &archive).is_err();
    let archived: Vec<_> = images.iter().filter(|image| !of_inks(image)).cloned().collect();
    let mut opened = Options::default();
    opened.viewer.initial_page = Some(images.len().to_string().parse().unwrap());
    opened.viewer.magnification = Some("fitbh".parse().unwrap());
    opened.layout.boundaries.trim = Some("0:0:0:0".parse().unwrap());
    for (images, options) in [(images.clone(), Options::default()), (images, opened), (archived, archive)] {
        let (expected, report) = one_by_one(&images, &options);
        pdf::check(&expected);
        for count in [1, 2, 3, 16] {
            let (found, found_report) = together(&images, count, &options).unwrap();
            assert!(found == expected, "other bytes on {count} threads");
            assert_eq!((found_report.pages, found_report.bytes), (report.pages.clone(), report.bytes));
        }
    }
}

#[test]
fn the_error_is_that_of_the_first_image_that_has_one() {
    let mut images: Vec<_> = (0..20).map(|_| Png::new(300, 200, 6, 8).bytes()).collect();
    images[7].truncate(600);
    images[8] = b"no image".to_vec();
    for count in [1, 2, 5] {
        let error = together(&images, count, &Options::default()).unwrap_err();
        assert!(matches!(error, Error::Malformed { index: 7, .. }), "{count}: {error:?}");
    }
    assert!(matches!(together(&[], 2, &Options::default()), Err(Error::NoSource)));
    let mut options = Options::default();
    options.viewer.initial_page = Some("8".parse().unwrap());
    assert!(matches!(together(&images[..7], 2, &options), Err(Error::Layout { .. })));
    options.layout.boundaries.crop = Some("150".parse().unwrap());
    assert!(matches!(together(&images[..7], 2, &options), Err(Error::Unsupported { index: 0, .. })));
}

/// Counts how many images are open at a time.
struct Counted<'a> {
    image: &'a [u8],
    open: &'a AtomicUsize,
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.image.read(buffer)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.open.fetch_sub(1, Ordering::SeqCst);
    }
}

#[test]
fn images_are_opened_late_and_at_most_as_many_as_there_are_threads() {
    let image = Png::new(200, 100, 6, 8).bytes();
    let (open, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let opened = |_| {
        most.fetch_max(open.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        Source::new(io::BufReader::new(Counted { image: &image, open: &open }))
    };
    let (options, limits, cancel) = (Options::default(), Limits::default(), Cancel::new());
    let mut bytes = Vec::new();
    let report = convert_parallel(100, opened, threads(3), &mut bytes, &options, &limits, &cancel).unwrap();
    assert_eq!(report.pages.len(), 100);
    assert_eq!(open.load(Ordering::SeqCst), 0);
    assert!((1..=3).contains(&most.load(Ordering::SeqCst)), "{most:?}");
}

/// A sink that fails, or cancels, at its second write.
struct Ends<'a> {
    cancel: Option<&'a Cancel>,
    begun: AtomicBool,
}

impl io::Write for Ends<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.begun.swap(true, Ordering::SeqCst) {
            match self.cancel {
                Some(cancel) => cancel.cancel(),
                None => return Err(io::Error::other("full")),
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_sink_that_fails_and_a_flag_that_is_set_end_all_threads() {
    let image = Png::new(700, 500, 2, 16).bytes();
    let (options, limits) = (Options::default(), Limits::default());
    for is_cancelled in [false, true] {
        let cancel = Cancel::new();
        let mut sink = Ends { cancel: is_cancelled.then_some(&cancel), begun: AtomicBool::new(false) };
        let open = |_| Source::new(image.as_slice());
        let error =
            convert_parallel(40, open, threads(4), &mut sink, &options, &limits, &cancel).unwrap_err();
        assert_eq!(matches!(error, Error::Cancelled), is_cancelled, "{error:?}");
        assert_eq!(matches!(error, Error::Sink(_)), !is_cancelled, "{error:?}");
    }
}

#[test]
fn an_image_far_larger_than_what_may_wait_comes_through_behind_another() {
    let mut large = Png::new(2000, 2000, 2, 16);
    large.filter = Some(0);
    let large = large.bytes();
    assert!(large.len() > 16 << 20, "{}", large.len());
    let images = [Png::new(300, 300, 6, 8).bytes(), large, Png::new(30, 30, 0, 1).bytes()];
    let (expected, _) = one_by_one(&images, &Options::default());
    assert!(together(&images, 2, &Options::default()).unwrap().0 == expected);
}
