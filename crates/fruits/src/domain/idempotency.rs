//! Requests that may be sent again: what tells one that is repeated from one that is new.

/// The longest key, in characters.
pub const KEY_CHARACTERS_MAX: usize = 255;

/// The client's name for one request, 1 to 255 visible ASCII characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct IdempotencyKey(String);

/// The text is no key; says what would be one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to {KEY_CHARACTERS_MAX} visible ASCII characters, such as a UUID, and be given once")]
pub struct InvalidKey;

/// A request under its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Once {
    /// Its key.
    pub key: IdempotencyKey,
    /// The digest of its body.
    pub request: [u8; 32],
}

impl IdempotencyKey {
    /// The key in a header's value. The quotes that make it a string of RFC 8941 may be left out.
    pub fn parse(value: &str) -> Result<Self, InvalidKey> {
        let value = value.trim_matches([' ', '\t']);
        let quoted = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
        let key = quoted.unwrap_or(value);
        let visible = key.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"');
        if visible && (1..=KEY_CHARACTERS_MAX).contains(&key.len()) {
            Ok(Self(key.to_owned()))
        } else {
            Err(InvalidKey)
        }
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_visible_and_bounded() {
        let longest = "k".repeat(255);
        for (value, key) in
            [("a", "a"), ("\"a b\"", ""), ("\"8e03978e-40d5\"", "8e03978e-40d5"), (&longest, &longest)]
        {
            let parsed = IdempotencyKey::parse(value);
            assert_eq!(parsed.as_ref().map_or("", IdempotencyKey::as_str), key, "{value}");
        }
        for value in ["", "\"\"", " ", "a b", "é", "a\"b", "\"", &"k".repeat(256)] {
            assert_eq!(IdempotencyKey::parse(value), Err(InvalidKey), "{value}");
        }
    }
}
