//! The two texts of a fruit, its name and its color, which follow one rule.
//!
//! Spaces around a text mean nothing and are cut off. What is left is brought to Unicode's composed form
//! (NFC, UAX #15), so that two keyboards' ways of writing `é` are one text, and is then 1 to 100 characters
//! (code points, as JSON Schema counts them) without control characters, of which at least one is visible.

use icu_properties::{
    CodePointMapData, CodePointSetData,
    props::{DefaultIgnorableCodePoint, GeneralCategory},
};
use serde::Serialize;
use unicode_normalization::UnicodeNormalization;

/// The most characters a name or color may have.
pub const CHARACTERS_MAX: usize = 100;

/// Why a text is no name or color; says what would be one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidLabel {
    /// Nothing but white space.
    #[error("must not be empty: 1 to {CHARACTERS_MAX} characters, not counting spaces around them")]
    Empty,
    /// Nothing that a reader could see.
    #[error("must have a visible character: it has only spaces, marks and characters that are not shown")]
    Invisible,
    /// More than [`CHARACTERS_MAX`] characters.
    #[error("must be at most {CHARACTERS_MAX} characters long")]
    TooLong,
    /// A control character within.
    #[error("must not contain control characters, such as tabs or line breaks")]
    ControlCharacter,
}

/// The name of a fruit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct FruitName(String);

/// The color of a fruit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Color(String);

impl FruitName {
    /// The name that this text means.
    pub fn parse(text: &str) -> Result<Self, InvalidLabel> {
        parse(text).map(Self)
    }

    /// A name that was parsed before it was stored.
    pub(crate) fn stored(text: String) -> Self {
        Self(text)
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Color {
    /// The color that this text means.
    pub fn parse(text: &str) -> Result<Self, InvalidLabel> {
        parse(text).map(Self)
    }

    /// A color that was parsed before it was stored.
    pub(crate) fn stored(text: String) -> Self {
        Self(text)
    }

    /// The color as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn parse(text: &str) -> Result<String, InvalidLabel> {
    // One character past the limit is enough to know: megabytes of text are never copied.
    let label: String = text.trim().nfc().take(CHARACTERS_MAX + 1).collect();
    if label.is_empty() {
        Err(InvalidLabel::Empty)
    } else if label.chars().any(char::is_control) {
        Err(InvalidLabel::ControlCharacter)
    } else if label.chars().count() > CHARACTERS_MAX {
        Err(InvalidLabel::TooLong)
    } else if !label.chars().any(is_visible) {
        Err(InvalidLabel::Invisible)
    } else {
        Ok(label)
    }
}

/// Whether a text of this character alone shows one: what is not assigned yet, or for private use, may.
fn is_visible(character: char) -> bool {
    /// Blank, though Unicode counts it among the symbols, as the Braille pattern without a dot.
    const BRAILLE_BLANK: char = '\u{2800}';

    if character.is_ascii() {
        return character.is_ascii_graphic();
    }
    let category = CodePointMapData::<GeneralCategory>::new().get(character);
    let unseen = matches!(
        category,
        GeneralCategory::Control
            | GeneralCategory::Format
            | GeneralCategory::SpaceSeparator
            | GeneralCategory::LineSeparator
            | GeneralCategory::ParagraphSeparator
            | GeneralCategory::NonspacingMark
            | GeneralCategory::EnclosingMark
    );
    // Among the letters there are fillers too, which Unicode says are not shown (UAX #44).
    !unseen
        && character != BRAILLE_BLANK
        && !CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(character)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, expected: Result<&str, InvalidLabel>) {
        assert_eq!(parse(text).as_deref(), expected.as_ref().copied(), "{text:?}");
    }

    #[test]
    fn what_is_accepted_is_trimmed_and_composed() {
        check("apple", Ok("apple"));
        check("  Granny Smith\t\r\n", Ok("Granny Smith"));
        check("\u{3000}梨\u{2003}", Ok("梨"));
        check("e\u{301}tat", Ok("\u{e9}tat"));
        check("\u{212b}", Ok("\u{c5}"));
        check("q\u{0344}", Ok("q\u{308}\u{301}"));
        check("👩\u{200d}🌾", Ok("👩\u{200d}🌾"));
        check("a\"\\</script>", Ok("a\"\\</script>"));
    }

    #[test]
    fn empty_texts_are_refused() {
        for text in ["", " ", "\n", "\u{a0}\u{2028}\u{3000}"] {
            check(text, Err(InvalidLabel::Empty));
        }
    }

    #[test]
    fn texts_without_a_visible_character_are_refused() {
        for invisible in [
            "\u{200b}",
            "\u{feff}",
            "\u{200d}\u{200e}\u{2060}",
            "\u{ad}",
            "\u{301}",
            "\u{20dd}",
            "\u{fe0f}",
            "\u{3164}",
            "\u{115f}\u{1160}\u{ffa0}",
            "\u{2800}",
            "\u{e0041}\u{e0020}",
            "\u{200b} \u{200b}",
        ] {
            check(invisible, Err(InvalidLabel::Invisible));
            check(&format!("{invisible}a"), Ok(&format!("{invisible}a")));
        }
        for visible in ["-", "0", "梨", "ß", "🍏", "₿", "\u{903}", "\u{e000}", "\u{0378}"] {
            check(visible, Ok(visible));
        }
    }

    #[test]
    fn control_characters_are_refused_within() {
        for text in ["a\0b", "\0", "a\tb", "a\nb", "\u{7f}x", "x\u{85}y", "x\u{1b}[31m", "\u{9f}"] {
            check(text, Err(InvalidLabel::ControlCharacter));
        }
    }

    #[test]
    fn the_limit_counts_composed_characters() {
        for one in ["a", "é", "😀"] {
            let at_the_limit = one.repeat(CHARACTERS_MAX);
            check(&at_the_limit, Ok(&at_the_limit));
            check(&format!("  {at_the_limit}  "), Ok(&at_the_limit));
            check(&one.repeat(CHARACTERS_MAX + 1), Err(InvalidLabel::TooLong));
        }
        check(&"e\u{301}".repeat(100), Ok(&"\u{e9}".repeat(100)));
        check(&"e\u{301}".repeat(101), Err(InvalidLabel::TooLong));
        // A mark that composes with nothing counts for itself, however many there are.
        check(&format!("x{}", "\u{328}".repeat(99)), Ok(&format!("x{}", "\u{328}".repeat(99))));
        check(&format!("x{}", "\u{328}".repeat(100_000)), Err(InvalidLabel::TooLong));
        check(&"a".repeat(10_000_000), Err(InvalidLabel::TooLong));
    }

    proptest! {
        #[test]
        fn parsing_settles_in_one_step(text in "\\PC{0,120}|[\\s\\S]{0,20}") {
            if let Ok(label) = parse(&text) {
                prop_assert_eq!(parse(&label), Ok(label.clone()));
                prop_assert!((1..=CHARACTERS_MAX).contains(&label.chars().count()));
                prop_assert_eq!(label.trim(), &label);
            }
        }
    }
}
