use pdf_engine::{Border, Boundaries, Cancel, Error, Limits, Options, Rotation, Source, convert};

use crate::support::{
    fixtures::exif,
    pdf::{self, text},
    png::Png,
};

const TABLE: &str = include_str!("layout.tsv");

fn run(image: &[u8], options: &Options) -> Result<String, Error> {
    let mut bytes = Vec::new();
    convert([Source::new(image)], &mut bytes, options, &Limits::default(), &Cancel::new())?;
    pdf::check(&bytes);
    Ok(text(&bytes))
}

/// The numbers that stand between two words, the first time they do.
fn numbers(text: &str, before: &str, after: &str) -> Vec<f64> {
    let start = text.find(before).unwrap() + before.len();
    let end = start + text[start..].find(after).unwrap();
    text[start..end].split_whitespace().map(|number| number.parse().unwrap()).collect()
}

/// Left, bottom, right and top of a box, in points.
fn boundary(pdf: &str, name: &str) -> Option<[f64; 4]> {
    let before = format!("/{}Box [", name[..1].to_uppercase() + &name[1..]);
    let unit = unit(pdf);
    pdf.contains(&before)
        .then(|| numbers(pdf, &before, "]").try_into().unwrap())
        .map(|sides: [f64; 4]| sides.map(|side| side * unit))
}

fn unit(pdf: &str) -> f64 {
    if pdf.contains("/UserUnit") { numbers(pdf, "/UserUnit ", " /")[0] } else { 1.0 }
}

/// Page width and height, image width and height, and the image's lower left corner, in points.
fn boxes(pdf: &str) -> [f64; 6] {
    let unit = unit(pdf);
    let media = numbers(pdf, "/MediaBox [0 0", "]");
    let matrix = numbers(pdf, "\nq ", " cm");
    [media[0], media[1], matrix[0], matrix[3], matrix[4], matrix[5]].map(|number| number * unit)
}

fn options(columns: &[&str]) -> Options {
    fn set<T: std::str::FromStr>(text: &str) -> Option<T>
    where
        T::Err: std::fmt::Debug,
    {
        (text != "-").then(|| text.parse().unwrap_or_else(|error| panic!("{text}: {error:?}")))
    }
    let mut options = Options::default();
    options.dpi_default = columns[2].parse().unwrap();
    let layout = &mut options.layout;
    layout.page_size = set(columns[3]);
    layout.image_size = set(columns[4]);
    layout.border = set(columns[5]);
    layout.fit = set(columns[6]).unwrap_or_default();
    layout.auto_orient = columns[7] == "yes";
    layout.align = set(columns[8]).unwrap_or_default();
    let further = columns.get(15..).unwrap_or_default();
    for column in further.chunks(3) {
        *border(&mut layout.boundaries, column[0]) = set(column[1]);
    }
    options
}

fn border<'a>(boundaries: &'a mut Boundaries, name: &str) -> &'a mut Option<Border> {
    match name {
        "crop" => &mut boundaries.crop,
        "bleed" => &mut boundaries.bleed,
        "trim" => &mut boundaries.trim,
        "art" => &mut boundaries.art,
        other => panic!("{other} is no box"),
    }
}

const BOXES: [&str; 4] = ["crop", "bleed", "trim", "art"];

#[test]
fn every_layout_of_the_table_is_as_published() {
    let cases: Vec<Vec<_>> =
        TABLE.lines().filter(|line| !line.starts_with('#')).map(|line| line.split('\t').collect()).collect();
    assert!(cases.len() >= 150, "{}", cases.len());
    for case in cases {
        let image = Png::new(case[0].parse().unwrap(), case[1].parse().unwrap(), 0, 1).bytes();
        let pdf = run(&image, &options(&case)).unwrap_or_else(|error| panic!("{case:?}: {error}"));
        let near = |found: &[f64], expected: &[f64]| {
            assert_eq!(found.len(), expected.len(), "{case:?}");
            for (found, expected) in found.iter().zip(expected) {
                assert!((found - expected).abs() < 0.01, "{case:?}: {found} instead of {expected}");
            }
        };
        let expected: Vec<f64> = case[9..15].iter().map(|number| number.parse().unwrap()).collect();
        near(&boxes(&pdf), &expected);
        for name in BOXES {
            let expected = case[15..].chunks(3).find(|column| column[0] == name).map(|column| column[2]);
            // Those that img2pdf writes out are what readers take where there is none.
            match (boundary(&pdf, name), expected) {
                (Some(found), Some(expected)) => near(&found, &split(expected)),
                (found, expected) => assert_eq!((found, expected), (None, None), "{case:?}: {name}"),
            }
        }
    }
}

fn split(numbers: &str) -> Vec<f64> {
    numbers.split_whitespace().map(|number| number.parse().unwrap()).collect()
}

#[test]
fn boxes_are_those_of_the_page_as_it_is_seen() {
    let turned = Png::new(400, 300, 0, 1).with(*b"eXIf", exif(6, 0)).bytes();
    let mut options = options(&["", "", "72", "-", "-", "-", "-", "-", "-"]);
    options.layout.boundaries.crop = Some("10:20:30:40".parse().unwrap());
    for (rotation, page, crop) in [
        (Rotation::Auto, [300.0, 400.0], [40.0, 30.0, 280.0, 390.0]),
        (Rotation::Stored, [400.0, 300.0], [40.0, 30.0, 380.0, 290.0]),
        (Rotation::Quarter, [300.0, 400.0], [40.0, 30.0, 280.0, 390.0]),
        (Rotation::Half, [400.0, 300.0], [40.0, 30.0, 380.0, 290.0]),
    ] {
        options.layout.rotation = rotation;
        let mut bytes = Vec::new();
        let report =
            convert([Source::new(&turned[..])], &mut bytes, &options, &Limits::default(), &Cancel::new());
        let pdf = text(&bytes);
        assert_eq!(numbers(&pdf, "/MediaBox [0 0", "]"), page, "{rotation:?}");
        assert_eq!(boundary(&pdf, "crop"), Some(crop), "{rotation:?}");
        assert!(!pdf.contains("/Rotate"));
        // What is told of the page is what is seen.
        assert_eq!(report.unwrap().pages[0].page_points, [crop[2] - crop[0], crop[3] - crop[1]]);
    }
}

#[test]
fn a_box_that_a_page_has_no_room_for_is_an_error_of_its_image_or_of_the_options() {
    let image = Png::new(400, 300, 0, 1).bytes();
    for name in BOXES {
        let mut options = options(&["", "", "72", "-", "-", "-", "-", "-", "-"]);
        *border(&mut options.layout.boundaries, name) = Some("148.5:0".parse().unwrap());
        assert!(run(&image, &options).is_ok());
        *border(&mut options.layout.boundaries, name) = Some("149:0".parse().unwrap());
        let error = run(&image, &options).unwrap_err();
        let told = format!("the {name} border takes 298 of the 300 points that the page has down");
        assert!(
            matches!(&error, Error::Unsupported { index: 0, detail } if detail.starts_with(&told)),
            "{error:?}"
        );
        // Of pages that are all alike, none has room.
        options.layout.page_size = Some("400x300".parse().unwrap());
        let error = run(&image, &options).unwrap_err();
        assert!(matches!(&error, Error::Layout { detail } if detail.starts_with(&told)), "{error:?}");
    }
    // Those that have room are converted where the others may be left out.
    let small = Png::new(100, 100, 0, 1).bytes();
    let mut options = options(&["", "", "72", "-", "-", "-", "-", "-", "-"]);
    options.layout.boundaries.trim = Some("50".parse().unwrap());
    options.skip_failed = true;
    let mut bytes = Vec::new();
    let sources = [&image, &small, &image].map(|image| Source::new(&image[..]));
    let report = convert(sources, &mut bytes, &options, &Limits::default(), &Cancel::new()).unwrap();
    pdf::check(&bytes);
    assert_eq!((report.pages.len(), report.skipped[0].index()), (2, Some(1)));
}

#[test]
fn an_image_that_is_turned_is_laid_out_as_it_is_seen() {
    let turned = Png::new(400, 300, 0, 1).with(*b"eXIf", exif(6, 0)).bytes();
    let mut options = options(&["", "", "72", "600x300", "-", "-", "-", "yes", "-"]);
    // Upright it is 300 pixels wide and 400 high, so the page is turned as well.
    let pdf = run(&turned, &options).unwrap();
    assert_eq!(numbers(&pdf, "/MediaBox [0 0", "]"), [300.0, 600.0]);
    assert_eq!(numbers(&pdf, "\nq ", " cm"), [0.0, -400.0, 300.0, 0.0, 0.0, 500.0]);
    for (rotation, matrix) in [
        (Rotation::Stored, [400.0, 0.0, 0.0, 300.0, 100.0, 0.0]),
        (Rotation::Half, [-400.0, 0.0, 0.0, -300.0, 500.0, 300.0]),
        (Rotation::Quarter, [0.0, -400.0, 300.0, 0.0, 0.0, 500.0]),
        (Rotation::ThreeQuarters, [0.0, 400.0, -300.0, 0.0, 300.0, 100.0]),
    ] {
        options.layout.rotation = rotation;
        assert_eq!(numbers(&run(&turned, &options).unwrap(), "\nq ", " cm"), matrix, "{rotation:?}");
    }
}

#[test]
fn pages_beyond_what_readers_take_are_scaled_or_padded() {
    let image = Png::new(400, 300, 0, 1).bytes();
    let found = boxes(&run(&image, &options(&["", "", "72", "20000x", "-", "-", "-", "-", "-"])).unwrap());
    assert_eq!(found, [20_000.0, 15_000.0, 20_000.0, 15_000.0, 0.0, 0.0]);
    let found = boxes(&run(&image, &options(&["", "", "72", "2x", "-", "-", "-", "-", "-"])).unwrap());
    assert_eq!(found, [3.0, 3.0, 2.0, 1.5, 0.5, 0.75]);
}

#[test]
fn borders_that_leave_nothing_are_an_error_of_the_options() {
    let image = Png::new(400, 300, 0, 1).bytes();
    let error = run(&image, &options(&["", "", "72", "A4", "-", "20cm", "-", "-", "-"])).unwrap_err();
    assert!(matches!(&error, Error::Layout { detail } if detail.contains("borders")), "{error:?}");
    assert_eq!(error.index(), None);
}

#[test]
fn the_page_to_open_the_pdf_at_must_be_there() {
    let images = [Png::new(4, 3, 0, 1).bytes(), b"no image".to_vec(), Png::new(8, 6, 0, 1).bytes()];
    let mut options = Options::default();
    let open_at = |options: &Options, images: &[&[u8]]| {
        let mut bytes = Vec::new();
        let sources = images.iter().copied().map(Source::new);
        convert(sources, &mut bytes, options, &Limits::default(), &Cancel::new())?;
        pdf::check(&bytes);
        Ok(text(&bytes))
    };
    let both: [&[u8]; 2] = [&images[0], &images[2]];
    for (page, good) in [("1", true), ("2", true), ("3", false), ("2147483647", false)] {
        options.viewer.initial_page = Some(page.parse().unwrap());
        match open_at(&options, &both) {
            Ok(pdf) => assert!(good && pdf.contains("/OpenAction"), "{page}"),
            Err(Error::Layout { detail }) => assert!(!good && detail.contains("it has 2 pages"), "{detail}"),
            Err(error) => panic!("{page}: {error:?}"),
        }
    }
    // Where a source was left out it is the last page.
    options.skip_failed = true;
    let with_bad: Vec<&[u8]> = images.iter().map(Vec::as_slice).collect();
    options.viewer.initial_page = Some("3".parse().unwrap());
    let skipped = open_at(&options, &with_bad).unwrap();
    options.viewer.initial_page = Some("2".parse().unwrap());
    assert_eq!(skipped, open_at(&options, &with_bad).unwrap());
    options.viewer.initial_page = Some("3".parse().unwrap());
    assert!(matches!(open_at(&options, &both), Err(Error::Layout { .. })), "none was left out");
}

#[test]
fn what_the_pdf_says_of_itself_is_what_was_given() {
    let image = Png::new(4, 3, 0, 1).bytes();
    let mut options = Options::default();
    assert!(!run(&image, &options).unwrap().contains("/Info"));
    options.metadata.title = Some("Scan (1)".parse().unwrap());
    options.metadata.keywords = vec!["a".parse().unwrap(), "b".parse().unwrap()];
    options.metadata.creation_date = Some("2026-03-31".parse().unwrap());
    let pdf = run(&image, &options).unwrap();
    assert!(pdf.contains(r"<< /Title (Scan \(1\)) /Keywords (a, b) /CreationDate (D:20260331) >>"), "{pdf}");
    assert!(pdf.contains("/Info "));
}
