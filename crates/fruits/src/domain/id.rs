//! The id of a fruit: 1 to 2⁵³−1.
//!
//! The upper end is the largest whole number that a reader keeping numbers as doubles (JavaScript, `jq`)
//! still tells from its neighbours; an id that changed on its way through a client would be another fruit.

use std::{fmt, str::FromStr};

use serde::Serialize;
use serde_json::Number;

/// The id of a fruit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct FruitId(i64);

/// The number is no id; says what would be one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a whole number from 1 to {}", FruitId::MAX)]
pub struct InvalidId;

impl FruitId {
    /// The smallest id.
    pub const MIN: Self = Self(1);
    /// The largest id, 2⁵³−1.
    pub const MAX: Self = Self((1 << 53) - 1);

    /// The id with this number.
    pub const fn new(number: i64) -> Result<Self, InvalidId> {
        if number >= Self::MIN.0 && number <= Self::MAX.0 { Ok(Self(number)) } else { Err(InvalidId) }
    }

    /// The id that a JSON number means. JSON does not tell `20` from `20.0` and `2e1`, so neither does this. The number
    /// must have been read by [`chassis::extract::Fields`], which lets no other become one of these by rounding.
    pub fn from_json(number: &Number) -> Result<Self, InvalidId> {
        if let Some(whole) = number.as_i64() {
            return Self::new(whole);
        }
        let float = number.as_f64().ok_or(InvalidId)?;
        #[expect(clippy::cast_precision_loss, reason = "2⁵³−1 is exact as a double")]
        let in_range = float >= Self::MIN.0 as f64 && float <= Self::MAX.0 as f64;
        if !in_range || float.fract() != 0.0 {
            return Err(InvalidId);
        }
        #[expect(clippy::cast_possible_truncation, reason = "whole and within ±2⁵³, as just seen")]
        Self::new(float as i64)
    }

    /// Its number.
    pub const fn get(self) -> i64 {
        self.0
    }
}

impl FromStr for FruitId {
    type Err = InvalidId;

    /// Digits alone, without sign or leading zero: one fruit has one path.
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        if !text.bytes().all(|byte| byte.is_ascii_digit()) || text.starts_with('0') {
            return Err(InvalidId);
        }
        Self::new(text.parse().map_err(|_| InvalidId)?)
    }
}

impl fmt::Display for FruitId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_hold_plain_digits_within_the_range() {
        for (text, number) in [("1", 1), ("42", 42), ("9007199254740991", (1 << 53) - 1)] {
            assert_eq!(text.parse::<FruitId>().map(FruitId::get), Ok(number), "{text}");
        }
        let refused = [
            "",
            "0",
            "-1",
            "+1",
            "01",
            "00",
            " 1",
            "1 ",
            "1.0",
            "1e3",
            "0x1",
            "abc",
            "１",
            "٣",
            "9007199254740992",
            "9223372036854775807",
            "9223372036854775808",
            "99999999999999999999999999",
        ];
        for text in refused {
            assert_eq!(text.parse::<FruitId>(), Err(InvalidId), "{text:?}");
        }
    }

    #[test]
    fn json_numbers_are_judged_by_their_value() {
        let id = |json: &str| FruitId::from_json(&serde_json::from_str(json).unwrap());
        for (json, number) in [
            ("1", 1),
            ("1.0", 1),
            ("1e3", 1000),
            ("9007199254740991", (1 << 53) - 1),
            ("9007199254740991.0", (1 << 53) - 1),
        ] {
            assert_eq!(id(json).map(FruitId::get), Ok(number), "{json}");
        }
        for json in [
            "0",
            "-0.0",
            "-1",
            "0.5",
            "1.5",
            "9007199254740992",
            "9007199254740992.0",
            "9223372036854775807",
            "9223372036854775808",
            "18446744073709551616",
            "1e300",
            "-1e300",
        ] {
            assert_eq!(id(json), Err(InvalidId), "{json}");
        }
    }

    #[test]
    fn the_message_names_the_range() {
        assert_eq!(InvalidId.to_string(), "must be a whole number from 1 to 9007199254740991");
    }
}
