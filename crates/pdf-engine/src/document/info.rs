//! What a PDF says of itself: ISO 32000-1, section 14.3.3.

use std::{fmt::Write, str::FromStr};

use crate::PdfA;

/// Texts of the information dictionary. What is empty is left out; nothing is said by default.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Metadata {
    /// The document's title.
    pub title: Option<Text>,
    /// Who made the document.
    pub author: Option<Text>,
    /// What it is about.
    pub subject: Option<Text>,
    /// Words to find it by, together at most 2,000 characters long.
    pub keywords: Vec<Text>,
    /// The program that made what was converted.
    pub creator: Option<Text>,
    /// The program that converted it.
    pub producer: Option<Text>,
    /// When it was made. Never the current time unless that is given, so that the same input gives the same bytes.
    pub creation_date: Option<Date>,
    /// When it was changed last.
    pub modification_date: Option<Date>,
}

/// Letters that one text of the metadata may have, and all keywords together. In UTF-16 they are far below the 32,767
/// bytes that PDF/A gives a string.
const TEXT_LETTERS_MAX: usize = 2_000;

/// What may be said of a document: at most 2,000 characters, none of them a control character.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Text(String);

/// A text that was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be at most 2,000 characters, and no control characters such as line breaks")]
pub struct ParseTextError;

impl FromStr for Text {
    type Err = ParseTextError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // The last two are no characters, and XML cannot hold them.
        let is_unfit = |letter: char| letter.is_control() || matches!(letter, '\u{fffe}' | '\u{ffff}');
        if text.contains(is_unfit) || text.chars().count() > TEXT_LETTERS_MAX {
            return Err(ParseTextError);
        }
        Ok(Self(text.to_owned()))
    }
}

/// A point in time as PDF writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Date(String);

/// A date that was not understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a date such as 2026-03-31, 2026-03-31T18:30:00 or 2026-03-31T18:30:00+02:00")]
pub struct ParseDateError;

impl FromStr for Date {
    type Err = ParseDateError;

    /// Reads the usual form of ISO 8601; what is left out is the beginning of the day, and no zone.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse(text).map(Self).ok_or(ParseDateError)
    }
}

impl Date {
    /// Whether it has a time, and nothing says where that is the time.
    fn lacks_zone(&self) -> bool {
        self.0.len() == "D:YYYYMMDDHHmmSS".len()
    }

    /// As XMP writes it: ISO 8601, with as much as was given.
    pub(super) fn iso(&self) -> String {
        let part = |range: std::ops::Range<usize>| self.0.get(range).unwrap_or_default();
        let mut out = format!("{}-{}-{}", part(2..6), part(6..8), part(8..10));
        if let Some(zone) = self.0.get(16..) {
            let _ = write!(out, "T{}:{}:{}", part(10..12), part(12..14), part(14..16));
            out.push_str(zone.replace('\'', ":").trim_end_matches(':'));
        }
        out
    }
}

fn parse(text: &str) -> Option<String> {
    let (date, rest) = text.split_at_checked(10)?;
    let [year, month, day] = numbers::<3>(date, '-', [4, 2, 2])?;
    let days = match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=days).contains(&day) {
        return None;
    }
    let mut out = format!("D:{year:04}{month:02}{day:02}");
    let Some(rest) = rest.strip_prefix(['T', 't', ' ']) else { return rest.is_empty().then_some(out) };
    // The seconds may be left out.
    let has_seconds = rest.as_bytes().get(5) == Some(&b':');
    let (time, zone) = rest.split_at_checked(if has_seconds { 8 } else { 5 })?;
    let [hour, minute, second] = if has_seconds {
        numbers::<3>(time, ':', [2, 2, 2])?
    } else {
        let [hour, minute] = numbers::<2>(time, ':', [2, 2])?;
        [hour, minute, 0]
    };
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let _ = write!(out, "{hour:02}{minute:02}{second:02}");
    match zone.split_at_checked(1) {
        None => {}
        Some(("Z" | "z", "")) => out.push('Z'),
        Some((sign @ ("+" | "-"), offset)) => {
            let [hours, minutes] = numbers::<2>(offset, ':', [2, 2])?;
            if hours > 23 || minutes > 59 {
                return None;
            }
            let _ = write!(out, "{sign}{hours:02}'{minutes:02}'");
        }
        Some(_) => return None,
    }
    Some(out)
}

/// Numbers of so many digits each.
fn numbers<const N: usize>(text: &str, between: char, digits: [usize; N]) -> Option<[u32; N]> {
    let mut numbers = [0; N];
    let mut parts = text.split(between);
    for (number, digits) in numbers.iter_mut().zip(digits) {
        let part = parts
            .next()
            .filter(|part| part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit()))?;
        *number = part.parse().ok()?;
    }
    parts.next().is_none().then_some(numbers)
}

impl Metadata {
    /// Why it cannot be written; `None` where it can.
    pub(crate) fn fault(&self, pdfa: Option<PdfA>) -> Option<String> {
        if self.keywords().is_some_and(|words| words.chars().count() > TEXT_LETTERS_MAX) {
            return Some(String::from("the keywords may have at most 2,000 characters together"));
        }
        let mut dates = [&self.creation_date, &self.modification_date].into_iter().flatten();
        (pdfa.is_some() && dates.any(Date::lacks_zone)).then(|| {
            String::from("PDF/A wants the zone of a date with a time, as in 2026-03-31T18:30:00Z or 2026-03-31T18:30:00+02:00")
        })
    }

    /// All keywords as the one text that PDF has for them.
    fn keywords(&self) -> Option<String> {
        let words: Vec<&str> = self.keywords.iter().map(|Text(word)| word.as_str()).collect();
        (!words.is_empty()).then(|| words.join(", "))
    }

    /// What is said in texts, by the names of the dictionary.
    pub(super) fn texts(&self) -> Vec<(&'static str, String)> {
        let texts = [
            ("Title", text(self.title.as_ref())),
            ("Author", text(self.author.as_ref())),
            ("Subject", text(self.subject.as_ref())),
            ("Keywords", self.keywords()),
            ("Creator", text(self.creator.as_ref())),
            ("Producer", text(self.producer.as_ref())),
        ];
        let said = texts.into_iter().filter_map(|(name, text)| Some((name, text?)));
        said.filter(|(_, text)| !text.is_empty()).collect()
    }

    /// The dates that are given, by the names of the dictionary.
    pub(super) fn dates(&self) -> impl Iterator<Item = (&'static str, &Date)> {
        let dates = [("CreationDate", &self.creation_date), ("ModDate", &self.modification_date)];
        dates.into_iter().filter_map(|(name, date)| Some((name, date.as_ref()?)))
    }

    /// The dictionary; nothing where nothing is said.
    pub(super) fn dictionary(&self) -> Option<String> {
        let mut entries = String::new();
        for (name, text) in self.texts() {
            let _ = write!(entries, " /{name} {}", string(&text));
        }
        for (name, Date(date)) in self.dates() {
            let _ = write!(entries, " /{name} ({date})");
        }
        (!entries.is_empty()).then(|| format!("<<{entries} >>"))
    }
}

fn text(text: Option<&Text>) -> Option<String> {
    text.map(|Text(text)| text.clone())
}

/// A text string: letters of ASCII as they are, else all of it in UTF-16 (ISO 32000-1, section 7.9.2.2).
fn string(text: &str) -> String {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        let mut out = String::from("(");
        for letter in text.chars() {
            if matches!(letter, '(' | ')' | '\\') {
                out.push('\\');
            }
            out.push(letter);
        }
        out.push(')');
        return out;
    }
    let mut out = String::from("<FEFF");
    for unit in text.encode_utf16() {
        let _ = write!(out, "{unit:04X}");
    }
    out.push('>');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_written_as_pdf_has_them() {
        for (text, expected) in [
            ("2026-03-31", Some("D:20260331")),
            ("2026-03-31T18:30:05", Some("D:20260331183005")),
            ("2026-03-31 18:30:05Z", Some("D:20260331183005Z")),
            ("2026-03-31T18:30:05-03:30", Some("D:20260331183005-03'30'")),
            ("2024-02-29", Some("D:20240229")),
            ("2000-02-29", Some("D:20000229")),
            ("1900-02-29", None),
            ("2026-02-29", None),
            ("2026-13-01", None),
            ("2026-04-31", None),
            ("2026-00-01", None),
            ("2026-01-00", None),
            ("2026-1-1", None),
            ("", None),
            ("2026-03-31T", None),
            ("2026-03-31T24:00:00", None),
            ("2026-03-31T18:30", Some("D:20260331183000")),
            ("2026-03-31t18:30Z", Some("D:20260331183000Z")),
            ("2026-03-31 18:30+02:00", Some("D:20260331183000+02'00'")),
            ("2026-03-31T18:30:", None),
            ("2026-03-31T18:30:5", None),
            ("2026-03-31T18", None),
            ("2026-03-31T24:00", None),
            ("2026-03-31T18:3", None),
            ("2026-03-31T18:3\u{e4}", None),
            ("2026-03-31T18:30:05+2", None),
            ("2026-03-31T18:30:05Zx", None),
            ("+026-03-31", None),
            ("2026-03-3\u{e4}", None),
        ] {
            assert_eq!(parse(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn dates_are_written_as_xmp_has_them_and_archives_want_their_zone() {
        for (text, expected, lacks_zone) in [
            ("2026-03-31", "2026-03-31", false),
            ("2026-03-31T18:30:05", "2026-03-31T18:30:05", true),
            ("2026-03-31 18:30:05Z", "2026-03-31T18:30:05Z", false),
            ("2026-03-31T18:30:05-03:30", "2026-03-31T18:30:05-03:30", false),
        ] {
            let date: Date = text.parse().unwrap();
            assert_eq!((date.iso(), date.lacks_zone()), (expected.to_owned(), lacks_zone));
            let metadata = Metadata { modification_date: Some(date), ..Metadata::default() };
            assert_eq!(metadata.fault(Some(PdfA::A2b)).is_some(), lacks_zone, "{text}");
            assert_eq!(metadata.fault(None), None);
        }
    }

    #[test]
    fn texts_are_bounded_and_have_no_control_characters() {
        let longest = "\u{e4}".repeat(TEXT_LETTERS_MAX);
        for text in ["", "plain", "\u{1f34e}", &longest] {
            assert_eq!(text.parse(), Ok(Text(text.to_owned())));
        }
        let too_long = format!("{longest}x");
        for text in ["a\nb", "\0", "\u{7f}", "\u{85}", "\u{ffff}", &too_long] {
            assert_eq!(text.parse::<Text>(), Err(ParseTextError), "{text:?}");
        }
        let half = Text("x".repeat(TEXT_LETTERS_MAX / 2 - 1));
        let mut metadata = Metadata { keywords: vec![half.clone(), half], ..Metadata::default() };
        assert_eq!(metadata.fault(None), None);
        metadata.keywords.push(Text::default());
        assert!(metadata.fault(None).is_some_and(|fault| fault.contains("2,000")));
    }

    #[test]
    fn texts_of_every_script_come_through() {
        for (text, expected) in [
            ("plain", "(plain)"),
            ("(a) \\ b", "(\\(a\\) \\\\ b)"),
            ("", "()"),
            ("\u{e9}\n", "<FEFF00E9000A>"),
            ("\u{1f34e}", "<FEFFD83CDF4E>"),
        ] {
            assert_eq!(string(text), expected);
        }
    }
}
