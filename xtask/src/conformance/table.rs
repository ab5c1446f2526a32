//! How many files of each format are exact, refused, or wrong, and keep the rules of PDF/A; and which those are that something is to
//! be said of.

use std::{collections::BTreeMap, fmt::Write as _};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::{argued::argument, converting::Conversion};

/// What became of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Converted {
    Pdf,
    /// With the reason.
    Refused(String),
    /// With what was said then.
    Panicked(String),
    Hung,
}

/// What programs that are not ours say of a file and its PDF.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Judged {
    format: String,
    /// Whether Pillow decodes the file.
    is_read: bool,
    verdict: Verdict,
    detail: String,
    /// Rules of PDF/A that the PDF for archives does not keep.
    broken: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Verdict {
    /// Every sample is the same.
    Exact,
    /// Every sample is the same but for the last of 8 bits, where Pillow rounds.
    WithinOne,
    /// There is no reader to compare with.
    Unread,
    /// The reader is at fault, for a reason that is noted.
    Argued,
    Refused,
    Wrong,
}

#[derive(Debug)]
pub(super) struct File {
    pub(super) name: String,
    pub(super) conversion: Conversion,
    pub(super) judged: Judged,
}

impl Judged {
    /// Reads a line of `conformance.py`.
    pub(super) fn parse(line: &str) -> Result<Self> {
        let value: Value = serde_json::from_str(line).with_context(|| format!("no verdict: {line}"))?;
        let text = |name: &str| {
            value[name].as_str().map(str::to_owned).with_context(|| format!("no {name}: {line}"))
        };
        let verdict = match text("verdict")?.as_str() {
            "exact" => Verdict::Exact,
            "within 1" => Verdict::WithinOne,
            "unread" => Verdict::Unread,
            "argued" => Verdict::Argued,
            "refused" => Verdict::Refused,
            "wrong" => Verdict::Wrong,
            other => bail!("{other} is no verdict"),
        };
        let is_read = value["read"].as_bool().with_context(|| format!("no read: {line}"))?;
        let broken = value["broken"].as_array().with_context(|| format!("no broken: {line}"))?;
        let broken = broken.iter().map(|rule| rule.as_str().map_or_else(|| rule.to_string(), str::to_owned));
        let broken = broken.collect();
        Ok(Self { format: text("format")?, is_read, verdict, detail: text("detail")?, broken })
    }

    pub(super) fn is_wrong(&self) -> bool {
        self.verdict == Verdict::Wrong
    }

    pub(super) fn breaks_rules(&self) -> bool {
        !self.broken.is_empty()
    }
}

/// Whether a refusal is as it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refusal {
    /// Pillow does not decode the file either.
    Agreed,
    Argued(&'static str),
    Unargued,
}

impl File {
    /// Whether something is to be mended.
    pub(super) fn is_bad(&self) -> bool {
        let is_converted_wrong = match self.conversion.converted {
            Converted::Pdf => self.judged.is_wrong(),
            Converted::Refused(_) => self.refusal() == Some(Refusal::Unargued),
            Converted::Panicked(_) | Converted::Hung => true,
        };
        is_converted_wrong || self.judged.breaks_rules() || self.archived_badly().is_some()
    }

    fn refusal(&self) -> Option<Refusal> {
        let Converted::Refused(reason) = &self.conversion.converted else { return None };
        Some(match argument(reason) {
            _ if !self.judged.is_read => Refusal::Agreed,
            Some(why) => Refusal::Argued(why),
            None => Refusal::Unargued,
        })
    }

    /// How a PDF for archives did not come about, where that is no refusal of PDF/A.
    fn archived_badly(&self) -> Option<String> {
        match self.conversion.archived.as_ref()? {
            Converted::Pdf => None,
            Converted::Refused(reason) if reason.contains("PDF/A") => None,
            Converted::Refused(reason) => Some(format!("as PDF/A refused for no reason of PDF/A: {reason}")),
            Converted::Panicked(said) => Some(format!("as PDF/A panicked: {said}")),
            Converted::Hung => Some("as PDF/A hung".to_owned()),
        }
    }

    /// What a person should know of it.
    fn remarks(&self) -> Vec<String> {
        let Judged { verdict, detail, broken, .. } = &self.judged;
        let of_conversion = match (&self.conversion.converted, verdict) {
            (Converted::Panicked(said), _) => Some(format!("panicked: {said}")),
            (Converted::Hung, _) => Some("hung".to_owned()),
            (Converted::Refused(reason), _) => match self.refusal() {
                Some(Refusal::Argued(why)) => Some(format!("refused, argued: {reason}\n{why}")),
                Some(Refusal::Unargued) => Some(format!("refused, and Pillow decodes it: {reason}")),
                _ => None,
            },
            (Converted::Pdf, Verdict::Wrong) => Some(format!("wrong: {detail}")),
            (Converted::Pdf, Verdict::Argued) => Some(format!("argued: {detail}")),
            (Converted::Pdf, Verdict::Unread) => {
                Some(format!("converted, and compared with nothing: {detail}"))
            }
            (Converted::Pdf, _) => None,
        };
        let of_rules = broken.iter().map(|rule| format!("breaks a rule: {rule}"));
        of_conversion.into_iter().chain(self.archived_badly()).chain(of_rules).collect()
    }
}

/// A table of what became of the files, and one of what became of them as PDF/A.
pub(super) fn tables(files: &[File]) -> String {
    let mut formats: BTreeMap<&str, Vec<&File>> = BTreeMap::new();
    for file in files {
        formats.entry(&file.judged.format).or_default().push(file);
    }
    let all = files.iter().collect();
    let rows = || formats.iter().map(|(name, files)| (*name, files)).chain([("all", &all)]);
    let mut text = String::from(
        "| format | files | exact | within 1 of 255 | not compared | other, argued | refused, by Pillow too | refused, argued | refused | wrong | panicked | hung |\n\
         | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n",
    );
    text.extend(rows().map(|(name, files)| row(name, &counts(files))));
    text += "\n| as PDF/A-2b | converted | keep every rule | break one | refused by what PDF/A forbids | otherwise not converted |\n\
             | --- | ---: | ---: | ---: | ---: | ---: |\n";
    text.extend(rows().map(|(name, files)| row(name, &archive_counts(files))));
    text
}

/// What is to be said of single files, and why files were refused.
pub(super) fn remarks(files: &[File]) -> String {
    let mut text = String::new();
    for file in files {
        for remark in file.remarks() {
            let _ = writeln!(text, "{}\n    {}", file.name, remark.trim().replace('\n', "\n    "));
        }
    }
    text += "\nrefused, and Pillow does not decode it either:\n";
    for file in files.iter().filter(|file| file.refusal() == Some(Refusal::Agreed)) {
        if let Converted::Refused(reason) = &file.conversion.converted {
            let _ = writeln!(text, "    {}: {reason}", file.name);
        }
    }
    text += "\nrefused as PDF/A alone:\n";
    for file in files.iter().filter(|file| file.archived_badly().is_none()) {
        if let Some(Converted::Refused(reason)) = &file.conversion.archived {
            let _ = writeln!(text, "    {}: {reason}", file.name);
        }
    }
    text
}

fn count(files: &[&File], wanted: impl Fn(&File) -> bool) -> usize {
    files.iter().filter(|file| wanted(file)).count()
}

fn counts(files: &[&File]) -> [usize; 11] {
    let pdfs = |verdict| {
        count(files, |file| file.conversion.converted == Converted::Pdf && file.judged.verdict == verdict)
    };
    [
        files.len(),
        pdfs(Verdict::Exact),
        pdfs(Verdict::WithinOne),
        pdfs(Verdict::Unread),
        pdfs(Verdict::Argued),
        count(files, |file| file.refusal() == Some(Refusal::Agreed)),
        count(files, |file| matches!(file.refusal(), Some(Refusal::Argued(_)))),
        count(files, |file| file.refusal() == Some(Refusal::Unargued)),
        pdfs(Verdict::Wrong),
        count(files, |file| matches!(file.conversion.converted, Converted::Panicked(_))),
        count(files, |file| file.conversion.converted == Converted::Hung),
    ]
}

fn archive_counts(files: &[&File]) -> [usize; 5] {
    let archived = |file: &File| file.conversion.archived == Some(Converted::Pdf);
    [
        count(files, |file| file.conversion.archived.is_some()),
        count(files, |file| archived(file) && !file.judged.breaks_rules()),
        count(files, |file| file.judged.breaks_rules()),
        count(files, |file| {
            matches!(file.conversion.archived, Some(Converted::Refused(_))) && file.archived_badly().is_none()
        }),
        count(files, |file| file.archived_badly().is_some()),
    ]
}

fn row(name: &str, columns: &[usize]) -> String {
    let columns: Vec<_> = columns.iter().map(ToString::to_string).collect();
    format!("| {name} | {} |\n", columns.join(" | "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(verdict: &str, is_read: bool, broken: &[&str]) -> String {
        format!(
            "{{\"format\": \"PNG\", \"read\": {is_read}, \"verdict\": \"{verdict}\", \"detail\": \"why\", \"broken\": {broken:?}}}"
        )
    }

    fn file(name: &str, converted: Converted, archived: Option<Converted>, line: &str) -> File {
        let conversion = Conversion { converted, archived };
        File { name: name.to_owned(), conversion, judged: Judged::parse(line).unwrap() }
    }

    #[test]
    fn every_file_is_counted_where_it_belongs_and_said_of_what_there_is_to_say() {
        let refused = |reason: &str| Converted::Refused(reason.to_owned());
        let (pdf, cut) = (|| Converted::Pdf, || refused("it is cut"));
        let argued = || refused("the BMP has a run of pixels that leaves the image");
        let panicked = || Converted::Panicked("panicked at x\ny".to_owned());
        let plain = |verdict| line(verdict, true, &[]);
        let unread = |verdict| line(verdict, false, &[]);
        let inks = || Some(refused("inks, which PDF/A does not know"));
        let files = [
            file("a", pdf(), Some(pdf()), &plain("exact")),
            file("b", pdf(), inks(), &plain("within 1")),
            file("c", pdf(), Some(pdf()), &unread("unread")),
            file("d", pdf(), Some(pdf()), &plain("argued")),
            file("e", pdf(), Some(pdf()), &plain("wrong")),
            file("f", cut(), None, &plain("refused")),
            file("g", cut(), None, &unread("refused")),
            file("h", panicked(), None, &unread("refused")),
            file("i", Converted::Hung, None, &unread("refused")),
            file("j", argued(), None, &plain("refused")),
            file("k", argued(), None, &unread("refused")),
            file("l", pdf(), Some(pdf()), &line("exact", true, &["clause 1", "clause 2"])),
            file("m", pdf(), Some(cut()), &plain("exact")),
            file("n", pdf(), Some(panicked()), &plain("exact")),
            file("o", pdf(), Some(Converted::Hung), &plain("exact")),
        ];
        let bad: Vec<_> = files.iter().filter(|file| file.is_bad()).map(|file| file.name.as_str()).collect();
        assert_eq!(bad, ["e", "f", "h", "i", "l", "m", "n", "o"]);
        let text = tables(&files) + &remarks(&files);
        for expected in [
            "| PNG | 15 | 5 | 1 | 1 | 1 | 2 | 1 | 1 | 1 | 1 | 1 |\n| all | 15 |",
            "| PNG | 9 | 4 | 1 | 1 | 3 |\n| all | 9 |",
            "\nc\n    converted, and compared with nothing: why\n",
            "\nd\n    argued: why\n",
            "\ne\n    wrong: why\n",
            "\nf\n    refused, and Pillow decodes it: it is cut\n",
            "\nh\n    panicked: panicked at x\n    y\n",
            "\ni\n    hung\n",
            "\nj\n    refused, argued: the BMP has a run of pixels that leaves the image\n    What a run means",
            "\nl\n    breaks a rule: clause 1\nl\n    breaks a rule: clause 2\n",
            "\nm\n    as PDF/A refused for no reason of PDF/A: it is cut\n",
            "\nn\n    as PDF/A panicked: panicked at x\n",
            "\no\n    as PDF/A hung\n",
            "either:\n    g: it is cut\n    k: the BMP has",
            "alone:\n    b: inks,",
        ] {
            assert!(("\n".to_owned() + &text).contains(expected), "{expected:?} is not in\n{text}");
        }
        for broken in ["", "{}", &plain("fine"), &plain("exact").replace("broken", "other")] {
            assert!(Judged::parse(broken).is_err(), "{broken}");
        }
    }
}
