//! Texts as they are compared where upper and lower case mean the same.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;

/// A text without its case. Two texts that differ in case alone have the same one, in any script: `Äpfel` and
/// `äpfel`, `Straße` and `STRASSE`, `ΣΎΚΟΣ` and `σύκος`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Folded(String);

impl Folded {
    /// The text without its case.
    ///
    /// Each character is raised before it is lowered, which joins those that share a capital, such as `σ` and
    /// `ς`. It is decomposed before and composed after (Unicode 3.13, D145), so that marks do not keep apart what
    /// the case has joined.
    pub fn new(text: &str) -> Self {
        if text.is_ascii() {
            return Self(text.to_ascii_lowercase());
        }
        Self(text.nfd().flat_map(char::to_uppercase).flat_map(char::to_lowercase).nfc().collect())
    }

    /// A text that was folded before it was stored, or handed out.
    pub(crate) fn stored(text: String) -> Self {
        Self(text)
    }

    /// What stands in a column: a row that another program wrote may lack it.
    pub(crate) fn column<'a>(folded: Option<&'a str>, text: &str) -> Cow<'a, str> {
        folded.map_or_else(|| Cow::Owned(Self::new(text).0), Cow::Borrowed)
    }

    /// The folded text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The folded text, for whom it is all that is wanted.
    pub(crate) fn into_text(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn case_is_forgotten_in_any_script() {
        for (one, other) in [
            ("Apple", "aPPLE"),
            ("Äpfel", "äPFEL"),
            ("Straße", "STRASSE"),
            ("ΣΎΚΟΣ", "σύκος"),
            ("ГРУША", "груша"),
            ("ﬁg", "FIG"),
            ("ΐ", "Ϊ\u{301}"),
            ("ǆ", "ǅ"),
        ] {
            assert_eq!(Folded::new(one), Folded::new(other), "{one} {other}");
        }
        for (one, other) in [("a", "b"), ("e", "é"), ("梨", "桃"), ("o", "0")] {
            assert_ne!(Folded::new(one), Folded::new(other), "{one} {other}");
        }
    }

    proptest! {
        #[test]
        fn upper_and_lower_case_fold_alike(text in "[a-zA-ZÀ-ÖØ-öø-ÿΑ-ΡΣ-Ωά-ώА-я]{0,20}") {
            prop_assert_eq!(Folded::new(&text.to_uppercase()), Folded::new(&text));
            prop_assert_eq!(Folded::new(&text.to_lowercase()), Folded::new(&text));
        }
    }
}
