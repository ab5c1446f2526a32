use std::fs;

use pdf_engine::{Cancel, Limits, Options, PdfA, Source, convert};

use crate::support::{oracle::python, pdf, png::Png};

/// The boxes of a page with these sides.
type Expected = fn([u32; 2]) -> String;

/// Sides of the images in pixels, and in points, since that is their density here.
const SIDES: [[u32; 2]; 3] = [[400, 300], [300, 400], [200, 100]];

/// PDFs of three pages, by the options that they are made with.
struct Opened {
    folder: tempfile::TempDir,
    entries: Vec<String>,
}

impl Opened {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), entries: Vec::new() }
    }

    /// Adds a PDF with the catalog that it is to have, and the boxes of its pages, which `boxes` says by their sides.
    fn add(&mut self, name: &str, options: &Options, catalog: &str, boxes: impl Fn([u32; 2]) -> String) {
        let images = SIDES.map(|[width, height]| Png::new(width, height, 0, 8).bytes());
        let mut bytes = Vec::new();
        let sources = images.iter().map(|image| Source::new(&image[..]));
        convert(sources, &mut bytes, options, &Limits::default(), &Cancel::new()).unwrap();
        pdf::check(&bytes);
        let path = self.folder.path().join(format!("{}.pdf", self.entries.len()));
        fs::write(&path, bytes).unwrap();
        let (path, pages) = (path.display(), SIDES.map(boxes).join(", "));
        self.entries.push(format!(
            "{{\"name\": \"{name}\", \"pdf\": \"{path}\", \"catalog\": {catalog}, \"pages\": [{pages}]}}"
        ));
    }

    fn answer(&self) -> String {
        let manifest = self.folder.path().join("manifest.json");
        fs::write(&manifest, format!("[{}]", self.entries.join(",\n"))).unwrap();
        python("viewer.py", &[&manifest])
    }

    fn check(&self) {
        let answer = self.answer();
        let expected = format!("{{\"checked\": {}, \"wrong\": []}}", self.entries.len());
        assert_eq!(answer.trim(), expected, "{}", answer.replace("\", \"", "\n"));
    }
}

fn options() -> Options {
    let mut options = Options::default();
    options.dpi_default = "72".parse().unwrap();
    options
}

/// Every box is the whole page.
fn whole([width, height]: [u32; 2]) -> String {
    page([width, height], [[0, 0, width, height]; 4])
}

fn page([width, height]: [u32; 2], [crop, bleed, trim, art]: [[u32; 4]; 4]) -> String {
    let size = [crop[2] - crop[0], crop[3] - crop[1]];
    format!(
        "{{\"media\": [0, 0, {width}, {height}], \"crop\": {crop:?}, \"bleed\": {bleed:?}, \"trim\": {trim:?}, \"art\": {art:?}, \"size\": {size:?}}}"
    )
}

#[test]
fn viewers_are_told_how_to_open_the_pdf() {
    let mut opened = Opened::new();
    let cases = [
        // Panes, page, magnification, layout, window fitted, window centred, full screen.
        (["", "", "", "", "", "", ""], "{}"),
        (["none", "", "", "", "", "", ""], r#"{"/PageMode": "/UseNone"}"#),
        (["outlines", "", "", "", "", "", ""], r#"{"/PageMode": "/UseOutlines"}"#),
        (["thumbs", "", "", "", "", "", ""], r#"{"/PageMode": "/UseThumbs"}"#),
        (["", "1", "", "", "", "", ""], r#"{"/OpenAction": [0, "/XYZ", null, null, 0]}"#),
        (["", "3", "", "", "", "", ""], r#"{"/OpenAction": [2, "/XYZ", null, null, 0]}"#),
        (["", "", "fit", "", "", "", ""], r#"{"/OpenAction": [0, "/Fit"]}"#),
        (["", "2", "fit", "", "", "", ""], r#"{"/OpenAction": [1, "/Fit"]}"#),
        (["", "", "fith", "", "", "", ""], r#"{"/OpenAction": [0, "/FitH", 300]}"#),
        (["", "2", "fith", "", "", "", ""], r#"{"/OpenAction": [1, "/FitH", 400]}"#),
        (["", "3", "fitb", "", "", "", ""], r#"{"/OpenAction": [2, "/FitB"]}"#),
        (["", "3", "fitbh", "", "", "", ""], r#"{"/OpenAction": [2, "/FitBH", 100]}"#),
        (["", "", "1.5", "", "", "", ""], r#"{"/OpenAction": [0, "/XYZ", null, null, 1.5]}"#),
        (["", "2", "75%", "", "", "", ""], r#"{"/OpenAction": [1, "/XYZ", null, null, 0.75]}"#),
        (["", "", "", "single", "", "", ""], r#"{"/PageLayout": "/SinglePage"}"#),
        (["", "", "", "onecolumn", "", "", ""], r#"{"/PageLayout": "/OneColumn"}"#),
        (["", "", "", "twocolumnright", "", "", ""], r#"{"/PageLayout": "/TwoColumnRight"}"#),
        (["", "", "", "twocolumnleft", "", "", ""], r#"{"/PageLayout": "/TwoColumnLeft"}"#),
        (["", "", "", "twopageright", "", "", ""], r#"{"/PageLayout": "/TwoPageRight"}"#),
        (["", "", "", "twopageleft", "", "", ""], r#"{"/PageLayout": "/TwoPageLeft"}"#),
        (["", "", "", "", "x", "", ""], r#"{"/ViewerPreferences": {"/FitWindow": true}}"#),
        (["", "", "", "", "", "x", ""], r#"{"/ViewerPreferences": {"/CenterWindow": true}}"#),
        (
            ["", "", "", "", "", "", "x"],
            r#"{"/PageMode": "/FullScreen", "/ViewerPreferences": {"/NonFullScreenPageMode": "/UseNone"}}"#,
        ),
        (
            ["thumbs", "2", "fit", "onecolumn", "x", "x", "x"],
            r#"{"/PageMode": "/FullScreen", "/PageLayout": "/OneColumn", "/OpenAction": [1, "/Fit"],
                "/ViewerPreferences": {"/NonFullScreenPageMode": "/UseThumbs", "/FitWindow": true, "/CenterWindow": true}}"#,
        ),
    ];
    for (values, catalog) in cases {
        for pdfa in [None, Some(PdfA::A3b)] {
            let mut options = options();
            options.pdfa = pdfa;
            let [panes, page, magnification, layout, ..] = values;
            let viewer = &mut options.viewer;
            viewer.panes = panes.parse().ok();
            viewer.initial_page = page.parse().ok();
            viewer.magnification = magnification.parse().ok();
            viewer.page_layout = layout.parse().ok();
            viewer.fit_window = values[4] == "x";
            viewer.center_window = values[5] == "x";
            viewer.fullscreen = values[6] == "x";
            opened.add(&values.join(" "), &options, catalog, whole);
        }
    }
    opened.check();
}

#[test]
fn boxes_are_where_they_were_asked_for_and_what_is_not_set_is_the_crop_box() {
    let mut opened = Opened::new();
    let cases: [([&str; 4], Expected); 5] = [
        (["10:20:30:40", "", "", ""], |[w, h]| page([w, h], [[40, 30, w - 20, h - 10]; 4])),
        (["", "9", "", ""], |[w, h]| {
            let all = [0, 0, w, h];
            page([w, h], [all, [9, 9, w - 9, h - 9], all, all])
        }),
        (["5", "", "10:20", ""], |[w, h]| {
            let crop = [5, 5, w - 5, h - 5];
            page([w, h], [crop, crop, [20, 10, w - 20, h - 10], crop])
        }),
        (["", "", "", "1:2"], |[w, h]| {
            let all = [0, 0, w, h];
            page([w, h], [all, all, all, [2, 1, w - 2, h - 1]])
        }),
        (["0", "3", "6", "9"], |[w, h]| {
            page([w, h], [0, 3, 6, 9].map(|border| [border, border, w - border, h - border]))
        }),
    ];
    for (borders, expected) in cases {
        let mut options = options();
        let boundaries = &mut options.layout.boundaries;
        [boundaries.crop, boundaries.bleed, boundaries.trim, boundaries.art] =
            borders.map(|border| border.parse().ok());
        // Heights are those of what is shown.
        options.viewer.magnification = Some("fith".parse().unwrap());
        let top = boundaries_top(borders[0]);
        let catalog = format!("{{\"/OpenAction\": [0, \"/FitH\", {}]}}", 300 - top);
        opened.add(&borders.join(" "), &options, &catalog, expected);
    }
    opened.check();
}

/// The border above.
fn boundaries_top(border: &str) -> u32 {
    border.split(':').next().unwrap().parse().unwrap_or(0)
}

#[test]
fn the_script_finds_what_is_not_as_it_should_be() {
    let mut opened = Opened::new();
    let mut shown = options();
    shown.viewer.initial_page = Some("2".parse().unwrap());
    opened.add("page", &shown, r#"{"/OpenAction": [2, "/XYZ", null, null, 0]}"#, whole);
    opened.add("none", &shown, "{}", whole);
    let mut trimmed = options();
    trimmed.layout.boundaries.trim = Some("10".parse().unwrap());
    opened.add("trim", &trimmed, "{}", whole);
    let answer = opened.answer();
    for wrong in ["page: the catalog has", "none: the catalog has", "trim: the trim box is"] {
        assert!(answer.contains(wrong), "{wrong}: {answer}");
    }
}
