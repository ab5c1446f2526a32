use std::{
    fs,
    path::{Path, PathBuf},
};

use pdf_engine::{Cancel, Error, Limits, Options, PdfA, Report, Source, convert};

use crate::support::{
    fixtures::{jpegs, pngs},
    jpeg::{self, Jpeg},
    oracle::python,
    pdf,
    png::Png,
};

/// How many rules the script knows; one that is lost must not pass for kept.
const RULES: usize = 15;

fn archived(image: &[u8], options: &Options) -> Result<(Vec<u8>, Report), Error> {
    let mut bytes = Vec::new();
    let report = convert([Source::new(image)], &mut bytes, options, &Limits::default(), &Cancel::new())?;
    pdf::check(&bytes);
    Ok((bytes, report))
}

fn options(pdfa: PdfA) -> Options {
    let mut options = Options::default();
    options.pdfa = Some(pdfa);
    options
}

/// PDFs that are to be checked by the script, together.
struct Archive {
    folder: tempfile::TempDir,
    entries: Vec<String>,
}

impl Archive {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), entries: Vec::new() }
    }

    fn add(&mut self, name: &str, pdf: &[u8], part: u8) {
        let path = self.folder.path().join(format!("{}.pdf", self.entries.len()));
        fs::write(&path, pdf).unwrap();
        let entry = format!("{{\"name\": \"{name}\", \"pdf\": \"{}\", \"part\": {part}}}", path.display());
        self.entries.push(entry);
    }

    /// What the script answers of all that was added.
    fn answer(&self) -> String {
        let manifest = self.folder.path().join("manifest.json");
        fs::write(&manifest, format!("[{}]", self.entries.join(",\n"))).unwrap();
        python("archive.py", &[&manifest])
    }

    fn check(&self) {
        let answer = self.answer();
        let expected = format!("{{\"checked\": {}, \"rules\": {RULES}, \"wrong\": []}}", self.entries.len());
        assert_eq!(answer.trim(), expected, "{}", answer.replace("\", \"", "\n"));
    }
}

/// The images that another program makes, by their names.
fn made(folder: &Path) -> Vec<PathBuf> {
    python("make.py", &[folder]);
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

#[test]
fn images_of_every_kind_keep_the_rules_or_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (mut archive, mut refused) = (Archive::new(), Vec::new());
    let made = made(folder.path())
        .into_iter()
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read(path).unwrap()));
    let ours = pngs().into_iter().chain(jpegs()).map(|fixture| (fixture.name, fixture.bytes));
    let calibrated = [0, 2, 3].map(|color| {
        let image = Png::new(40, 20, color, 8).with(*b"gAMA", 100_000_u32.to_be_bytes());
        (format!("calibrated {color}"), image.bytes())
    });
    let mut transparent = 0;
    for (name, image) in ours.chain(calibrated).chain(made) {
        match archived(&image, &options(PdfA::A2b)) {
            Ok((pdf, report)) => {
                transparent += usize::from(report.pages.iter().any(|page| page.transparency));
                archive.add(&name, &pdf, 2);
            }
            Err(Error::Unsupported { index: 0, detail }) if detail.contains("PDF/A") => refused.push(name),
            Err(error) => panic!("{name}: {error}"),
        }
    }
    assert!(transparent > 30, "{transparent}");
    let of_inks = |name: &String| name.contains("cmyk") || name.contains("ycck");
    let (inks, others): (Vec<_>, Vec<_>) = refused.into_iter().partition(of_inks);
    assert!(inks.len() >= 3, "{inks:?}");
    assert_eq!(others, ["rgb.j2k"]);
    archive.check();
    jpeg2000_of_unknown_colors_is_refused(&fs::read(folder.path().join("rgb.jp2")).unwrap());
}

/// Changes what the box of colours says: its method, and the number of the colours.
fn jpeg2000_of_unknown_colors_is_refused(image: &[u8]) {
    let at = image.windows(4).position(|window| window == b"colr").unwrap() + 4;
    assert_eq!(image[at..at + 7], [1, 0, 0, 0, 0, 0, 16]);
    for (place, value, fit) in [(6, 18, true), (6, 12, false), (6, 17, false), (0, 2, false), (0, 4, false)] {
        let mut changed = image.to_vec();
        changed[at + place] = value;
        let found = archived(&changed, &options(PdfA::A2b));
        assert_eq!(found.is_ok(), fit, "{place} {value}: {:?}", found.err());
        assert!(archived(&changed, &Options::default()).is_ok());
    }
}

#[test]
fn what_it_says_of_itself_is_the_same_in_both_places() {
    let mut archive = Archive::new();
    for (name, pdfa, part, texts, date) in [
        ("plain", PdfA::A2b, 2, "plain", "2026-03-31"),
        ("marks", PdfA::A3b, 3, "<a> & \"b\" ]]> (c) \\ 'd'", "2026-03-31T18:30:00Z"),
        ("scripts", PdfA::A2b, 2, "\u{e4}\u{416}\u{65e5}\u{1f34e} \u{feff}", "2026-03-31T18:30:00-03:30"),
        ("nothing", PdfA::A3b, 3, "", "2026-03-31T00:00:00+14:00"),
    ] {
        let mut options = options(pdfa);
        let metadata = &mut options.metadata;
        metadata.title = Some(texts.parse().unwrap());
        metadata.author.clone_from(&metadata.title);
        metadata.subject.clone_from(&metadata.title);
        metadata.creator.clone_from(&metadata.title);
        metadata.producer.clone_from(&metadata.title);
        metadata.keywords = vec![texts.parse().unwrap(), "b".parse().unwrap()];
        metadata.creation_date = Some(date.parse().unwrap());
        metadata.modification_date = Some("2027-01-01".parse().unwrap());
        let image = Png::new(40, 30, 6, 8).bytes();
        let (pdf, _) = archived(&image, &options).unwrap();
        assert_eq!(pdf, archived(&image, &options).unwrap().0, "the same twice");
        archive.add(name, &pdf, part);
    }
    archive.check();
}

#[test]
fn pages_of_extreme_sizes_keep_the_rules() {
    let mut archive = Archive::new();
    for (name, size) in [("large", "20000x"), ("small", "1x"), ("oblong", "1x300000")] {
        let mut options = options(PdfA::A2b);
        options.layout.page_size = Some(size.parse().unwrap());
        archive.add(name, &archived(&Png::new(40, 30, 0, 1).bytes(), &options).unwrap().0, 2);
    }
    archive.check();
}

#[test]
fn boxes_and_what_viewers_are_told_keep_the_rules() {
    let mut archive = Archive::new();
    for (size, border) in
        [("20000x", "1cm"), ("400x300", "148.5:198.5"), ("1x300000", "0"), ("300x300", "148.5")]
    {
        for (part, pdfa) in [(2, PdfA::A2b), (3, PdfA::A3b)] {
            for magnification in ["fit", "fith", "fitb", "fitbh", "0.333333"] {
                let mut options = options(pdfa);
                options.layout.page_size = Some(size.parse().unwrap());
                options.layout.boundaries.crop = Some(border.parse().unwrap());
                options.layout.boundaries.art = options.layout.boundaries.crop;
                options.viewer.magnification = Some(magnification.parse().unwrap());
                options.viewer.panes = Some("thumbs".parse().unwrap());
                options.viewer.page_layout = Some("twopageright".parse().unwrap());
                options.viewer.fullscreen = true;
                let (pdf, _) = archived(&Png::new(40, 30, 0, 1).bytes(), &options).unwrap();
                archive.add(&format!("{size} {border} {magnification}"), &pdf, part);
            }
        }
    }
    archive.check();
}

#[test]
fn the_script_finds_what_is_broken() {
    let image = Png::new(40, 30, 6, 8).bytes();
    let mut wanted = options(PdfA::A2b);
    wanted.viewer.magnification = Some("fit".parse().unwrap());
    wanted.layout.boundaries.trim = Some("5".parse().unwrap());
    let (good, _) = archived(&image, &wanted).unwrap();
    let (plain, _) = archived(&image, &Options::default()).unwrap();
    let replaced = |from: &str, to: &str| {
        assert_eq!(from.len(), to.len());
        let at = good.windows(from.len()).position(|window| window == from.as_bytes()).unwrap();
        let mut pdf = good.clone();
        pdf[at..at + to.len()].copy_from_slice(to.as_bytes());
        pdf
    };
    let cases = [
        (plain, "clause_6_2_3"),
        (replaced("/S /GTS_PDFA1", "/S /GTS_PDFX1"), "clause_6_2_3"),
        (replaced("mntrRGB", "linkRGB"), "clause_6_2_3"),
        (replaced("/ColorSpace /DeviceRGB", "/ColorSpace /DeviceXYZ"), "clause_6_2_4"),
        (replaced("<pdfaid:part>2", "<pdfaid:part>1"), "clause_6_6"),
        (replaced("/Subtype /XML", "/Subtype /XMP"), "clause_6_6"),
        (replaced("%PDF-1.7\n%", "%PDF-1.7\n#"), "clause_6_1_2"),
        (replaced(" /Im0 Do", " /Im1 Do"), "6_2_2_contents"),
        (replaced("/TrimBox [5 5 25", "/TrimBox [5 5 07"), "clause_6_1_13"),
        (replaced(" /Fit]", " /FiT]"), "clause_6_5_1"),
        ([good.as_slice(), b"more"].concat(), "clause_6_1_3"),
    ];
    for (at, (pdf, rule)) in cases.into_iter().enumerate() {
        let mut archive = Archive::new();
        archive.add("broken", &pdf, 2);
        let answer = archive.answer();
        assert!(answer.contains(rule), "{at}: {rule}: {answer}");
    }
}

#[test]
fn what_cannot_be_archived_is_refused_with_the_reason() {
    let inks = Jpeg::new(60, 40, jpeg::CMYK).bytes();
    let error = archived(&inks, &options(PdfA::A2b)).unwrap_err();
    assert!(
        matches!(&error, Error::Unsupported { index: 0, detail } if detail.contains("inks")),
        "{error:?}"
    );
    assert!(archived(&inks, &Options::default()).is_ok());

    let mut options = options(PdfA::A3b);
    options.metadata.creation_date = Some("2026-03-31T18:30:00".parse().unwrap());
    let error = archived(&Png::new(4, 3, 0, 1).bytes(), &options).unwrap_err();
    assert!(matches!(&error, Error::Layout { detail } if detail.contains("zone")), "{error:?}");
}
