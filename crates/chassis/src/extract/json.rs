//! JSON as this project reads it: as `serde_json` does, but a key that is given twice is not silently replaced, nor a
//! number by one that is near it.

use std::{borrow::Cow, cell::RefCell, collections::HashSet, fmt, iter};

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use super::numbers;
use crate::problem::shortened;

/// Where keys occur more than once in their object: each place once, the first few of them.
#[derive(Debug, Default)]
pub(super) struct Repeated {
    /// JSON pointers to them.
    pub(super) pointers: Vec<String>,
    /// Whether there are more.
    pub(super) more: bool,
}

/// Reads one JSON value, and which keys are given more than once: so many of them, at most.
pub(super) fn read(text: &str, repeated_max: usize) -> Result<(Value, Repeated), serde_json::Error> {
    let repeated = RefCell::default();
    let text = numbers::exact(text);
    let mut deserializer = serde_json::Deserializer::from_str(&text);
    let value =
        Strict { place: &Place::Root, repeated: &repeated, repeated_max }.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok((value, repeated.into_inner()))
}

/// The JSON pointer with these tokens, escaped as RFC 6901 section 3 says, and shortened.
pub(super) fn pointer<'a>(tokens: impl IntoIterator<Item = &'a str>) -> String {
    let escaped = |character| match character {
        '~' => ('~', Some('0')),
        '/' => ('~', Some('1')),
        other => (other, None),
    };
    shortened(tokens.into_iter().flat_map(|token| {
        let characters = token.chars().map(escaped);
        iter::once('/').chain(characters.flat_map(|(first, second)| iter::once(first).chain(second)))
    }))
}

/// Where a value stands. It is spelt out only for what is told: with a long key above many values, a pointer for each
/// would cost the square of the body.
enum Place<'a> {
    Root,
    Key(&'a Place<'a>, &'a str),
    Item(&'a Place<'a>, usize),
}

impl Place<'_> {
    fn pointer(&self) -> String {
        let mut tokens = Vec::new();
        let mut place = self;
        loop {
            let (above, token) = match place {
                Place::Root => break,
                Place::Key(above, key) => (*above, Cow::Borrowed(*key)),
                Place::Item(above, index) => (*above, Cow::Owned(index.to_string())),
            };
            tokens.push(token);
            place = above;
        }
        pointer(tokens.iter().rev().map(AsRef::as_ref))
    }
}

struct Strict<'a> {
    place: &'a Place<'a>,
    repeated: &'a RefCell<Repeated>,
    repeated_max: usize,
}

impl Strict<'_> {
    fn at<'a>(&'a self, place: &'a Place<'a>) -> Strict<'a> {
        Strict { place, repeated: self.repeated, repeated_max: self.repeated_max }
    }

    fn note(&self, key: &str) {
        let mut repeated = self.repeated.borrow_mut();
        if repeated.more {
            return;
        }
        let pointer = Place::Key(self.place, key).pointer();
        if repeated.pointers.contains(&pointer) {
            return;
        }
        if repeated.pointers.len() < self.repeated_max {
            repeated.pointers.push(pointer);
        } else {
            repeated.more = true;
        }
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = sequence.next_element_seed(self.at(&Place::Item(self.place, items.len())))? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        let mut noted = HashSet::new();
        while let Some(key) = entries.next_key::<String>()? {
            if map.contains_key(&key) && noted.insert(key.clone()) {
                self.note(&key);
            }
            let value = entries.next_value_seed(self.at(&Place::Key(self.place, &key)))?;
            map.insert(key, value);
        }
        Ok(Value::Object(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeated_keys_are_found_where_they_are() {
        let text = r#"{"a":1,"a":2,"b":[{"x/y":1,"x/y":[],"x~":0}],"a":3}"#;
        let check = |repeated_max, pointers: &[&str], more| {
            let (value, repeated) = read(text, repeated_max).unwrap();
            assert_eq!(
                (repeated.pointers, repeated.more),
                (pointers.iter().map(ToString::to_string).collect(), more)
            );
            assert_eq!(value, serde_json::json!({"a": 3, "b": [{"x/y": [], "x~": 0}]}));
        };
        check(2, &["/a", "/b/0/x~1y"], false);
        check(1, &["/a"], true);
        let (_, repeated) = read(r#"{"a":{"x":1,"x":1},"a":{"x":1,"x":1}}"#, 9).unwrap();
        assert_eq!(repeated.pointers, ["/a/x", "/a"]);
    }

    #[test]
    fn pointers_are_shortened() {
        assert_eq!(pointer([]), "");
        assert_eq!(pointer(["a/b~c", ""]), "/a~1b~0c/");
        assert_eq!(pointer(["ä".repeat(99).as_str()]), format!("/{}", "ä".repeat(99)));
        assert_eq!(pointer(["ä".repeat(100).as_str()]), format!("/{}…", "ä".repeat(99)));
    }

    /// A pointer for each of the values would take minutes.
    #[test]
    fn a_long_key_above_many_values_is_read_in_time() {
        let (key, items) = ("k".repeat(500_000), vec!["0"; 250_000].join(","));
        let started = std::time::Instant::now();
        assert!(read(&format!("{{\"{key}\":[{items}]}}"), 1).is_ok());
        assert!(started.elapsed() < std::time::Duration::from_secs(5), "{:?}", started.elapsed());
    }

    #[test]
    fn nesting_is_bounded() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert!(read(&nested(127), 1).is_ok());
        assert!(read(&nested(128), 1).is_err());
        assert!(read(&"[".repeat(1_000_000), 1).is_err());
    }

    #[test]
    fn numbers_out_of_range_are_json() {
        for text in ["1e400", "[-1e400]", &"9".repeat(400)] {
            assert!(read(text, 1).is_ok(), "{text}");
        }
        let (ours, theirs) =
            (read("[1.25,\n 1e400 x]", 1), serde_json::from_str::<Value>("[1.25,\n 1e300 x]"));
        assert_eq!(ours.unwrap_err().to_string(), theirs.unwrap_err().to_string());
    }

    proptest::proptest! {
        #[test]
        fn reads_what_serde_json_reads(text in r#"[\[\]{}",:0-9a-z\\ .eE+-]{0,40}"#) {
            let ours = read(&text, 1);
            let theirs = serde_json::from_str::<Value>(&numbers::exact(&text));
            proptest::prop_assert_eq!(ours.is_ok(), theirs.is_ok());
            if let (Ok((ours, _)), Ok(theirs)) = (ours, theirs) {
                proptest::prop_assert_eq!(ours, theirs);
            }
        }
    }
}
