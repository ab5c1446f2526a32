//! How many files of each format are exact, refused, or wrong; and which those are that something is to be said of.

use std::{collections::BTreeMap, fmt::Write as _};

use anyhow::{Context, Result, bail};
use serde_json::Value;

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
    pub(super) converted: Converted,
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
        Ok(Self { format: text("format")?, is_read, verdict, detail: text("detail")? })
    }

    pub(super) fn is_wrong(&self) -> bool {
        self.verdict == Verdict::Wrong
    }
}

impl File {
    /// Whether something is to be mended.
    pub(super) fn is_bad(&self) -> bool {
        match self.converted {
            Converted::Pdf => self.judged.is_wrong(),
            Converted::Refused(_) => false,
            Converted::Panicked(_) | Converted::Hung => true,
        }
    }

    /// What a person should know of it.
    fn remark(&self) -> Option<String> {
        let Judged { is_read, verdict, detail, .. } = &self.judged;
        match (&self.converted, verdict) {
            (Converted::Panicked(said), _) => Some(format!("panicked: {said}")),
            (Converted::Hung, _) => Some("hung".to_owned()),
            (Converted::Refused(reason), _) if *is_read => {
                Some(format!("refused, and Pillow decodes it: {reason}"))
            }
            (Converted::Pdf, Verdict::Wrong) => Some(format!("wrong: {detail}")),
            (Converted::Pdf, Verdict::Argued) => Some(format!("argued: {detail}")),
            (Converted::Pdf, Verdict::Unread) => {
                Some(format!("converted, and compared with nothing: {detail}"))
            }
            _ => None,
        }
    }
}

/// The table, what is to be said of single files, and why files were refused.
pub(super) fn print(files: &[File]) -> String {
    let mut formats: BTreeMap<&str, Vec<&File>> = BTreeMap::new();
    for file in files {
        formats.entry(&file.judged.format).or_default().push(file);
    }
    let mut text = String::from(
        "| format | files | exact | within 1 of 255 | not compared | argued | refused | of which Pillow decodes | wrong | panicked | hung |\n\
         | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n",
    );
    for (format, files) in &formats {
        text += &row(format, files);
    }
    text += &row("all", &files.iter().collect::<Vec<_>>());

    for file in files {
        if let Some(remark) = file.remark() {
            let _ = writeln!(text, "\n{}\n    {}", file.name, remark.trim().replace('\n', "\n    "));
        }
    }
    text += "\nrefused, and Pillow does not decode it either:\n";
    for file in files.iter().filter(|file| !file.judged.is_read) {
        if let Converted::Refused(reason) = &file.converted {
            let _ = writeln!(text, "    {}: {reason}", file.name);
        }
    }
    text
}

fn row(name: &str, files: &[&File]) -> String {
    let count = |wanted: &dyn Fn(&File) -> bool| files.iter().filter(|file| wanted(file)).count();
    let pdfs = |verdict| count(&|file| file.converted == Converted::Pdf && file.judged.verdict == verdict);
    let is_refused = |file: &File| matches!(file.converted, Converted::Refused(_));
    let columns = [
        files.len(),
        pdfs(Verdict::Exact),
        pdfs(Verdict::WithinOne),
        pdfs(Verdict::Unread),
        pdfs(Verdict::Argued),
        count(&is_refused),
        count(&|file| is_refused(file) && file.judged.is_read),
        pdfs(Verdict::Wrong),
        count(&|file| matches!(file.converted, Converted::Panicked(_))),
        count(&|file| file.converted == Converted::Hung),
    ];
    format!("| {name} | {} |\n", columns.map(|column| column.to_string()).join(" | "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, converted: Converted, line: &str) -> File {
        File { name: name.to_owned(), converted, judged: Judged::parse(line).unwrap() }
    }

    #[test]
    fn every_file_is_counted_where_it_belongs_and_said_of_what_there_is_to_say() {
        let line = |verdict: &str, is_read: bool| {
            format!(
                "{{\"format\": \"PNG\", \"read\": {is_read}, \"verdict\": \"{verdict}\", \"detail\": \"why\"}}"
            )
        };
        let refused = || Converted::Refused("it is cut".to_owned());
        let files = [
            file("a", Converted::Pdf, &line("exact", true)),
            file("b", Converted::Pdf, &line("within 1", true)),
            file("c", Converted::Pdf, &line("unread", false)),
            file("d", Converted::Pdf, &line("argued", true)),
            file("e", Converted::Pdf, &line("wrong", true)),
            file("f", refused(), &line("refused", true)),
            file("g", refused(), &line("refused", false)),
            file("h", Converted::Panicked("panicked at x\ny".to_owned()), &line("refused", false)),
            file("i", Converted::Hung, &line("refused", false)),
        ];
        let bad: Vec<_> = files.iter().filter(|file| file.is_bad()).map(|file| file.name.as_str()).collect();
        assert_eq!(bad, ["e", "h", "i"]);
        let text = print(&files);
        for expected in [
            "| PNG | 9 | 1 | 1 | 1 | 1 | 2 | 1 | 1 | 1 | 1 |\n| all | 9 |",
            "\nc\n    converted, and compared with nothing: why\n",
            "\nd\n    argued: why\n",
            "\ne\n    wrong: why\n",
            "\nf\n    refused, and Pillow decodes it: it is cut\n",
            "\nh\n    panicked: panicked at x\n    y\n",
            "\ni\n    hung\n",
            "either:\n    g: it is cut\n",
        ] {
            assert!(text.contains(expected), "{expected:?} is not in\n{text}");
        }
        for broken in ["", "{}", &line("fine", true)] {
            assert!(Judged::parse(broken).is_err(), "{broken}");
        }
    }
}
