//! Numbers that a double would not keep.
//!
//! `serde_json` reads a number with a fraction or an exponent as the nearest double: `20.000000000000000000001` would
//! be 20, and `1e400`, which is JSON all the same, no number at all. Whether a number is whole is therefore judged by
//! its text. Fields take whole numbers and nothing else, so of one that is not whole only that matters.

use std::{borrow::Cow, ops::Range};

use serde::de::IgnoredAny;

/// More digits than any 64-bit number has.
const DIGITS_MAX: usize = 20;
/// Whole numbers of so many digits are read exactly from any form, as far as doubles tell them apart; those that are
/// farther out stay farther out.
const EXACT_DIGITS_MAX: i64 = 16;
/// What stands for a number that is not whole, or larger than any that is taken. No such number is shorter.
const NOT_WHOLE: &str = "0.5";

/// The same JSON, in which every number is read as it is written or as one that is not whole. What was valid stays so,
/// what was not does not become so, and every fault stays at its place.
pub(super) fn exact(text: &str) -> Cow<'_, str> {
    let mut masked = String::new();
    let mut copied = 0;
    for place in numbers(text) {
        let number = &text[place.clone()];
        if is_kept(number) || serde_json::from_str::<IgnoredAny>(number).is_err() {
            continue;
        }
        masked.push_str(&text[copied..place.start]);
        masked.push_str(NOT_WHOLE);
        masked.extend(std::iter::repeat_n(' ', place.len().saturating_sub(NOT_WHOLE.len())));
        copied = place.end;
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    masked.push_str(&text[copied..]);
    Cow::Owned(masked)
}

/// Where numbers stand, outside of strings.
fn numbers(text: &str) -> impl Iterator<Item = Range<usize>> {
    let bytes = text.as_bytes();
    let (mut at, mut in_string) = (0, false);
    std::iter::from_fn(move || {
        while let Some(&byte) = bytes.get(at) {
            let start = at;
            at += 1;
            match byte {
                b'\\' if in_string => at += 1,
                b'"' => in_string = !in_string,
                b'-' | b'0'..=b'9' if !in_string => {
                    let rest = bytes.get(at..).unwrap_or_default();
                    at += rest.iter().take_while(|byte| is_of_number(**byte)).count();
                    return Some(start..at);
                }
                _ => {}
            }
        }
        None
    })
}

fn is_of_number(byte: u8) -> bool {
    byte.is_ascii_digit() || b"+-.eE".contains(&byte)
}

/// Whether what is read of this number is what its text says.
fn is_kept(number: &str) -> bool {
    let number = number.strip_prefix('-').unwrap_or(number);
    let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.len() == number.len() {
        return whole.len() <= DIGITS_MAX;
    }
    let digits = [whole, fraction].concat();
    let significant = digits.trim_start_matches('0').trim_end_matches('0');
    if significant.is_empty() {
        return true;
    }
    let length = |text: &str| i64::try_from(text.len()).unwrap_or(i64::MAX);
    let zeros = length(&digits) - length(digits.trim_end_matches('0'));
    let Ok(exponent) = exponent.parse::<i64>() else { return false };
    // The power of ten that the significant digits are multiplied with.
    let power = exponent.saturating_sub(length(fraction)).saturating_add(zeros);
    power >= 0 && power.saturating_add(length(significant)) <= EXACT_DIGITS_MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_whole_by_its_text() {
        let hundreds = format!("1{}e-400", "0".repeat(400));
        for whole in [
            "0",
            "-0",
            "0.0",
            "-0.0e9",
            "0e400",
            "0e99999999999999999999",
            "20.0",
            "2e1",
            "2E+1",
            "200e-1",
            "2.50e1",
            "9007199254740991",
            "9007199254740991.0",
            "90071992547409910e-1",
            "18446744073709551615",
            &hundreds,
        ] {
            assert_eq!(exact(whole), whole);
        }
        let long = "9".repeat(21);
        for other in [
            "0.5",
            "1e-1",
            "-1.5",
            "20.000000000000000000001",
            "9007199254740990.6",
            "25e-1",
            "1e400",
            "-1e400",
            "1e-400",
            "1e99999999999999999999",
            "1e-99999999999999999999",
            "1e9223372036854775807",
            "1e16",
            &long,
        ] {
            assert_eq!(exact(other), format!("{NOT_WHOLE:<width$}", width = other.len()));
        }
    }

    #[test]
    fn all_else_stays_where_it_is() {
        for text in [
            "",
            "1.",
            "1.5.5",
            "01.5",
            "-",
            "1e",
            "--1.5",
            r#""1.5""#,
            r#"["\"1.5","\\",{"1.5":true}]"#,
            "\"1.5",
        ] {
            assert_eq!(exact(text), text);
        }
        assert_eq!(
            exact(r#"{"ä\"":1.25,"b":[1e400,2],"\\":-1.5}"#),
            r#"{"ä\"":0.5 ,"b":[0.5  ,2],"\\":0.5 }"#
        );
    }
}
